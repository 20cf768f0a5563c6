"""A session that came before or after its days says why on the report, as far as somebody or something noted it."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from sessions.models import Appointment, Closure
from sessions.printing.document import Variant
from sessions.printing.variants import for_variant
from sessions.queries.reports import course_report, get_or_404
from sessions.services import appointments, courses, plans
from tests.factories import done_session
from tests.sessions.booking_world import MONDAY, at
from tests.sessions.report_world import planned, report_world

pytestmark = pytest.mark.django_db
END = MONDAY + timedelta(days=120)


@pytest.fixture
def world():
    """Session 1 is done on Monday 2 March; 2 is due on the 9th, from the 8th to the 12th."""
    with time_machine.travel(at("08:00"), tick=False):
        world = report_world(cadence="4x1w")
        done_session(world.course, 1, on=MONDAY)
    return world


def book(world, number: int, day: int, *, on: int = 0, **given) -> Appointment:
    """Book a session for so many days after the first Monday, on another such day."""
    with time_machine.travel(at("09:00", on), tick=False):
        return appointments.book_appointment(
            actor=world.desk,
            clinic=world.clinic,
            site=world.site,
            kind="session",
            patient=world.patient,
            practitioner=world.vet,
            room=world.room,
            starts_at=at("10:00", day),
            minutes=30,
            planned_session=planned(world, number),
            **given,
        )


def move(world, visit: Appointment, day: int, *, on: int = 0, **given) -> None:
    with time_machine.travel(at("09:00", on), tick=False):
        appointments.move(actor=world.desk, appointment=visit, starts_at=at("10:00", day), **given)


def done(world, number: int, day: int) -> None:
    with time_machine.travel(at("18:00", day), tick=False):
        visits = Appointment.objects.filter(planned_session=planned(world, number), status="booked")
        visits.update(status="fulfilled")
        done_session(world.course, number, on=MONDAY + timedelta(days=day))


def decide(world, deed, day: int, **given) -> None:
    with time_machine.travel(at("08:00", day), tick=False):
        deed(actor=world.user, course=world.course, **given)


def told(world, number: int, today=END) -> tuple[str, str]:
    day = course_report(get_or_404(world.clinic, world.course.public_id), today).plan[number - 1]
    return str(day.timing), day.note


def test_the_reason_typed_when_a_time_outside_the_days_was_booked_is_told(world):
    book(world, 2, 4, outside_window_reason="competes on Sunday")
    done(world, 2, 4)

    assert told(world, 2) == ("early", "competes on Sunday")


def test_a_visit_moved_out_of_its_days_says_from_when_and_why(world):
    visit = book(world, 2, 7)
    move(world, visit, 8)
    move(world, visit, 14, outside_window_reason="owner travels")
    done(world, 2, 14)

    assert told(world, 2) == ("late", "Moved from 10 Mar 2026: owner travels")


def test_a_move_taken_back_is_no_cause(world):
    visit = book(world, 2, 7)
    move(world, visit, 14, outside_window_reason="owner travels")
    move(world, visit, 10)
    done(world, 2, 15)

    assert told(world, 2) == ("late", "")


def test_what_moved_along_with_another_session_says_so_in_the_readers_language(world):
    visit = book(world, 2, 7)
    asked = appointments.NewTime(visit, at("10:00", 14), moved_along=True)
    with time_machine.travel(at("09:00"), tick=False):
        appointments.move_many(actor=world.desk, moves=[asked])
    done(world, 2, 14)

    assert told(world, 2) == ("late", "Moved from 9 Mar 2026: moved along with another session")
    with translation.override("fr"):
        assert (
            told(world, 2)[1]
            == "Déplacée, prévue d’abord le 9 mars 2026\N{NO-BREAK SPACE}: déplacé avec une autre séance"
        )


def test_a_pause_that_took_days_of_its_window_is_told_with_its_reason(world):
    decide(world, courses.pause_course, 5, reason="on holiday")
    decide(world, courses.resume_course, 14)
    done(world, 2, 14)

    assert told(world, 2) == ("late", "Course paused 7 – 16 Mar 2026: on holiday")


def test_a_pause_outside_its_window_is_not_told(world):
    decide(world, courses.pause_course, 1, reason="on holiday")
    decide(world, courses.resume_course, 3)
    decide(world, courses.pause_course, 11, reason="stable moved")
    decide(world, courses.resume_course, 12)
    done(world, 2, 14)

    assert told(world, 2) == ("late", "")


def test_a_session_missed_while_the_course_stands_still_says_since_when(world):
    decide(world, courses.pause_course, 5, reason="on holiday")

    assert told(world, 2) == ("missed", "Course paused since 7 Mar 2026: on holiday")


def test_a_lapse_explains_no_missed_session(world):
    with time_machine.travel(at("08:00", 60), tick=False):
        plans.plan_sessions(world.course.pk)

    world.course.refresh_from_db()
    assert world.course.status == "paused"
    assert told(world, 2) == ("missed", "")


@pytest.mark.parametrize(
    ("reviewed", "said"), [(10, "Held until its review, given on 12 Mar 2026"), (5, "")], ids=["late", "in-time"]
)
def test_a_review_given_after_the_day_aimed_at_is_told(reviewed, said):
    with time_machine.travel(at("08:00"), tick=False):
        world = report_world(cadence="1x!, 3x1w")
        done_session(world.course, 1, on=MONDAY)
    decide(world, courses.record_review, reviewed, after_number=1, decision="continue")
    done(world, 2, 14)

    assert told(world, 2) == ("late", said)


def test_a_window_without_an_open_day_is_told(world):
    days = {"from_on": MONDAY + timedelta(days=6), "until_on": MONDAY + timedelta(days=13)}
    Closure.objects.create(clinic=world.clinic, site=world.site, reason="Summer", **days)
    with time_machine.travel(at("08:00", 1), tick=False):
        plans.replan_course(course=world.course)
    done(world, 2, 14)

    assert told(world, 2) == ("late", "No open day among those planned")


def test_a_visit_booked_before_the_session_before_it_came_late_says_so(world):
    book(world, 3, 14)
    done(world, 2, 10)
    done(world, 3, 14)

    assert told(world, 2) == ("on_time", "")
    assert told(world, 3) == ("early", "Booked before session 2 came later than planned, on 12 Mar 2026")


def test_a_visit_booked_before_the_session_before_it_came_early_says_so(world):
    book(world, 2, 7)
    book(world, 3, 14)
    done(world, 2, 1)
    done(world, 3, 14)

    assert told(world, 3) == ("late", "Booked before session 2 came earlier than planned, on 3 Mar 2026")


def test_a_visit_booked_before_the_cadence_changed_says_so(world):
    book(world, 2, 7)
    decide(world, courses.change_cadence, 1, cadence="3x3w", reason="tired")
    done(world, 2, 7)

    assert told(world, 2) == ("early", "Booked before this: cadence changed on 3 Mar 2026")


def test_a_visit_booked_when_its_days_were_over_says_on_which_day(world):
    book(world, 2, 16, on=15)
    done(world, 2, 16)

    assert told(world, 2) == ("late", "Booked on 17 Mar 2026, when its last day was over")


def test_a_lost_visit_comes_first_and_says_enough_of_the_next_one(world):
    visit = book(world, 2, 7)
    with time_machine.travel(at("12:00", 7), tick=False):
        appointments.cancel(actor=world.desk, appointment=visit, cancelled_by="patient", reason="colic")
    book(world, 2, 16, on=15)
    done(world, 2, 16)

    assert told(world, 2) == ("late", "9 Mar 2026: cancelled (Patient or owner): colic")


def test_what_a_person_said_comes_before_what_the_plan_knows(world):
    visit = book(world, 2, 7)
    decide(world, courses.pause_course, 5, reason="on holiday")
    decide(world, courses.resume_course, 6)
    move(world, visit, 14, on=6, outside_window_reason="owner travels")
    done(world, 2, 14)

    assert told(world, 2)[1].split(" · ") == [
        "Moved from 9 Mar 2026: owner travels",
        "Course paused 7 – 8 Mar 2026: on holiday",
    ]


def test_where_nothing_is_noted_nothing_is_said(world):
    done(world, 2, 14)

    assert told(world, 2) == ("late", "")


def test_a_session_on_its_days_needs_no_cause(world):
    book(world, 2, 7, squeeze_reason="in pain")
    decide(world, courses.pause_course, 5, reason="on holiday")
    decide(world, courses.resume_course, 6)
    done(world, 2, 7)

    assert told(world, 2) == ("on_time", "")


@pytest.mark.parametrize("variant", [Variant.PATIENT, Variant.INSURER])
def test_causes_are_for_the_whole_report_only(world, variant):
    book(world, 2, 4, outside_window_reason="competes on Sunday")
    done(world, 2, 4)

    report = for_variant(course_report(get_or_404(world.clinic, world.course.public_id), END), variant)

    assert "competes" not in repr(report)


def test_a_cause_needs_no_statement_of_its_own(world):
    counts = []
    for number, day in ((2, 14), (3, 28)):
        visit = book(world, number, day - 7, on=day - 8)
        move(world, visit, day, on=day - 8, outside_window_reason="owner travels")
        done(world, number, day)
        with CaptureQueriesContext(connection) as queries:
            course_report(get_or_404(world.clinic, world.course.public_id), END)
        counts.append(len(queries))

    assert counts[0] == counts[1]
