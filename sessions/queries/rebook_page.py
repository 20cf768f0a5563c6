"""What the rebooking page shows: broken visits with the times proposed, what is held, who was called."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import Site
from sessions.models import Absence, Appointment, CallAttempt, Closure, Practitioner, Room
from sessions.models.appointments import AppointmentStatus, CancelledBy
from sessions.queries.broken import BrokenVisit, Cause, broken_visits, must_call
from sessions.queries.calls import attempts_about
from sessions.queries.reassignment import Choice, Choices, new_times
from sessions.queries.today_desk import Contact, contacts_of


@dataclass(frozen=True)
class Row:
    """One broken visit. `held` is the time that waits for the patient's word; `choices` are None while one is held."""

    visit: Appointment
    why: str
    contact: Contact
    choices: Choices | None
    held: Appointment | None
    attempts: Sequence[CallAttempt]

    @property
    def options(self) -> list[Choice]:
        """What can be chosen, the proposal first."""
        if self.choices is None or self.choices.proposed is None:
            return list(self.choices.others) if self.choices else []
        return [self.choices.proposed, *self.choices.others]


@dataclass(frozen=True)
class RebookPage:
    """The rows to call (today and tomorrow) and those that can be moved at once. `rest` come after these."""

    heading: str
    because: str
    to_call: list[Row]
    to_move: list[Row]
    total: int
    rest: int
    is_cut: bool

    @property
    def rows(self) -> list[Row]:
        return [*self.to_call, *self.to_move]

    @property
    def proposed(self) -> int:
        return sum(bool(row.choices and row.choices.proposed) for row in self.rows)

    @property
    def held(self) -> int:
        return sum(row.held is not None for row in self.rows)


def rebook_page(site: Site, cause: Cause, *, now: datetime, solve: bool = True) -> RebookPage:
    """Gather the page. Six SQL statements and twenty for every site with a broken visit; without `solve` half of it."""
    found = broken_visits(site, cause, now=now)
    visits = [one.visit for one in found.visits]
    held, declined = _held_times(visits)
    attempts = attempts_about(visits) if visits else {}
    contacts = contacts_of([visit.patient for visit in visits], local_day(now, site.zone)) if visits else {}
    free = [visit for visit in visits if visit.pk not in held]
    choices = new_times(free, now=now, absent_until=cause.ends_at, declined=declined) if solve and free else {}

    def row(one: BrokenVisit) -> Row:
        key = one.visit.pk
        contact = contacts[one.visit.patient_id]
        return Row(one.visit, one.why, contact, choices.get(key), held.get(key), attempts.get(key, ()))

    rows = [row(one) for one in found.visits]
    return RebookPage(
        **_titles(cause, site),
        to_call=[one for one in rows if one.held or must_call(one.visit, now)],
        to_move=[one for one in rows if not (one.held or must_call(one.visit, now))],
        total=found.total,
        rest=found.rest,
        is_cut=found.is_cut,
    )


def _held_times(visits: Iterable[Appointment]) -> tuple[dict[int, Appointment], dict[int, list[datetime]]]:
    """Give the time held for each visit, and the times its patient has said no to. One SQL statement."""
    rows = Appointment.objects.filter(in_place_of__in=[one.pk for one in visits]).select_related("practitioner", "room")
    held, declined = {}, defaultdict(list)
    for row in rows:
        if row.status == AppointmentStatus.OFFERED:
            held[row.in_place_of_id] = row
        elif row.cancelled_by == CancelledBy.PATIENT:
            declined[row.in_place_of_id].append(row.starts_at)
    return held, declined


def _titles(cause: Cause, site: Site) -> dict[str, Any]:
    """Say what the page is about, and what is written down as the reason of a move."""
    owner = cause.owner
    if isinstance(owner, Absence):
        who = owner.practitioner or owner.room
        said = _("%(name)s is away") if owner.practitioner_id else _("%(name)s is out of use")
        because = said % {"name": who}
        return {"heading": f"{because}: {_span(owner, site)}", "because": because}
    if isinstance(owner, Closure):
        because = owner.reason or _("Closed")
        return {"heading": f"{because}: {_days(owner.from_on, owner.until_on)}", "because": because}
    if isinstance(owner, Practitioner):
        return {"heading": str(owner), "because": _("The hours of %(name)s have changed") % {"name": owner}}
    if isinstance(owner, Room):
        return {"heading": str(owner), "because": _("%(name)s is out of use") % {"name": owner}}
    if isinstance(owner, Site):
        return {"heading": str(owner), "because": _("The hours of %(name)s have changed") % {"name": owner}}
    return {"heading": _("Visits that lost their time"), "because": _("The old time no longer stood")}


def _span(absence: Absence, site: Site) -> str:
    first = local_day(absence.starts_at, site.zone)
    if absence.ends_at is None:
        return _("from %(day)s until further notice") % {"day": _day(first)}
    return _days(first, local_day(absence.ends_at - timedelta(minutes=1), site.zone))  # midnight ends the day before


def _days(first: date, last: date) -> str:
    return _day(first) if first == last else f"{_day(first)} – {_day(last)}"


def _day(day: date) -> str:
    return date_format(day, "D j M Y")
