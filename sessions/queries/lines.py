"""Find the line a button belongs to: somebody to call, to rebook, or on the waiting list."""

from collections.abc import Callable
from datetime import date, datetime
from uuid import UUID

from django.http import Http404

from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import Clinic, Site
from sessions.queries import appointments, booking, courses, fitting, waiting
from sessions.queries.fitting import Line

KINDS = ("planned", "visit", "missed", "lapsed", "waiting")


def line_or_404(clinic: Clinic, what: str, public_id: UUID, now: datetime) -> Line:
    """Give a line of this clinic by its name in addresses. One SQL statement."""
    find = _FIND.get(what)
    if find is None:
        raise Http404
    row, make, site = find(clinic, public_id)
    return make(row, local_day(now, site.zone))


def _planned(clinic: Clinic, public_id: UUID):
    row = booking.planned_or_404(clinic, public_id)
    return row, fitting.line_of_planned, row.course.site


def _visit(clinic: Clinic, public_id: UUID):
    row = appointments.get_or_404(clinic, public_id)
    return row, fitting.line_of_visit, row.site


def _missed(clinic: Clinic, public_id: UUID):
    row = appointments.get_or_404(clinic, public_id)
    if row.status != row.Status.NO_SHOW:
        raise Http404
    return row, fitting.line_of_missed, row.site


def _lapsed(clinic: Clinic, public_id: UUID):
    row = courses.get_or_404(clinic, public_id)
    return row, fitting.line_of_lapsed, row.site


def _waiting(clinic: Clinic, public_id: UUID):
    row = waiting.entry_or_404(clinic, public_id)
    return row, fitting.line_of_entry, row.site


Finder = Callable[[Clinic, UUID], tuple[object, Callable[[object, date], Line], Site]]
_FIND: dict[str, Finder] = {
    "planned": _planned,
    "visit": _visit,
    "missed": _missed,
    "lapsed": _lapsed,
    "waiting": _waiting,
}
