"""When the clocks of a zone change, as calendar programs want to be told. Pure.

The observances of iCalendar (RFC 5545, 3.6.5): each begins at a wall time in the offset before it, and comes again by
a yearly rule where the zone has one. Old Outlook reads rules, not lists of dates; so no lists are written.
"""

from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@dataclass(frozen=True)
class Observance:
    """`starts` is a wall time by the offset before; `rule` is (month, "-1SU"), None when it comes once."""

    starts: datetime
    offset_from: timedelta
    offset_to: timedelta
    name: str
    is_summer: bool
    rule: tuple[int, str] | None = None


def observances(zone: ZoneInfo, first_year: int, last_year: int) -> list[Observance]:
    """List what a zone observes in whole years, both included, in order of time.

    Where yearly rules say it all there is nothing else: Outlook wants one entry for winter and one for summer.
    """
    start = datetime(first_year - 1, 1, 1, tzinfo=UTC)
    end = datetime(last_year + 1, 1, 1, tzinfo=UTC)
    before = _offset(start, zone)
    first = Observance(start.replace(tzinfo=None), before, before, _name(start, zone), _is_summer(start, zone))
    groups: dict[tuple[timedelta, timedelta], list[Observance]] = defaultdict(list)
    for one in _changes(zone, start, end):
        groups[one.offset_from, one.offset_to].append(one)
    rules = [(group, _rule(group, years=last_year - first_year + 2)) for group in groups.values()]
    begun_before = bool(rules) and all(rule for _group, rule in rules)  # the year before holds each rule's first day
    found = [] if begun_before else [first]
    for group, rule in rules:
        found += group if rule is None else [_recurring(group[0], rule)]
    return sorted(found, key=lambda one: one.starts)


def _changes(zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[Observance]:
    at = start
    while at < end:
        following = at + _DAY
        if _offset(at, zone) != _offset(following, zone):
            yield _change(zone, at, following)
        at = following


def _change(zone: ZoneInfo, low: datetime, high: datetime) -> Observance:
    """Find the minute between two instants at which the offset changes."""
    before, after = _offset(low, zone), _offset(high, zone)
    while high - low > _MINUTE:
        middle = low + (high - low) // 2 // _MINUTE * _MINUTE
        low, high = (middle, high) if _offset(middle, zone) == before else (low, middle)
    wall = (high + before).replace(tzinfo=None)
    return Observance(wall, before, after, _name(high, zone), _is_summer(high, zone))


def _rule(group: list[Observance], years: int) -> tuple[int, str] | None:
    """Name the rule by which changes come every year, "the last Sunday of March"; None when there is none."""
    same = {(one.starts.month, one.starts.weekday(), one.starts.time(), one.name) for one in group}
    if len(group) != years or len(same) != 1 or len({one.starts.year for one in group}) != years:
        return None
    weekday = _WEEKDAYS[group[0].starts.weekday()]
    if all(one.starts.day + 7 > monthrange(one.starts.year, one.starts.month)[1] for one in group):
        return group[0].starts.month, f"-1{weekday}"
    weeks = {(one.starts.day - 1) // 7 + 1 for one in group}
    return (group[0].starts.month, f"{weeks.pop()}{weekday}") if len(weeks) == 1 else None


def _recurring(one: Observance, rule: tuple[int, str]) -> Observance:
    return Observance(one.starts, one.offset_from, one.offset_to, one.name, one.is_summer, rule)


def _offset(at: datetime, zone: ZoneInfo) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()


def _name(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).tzname() or zone.key


def _is_summer(at: datetime, zone: ZoneInfo) -> bool:
    return bool(at.astimezone(zone).dst())
