"""Where a session of some length could begin, day by day: free spans cut at midnight. Pure, made once and asked often.

`series.py` solves again and again over the same openings: with another wish, around a time somebody chose.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sessions.scheduling.slots import Agenda, Wanted, free_spans
from sessions.scheduling.walltime import day_end, day_start

NO_ROOM = 0  # where no room is needed: a stable, a home


class Opening(NamedTuple):
    """Starts from `first` to `last`, both included, in steps counted from `first`; `rooms` in the site's order."""

    practitioner: int
    first: int
    last: int
    rooms: tuple[int, ...]


@dataclass(frozen=True)
class Openings:
    """The openings of every length asked for, by local day (as an ordinal). `elsewhere`: those away from the clinic."""

    zone: ZoneInfo
    step_minutes: int
    by_length: Mapping[int, Mapping[int, Sequence[Opening]]]
    elsewhere: "Openings | None" = None

    def on(self, minutes: int, day: int, *, is_away: bool = False) -> Sequence[Opening]:
        if is_away and self.elsewhere is not None:
            return self.elsewhere.on(minutes, day)
        return self.by_length.get(minutes, {}).get(day, ())


@dataclass(frozen=True)
class Time:
    """Whose time is looked at. `rooms` of None means that none is needed; their order is the order of preference."""

    practitioners: Mapping[int, Agenda]
    patient: Agenda
    rooms: Mapping[int, Agenda] | None = None


def find_openings(
    time: Time,
    lengths: Iterable[int],
    days: Iterable[date],
    zone: ZoneInfo,
    *,
    step_minutes: int,
    not_before: int,
) -> Openings:
    """Find the openings for every length on these local days; steps count from the opening of the hours."""
    wanted_days = sorted(set(days))
    if not wanted_days:
        return Openings(zone, step_minutes, {})
    between = (day_start(wanted_days[0], zone), day_end(wanted_days[-1], zone))
    midnights = [day_start(day, zone) for day in wanted_days]
    ends = [day_end(day, zone) for day in wanted_days]
    rank = {room: position for position, room in enumerate(time.rooms or ())}
    ordered: dict[tuple[int, ...], tuple[int, ...]] = {}
    found: dict[int, dict[int, list[Opening]]] = {}
    for length in set(lengths):
        by_day: dict[int, list[Opening]] = {}
        wanted = Wanted(length, between, patient=time.patient, rooms=time.rooms)
        for span in chain.from_iterable(free_spans(time.practitioners, wanted).values()):
            if span.rooms not in ordered:
                ordered[span.rooms] = tuple(sorted(span.rooms, key=rank.__getitem__)) or (NO_ROOM,)
            index = max(bisect_right(midnights, max(span.first, not_before)) - 1, 0)
            while index < len(midnights) and midnights[index] <= span.last:
                first = max(span.first, not_before, midnights[index])
                first += (span.opens_at - first) % step_minutes
                last = min(span.last, ends[index] - 1)
                if first <= last:
                    opening = Opening(span.practitioner, first, last, ordered[span.rooms])
                    by_day.setdefault(wanted_days[index].toordinal(), []).append(opening)
                index += 1
        found[length] = by_day
    return Openings(zone, step_minutes, found)
