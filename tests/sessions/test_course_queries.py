"""What Today asks about courses: due and unbooked, lapsed, to rebook, reviews that wait."""

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from mesoclinic.core import audit
from mesoclinic.core.models import AuditEvent
from sessions.models import Appointment, Course, CourseRevision, PlannedSession
from sessions.models.courses import OUT_OF_PLAN
from sessions.queries import courses as reads
from sessions.queries import plan_pages
from sessions.queries import plans as plan_queries
from sessions.queries.to_call import due_unbooked, lapsed_courses
from sessions.queries.to_rebook import to_rebook
from sessions.recording import ScoreGiven
from sessions.services import courses, plans
from tests.factories import (
    done_session,
    make_appointment,
    make_clinic,
    make_course,
    make_practitioner,
    make_user,
    site_of,
)
from tests.sessions import record_world as world_of
from tests.shared import shared

pytestmark = pytest.mark.django_db

PARIS = ZoneInfo("Europe/Paris")
MONDAY = date(2026, 3, 2)
NEXT = MONDAY + timedelta(days=7)


def at(day: date, clock: str = "08:00") -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), tzinfo=PARIS)


@shared
def clinic():
    return make_clinic()


@shared
def doctor(clinic):
    return make_user(clinic, "practitioner")


def book(clinic, course, number: int, day: date):
    return make_appointment(
        clinic,
        patient=course.patient,
        practitioner=course.lead_practitioner,
        starts_at=at(day, "10:00"),
        planned_session=course.planned_sessions.get(number=number),
        now=at(MONDAY),
    )


def due(clinic, today: date) -> list[tuple[int, int]]:
    return [(row.course_id, row.number) for row in due_unbooked(site_of(clinic), today)]


def test_a_session_is_to_call_for_once_its_window_opens_one_a_course(clinic):
    course = make_course(clinic, cadence="4x1w", start_on=MONDAY)
    done_session(course)
    opens_on = course.planned_sessions.get(number=2).earliest_on

    assert due(clinic, opens_on - timedelta(days=1)) == []
    assert due(clinic, opens_on) == [(course.pk, 2)]
    assert due(clinic, MONDAY + timedelta(days=90)) == [(course.pk, 2)]


def test_a_booked_session_is_not_to_call_for_nor_is_what_follows(clinic):
    course = make_course(clinic, cadence="4x1w", start_on=MONDAY)
    done_session(course)
    book(clinic, course, 2, NEXT)

    assert due(clinic, NEXT + timedelta(days=30)) == []


def test_neither_held_sessions_nor_paused_courses_nor_other_sites_are_to_call_for(clinic, doctor):
    held = make_course(clinic, cadence="1x!, 2x1w", start_on=MONDAY)
    done_session(held)
    paused = make_course(clinic, cadence="4x1w", start_on=MONDAY)
    courses.pause_course(actor=doctor, course=paused, reason="holiday")
    elsewhere = make_course(make_clinic(), cadence="4x1w", start_on=MONDAY)

    assert due(clinic, NEXT) == []
    assert due(elsewhere.clinic, NEXT) == [(elsewhere.pk, 1)]


def test_a_lapsed_course_is_listed_until_somebody_decides_and_a_paused_one_never(clinic, doctor):
    lapsed = make_course(clinic, cadence="4x1w", start_on=MONDAY)
    done_session(lapsed)
    paused = make_course(clinic, cadence="4x1w", start_on=MONDAY)
    courses.pause_course(actor=doctor, course=paused, reason="holiday")
    later = at(MONDAY + timedelta(days=40))
    plans.flag_overdue(now=later)

    assert list(lapsed_courses(site_of(clinic))) == [lapsed]
    assert list(lapsed_courses(site_of(make_clinic()))) == []
    courses.resume_course(actor=doctor, course=lapsed, now=later)

    assert list(lapsed_courses(site_of(clinic))) == []


def moved_away(site, now) -> list[Appointment]:
    return [line.visit for line in to_rebook(site, now, 1000)[0]]


def test_a_visit_the_plan_has_moved_away_from_is_to_rebook(clinic):
    course = make_course(clinic, cadence="4x1w", start_on=MONDAY)
    visit = book(clinic, course, 2, NEXT)
    assert list(moved_away(site_of(clinic), at(MONDAY))) == []

    done_session(course, 1, on=MONDAY + timedelta(days=4))
    found = moved_away(site_of(clinic), at(MONDAY + timedelta(days=4)))

    assert [(row.pk, row.rebook_why) for row in found] == [(visit.pk, "early")]
    assert list(moved_away(site_of(clinic), at(NEXT + timedelta(days=1)))) == []  # it has passed


def test_the_visits_of_a_stopped_course_are_to_rebook(clinic, doctor):
    course = make_course(clinic, cadence="4x1w", start_on=MONDAY)
    book(clinic, course, 2, NEXT)

    courses.stop_course(actor=doctor, course=course, reason="moved away", cancel=[], now=at(MONDAY))

    assert [row.rebook_why for row in moved_away(site_of(clinic), at(MONDAY))] == ["course_over"]


@pytest.mark.parametrize("agreed", ["", "she asked for it"], ids=["", "agreed"])
@pytest.mark.parametrize("clock", ["00:30", "12:00", "23:30"])  # near midnight the day in UTC is another one
@pytest.mark.parametrize("days", [-40, -1, 0, 3, 4, 40])
def test_the_database_says_as_python_does_why_a_visit_is_to_rebook(clinic, doctor, days, clock, agreed):
    course = make_course(clinic, cadence="4x1w", start_on=MONDAY + timedelta(weeks=7))  # the clock changes in between
    planned = course.planned_sessions.get(number=2)
    booked_for = {
        "starts_at": at(NEXT, "10:00"),
        "planned_session": planned,
        "now": at(MONDAY),
        "outside_window_reason": "yes",
    }
    visit = make_appointment(clinic, patient=course.patient, practitioner=course.lead_practitioner, **booked_for)
    starts_at = at(planned.due_on + timedelta(days=days), clock)
    ends_at = starts_at + timedelta(minutes=20)
    Appointment.objects.filter(pk=visit.pk).update(starts_at=starts_at, ends_at=ends_at, exception_reason=agreed)
    site = site_of(clinic)

    def both() -> tuple[str, list[str]]:
        visit.refresh_from_db()
        course = Course.objects.get(pk=visit.planned_session.course_id)
        visit.planned_session.course = course
        found = [row.rebook_why for row in moved_away(site, at(MONDAY))]
        return plan_queries.rebook_why(visit, visit.planned_session, site), found

    why, found = both()
    assert found == ([why] if why else [])
    PlannedSession.objects.filter(pk=planned.pk).update(latest_on=planned.earliest_on, due_on=planned.due_on)
    why, found = both()
    assert found == ([why] if why else [])
    PlannedSession.objects.filter(pk=planned.pk).update(why=OUT_OF_PLAN)
    assert both() == (OUT_OF_PLAN, [OUT_OF_PLAN])
    courses.stop_course(actor=doctor, course=course, reason="moved away", cancel=[], now=at(MONDAY))
    assert both() == ("course_over", ["course_over"])


def test_a_review_waits_from_the_last_session_of_its_phase_until_it_is_recorded(clinic, doctor):
    course = make_course(clinic, cadence="2x1w!, 2x2w", start_on=MONDAY)
    done_session(course)
    assert reads.open_reviews(clinic) == []

    done_session(course)
    [plan] = reads.open_reviews(clinic)

    assert (plan.course, plan.due_gate, plan.gate_number(1)) == (course, 1, 2)
    assert [one.course for one in reads.open_reviews(clinic, course.lead_practitioner)] == [course]
    assert reads.open_reviews(clinic, make_practitioner(clinic)) == []
    assert reads.open_reviews(make_clinic()) == []
    courses.record_review(actor=doctor, course=course, after_number=2, decision="continue")

    assert reads.open_reviews(clinic) == []


def test_only_courses_that_wait_for_a_review_are_loaded_and_no_more_than_asked(clinic, doctor, monkeypatch):
    loaded = []
    monkeypatch.setattr(reads, "plans_of", lambda rows: loaded.extend(rows) or plan_queries.plans_of(rows))
    make_course(clinic, cadence="1x!, 2x2w", start_on=MONDAY)  # not begun
    underway = make_course(clinic, cadence="2x1w!, 2x2w", start_on=MONDAY)
    done_session(underway)
    waits = [reviewed_course(clinic) for _n in range(3)]

    found = reads.open_reviews(clinic, at_most=2)

    assert [plan.course for plan in found] == waits[:2] == loaded


LISTS = {
    "due_unbooked": (lambda clinic: list(due_unbooked(site_of(clinic), NEXT)), 1),
    "lapsed": (lambda clinic: list(lapsed_courses(site_of(clinic))), 1),
    "open_reviews": (lambda clinic: reads.open_reviews(clinic, at_most=1000), 6),
}


@pytest.mark.parametrize("name", LISTS)
def test_lists_of_courses_need_as_many_statements_for_a_thousand_as_for_ten(clinic, doctor, name):
    ask, most = LISTS[name]
    first = {
        "due_unbooked": lambda: make_course(clinic, cadence="4x1w", start_on=MONDAY),
        "lapsed": lambda: lapsed_course(clinic),
        "open_reviews": lambda: reviewed_course(clinic),
    }[name]()
    counted = {}
    for total in (10, 1000):
        multiply(first, total)
        site_of(clinic)
        with CaptureQueriesContext(connection) as seen:
            found = ask(clinic)
            for row in found:
                course = getattr(row, "course", row)
                _ = f"{course} {course.patient.species} {course.indication}"  # what the lists of Today say of each
        counted[len(found)] = len(seen)

    assert list(counted) == [10, 1000]
    assert counted[10] == counted[1000] <= most + (name != "open_reviews")  # and the site itself


def lapsed_course(clinic) -> Course:
    course = make_course(clinic, cadence="4x1w", start_on=MONDAY)
    done_session(course)
    plans.flag_overdue(now=at(MONDAY + timedelta(days=40)))
    return Course.objects.get(pk=course.pk)


def reviewed_course(clinic) -> Course:
    course = make_course(clinic, cadence="1x!, 2x2w", start_on=MONDAY)
    done_session(course)
    return Course.objects.get(pk=course.pk)


def multiply(first: Course, total: int) -> None:
    """Copies of a course with its revision and plan, straight into the tables, until there are so many."""
    columns = {field.attname: getattr(first, field.attname) for field in Course._meta.concrete_fields}
    known = Course.objects.filter(clinic=first.clinic).count()
    start = max(Course.objects.filter(clinic=first.clinic).values_list("number", flat=True))
    kept = {name: value for name, value in columns.items() if name not in ("id", "public_id", "number")}
    made = Course.objects.bulk_create(
        [Course(number=start + n, **kept) for n in range(1, total - known + 1)], batch_size=50
    )
    for model in (CourseRevision, PlannedSession):
        rows = list(model.objects.filter(course=first).values())
        copies = [
            model(course=course, **{n: v for n, v in row.items() if n not in ("id", "public_id", "course_id")})
            for course in made
            for row in rows
        ]
        model.objects.bulk_create(copies, batch_size=50)


@pytest.mark.parametrize(
    ("second", "words"),
    [(3, "go on as planned"), (7, "change the cadence, or stop")],
)
def test_the_review_shows_the_scores_and_what_they_suggest(second, words):
    world = world_of.record_world(cadence="2x1w!, 2x2w")
    for number, value in ((1, 8), (2, second)):
        world_of.signed(world, number, scores=(ScoreGiven("pain", "before", Decimal(value), "patient"),))

    page = plan_pages.plan(reads.get_or_404(world.clinic, world.course.public_id), MONDAY + timedelta(days=8))
    shown = Client()
    shown.force_login(world.doctor_user)
    answer = shown.get(reverse("sessions:course", args=[world.course.public_id])).content.decode()

    assert [(number, int(value)) for number, value in page.review.scores] == [(1, 8), (2, second)]
    assert words in page.review.suggestion
    assert page.review.suggestion in answer


def test_the_history_tells_what_changed_in_words_and_not_who_looked(clinic):
    course = make_course(clinic)
    for verb in ("report.opened", "report.printed", "appointment-card.printed", "report.handed-out"):
        audit.record(actor=None, verb=verb, subject=course, patient_id=course.patient_id)

    said = [line["what"] for line in plan_pages.history(plan_pages.plan(course, MONDAY))]

    assert said == ["Report · handed out", "Prescribed"]


def test_every_verb_that_changes_a_course_has_its_words():
    written = {
        verb
        for path in Path(settings.BASE_DIR, "sessions", "services").rglob("*.py")
        for verb in re.findall(r'verb="([a-z.-]+)", subject=course\b', path.read_text())
    }
    changing = {verb for verb in written if not re.search(plan_pages.LOOKED, verb)}

    assert "course.handed-over" in changing
    for verb in changing:
        assert plan_pages.words_of(AuditEvent(verb=verb, changes=[])) != verb
