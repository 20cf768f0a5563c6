"""What the services of a course share: the lock, the refusals, and how a status changes."""

from datetime import date, datetime

from django.db import models
from django.utils.translation import gettext as _

from mesoclinic.core import audit
from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import Site, User
from mesoclinic.core.refused import Refused
from protocols.cadence import CadenceError, format, parse
from protocols.words import cadence_fault
from sessions.models import Course
from sessions.models.courses import CourseStatus

LONGEST_WAIT_DAYS = 731


def locked(course: Course) -> Course:
    """Lock the row and read it anew."""
    rows = Course.objects.select_for_update(of=("self",)).select_related("clinic", "site")
    return rows.get(pk=course.pk, clinic_id=course.clinic_id)


def locked_open(course: Course) -> Course:
    """Lock the row. Raises Refused("not-open") for a course that is over."""
    fresh = locked(course)
    if not fresh.is_open:
        raise Refused("not-open", _("This course is over. Prescribe a new one to go on."))
    return fresh


def canonical(cadence: str) -> str:
    """Read a cadence and write it tidily. Raises Refused("bad-cadence")."""
    try:
        return format(parse(cadence))
    except CadenceError as exc:
        raise Refused("bad-cadence", cadence_fault(exc), field="cadence") from exc


def fitting(model: type[models.Model], field: str, text: str) -> str:
    """Strip a text and cut it to what its column takes; forms say so before it comes to this."""
    return text.replace("\x00", "").strip()[: model._meta.get_field(field).max_length]


def needed(reason: str, *, length: int = 500) -> str:
    """Give the reason without blanks around. Raises Refused("no-reason") when there is none."""
    reason = reason.replace("\x00", "").strip()[:length]
    if not reason:
        raise Refused("no-reason", _("Say why."), field="reason")
    return reason


def check_start(start_on: date, site: Site, now: datetime) -> None:
    """Raises Refused("bad-start") unless the day is today or at most two years ahead."""
    if not 0 <= (start_on - local_day(now, site.zone)).days <= LONGEST_WAIT_DAYS:
        raise Refused("bad-start", _("Choose a first day from today on, at most two years ahead."), field="start_on")


def set_status(course: Course, actor: User | None, status: CourseStatus, reason: str, now: datetime) -> Course:
    before = {"status": course.status}
    course.status, course.status_reason, course.status_at, course.lapsed_on = status, reason, now, None
    course.save(update_fields=["status", "status_reason", "status_at", "lapsed_on"])
    audit.record(
        actor=actor,
        verb=f"course.{status.value}",
        subject=course,
        patient_id=course.patient_id,
        changes=audit.changed(course, before),
        reason=reason,
    )
    return course
