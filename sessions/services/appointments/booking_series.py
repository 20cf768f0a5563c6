"""Accept a proposed series: every session at the time shown, all of them or none."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import Clinic, User
from mesoclinic.core.refused import Refused
from patients.models import Place
from sessions.models import Appointment, Course, PlannedSession, Practitioner, Room
from sessions.queries.own_reasons import AGREED_ON
from sessions.queries.plans import fit_windows, window

from .booking_many import Booking, book_many


@dataclass(frozen=True)
class SeriesTime:
    """The time accepted for one session of a course, by its number."""

    number: int
    starts_at: datetime
    practitioner: Practitioner
    room: Room | None = None


def book_series(
    *,
    actor: User | None,
    clinic: Clinic,
    course: Course,
    times: Sequence[SeriesTime],
    place: Place | None = None,
    booking_token: UUID | None = None,
    now: datetime | None = None,
) -> list[Appointment]:
    """Book these sessions of a course, all or none. A day outside its window is booked as agreed on with the series.

    Raises Refused as `book_many` does, and "nothing-to-book" | "session-gone".
    """
    now = now or timezone.now()
    if not times:
        raise Refused("nothing-to-book", _("There is nothing to book. Look for other times."))
    planned = _planned(course, times)
    agreed = _agreed(course, planned, times, now)
    bookings = [
        Booking(
            patient=course.patient,
            practitioner=one.practitioner,
            starts_at=one.starts_at,
            minutes=planned[one.number].minutes or clinic.session_min,
            room=one.room,
            place=place,
            planned_session=planned[one.number],
            outside_window_reason=agreed.get(one.number, ""),
        )
        for one in times
    ]
    return book_many(
        actor=actor, clinic=clinic, site=course.site, bookings=bookings, booking_token=booking_token, now=now
    )


def _planned(course: Course, times: Sequence[SeriesTime]) -> dict[int, PlannedSession]:
    rows = PlannedSession.objects.filter(course=course, number__in=[one.number for one in times])
    found = {row.number: row for row in rows}
    if len(found) < len(times):
        raise Refused("session-gone", _("The plan has changed meanwhile. Here it is again, with fresh times."))
    for row in found.values():
        row.course = course
    return found


def _agreed(
    course: Course, planned: dict[int, PlannedSession], times: Sequence[SeriesTime], now: datetime
) -> dict[int, str]:
    """Give a reason for each session that will lie outside its window, measured from the days booked before it."""
    zone = course.site.zone
    days = {one.number: local_day(one.starts_at, zone) for one in times}
    if any(planned[number].due_on != day for number, day in days.items()):
        fit_windows(list(planned.values()), {course.pk: days}, now)
    agreed = {}
    for number, day in days.items():
        first, last = window(planned[number], local_day(now, zone))
        if not first <= day <= last:
            agreed[number] = AGREED_ON
    return agreed
