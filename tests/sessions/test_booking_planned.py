"""Booking the sessions of a plan: window, reasons, and how a visit that falls through gives its session back."""

from datetime import timedelta

import pytest

from mesoclinic.core.refused import Refused
from sessions.models import Appointment, PlannedSession, Practitioner
from sessions.services import appointments, availability
from tests.factories import make_course
from tests.sessions.booking_world import MONDAY, NOW, at, book, open_clinic, patient
from tests.shared import shared

pytestmark = pytest.mark.django_db


@shared
def world():
    world = open_clinic()
    world.course = make_course(
        world.clinic, patient=world.patient, practitioner=world.doctor, start_on=MONDAY + timedelta(days=1), now=NOW
    )
    world.first, world.second = world.course.planned_sessions.order_by("number")[:2]
    return world


def status(planned: PlannedSession) -> str:
    return PlannedSession.objects.get(pk=planned.pk).status


def test_booking_a_session_marks_it_as_booked_once(world):
    book(world, "10:00", day_offset=1, planned_session=world.first)

    assert status(world.first) == "booked"
    with pytest.raises(Refused) as refusal:
        book(world, "11:00", day_offset=1, planned_session=world.first)
    assert refusal.value.code == "already-booked"
    assert Appointment.objects.count() == 1


def test_a_session_whose_offer_ran_out_is_booked_at_another_time(world):
    offer = book(world, "10:00", day_offset=1, planned_session=world.first, offered_until=at("09:00"))
    assert status(world.first) == "booked"

    booked = book(world, "15:00", day_offset=1, planned_session=world.first, now=at("09:00"))

    offer.refresh_from_db()
    assert (offer.status, booked.status, status(world.first)) == ("cancelled", "booked", "booked")


def test_a_session_due_on_one_day_only_names_that_day(world):
    with pytest.raises(Refused) as refusal:
        book(world, "10:00", day_offset=7, planned_session=world.first)

    assert refusal.value.message.startswith("The session is due on ")


def test_outside_the_window_needs_a_reason_and_offers_times_inside(world):
    late = (world.second.latest_on - MONDAY).days + 3  # a Monday

    with pytest.raises(Refused) as refusal:
        book(world, "10:00", day_offset=late, planned_session=world.second)
    assert refusal.value.code == "outside-window"
    assert " to " in refusal.value.message

    booked = book(
        world, "10:00", day_offset=late, planned_session=world.second, outside_window_reason="on holiday till then"
    )
    assert booked.exception_reason == "on holiday till then"


def test_a_session_whose_window_has_passed_needs_no_reason(world):
    long_after = NOW + timedelta(days=60)

    assert book(
        world, starts_at=at("10:00", 63), planned_session=PlannedSession.objects.get(pk=world.first.pk), now=long_after
    )


def test_alternatives_to_a_taken_time_stay_inside_the_window(world):
    first, last = world.second.earliest_on, world.second.latest_on
    days = (first - MONDAY).days
    book(world, "10:00", day_offset=days, patient=patient(world.clinic, "Bea"))

    with pytest.raises(Refused) as refusal:
        book(world, "10:00", day_offset=days, planned_session=world.second)

    others = refusal.value.details["alternatives"]
    assert len(others) == 3
    assert all(first <= one.starts_at.astimezone(world.site.zone).date() <= last for one in others)


@pytest.mark.parametrize("is_licensed", [True, False])
def test_alternatives_with_a_colleague_are_with_one_who_may_give_the_session(world, is_licensed):
    Practitioner.objects.filter(pk=world.colleague.pk).update(may_inject=is_licensed)
    days = (world.second.earliest_on - MONDAY).days
    availability.add_absence(actor=None, practitioner=world.doctor, starts_at=at("00:00"), ends_at=at("00:00", 60))

    with pytest.raises(Refused) as refusal:
        book(world, "10:00", day_offset=days, planned_session=world.second)

    others = {one.practitioner for one in refusal.value.details["alternatives"]}
    assert others == ({world.colleague} if is_licensed else set())


@pytest.mark.parametrize("course_status", ["paused", "stopped", "completed"])
def test_sessions_of_a_course_that_is_not_running_are_not_booked(world, course_status):
    world.course.status, world.course.status_reason = course_status, "why not"
    world.course.save()

    with pytest.raises(Refused) as refusal:
        book(world, "10:00", day_offset=1, planned_session=world.first)

    assert refusal.value.code in ("course-paused", "course-closed")


def test_a_session_is_never_booked_for_somebody_else(world):
    with pytest.raises(Refused) as refusal:
        book(world, "10:00", day_offset=1, planned_session=world.first, patient=patient(world.clinic, "Bea"))

    assert refusal.value.code == "other-patient"


@pytest.mark.parametrize("way", ["cancel", "no_show", "not_treated", "error"])
def test_a_visit_that_falls_through_gives_its_session_back(world, way):
    visit = book(world, "10:00", day_offset=1, planned_session=world.first)
    common = {"actor": world.desk, "appointment": visit, "now": at("10:20", 1)}

    if way == "cancel":
        appointments.cancel(cancelled_by="patient", reason="ill", **common)
    elif way == "no_show":
        appointments.mark_no_show(**common)
    elif way == "not_treated":
        appointments.mark_not_treated(reason="fever", **common)
    else:
        appointments.mark_entered_in_error(reason="wrong patient", **common)

    assert status(world.first) == "planned"
    assert book(world, "11:00", day_offset=1, planned_session=PlannedSession.objects.get(pk=world.first.pk))


def test_undoing_takes_the_session_again_unless_it_was_booked_meanwhile(world):
    visit = book(world, "10:00", day_offset=1, planned_session=world.first)
    appointments.cancel(actor=world.desk, appointment=visit, cancelled_by="patient", reason="ill", now=NOW)

    appointments.undo_cancel(actor=world.desk, appointment=visit, now=NOW)
    assert status(world.first) == "booked"

    appointments.cancel(actor=world.desk, appointment=visit, cancelled_by="patient", reason="ill", now=NOW)
    again = PlannedSession.objects.get(pk=world.first.pk)
    book(world, "11:00", day_offset=1, planned_session=again)
    with pytest.raises(Refused) as refusal:
        appointments.undo_cancel(actor=world.desk, appointment=visit, now=NOW)
    assert refusal.value.code == "already-booked"


def test_moving_a_session_outside_its_window_needs_a_reason(world):
    visit = book(world, "10:00", day_offset=1, planned_session=world.first)
    away = at("10:00", 30)

    with pytest.raises(Refused) as refusal:
        appointments.move(actor=world.desk, appointment=visit, starts_at=away, now=NOW)
    assert refusal.value.code == "outside-window"

    moved = appointments.move(
        actor=world.desk, appointment=visit, starts_at=away, outside_window_reason="journey", now=NOW
    )
    assert (moved.starts_at, status(world.first)) == (away, "booked")
