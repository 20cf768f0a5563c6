"""When a reminder is due, and when it is night. Pure: instants and a zone in, an instant out."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from .walltime import instant_of, wall_minute_clamped

DAY_MIN = 24 * 60
LEAST_NOTICE = timedelta(hours=1)
BEFORE_NIGHT = timedelta(minutes=30)
_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Night:
    """The hours in which nothing is sent, in wall time; half-open, over midnight when `until` is not after `from`."""

    from_time: time
    until_time: time

    def holds(self, at: datetime, zone: ZoneInfo) -> bool:
        """Say whether an instant lies in the night. The same time twice means there is none."""
        wall = at.astimezone(zone).time()
        if self.from_time == self.until_time:
            return False
        if self.from_time < self.until_time:
            return self.from_time <= wall < self.until_time
        return wall >= self.from_time or wall < self.until_time

    def end_after(self, at: datetime, zone: ZoneInfo) -> datetime:
        """Give the morning that ends the night an instant lies in; the instant itself when it is not night."""
        if not self.holds(at, zone):
            return at
        day = at.astimezone(zone).date()
        mornings = (_instant(day + _DAY * ahead, self.until_time, zone) for ahead in (0, 1))
        return next(morning for morning in mornings if morning > at)

    def start_before(self, at: datetime, zone: ZoneInfo) -> datetime:
        """Give the evening that began the night an instant lies in; the instant itself when it is not night."""
        if not self.holds(at, zone):
            return at
        day = at.astimezone(zone).date()
        evenings = (_instant(day - _DAY * back, self.from_time, zone) for back in (0, 1))
        return next(evening for evening in evenings if evening <= at)


def due_at(starts_at: datetime, lead_min: int, zone: ZoneInfo, night: Night) -> datetime:
    """Give when a reminder of a visit goes out: never at night, and at least an hour before the visit.

    Whole days before keep the hour on the clock, whatever the clocks do between. What falls into the night waits for
    the morning; when that is too late it goes out before the night begins.
    """
    if lead_min % DAY_MIN == 0:
        wall = starts_at.astimezone(zone)
        wanted = _instant(wall.date() - _DAY * (lead_min // DAY_MIN), wall.time(), zone)
    else:
        wanted = starts_at - _MINUTE * lead_min
    morning = night.end_after(wanted, zone)
    if morning == wanted or starts_at - morning >= LEAST_NOTICE:
        return morning
    evening = night.start_before(wanted, zone)
    early = evening - BEFORE_NIGHT
    return evening - _MINUTE if night.holds(early, zone) else early


def nearest_due(starts_at: datetime, leads: list[int], zone: ZoneInfo, night: Night, now: datetime) -> int | None:
    """Choose which of several reminders of a visit it is time for: the one nearest the visit that is due, if any."""
    return min((lead for lead in leads if due_at(starts_at, lead, zone, night) <= now), default=None)


def _instant(day: date, wall_time: time, zone: ZoneInfo) -> datetime:
    return instant_of(wall_minute_clamped(day, wall_time.replace(second=0, microsecond=0), zone))
