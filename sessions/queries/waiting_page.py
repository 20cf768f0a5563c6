"""What the page of the waiting list shows, line by line."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q

from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import Site
from sessions.models import Appointment, CallAttempt, WaitingEntry
from sessions.queries.appointments import FreeTime
from sessions.queries.calls import last_outcomes
from sessions.queries.contacts import Contact, contacts_of
from sessions.queries.fitting import Line, line_of_entry, with_times
from sessions.queries.waiting import MOST_WAITING, FreedTime, freed_times, open_entries, wishes_in_words

LINES_SHOWN = 40


@dataclass(frozen=True)
class Waits:
    """One who waits: since when, for what, and how to reach them."""

    entry: WaitingEntry
    contact: Contact

    @property
    def wishes(self) -> str:
        return wishes_in_words(self.entry)


@dataclass(frozen=True)
class Waiting(Waits):
    """The same with times that would suit. `offer` is one held now."""

    line: Line
    times: tuple[FreeTime, ...]
    outcome: CallAttempt | None
    offer: Appointment | None


@dataclass(frozen=True)
class WaitingPage:
    freed: list[FreedTime]
    waiting: list[Waiting]
    count: int


def waiting_page(site: Site, now: datetime) -> WaitingPage:
    """Gather the waiting list. At most thirty-one SQL statements, however many wait."""
    today = local_day(now, site.zone)
    entries = list(open_entries(site, now)[:MOST_WAITING])
    shown = entries[:LINES_SHOWN]
    lines = [line_of_entry(entry, today) for entry in shown]
    patients = [entry.patient for entry in shown]
    offers = _offers(shown)
    free = with_times(site, [line for line in lines if line.entry and line.entry.pk not in offers], now)
    reached, outcomes = contacts_of(patients, today), last_outcomes(patients)
    waiting = [
        Waiting(
            entry=entry,
            line=line,
            contact=reached[entry.patient_id],
            times=tuple(free.get(line.key, ())),
            outcome=outcomes.get(entry.patient_id),
            offer=offers.get(entry.pk),
        )
        for entry, line in zip(shown, lines, strict=True)
    ]
    return WaitingPage(freed_times(site, entries, now), waiting, len(entries))


def reached(entries: Sequence[WaitingEntry], today: date) -> list[Waits]:
    """Say of entries how everybody is reached. One SQL statement."""
    contacts = contacts_of([entry.patient for entry in entries], today)
    return [Waits(entry, contacts[entry.patient_id]) for entry in entries]


def _offers(entries: Sequence[WaitingEntry]) -> dict[int, Appointment]:
    """Give the time held for each of these now. One SQL statement."""
    by_session = {entry.planned_session_id: entry.pk for entry in entries if entry.planned_session_id}
    by_visit = {entry.appointment_id: entry.pk for entry in entries if entry.appointment_id}
    held = Q(planned_session__in=by_session) | Q(in_place_of__in=by_visit)
    rows = Appointment.objects.filter(held, status="offered").select_related("practitioner")
    return {by_session.get(row.planned_session_id) or by_visit[row.in_place_of_id]: row for row in rows}
