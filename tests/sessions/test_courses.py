"""Prescribing a course and changing its way: what is accepted, what is refused, what stays untouched."""

import re
import uuid
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.urls import reverse

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.refused import Refused
from patients.services import patients
from protocols.cadence import parse
from sessions.models import Appointment, Course, CourseRevision, PlannedSession, Review
from sessions.queries.plan_pages import plan
from sessions.queries.plans import course_plan
from sessions.queries.previews import preview_of_change
from sessions.services import appointments, courses, plans
from tests.factories import (
    done_session,
    make_appointment,
    make_clinic,
    make_course,
    make_indication,
    make_patient,
    make_practitioner,
    make_protocol_version,
    make_user,
    site_of,
)
from tests.shared import shared

pytestmark = pytest.mark.django_db

PARIS = ZoneInfo("Europe/Paris")
MONDAY = date(2026, 3, 2)
DAY = timedelta(days=1)


def at(day: date, clock: str = "08:00") -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), tzinfo=PARIS)


NOW = at(MONDAY)


@shared
def clinic():
    return make_clinic()


@shared
def doctor(clinic):
    return make_user(clinic, "practitioner")


def refusal(service, **asked) -> str:
    with pytest.raises(Refused) as refused:
        service(**asked)
    return refused.value.code


def due(course) -> list[str]:
    return [row.due_on.isoformat() for row in course.planned_sessions.exclude(status="done").order_by("number")]


def visit(clinic, course, number, day, **fields):
    return make_appointment(
        clinic,
        patient=course.patient,
        practitioner=course.lead_practitioner,
        starts_at=at(day, "10:00"),
        planned_session=course.planned_sessions.get(number=number) if number else None,
        outside_window_reason="asked for",
        now=NOW - DAY,
        **fields,
    )


# Prescribing


def test_courses_of_a_clinic_are_numbered_one_after_the_other(clinic):
    other = make_clinic()

    numbers = [make_course(where, plan=False).number for where in (clinic, clinic, other)]

    assert numbers == [1, 2, 1]


def test_a_form_sent_twice_prescribes_once(clinic, doctor):
    asked = {
        "actor": doctor,
        "patient": make_patient(clinic),
        "practitioner": make_practitioner(clinic),
        "protocol_version": make_protocol_version(clinic),
        "indication": make_indication(clinic),
        "token": uuid.uuid4(),
        "plan": False,
    }

    first = make_course(clinic, **asked)
    again = make_course(clinic, **asked)
    following = make_course(clinic, plan=False)

    assert again == first
    assert Course.objects.filter(patient=asked["patient"]).count() == 1
    assert AuditEvent.objects.filter(verb="course.prescribed", patient_id=asked["patient"].pk).count() == 1
    assert following.number == first.number + 1


def test_a_form_used_for_another_patient_is_refused(clinic):
    token = uuid.uuid4()
    make_course(clinic, token=token, plan=False)

    assert refusal(make_course, clinic=clinic, token=token, plan=False) == "form-used"


@pytest.mark.parametrize("cadence", ["", "4x", "four times", "\x00", "4x1w😀", "0x1w", "x" * 5000, "*x1w, 2x1w"])
def test_a_cadence_nobody_can_read_is_refused_with_its_fault(clinic, cadence):
    version = make_protocol_version(clinic)

    assert refusal(make_course, clinic=clinic, cadence=cadence, protocol_version=version) == "bad-cadence"
    assert not Course.objects.exists()


@pytest.mark.parametrize("days", [-1, 800, 365 * 7000])
def test_a_first_day_in_the_past_or_years_ahead_is_refused(clinic, days):
    assert refusal(make_course, clinic=clinic, start_on=MONDAY + days * DAY, now=NOW) == "bad-start"


def test_a_horse_is_not_prescribed_what_is_meant_for_people(clinic):
    version = make_protocol_version(clinic, species=["human"])
    horse = make_patient(clinic, "horse")

    assert refusal(make_course, clinic=clinic, patient=horse, protocol_version=version) == "wrong-species"


def test_nothing_of_another_clinic_can_be_prescribed(clinic):
    other = make_clinic()

    for foreign in (
        {"patient": make_patient(other)},
        {"practitioner": make_practitioner(other)},
        {"protocol_version": make_protocol_version(other)},
        {"indication": make_indication(other)},
        {"site": site_of(other), "practitioner": make_practitioner(clinic)},
    ):
        assert refusal(make_course, clinic=clinic, **foreign) == "foreign"
    assert not Course.objects.exists()


def test_an_ended_patient_gets_no_course(clinic):
    patient = make_patient(clinic)
    patients.end_patient(actor=None, patient=patient, on=MONDAY, reason="died")
    patient.refresh_from_db()

    assert refusal(make_course, clinic=clinic, patient=patient) == "patient-ended"


def test_a_practitioner_who_will_have_left_leads_no_course(clinic):
    leaving = make_practitioner(clinic, last_day_on=MONDAY)

    code = refusal(make_course, clinic=clinic, practitioner=leaving, start_on=MONDAY + DAY)

    assert code == "practitioner-left"


def test_a_draft_protocol_is_not_prescribed(clinic):
    version = make_protocol_version(clinic)
    version.protocol.is_archived = True

    assert refusal(make_course, clinic=clinic, protocol_version=version) == "not-published"


def test_from_an_arrived_visit_session_one_is_now(clinic, doctor, bells):
    patient, lead = make_patient(clinic), make_practitioner(clinic)
    booked = make_appointment(
        clinic, patient=patient, practitioner=lead, starts_at=at(MONDAY, "10:00"), kind="first_visit"
    )
    appointments.check_in(actor=doctor, appointment=booked, now=at(MONDAY, "10:00"))

    course = make_course(
        clinic,
        cadence="2x1w",
        patient=patient,
        practitioner=lead,
        appointment=booked,
        start_on=MONDAY + 30 * DAY,
        now=at(MONDAY, "10:05"),
        plan=False,
    )

    first, second = course.planned_sessions.order_by("number")
    booked.refresh_from_db()
    assert (course.start_on, first.due_on, first.status) == (MONDAY, MONDAY, "booked")
    assert (booked.planned_session, booked.kind) == (first, "session")
    assert second.due_on == MONDAY + 7 * DAY
    assert bells == [], "there is nothing left for a worker to do"


def test_session_one_is_now_even_when_the_clinic_is_closed(clinic, doctor):
    sunday = date(2026, 3, 1)
    patient, lead = make_patient(clinic), make_practitioner(clinic)
    stable_visit = appointments.walk_in(
        actor=doctor,
        clinic=clinic,
        site=site_of(clinic),
        patient=patient,
        practitioner=lead,
        minutes=20,
        now=at(sunday, "11:00"),
    )

    course = make_course(
        clinic,
        cadence="2x1w",
        patient=patient,
        practitioner=lead,
        appointment=stable_visit,
        now=at(sunday, "11:05"),
        plan=False,
    )

    assert due(course) == ["2026-03-01", "2026-03-09"], "the second Sunday is closed"


def test_only_an_arrived_visit_of_the_patient_can_be_session_one(clinic):
    patient, lead = make_patient(clinic), make_practitioner(clinic)
    booked = make_appointment(clinic, patient=patient, practitioner=lead, starts_at=at(MONDAY, "10:00"))

    for asked in ({"patient": patient}, {}):
        code = refusal(make_course, clinic=clinic, practitioner=lead, appointment=booked, now=NOW, **asked)
        assert code == "not-arrived"


# Reviews


def gated(clinic, cadence="2x1w!, 2x2w", done=2):
    course = make_course(clinic, cadence=cadence, start_on=MONDAY)
    for _ in range(done):
        done_session(course)
    return course


def review(course, doctor, decision="continue", after=2, **fields):
    return courses.record_review(
        actor=doctor, course=course, after_number=after, decision=decision, now=at(date(2026, 3, 9), "19:00"), **fields
    )


def test_what_follows_a_gate_is_held_until_the_review(clinic, doctor):
    course = gated(clinic)
    assert list(course.planned_sessions.order_by("number").values_list("is_held", flat=True))[2:] == [True, True]

    review(course, doctor, note="much better")

    assert not course.planned_sessions.filter(is_held=True).exists()
    assert AuditEvent.objects.filter(verb="course.reviewed", patient_id=course.patient_id).count() == 1


def test_held_sessions_are_never_missed_or_lapsed(clinic):
    course = gated(clinic)
    before = due(course)

    plans.flag_overdue(now=at(date(2026, 9, 1)))

    course.refresh_from_db()
    assert (course.status, due(course)) == ("active", before)


def test_with_two_gates_both_reviews_are_needed(clinic, doctor):
    course = gated(clinic, "1x!, 1x1w!, 1x1w", done=1)
    assert course_plan(course).due_gate == 1

    review(course, doctor, after=1)

    held = dict(course.planned_sessions.values_list("number", "is_held"))
    assert (held[2], held[3]) == (False, True)
    assert course_plan(course).due_gate is None


def test_a_review_before_its_session_is_refused(clinic, doctor):
    course = gated(clinic, done=1)

    assert refusal(review, course=course, doctor=doctor) == "too-early"
    assert not Review.objects.exists()


def test_a_review_is_recorded_once(clinic, doctor):
    course = gated(clinic)
    review(course, doctor)

    assert refusal(review, course=course, doctor=doctor) == "reviewed"


def test_a_review_where_there_is_no_gate_is_refused(clinic, doctor):
    assert refusal(review, course=gated(clinic), doctor=doctor, after=1) == "not-a-gate"


def test_a_review_may_send_the_course_a_phase_back(clinic, doctor):
    course = gated(clinic)

    review(course, doctor, "step_back", note="pain is back")

    plan = course_plan(course)
    assert (plan.revision.first_number, plan.revision.first_phase) == (3, 1)
    assert due(course)[:2] == ["2026-03-16", "2026-03-23"]
    assert [row.is_held for row in plan.sessions[2:]] == [False, False, True, True]


def test_a_review_may_stop_the_course_and_says_why(clinic, doctor):
    course = gated(clinic)
    assert refusal(review, course=course, doctor=doctor, decision="stop") == "no-reason"

    review(course, doctor, "stop", note="no effect")

    course.refresh_from_db()
    assert (course.status, course.status_reason) == ("stopped", "no effect")


# Pause, resume, stop, skip


def test_pausing_needs_a_reason_and_an_active_course(clinic, doctor):
    course = make_course(clinic, start_on=MONDAY)
    assert refusal(courses.pause_course, actor=doctor, course=course, reason="  ") == "no-reason"

    courses.pause_course(actor=doctor, course=course, reason="holiday", now=NOW)

    assert refusal(courses.pause_course, actor=doctor, course=course, reason="again") == "not-active"
    courses.resume_course(actor=doctor, course=course, now=NOW)
    assert refusal(courses.resume_course, actor=doctor, course=course) == "not-paused"


def test_stopping_calls_off_only_the_visits_named(clinic, doctor):
    course = make_course(clinic, start_on=MONDAY)
    kept, dropped = visit(clinic, course, 2, MONDAY + 7 * DAY), visit(clinic, course, 3, MONDAY + 14 * DAY)

    courses.stop_course(actor=doctor, course=course, reason="moved away", cancel=[dropped], now=NOW)

    kept.refresh_from_db()
    dropped.refresh_from_db()
    course.refresh_from_db()
    assert (course.status, kept.status, dropped.status) == ("stopped", "booked", "cancelled")
    assert (dropped.cancelled_by, dropped.status_reason) == ("clinic", "moved away")
    assert refusal(courses.stop_course, actor=doctor, course=course, reason="twice") == "not-open"


def test_stopping_calls_off_no_visit_of_another_course(clinic, doctor):
    course, other = make_course(clinic, start_on=MONDAY), make_course(clinic, start_on=MONDAY)
    foreign = visit(clinic, other, 1, MONDAY)

    courses.stop_course(actor=doctor, course=course, reason="moved away", cancel=[foreign], now=NOW)

    foreign.refresh_from_db()
    assert foreign.status == Appointment.Status.BOOKED


def test_what_follows_a_skipped_session_stays_where_it_was(clinic, doctor):
    course = make_course(clinic, cadence="4x1w", start_on=MONDAY)
    before = due(course)

    courses.skip_session(actor=doctor, course=course, number=2, reason="holiday", now=NOW)
    done_session(course, 1)

    assert due(course) == before[1:]
    assert course.planned_sessions.get(number=2).status == "skipped"
    assert course_plan(course).next_number == 3


def test_a_skipped_session_can_be_taken_back(clinic, doctor):
    course = make_course(clinic, start_on=MONDAY)
    courses.skip_session(actor=doctor, course=course, number=2, reason="misclick", now=NOW)

    courses.unskip_session(actor=doctor, course=course, number=2, now=NOW)

    assert course.planned_sessions.get(number=2).status == "planned"
    assert refusal(courses.unskip_session, actor=doctor, course=course, number=2) == "not-skipped"


@pytest.mark.parametrize("number", [1, 9, 0, -1])
def test_a_booked_or_unknown_session_is_not_skipped(clinic, doctor, number):
    course = make_course(clinic, start_on=MONDAY)
    visit(clinic, course, 1, MONDAY)

    code = refusal(courses.skip_session, actor=doctor, course=course, number=number, reason="no")

    assert code == "not-skippable"


# New revisions


def test_a_new_cadence_counts_from_the_next_session_and_leaves_the_past(clinic, doctor):
    course = make_course(clinic, cadence="4x1w", start_on=MONDAY)
    done_session(course)
    past = PlannedSession.objects.filter(course=course, number=1).values().get()

    courses.change_cadence(actor=doctor, course=course, cadence="2x2w, 1x4w", reason="better", now=NOW)

    course.refresh_from_db()
    assert PlannedSession.objects.filter(course=course, number=1).values().get() == past
    assert due(course) == ["2026-03-16", "2026-03-30", "2026-04-27"]
    assert course.cadence == "2x2w, 1x4w"
    assert course.revisions.get(number=1).cadence == "4x1w"


def test_a_new_cadence_before_the_first_session_keeps_the_first_day(clinic, doctor):
    course = make_course(clinic, cadence="4x1w", start_on=MONDAY + 14 * DAY, now=NOW)

    courses.change_cadence(actor=doctor, course=course, cadence="2x2w", reason="milder", now=NOW)

    assert due(course) == ["2026-03-16", "2026-03-30"]


def in_the_midst(clinic, doctor, how):
    """A course of five with its first session done, then what `how` says."""
    course = make_course(clinic, cadence="3x1w!, 2x2w", start_on=MONDAY)
    done_session(course)
    if how == "booked":
        visit(clinic, course, 2, MONDAY + 8 * DAY)
    if how == "left out":
        courses.skip_session(actor=doctor, course=course, number=2, reason="away", now=NOW)
        courses.skip_session(actor=doctor, course=course, number=4, reason="away", now=NOW)
    if how == "not begun":
        course = make_course(clinic, cadence="4x1w", start_on=MONDAY + 14 * DAY, now=NOW)
    if how == "over its gate":
        done_session(course)
        done_session(course)
    return course


@pytest.mark.parametrize("how", ["", "booked", "left out", "not begun", "over its gate"])
@pytest.mark.parametrize("cadence", ["2x2w, 1x4w", "2x1w!, *x4-6w"])
def test_the_preview_of_another_cadence_is_the_plan_it_makes(clinic, doctor, how, cadence):
    course = in_the_midst(clinic, doctor, how)

    shown = preview_of_change(course, parse(cadence), MONDAY)
    days = [(day.number, day.due_on) for phase in shown.phases for day in phase.days]
    courses.change_cadence(actor=doctor, course=course, cadence=cadence, reason="better", now=NOW)

    rows = course.planned_sessions.filter(status__in=["planned", "booked"]).order_by("number")
    assert days == [(row.number, row.due_on) for row in rows]
    assert days


def test_the_page_that_changes_a_cadence_previews_it_for_its_course(clinic, doctor, client):
    course = in_the_midst(clinic, doctor, "")
    client.force_login(doctor)

    page = client.get(reverse("sessions:change-cadence", args=[course.public_id])).content.decode()
    asked = {"cadence": "2x2w, 1x4w", "course": str(course.public_id)}
    with time_machine.travel(NOW, tick=False):
        shown = client.get(reverse("sessions:cadence-preview"), asked).context["preview"]

    assert f'name="course" value="{course.public_id}"' in re.sub(r"\s+", " ", page)
    assert "If it begins on" not in page
    assert [day.due_on.isoformat() for phase in shown.phases for day in phase.days] == [
        "2026-03-16",
        "2026-03-30",
        "2026-04-27",
    ]


def test_the_course_of_another_clinic_has_no_preview(clinic, doctor, client):
    client.force_login(doctor)
    foreign = make_course(make_clinic(), cadence="4x1w", start_on=MONDAY)

    asked = {"cadence": "2x2w", "course": str(foreign.public_id)}

    assert client.get(reverse("sessions:cadence-preview"), asked).status_code == 404


# A last session left out


def test_a_last_session_left_out_by_mistake_is_taken_back_in_and_the_course_goes_on(clinic, doctor):
    course = make_course(clinic, cadence="2x1w", start_on=MONDAY)
    done_session(course)
    courses.skip_session(actor=doctor, course=course, number=2, reason="away", now=NOW)
    course.refresh_from_db()
    assert course.status == "completed"
    assert [row.can_return for row in plan(course, MONDAY).rows] == [False, True]

    courses.unskip_session(actor=doctor, course=course, number=2, now=NOW)

    course.refresh_from_db()
    assert course.status == "active"
    assert due(course) == ["2026-03-09"]


def test_a_session_left_out_before_the_last_one_done_stays_so_once_the_course_is_over(clinic, doctor):
    course = make_course(clinic, cadence="3x1w", start_on=MONDAY)
    done_session(course)
    courses.skip_session(actor=doctor, course=course, number=2, reason="away", now=NOW)
    done_session(course)
    course.refresh_from_db()
    assert course.status == "completed"
    assert not any(row.can_return for row in plan(course, MONDAY).rows)

    assert refusal(courses.unskip_session, actor=doctor, course=course, number=2, now=NOW) == "not-open"


def test_a_stopped_course_takes_nothing_back_in(clinic, doctor):
    course = make_course(clinic, cadence="2x1w", start_on=MONDAY)
    courses.skip_session(actor=doctor, course=course, number=2, reason="away", now=NOW)
    courses.stop_course(actor=doctor, course=course, reason="moved away", now=NOW)

    assert refusal(courses.unskip_session, actor=doctor, course=course, number=2, now=NOW) == "not-open"


def test_the_same_cadence_again_is_refused(clinic, doctor):
    course = make_course(clinic, cadence="4x1w", start_on=MONDAY)

    asked = {"actor": doctor, "course": course, "cadence": " 04x1w", "reason": "?"}
    assert refusal(courses.change_cadence, **asked) == "same-cadence"


def test_a_new_cadence_that_is_what_is_left_of_the_old_one_is_refused(clinic, doctor):
    course = make_course(clinic, cadence="2x1w@30, 3x2w", start_on=MONDAY)
    done_session(course)

    asked = {"actor": doctor, "course": course, "cadence": "1x1w@30, 3x2w", "reason": "?"}
    assert refusal(courses.change_cadence, **asked) == "same-cadence"


def test_a_phase_back_repeats_the_phase_before_from_the_last_session(clinic, doctor):
    course = make_course(clinic, cadence="2x1w, 3x2w", start_on=MONDAY)
    for _ in range(3):
        done_session(course)

    courses.step_back(actor=doctor, course=course, reason="worse", now=at(date(2026, 3, 23)))

    assert due(course)[:2] == ["2026-03-30", "2026-04-07"], "Easter Monday is closed"
    assert course_plan(course).revision_row.kind == CourseRevision.Kind.STEPPED_BACK


def test_a_restart_begins_the_cadence_on_a_day_and_numbers_go_on(clinic, doctor):
    course = make_course(clinic, cadence="2x1w, 1x2w", start_on=MONDAY)
    done_session(course)
    courses.pause_course(actor=doctor, course=course, reason="abroad", now=NOW)

    courses.restart_course(actor=doctor, course=course, start_on=date(2026, 6, 1), reason="back", now=NOW)

    course.refresh_from_db()
    assert course.status == "active"
    assert due(course) == ["2026-06-01", "2026-06-08", "2026-06-22"]
    assert [row.number for row in course.planned_sessions.order_by("number")] == [1, 2, 3, 4]


def test_sessions_left_out_before_a_restart_are_in_the_new_plan(clinic, doctor):
    course = make_course(clinic, cadence="3x1w", start_on=MONDAY)
    courses.skip_session(actor=doctor, course=course, number=3, reason="holiday", now=NOW)

    courses.restart_course(actor=doctor, course=course, start_on=MONDAY + 7 * DAY, reason="later", now=NOW)

    assert due(course) == ["2026-03-09", "2026-03-16", "2026-03-23"]
    assert not course.planned_sessions.filter(status="skipped").exists()


def test_a_finished_course_is_changed_by_nobody(clinic, doctor):
    course = make_course(clinic, start_on=MONDAY)
    courses.stop_course(actor=doctor, course=course, reason="done", now=NOW)
    before = list(PlannedSession.objects.values())

    asked = {"actor": doctor, "course": course}
    assert refusal(courses.change_cadence, **asked, cadence="2x1w", reason="x") == "not-open"
    assert refusal(courses.step_back, **asked, reason="x") == "not-open"
    assert refusal(courses.restart_course, **asked, start_on=MONDAY, reason="x") == "not-open"
    assert refusal(courses.skip_session, **asked, number=1, reason="x") == "not-open"
    assert list(PlannedSession.objects.values()) == before
