"""What a patient who is here without a time may have come for: the sessions of their courses that are due."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef

from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import Site, User
from patients.models import Patient
from sessions.models import Appointment, PlannedSession, Practitioner
from sessions.models.courses import LEFT_OPEN, OUT_OF_PLAN, CourseStatus, PlannedStatus
from sessions.queries.availability import treats
from sessions.queries.plans import window

TO_COME = (PlannedStatus.PLANNED, PlannedStatus.BOOKED)
WAITING = ("offered", "booked")
PRESENT = ("arrived", "in_progress")


@dataclass(frozen=True)
class DueSession:
    """The next session of a course, whose window is open. `visit` is the one booked for it, today or later."""

    planned: PlannedSession
    visit: Appointment | None = None


def due_sessions(site: Site, patient: Patient, now: datetime) -> list[DueSession]:
    """List what is due today of every active course of a patient, one each, the first due first. Two SQL statements.

    Not the one whose visit is under way or stands at another site, nor one that waits for a review.
    """
    rows = PlannedSession.objects.filter(status__in=TO_COME).exclude(why__in=[LEFT_OPEN, OUT_OF_PLAN])
    earlier = rows.filter(course=OuterRef("course"), number__lt=OuterRef("number"))
    rows = rows.filter(
        ~Exists(earlier),
        course__clinic=site.clinic_id,
        course__patient=patient,
        course__status=CourseStatus.ACTIVE,
        is_held=False,
    )
    found = list(rows.select_related("course__indication", "course__site").order_by("due_on", "pk"))
    booked = Appointment.objects.filter(
        planned_session__in=[one.pk for one in found], site=site, status__in=WAITING, in_place_of__isnull=True
    )
    visits = {one.planned_session_id: one for one in booked.select_related("practitioner", "site")}
    due = [DueSession(one, visits.get(one.pk)) for one in found if _is_open(one, now)]
    return [one for one in due if one.visit or one.planned.status == PlannedStatus.PLANNED]


def _is_open(planned: PlannedSession, now: datetime) -> bool:
    today = local_day(now, planned.course.site.zone)
    first_on, last_on = window(planned, today)
    return first_on <= today <= last_on


def takers(people: Iterable[Practitioner], user: User, *, species_code: str, chosen: str = "") -> list[Practitioner]:
    """Give those of whom one takes who is here: the one chosen (a public id); else the user, who treats; else all.

    `people` have their species at hand; who does not treat this one is left out. No SQL statement.
    """
    treating = [one for one in people if treats(one, species_code)]
    if chosen:
        return [one for one in treating if str(one.public_id) == chosen]
    return [one for one in treating if one.user_id == user.pk][:1] or treating


def visit_under_way(patient: Patient) -> Appointment | None:
    """Give the visit a patient is here for now. One SQL statement."""
    rows = Appointment.objects.filter(patient=patient, status__in=PRESENT).select_related("practitioner")
    return rows.order_by("-starts_at").first()
