"""What the booking pages show: free times by day and practitioner, the target day marked."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404

from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import Clinic, Site
from patients.models import Patient, Place
from sessions.models import PlannedSession, Practitioner, Room
from sessions.queries import appointments, availability
from sessions.queries.appointments import FreeTime

SHOWN_STEP_MIN = 15  # a page of every fifth minute is a wall; the exact minute can be typed
DAYS_SHOWN = 7
MOST_DAYS = 14
FIRST_DAYS = 2


@dataclass(frozen=True)
class OfferedDay:
    """The free times of a local day by practitioner. `closed_for` is None on an open day."""

    day: date
    people: tuple[tuple[Practitioner, tuple[FreeTime, ...]], ...]
    is_target: bool
    is_outside: bool
    closed_for: str | None
    is_first: bool = False  # shown open; the others by a click

    @property
    def count(self) -> int:
        return sum(len(times) for _who, times in self.people)

    @property
    def is_closed(self) -> bool:
        return self.closed_for is not None


def offered_days(
    site: Site,
    *,
    practitioners: Iterable[Practitioner],
    from_on: date,
    until_on: date,
    minutes: int,
    patient: Patient | None,
    rooms: Sequence[Room],
    away: bool,
    now: datetime,
    target_on: date | None = None,
    window: tuple[date, date] | None = None,
) -> list[OfferedDay]:
    """List every day from/until (both included, at most 14) with its free times. Five SQL statements."""
    until_on = min(until_on, from_on + timedelta(days=MOST_DAYS - 1))
    closed = availability.closed_days(site, from_on, until_on)
    step = max(site.slot_step_min, SHOWN_STEP_MIN)
    found = appointments.free_slots(
        site, practitioners, from_on, until_on, minutes, patient=patient, rooms=rooms, away=away, now=now, step_min=step
    )
    by_day: dict[date, dict[Practitioner, list[FreeTime]]] = defaultdict(lambda: defaultdict(list))
    for free in found:
        by_day[local_day(free.starts_at, site.zone)][free.practitioner].append(free)
    days = [from_on + timedelta(days=n) for n in range((until_on - from_on).days + 1)]
    open_on = {target_on} if by_day.get(target_on) else set(sorted(by_day)[:FIRST_DAYS])
    return [
        OfferedDay(
            day=day,
            is_first=day in open_on,
            people=tuple((who, tuple(times)) for who, times in sorted(by_day[day].items(), key=_in_order)),
            is_target=day == target_on,
            is_outside=window is not None and not window[0] <= day <= window[1],
            closed_for=closed.reason(day),
        )
        for day in days
    ]


def _in_order(entry: tuple[Practitioner, list[FreeTime]]) -> tuple[int, str]:
    return entry[0].position, entry[0].name


def planned_or_404(clinic: Clinic, public_id: UUID) -> PlannedSession:
    """Give a planned session of this clinic with its course and patient. One SQL statement."""
    rows = PlannedSession.objects.select_related(
        "course__patient__species", "course__patient__place", "course__site", "course__lead_practitioner"
    ).select_related("course__indication", "course__clinic")
    try:
        return rows.get(public_id=public_id, course__clinic=clinic)
    except PlannedSession.DoesNotExist as exc:
        raise Http404 from exc


def places(clinic: Clinic) -> QuerySet[Place]:
    """List the stables and homes in use. One SQL statement."""
    return Place.objects.filter(clinic=clinic, is_archived=False)


def patients_at(place: Place) -> QuerySet[Patient]:
    """List the open files of a place. One SQL statement."""
    rows = Patient.objects.filter(place=place, ended_on__isnull=True, merged_into__isnull=True)
    return rows.select_related("species").order_by("name")
