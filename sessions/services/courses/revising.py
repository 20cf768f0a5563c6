"""Reviews at the gates, and new revisions: another cadence, a phase back, a restart. The past is never touched."""

from collections.abc import Collection
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from mesoclinic.core import audit
from mesoclinic.core.constraints import violated
from mesoclinic.core.models import User
from mesoclinic.core.refused import Refused
from protocols.cadence import Cadence, format, parse
from sessions.models import Appointment, Course, CourseRevision, PlannedSession, Review
from sessions.models.courses import OUT_OF_PLAN, CourseStatus, PlannedStatus, ReviewDecision, RevisionKind
from sessions.queries.plans import CoursePlan, course_plan
from sessions.services import plans

from .changing import call_off
from .checks import canonical, check_start, fitting, locked_open, needed, set_status


@transaction.atomic
def record_review(
    *,
    actor: User,
    course: Course,
    after_number: int,
    decision: str,
    note: str = "",
    cancel: Collection[Appointment] = (),
    now: datetime | None = None,
) -> Review:
    """Record the review at a gate: what follows is no longer held, or the course goes a phase back, or stops.

    With a stop the visits in `cancel` are called off by the clinic. "change" frees what follows too; `change_cadence` is the next step. Raises Refused("not-a-gate" | "too-early" |
    "reviewed" | "not-open" | "no-reason"): a stop says why.
    """
    now = now or timezone.now()
    note = fitting(Review, "note", note)
    if decision == ReviewDecision.STOP:
        needed(note)
        call_off(actor, course, cancel, note, now)
    plan = course_plan(locked_open(course))
    gate = _gate_to_review(plan, after_number)
    review = _save_review(plan, after_number, decision, note, actor, now)
    audit.record(
        actor=actor, verb="course.reviewed", subject=plan.course, patient_id=plan.course.patient_id, reason=decision
    )
    if decision == ReviewDecision.STOP:
        set_status(plan.course, actor, CourseStatus.STOPPED, note[:1000], now)
    elif decision == ReviewDecision.STEP_BACK:
        revise(plan, actor, RevisionKind.STEPPED_BACK, plan.cadence, gate, None, note, now)
    plans.replan_course(course=plan.course, now=now)
    return review


@transaction.atomic
def change_cadence(
    *, actor: User, course: Course, cadence: str, reason: str, now: datetime | None = None
) -> CourseRevision:
    """Follow another cadence from the next session on; the past keeps its own.

    Raises Refused("bad-cadence" | "same-cadence" | "no-reason" | "not-open").
    """
    reason = needed(reason)
    new = parse(canonical(cadence))
    plan = course_plan(locked_open(course))
    as_prescribed = new == plan.cadence and plan.revision.first_number == plan.next_number
    if as_prescribed or new.phases == plan.phases_left:
        raise Refused("same-cadence", _("This is the cadence the course already follows."), field="cadence")
    row = revise(plan, actor, RevisionKind.CHANGED, new, 1, None, reason, now)
    plans.replan_course(course=plan.course, now=now)
    return row


@transaction.atomic
def step_back(*, actor: User, course: Course, reason: str, now: datetime | None = None) -> CourseRevision:
    """Repeat the phase before the current one, from the next session on. Raises Refused("not-open" | "no-reason")."""
    reason = needed(reason)
    plan = course_plan(locked_open(course))
    row = revise(plan, actor, RevisionKind.STEPPED_BACK, plan.cadence, phase_back(plan), None, reason, now)
    _reactivate(plan.course, actor, now or timezone.now())
    return row


@transaction.atomic
def restart_course(
    *, actor: User, course: Course, start_on: date, reason: str, now: datetime | None = None
) -> CourseRevision:
    """Begin the cadence anew on a day; what was done stays. Raises Refused("not-open" | "no-reason" | "bad-start")."""
    now = now or timezone.now()
    reason = needed(reason)
    plan = course_plan(locked_open(course))
    check_start(start_on, plan.course.site, now)
    row = revise(plan, actor, RevisionKind.RESTARTED, plan.cadence, 1, start_on, reason, now)
    _reactivate(plan.course, actor, now)
    return row


def phase_back(plan: CoursePlan) -> int:
    """Give the phase before the one the next session belongs to; the last one when all phases are over."""
    if not plan.revision.has_session(plan.next_number):
        return len(plan.cadence.phases)
    return max(plan.revision.phase_number_of(plan.next_number) - 1, 1)


def _gate_to_review(plan: CoursePlan, after_number: int) -> int:
    gate = next((gate for gate in plan.open_gates if plan.gate_number(gate) == after_number), None)
    if gate is None:
        if Review.objects.filter(course=plan.course, after_number=after_number).exists():
            raise _reviewed()
        raise Refused("not-a-gate", _("There is no review after session %(n)s.") % {"n": after_number})
    if gate != plan.due_gate:
        words = _("The review comes after session %(n)s. Record that session first, or leave it out.")
        raise Refused("too-early", words % {"n": after_number})
    return gate


def _reviewed() -> Refused:
    return Refused("reviewed", _("This review has already been recorded. Load the page again."))


def _save_review(plan: CoursePlan, after_number: int, decision: str, note: str, actor: User, now: datetime) -> Review:
    try:
        with transaction.atomic():
            return Review.objects.create(
                course=plan.course,
                revision=plan.revision_row.number,
                after_number=after_number,
                decision=decision,
                note=note,
                by=actor,
                at=now,
            )
    except IntegrityError as exc:
        if violated(exc) != "review_once":
            raise
        raise _reviewed() from exc


def _reactivate(course: Course, actor: User, now: datetime) -> None:
    if course.status == CourseStatus.PAUSED:
        set_status(course, actor, CourseStatus.ACTIVE, "", now)
    plans.replan_course(course=course, now=now)


def revise(
    plan: CoursePlan,
    actor: User,
    kind: RevisionKind,
    cadence: Cadence,
    from_phase: int,
    start_on: date | None,
    reason: str,
    now: datetime | None,
) -> CourseRevision:
    """Add a revision that counts from the next session. A first day that is still to come stays, unless given.

    Sessions left out beforehand are in the plan again: they were chosen in another one.
    """
    if start_on is None and plan.next_number == plan.revision.first_number:
        start_on = plan.revision.start_on
    row = CourseRevision.objects.create(
        course=plan.course,
        number=plan.revision_row.number + 1,
        kind=kind,
        cadence=format(cadence),
        from_number=plan.next_number,
        from_phase=min(max(from_phase, 1), len(cadence.phases)),
        start_on=start_on,
        reason=reason[:500],
        by=actor,
        at=now or timezone.now(),
    )
    left_out = PlannedSession.objects.filter(
        course=plan.course, number__gte=row.from_number, status=PlannedStatus.SKIPPED
    )
    left_out.exclude(why=OUT_OF_PLAN).update(status=PlannedStatus.PLANNED, skip_reason="")
    Course.objects.filter(pk=plan.course.pk).update(cadence=row.cadence)
    change = {"model": "treatment_sessions.course", "id": plan.course.pk, "field": "cadence"}
    audit.record(
        actor=actor,
        verb=f"course.{kind.value.replace('_', '-')}",
        subject=plan.course,
        patient_id=plan.course.patient_id,
        changes=[{**change, "old": plan.revision_row.cadence, "new": row.cadence}],
        reason=reason,
    )
    return row
