"""Eight desks tap at once that the same patient is here: one visit, for the session that is due; seven are led to it."""

from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.test import Client

from sessions.models import Appointment
from tests.factories import make_course
from tests.races.test_booking_races import PROCESSES, run
from tests.sessions.booking_world import MONDAY, NOW, at, book, open_clinic, patient

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]

PATIENTS = 3  # of each of four ways to tap


@pytest.fixture
def world():
    return open_clinic()


def cookie(user) -> str:
    client = Client()
    with time_machine.travel(at("10:00"), tick=False):
        client.force_login(user)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def due_course(world, name):
    asked = {"practitioner": world.doctor, "now": NOW, "cadence": "3x1w@25"}
    return make_course(world.clinic, patient=patient(world.clinic, name), start_on=MONDAY, **asked)


def taps(world, course, *, names_session=False, splits=False, session):
    """One contest. With `splits` the desks do not agree who treats; they tap in different minutes, too."""
    form = {"patient": str(course.patient.public_id)}
    if names_session:
        form["session"] = str(course.planned_sessions.get(number=1).public_id)
    people = (world.doctor, world.colleague) if splits else (world.doctor,)
    return [
        {
            "session": session,
            "now": (at("10:00") + timedelta(minutes=number % 3)).isoformat(),
            "form": form | {"practitioner": str(people[number % len(people)].public_id)},
        }
        for number in range(PROCESSES)
    ]


def test_of_eight_taps_for_a_due_session_one_makes_the_visit_and_the_others_are_shown_it(world):
    session = cookie(world.desk)
    ways = ({}, {"names_session": True}, {"splits": True}, {"names_session": True, "splits": True})
    courses = [due_course(world, f"Patient {number}") for number in range(PATIENTS * len(ways))]
    contests = [
        taps(world, course, session=session, **ways[number % len(ways)]) for number, course in enumerate(courses)
    ]

    outcomes = run(contests, "walk-in")

    for course, contest in zip(courses, outcomes, strict=True):
        visit = Appointment.objects.get(patient=course.patient)
        assert (visit.status, visit.planned_session.number) == ("arrived", 1)
        assert visit.planned_session.status == "booked"
        assert sorted(contest) == [
            *[("refused", told_of(visit))] * (PROCESSES - 1),
            ("won", visit.pk),
        ]


def test_of_eight_taps_to_move_a_later_visit_to_now_one_moves_it(world):
    session = cookie(world.desk)
    courses = [due_course(world, f"Patient {number}") for number in range(PATIENTS)]
    visits = [
        book(
            world,
            f"{11 + number // 4}:{15 * (number % 4):02}",
            minutes=15,
            patient=one.patient,
            planned_session=one.planned_sessions.get(number=1),
        )
        for number, one in enumerate(courses)
    ]
    contests = [taps(world, course, names_session=True, splits=True, session=session) for course in courses]

    outcomes = run(contests, "walk-in")

    for course, booked, contest in zip(courses, visits, outcomes, strict=True):
        visit = Appointment.objects.get(patient=course.patient)
        assert (visit.pk, visit.status, visit.moved_count) == (booked.pk, "arrived", 1)
        assert sorted(contest) == [
            *[("refused", told_of(visit))] * (PROCESSES - 1),
            ("won", visit.pk),
        ]


def told_of(visit):
    sentence = f"{visit.patient.name} is here already, with {visit.practitioner.name}."
    return ("info", f"{sentence} -> {visit.pk}", 0)
