"""Moving many visits at once: all or nothing, onto each other's times, and said of which one it is not possible."""

from datetime import timedelta

import pytest

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.refused import Refused
from sessions.models import Appointment
from sessions.services import appointments
from sessions.services.appointments import NewTime
from tests.factories import make_course
from tests.sessions.booking_world import MONDAY, NOW, at, book, open_clinic, patient
from tests.shared import shared

pytestmark = pytest.mark.django_db


@shared
def world():
    return open_clinic()


def move_many(world, *moves, **fields):
    return appointments.move_many(actor=world.desk, moves=moves, **{"now": NOW, **fields})


def times() -> list:
    return sorted(Appointment.objects.live().values_list("patient__name", "starts_at"))


def book_course(world, **fields):
    """A course of four weekly sessions from tomorrow, each booked at ten on its day."""
    course = make_course(
        world.clinic, cadence="4x1w", patient=world.patient, practitioner=world.doctor, start_on=MONDAY, **fields
    )
    return course, [
        book(world, "10:00", day_offset=7 * n, planned_session=row, patient=course.patient)
        for n, row in enumerate(course.planned_sessions.all())
    ]


def test_two_visits_change_places(world):
    first, second = book(world, "10:00"), book(world, "10:30", patient=patient(world.clinic, "Bea"))

    moved = move_many(world, NewTime(first, at("10:30")), NewTime(second, at("10:00")))

    assert [one.starts_at for one in moved] == [at("10:30"), at("10:00")]
    assert times() == [("Ada Lovelace", at("10:30")), ("Bea", at("10:00"))]
    assert set(Appointment.objects.values_list("status", "moved_count")) == {("booked", 1)}


def test_a_series_is_shifted_over_its_own_times(world):
    course, visits = book_course(world)

    move_many(world, *(NewTime(one, at("10:00", 7 * n + 7)) for n, one in enumerate(visits)), reason="on holiday")

    assert [day for _name, day in times()] == [at("10:00", 7 * n) for n in range(1, 5)]
    rows = list(course.planned_sessions.order_by("number"))[1:]
    days = [day.astimezone(world.site.zone).date() for _name, day in times()][1:]
    fits = [row.earliest_on <= day <= row.latest_on for row, day in zip(rows, days, strict=True)]
    assert fits == [True] * 3, "planned anew at once, from each other's days"


def test_sessions_moved_together_are_measured_from_each_others_new_days(world):
    _course, visits = book_course(world)

    moved = move_many(world, *(NewTime(one, one.starts_at + timedelta(days=2)) for one in visits[1:]))

    assert [one.exception_reason for one in moved] == ["", "", ""], "two days late, and then a week each"


def test_one_of_them_outside_its_window_needs_a_reason_and_is_named(world):
    _course, visits = book_course(world)
    moves = [NewTime(visits[1], at("10:00", 8)), NewTime(visits[2], at("10:00", 28))]

    with pytest.raises(Refused) as refusal:
        move_many(world, *moves)

    assert refusal.value.code == "outside-window"
    assert refusal.value.message.startswith("Ada Lovelace, Mon 16 Mar 10:00: This day is outside the window")
    assert refusal.value.details["appointment"] == visits[2]
    moved = move_many(world, *moves, reason="asked for it")
    assert [one.exception_reason for one in moved] == ["", "asked for it"]


def test_nothing_is_moved_when_one_cannot_be(world):
    first, second = book(world, "10:00"), book(world, "11:00", patient=patient(world.clinic, "Bea"))
    book(world, "15:00", patient=patient(world.clinic, "Cem"))
    before = times()

    with pytest.raises(Refused) as refusal:
        move_many(world, NewTime(first, at("14:00")), NewTime(second, at("15:00")))

    assert (refusal.value.code, refusal.value.details["appointment"]) == ("just-taken", second)
    assert len(refusal.value.details["alternatives"]) == 3
    assert times() == before
    assert not AuditEvent.objects.filter(verb="appointment.moved").exists()


@pytest.mark.parametrize(
    ("where", "code"),
    [({}, "just-taken"), ({"same_patient": True}, "patient-busy"), ({"same_room": True}, "just-taken")],
)
def test_visits_moved_together_may_not_meet_each_other(world, where, code):
    first = book(world, "10:00")
    who = world.patient if where.get("same_patient") else patient(world.clinic, "Bea")
    second = book(world, "12:00", patient=who, room=world.other_room)
    onto = {"practitioner": world.colleague} if where else {}
    rooms = {"room": world.room} if where.get("same_room") else {}

    with pytest.raises(Refused) as refusal:
        move_many(world, NewTime(first, at("14:00"), **rooms), NewTime(second, at("14:15"), **onto, **rooms))

    assert refusal.value.code == code
    assert times()[0][1] == at("10:00")


def test_stale_screens_are_refused_by_name(world):
    first, second = book(world, "10:00"), book(world, "11:00", patient=patient(world.clinic, "Bea"))
    appointments.move(actor=world.desk, appointment=second, starts_at=at("12:00"), now=NOW)

    with pytest.raises(Refused) as refusal:
        move_many(world, NewTime(first, at("14:00"), seen_moves=0), NewTime(second, at("15:00"), seen_moves=0))

    assert refusal.value.code == "moved-meanwhile"
    assert refusal.value.message.startswith("Bea, Mon 2 Mar 12:00: Somebody has moved this visit meanwhile.")


def test_each_has_an_event_with_old_and_new_and_they_share_a_batch(world):
    first, second = book(world, "10:00"), book(world, "11:00", patient=patient(world.clinic, "Bea"))

    move_many(world, NewTime(first, at("11:00")), NewTime(second, at("10:00")))

    events = AuditEvent.objects.filter(verb="appointment.moved")
    assert events.count() == 2
    assert len({event.batch for event in events}) == 1
    assert events[0].batch is not None
    change = next(one for one in events.get(subject_id=first.pk).changes if one["field"] == "starts_at")
    assert (change["old"], change["new"]) == (str(first.starts_at), str(at("11:00").astimezone(first.starts_at.tzinfo)))


def test_the_other_room_is_taken_when_both_come_at_once(world):
    first, second = book(world, "10:00"), book(world, "11:00", patient=patient(world.clinic, "Bea"))

    moved = move_many(world, NewTime(first, at("14:00")), NewTime(second, at("14:00"), practitioner=world.colleague))

    assert {one.room for one in moved} == {world.room, world.other_room}


@pytest.mark.parametrize(("twice", "code"), [(True, "moved-twice"), (False, "not-movable")])
def test_nonsense_is_refused(world, twice, code):
    first, second = book(world, "10:00"), book(world, "11:00", patient=patient(world.clinic, "Bea"))
    appointments.cancel(actor=world.desk, appointment=second, cancelled_by="clinic", reason="ill", now=NOW)

    with pytest.raises(Refused) as refusal:
        move_many(world, NewTime(first, at("14:00")), NewTime(first if twice else second, at("15:00")))

    assert refusal.value.code == code


def test_no_moves_are_no_moves(world):
    assert move_many(world) == []


def test_many_take_few_statements(world, django_assert_max_num_queries):
    _course, visits = book_course(world)

    with django_assert_max_num_queries(55):
        move_many(world, *(NewTime(one, one.starts_at + timedelta(days=1)) for one in visits[1:]))
