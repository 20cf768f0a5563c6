"""Planning survives what goes wrong: killed workers, messages delivered twice, messages lost, a broker that is gone."""

import os
import signal
import time
from datetime import timedelta

import psutil
from celery import current_app
from django.conf import settings
from django.db.models import Count, F
from django.utils import timezone

from mesoclinic.celery import app
from mesoclinic.core import doorbell
from sessions.models import Course, PlannedSession
from sessions.services import courses, plans
from tests.factories import (
    make_clinic,
    make_indication,
    make_patient,
    make_practitioner,
    make_protocol_version,
    site_of,
)
from tests.processes import celery_beat, empty_broker, wait_for

COURSES = 200
SESSIONS = 15


def prescribe(count: int) -> list[Course]:
    """Prescribe courses the way the page does; every one rings a worker."""
    clinic = make_clinic()
    asked = {
        "actor": None,
        "clinic": clinic,
        "patient": make_patient(clinic),
        "protocol_version": make_protocol_version(clinic),
        "indication": make_indication(clinic),
        "lead_practitioner": make_practitioner(clinic),
        "site": site_of(clinic),
        "start_on": timezone.localdate() + timedelta(days=2),
        "cadence": f"{SESSIONS}x1w",
    }
    return [courses.prescribe_course(**asked) for _ in range(count)]


def planned() -> int:
    return Course.objects.filter(plan_made=F("plan_wanted"), plan_wanted__gt=0).count()


def overdue_bells_ring() -> None:
    """What beat does every 30 seconds, for requests old enough that their bell was surely not heard."""
    heard = timezone.now() - plans.HEARD_WITHIN
    Course.objects.filter(plan_made__lt=F("plan_wanted")).update(plan_wanted_at=heard)
    doorbell.send("sessions.sweep")


def assert_every_plan_is_there_once(count: int) -> None:
    assert planned() == count
    numbers = PlannedSession.objects.values("course").annotate(
        rows=Count("pk"), different=Count("number", distinct=True)
    )
    assert {(row["rows"], row["different"]) for row in numbers} == {(SESSIONS, SESSIONS)}
    assert len(numbers) == count
    first = timezone.localdate() + timedelta(days=2)
    weekly = [first + timedelta(weeks=n) for n in range(SESSIONS)]
    for course in Course.objects.prefetch_related("planned_sessions"):
        planned_days = sorted((row.number, row.due_on) for row in course.planned_sessions.all())
        assert planned_days == list(enumerate(weekly, 1))


def test_no_plan_is_missing_or_doubled_when_a_worker_is_killed_while_planning(start_worker):
    worker = start_worker()
    prescribe(COURSES)
    wait_for(lambda: planned() >= 10, seconds=60, what="the first plans")

    os.killpg(worker.pid, signal.SIGKILL)
    left = COURSES - planned()
    assert left > 0, "the worker was killed too late to show anything"
    start_worker()
    overdue_bells_ring()

    wait_for(lambda: planned() == COURSES, seconds=60, what="every plan")
    assert_every_plan_is_there_once(COURSES)


def test_a_minute_after_the_kill_every_plan_is_there_by_the_clock_and_with_nobodys_help(start_worker):
    """Beat rings as it does for a clinic, and nothing is dated back; a supervisor starts the next worker."""
    with celery_beat():
        worker = start_worker()
        prescribe(COURSES)
        wait_for(lambda: planned() >= 10, seconds=60, what="the first plans")

        os.killpg(worker.pid, signal.SIGKILL)
        late_at = time.monotonic() + 60
        left = COURSES - planned()
        empty_broker()  # whatever it had not told yet is forgotten, too
        start_worker()

        wait_for(lambda: planned() == COURSES, seconds=late_at - time.monotonic(), what="every plan")
    assert left > 0, "the worker was killed too late to show anything"
    assert_every_plan_is_there_once(COURSES)


def test_killing_only_the_child_that_plans_loses_nothing(start_worker):
    worker = start_worker(concurrency=2)
    prescribe(60)
    wait_for(lambda: planned() >= 5, seconds=60, what="the first plans")

    for child in psutil.Process(worker.pid).children():
        child.kill()
    overdue_bells_ring()

    wait_for(lambda: planned() == 60, seconds=60, what="every plan")
    assert_every_plan_is_there_once(60)


def test_a_task_delivered_twice_makes_one_plan(start_worker):
    start_worker(concurrency=2)
    made = prescribe(20)

    for course in [*made, *made]:
        doorbell.send("sessions.generate_schedule", course.pk)
    doorbell.send("sessions.generate_schedule", 999_999_999)

    wait_for(lambda: planned() == 20, seconds=60, what="every plan")
    assert_every_plan_is_there_once(20)


def test_a_lost_message_is_found_by_the_sweep(start_worker):
    prescribe(20)
    empty_broker()
    start_worker()
    overdue_bells_ring()

    wait_for(lambda: planned() == 20, seconds=60, what="every plan")
    assert_every_plan_is_there_once(20)


def test_prescribing_works_while_the_broker_is_gone(start_worker, monkeypatch, caplog):
    def gone(*args, **kwargs):
        raise OSError("nobody answers")

    with monkeypatch.context() as patched:
        patched.setattr(current_app, "send_task", gone)
        prescribe(3)
    assert planned() == 0
    assert "was not heard" in caplog.text

    start_worker()
    overdue_bells_ring()

    wait_for(lambda: planned() == 3, seconds=60, what="every plan")
    assert_every_plan_is_there_once(3)


def test_beat_rings_the_sweep_at_least_every_half_minute():
    assert app.conf.beat_schedule["sweep"]["schedule"] <= 30
    assert settings.CELERY_TASK_ACKS_LATE
