"""Let a course go on: some more sessions, or maintenance, as a new revision from the next session on."""

from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from mesoclinic.core.models import User
from mesoclinic.core.refused import Refused
from protocols.cadence import Cadence, CadenceError, Phase, parse
from sessions.models import Course, CourseRevision
from sessions.models.courses import CourseStatus, RevisionKind
from sessions.queries.plans import CoursePlan, course_plan
from sessions.services import plans

from .checks import locked, needed, set_status
from .revising import revise

MOST_SESSIONS = 99


@transaction.atomic
def extend_course(
    *,
    actor: User,
    course: Course,
    reason: str,
    sessions: int = 0,
    maintenance: str = "",
    now: datetime | None = None,
) -> CourseRevision:
    """Add `sessions` at the last gap of the series, or then go on every `maintenance` ("4-6w") without end.

    What is left of the series comes first, its reviews too. A course whose last session is done is active again.
    Raises Refused("no-reason" | "bad-number" | "bad-cadence" | "review-first" | "endless" | "no-gap" | "not-open").
    """
    now = now or timezone.now()
    reason = needed(reason)
    if not maintenance.strip() and not 1 <= sessions <= MOST_SESSIONS:
        raise Refused("bad-number", _("Say how many more sessions: 1 to 99."), field="sessions")
    plan = course_plan(_locked_to_extend(course))
    if plan.due_gate is not None:
        raise Refused("review-first", _("A review is due. Record it first: it decides how the course goes on."))
    longer = _longer(plan, sessions, maintenance.strip())
    if plan.course.status == CourseStatus.COMPLETED:
        set_status(plan.course, actor, CourseStatus.ACTIVE, "", now)
    row = revise(plan, actor, RevisionKind.EXTENDED, longer, 1, None, reason, now)
    plans.replan_course(course=plan.course, now=now)
    return row


def _locked_to_extend(course: Course) -> Course:
    fresh = locked(course)
    if not fresh.is_open and fresh.status != CourseStatus.COMPLETED:
        raise Refused("not-open", _("A stopped course cannot go on. Prescribe a new one."))
    return fresh


def _longer(plan: CoursePlan, sessions: int, maintenance: str) -> Cadence:
    left, last = plan.phases_left, plan.cadence.phases[-1]
    if last.is_open_ended:
        raise Refused("endless", _("This series goes on without end already. Change the cadence instead."))
    if maintenance:
        return Cadence((*left, replace(_maintenance(maintenance), minutes=None if left else _minutes(plan))))
    if last.gap is None:
        words = _("This series has a single session and no gap to repeat. Change the cadence, or choose maintenance.")
        raise Refused("no-gap", words, field="sessions")
    if left and not left[-1].gate:
        return Cadence((*left[:-1], replace(left[-1], count=(left[-1].count or 0) + sessions)))
    return Cadence((*left, Phase(sessions, last.gap, None if left else _minutes(plan))))


def _maintenance(text: str) -> Phase:
    try:
        (phase,) = parse(f"*x{text}").phases
    except (CadenceError, ValueError) as exc:
        words = _("Say how often, like 4w, or 4-6w for every 4 to 6 weeks.")
        raise Refused("bad-cadence", words, field="maintenance") from exc
    if phase.gap is None:
        raise Refused("bad-cadence", _("Say how often, like 4w, or 4-6w."), field="maintenance")
    return phase


def _minutes(plan: CoursePlan) -> int | None:
    return plan.cadence.minutes_in(len(plan.cadence.phases))
