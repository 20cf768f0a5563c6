"""Where a local day and a wall time become an instant, and back. Nothing else in the product does this."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


class NonexistentTime(ValueError):
    """The clocks jump over this wall time (spring): nobody can come then."""


def instant(day: date, wall_time: time, zone: ZoneInfo) -> datetime:
    """Return the UTC instant of a wall time on a local day. A time that exists twice (autumn) means the first.

    Raises NonexistentTime for a wall time the clocks jump over.
    """
    local = datetime.combine(day, wall_time.replace(tzinfo=None, fold=0), tzinfo=zone)
    at = local.astimezone(UTC)
    if at.astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise NonexistentTime(f"{wall_time:%H:%M} does not exist on {day.isoformat()} in {zone.key}")
    return at


def local_day(at: datetime, zone: ZoneInfo) -> date:
    """Return the local day an instant falls on."""
    return at.astimezone(zone).date()


def day_bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the instants a local day begins and ends, half-open; 23 or 25 hours apart when the clocks change."""
    return _first_instant(day, zone), _first_instant(day + timedelta(days=1), zone)


def _first_instant(day: date, zone: ZoneInfo) -> datetime:
    # Zones that change at midnight have no 00:00 that day: astimezone gives the instant of the jump's end.
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)
