"""Read who works when: the only place where rows become the agendas of the scheduling engine."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from operator import attrgetter

import holidays
from django.db.models import Q, QuerySet

from mesoclinic.core.localtime import day_bounds, local_day
from mesoclinic.core.models import Clinic, Site
from protocols.models import Species
from sessions.models import Absence, Appointment, Closure, Practitioner, Room, WorkingHours
from sessions.models.appointments import LIVE_STATUSES
from sessions.models.availability import HoursKind
from sessions.models.rounds import MOST_TRAVEL_MIN
from sessions.queries.blocked import BlockedTime, blocked_times, intervals
from sessions.scheduling.hours import WeeklyRule, day_windows, days_between
from sessions.scheduling.intervals import Interval, Intervals, intersect, subtract
from sessions.scheduling.slots import FREE, Agenda
from sessions.scheduling.walltime import minute_after, minute_of, whole_days

LONGEST_MIN = 999  # no appointment is longer, so a search need not look further back
UNTIL_FURTHER_NOTICE = minute_of(datetime(2200, 1, 1, tzinfo=UTC))
RULE = ("weekday", "start_time", "end_time", "from_on", "until_on", "every_weeks")  # the fields of WeeklyRule
BLOCK = ("practitioner_id", "room_id", "kind", *RULE)


def practitioners(clinic: Clinic, on: date | None = None, species: Species | None = None) -> QuerySet[Practitioner]:
    """List who may be booked on a local day (or ever), in the clinic's order; who treats the species when one is named.

    One SQL statement, and one for their species.
    """
    rows = Practitioner.objects.filter(clinic=clinic).prefetch_related("species")
    if on is not None:
        rows = rows.filter(Q(last_day_on__isnull=True) | Q(last_day_on__gte=on))
    if species is not None:
        rows = rows.filter(Q(species=species) | Q(species__isnull=True))
    return rows


def rooms(site: Site) -> QuerySet[Room]:
    """List the rooms in use at a site, in its order. One SQL statement."""
    return Room.objects.filter(site=site, is_active=True)


def treats(practitioner: Practitioner, species: int | str) -> bool:
    """Say whether the practitioner treats a species, by its key or its code; without any ticked, every one.

    At most one SQL statement.
    """
    treated = list(practitioner.species.all())
    return not treated or any(species in (one.pk, one.code) for one in treated)


def species_treated(practitioner_ids: Collection[int]) -> dict[int, frozenset[int]]:
    """Give the keys of the species each of them treats; none ticked means every one. One SQL statement."""
    ticked = Practitioner.species.through.objects.filter(practitioner__in=practitioner_ids)
    found: dict[int, set[int]] = {key: set() for key in practitioner_ids}
    for key, species_id in ticked.values_list("practitioner_id", "species_id"):
        found[key].add(species_id)
    return {key: frozenset(species) for key, species in found.items()}


@lru_cache(maxsize=256)
def public_holidays(country: str, region: str, year: int) -> dict[date, str]:
    """Give the public holidays of a year with their names; none for a country or region nobody knows."""
    if not country:
        return {}
    try:
        return dict(holidays.country_holidays(country, subdiv=region or None, years=year))
    except (NotImplementedError, KeyError, ValueError):
        return {}


@dataclass(frozen=True)
class ClosedDays:
    """Why a site is shut on a local day: its closures and public holidays. `open all the same` wins over both."""

    site: Site
    closures: tuple[Closure, ...]

    def reason(self, day: date) -> str | None:
        """Give why the site is shut that day (perhaps in no words, ""), or None when it is not."""
        meets = [closure for closure in self.closures if closure.from_on <= day <= closure.until_on]
        if any(closure.is_open for closure in meets):
            return None
        if meets:
            return meets[0].reason
        return public_holidays(self.site.holiday_country, self.site.holiday_region, day.year).get(day)

    def among(self, days: Iterable[date]) -> list[date]:
        return [day for day in days if self.reason(day) is not None]


def closed_days(site: Site, from_on: date | None = None, until_on: date | None = None) -> ClosedDays:
    """Read the closures that meet the local days from/until, both included. One SQL statement."""
    meets: dict[str, date] = {}
    if from_on is not None:
        meets["until_on__gte"] = from_on
    if until_on is not None:
        meets["from_on__lte"] = until_on
    rows = Closure.objects.filter(site=site, **meets).order_by()
    return ClosedDays(site, tuple(sorted(rows, key=attrgetter("from_on", "pk"))))


def is_open_on(site: Site) -> Callable[[date], bool]:
    """Return a function that says whether the site works on a local day, for the planner. Two SQL statements, at once.

    The site's own hours decide; without any, the hours of those who work there; without those too, every day is open
    but closures and public holidays.
    """
    rows = WorkingHours.objects.filter(site=site, room__isnull=True, kind=HoursKind.OPEN).order_by()
    hours = list(rows.values_list("practitioner_id", *RULE))
    own = [block for block in hours if block[0] is None]
    rules = [WeeklyRule(*rule) for _practitioner_id, *rule in own or hours]
    closed = closed_days(site)

    def is_open(day: date) -> bool:
        return closed.reason(day) is None and (not rules or any(rule.holds_on(day) for rule in rules))

    return is_open


@dataclass(frozen=True)
class Supposed:
    """What nobody has saved yet, read as if it were so: an absence, closed days, other weekly hours of one at a site.

    `removed` are closed days, or days worked all the same, that are taken away. `changed` is somebody with another last day, or a room given up (`broken.py` asks for it). `hours` are all the rows of
    `hours_of` (practitioner id, room id; neither for the site itself) at the site `hours_at`.
    """

    absence: Absence | None = None
    closure: Closure | None = None
    removed: Closure | None = None
    changed: Practitioner | Room | None = None
    hours: tuple[WorkingHours, ...] = ()
    hours_of: tuple[int | None, int | None] = (None, None)
    hours_at: int | None = None


AS_IT_IS = Supposed()


@dataclass(frozen=True)
class Agendas:
    """The time of everybody and everything asked about, between two minutes, ready for the engine."""

    between: Interval
    closed: ClosedDays
    practitioners: dict[int, Agenda] = field(default_factory=dict)
    rooms: dict[int, Agenda] = field(default_factory=dict)
    patient: Agenda = FREE
    patients: dict[int, Agenda] = field(default_factory=dict)
    outside: dict[int, Agenda] = field(default_factory=dict)
    blocked: dict[int, list[BlockedTime]] = field(default_factory=dict)
    has_run_out: bool = False  # offers nobody cleared away yet; their time is free here, the database still holds it

    def blocked_of(self, patient_id: int) -> tuple[BlockedTime, ...]:
        """Give when a patient is not to be booked, with the reasons; its agenda has the time as absences."""
        return tuple(self.blocked.get(patient_id, ()))

    def away(self) -> "Agendas":
        """Give the same as a visit away from the site sees it: in no room, and its hours do not count, its closures do."""
        return replace(self, practitioners=self.outside, rooms={})

    def also_booked(self, visits: Iterable[Appointment]) -> "Agendas":
        """Give the same with these live visits in it too; whom they concern and nobody asked about is left out."""
        busy = _spans_of(tuple(getattr(visit, name) for name in BUSY) for visit in visits)

        def more(kind: str, known: dict[int, Agenda]) -> dict[int, Agenda]:
            return {
                key: replace(one, booked=[*one.booked, *busy[kind, key]]) if (kind, key) in busy else one
                for key, one in known.items()
            }

        people, outside = more("practitioner", self.practitioners), more("practitioner", self.outside)
        patients, rooms = more("patient", self.patients), more("room", self.rooms)
        return replace(self, practitioners=people, outside=outside, patients=patients, rooms=rooms)


def agendas(
    site: Site,
    *,
    from_at: datetime,
    until_at: datetime,
    now: datetime,
    practitioner_ids: Collection[int],
    room_ids: Collection[int] = (),
    patient_id: int | None = None,
    patient_ids: Collection[int] = (),
    away: bool = False,
    without: Collection[int] = (),
) -> Agendas:
    """Read all that decides about free time. Four SQL statements, whatever the range; five with patients.

    One patient (`patient_id`) or several (`patient_ids`). `away` is for stables and homes: the hours of the site do
    not count there, its closures do. Appointments in `without` (the one being moved) are not looked at; offers that
    have run out never are.
    """
    known = agendas_at(
        site,
        spans=[(from_at, until_at)],
        now=now,
        practitioner_ids=practitioner_ids,
        room_ids=room_ids,
        patient_ids={*patient_ids, *([patient_id] if patient_id else ())},
        away=away,
        without=without,
    )
    return replace(known, patient=known.patients[patient_id]) if patient_id else known


def agendas_at(
    site: Site,
    *,
    spans: Sequence[tuple[datetime, datetime]],
    now: datetime | None,
    practitioner_ids: Collection[int],
    room_ids: Collection[int] = (),
    patient_ids: Collection[int] = (),
    away: bool = False,
    without: Collection[int] = (),
    supposed: Supposed = AS_IT_IS,
) -> Agendas:
    """Read the same for several spans of time, far apart perhaps: what lies between them is not looked at.

    Four SQL statements, five with patients (more where one competes, see `blocked_times`), whatever their number; three without a `now`: then only who works when is
    read, and no appointment.
    """
    spans = _joined(spans)
    from_at, until_at = spans[0][0], spans[-1][1]
    days = _days_of(site, spans)
    closed = closed_days(site, days[0], days[-1])
    if supposed.closure is not None and supposed.closure.site_id == site.pk:
        closed = replace(closed, closures=(*closed.closures, supposed.closure))
    if supposed.removed is not None:
        closed = replace(closed, closures=tuple(one for one in closed.closures if one.pk != supposed.removed.pk))
    closures = whole_days(closed.among(days), site.zone)
    hours = _Hours(site, days, practitioner_ids, room_ids, away=away, supposed=supposed)
    absent = _absences(from_at, until_at, practitioner_ids, room_ids, supposed.absence)
    live, has_run_out = [], False
    if now is not None:
        live, has_run_out = _live(spans, now, practitioner_ids, room_ids, patient_ids, without)
    busy = _spans_of(live)
    outside, by_practitioner = {}, {}
    for one in practitioner_ids:
        against = (closures, absent["practitioner", one], busy["practitioner", one])
        own, breaks = hours.of_practitioner(one)
        outside[one] = Agenda(own, breaks, *against)
        by_practitioner[one] = outside[one] if away else Agenda(hours.inside(own), breaks, *against)
    by_room = {one: Agenda(*hours.of_room(one), closures, absent["room", one], busy["room", one]) for one in room_ids}
    blocked = blocked_times(site.clinic_id, patient_ids, days[0], days[-1], site.zone) if now is not None else {}
    by_patient = {
        one: Agenda(absences=intervals(blocked.get(one, ())), booked=busy["patient", one]) for one in patient_ids
    }
    between = (minute_of(from_at), minute_of(until_at))
    return Agendas(
        between,
        closed,
        by_practitioner,
        by_room,
        patients=by_patient,
        outside=outside,
        blocked=blocked,
        has_run_out=has_run_out,
    )


def _joined(spans: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """Join the spans that are less than the longest appointment apart: their seeks would meet the same rows."""
    joined: list[tuple[datetime, datetime]] = []
    for start, end in sorted(spans):
        if joined and start - joined[-1][1] < timedelta(minutes=LONGEST_MIN):
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def _days_of(site: Site, spans: Iterable[tuple[datetime, datetime]]) -> list[date]:
    """List the local days the spans touch, ascending, each once."""
    found: set[date] = set()
    for start, end in spans:
        found.update(days_between(local_day(start, site.zone), local_day(end, site.zone)))
    return sorted(found)


class _Hours:
    """Working hours and breaks of a site expanded over days. One SQL statement."""

    def __init__(self, site, days, practitioner_ids, room_ids, *, away, supposed=AS_IT_IS):
        self.days, self.zone = days, site.zone
        weekdays = {day.isoweekday() for day in days}  # of sites and rooms all are read: having none means something
        whose = Q(practitioner__in=practitioner_ids, weekday__in=weekdays)
        whose = whose | Q(room__in=room_ids) if room_ids else whose
        whose = whose if away else whose | Q(practitioner=None, room=None)
        rows = WorkingHours.objects.filter(whose, site=site, from_on__lte=days[-1])
        blocks = list(rows.order_by().values_list(*BLOCK))
        if supposed.hours_at == site.pk:
            kept = [block for block in blocks if block[:2] != supposed.hours_of]
            blocks = [*kept, *map(attrgetter(*BLOCK), supposed.hours)]
        self.rules = defaultdict(list)
        for practitioner_id, room_id, kind, *rule in blocks:
            self.rules[practitioner_id, room_id, kind].append(WeeklyRule(*rule))
        self.site_open = None if away else self._own(None, None)

    def _expand(self, practitioner_id, room_id, kind) -> Intervals:
        return day_windows(self.rules.get((practitioner_id, room_id, kind), ()), self.days, self.zone)

    def _own(self, practitioner_id, room_id) -> Intervals | None:
        """Hours of its own less its breaks; None without any rows."""
        if (practitioner_id, room_id, HoursKind.OPEN.value) not in self.rules:
            return None
        opened = self._expand(practitioner_id, room_id, HoursKind.OPEN.value)
        return subtract(opened, self._expand(practitioner_id, room_id, HoursKind.BREAK.value))

    def of_practitioner(self, practitioner_id: int) -> tuple[Intervals, Intervals]:
        opened = self._expand(practitioner_id, None, HoursKind.OPEN.value)
        return opened, self._expand(practitioner_id, None, HoursKind.BREAK.value)

    def inside(self, opened: Intervals) -> Intervals:
        """Leave of these hours what lies in those of the site."""
        return opened if self.site_open is None else intersect(opened, self.site_open)

    def of_room(self, room_id: int) -> tuple[Intervals | None, Intervals]:
        own = self._own(None, room_id)
        return (self.site_open if own is None else own), []


Spans = dict[tuple[str, int | None], list[Interval]]
BUSY = ("practitioner_id", "room_id", "patient_id", "starts_at", "ends_at", "travel_before_min", "travel_after_min")


def _absences(from_at, until_at, practitioner_ids, room_ids, supposed: Absence | None) -> Spans:
    whose = Q(practitioner__in=practitioner_ids)
    whose = whose | Q(room__in=room_ids) if room_ids else whose
    lasts = Q(ends_at=None) | Q(ends_at__gt=from_at)
    rows = Absence.objects.filter(whose, lasts, starts_at__lt=until_at).order_by()
    rows = rows.values_list("practitioner_id", "room_id", "starts_at", "ends_at")
    spans: Spans = defaultdict(list)
    more = [(supposed.practitioner_id, supposed.room_id, supposed.starts_at, supposed.ends_at)] if supposed else []
    for practitioner_id, room_id, starts_at, ends_at in [*rows, *more]:
        owner = ("practitioner", practitioner_id) if practitioner_id else ("room", room_id)
        end = UNTIL_FURTHER_NOTICE if ends_at is None else minute_after(ends_at)
        spans[owner].append((minute_of(starts_at), end))
    return spans


def _live(spans, now, practitioner_ids, room_ids, patient_ids, without) -> tuple[list[tuple], bool]:
    """Read the live appointments of all these, each as `BUSY`, and say whether offers that have run out were among them.

    Each owner is one seek in its index.
    """
    travel = timedelta(minutes=MOST_TRAVEL_MIN)
    longest = timedelta(minutes=LONGEST_MIN + 1)
    meets = [(from_at - longest, until_at) for from_at, until_at in spans]
    on_the_way = [(from_at - travel, until_at + travel) for from_at, until_at in meets]
    wanted = Q(practitioner__in=practitioner_ids, starts_at__within_any=on_the_way)
    wanted = wanted | Q(room__in=room_ids, starts_at__within_any=meets) if room_ids else wanted
    if patient_ids:  # nobody has many visits
        wanted |= Q(patient__in=patient_ids, starts_at__range=(meets[0][0], meets[-1][1]))
    meets_at_all = Q(starts_at__lt=spans[-1][1], ends_at__gt=spans[0][0]) | Q(round__isnull=False)
    rows = Appointment.objects.filter(wanted, meets_at_all, status__in=LIVE_STATUSES)
    rows = rows.exclude(pk__in=without) if without else rows
    found = list(rows.order_by().values_list(*BUSY, "status", "offered_until"))
    live = [row[:-2] for row in found if row[-2] != "offered" or row[-1] > now]
    return live, len(live) < len(found)


def _spans_of(rows: Iterable[tuple]) -> Spans:
    """Give the time taken by visits (each as `BUSY`): of a practitioner with the way, of a room and a patient without."""
    busy: Spans = defaultdict(list)
    for practitioner, room, patient, starts_at, ends_at, before_min, after_min in rows:
        span = (minute_of(starts_at), minute_after(ends_at))
        busy["practitioner", practitioner].append((span[0] - before_min, span[1] + after_min))
        busy["patient", patient].append(span)
        if room is not None:
            busy["room", room].append(span)
    return busy


def day_span(site: Site, from_on: date, until_on: date) -> tuple[datetime, datetime]:
    """Give the instants the local days from/until (both included) begin and end."""
    return day_bounds(from_on, site.zone)[0], day_bounds(until_on, site.zone)[1]
