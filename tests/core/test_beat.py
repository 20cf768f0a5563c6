"""The beat table: every entry is a task that beat can really send."""

import pytest
from celery.beat import Scheduler
from django.conf import settings

from mesoclinic.celery import app
from tests.processes import empty_broker


@pytest.fixture
def broker():
    empty_broker()
    yield
    empty_broker()


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
