"""Booking many times at once: all or nothing, few statements, and a refusal that names which time it is about."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import AuditEvent
from mesoclinic.core.refused import Refused
from sessions.models import Appointment, Course, PlannedSession
from sessions.services.appointments import Booking, book_many
from tests.factories import make_course, make_practitioner
from tests.sessions.booking_world import MONDAY, NOW, at, book, open_clinic, patient
from tests.shared import shared

pytestmark = pytest.mark.django_db


@shared
def world():
    world = open_clinic()
    world.course = make_course(
        world.clinic, patient=world.patient, practitioner=world.doctor, start_on=MONDAY, cadence="15x1w@20", now=NOW
    )
    world.planned = list(world.course.planned_sessions.order_by("number"))
    return world


def series(world, *, clock="10:00", shift=0, count=None, **fields):
    asked = {"patient": world.patient, "practitioner": world.doctor, "minutes": 20, "room": world.room}
    return [
        Booking(
            starts_at=at(clock, (one.due_on - MONDAY).days + (shift if one.number > 1 else 0)),
            planned_session=one,
            **{**asked, **fields},
        )
        for one in world.planned[:count]
    ]


def many(world, bookings, **fields):
    return book_many(
        **{"actor": world.desk, "clinic": world.clinic, "site": world.site, "bookings": bookings, "now": NOW, **fields}
    )


def test_a_whole_series_is_booked_and_told_to_the_audit(world):
    visits = many(world, series(world))

    assert [visit.planned_session.number for visit in visits] == list(range(1, 16))
    assert set(world.course.planned_sessions.values_list("status", flat=True)) == {"booked"}
    events = AuditEvent.objects.filter(verb="appointment.booked", subject_id__in=[visit.pk for visit in visits])
    assert events.count() == 15
    assert {event.actor_id for event in events} == {world.desk.pk}
    assert all(event.changes for event in events)


def test_the_appointments_come_back_in_the_order_asked_for(world):
    asked = series(world)[::-1]

    visits = many(world, asked)

    assert [visit.starts_at for visit in visits] == [one.starts_at for one in asked]


def test_one_time_that_is_taken_books_nothing_and_is_named_with_three_others(world):
    taken = (world.planned[5].due_on - MONDAY).days
    book(world, "10:10", day_offset=taken, patient=patient(world.clinic, "Bea"))
    asked = series(world)

    with pytest.raises(Refused) as refusal:
        many(world, asked)

    assert refusal.value.code == "just-taken"
    assert "Session 6" in refusal.value.message
    assert refusal.value.details["booking"] == asked[5]
    assert len(refusal.value.details["alternatives"]) == 3
    assert Appointment.objects.count() == 1
    assert set(world.course.planned_sessions.values_list("status", flat=True)) == {"planned"}
    assert not AuditEvent.objects.filter(verb="appointment.booked", patient_id=world.patient.pk).exists()


def test_windows_are_measured_from_the_days_booked_for_the_sessions_before(world):
    """A day or two later each time: session 4 is outside the window of the old plan, inside the one that follows."""
    days = (0, 9, 17, 25, 32, 39)
    asked = [
        Booking(world.patient, world.doctor, at("11:00", day), 20, planned_session=one, any_room=True)
        for one, day in zip(world.planned, days, strict=False)
    ]
    assert at("11:00", 25).date() > world.planned[3].latest_on

    visits = many(world, asked)

    world.course.refresh_from_db()
    assert world.course.is_planned
    for visit in visits:
        row = PlannedSession.objects.get(pk=visit.planned_session_id)
        assert row.earliest_on <= local_day(visit.starts_at, world.site.zone) <= row.latest_on
        assert visit.exception_reason == ""


def test_a_day_outside_its_window_needs_a_reason(world):
    asked = series(world, count=3)
    late = Booking(world.patient, world.doctor, at("10:00", 28), 20, planned_session=world.planned[3])

    with pytest.raises(Refused) as refusal:
        many(world, [*asked, late])
    assert refusal.value.code == "outside-window"
    assert refusal.value.details["booking"] == late
    assert Appointment.objects.count() == 0

    late = Booking(
        world.patient, world.doctor, at("10:00", 28), 20, planned_session=world.planned[3], outside_window_reason="away"
    )
    assert many(world, [*asked, late])[3].exception_reason == "away"


def test_times_that_meet_each_other_are_refused(world):
    horse = Booking(world.horse, world.vet, at("10:00", 1), 30, room=world.room)
    other = Booking(patient(world.clinic, "Coco", "horse"), world.vet, at("10:15", 1), 30, room=world.other_room)

    with pytest.raises(Refused) as refusal:
        many(world, [horse, other])

    assert refusal.value.code == "just-taken"
    assert refusal.value.details["booking"] == other
    assert Appointment.objects.count() == 0


def test_any_room_gives_each_its_own(world):
    second = patient(world.clinic, "Bea")
    pair = [
        Booking(world.patient, world.doctor, at("10:00", 1), 30, any_room=True),
        Booking(second, world.colleague, at("10:00", 1), 30, any_room=True),
    ]

    visits = many(world, pair)

    assert {visit.room for visit in visits} == {world.room, world.other_room}


def test_a_form_sent_twice_books_once(world):
    token = uuid4()

    first = many(world, series(world), booking_token=token)
    again = many(world, series(world), booking_token=token)

    assert [visit.pk for visit in again] == [visit.pk for visit in first]
    assert Appointment.objects.count() == 15
    with pytest.raises(Refused) as refusal:
        many(world, series(world, clock="11:00"), booking_token=token)
    assert refusal.value.code == "form-used"


def test_a_session_named_twice_is_refused_by_the_guard(world):
    twice = [
        Booking(world.patient, world.doctor, at("10:00"), 20, planned_session=world.planned[0]),
        Booking(world.patient, world.doctor, at("11:00"), 20, planned_session=world.planned[0]),
    ]

    with pytest.raises(Refused) as refusal:
        many(world, twice)

    assert refusal.value.code == "already-booked"
    assert Appointment.objects.count() == 0


def test_offers_are_held_until_they_run_out_and_then_make_room(world):
    until = NOW + timedelta(hours=1)
    offered = many(world, series(world, count=2, offered_until=until))
    assert {visit.status for visit in offered} == {"offered"}

    second = patient(world.clinic, "Bea")
    later = NOW + timedelta(hours=2, minutes=1)
    taken = [Booking(second, world.doctor, one.starts_at, 20, any_room=True) for one in offered[1:]]

    assert many(world, taken, now=later)[0].status == "booked"
    assert Appointment.objects.get(pk=offered[1].pk).status == "cancelled"


def test_a_paused_course_is_not_booked(world):
    Course.objects.filter(pk=world.course.pk).update(status="paused", status_reason="ill")

    with pytest.raises(Refused) as refusal:
        many(world, series(world))

    assert refusal.value.code == "course-paused"


@pytest.mark.parametrize("shift", [0, 1])
def test_the_number_of_statements_does_not_grow_with_the_series(world, shift):
    few = make_course(
        world.clinic,
        patient=patient(world.clinic, "Bea"),
        practitioner=make_practitioner(world.clinic),
        start_on=MONDAY,
        cadence="3x1w@20",
        now=NOW,
    )
    counts = []
    for course, room in ((few, world.other_room), (world.course, world.room)):
        world.planned = list(course.planned_sessions.order_by("number"))
        who = {"patient": course.patient, "practitioner": course.lead_practitioner, "room": room}
        asked = series(world, shift=shift, **who)
        with CaptureQueriesContext(connection) as queries:
            many(world, asked)
        counts.append(len(queries))

    assert counts[0] == counts[1] <= (36 if shift else 21), counts


def test_nothing_to_book_is_nothing(world):
    assert many(world, []) == []
