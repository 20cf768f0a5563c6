"""Eight processes accept whole series at once: each is wholly there or not at all, and nobody sees a deadlock."""

import random
from collections import Counter
from datetime import timedelta

import pytest

from sessions.models import Appointment, Course
from tests.factories import make_clinic, make_course, make_patient, make_practitioner, make_room, work_week
from tests.races.test_booking_races import PROCESSES, double_booked, run, without_guards
from tests.sessions.booking_world import MONDAY, NOW, at

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]

SESSIONS = 6
DAYS = [1 + 7 * number for number in range(SESSIONS)]  # Tuesdays, none of them a holiday
ROUNDS = 5


@pytest.fixture
def crowd():
    """Three practitioners and rooms everybody wants, and a course for every process and round."""
    clinic = make_clinic()
    hours = work_week("08:00", "20:00")
    people = [make_practitioner(clinic, hours=hours) for _ in range(3)]
    courses = [
        [
            make_course(
                clinic,
                cadence=f"{SESSIONS}x1w@20",
                start_on=MONDAY + timedelta(days=1),
                patient=make_patient(clinic),
                practitioner=people[0],
                now=NOW,
            )
            for _process in range(PROCESSES)
        ]
        for _round in range(ROUNDS)
    ]
    return {"people": people, "rooms": [make_room(clinic) for _ in range(3)], "courses": courses}


def series(course: Course, number: int, who: list, where: list) -> dict:
    """What a process asks for in a round: six weekly times at an hour of the round's own."""
    times = [
        (session, at(f"{8 + number:02}:00", day).isoformat(), person.pk, room.pk)
        for session, (day, person, room) in enumerate(zip(DAYS, who, where, strict=True), 1)
    ]
    return {"course": course.pk, "times": times, "now": NOW.isoformat()}


def half_booked() -> list[int]:
    """List the courses of which some but not all sessions are booked."""
    found = []
    for course in Course.objects.all():
        visits = Appointment.objects.live().filter(planned_session__course=course).count()
        booked = course.planned_sessions.filter(status="booked").count()
        if visits != booked or visits not in (0, SESSIONS):
            found.append(course.pk)
    return found


def test_of_eight_who_accept_the_same_times_one_has_all_of_them(crowd):
    person, room = [crowd["people"][0]] * SESSIONS, [crowd["rooms"][0]] * SESSIONS
    contests = [
        [series(course, number, person, room) for course in courses] for number, courses in enumerate(crowd["courses"])
    ]

    outcomes = run(contests, "accept-series")

    assert {Counter(kind for kind, _ in contest)["won"] for contest in outcomes} == {1}
    refused = {detail for contest in outcomes for kind, detail in contest if kind == "refused"}
    assert {code for code, _, _ in refused} == {"just-taken"}
    assert {words.startswith("Session 1, ") for _, words, _ in refused} == {True}
    assert {count for _, _, count in refused} == {3}, "every loser is offered three other times"
    assert Appointment.objects.count() == ROUNDS * SESSIONS
    assert half_booked() == []


def test_of_eight_who_accept_the_same_proposal_one_wins(crowd):
    person, room = [crowd["people"][0]] * SESSIONS, [crowd["rooms"][0]] * SESSIONS
    contests = [
        [series(courses[0], number, person, room)] * PROCESSES for number, courses in enumerate(crowd["courses"])
    ]

    outcomes = run(contests, "accept-series")

    assert {Counter(kind for kind, _ in contest)["won"] for contest in outcomes} == {1}
    refused = {detail[0] for contest in outcomes for kind, detail in contest if kind == "refused"}
    assert refused == {"already-booked"}
    assert half_booked() == []
    assert double_booked() == 0


def test_series_across_each_other_never_deadlock_nor_are_half_booked(crowd):
    chosen = random.Random(11)
    contests = [
        [
            series(
                course,
                number,
                chosen.choices(crowd["people"], k=SESSIONS),
                chosen.choices(crowd["rooms"], k=SESSIONS),
            )
            for course in courses
        ]
        for number, courses in enumerate(crowd["courses"])
    ]

    outcomes = run(contests, "accept-series")

    assert all(any(kind == "won" for kind, _ in contest) for contest in outcomes)
    assert half_booked() == []
    assert double_booked() == 0


def test_control_without_guards_and_locks_the_same_load_double_books(crowd):
    person, room = [crowd["people"][0]] * SESSIONS, [crowd["rooms"][0]] * SESSIONS
    contests = [
        [series(course, number, person, room) for course in courses] for number, courses in enumerate(crowd["courses"])
    ]

    with without_guards():
        run(contests, "accept-carelessly")

        assert double_booked() > 0
