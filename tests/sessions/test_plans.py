"""Planning a course: the rows after every kind of event are the plan, however often and by whomever it is made."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from mesoclinic.core.models import AuditEvent
from sessions.models import Course, PlannedSession
from sessions.models.courses import LEFT_OPEN, OUT_OF_PLAN
from sessions.queries import plans as planner
from sessions.queries.plan_problems import problem_words
from sessions.services import appointments, availability, courses, extending, plans
from tests.factories import (
    done_session,
    make_appointment,
    make_clinic,
    make_course,
    make_practitioner,
    make_user,
    site_of,
    work_week,
)
from tests.shared import shared

pytestmark = pytest.mark.django_db

PARIS = ZoneInfo("Europe/Paris")
MONDAY = date(2026, 3, 2)


def at(day: date, clock: str = "08:00") -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), tzinfo=PARIS)


@shared
def clinic():
    return make_clinic()


def days(course) -> list[str]:
    return [row.due_on.isoformat() for row in course.planned_sessions.order_by("number")]


def statuses(course) -> list[str]:
    return [row.status for row in course.planned_sessions.order_by("number")]


def book(clinic, course, number, day, clock="10:00"):
    return make_appointment(
        clinic,
        patient=course.patient,
        practitioner=course.lead_practitioner,
        starts_at=at(day, clock),
        planned_session=course.planned_sessions.get(number=number),
        outside_window_reason="asked for",
        now=at(day - timedelta(days=1)),
    )


def test_prescribing_asks_for_one_plan_and_rings_after_the_commit(clinic, bells, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        course = make_course(clinic, start_on=MONDAY, plan=False)

    assert (course.plan_wanted, course.plan_made) == (1, 0)
    assert bells == [("sessions.generate_schedule", (course.pk,))]
    assert not course.planned_sessions.exists()


def test_the_plan_of_a_course_is_its_cadence_on_open_days(clinic):
    availability.add_closure(actor=None, site=site_of(clinic), from_on=date(2026, 4, 6), until_on=date(2026, 4, 6))

    course = make_course(clinic, cadence="4x1w@15", start_on=date(2026, 3, 30))

    assert days(course) == ["2026-03-30", "2026-04-07", "2026-04-13", "2026-04-20"]
    assert course.is_planned
    second = course.planned_sessions.get(number=2)
    assert (second.phase, second.minutes, second.earliest_on, second.latest_on, second.why) == (
        1,
        15,
        date(2026, 4, 5),
        date(2026, 4, 9),
        "closed",
    )


def test_planning_twice_writes_nothing_new(clinic):
    course = make_course(clinic, cadence="3x1w!, *x4w", start_on=MONDAY)
    before = list(PlannedSession.objects.order_by("pk").values())

    plans.plan_sessions(course.pk, now=at(MONDAY))

    assert list(PlannedSession.objects.order_by("pk").values()) == before


def test_planning_an_unchanged_course_writes_no_row_of_the_plan(clinic, django_assert_max_num_queries):
    course = make_course(clinic, cadence="3x1w", start_on=MONDAY)

    with django_assert_max_num_queries(14) as queries:
        plans.plan_sessions(course.pk, now=at(MONDAY))

    written = [q["sql"] for q in queries if q["sql"].startswith(("INSERT", "DELETE"))]
    assert written == []


def test_many_courses_are_planned_in_as_many_statements_as_one(clinic):
    lead = make_practitioner(clinic)

    def statements(count: int) -> int:
        for _ in range(count):
            make_course(clinic, practitioner=lead, start_on=MONDAY, plan=False)
        with CaptureQueriesContext(connection) as queries:
            assert plans.sweep(now=at(MONDAY, "09:00")) == count
        return len(queries)

    assert statements(1) == statements(12)
    assert PlannedSession.objects.count() == 4 * 13


def test_a_request_made_while_the_plan_was_made_is_not_lost(clinic):
    course = make_course(clinic, start_on=MONDAY)

    plans.want_plan(course, at(MONDAY))

    course.refresh_from_db()
    assert not course.is_planned
    assert plans.sweep(now=at(MONDAY) + timedelta(seconds=5)) == 0, "the bell has its chance first"
    assert plans.sweep(now=at(MONDAY) + timedelta(seconds=30)) == 1
    course.refresh_from_db()
    assert course.is_planned


def test_a_session_done_late_moves_what_follows(clinic):
    course = make_course(clinic, cadence="4x1w", start_on=MONDAY)

    done_session(course, on=date(2026, 3, 5))

    assert days(course)[1:] == ["2026-03-12", "2026-03-19", "2026-03-26"]


def test_a_missed_session_is_due_again_today_and_its_window_stays(clinic):
    course = make_course(clinic, cadence="4x1w", start_on=MONDAY)
    done_session(course)

    assert plans.flag_overdue(now=at(date(2026, 3, 13))) == 1

    second = course.planned_sessions.get(number=2)
    assert (second.due_on, second.latest_on, second.is_late, second.why) == (
        date(2026, 3, 13),
        date(2026, 3, 12),
        True,
        "missed",
    )


def test_what_follows_a_booked_session_is_measured_from_its_booked_day(clinic):
    course = make_course(clinic, cadence="3x1w", start_on=MONDAY)
    done_session(course)
    book(clinic, course, 2, date(2026, 3, 12))

    plans.plan_sessions(course.pk, now=at(MONDAY, "19:00"))

    third = course.planned_sessions.get(number=3)
    assert (third.due_on, third.earliest_on) == (date(2026, 3, 19), date(2026, 3, 18))


def test_booked_stays_booked_when_the_plan_moves(clinic):
    course = make_course(clinic, cadence="3x1w", start_on=MONDAY)
    booked = book(clinic, course, 3, date(2026, 3, 16))

    done_session(course, 1, on=date(2026, 3, 4))
    done_session(course, 2, on=date(2026, 3, 13))

    booked.refresh_from_db()
    third = course.planned_sessions.get(number=3)
    assert (booked.status, booked.starts_at, third.status) == ("booked", at(date(2026, 3, 16), "10:00"), "booked")
    assert third.due_on == date(2026, 3, 20)
    assert third.earliest_on > date(2026, 3, 16)


def test_rows_never_booked_go_when_the_cadence_is_shorter_and_booked_ones_stay(clinic):
    doctor = make_user(clinic)
    course = make_course(clinic, cadence="6x1w", start_on=MONDAY)
    book(clinic, course, 5, date(2026, 3, 30))
    cancelled = book(clinic, course, 6, date(2026, 4, 7))
    appointments.cancel(actor=doctor, appointment=cancelled, cancelled_by="patient", reason="ill", now=at(MONDAY))

    courses.change_cadence(actor=doctor, course=course, cadence="3x2w", reason="better", now=at(MONDAY))

    rows = course.planned_sessions.order_by("number")
    assert [(row.number, row.status) for row in rows] == [
        (1, "planned"),
        (2, "planned"),
        (3, "planned"),
        (5, "booked"),
        (6, "skipped"),
    ]
    assert rows.get(number=5).why == rows.get(number=6).why == OUT_OF_PLAN


def test_what_fell_out_of_the_plan_comes_back_with_a_longer_one(clinic):
    doctor = make_user(clinic)
    course = make_course(clinic, cadence="3x1w", start_on=MONDAY)
    cancelled = book(clinic, course, 3, date(2026, 3, 16))
    appointments.cancel(actor=doctor, appointment=cancelled, cancelled_by="patient", reason="ill", now=at(MONDAY))
    courses.change_cadence(actor=doctor, course=course, cadence="2x1w", reason="better", now=at(MONDAY))

    courses.change_cadence(actor=doctor, course=course, cadence="4x1w", reason="worse", now=at(MONDAY))

    assert statuses(course) == ["planned"] * 4
    assert days(course) == ["2026-03-02", "2026-03-09", "2026-03-16", "2026-03-23"]


def test_a_session_left_open_behind_a_done_one_is_marked_and_not_planned_again(clinic):
    course = make_course(clinic, cadence="4x1w", start_on=MONDAY)

    done_session(course, 2, on=date(2026, 3, 9))

    first = course.planned_sessions.get(number=1)
    assert (first.status, first.why, first.due_on) == ("planned", LEFT_OPEN, MONDAY)
    assert plans.flag_overdue(now=at(date(2026, 3, 10))) == 0


def test_a_course_completes_when_its_last_session_is_done(clinic):
    course = make_course(clinic, cadence="2x1w", start_on=MONDAY)
    done_session(course)

    done_session(course)

    assert course.status == "completed"
    assert AuditEvent.objects.filter(verb="course.completed", subject_id=course.pk).count() == 1


def test_a_course_with_a_review_at_its_end_waits_for_it(clinic):
    doctor = make_user(clinic)
    course = make_course(clinic, cadence="2x1w!", start_on=MONDAY)
    done_session(course)
    done_session(course)
    assert course.status == "active"

    courses.record_review(actor=doctor, course=course, after_number=2, decision="continue", now=at(date(2026, 3, 9)))

    course.refresh_from_db()
    assert course.status == "completed"


def test_an_open_ended_phase_reaches_26_weeks_and_grows_every_night(clinic):
    course = make_course(clinic, cadence="1x, *x4w", start_on=MONDAY)
    done_session(course)
    assert days(course)[-1] == "2026-08-17"

    extending.extend_schedules(now=at(date(2026, 3, 16), "02:10"))

    assert days(course)[-1] == "2026-09-14"


def test_a_lapsed_course_pauses_and_says_so(clinic):
    course = make_course(clinic, cadence="4x1w", start_on=MONDAY)
    done_session(course)
    last_day = date(2026, 3, 22)  # 20 days after, twice the 10 accepted at most

    plans.flag_overdue(now=at(last_day))
    course.refresh_from_db()
    assert course.status == "active"
    plans.flag_overdue(now=at(last_day + timedelta(days=1)))

    course.refresh_from_db()
    assert (course.status, course.lapsed_on) == ("paused", date(2026, 3, 23))
    assert "Lapsed" in course.status_reason


def test_a_course_with_a_visit_to_come_does_not_lapse(clinic):
    course = make_course(clinic, cadence="4x1w", start_on=MONDAY)
    done_session(course)
    book(clinic, course, 2, date(2026, 4, 1))

    plans.flag_overdue(now=at(date(2026, 3, 30)))

    course.refresh_from_db()
    assert course.status == "active"


def test_resuming_a_lapsed_course_starts_the_count_anew(clinic):
    doctor = make_user(clinic)
    course = make_course(clinic, cadence="4x1w", start_on=MONDAY)
    done_session(course)
    plans.flag_overdue(now=at(date(2026, 3, 23)))

    courses.resume_course(actor=doctor, course=course, now=at(date(2026, 3, 24)))

    plans.flag_overdue(now=at(date(2026, 3, 25)))
    course.refresh_from_db()
    assert (course.status, course.lapsed_on) == ("active", None)
    assert course.planned_sessions.get(number=2).due_on == date(2026, 3, 25)


def test_a_clinic_closed_for_good_is_named_on_the_course_and_planned_once_it_opens(clinic):
    site = site_of(clinic)
    closure = availability.add_closure(actor=None, site=site, from_on=MONDAY, until_on=date(2028, 1, 1))
    course = make_course(clinic, start_on=MONDAY)
    assert course.plan_problem == "no-open-day 2026-03-02"
    assert problem_words(course).startswith(f"{site} has no open day within a year from 2 Mar 2026.")
    with translation.override("fr"):
        assert problem_words(course).startswith(f"{site} n’a aucun jour ouvert dans l’année qui suit le 2 mars 2026.")
    assert course.is_planned

    availability.remove_closure(actor=None, closure=closure)
    plans.want_plans_of(site, at(MONDAY))
    plans.sweep(now=at(MONDAY))

    course.refresh_from_db()
    assert course.plan_problem == ""
    assert len(days(course)) == 4


def test_when_the_people_who_open_a_site_change_their_hours_its_courses_are_planned_anew(clinic):
    course = make_course(clinic, start_on=MONDAY)
    hours = {"actor": None, "site": site_of(clinic), "practitioner": course.lead_practitioner}

    availability.set_working_hours(**hours, blocks=work_week(days=[2]))

    course.refresh_from_db()
    assert not course.is_planned


def test_one_course_that_cannot_be_planned_keeps_no_other_from_its_plan(clinic, monkeypatch):
    lead = {"practitioner": make_practitioner(clinic), "start_on": MONDAY, "plan": False}
    broken, fine = (make_course(clinic, cadence=c, **lead) for c in ("1x, 2x1w", "4x1w"))
    real = planner.replan

    def breaks(revision, *args, **kwargs):
        if len(revision.cadence.phases) == 2:
            raise RuntimeError("a fault of ours")
        return real(revision, *args, **kwargs)

    monkeypatch.setattr(planner, "replan", breaks)

    plans.sweep(now=at(MONDAY, "09:00"))

    broken.refresh_from_db()
    fine.refresh_from_db()
    assert fine.is_planned
    assert not broken.is_planned
    assert "stopped at an error" in problem_words(broken)


def test_a_course_prescribed_for_a_closed_day_begins_on_the_next_open_one(clinic):
    availability.set_working_hours(actor=None, site=site_of(clinic), blocks=work_week())

    course = make_course(clinic, cadence="2x1w", start_on=date(2026, 3, 7))

    assert days(course) == ["2026-03-09", "2026-03-16"]


def test_stopped_and_paused_courses_are_left_alone(clinic):
    doctor = make_user(clinic)
    course = make_course(clinic, start_on=MONDAY)
    courses.pause_course(actor=doctor, course=course, reason="holiday", now=at(MONDAY))
    before = days(course)

    plans.flag_overdue(now=at(date(2026, 5, 1)))
    plans.want_plan(course, at(date(2026, 5, 1)))
    plans.sweep(now=at(date(2026, 5, 2)))

    course.refresh_from_db()
    assert days(course) == before
    assert course.is_planned
    assert course.status == "paused"


def test_a_course_that_is_gone_is_no_error(clinic):
    plans.plan_sessions(999_999, now=at(MONDAY))

    assert not Course.objects.exists()


def test_booking_off_the_due_day_asks_for_a_new_plan_and_on_it_does_not(clinic):
    course = make_course(clinic, cadence="3x1w", start_on=MONDAY)

    book(clinic, course, 1, MONDAY)
    course.refresh_from_db()
    assert course.is_planned
    moved = book(clinic, course, 2, date(2026, 3, 10))
    course.refresh_from_db()
    assert not course.is_planned

    plans.sweep(now=at(MONDAY))
    assert course.planned_sessions.get(number=3).due_on == date(2026, 3, 16)
    appointments.move(actor=None, appointment=moved, starts_at=at(date(2026, 3, 12), "10:00"), now=at(MONDAY))
    plans.sweep(now=at(date(2026, 3, 3)))

    assert course.planned_sessions.get(number=3).due_on == date(2026, 3, 19)


def test_a_new_closure_moves_the_plans_of_its_site(clinic):
    course = make_course(clinic, cadence="2x1w", start_on=MONDAY)
    day = date(2026, 3, 9)

    availability.add_closure(actor=None, site=site_of(clinic), from_on=day, until_on=day, reason="painters")
    plans.sweep()

    course.refresh_from_db()
    assert course.is_planned
    assert course.planned_sessions.get(number=2).due_on != day


@pytest.mark.parametrize("cadence", ["1x, *x4w", "*x4-6w", "2x1w, *x1mo", "1x, *x10d[8-20d]", "1x!, *x3d"])
def test_the_night_plans_only_what_reaches_too_short_and_misses_nothing(clinic, cadence):
    course = make_course(clinic, cadence=cadence, start_on=MONDAY)
    done_session(course)
    planned_nights = 0

    for night in range(1, 15):
        when = at(MONDAY + timedelta(days=night), "02:10")
        plans.flag_overdue(now=when)
        planned_nights += extending.extend_schedules(now=when)
        reached = list(course.planned_sessions.order_by("number").values())
        plans.plan_sessions(course.pk, now=when)
        assert list(course.planned_sessions.order_by("number").values()) == reached

    assert planned_nights < 14 or "d" in cadence


@pytest.mark.parametrize("is_booked", [False, True])
@pytest.mark.parametrize("start_on", [MONDAY, MONDAY - timedelta(days=1)])
def test_the_night_adds_behind_the_last_session_what_a_whole_plan_would(clinic, monkeypatch, start_on, is_booked):
    availability.add_closure(actor=None, site=site_of(clinic), from_on=MONDAY, until_on=MONDAY, reason="painters")
    prescribed = at(start_on - timedelta(days=28))
    course = make_course(clinic, cadence="1x, *x3w", start_on=start_on, now=prescribed)
    last = course.planned_sessions.order_by("number").last()
    if is_booked:
        book(clinic, course, last.number, last.due_on + timedelta(days=2))
        plans.plan_sessions(course.pk, now=prescribed)
    night = at(start_on - timedelta(days=7), "02:10")
    planned_anew = []
    monkeypatch.setattr(extending, "plan_in_batches", lambda ids, now: planned_anew.extend(ids))

    extending.extend_schedules(now=night)

    added = list(course.planned_sessions.filter(number__gt=last.number).order_by("number").values())
    assert (len(added), planned_anew) == (1, [])
    course.planned_sessions.filter(number__gt=last.number).delete()
    plans.plan_sessions(course.pk, now=night)
    again = list(course.planned_sessions.filter(number__gt=last.number).order_by("number").values())
    assert [without_keys(row) for row in added] == [without_keys(row) for row in again]


def without_keys(row: dict) -> dict:
    return {name: value for name, value in row.items() if name not in ("id", "public_id")}


def test_the_night_plans_rows_without_an_ideal_day_anew(clinic):
    course = make_course(clinic, cadence="*x4w", start_on=MONDAY)
    reached = days(course)
    course.planned_sessions.update(ideal_on=None)
    course.planned_sessions.order_by("number").last().delete()

    extending.extend_schedules(now=at(MONDAY, "02:10"))

    assert days(course) == reached
    assert not course.planned_sessions.filter(ideal_on=None).exists()
