"""Read the waiting list: who waits, which times have become free lately, and whom they suit."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.http import Http404
from django.utils.dateparse import parse_datetime
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.formats import time_format
from django.utils.translation import gettext as _

from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import AuditEvent, Clinic, Site
from mesoclinic.core.wording import date_format
from sessions.models import Appointment, PlannedSession, Practitioner, WaitingEntry
from sessions.models.courses import CourseStatus, PlannedStatus
from sessions.models.waiting import EVERY_WEEKDAY
from sessions.queries.appointments import FreeTime
from sessions.queries.contacts import Contact, contacts_of
from sessions.queries.fitting import (
    Known,
    Line,
    as_wished,
    free_time,
    line_of_entry,
    opening,
    read_agendas,
    still_works,
)
from sessions.scheduling.slots import Slot, why_not_free
from sessions.scheduling.waiting import best_first, suits
from sessions.scheduling.walltime import minute_of

FREED_DAYS = 7  # a time given back longer ago than this is simply a free time
MOST_FREED = 20
MOST_WAITING = 200
GIVEN_BACK = ("cancelled", "not_treated", "no_show", "entered_in_error")
WAITING_FOR = ("offered", "booked")


@dataclass(frozen=True)
class Freed:
    """A time somebody gave back. `why` is a status of the visit, or "moved"."""

    practitioner_id: int
    starts_at: datetime
    ends_at: datetime
    why: str
    at: datetime


@dataclass(frozen=True)
class Fit:
    """One who would come then: the line to act on and the time for the length this patient needs."""

    line: Line
    time: FreeTime
    is_inside: bool
    contact: Contact

    @property
    def wishes(self) -> str:
        return wishes_in_words(self.line.entry) if self.line.entry else ""


@dataclass(frozen=True)
class FreedTime:
    freed: Freed
    practitioner: Practitioner
    fits: tuple[Fit, ...]


def open_entries(site: Site, now: datetime) -> QuerySet[WaitingEntry]:
    """List who waits now, the longest waiting first. One SQL statement.

    Not those whose visit has moved to an earlier time, is over or called off; nor after the day until which they wait.
    """
    offered = Appointment.objects.filter(planned_session=OuterRef("planned_session"), status="offered")
    visit_waits = Q(
        appointment__status__in=WAITING_FOR,
        appointment__starts_at__gt=now,
        appointment__starts_at__gte=F("earlier_than"),
    )
    session_waits = Q(planned_session__course__status=CourseStatus.ACTIVE) & (
        Q(planned_session__status=PlannedStatus.PLANNED) | Exists(offered)
    )
    rows = WaitingEntry.objects.filter(visit_waits | session_waits, site=site, state=WaitingEntry.State.WAITING)
    rows = rows.filter(patient__ended_on__isnull=True, patient__merged_into__isnull=True)
    rows = rows.filter(Q(until_on__isnull=True) | Q(until_on__gte=local_day(now, site.zone)))
    return _with_names(rows).order_by("since", "pk")


def _with_names(rows: QuerySet[WaitingEntry]) -> QuerySet[WaitingEntry]:
    return rows.select_related(
        "site__clinic",
        "practitioner",
        "patient__species",
        "patient__place",
        "appointment__practitioner",
        "appointment__place",
        "appointment__planned_session__course__indication",
        "planned_session__course__indication",
        "planned_session__course__clinic",
        "planned_session__course__lead_practitioner",
    )


def entry_or_404(clinic: Clinic, public_id: UUID) -> WaitingEntry:
    """Give an entry of this clinic. One SQL statement."""
    try:
        return _with_names(WaitingEntry.objects.filter(clinic=clinic)).get(public_id=public_id)
    except WaitingEntry.DoesNotExist as exc:
        raise Http404 from exc


def entry_about(target: Appointment | PlannedSession) -> WaitingEntry | None:
    """Give the open entry of a visit or a session, if there is one. One SQL statement."""
    return target.waiting.filter(state=WaitingEntry.State.WAITING).select_related("practitioner").first()


def freed_lately(site: Site, now: datetime) -> list[Freed]:
    """List the times still to come that were given back in the last days, the soonest first. Two SQL statements.

    Computed from what happened, never stored; a time that was taken again is still in here.
    """
    since = now - timedelta(days=FREED_DAYS)
    visits = Appointment.objects.filter(
        site=site, status__in=GIVEN_BACK, starts_at__gt=now, status_at__gte=since, in_place_of__isnull=True
    )
    columns = ("practitioner_id", "starts_at", "ends_at", "status", "status_at")
    found = [Freed(*row) for row in visits.order_by("starts_at").values_list(*columns)[: 4 * MOST_FREED]]
    found += [freed for event in _moves(site, since) if (freed := _left_behind(event)) and freed.starts_at > now]
    latest = {(one.practitioner_id, one.starts_at): one for one in sorted(found, key=lambda one: one.at)}
    return sorted(latest.values(), key=lambda one: (one.starts_at, one.practitioner_id))


def _moves(site: Site, since: datetime) -> QuerySet[AuditEvent]:
    here = Appointment.objects.filter(pk=OuterRef("subject_id"), site=site)
    rows = AuditEvent.objects.filter(
        Exists(here), clinic_id=site.clinic_id, at__gte=since, verb="appointment.moved",
        subject_type=Appointment._meta.label_lower,
    )  # fmt: skip
    names = Appointment.objects.filter(pk=OuterRef("subject_id"))
    return rows.annotate(now_with=names.values("practitioner_id")[:1]).order_by("-at")[: 4 * MOST_FREED]


def _left_behind(event: AuditEvent) -> Freed | None:
    """The time a moved visit has left; None when only its room or length has changed."""
    old = {change["field"]: change.get("old") for change in event.changes}
    starts_at, ends_at = (parse_datetime(str(old.get(name) or "")) for name in ("starts_at", "ends_at"))
    if starts_at is None or ends_at is None:
        return None
    return Freed(old.get("practitioner_id") or event.now_with, starts_at, ends_at, "moved", event.at)


def freed_times(site: Site, entries: Sequence[WaitingEntry], now: datetime) -> list[FreedTime]:
    """List the times given back lately that suit somebody, the soonest first. At most fifteen SQL statements."""
    freed = freed_lately(site, now) if entries else []
    return list(islice(who_fits(site, entries, freed, now), MOST_FREED))


def who_fits(site: Site, entries: Iterable[WaitingEntry], freed: Sequence[Freed], now: datetime) -> Iterable[FreedTime]:
    """Say whom each time suits, best first, and leave out times that suit nobody. Thirteen SQL statements, or none."""
    today = local_day(now, site.zone)
    lines = [line_of_entry(entry, today) for entry in entries]
    if not lines or not freed:
        return
    lines = as_wished(lines)
    spans = [(one.starts_at, max(one.ends_at, one.starts_at + timedelta(minutes=999))) for one in freed]
    known = read_agendas(site, lines, spans, now)
    reached = contacts_of([line.patient for line in lines], today)
    for one in freed:
        if one.practitioner_id in known.people and (fits := _fits(known, lines, one, reached)):
            yield FreedTime(one, known.people[one.practitioner_id], fits)


def _fits(known: Known, lines: Sequence[Line], freed: Freed, reached: Mapping[int, Contact]) -> tuple[Fit, ...]:
    start = minute_of(freed.starts_at)
    found: list[tuple[Line, Slot, date]] = []
    for line in lines:
        slot = Slot(start, start + line.minutes, freed.practitioner_id)
        offered = opening(slot, known.site)
        if suits(line.need, offered) and (free := _if_free(known, line, slot)) is not None:
            found.append((line, free, offered.day))
    order = best_first((line.need, day) for line, _slot, day in found)
    in_order = [found[place] for place in order]
    return tuple(
        Fit(line, free_time(slot, known), line.need.is_inside(day), reached[line.patient.pk])
        for line, slot, day in in_order
    )


def _if_free(known: Known, line: Line, slot: Slot) -> Slot | None:
    """The slot with its free rooms; None when it cannot be given to this patient."""
    if slot.practitioner not in known.may_treat(line) or not still_works(known, line, slot):
        return None
    wanted = known.wanted(line, (slot.start, slot.end))
    agenda = known.agendas(line).practitioners[slot.practitioner]
    if why_not_free(slot.start, slot.end, agenda, wanted):
        return None
    rooms = wanted.rooms or {}
    return slot._replace(
        rooms=tuple(key for key in rooms if not why_not_free(slot.start, slot.end, agenda, wanted, rooms=[key]))
    )


def waiting_for_time(visit: Appointment, starts_at: datetime, ends_at: datetime, now: datetime) -> tuple[Fit, ...]:
    """Say who waits for a time like the one this visit had, best first. Fourteen SQL statements, one when nobody waits."""
    entries = list(open_entries(visit.site, now).exclude(appointment=visit)[:MOST_WAITING])
    freed = Freed(visit.practitioner_id, starts_at, ends_at, visit.status, now)
    if starts_at <= now:
        return ()
    return next((one.fits for one in who_fits(visit.site, entries, [freed], now)), ())


def wishes_in_words(entry: WaitingEntry) -> str:
    """Say what would suit: days, hours, with whom, until when. Empty when every earlier time will do."""
    days = [str(WEEKDAYS_ABBR[day - 1]) for day in sorted(entry.days)] if entry.weekdays != EVERY_WEEKDAY else []
    from_time, until_time = (time_format(one, "H:i") if one else "" for one in entry.hours)
    between = {"first": from_time, "last": until_time}
    hours = {
        (True, True): _("%(first)s to %(last)s"),
        (True, False): _("not before %(first)s"),
        (False, True): _("over by %(last)s"),
    }.get((bool(from_time), bool(until_time)), "")
    parts = [", ".join(days), hours % between if hours else "", entry.practitioner.name if entry.practitioner else ""]
    if entry.until_on:
        parts.append(_("waits until %(day)s") % {"day": date_format(entry.until_on, "D j M")})
    return " · ".join(filter(None, parts))
