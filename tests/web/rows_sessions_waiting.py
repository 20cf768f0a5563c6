"""Examples of the URLs of the waiting list and of the lists to call for the rights matrix."""

from datetime import time, timedelta

from django.utils import timezone

from mesoclinic.core.localtime import instant
from sessions.models import WaitingEntry
from sessions.services.waiting import wait_for_earlier_time
from tests.factories import make_appointment, make_patient, make_practitioner, next_workday, site_of
from tests.web.rights import Row
from tests.web.rows_sessions_appointments import make_planned, visit


def make_entry(clinic) -> WaitingEntry:
    site = site_of(clinic)
    starts_at = instant(next_workday(site, timezone.localdate() + timedelta(days=14)), time(10), site.zone)
    people = {"patient": make_patient(clinic), "practitioner": make_practitioner(clinic)}
    return wait_for_earlier_time(actor=None, appointment=make_appointment(clinic, starts_at=starts_at, **people))


def entry(world) -> dict:
    return {"public_id": world.one(make_entry).public_id}


def of_line(world) -> dict:
    return {"what": "waiting", **entry(world)}


ROWS = {
    "sessions:waiting": Row(),
    "sessions:waiting-for-time": Row(visit),
    "sessions:withdraw-waiting": Row(entry),
    "sessions:wait-with-visit": Row(visit),
    "sessions:wait-with-session": Row(lambda world: {"public_id": world.one(make_planned).public_id}),
    "sessions:to-call": Row(),
    "sessions:note-call": Row(lambda world: {"public_id": world.one(make_patient).public_id}),
    "sessions:take-time": Row(of_line),
    "sessions:offer-time": Row(of_line),
}
