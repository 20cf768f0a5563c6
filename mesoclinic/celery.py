"""The Celery app and the whole beat table. Tasks are called by name, through `core.doorbell` only."""

import os

from celery import Celery
from celery.schedules import crontab

from mesoclinic.core import folder_broker, worker_pool

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mesoclinic.settings.dev")

app = Celery("mesoclinic")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
worker_pool.install()
folder_broker.install()

app.conf.beat_schedule = {
    "sweep": {"task": "sessions.sweep", "schedule": 30.0},
    "beat-heartbeat": {"task": "core.beat_heartbeat", "schedule": 15.0},
    "extend-schedules": {"task": "sessions.extend_schedules", "schedule": crontab(hour="2", minute="10")},
    "count-courses": {"task": "sessions.count_courses", "schedule": crontab(hour="2", minute="50")},
    "flag-overdue": {"task": "sessions.flag_overdue", "schedule": crontab(minute="5")},
    "queue-reminders": {"task": "sessions.queue_reminders", "schedule": crontab(minute="*/5")},
    "deliver-reminders": {"task": "sessions.deliver_due_reminders", "schedule": crontab()},
    "print-left-batches": {"task": "sessions.print_left_batches", "schedule": 60.0},
    "go-on-with-left-imports": {"task": "patients.go_on_with_left_imports", "schedule": 60.0},
    "index-ended-contacts": {"task": "patients.index_ended_contacts", "schedule": crontab(hour="1", minute="20")},
    "expire-lots": {"task": "protocols.expire_lots", "schedule": crontab(hour="3", minute="20")},
}
