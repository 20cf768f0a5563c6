"""How much of real opening hours is taken: of each practitioner, each room, and of the hours of the week."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Case, Count, F, Q, Sum, When

from mesoclinic.core.models import Site
from sessions.models import Absence, Closure, Practitioner, Room, WorkingHours
from sessions.models.availability import HoursKind
from sessions.queries.availability import RULE, ClosedDays
from sessions.queries.overview_scope import Scope, figures_of, is_late, visit_figures, visits
from sessions.scheduling.hours import WeeklyRule
from sessions.scheduling.intervals import Intervals, merge
from sessions.scheduling.utilisation import ByHour, Hours, add_minutes, any_of, open_by_hour
from sessions.scheduling.walltime import MINUTES_PER_DAY

Away = dict[date, Intervals]
Owner = tuple[str, int | None]


@dataclass
class Taken:
    """The visits of a practitioner or room, their minutes, and the minutes there were."""

    row: Practitioner | Room | None
    counts: Counter[str] = field(default_factory=Counter)
    busy_min: int = 0
    open_min: int = 0

    @property
    def share(self) -> float | None:
        """What is taken of the open time; more than 1 with visits outside it, None without any open time."""
        return self.busy_min / self.open_min if self.open_min else None


@dataclass(frozen=True)
class Week:
    """Minutes taken and open, and how many visits touch each (ISO weekday, hour)."""

    busy: ByHour
    open: ByHour
    visits: Counter[tuple[int, int]]


@dataclass(frozen=True)
class Visits:
    """The first part of the overview."""

    counts: Counter[str]
    practitioners: list[Taken]
    rooms: list[Taken]
    without_room: Taken
    week: Week


def visit_part(scope: Scope) -> Visits:
    """Count visits and the time they take. Seven SQL statements, whatever the number of visits."""
    people = list(_whole(Practitioner.objects.filter(clinic=scope.clinic), scope.practitioner))
    rooms = list(_whole(Room.objects.filter(site__in=scope.sites).select_related("site"), scope.room))
    by_person = {one.pk: Taken(one) for one in people}
    by_room: dict[int | None, Taken] = {one.pk: Taken(one) for one in rooms}
    by_room[None] = Taken(None)
    total: Counter[str] = Counter()
    for person, room, travel, length, counts in _counted(scope):
        total.update(counts)
        minutes = int(length.total_seconds() // 60) if length else 0
        for taken, spent in ((by_person[person], minutes + (travel or 0)), (by_room[room], minutes)):
            taken.counts.update(counts)
            taken.busy_min += spent
    opened = _open_time(scope, people, rooms)
    week_open: ByHour = Counter()
    for one in people:
        by_hour = opened["practitioner", one.pk]
        by_person[one.pk].open_min = sum(by_hour.values())
        week_open.update(by_hour)
    for room in rooms:
        by_room[room.pk].open_min = sum(opened["room", room.pk].values())
    without = by_room.pop(None)
    return Visits(
        counts=total,
        practitioners=[one for one in by_person.values() if one.open_min or one.counts],
        rooms=[one for one in by_room.values() if one.counts or (one.row.is_active and one.open_min)],
        without_room=without,
        week=_week(scope, week_open),
    )


def _whole(rows, only):
    return rows if only is None else rows.filter(pk=only.pk)


def _counted(scope: Scope) -> Iterable[tuple]:
    """Give (practitioner, room, minutes of travel, time taken, counts) for each pair and state there is.

    Visits are counted once, by their state, and the states are put together here: a count with a filter for each
    figure takes the database three times as long.
    """
    told_late = Case(When(is_late(scope.clinic), then=True), default=False)
    rows = visits(scope).annotate(is_late=told_late).values_list("practitioner_id", "room_id", "status", "is_late")
    rows = rows.annotate(
        n=Count("pk"),
        travel=Sum(F("travel_before_min") + F("travel_after_min")),
        length=Sum(F("ends_at") - F("starts_at")),
    )
    for person, room, status, late, count, travel, length in rows:
        names = figures_of(status, late=late)
        takes_time = "taking-time" in names
        yield person, room, travel if takes_time else 0, length if takes_time else None, dict.fromkeys(names, count)


def _week(scope: Scope, opened: ByHour) -> Week:
    """Lay the visits that take time over the hours of the week, by the clock on the wall.

    They are counted by the instants they take and laid on the clock here: a database that does it for every visit
    takes ten times as long.
    """
    zones = {site.pk: site.zone for site in scope.sites}
    rows = visits(scope).filter(visit_figures(scope.clinic)["taking-time"])
    counted: Counter[tuple[int, int, int]] = Counter()
    for site, starts_at, ends_at, count in rows.values_list("site_id", "starts_at", "ends_at").annotate(n=Count("pk")):
        start, end = starts_at.astimezone(zones[site]), ends_at.astimezone(zones[site])
        counted[start.isoweekday(), start.hour * 60 + start.minute, end.hour * 60 + end.minute] += count
    busy: ByHour = Counter()
    touched: Counter[tuple[int, int]] = Counter()
    for (weekday, begins, ends), count in counted.items():
        one: ByHour = Counter()
        add_minutes(one, weekday, [(begins, ends if ends > begins else ends + MINUTES_PER_DAY)])
        for key, minutes in one.items():
            busy[key] += minutes * count
            touched[key] += count
    return Week(busy, opened, touched)


def _open_time(scope: Scope, people: list[Practitioner], rooms: list[Room]) -> dict[Owner, ByHour]:
    """Give the open minutes of everybody and every room by weekday and hour. Three SQL statements."""
    found: dict[Owner, ByHour] = defaultdict(Counter)
    for owner, _site, hours, days, away in _hours(scope, people, rooms):
        found[owner] += open_by_hour(hours, days, away)
    return found


@dataclass(frozen=True)
class OpenDay:
    """The minutes one practitioner or room is open on a day at a site."""

    on: date
    site: Site
    minutes: int


def open_days(scope: Scope) -> list[OpenDay]:
    """List the days the room of the scope is open, or else its practitioner works: what their hours are made of.

    Ascending, days without a minute left out; none for a room of a site that was not asked about. Three SQL statements.
    """
    people = [scope.practitioner] if scope.practitioner and not scope.room else []
    rooms = [scope.room] if scope.room and scope.room.site_id in {site.pk for site in scope.sites} else []
    found = []
    for _owner, site, hours, days, away in _hours(scope, people, rooms):
        counted = ((day, sum(open_by_hour(hours, [day], away).values())) for day in days)
        found += [OpenDay(day, site, minutes) for day, minutes in counted if minutes]
    return sorted(found, key=lambda one: (one.on, one.site.pk))


def _hours(
    scope: Scope, people: list[Practitioner], rooms: list[Room]
) -> Iterable[tuple[Owner, Site, Hours, list[date], Away]]:
    """Give everybody's and every room's weekly hours at a site, the days they hold on, and absences in wall minutes.

    A room without hours of its own is open with its site; where that has none, whenever somebody works there.
    """
    rules = _rules(scope)
    days = {site.pk: _open_days(scope, site, closed) for site, closed in _closed(scope)}
    sites = {site.pk: site for site in scope.sites}
    zones = {site.pk: site.zone for site in scope.sites}
    away = _away(scope, people, rooms)
    for site in scope.sites:
        own_of_site = rules.get((site.pk, "site", None, HoursKind.OPEN))
        for one in people:
            own = rules.get((site.pk, "practitioner", one.pk, HoursKind.OPEN))
            if own is None:
                continue
            breaks = rules.get((site.pk, "practitioner", one.pk, HoursKind.BREAK), [])
            until = one.last_day_on or date.max
            their_days = [day for day in days[site.pk] if day <= until]
            theirs = away.get(("practitioner", one.pk), {})
            yield (
                ("practitioner", one.pk),
                site,
                Hours(own, breaks, own_of_site),
                their_days,
                _local(theirs, zones[site.pk]),
            )
    for room in rooms:
        own = rules.get((room.site_id, "room", room.pk, HoursKind.OPEN))
        breaks = rules.get((room.site_id, "room", room.pk, HoursKind.BREAK), [])
        if own is None:
            own, breaks = _site_hours(rules, room.site_id), []
        theirs = away.get(("room", room.pk), {})
        yield (
            ("room", room.pk),
            sites[room.site_id],
            Hours(own, breaks),
            days[room.site_id],
            _local(theirs, zones[room.site_id]),
        )


RulesOf = dict[tuple[int, str, int | None, str], list[WeeklyRule]]


def _site_hours(rules: RulesOf, site_id: int) -> list[WeeklyRule]:
    own = rules.get((site_id, "site", None, HoursKind.OPEN))
    if own is not None:
        return own
    works = (HoursKind.OPEN, "practitioner")
    return list(
        any_of(
            found for (site, whose, _key, kind), found in rules.items() if (kind, whose) == works and site == site_id
        )
    )


def _rules(scope: Scope) -> RulesOf:
    rows = WorkingHours.objects.filter(site__in=scope.sites, from_on__lte=scope.until_on)
    rows = rows.filter(Q(until_on=None) | Q(until_on__gte=scope.from_on)).order_by()
    found: RulesOf = {}
    for site, person, room, kind, *rule in rows.values_list("site_id", "practitioner_id", "room_id", "kind", *RULE):
        whose = "practitioner" if person else "room" if room else "site"
        found.setdefault((site, whose, person or room, kind), []).append(WeeklyRule(*rule))
    return found


def _closed(scope: Scope) -> Iterable[tuple[Site, ClosedDays]]:
    rows = Closure.objects.filter(site__in=scope.sites, until_on__gte=scope.from_on, from_on__lte=scope.until_on)
    closures = list(rows)
    for site in scope.sites:
        yield site, ClosedDays(site, tuple(one for one in closures if one.site_id == site.pk))


def _open_days(scope: Scope, site: Site, closed: ClosedDays) -> list[date]:
    return [day for day in scope.days if closed.reason(day) is None]


def _away(scope: Scope, people: list[Practitioner], rooms: list[Room]) -> dict[Owner, list]:
    """Give the absences that meet the days, as instants."""
    spans = [scope.span(zone) for zone in scope.zones()]
    if not spans:
        return {}
    first, last = min(span[0] for span in spans), max(span[1] for span in spans)
    rows = Absence.objects.filter(Q(practitioner__in=people) | Q(room__in=rooms), starts_at__lt=last)
    rows = rows.filter(Q(ends_at=None) | Q(ends_at__gt=first)).order_by()
    found: dict[Owner, list] = defaultdict(list)
    for person, room, starts_at, ends_at in rows.values_list("practitioner_id", "room_id", "starts_at", "ends_at"):
        owner: Owner = ("practitioner", person) if person else ("room", room)
        found[owner].append((max(starts_at, first), min(ends_at or last, last)))
    return found


def _local(spans: Iterable[tuple[datetime, datetime]], zone: ZoneInfo) -> Away:
    """Cut absences into the wall minutes of local days."""
    found: dict[date, list] = defaultdict(list)
    for starts_at, ends_at in spans:
        start, end = starts_at.astimezone(zone), ends_at.astimezone(zone)
        day = start.date()
        while day <= end.date():
            begins = start.hour * 60 + start.minute if day == start.date() else 0
            ends = end.hour * 60 + end.minute if day == end.date() else MINUTES_PER_DAY
            found[day].append((begins, ends))
            day += timedelta(days=1)
    return {day: merge(parts) for day, parts in found.items()}
