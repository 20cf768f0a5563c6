"""When patients cannot come at all: other visits, blocked days, and what they wish for *only*; many patients at once."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from mesoclinic.core.localtime import day_bounds, local_day
from mesoclinic.core.models import Site
from sessions.models import Appointment, BookingPreference
from sessions.models.preferences import Strength
from sessions.queries.availability import LONGEST_MIN
from sessions.queries.blocked import blocked_times, intervals
from sessions.scheduling.hours import days_between
from sessions.scheduling.intervals import Interval, Intervals, merge
from sessions.scheduling.walltime import minute_after, minute_of, wall_minute_clamped

Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class PatientsTime:
    """By patient: the time taken, merged; and the only practitioner or room that will do, where one is named."""

    taken: dict[int, Intervals]
    practitioner: dict[int, int]
    room: dict[int, int]

    def also_taken(self, visits: Iterable[Appointment]) -> "PatientsTime":
        """Give the same with the time of these visits taken too."""
        taken = dict(self.taken)
        for visit in visits:
            span = (minute_of(visit.starts_at), minute_after(visit.ends_at))
            taken[visit.patient_id] = merge([*taken.get(visit.patient_id, ()), span])
        return replace(self, taken=taken)


def patients_time(patient_ids: Collection[int], span: Span, site: Site, without: Collection[int]) -> PatientsTime:
    """Read it for a span of instants; the visits in `without` stand in nobody's way. Three SQL statements.

    More where one competes, see `blocked_times`.
    """
    zone = site.zone
    taken: dict[int, list[Interval]] = defaultdict(list)
    for patient_id, starts_at, ends_at in _visits(patient_ids, span, without):
        taken[patient_id].append((minute_of(starts_at), minute_after(ends_at)))
    days = days_between(local_day(span[0], zone), local_day(span[1], zone))
    for patient_id, blocked in blocked_times(site.clinic_id, patient_ids, days[0], days[-1], zone).items():
        taken[patient_id] += intervals(blocked)
    wishes = list(BookingPreference.objects.filter(patient__in=patient_ids))
    for wish in wishes:
        taken[wish.patient_id] += _never(wish, days, zone)
    only = Strength.ONLY
    return PatientsTime(
        taken={one: merge(spans) for one, spans in taken.items()},
        practitioner={
            w.patient_id: w.practitioner_id for w in wishes if w.practitioner_id and w.practitioner_is == only
        },
        room={w.patient_id: w.room_id for w in wishes if w.room_id and w.room_is == only},
    )


def _visits(patient_ids: Collection[int], span: Span, without: Collection[int]):
    earliest = span[0] - timedelta(minutes=LONGEST_MIN + 1)
    rows = Appointment.objects.live().filter(patient__in=patient_ids, in_place_of__isnull=True)
    rows = rows.filter(starts_at__gt=earliest, starts_at__lt=span[1]).exclude(pk__in=without).order_by()
    return rows.values_list("patient_id", "starts_at", "ends_at")


def _never(wish: BookingPreference, days: Iterable[date], zone: ZoneInfo) -> list[Interval]:
    """Give the time in which somebody can *only* not come: other weekdays, hours outside those named."""
    found: list[Interval] = []
    weekdays = wish.weekdays if wish.weekdays_are == Strength.ONLY else frozenset()
    hours = wish.times_are == Strength.ONLY and (wish.from_time or wish.until_time)
    for day in days:
        first, last = (minute_of(at) for at in day_bounds(day, zone))
        if weekdays and day.isoweekday() not in weekdays:
            found.append((first, last))
        elif hours:
            found.append((first, wall_minute_clamped(day, wish.from_time or time.min, zone)))
            found.append((wall_minute_clamped(day, wish.until_time, zone) if wish.until_time else last, last))
    return found
