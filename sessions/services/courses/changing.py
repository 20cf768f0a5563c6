"""Pause, resume and stop a course; leave a session out."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from mesoclinic.core import audit
from mesoclinic.core.models import User
from mesoclinic.core.refused import Refused
from sessions.models import Appointment, Course, PlannedSession
from sessions.models.courses import CourseStatus, PlannedStatus
from sessions.services import appointments, plans

from .checks import locked, locked_open, needed, set_status

CALLED_OFF = ("offered", "booked")


@transaction.atomic
def pause_course(*, actor: User | None, course: Course, reason: str, now: datetime | None = None) -> Course:
    """Pause: nothing is missed or due until it is resumed. Raises Refused("not-active" | "no-reason")."""
    reason = needed(reason)
    fresh = locked(course)
    if fresh.status != CourseStatus.ACTIVE:
        raise Refused("not-active", _("This course is not active. Load the page again."))
    return set_status(fresh, actor, CourseStatus.PAUSED, reason, now or timezone.now())


@transaction.atomic
def resume_course(*, actor: User | None, course: Course, now: datetime | None = None) -> Course:
    """Go on where the course stood; what is due is due from today. Raises Refused("not-paused")."""
    now = now or timezone.now()
    fresh = locked(course)
    if fresh.status != CourseStatus.PAUSED:
        raise Refused("not-paused", _("This course is not paused. Load the page again."))
    set_status(fresh, actor, CourseStatus.ACTIVE, "", now)
    plans.replan_course(course=fresh, now=now)
    return fresh


@transaction.atomic
def stop_course(
    *,
    actor: User | None,
    course: Course,
    reason: str,
    cancel: Collection[Appointment] = (),
    now: datetime | None = None,
) -> Course:
    """Stop for good, with a reason; what was done stays. Visits in `cancel` are called off by the clinic.

    Raises Refused("not-open" | "no-reason"); whatever of `cancel` has happened meanwhile stays as it is.
    """
    now = now or timezone.now()
    reason = needed(reason)
    call_off(actor, course, cancel, reason, now)
    return set_status(locked_open(course), actor, CourseStatus.STOPPED, reason, now)


@transaction.atomic
def skip_session(
    *,
    actor: User | None,
    course: Course,
    number: int,
    reason: str,
    batch: UUID | None = None,
    now: datetime | None = None,
) -> None:
    """Leave one session out; what follows stays where it was. Raises Refused("not-skippable" | "no-reason")."""
    reason = needed(reason, length=300)
    fresh = locked_open(course)
    rows = PlannedSession.objects.filter(course=fresh, number=number, status=PlannedStatus.PLANNED)
    if not rows.update(status=PlannedStatus.SKIPPED, skip_reason=reason):
        words = _("Only a session that is neither booked nor done can be left out. Cancel its booking first.")
        raise Refused("not-skippable", words)
    _audit_session(actor, fresh, "course.session-skipped", number, reason, batch)
    plans.replan_course(course=fresh, now=now)


@transaction.atomic
def skip_session_with_following(
    *,
    actor: User | None,
    course: Course,
    number: int,
    reason: str,
    following: Sequence[appointments.NewTime],
    batch: UUID | None = None,
    now: datetime | None = None,
) -> None:
    """Leave one session out and move visits behind it. Raises Refused as both do; then nothing is done."""
    appointments.lock_for(following, now=now)
    skip_session(actor=actor, course=course, number=number, reason=reason, batch=batch, now=now)
    moves = [replace(one, moved_along=True) for one in following]
    appointments.move_many(actor=actor, moves=moves, batch=batch, now=now)


@transaction.atomic
def unskip_session(*, actor: User | None, course: Course, number: int, now: datetime | None = None) -> None:
    """Take a skipped session back into the plan (a misclick); a course that is over by it alone is active again.

    Raises Refused("not-skipped" | "not-open").
    """
    later = PlannedSession.objects.filter(course=course, number__gt=number, status=PlannedStatus.DONE)
    fresh = locked(course)
    is_over_by_it = fresh.status == CourseStatus.COMPLETED and not later.exists()
    if not is_over_by_it:
        fresh = locked_open(course)
    row = PlannedSession.objects.filter(course=fresh, number=number).first()
    if row is None or not row.is_skipped:
        raise Refused("not-skipped", _("This session is not left out. Load the page again."))
    PlannedSession.objects.filter(pk=row.pk).update(status=PlannedStatus.PLANNED, skip_reason="")
    if is_over_by_it:
        set_status(fresh, actor, CourseStatus.ACTIVE, "", now or timezone.now())
    _audit_session(actor, fresh, "course.session-unskipped", number, "")
    plans.replan_course(course=fresh, now=now)


def call_off(actor: User | None, course: Course, visits: Collection[Appointment], reason: str, now: datetime) -> None:
    """Cancel visits of a course that stops. Before its row is locked; what has happened meanwhile stays as it is."""
    for appointment in _still_booked(course, visits):
        appointments.cancel(actor=actor, appointment=appointment, cancelled_by="clinic", reason=reason, now=now)


def _still_booked(course: Course, asked: Collection[Appointment]) -> list[Appointment]:
    """Lock the visits of this course to call off, all at once and before the course, as cancelling does."""
    rows = Appointment.objects.filter(
        pk__in=[one.pk for one in asked], planned_session__course=course, status__in=CALLED_OFF
    )
    return list(rows.select_for_update(of=("self",), no_key=True).order_by("pk"))


def _audit_session(
    actor: User | None, course: Course, verb: str, number: int, reason: str, batch: UUID | None = None
) -> None:
    audit.record(
        actor=actor,
        verb=verb,
        subject=course,
        patient_id=course.patient_id,
        changes=[{"model": "treatment_sessions.plannedsession", "field": "number", "old": None, "new": number}],
        reason=reason,
        batch=batch,
    )
