"""What follows when one session of a course is changed: which futures are shown, and what each of them moves."""

from datetime import timedelta

import pytest

from sessions.queries.preferences import preference_of
from sessions.queries.proposals import find_series
from sessions.queries.ripples import Deed, question
from sessions.scheduling.ripple import Future
from sessions.services import appointments, availability, plans, preferences
from tests.factories import make_course
from tests.sessions.booking_world import MONDAY, NOW, at, book, open_clinic, patient
from tests.shared import shared

pytestmark = pytest.mark.django_db


@shared
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


def test_a_colleague_without_a_licence_is_not_asked(world):
    _course, rows, visits = book_course(world)
    availability.add_absence(
        actor=world.desk, practitioner=world.doctor, starts_at=at("00:00", 10), ends_at=at("00:00", 22)
    )
    availability.update_practitioner(actor=None, practitioner=world.colleague, may_inject=False)

    found = asked(rows[1], Deed.MOVE, visit=visits[1], starts_at=at("10:00", 9))

    assert {line.new_who for line in future(found, Future.SHIFT).lines} == {world.doctor}


def test_planning_the_rest_anew_goes_back_to_the_weekday_of_the_plan(world):
    _course, rows, visits = book_course(world)
    appointments.move(actor=None, appointment=visits[2], starts_at=at("11:00", 16), now=NOW)

    found = asked(rows[1], Deed.MOVE, visit=visits[1], starts_at=at("10:00", 8))

    assert times(future(found, Future.REPLAN)) == [at("11:00", 14), at("10:00", 21), at("10:00", 28)]
    assert not future(found, Future.REPLAN).outside


def away_all(world, first, last):
    for person in (world.doctor, world.colleague):
        availability.add_absence(
            actor=world.desk, practitioner=person, starts_at=at("00:00", first), ends_at=at("00:00", last + 1)
        )


def test_planning_the_rest_anew_is_solved_at_once(world):
    """Day 14 would be best for the third alone; then nothing would be left inside the window of the fourth."""
    _course, rows, visits = book_course(world, "4x1w")
    appointments.move(actor=None, appointment=visits[2], starts_at=at("10:00", 16), now=NOW)
    away_all(world, 20, 24)

    found = asked(rows[1], Deed.MOVE, visit=visits[1], starts_at=at("10:00", 8))

    assert times(future(found, Future.REPLAN)) == [at("10:00", 15), at("10:00", 25)]
    assert not future(found, Future.REPLAN).outside


@pytest.mark.parametrize("moved_to", [8, 10, 14])
@pytest.mark.parametrize("away", [None, (16, 18), (20, 24), (15, 25)])
def test_planning_the_rest_anew_gives_the_days_of_the_proposal_of_a_series(world, moved_to, away):
    course, rows, visits = book_course(world, "5x1w")
    appointments.move(actor=None, appointment=visits[3], starts_at=at("10:00", 23), now=NOW)
    if away:
        away_all(world, *away)

    found = asked(rows[1], Deed.MOVE, visit=visits[1], starts_at=at("10:00", moved_to))

    for visit in visits[2:]:
        appointments.cancel(actor=world.desk, appointment=visit, cancelled_by="clinic", reason="test", now=NOW)
    appointments.move(
        actor=None,
        appointment=visits[1],
        starts_at=at("10:00", moved_to),
        outside_window_reason="asked for",
        now=NOW,
    )
    plans.replan_course(course=course, now=NOW)
    proposed = find_series(course, preference_of(world.patient), now=NOW).proposal
    chosen = next((one for one in found.futures if one.future is Future.REPLAN), future(found, Future.SHIFT))
    assert [line.new_on for line in chosen.lines] == [choice.on for choice in proposed.choices]


def test_planning_the_rest_anew_keeps_away_from_days_the_patient_cannot_come(world):
    _course, rows, visits = book_course(world)
    appointments.move(actor=None, appointment=visits[2], starts_at=at("11:00", 16), now=NOW)
    preferences.block_days(
        actor=world.desk,
        patient=world.patient,
        from_on=MONDAY + timedelta(days=14),
        until_on=MONDAY + timedelta(days=15),
        today=MONDAY,
    )

    found = asked(rows[1], Deed.MOVE, visit=visits[1], starts_at=at("10:00", 9))

    assert all(
        line.new_on not in (MONDAY + timedelta(days=14), MONDAY + timedelta(days=15))
        for one in found.futures[1:]
        for line in one.moved
    )
    assert future(found, Future.REPLAN).lines[0].new_at == at("11:00", 16)


def test_a_session_not_booked_keeps_its_place_when_the_rest_is_planned_anew(world):
    course = make_course(
        world.clinic, cadence="4x1w", patient=world.patient, practitioner=world.doctor, start_on=MONDAY
    )
    rows = list(course.planned_sessions.all())
    visits = {n: book(world, day_offset=7 * n, planned_session=rows[n]) for n in (1, 3)}
    appointments.move(actor=None, appointment=visits[3], starts_at=at("10:00", 23), now=NOW)

    found = asked(rows[1], Deed.MOVE, visit=visits[1], starts_at=at("10:00", 8))

    lines = future(found, Future.REPLAN).lines
    assert [line.visit is None for line in lines] == [True, False]
    assert (lines[0].new_on - MONDAY).days == 14
    assert lines[1].new_at == at("10:00", 21)


def test_a_visit_without_any_other_time_stays_where_it_is_and_says_so(world):
    _course, rows, visits = book_course(world, "3x1w")
    away_all(world, 15, 120)

    found = asked(rows[1], Deed.MOVE, visit=visits[1], starts_at=at("10:00", 14))

    for one in found.futures[1:]:
        assert one.is_stuck
        assert not one.moved


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

    with django_assert_max_num_queries(26):
        found = asked(rows[1], Deed.MOVE, visit=visits[1], starts_at=at("10:00", 9))

    assert len(future(found, Future.SHIFT).moved) == 10
