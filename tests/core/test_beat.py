"""The beat table: every entry is a task that beat can really send."""

import pytest
from celery.beat import Scheduler
from celery.schedules import crontab
from django.conf import settings

from mesoclinic.celery import app
from tests.processes import empty_broker


@pytest.fixture
def broker():
    empty_broker()
    yield
    empty_broker()


# The whole table, as it is to be: an entry that is lost or rings at another time is noticed here.
TABLE = {
    "sweep": ("sessions.sweep", 30.0),
    "beat-heartbeat": ("core.beat_heartbeat", 15.0),
    "extend-schedules": ("sessions.extend_schedules", "10 2 * * *"),
    "count-courses": ("sessions.count_courses", "50 2 * * *"),
    "flag-overdue": ("sessions.flag_overdue", "5 * * * *"),
    "queue-reminders": ("sessions.queue_reminders", "*/5 * * * *"),
    "deliver-reminders": ("sessions.deliver_due_reminders", "* * * * *"),
    "print-left-batches": ("sessions.print_left_batches", 60.0),
    "go-on-with-left-imports": ("patients.go_on_with_left_imports", 60.0),
    "index-ended-contacts": ("patients.index_ended_contacts", "20 1 * * *"),
    "expire-lots": ("protocols.expire_lots", "20 3 * * *"),
}


def _when(schedule: crontab | float) -> str | float:
    """Say when an entry rings: a crontab as minute, hour, day of the month, month, day of the week; else its seconds."""
    if not isinstance(schedule, crontab):
        return schedule
    own = (schedule._orig_minute, schedule._orig_hour, schedule._orig_day_of_month)
    return " ".join(str(part) for part in (*own, schedule._orig_month_of_year, schedule._orig_day_of_week))


def test_the_beat_table_rings_for_every_task_at_its_time():
    table = {name: (entry["task"], _when(entry["schedule"])) for name, entry in app.conf.beat_schedule.items()}

    assert table == TABLE


@pytest.mark.parametrize("name", sorted(app.conf.beat_schedule))
def test_beat_can_send_every_entry_of_its_table(broker, name):
    app.loader.import_default_modules()
    entry = Scheduler(app=app, lazy=True).Entry(**app.conf.beat_schedule[name], name=name, app=app)

    result = Scheduler(app=app, lazy=True).apply_async(entry, advance=False)

    assert entry.task in app.tasks, "beat would ring for a task that no worker knows"
    assert result.id


def test_no_task_outlives_the_time_after_which_the_broker_gives_it_to_another_worker():
    app.loader.import_default_modules()
    visible_again_after_seconds = settings.CELERY_BROKER_TRANSPORT_OPTIONS.get("visibility_timeout", 3600)

    limits = {task.name: task.time_limit or settings.CELERY_TASK_TIME_LIMIT for task in app.tasks.values()}

    assert max(limits.values()) < visible_again_after_seconds, limits
