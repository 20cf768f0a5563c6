"""Free time: opening hours minus everything that stands against them. Pure, in minutes, never stored.

The trick for lengths and rooms: the *starts* at which something of length L fits into a free interval are again an
interval. Rooms are joined as starts, so an appointment never changes rooms half-way.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from heapq import merge as merge_sorted
from itertools import chain, islice
from typing import NamedTuple

from sessions.scheduling.intervals import Interval, Intervals, contains, intersect, merge, subtract


@dataclass(frozen=True)
class Agenda:
    """What is known about the time of one practitioner, room or patient; any order, overlaps allowed.

    `hours` of None means no hours of its own: free whenever nothing stands against it (a patient, most rooms).
    `closures` are the site's (public holidays too), `absences` its own (a patient's blocked days), `booked` live appointments.
    """

    hours: Sequence[Interval] | None = None
    breaks: Sequence[Interval] = ()
    closures: Sequence[Interval] = ()
    absences: Sequence[Interval] = ()
    booked: Sequence[Interval] = ()

    def open_intervals(self, between: Interval) -> Intervals:
        """Give the time open for work inside `between`, appointments not looked at."""
        bounds = [between] if between[0] < between[1] else []
        hours = bounds if self.hours is None else intersect(merge(self.hours), bounds)
        against = [*self.breaks, *self.closures, *self.absences]
        return subtract(hours, merge(against)) if against else hours

    def free_intervals(self, between: Interval) -> Intervals:
        """Give the time open and not booked inside `between`."""
        return subtract(self.open_intervals(between), merge(self.booked))


FREE = Agenda()


def starts_of(free: Intervals, length_minutes: int) -> Intervals:
    """Give the starts at which `length_minutes` fit into the merged free time, as intervals of starts."""
    return [(start, end - length_minutes + 1) for start, end in free if end - start >= length_minutes]


class Span(NamedTuple):
    """Starts in [first, last] at which one practitioner and each of `rooms` are free for the length asked for."""

    practitioner: int
    first: int
    last: int
    rooms: tuple[int, ...]
    opens_at: int  # start of the open hours it lies in: the steps count from here


class Slot(NamedTuple):
    """One free time. `rooms` are the ids of the free rooms, the best first; empty when no room is needed."""

    start: int
    end: int
    practitioner: int
    rooms: tuple[int, ...] = ()


@dataclass(frozen=True)
class Wanted:
    """What a slot must fit: the length, the range it must lie in, who it is for and which rooms will do.

    `rooms` of None means no room is needed (a stable, a home); an empty mapping means none is there. Their order is the
    order of preference. `allowed_rooms` limits single practitioners; one not named there may use every room. Call once per site: hours name their site.
    """

    length_minutes: int
    between: Interval
    patient: Agenda = FREE
    rooms: Mapping[int, Agenda] | None = None
    allowed_rooms: Mapping[int, Sequence[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.length_minutes < 1:
            raise ValueError("a length is at least one minute")


def free_spans(practitioners: Mapping[int, Agenda], wanted: Wanted) -> dict[int, list[Span]]:
    """Give per practitioner the ranges of possible starts, ascending, each with the rooms free throughout."""
    length = wanted.length_minutes
    patient_starts = starts_of(wanted.patient.free_intervals(wanted.between), length)
    everywhere = None if wanted.rooms is None else tuple(wanted.rooms)
    room_starts = {
        room: intersect(starts_of(agenda.free_intervals(wanted.between), length), patient_starts)
        for room, agenda in (wanted.rooms or {}).items()
    }
    pieces_by_rooms: dict[tuple[int, ...] | None, list[tuple[int, int, tuple[int, ...]]]] = {
        None: [(start, end, ()) for start, end in patient_starts]
    }
    spans: dict[int, list[Span]] = {}
    for practitioner, agenda in practitioners.items():
        allowed = everywhere
        if everywhere is not None and practitioner in wanted.allowed_rooms:
            own = set(wanted.allowed_rooms[practitioner])
            allowed = tuple(room for room in everywhere if room in own)
        if allowed not in pieces_by_rooms:
            pieces_by_rooms[allowed] = _pieces({room: room_starts[room] for room in allowed or ()})
        opened = agenda.open_intervals(wanted.between)
        starts = starts_of(subtract(opened, merge(agenda.booked)), length)
        spans[practitioner] = _spans(practitioner, starts, pieces_by_rooms[allowed], opened)
    return spans


def free_slots(
    practitioners: Mapping[int, Agenda],
    wanted: Wanted,
    *,
    step_minutes: int,
    not_before: int | None = None,
    limit: int | None = None,
) -> list[Slot]:
    """List free times, earliest first, then by practitioner id; steps count from the opening of the hours.

    At most `limit` of them; the search stops there. `not_before` is usually the present minute.
    """
    if step_minutes < 1:
        raise ValueError("a step is at least one minute")
    floor = wanted.between[0] if not_before is None else max(not_before, wanted.between[0])
    spans = free_spans(practitioners, wanted).values()
    streams = [_expand(one, wanted.length_minutes, step_minutes, floor) for one in spans]
    if limit is None:
        return sorted(chain.from_iterable(streams))
    return list(islice(merge_sorted(*streams), max(limit, 0)))


def _pieces(starts_by_room: Mapping[int, Intervals]) -> list[tuple[int, int, tuple[int, ...]]]:
    """Cut the starts of several rooms into pieces in which the same rooms are free, in the order given."""
    rank = {room: place for place, room in enumerate(starts_by_room)}
    changes = sorted(
        (minute, room, opens)
        for room, starts in starts_by_room.items()
        for interval in starts
        for minute, opens in ((interval[0], True), (interval[1], False))
    )
    pieces: list[tuple[int, int, tuple[int, ...]]] = []
    free: set[int] = set()
    since = 0
    for minute, room, opens in changes:
        if free and since < minute:
            pieces.append((since, minute, tuple(sorted(free, key=rank.__getitem__))))
        since = minute
        if opens:
            free.add(room)
        else:
            free.discard(room)
    return pieces


def _spans(
    practitioner: int, starts: Intervals, pieces: list[tuple[int, int, tuple[int, ...]]], opened: Intervals
) -> list[Span]:
    spans: list[Span] = []
    i = j = window = 0
    while i < len(starts) and j < len(pieces):
        start = max(starts[i][0], pieces[j][0])
        end = min(starts[i][1], pieces[j][1])
        if start < end:
            while opened[window][1] <= start:
                window += 1
            spans.append(Span(practitioner, start, end - 1, pieces[j][2], opened[window][0]))
        if starts[i][1] < pieces[j][1]:
            i += 1
        else:
            j += 1
    return spans


def _expand(spans: Iterable[Span], length: int, step: int, floor: int) -> Iterator[Slot]:
    for span in spans:
        first = max(span.first, floor)
        first += (span.opens_at - first) % step
        for start in range(first, span.last + 1, step):
            yield Slot(start, start + length, span.practitioner, span.rooms)


class WhyNot(StrEnum):
    """Why a time is not free, in the order in which it helps a person to hear it."""

    CLOSED = "closed"
    ABSENT = "absent"
    OUTSIDE_HOURS = "outside_hours"
    BREAK = "break"
    BOOKED = "booked"
    BLOCKED = "blocked"  # the patient is not to be booked then
    PATIENT = "patient"
    ROOM = "room"


def why_not_free(start: int, end: int, practitioner: Agenda, wanted: Wanted, rooms: Sequence[int] = ()) -> list[WhyNot]:
    """Name everything that stands against [start, end), most telling first; empty when the time is free.

    `rooms` are the rooms that would do (all of `wanted.rooms` when empty); ROOM says that none of them is free.
    The range and the length of `wanted` are not looked at.
    """
    reasons = []
    if _meets(practitioner.closures, start, end):
        reasons.append(WhyNot.CLOSED)
    if _meets(practitioner.absences, start, end):
        reasons.append(WhyNot.ABSENT)
    if practitioner.hours is not None and not contains(merge(practitioner.hours), start, end):
        reasons.append(WhyNot.OUTSIDE_HOURS)
    if _meets(practitioner.breaks, start, end):
        reasons.append(WhyNot.BREAK)
    if _meets(practitioner.booked, start, end):
        reasons.append(WhyNot.BOOKED)
    if _meets(wanted.patient.absences, start, end):
        reasons.append(WhyNot.BLOCKED)
    if _is_busy(wanted.patient, start, end):
        reasons.append(WhyNot.PATIENT)
    if wanted.rooms is not None:
        able = [wanted.rooms[room] for room in rooms or wanted.rooms if room in wanted.rooms]
        if not any(contains(room.free_intervals((start, end)), start, end) for room in able):
            reasons.append(WhyNot.ROOM)
    return reasons


def _is_busy(patient: Agenda, start: int, end: int) -> bool:
    """Say whether anything but its blocked days stands against a patient."""
    if patient.hours is not None and not contains(merge(patient.hours), start, end):
        return True
    return any(_meets(taken, start, end) for taken in (patient.breaks, patient.closures, patient.booked))


def _meets(intervals: Sequence[Interval], start: int, end: int) -> bool:
    return any(one_start < end and start < one_end and one_start < one_end for one_start, one_end in intervals)
