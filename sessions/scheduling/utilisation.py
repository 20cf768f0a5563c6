"""How much of the hours somebody works, or a room is open, is taken: minutes by weekday and hour of the wall clock. Pure.

Hours are counted on the clock on the wall: the night the clocks change counts 24 of them.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sessions.scheduling.hours import WeeklyRule
from sessions.scheduling.intervals import Intervals, intersect, merge, subtract
from sessions.scheduling.walltime import MINUTES_PER_DAY

ByHour = Counter[tuple[int, int]]  # minutes by (ISO weekday, hour)
Rules = Sequence[WeeklyRule]


@dataclass(frozen=True)
class Hours:
    """Weekly hours, less breaks, inside the hours of the site when it has any (None: it has none)."""

    own: Rules
    breaks: Rules = ()
    inside: Rules | None = None


def open_by_hour(hours: Hours, days: Iterable[date], away: Mapping[date, Intervals]) -> ByHour:
    """Add up the open minutes of local days, ascending; `away` are wall minutes of a day on which there is none, merged."""
    days = list(days)
    known: dict[tuple[int, ...], Intervals] = {}
    alike: Counter[tuple[int, ...]] = Counter()
    found: ByHour = Counter()
    parts = (hours.own, hours.breaks, hours.inside or ())
    numbered = [(number, rule) for number, rule in enumerate(rule for part in parts for rule in part)]
    lasting: list[list[int]] = [[] for _weekday in range(8)]
    passing: list[list[tuple[int, WeeklyRule]]] = [[] for _weekday in range(8)]
    for number, rule in numbered:
        if _lasts(rule, days):
            lasting[rule.weekday].append(number)
        else:
            passing[rule.weekday].append((number, rule))
    limits = (len(hours.own), len(hours.own) + len(hours.breaks))
    for day in days:
        weekday = day.isoweekday()
        held = (weekday, *lasting[weekday], *[number for number, rule in passing[weekday] if rule.holds_on(day)])
        if held not in known:
            known[held] = _spans(held[1:], [rule for _number, rule in numbered], limits, hours.inside is not None)
        if day in away:
            add_minutes(found, weekday, subtract(known[held], away[day]))
        else:
            alike[held] += 1
    for held, times in alike.items():
        add_minutes(found, held[0], known[held], times)
    return found


def _lasts(rule: WeeklyRule, days: Sequence[date]) -> bool:
    """Say whether a rule holds on every one of these ascending days that is its weekday: not to be asked for each."""
    if not days or rule.every_weeks > 1:
        return False
    return (rule.from_on is None or rule.from_on <= days[0]) and (rule.until_on is None or days[-1] <= rule.until_on)


def add_minutes(found: ByHour, weekday: int, spans: Iterable[tuple[int, int]], times: int = 1) -> None:
    """Add spans of wall minutes, counted from the midnight that begins the weekday, to the hours they touch.

    A span that reaches past midnight goes on in the next weekday.
    """
    for start, end in spans:
        minute = start
        while minute < end:
            following = min(end, (minute // 60 + 1) * 60)
            days_on, hour = divmod(minute // 60, 24)
            found[(weekday - 1 + days_on) % 7 + 1, hour] += (following - minute) * times
            minute = following


def any_of(all_spans: Iterable[Rules]) -> Rules:
    """Give the rules of several as those of one who works whenever any of them does."""
    return [rule for rules in all_spans for rule in rules]


def _spans(held: Iterable[int], rules: Rules, limits: tuple[int, int], is_inside: bool) -> Intervals:
    own: Intervals = []
    breaks: Intervals = []
    site: Intervals = []
    for number in held:
        part = own if number < limits[0] else breaks if number < limits[1] else site
        part.append(_wall(rules[number]))
    spans = subtract(merge(own), merge(breaks))
    return intersect(spans, merge(site)) if is_inside else spans


def _wall(rule: WeeklyRule) -> tuple[int, int]:
    start = rule.start_time.hour * 60 + rule.start_time.minute
    end = rule.end_time.hour * 60 + rule.end_time.minute
    return start, end or MINUTES_PER_DAY
