"""Read what the settings show: practitioners, rooms, weekly hours, absences, closed days."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from mesoclinic.core.models import Clinic, Site
from protocols.models import Species
from sessions.models import Absence, Closure, Practitioner, Room, WorkingHours
from sessions.queries.availability import public_holidays

OWNERS = {"site": Site, "practitioner": Practitioner, "room": Room}


def practitioner_or_404(clinic: Clinic, public_id: UUID) -> Practitioner:
    return get_object_or_404(Practitioner, clinic=clinic, public_id=public_id)


def room_or_404(clinic: Clinic, public_id: UUID) -> Room:
    return get_object_or_404(Room.objects.select_related("site"), clinic=clinic, public_id=public_id)


def absence_or_404(clinic: Clinic, public_id: UUID) -> Absence:
    rows = Absence.objects.select_related("practitioner", "room__site", "created_by")
    return get_object_or_404(rows, clinic=clinic, public_id=public_id)


def closure_or_404(clinic: Clinic, public_id: UUID) -> Closure:
    return get_object_or_404(Closure.objects.select_related("site"), clinic=clinic, public_id=public_id)


def hours_owner_or_404(clinic: Clinic, kind: str, public_id: UUID) -> Site | Practitioner | Room:
    """Give the site, practitioner or room whose weekly hours are asked for."""
    if kind not in OWNERS:
        raise Http404
    return get_object_or_404(OWNERS[kind], clinic=clinic, public_id=public_id)


def sites_with_rooms(clinic: Clinic) -> list[tuple[Site, list[tuple[Room, str]]]]:
    """List the sites, those in use first, each with all its rooms and the species these take. Three SQL statements.

    A room that takes every species names none.
    """
    sites = Site.objects.filter(clinic=clinic).order_by("-is_active", "name").prefetch_related("rooms")
    kinds = list(Species.objects.all())
    return [
        (
            site,
            [(room, ", ".join(_(one.name) for one in kinds if one.code in room.species)) for room in site.rooms.all()],
        )
        for site in sites
    ]


def hours_of(site: Site, practitioner: Practitioner | None, room: Room | None) -> QuerySet[WorkingHours]:
    """List every weekly block of one of them, old and future ones too. One SQL statement."""
    return WorkingHours.objects.filter(site=site, practitioner=practitioner, room=room)


@dataclass
class Week:
    """The weekly hours of somebody or something on one line: seven days, each a list of blocks."""

    kind: str
    owner: Site | Practitioner | Room
    days: list[list[WorkingHours]] = field(default_factory=lambda: [[] for _day in range(7)])

    @property
    def is_empty(self) -> bool:
        return not any(self.days)


def weeks(site: Site, today: date) -> list[Week]:
    """List the weekly hours valid today or later: of the site, everybody who works on, the rooms in use.

    Three SQL statements.
    """
    blocks = defaultdict(list)
    rows = WorkingHours.objects.filter(site=site).filter(Q(until_on__isnull=True) | Q(until_on__gte=today))
    for row in rows.order_by("weekday", "start_time"):
        blocks[row.practitioner_id, row.room_id].append(row)
    staying = Q(last_day_on__isnull=True) | Q(last_day_on__gte=today)
    people = Practitioner.objects.filter(staying, clinic_id=site.clinic_id)
    rooms = Room.objects.filter(site=site, is_active=True)
    return [
        _week("site", site, blocks[None, None]),
        *(_week("practitioner", one, blocks[one.pk, None]) for one in people),
        *(_week("room", one, blocks[None, one.pk]) for one in rooms),
    ]


def _week(kind: str, owner: Site | Practitioner | Room, rows: list[WorkingHours]) -> Week:
    week = Week(kind, owner)
    for row in rows:
        week.days[row.weekday - 1].append(row)
    return week


def absences(clinic: Clinic, *, since: datetime) -> QuerySet[Absence]:
    """List the absences that are not over, the next one first. One SQL statement."""
    rows = Absence.objects.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=since), clinic=clinic)
    return rows.select_related("practitioner", "room__site").order_by("starts_at")


def closures(site: Site, *, from_on: date) -> list[Closure]:
    """List the closed days of a site that are not over. One SQL statement."""
    return list(Closure.objects.filter(site=site, is_open=False, until_on__gte=from_on))


@dataclass(frozen=True)
class ClosedDays:
    """A line of what the page of closed days shows: days that are shut, or a public holiday."""

    from_on: date
    until_on: date
    reason: str
    is_holiday: bool = False
    is_open: bool = False


def closed_days(site: Site, *, from_on: date) -> list[ClosedDays]:
    """List closed days and public holidays ahead, the next first. Two SQL statements."""
    shut = [ClosedDays(one.from_on, one.until_on, one.reason) for one in closures(site, from_on=from_on)]
    holidays = [
        ClosedDays(one.day, one.day, one.name, is_holiday=True, is_open=one.opened is not None)
        for one in holidays_ahead(site, from_on=from_on)
    ]
    return sorted([*shut, *holidays], key=lambda one: one.from_on)


@dataclass(frozen=True)
class Holiday:
    """A public holiday of a site; `opened` is the row that says it works all the same."""

    day: date
    name: str
    opened: Closure | None


def holidays_ahead(site: Site, *, from_on: date, days: int = 400) -> list[Holiday]:
    """List the public holidays of the coming months. One SQL statement."""
    until_on = from_on + timedelta(days=days)
    opened = list(Closure.objects.filter(site=site, is_open=True, until_on__gte=from_on, from_on__lte=until_on))
    found = []
    for year in range(from_on.year, until_on.year + 1):
        for day, name in public_holidays(site.holiday_country, site.holiday_region, year).items():
            if from_on <= day <= until_on:
                row = next((one for one in opened if one.from_on <= day <= one.until_on), None)
                found.append(Holiday(day, name, row))
    return sorted(found, key=lambda holiday: holiday.day)
