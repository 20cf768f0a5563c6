"""What follows when one session of a course is changed: which futures are shown, and what each of them moves."""

import pytest

from sessions.queries.ripples import Deed, question
from sessions.scheduling.ripple import Future
from sessions.services import appointments, availability
from tests.factories import make_course
from tests.sessions.booking_world import MONDAY, NOW, at, book, open_clinic, patient

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return open_clinic()


def book_course(world, cadence="5x1w", clock="10:00", **fields):
    """A course of weekly sessions from today, each booked on its Monday."""
    course = make_course(
        world.clinic, cadence=cadence, patient=world.patient, practitioner=world.doctor, start_on=MONDAY
    )
    rows = list(course.planned_sessions.all())
    visits = [book(world, clock, day_offset=(row.due_on - MONDAY).days, planned_session=row, **fields) for row in rows]
    return course, rows, visits


def asked(planned, deed, **fields):
    return question(planned, deed, now=NOW, **fields)


def times(outcome) -> list:
    return [line.new_at for line in outcome.lines]


def future(found, wanted):
    return next(one for one in found.futures if one.future is wanted)


def test_a_move_by_two_days_shows_three_futures(world):
    _course, rows, visits = book_course(world)

    found = asked(rows[1], Deed.MOVE, visit=visits[1], starts_at=at("10:00", 9))

    assert [one.future for one in found.futures] == [Future.ONLY, Future.SHIFT]
    assert future(found, Future.ONLY).moved == []
    assert times(future(found, Future.SHIFT)) == [at("10:00", day) for day in (16, 23, 30)]
    assert not future(found, Future.SHIFT).outside


def test_a_move_by_a_week_shifts_the_following_onto_each_others_times(world):
    _course, rows, visits = book_course(world)

    found = asked(rows[1], Deed.MOVE, visit=visits[1], starts_at=at("10:00", 14))

    only = future(found, Future.ONLY)
    assert [line.is_outside for line in only.lines] == [True, False, False], "the third is now on the same day"
    assert times(future(found, Future.SHIFT)) == [at("10:00", 21), at("10:00", 28), at("10:00", 36)]
    assert future(found, Future.SHIFT).lines[2].is_outside is False, "Easter Monday is closed: a day later"


def test_shifting_takes_the_nearest_free_time_of_the_day(world):
    _course, rows, visits = book_course(world)
    other = patient(world.clinic, "Bea")
    book(world, "10:00", day_offset=16, patient=other, room=world.other_room, minutes=30)

    found = asked(rows[1], Deed.MOVE, visit=visits[1], starts_at=at("10:00", 9))

    assert times(future(found, Future.SHIFT))[0] == at("09:30", 16)


def test_an_absence_sends_it_to_the_nearest_day_inside_the_window(world):
    _course, rows, visits = book_course(world)
    availability.add_absence(
        actor=world.desk, practitioner=world.doctor, starts_at=at("00:00", 16), ends_at=at("00:00", 17)
    )

    found = asked(rows[1], Deed.MOVE, visit=visits[1], starts_at=at("10:00", 9))

    line = future(found, Future.SHIFT).lines[0]
    assert (line.new_at, line.new_who) == (at("10:00", 17), world.doctor)
    assert not line.is_outside


def test_a_colleague_is_asked_before_the_window_is_left(world):
    _course, rows, visits = book_course(world)
    availability.add_absence(
        actor=world.desk, practitioner=world.doctor, starts_at=at("00:00", 10), ends_at=at("00:00", 22)
    )

    found = asked(rows[1], Deed.MOVE, visit=visits[1], starts_at=at("10:00", 9))

    line = future(found, Future.SHIFT).lines[0]
    assert (line.new_at, line.new_who) == (at("10:00", 16), world.colleague)


def test_planning_the_rest_anew_goes_back_to_the_weekday_of_the_plan(world):
    _course, rows, visits = book_course(world)
    appointments.move(actor=None, appointment=visits[2], starts_at=at("11:00", 16), now=NOW)

    found = asked(rows[1], Deed.MOVE, visit=visits[1], starts_at=at("10:00", 8))

    assert times(future(found, Future.REPLAN)) == [at("11:00", 14), at("10:00", 21), at("10:00", 28)]
    assert not future(found, Future.REPLAN).outside


def test_cancelling_shows_the_rest_one_step_later(world):
    _course, rows, visits = book_course(world)

    found = asked(rows[1], Deed.CANCEL, visit=visits[1])

    assert times(future(found, Future.SHIFT)) == [at("10:00", 21), at("10:00", 28), at("10:00", 36)]


def test_leaving_one_out_shows_the_rest_one_step_earlier(world):
    course = make_course(
        world.clinic, cadence="4x1w", patient=world.patient, practitioner=world.doctor, start_on=MONDAY
    )
    rows = list(course.planned_sessions.all())
    for n in (2, 3):
        book(world, day_offset=7 * n, planned_session=rows[n])

    found = asked(rows[1], Deed.SKIP)

    shifted = future(found, Future.SHIFT)
    assert times(shifted) == [at("10:00", 7), at("10:00", 14)]
    assert not shifted.outside


@pytest.mark.parametrize("case", ["last", "same day", "not booked", "paused"])
def test_nobody_is_asked_without_need(world, case):
    course, rows, visits = book_course(world, "3x1w")
    number = 2 if case == "last" else 1
    starts_at = at("15:00", 7) if case == "same day" else at("10:00", 7 * number + 1)
    if case == "not booked":
        type(visits[2]).objects.filter(pk=visits[2].pk).update(status="entered_in_error")
    if case == "paused":
        course.status = "paused"
        rows[1].course = course

    assert asked(rows[number], Deed.MOVE, visit=visits[number], starts_at=starts_at) is None


def test_asking_takes_the_same_few_statements_for_any_number_of_sessions(world, django_assert_max_num_queries):
    _course, rows, visits = book_course(world, "12x1w")

    with django_assert_max_num_queries(24):
        found = asked(rows[1], Deed.MOVE, visit=visits[1], starts_at=at("10:00", 9))

    assert len(future(found, Future.SHIFT).moved) == 10
