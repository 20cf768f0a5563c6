"""Where a session of some length could begin, day by day: free spans cut at midnight. Pure, made once and asked often.

`series.py` solves again and again over the same openings: with another wish, around a time somebody chose.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
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
    """The openings of every length asked for, by local day (as an ordinal)."""

    zone: ZoneInfo
    step_minutes: int
    by_length: Mapping[int, Mapping[int, Sequence[Opening]]]

    def on(self, minutes: int, day: int) -> Sequence[Opening]:
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
    runs = _runs(wanted_days)
    found: dict[int, dict[int, list[Opening]]] = {}
    rank = {room: position for position, room in enumerate(time.rooms or ())}
    for length in set(lengths):
        by_day: dict[int, list[Opening]] = {}
        for run in runs:
            _fill(by_day, time, length, run, zone, step_minutes, not_before, rank)
        found[length] = by_day
    return Openings(zone, step_minutes, found)


def _runs(days: Sequence[date]) -> list[list[date]]:
    """Cut ascending days into runs without holes."""
    runs: list[list[date]] = []
    for day in days:
        if runs and day.toordinal() == runs[-1][-1].toordinal() + 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return runs


def _fill(
    by_day: dict[int, list[Opening]],
    time: Time,
    length: int,
    run: list[date],
    zone: ZoneInfo,
    step: int,
    not_before: int,
    rank: Mapping[int, int],
) -> None:
    midnights = [day_start(day, zone) for day in run]
    between = (midnights[0], day_end(run[-1], zone))
    cut = {one: _clipped(agenda, between) for one, agenda in time.practitioners.items()}
    rooms = None if time.rooms is None else {one: _clipped(agenda, between) for one, agenda in time.rooms.items()}
    wanted = Wanted(length, between, patient=_clipped(time.patient, between), rooms=rooms)
    ordered: dict[tuple[int, ...], tuple[int, ...]] = {}
    for practitioner, spans in free_spans(cut, wanted).items():
        for span in spans:
            if span.rooms not in ordered:
                ordered[span.rooms] = tuple(sorted(span.rooms, key=rank.__getitem__)) or (NO_ROOM,)
            first = max(span.first, not_before)
            first += (span.opens_at - first) % step
            while first <= span.last:
                index = bisect_right(midnights, first) - 1
                ends = midnights[index + 1] - 1 if index + 1 < len(midnights) else span.last
                last = min(span.last, ends)
                opening = Opening(practitioner, first, last, ordered[span.rooms])
                by_day.setdefault(run[index].toordinal(), []).append(opening)
                first = last + 1 + (span.opens_at - last - 1) % step


def _clipped(agenda: Agenda, between: tuple[int, int]) -> Agenda:
    """Leave out what does not meet the range, so that each run of days costs what it holds."""
    start, end = between

    def near(intervals: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        return [one for one in intervals if one[0] < end and start < one[1]]

    return Agenda(
        None if agenda.hours is None else near(agenda.hours),
        near(agenda.breaks),
        near(agenda.closures),
        near(agenda.absences),
        near(agenda.booked),
    )
