"""Which visits have lost their time, and why: the one rule behind an absence's list, the rebooking page and Today.

A visit to come is broken when its practitioner, its room or the site no longer stands open for it, or when its patient
cannot come any more: days noted later, a competition entered later. Who changes hours, enters an absence or shuts a room
moves nothing: the visit stays booked, and listed here, until a person has solved it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID
from zlib import crc32

from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils.translation import gettext as _

from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import Clinic, Site
from mesoclinic.core.queries.users import site_or_404
from sessions.models import Absence, Appointment, Closure, Practitioner, Room
from sessions.models.appointments import AppointmentStatus
from sessions.queries import availability, settings
from sessions.queries.availability import AS_IT_IS, Supposed
from sessions.queries.blocked import blocked_times, days_of, reasons
from sessions.scheduling.slots import Agenda, Wanted, WhyNot, why_not_free
from sessions.scheduling.walltime import minute_after, minute_of

MOST_AT_ONCE = 100  # solved and shown together; more come when these are done
MOST_READ = 5000
CALL_DAYS = 1  # who was to come today or tomorrow is called: no letter arrives in time
FURTHEST = timedelta(days=3 * 366)  # nothing is booked later
MENDABLE = (AppointmentStatus.OFFERED, AppointmentStatus.BOOKED)
WITH_NAMES = (
    *("patient__species", "patient__place", "practitioner", "room", "place", "site__clinic", "round__place"),
    *("planned_session__course__indication", "planned_session__course__site"),
)
OWN_TIME = {WhyNot.OUTSIDE_HOURS, WhyNot.BREAK}  # who was squeezed in was so in spite of these


@dataclass(frozen=True)
class Cause:
    """What a list of broken visits is about: an absence, a closure, a practitioner, a room, a site; "" is the site worked at."""

    kind: str = ""
    owner: Absence | Closure | Practitioner | Room | Site | None = None

    @property
    def ends_at(self) -> datetime | None:
        return self.owner.ends_at if isinstance(self.owner, Absence) else None


ANY_CAUSE = Cause()


@dataclass(frozen=True)
class BrokenVisit:
    """`is_patients`: it is the patient alone who cannot come, so that nobody else of a round is concerned."""

    visit: Appointment
    why: str
    is_patients: bool = False


@dataclass(frozen=True)
class BrokenList:
    """The first broken visits by time. `total` counts all that were looked at; `is_cut` says there may be more still."""

    visits: tuple[BrokenVisit, ...]
    total: int
    is_cut: bool
    mark: str = ""  # the same for the same visits: shown that somebody has seen this very list

    @property
    def rest(self) -> int:
        return self.total - len(self.visits)


def is_soon(at: datetime, site: Site, now: datetime) -> bool:
    """Say whether a time is today or tomorrow (or over): a patient hears of it by phone or not at all."""
    return local_day(at, site.zone) <= local_day(now, site.zone) + timedelta(days=CALL_DAYS)


def must_call(visit: Appointment, now: datetime) -> bool:
    """Say whether the patient has to be called before a visit is moved: it is today or tomorrow."""
    return is_soon(visit.starts_at, visit.site, now)


class _Lost(NamedTuple):
    """What the rule needs to know of a visit, and no more: thousands may be looked at."""

    pk: int
    site_id: int
    practitioner_id: int
    room_id: int | None
    place_id: int | None
    starts_at: datetime
    ends_at: datetime
    is_squeezed_in: bool
    is_on_blocked_day: bool
    round_id: int | None
    patient_id: int
    room_in_use: bool | None
    last_day_on: date | None
    practitioner: str


COLUMNS = (*_Lost._fields[:11], "room__is_active", "practitioner__last_day_on", "practitioner__name")


def cause_or_404(clinic: Clinic, kind: str, public_id: UUID) -> Cause:
    """Find what the address speaks of. One SQL statement."""
    find = {
        "absence": settings.absence_or_404,
        "closure": settings.closure_or_404,
        "practitioner": settings.practitioner_or_404,
        "room": settings.room_or_404,
        "site": site_or_404,
    }
    if kind not in find:
        raise Http404
    return Cause(kind, find[kind](clinic, public_id))


def broken_visits(
    site: Site, cause: Cause, *, now: datetime, until: datetime | None = None, at_most: int = MOST_AT_ONCE
) -> BrokenList:
    """List the visits to come that have lost their time, the soonest first, with the reason in words.

    Those that the patients alone cannot keep are no matter of one cause: they are in the list of a site. Two SQL
    statements, three for every site these visits are at, one when another site is among these, and those of
    `blocked_times` for a site.
    """
    suspects, why = _look(site, cause, now, until or now + FURTHEST, AS_IT_IS)
    patients = {} if cause.kind else _patients_reasons(site, suspects, why)
    return _listed(suspects, why | patients, at_most, patients.keys())


def would_break(site: Site, cause: Cause, supposed: Supposed, *, now: datetime) -> BrokenList:
    """List the visits a change would break that is not saved yet: of an absence or a closure all it meets.

    Of other changes only those that stand now are listed. Statements as `broken_visits`, or twice as many.
    """
    suspects, why = _look(site, cause, now, now + FURTHEST, supposed)
    if why and (supposed.removed is not None or isinstance(cause.owner, Practitioner | Room | Site)):
        _rows, broken_now = _look(site, cause, now, now + FURTHEST, AS_IT_IS)
        why = {key: words for key, words in why.items() if key not in broken_now}
    return _listed(suspects, why, MOST_AT_ONCE)


def _look(
    site: Site, cause: Cause, now: datetime, until: datetime, supposed: Supposed
) -> tuple[list[_Lost], dict[int, str]]:
    """Give the visits looked at, the soonest first, and why those of them are broken that are."""
    suspects = _suspects(site, cause, now, until, supposed)
    elsewhere = {row.site_id for row in suspects} - {site.pk}
    sites = {site.pk: site} | (Site.objects.in_bulk(elsewhere) if elsewhere else {})
    why: dict[int, str] = {}
    for rows, at in _by_site(suspects, sites):
        why |= _reasons(at, rows, supposed)
    return suspects, why


def _listed(suspects: list[_Lost], why: Mapping[int, str], at_most: int, patients: Collection[int] = ()) -> BrokenList:
    keys = [row.pk for row in suspects if row.pk in why]
    first = Appointment.objects.filter(pk__in=keys[:at_most]).select_related(*WITH_NAMES).order_by("starts_at", "pk")
    lines = tuple(BrokenVisit(visit, why[visit.pk], visit.pk in patients) for visit in first) if keys else ()
    mark = f"{len(keys)}-{crc32(repr(sorted(keys)).encode()):x}"
    return BrokenList(lines, len(keys), len(suspects) == MOST_READ, mark)


@dataclass(frozen=True)
class Lost:
    """Why visits have lost their time, in words, by key, the soonest first; and the rounds that have lost it with them."""

    why: dict[int, str]
    rounds: dict[int, int | None]

    def first(self, count: int) -> list[int]:
        """Give the keys of the first so many, and of the others in every round that is among these."""
        keys = list(self.why)
        whole = {self.rounds[key] for key in keys[:count]} - {None}
        return keys[:count] + [key for key in keys[count:] if self.rounds[key] in whole]


def lost_visits(site: Site, cause: Cause = ANY_CAUSE, *, now: datetime, until: datetime | None = None) -> Lost:
    """Say why visits have lost their time, as `broken_visits`, which needs one SQL statement more for their names."""
    suspects, why = _look(site, cause, now, until or now + FURTHEST, AS_IT_IS)
    patients = {} if cause.kind else _patients_reasons(site, suspects, why)
    said = why | patients
    rounds = {row.pk: None if row.pk in patients else row.round_id for row in suspects}
    return Lost({row.pk: said[row.pk] for row in suspects if row.pk in said}, rounds)


def _suspects(site: Site, cause: Cause, now: datetime, until: datetime, supposed: Supposed) -> list[_Lost]:
    """Read the visits a cause may have broken, the soonest first. One SQL statement."""
    rows = Appointment.objects.filter(status__in=MENDABLE, in_place_of__isnull=True)
    rows = _of_cause(rows, site, cause).filter(ends_at__gt=now, starts_at__lt=until)
    found = [_Lost(*row) for row in rows.order_by("starts_at", "pk").values_list(*COLUMNS)[:MOST_READ]]
    if isinstance(supposed.changed, Practitioner):
        return [row._replace(last_day_on=supposed.changed.last_day_on) for row in found]
    if isinstance(supposed.changed, Room):
        return [row._replace(room_in_use=supposed.changed.is_active) for row in found]
    return found


def _of_cause(rows: QuerySet[Appointment], site: Site, cause: Cause) -> QuerySet[Appointment]:
    owner = cause.owner
    if isinstance(owner, Absence):
        meets = Q(practitioner=owner.practitioner_id) if owner.practitioner_id else Q(room=owner.room_id)
        meets &= Q(ends_at__gt=owner.starts_at)
        return rows.filter(meets if owner.ends_at is None else meets & Q(starts_at__lt=owner.ends_at))
    if isinstance(owner, Closure):
        from_at, until_at = availability.day_span(owner.site, owner.from_on, owner.until_on)
        return rows.filter(site=owner.site_id, ends_at__gt=from_at, starts_at__lt=until_at)
    if isinstance(owner, Practitioner):
        return rows.filter(practitioner=owner)
    if isinstance(owner, Room):
        return rows.filter(room=owner)
    return rows.filter(site=owner or site)


def _by_site(rows: Iterable[_Lost], sites: dict[int, Site]) -> list[tuple[list[_Lost], Site]]:
    found: dict[int, list[_Lost]] = defaultdict(list)
    for row in rows:
        found[row.site_id].append(row)
    return [(found[key], sites[key]) for key in sorted(found)]


def _reasons(site: Site, rows: Collection[_Lost], supposed: Supposed) -> dict[int, str]:
    """Say in words why each visit of a site has lost its time; who has not is left out. Three SQL statements."""
    inside = availability.agendas_at(
        site,
        spans=[(min(row.starts_at for row in rows), max(row.ends_at for row in rows))],
        now=None,  # whether a visit still stands is a matter of hours, absences and closures alone
        practitioner_ids={row.practitioner_id for row in rows},
        room_ids={row.room_id for row in rows if row.room_id is not None},
        supposed=supposed,
    )
    away = inside.away()
    found: dict[int, str] = {}
    for row in rows:
        known = inside if row.place_id is None else away
        room = None if row.room_id is None else inside.rooms[row.room_id]
        reasons = _why(row, known.practitioners[row.practitioner_id], room, known.between, site)
        if reasons:
            day = local_day(row.starts_at, site.zone)
            closed_for = known.closed.reason(day) if reasons[0] is WhyNot.CLOSED else None
            found[row.pk] = _words(reasons[0], row.practitioner, closed_for, _is_gone(row, site))
    return found


def _patients_reasons(site: Site, rows: Iterable[_Lost], lost: Collection[int]) -> dict[int, str]:
    """Say in words why patients cannot keep visits nobody put on these days knowingly; those already `lost` are left out."""
    asked = [row for row in rows if not row.is_on_blocked_day]
    if not asked:
        return {}
    days = days_of([(row.starts_at, row.ends_at) for row in asked], site.zone)
    blocked = blocked_times(site.clinic_id, {row.patient_id for row in asked}, *days, site.zone)
    said = {
        row.pk: reasons(blocked[row.patient_id], minute_of(row.starts_at), minute_after(row.ends_at), site.zone)
        for row in asked
        if row.patient_id in blocked and row.pk not in lost
    }
    return {key: words for key, words in said.items() if words}


def _is_gone(row: _Lost, site: Site) -> bool:
    return row.last_day_on is not None and local_day(row.starts_at, site.zone) > row.last_day_on


def _why(row: _Lost, person: Agenda, room: Agenda | None, between, site: Site) -> list[WhyNot]:
    start, end = minute_of(row.starts_at), minute_after(row.ends_at)
    if room is not None and row.is_squeezed_in:
        room = replace(room, hours=None, closures=())  # whoever works outside the hours finds the door open
    wanted = Wanted(end - start, between, rooms=None if room is None else {0: room})
    reasons = why_not_free(start, end, person, wanted)
    if row.is_squeezed_in:
        reasons = [one for one in reasons if one not in OWN_TIME]
    if _is_gone(row, site):
        reasons = [WhyNot.ABSENT]
    if row.room_in_use is False and WhyNot.ROOM not in reasons:
        reasons.append(WhyNot.ROOM)
    return reasons


def _words(reason: WhyNot, name: str, closed_for: str | None, is_gone: bool) -> str:
    if reason is WhyNot.CLOSED:
        return _("closed that day (%(why)s)") % {"why": closed_for} if closed_for else _("closed that day")
    if is_gone:
        return _("%(name)s no longer works here then") % {"name": name}
    said = {
        WhyNot.ABSENT: _("%(name)s is away"),
        WhyNot.OUTSIDE_HOURS: _("%(name)s does not work then"),
        WhyNot.BREAK: _("%(name)s has a break then"),
        WhyNot.ROOM: _("the room is not in use then"),
    }
    return said[reason] % {"name": name}
