"""What the rebooking page shows: broken visits with the times proposed, what is held, who was called."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import Site
from mesoclinic.core.wording import date_format
from sessions.models import Absence, Appointment, CallAttempt, Closure, Practitioner, Room, Round
from sessions.models.appointments import AppointmentStatus, CancelledBy
from sessions.queries.broken import WITH_NAMES, BrokenVisit, Cause, broken_visits, must_call
from sessions.queries.calls import attempts_about
from sessions.queries.contacts import Contact, contacts_of
from sessions.queries.lost_rounds import LostRound, lost_rounds
from sessions.queries.reassignment import new_times
from sessions.queries.rebook_choices import Choice, Choices


@dataclass(frozen=True)
class Row:
    """One broken visit. `held` is the time that waits for the patient's word; `choices` are None while one is held.

    `stands_in` is the round that stands without it: a new time takes the visit out of it.
    """

    visit: Appointment
    why: str
    contact: Contact
    choices: Choices | None
    held: Appointment | None
    attempts: Sequence[CallAttempt]
    stands_in: Round | None

    @property
    def options(self) -> list[Choice]:
        """What can be chosen, the proposal first."""
        return self.choices.all if self.choices else []

    visits = lost_count = 1


@dataclass(frozen=True)
class RoundRow:
    """A round of which visits lost their time. Whole it is one row; torn, its `rows` are shown one by one below `why`.

    `held` is when it would begin, and with whom, while all its times wait for the word of those there.
    """

    lost: LostRound
    why: str
    contacts: list[Contact]
    choices: Choices | None
    held: Appointment | None
    attempts: Sequence[CallAttempt]
    rows: tuple[Row, ...] = ()

    @property
    def options(self) -> list[Choice]:
        return self.choices.all if self.choices else []

    @property
    def visits(self) -> int:
        return len(self.lost.visits)

    @property
    def lost_count(self) -> int:
        return len(self.lost.lost)


@dataclass(frozen=True)
class RebookPage:
    """The rows to call (today and tomorrow) and those that can be moved at once. `rest` come after these."""

    heading: str
    because: str
    to_call: list[Row | RoundRow]
    to_move: list[Row | RoundRow]
    total: int
    rest: int
    is_cut: bool

    @property
    def rows(self) -> list[Row | RoundRow]:
        return [*self.to_call, *self.to_move]

    @property
    def singles(self) -> list[Row | RoundRow]:
        """The rows one answers: those of a torn round each for itself."""
        return [one for row in self.rows for one in (getattr(row, "rows", ()) or (row,))]

    @property
    def call_count(self) -> int:
        return sum(row.lost_count for row in self.to_call)

    @property
    def move_count(self) -> int:
        return sum(row.lost_count for row in self.to_move)

    @property
    def proposed(self) -> int:
        return sum(row.visits for row in self.singles if row.choices and row.choices.proposed)

    @property
    def shown(self) -> int:
        return self.total - self.rest

    @property
    def held(self) -> int:
        return sum(row.visits for row in self.singles if row.held is not None)


def rebook_page(site: Site, cause: Cause, *, now: datetime, solve: bool = True) -> RebookPage:
    """Gather the page. Eight SQL statements and twenty for every site with a broken visit; without `solve` half of it."""
    found = broken_visits(site, cause, now=now)
    rows = _Rows(found.visits, now, cause.ends_at, solve).rows() if found.visits else []
    to_call = [row for row in rows if _is_to_call(row, now)]
    return RebookPage(
        **_titles(cause, site),
        to_call=to_call,
        to_move=[row for row in rows if row not in to_call],
        total=found.total,
        rest=found.rest,
        is_cut=found.is_cut,
    )


def rows_of(why: Mapping[int, str], keys: Sequence[int], today: date) -> list[Row]:
    """Give the rows of these visits, with why each has lost its time, for a file: nothing is proposed, and those of a
    round are a row each. Four SQL statements.
    """
    found = Appointment.objects.filter(pk__in=keys).select_related(*WITH_NAMES).in_bulk()
    visits = [found[key] for key in keys if key in found]
    held, _declined = _held_times(visits)
    attempts, contacts = attempts_about(visits), contacts_of([visit.patient for visit in visits], today)
    return [
        Row(one, why[one.pk], contacts[one.patient_id], None, held.get(one.pk), attempts.get(one.pk, ()), one.round)
        for one in visits
    ]


def _is_to_call(row: Row | RoundRow, now: datetime) -> bool:
    if row.held is not None:
        return True
    return row.lost.must_call(now) if isinstance(row, RoundRow) else must_call(row.visit, now)


class _Rows:
    """The rows of the page: rounds as one, in the place of their first visit."""

    def __init__(self, found: Sequence[BrokenVisit], now: datetime, absent_until: datetime | None, solve: bool) -> None:
        self.found, self.why = found, {one.visit.pk: one.why for one in found}
        shut = {one.visit.round_id for one in found if not one.is_patients}
        of_rounds = [one.visit for one in found if one.visit.round_id in shut]
        self.rounds = {one.round.pk: one for one in lost_rounds(of_rounds)}
        stops = [visit for one in self.rounds.values() for visit in one.visits]
        visits = list({visit.pk: visit for visit in [*(one.visit for one in found), *stops]}.values())
        self.held, declined = _held_times(visits)
        self.attempts = attempts_about(visits)
        self.contacts = contacts_of([visit.patient for visit in visits], local_day(now, visits[0].site.zone))
        whole = [one for one in self.rounds.values() if not self._is_held(one)]
        waiting = {visit.pk for one in self.rounds.values() if self._is_held(one) for visit in one.visits}
        free = [one.visit for one in found if one.visit.pk not in self.held and one.visit.pk not in waiting]
        asked = {"now": now, "absent_until": absent_until, "declined": declined, "rounds": whole}
        self.choices: dict[int, Choices] = new_times(free, **asked) if solve and free else {}

    def _is_held(self, one: LostRound) -> bool:
        return all(visit.pk in self.held for visit in one.visits)

    def rows(self) -> list[Row | RoundRow]:
        rows: list[Row | RoundRow] = []
        seen: set[int] = set()
        for one in self.found:
            lost = self.rounds.get(one.visit.round_id or 0)
            if lost is None:
                rows.append(self._row(one))
            elif lost.round.pk not in seen:
                seen.add(lost.round.pk)
                rows.append(self._round(lost, one.why))
        return rows

    def _row(self, one: BrokenVisit) -> Row:
        key, contact = one.visit.pk, self.contacts[one.visit.patient_id]
        stands_in = one.visit.round if one.visit.round_id not in self.rounds else None
        found = self.choices.get(key), self.held.get(key), self.attempts.get(key, ())
        return Row(one.visit, one.why, contact, *found, stands_in)

    def _round(self, lost: LostRound, why: str) -> RoundRow:
        first, choices = lost.visits[0], self.choices.get(lost.key)
        is_torn = choices is not None and bool(choices.why_torn)
        contacts = {self.contacts[visit.patient_id]: None for visit in lost.visits}
        return RoundRow(
            lost,
            why,
            [one for one in contacts if one is not None],
            choices,
            self.held.get(first.pk) if self._is_held(lost) else None,
            self.attempts.get(first.pk, ()),
            tuple(self._row(one) for one in self.found if one.visit.pk in lost.lost) if is_torn else (),
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
