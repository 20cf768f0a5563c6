"""Wall time to instant and back, without Django: the one place where the scheduling engines meet daylight saving.

The rest of the product asks `mesoclinic.core.localtime`, which engines may not import; a test holds the two together.
An instant is a whole number of minutes since 1970-01-01 00:00 UTC. That is fast, sorts, and cannot be naive.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

MINUTES_PER_DAY = 24 * 60
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)


class NoSuchWallTimeError(ValueError):
    """The clock jumps over this wall time (a spring change), so no instant has it."""

    def __init__(self, day: date, wall_time: time, zone: ZoneInfo) -> None:
        self.day, self.wall_time, self.zone = day, wall_time, zone
        super().__init__(f"{day} {wall_time:%H:%M} does not exist in {zone.key}: the clock jumps over it")


def minute_of(instant: datetime) -> int:
    """Give the minute an aware instant lies in; seconds are dropped. Use it for starts."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return (instant - _EPOCH) // _MINUTE


def minute_after(instant: datetime) -> int:
    """Give the first minute not before an aware instant. Use it for ends, so that a busy time never shrinks."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return -((_EPOCH - instant) // _MINUTE)


def instant_of(minute: int) -> datetime:
    """Give the aware UTC datetime of a minute."""
    return _EPOCH + minute * _MINUTE


def wall_minute(day: date, wall_time: time, zone: ZoneInfo) -> int:
    """Turn a local day and wall time into a minute; a wall time that exists twice (autumn) means the first.

    Raises NoSuchWallTimeError when the clock jumps over it (spring). Source: DESIGN.md section 4, rule 12.
    """
    minute, exists = _locate(datetime.combine(day, wall_time.replace(tzinfo=None, fold=0)), zone)
    if not exists:
        raise NoSuchWallTimeError(day, wall_time, zone)
    return minute


def wall_minute_clamped(day: date, wall_time: time, zone: ZoneInfo) -> int:
    """Like `wall_minute`, but a wall time the clock jumps over becomes the moment of the jump. For opening hours."""
    return _locate(datetime.combine(day, wall_time.replace(tzinfo=None, fold=0)), zone)[0]


def day_start(day: date, zone: ZoneInfo) -> int:
    """Give the first minute of a local day."""
    return _day(day, zone)[0]


def day_end(day: date, zone: ZoneInfo) -> int:
    """Give the first minute after a local day. A day has 23, 23.5, 24, 24.5 or 25 hours."""
    return _day(day + _DAY, zone)[0] if day < date.max else _day(day, zone)[0] + MINUTES_PER_DAY


def local_day_of(minute: int, zone: ZoneInfo) -> date:
    """Give the local day a minute lies in."""
    return instant_of(minute).astimezone(zone).date()


def day_clock(day: date, zone: ZoneInfo) -> tuple[int, bool]:
    """Give the first minute of a local day and whether its clock never jumps, so that minutes may simply be added."""
    return _day(day, zone)


def whole_days(days: Iterable[date], zone: ZoneInfo) -> list[tuple[int, int]]:
    """Give every local day as a half-open pair of minutes, ascending: closures and public holidays."""
    return [(day_start(day, zone), day_end(day, zone)) for day in sorted(set(days))]


@lru_cache(maxsize=20_000)
def _day(day: date, zone: ZoneInfo) -> tuple[int, bool]:
    midnight = datetime.combine(day, time())
    offset = midnight.replace(tzinfo=zone).utcoffset()
    following = midnight + _DAY if day < date.max else midnight
    return _locate(midnight, zone)[0], offset == following.replace(tzinfo=zone).utcoffset()


def _locate(wall: datetime, zone: ZoneInfo) -> tuple[int, bool]:
    before = _offset(wall, zone, fold=0)
    after = _offset(wall, zone, fold=1)
    minute = (wall.replace(tzinfo=UTC) - _EPOCH) // _MINUTE
    if after <= before:  # an ordinary time, or one that exists twice: fold 0 is the first
        return minute - before, True
    low, high = minute - after, minute - before  # the jump lies in (low, high]
    while high - low > 1:
        middle = (low + high) // 2
        if _offset_at(middle, zone) == before:
            low = middle
        else:
            high = middle
    return high, False


def _offset(wall: datetime, zone: ZoneInfo, *, fold: int) -> int:
    offset = wall.replace(tzinfo=zone, fold=fold).utcoffset()
    return (offset or timedelta()) // _MINUTE


def _offset_at(minute: int, zone: ZoneInfo) -> int:
    offset = instant_of(minute).astimezone(zone).utcoffset()
    return (offset or timedelta()) // _MINUTE
