"""The readiness page tells of plans nobody makes and reminders nobody sends."""

import uuid
from datetime import time, timedelta

import pytest
from django.utils import timezone

from mesoclinic.core.localtime import instant
from mesoclinic.core.models import Heartbeat
from mesoclinic.core.roles import Role
from sessions.models import Course, Reminder, ReportBatch
from sessions.services import batches, plans
from tests.factories import (
    make_appointment,
    make_batch,
    make_clinic,
    make_course,
    make_patient,
    make_practitioner,
    make_user,
    next_workday,
    site_of,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def beat():
    return Heartbeat.objects.create(name="beat", at=timezone.now())


def test_readyz_says_when_a_course_waits_too_long_for_its_plan(client):
    course = make_course(make_clinic(), plan=False)
    assert client.get("/readyz").status_code == 200

    Course.objects.filter(pk=course.pk).update(plan_wanted_at=timezone.now() - timedelta(minutes=6))
    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["work"].startswith("a course waits for its plan since")
    plans.plan_sessions(course.pk)
    assert client.get("/readyz").status_code == 200


@pytest.mark.parametrize("status", ["queued", "sending"])
def test_readyz_says_when_a_reminder_is_not_sent(client, status):
    reminder = waiting_reminder(status)
    assert client.get("/readyz").status_code == 200

    Reminder.objects.filter(pk=reminder.pk).update(due_at=timezone.now() - timedelta(minutes=6))
    assert client.get("/readyz").json()["work"].startswith("a reminder waits to be sent since")

    Reminder.objects.filter(pk=reminder.pk).update(status="sent", sent_at=timezone.now())
    assert client.get("/readyz").status_code == 200


def test_readyz_says_when_no_worker_takes_a_batch_of_reports(client):
    clinic = make_clinic()
    batch = make_batch(clinic)
    assert client.get("/readyz").status_code == 200

    ReportBatch.objects.filter(pk=batch.pk).update(free_from=timezone.now() - timedelta(minutes=6))
    assert client.get("/readyz").json()["work"].startswith("reports wait to be printed since")

    batches.cancel_batch(actor=make_user(clinic, Role.MANAGER), batch=batch)
    assert client.get("/readyz").status_code == 200


def test_readyz_names_what_has_waited_longest(client):
    course = make_course(make_clinic(), plan=False)
    Course.objects.filter(pk=course.pk).update(plan_wanted_at=timezone.now() - timedelta(minutes=10))
    reminder = waiting_reminder("queued")

    for minutes, words in [(11, "a reminder"), (9, "a course")]:
        Reminder.objects.filter(pk=reminder.pk).update(due_at=timezone.now() - timedelta(minutes=minutes))
        assert client.get("/readyz").json()["work"].startswith(words)


def waiting_reminder(status: str) -> Reminder:
    clinic = make_clinic()
    day = next_workday(site_of(clinic), timezone.localdate() + timedelta(days=7))
    starts_at = instant(day, time(10), site_of(clinic).zone)
    people = {"patient": make_patient(clinic), "practitioner": make_practitioner(clinic)}
    visit = make_appointment(clinic, starts_at=starts_at, now=timezone.now(), **people)
    return Reminder.objects.create(
        clinic=clinic,
        appointment=visit,
        kind="reminder",
        sent_for=visit.starts_at,
        channel="email",
        due_at=timezone.now(),
        status=status,
        claim=uuid.uuid4(),
        claimed_at=timezone.now(),
    )
