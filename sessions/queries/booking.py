"""What the booking pages show: free times by day and practitioner, the target day marked."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import chain
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404

from mesoclinic.core.models import Clinic, Site
from patients.models import Patient, Place
from patients.restricted import knock
from sessions.models import PlannedSession, Practitioner, Room
from sessions.queries import appointments
from sessions.queries.appointments import FreeTime
from sessions.queries.blocked import reasons_on
from sessions.scheduling.slots import Slot

SHOWN_STEP_MIN = 15  # a page of every fifth minute is a wall; the exact minute can be typed
DAYS_SHOWN = 7
MOST_DAYS = 14
ENOUGH_TIMES = 24  # the first days are shown open until that many times are in view


@dataclass(frozen=True)
class OfferedDay:
    """A local day with how many times are free, and these by practitioner when it `is_open`: most days stay folded.

    `closed_for` is None on a day the site works.
    """

    day: date
    count: int
    is_target: bool
    is_outside: bool
    closed_for: str | None
    blocked_for: str = ""  # why the patient is not to be booked then, or for a part of it
    is_asked: bool = False  # somebody unfolded it
    people: tuple[tuple[Practitioner, tuple[FreeTime, ...]], ...] = ()

    @property
    def is_open(self) -> bool:
        return bool(self.people)

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
    open_on: date | None = None,
) -> list[OfferedDay]:
    """List every day from/until (both included, at most 14). Four SQL statements; one more with a patient.

    Open is the day asked for, else the target day, else the first days, when they have free times.
    """
    until_on = min(until_on, from_on + timedelta(days=MOST_DAYS - 1))
    step = max(site.slot_step_min, SHOWN_STEP_MIN)
    found = appointments.free_times(
        site, practitioners, from_on, until_on, minutes, patient=patient, rooms=rooms, away=away, now=now, step_min=step
    )
    days = [from_on + timedelta(days=n) for n in range((until_on - from_on).days + 1)]
    blocked = [*chain(*found.known.blocked.values())]
    slots = {day: found.on(day, site) for day in days}
    opened = _opened(slots, open_on, target_on)
    return [
        OfferedDay(
            day=day,
            count=len(slots[day]),
            people=_by_practitioner(found.told(slots[day])) if day in opened else (),
            is_asked=day == open_on,
            is_target=day == target_on,
            is_outside=window is not None and not window[0] <= day <= window[1],
            closed_for=found.known.closed.reason(day),
            blocked_for=reasons_on(blocked, day, site.zone),
        )
        for day in days
    ]


def _opened(slots: dict[date, list[Slot]], *wanted: date | None) -> set[date]:
    if chosen := next((day for day in wanted if slots.get(day)), None):
        return {chosen}
    opened: set[date] = set()
    for day, found in slots.items():
        if sum(len(slots[one]) for one in opened) < ENOUGH_TIMES and found:
            opened.add(day)
    return opened


def _by_practitioner(times: Iterable[FreeTime]) -> tuple[tuple[Practitioner, tuple[FreeTime, ...]], ...]:
    found: dict[Practitioner, list[FreeTime]] = defaultdict(list)
    for free in times:
        found[free.practitioner].append(free)
    in_order = sorted(found.items(), key=lambda entry: (entry[0].position, entry[0].name))
    return tuple((who, tuple(theirs)) for who, theirs in in_order)


def planned_or_404(clinic: Clinic, public_id: UUID) -> PlannedSession:
    """Give a planned session of this clinic with its course and patient. One SQL statement."""
    rows = PlannedSession.objects.select_related(
        "course__patient__species", "course__patient__place", "course__site", "course__lead_practitioner"
    ).select_related("course__indication", "course__clinic")
    try:
        planned = rows.get(public_id=public_id, course__clinic=clinic)
    except PlannedSession.DoesNotExist as exc:
        raise Http404 from exc
    knock(planned.course.patient)
    return planned


def places(clinic: Clinic) -> QuerySet[Place]:
    """List the stables and homes in use. One SQL statement."""
    return Place.objects.filter(clinic=clinic, is_archived=False)


def patients_at(place: Place) -> QuerySet[Patient]:
    """List the open files of a place. One SQL statement."""
    rows = Patient.objects.filter(place=place, ended_on__isnull=True, merged_into__isnull=True)
    return rows.select_related("species").order_by("name")
