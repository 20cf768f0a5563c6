"""Turn courses into planned sessions, again and again: planning twice gives the same rows."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from mesoclinic.core import audit, doorbell
from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import Site
from sessions.models import Course, PlannedSession
from sessions.models.courses import LEFT_OPEN, OUT_OF_PLAN, CourseStatus, PlannedStatus
from sessions.queries.availability import is_open_on
from sessions.queries.own_reasons import LAPSED, LEFT_OUT
from sessions.queries.plan_problems import BROKEN, no_open_day
from sessions.queries.plans import CoursePlan, course_plans, days_of, plans_of
from sessions.scheduling.followup import is_lapsed
from sessions.scheduling.planning import NoOpenDayError, PlannedDay, Reason

logger = logging.getLogger(__name__)

BATCH = 100
HEARD_WITHIN = timedelta(seconds=10)
PLANNED_FIELDS = (
    "revision",
    "phase",
    "due_on",
    "earliest_on",
    "latest_on",
    "ideal_on",
    "minutes",
    "is_held",
    "is_late",
    "why",
)

OpenOn = dict[int, Callable[[date], bool]]


def want_plan(course: Course, now: datetime | None = None) -> None:
    """Ask for a new plan: counted on the row, and a worker is rung after the commit."""
    now = now or timezone.now()
    Course.objects.filter(pk=course.pk).update(plan_wanted=F("plan_wanted") + 1, plan_wanted_at=now)
    doorbell.ring("sessions.generate_schedule", course.pk)


def want_plans_of(site: Site, now: datetime | None = None) -> None:
    """Ask for new plans of every open course of a site, as when its hours or closures change. One bell for all."""
    heard_at = (now or timezone.now()) - HEARD_WITHIN  # the sweep takes them at once
    open_courses = Course.objects.filter(site=site, status=CourseStatus.ACTIVE)
    if open_courses.update(plan_wanted=F("plan_wanted") + 1, plan_wanted_at=heard_at):
        doorbell.ring("sessions.sweep")


@transaction.atomic(savepoint=False)
def plan_sessions(course_id: int, *, now: datetime | None = None) -> None:
    """Make the plan that was asked for. Safe to run twice, at once, or again after being killed.

    Inside the caller's transaction a plan that fails fails all of it.
    """
    _plan(_locked([course_id]), now=now or timezone.now())


def replan_course(*, course: Course, now: datetime | None = None) -> None:
    """Plan again inside the caller's transaction: what was done, skipped, missed or reviewed counts at once."""
    plan_sessions(course.pk, now=now)


def replan_locked(courses: Sequence[Course], *, now: datetime) -> None:
    """Plan courses again whose rows the caller has locked, inside its transaction: many cost what one does."""
    _plan(course_plans(courses), now=now)


def flag_overdue(*, now: datetime | None = None) -> int:
    """Plan again the active courses with a session whose day has passed; lapsed ones pause. Returns how many."""
    now = now or timezone.now()
    yesterday = (now - timedelta(hours=12)).date()  # no zone is further behind; the planner asks each site's own day
    overdue = Q(planned_sessions__status__in=[PlannedStatus.PLANNED, PlannedStatus.BOOKED])
    overdue &= Q(planned_sessions__due_on__lte=yesterday) | Q(planned_sessions__why=Reason.MISSED.value)
    overdue &= Q(planned_sessions__is_held=False) & ~Q(planned_sessions__why__in=[LEFT_OPEN, OUT_OF_PLAN])
    return plan_in_batches(Course.objects.filter(overdue, status=CourseStatus.ACTIVE), now)


def sweep(*, now: datetime | None = None) -> int:
    """Make the plans whose bell nobody heard. Returns how many."""
    now = now or timezone.now()
    waiting = Course.objects.filter(plan_made__lt=F("plan_wanted"), plan_wanted_at__lte=now - HEARD_WITHIN)
    return plan_in_batches(waiting, now)


def plan_in_batches(courses: QuerySet[Course] | Sequence[int], now: datetime) -> int:
    """Plan courses a hundred at a time, one transaction each: a killed worker loses at most one batch."""
    ids = sorted(set(courses.values_list("pk", flat=True) if isinstance(courses, QuerySet) else courses))
    for start in range(0, len(ids), BATCH):
        batch = ids[start : start + BATCH]
        try:
            _plan_locked(batch, now)
        except Exception:  # one course that cannot be planned must not keep ninety-nine others from it
            logger.exception("planning a batch failed; one at a time now")
            for one in batch:
                _plan_alone(one, now)
    return len(ids)


@transaction.atomic
def _plan_locked(ids: Sequence[int], now: datetime) -> None:
    _plan(_locked(ids), now=now)


def _locked(ids: Sequence[int]) -> list[CoursePlan]:
    rows = Course.objects.select_for_update(of=("self",)).select_related("clinic", "site")
    return plans_of(rows.filter(pk__in=ids).order_by(*(["pk"] if len(ids) > 1 else [])))


def _plan_alone(course_id: int, now: datetime) -> None:
    try:
        _plan_locked([course_id], now)
    except Exception:
        logger.exception("course %s cannot be planned", course_id)
        Course.objects.filter(pk=course_id).update(plan_problem=BROKEN)


@dataclass
class _Writes:
    """What a run of planning writes, gathered so that any number of courses needs the same few statements."""

    days: list[PlannedSession] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)
    left_out: list[int] = field(default_factory=list)
    back: list[int] = field(default_factory=list)
    marked: dict[str, list[int]] = field(default_factory=lambda: {LEFT_OPEN: [], OUT_OF_PLAN: []})

    def save(self) -> None:
        """Rows are keyed by (course, number): a day planned twice is one row, and its booking stays on it."""
        rows = PlannedSession.objects
        if self.gone:
            rows.filter(pk__in=self.gone, status=PlannedStatus.PLANNED).delete()
        if self.left_out:
            words = {"skip_reason": LEFT_OUT, "why": OUT_OF_PLAN}
            rows.filter(pk__in=self.left_out, status=PlannedStatus.PLANNED).update(
                status=PlannedStatus.SKIPPED, **words
            )
        if self.back:
            rows.filter(pk__in=self.back).update(status=PlannedStatus.PLANNED, skip_reason="")
        for why, ids in self.marked.items():
            if ids:
                rows.filter(pk__in=ids).update(why=why)
        rows.bulk_create(
            self.days,
            batch_size=500,
            update_conflicts=True,
            unique_fields=["course", "number"],
            update_fields=PLANNED_FIELDS,
        )


def _plan(plans: Sequence[CoursePlan], *, now: datetime) -> None:
    """Plan courses whose rows the caller has locked. The clock and the doors are asked once for all of them."""
    open_on: OpenOn = {}
    writes = _Writes()
    for plan in plans:
        course = plan.course
        today = local_day(now, course.site.zone)
        if course.status == CourseStatus.ACTIVE and not _pause_when_lapsed(plan, today, now):
            days = _days(plan, today, open_on)
            if days is not None:
                _merge(plan, days, writes)
                _complete_when_over(plan, days, now)
    writes.save()
    keys = [plan.course.pk for plan in plans]
    Course.objects.filter(pk__in=keys, plan_made__lt=F("plan_wanted")).update(plan_made=F("plan_wanted"))


def _days(plan: CoursePlan, today: date, open_on: OpenOn) -> list[PlannedDay] | None:
    """Ask the planner; None, and the reason on the course, when the site looks closed for good."""
    site: Site = plan.course.site
    if site.pk not in open_on:
        open_on[site.pk] = is_open_on(site)
    try:
        days = days_of(plan, today, open_on[site.pk])
    except NoOpenDayError as exc:
        _say_problem(plan.course, no_open_day(exc.from_on))
        return None
    _say_problem(plan.course, "")
    return days


def _say_problem(course: Course, problem: str) -> None:
    if problem != course.plan_problem:
        Course.objects.filter(pk=course.pk).update(plan_problem=problem)


def values_of(day: PlannedDay, revision: int) -> dict[str, Any]:
    """Give the columns of a planned session, without its course and number."""
    return {
        "revision": revision,
        "phase": day.phase,
        "due_on": day.due_on,
        "earliest_on": day.earliest_on,
        "latest_on": day.latest_on,
        "ideal_on": day.ideal_on,
        "minutes": day.minutes,
        "is_held": day.held,
        "is_late": day.late,
        "why": day.reason.value,
    }


def _merge(plan: CoursePlan, days: list[PlannedDay], writes: _Writes) -> None:
    """Write days onto the rows of the same number; rows that fell out go if they were never booked."""
    rows = {row.number: row for row in plan.sessions}
    for day in days:
        row = rows.pop(day.number, None)
        values = values_of(day, plan.revision_row.number)
        if row is None or any(getattr(row, name) != value for name, value in values.items()):
            writes.days.append(PlannedSession(course=plan.course, number=day.number, **values))
        if row is not None and row.status == PlannedStatus.SKIPPED:
            writes.back.append(row.pk)
    for row in rows.values():
        if row.status not in (PlannedStatus.PLANNED, PlannedStatus.BOOKED):
            continue
        is_behind = row.number < plan.last_done
        if is_behind and row.status == PlannedStatus.PLANNED:
            if row.why != LEFT_OPEN:
                writes.marked[LEFT_OPEN].append(row.pk)  # a person skips it, the planner does not
        elif row.status == PlannedStatus.BOOKED:
            if row.why != OUT_OF_PLAN:
                writes.marked[OUT_OF_PLAN].append(row.pk)  # booked stays booked: reception rebooks or cancels it
        elif row.number in plan.touched:
            writes.left_out.append(row.pk)
        else:
            writes.gone.append(row.pk)


def _pause_when_lapsed(plan: CoursePlan, today: date, now: datetime) -> bool:
    """Pause a course that has lapsed; one with a booking still to come waits for it."""
    has_booking = any(state.booked_on is not None and state.booked_on >= today for state in plan.states)
    if has_booking or not is_lapsed(
        plan.revision,
        plan.states,
        today=today,
        tolerance=plan.tolerance,
        reviewed_phases=plan.reviewed_phases,
        resumed_on=plan.resumed_on,
    ):
        return False
    _set_status(plan.course, CourseStatus.PAUSED, LAPSED, now, lapsed_on=today)
    return True


def _complete_when_over(plan: CoursePlan, days: list[PlannedDay], now: datetime) -> None:
    """Complete a course of which nothing is left to do, to visit or to review."""
    is_booked = any(row.status == PlannedStatus.BOOKED for row in plan.sessions)
    if not days and not is_booked and plan.last_done and plan.due_gate is None:
        _set_status(plan.course, CourseStatus.COMPLETED, "", now)


def _set_status(
    course: Course, status: CourseStatus, reason: str, now: datetime, lapsed_on: date | None = None
) -> None:
    before = {"status": course.status}
    course.status, course.status_reason, course.status_at, course.lapsed_on = status, reason, now, lapsed_on
    course.save(update_fields=["status", "status_reason", "status_at", "lapsed_on"])
    audit.record(
        actor=None,
        verb=f"course.{status.value}",
        subject=course,
        clinic=course.clinic,
        patient_id=course.patient_id,
        changes=audit.changed(course, before),
        reason=reason,
    )
