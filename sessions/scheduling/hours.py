"""Working hours: weekly rules in wall time, expanded by local day into intervals. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

from sessions.scheduling.intervals import Interval, Intervals, merge
from sessions.scheduling.walltime import MINUTES_PER_DAY, day_clock, day_end, wall_minute_clamped


@dataclass(frozen=True, slots=True)
class WeeklyRule:
    """Hours of one weekday (Monday is 0) in wall time; midnight as the end means the end of the day.

    Valid from/until are inclusive. Every n-th week counts from the week of `valid_from`, which it therefore needs.
    """

    weekday: int
    start_time: time
    end_time: time
    valid_from: date | None = None
    valid_until: date | None = None
    every_weeks: int = 1

    def __post_init__(self) -> None:
        if not 0 <= self.weekday <= 6:
            raise ValueError("weekday is 0 (Monday) to 6 (Sunday)")
        if self.every_weeks < 1 or (self.every_weeks > 1 and self.valid_from is None):
            raise ValueError("every n-th week needs n of at least 1 and a first week to count from")
        if self.end_time <= self.start_time and self.end_time != time():
            raise ValueError("the end must be after the start; hours past midnight are two rules")

    def holds_on(self, day: date) -> bool:
        """Say whether the rule gives hours on a local day."""
        if day.weekday() != self.weekday or (self.valid_until is not None and day > self.valid_until):
            return False
        if self.valid_from is None:
            return True
        if day < self.valid_from:
            return False
        return (_week(day) - _week(self.valid_from)) % self.every_weeks == 0


def day_windows(rules: Sequence[WeeklyRule], days: Iterable[date], zone: ZoneInfo) -> Intervals:
    """Expand weekly rules over local days into merged intervals.

    09:00 stays 09:00 across clock changes. A start or end the clock jumps over moves to the jump; one that exists
    twice means the first.
    """
    by_weekday: list[list[tuple[WeeklyRule, int, int]]] = [[] for _ in range(7)]
    for rule in rules:
        end_minutes = _minutes(rule.end_time) or MINUTES_PER_DAY
        by_weekday[rule.weekday].append((rule, _minutes(rule.start_time), end_minutes))
    windows: Intervals = []
    for day in days:
        for rule, start_minutes, end_minutes in by_weekday[day.weekday()]:
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
