"""Working hours: weekly rules in wall time, expanded by local day into intervals. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

from sessions.scheduling.intervals import Interval, Intervals, merge
from sessions.scheduling.walltime import MINUTES_PER_DAY, day_clock, day_end, wall_minute_clamped


@dataclass(frozen=True, slots=True)
class WeeklyRule:
    """Hours (or a break) of one ISO weekday, Monday 1 to Sunday 7, in wall time; midnight as the end ends the day.

    `from_on` and `until_on` are inclusive. Every n-th week counts from the ISO week of `from_on`, which it therefore needs.
    """

    weekday: int
    start_time: time
    end_time: time
    from_on: date | None = None
    until_on: date | None = None
    every_weeks: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.weekday <= 7:
            raise ValueError("weekday is 1 (Monday) to 7 (Sunday)")
        if self.every_weeks < 1 or (self.every_weeks > 1 and self.from_on is None):
            raise ValueError("every n-th week needs n of at least 1 and a first week to count from")
        if self.end_time <= self.start_time and self.end_time != time():
            raise ValueError("the end must be after the start; hours past midnight are two rules")

    def holds_on(self, day: date) -> bool:
        """Say whether the rule gives hours on a local day."""
        if day.isoweekday() != self.weekday or (self.until_on is not None and day > self.until_on):
            return False
        if self.from_on is None:
            return True
        if day < self.from_on:
            return False
        return (_week(day) - _week(self.from_on)) % self.every_weeks == 0


def day_windows(rules: Sequence[WeeklyRule], days: Iterable[date], zone: ZoneInfo) -> Intervals:
    """Expand weekly rules over local days into merged intervals.

    09:00 stays 09:00 across clock changes. A start or end the clock jumps over moves to the jump; one that exists
    twice means the first.
    """
    by_weekday: list[list[tuple[WeeklyRule, int, int]]] = [[] for _ in range(8)]
    for rule in rules:
        end_minutes = _minutes(rule.end_time) or MINUTES_PER_DAY
        by_weekday[rule.weekday].append((rule, _minutes(rule.start_time), end_minutes))
    windows: Intervals = []
    for day in days:
        for rule, start_minutes, end_minutes in by_weekday[day.isoweekday()]:
            if not rule.holds_on(day):
                continue
            midnight, steady = day_clock(day, zone)
            if steady:
                windows.append((midnight + start_minutes, midnight + end_minutes))
            else:
                windows.append(_jumping_window(rule, day, zone))
    return merge(windows)


def days_between(first_on: date, last_on: date) -> list[date]:
    """List the local days from first to last, both included."""
    return [first_on + timedelta(days=n) for n in range((last_on - first_on).days + 1)]


def _jumping_window(rule: WeeklyRule, day: date, zone: ZoneInfo) -> Interval:
    end = day_end(day, zone) if rule.end_time == time() else wall_minute_clamped(day, rule.end_time, zone)
    return wall_minute_clamped(day, rule.start_time, zone), end


def _minutes(wall_time: time) -> int:
    return wall_time.hour * 60 + wall_time.minute


def _week(day: date) -> int:
    return (day.toordinal() - 1) // 7  # day 1 is a Monday
