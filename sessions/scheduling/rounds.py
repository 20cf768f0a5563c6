"""Several patients in one go: a round of visits back to back with the way there, or side by side at one time. Pure.

Times are minutes since 1970 (`walltime.py`), intervals half-open.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sessions.scheduling.intervals import Interval, Intervals, contains, intersect, merge, subtract
from sessions.scheduling.slots import FREE, Agenda, starts_of

MINUTES_AROUND = 24 * 60  # the way there and back is never longer
APART_MIN = 60


@dataclass(frozen=True)
class Stop:
    """One visit of a round: how long, and what is known about the patient's time."""

    minutes: int
    patient: Agenda = FREE


def back_to_back(start: int, lengths: Iterable[int]) -> list[Interval]:
    """Place visits of these lengths one behind the other from `start` on."""
    times: list[Interval] = []
    for minutes in lengths:
        times.append((start, start + minutes))
        start += minutes
    return times


def round_starts(
    practitioner: Agenda, stops: Sequence[Stop], *, between: Interval, before_min: int = 0, after_min: int = 0
) -> Intervals:
    """Give the minutes, inside `between`, at which the first visit of a round can begin; none for no stops.

    The visits lie in one piece of the practitioner's open time and in each patient's free time. The way before the
    first and after the last may lie outside the hours and in breaks, but meets no other visit and no absence.
    """
    if not stops:
        return []
    total = sum(stop.minutes for stop in stops)
    starts = starts_of(practitioner.free_intervals(between), total)
    around = [(between[0] - MINUTES_AROUND, between[1] + MINUTES_AROUND)]
    drivable = subtract(around, merge([*practitioner.booked, *practitioner.absences]))
    starts = intersect(starts, _shifted(starts_of(drivable, before_min + total + after_min), before_min))
    offset = 0
    for stop in stops:
        if stop.patient is not FREE:
            free = starts_of(stop.patient.free_intervals(between), stop.minutes)
            starts = intersect(starts, _shifted(free, -offset))
        offset += stop.minutes
    return starts


def best_starts(
    starts: Intervals, practitioner: Agenda, *, step_minutes: int, before_min: int = 0, not_before: int, count: int
) -> list[int]:
    """Choose starts to propose, ascending: whole steps after midnight UTC, first those whose way there lies in the hours.

    An hour apart, so that a choice is a choice; `count` at most.
    """
    hours = practitioner.open_intervals((not_before - MINUTES_AROUND, starts[-1][1] if starts else not_before))
    grid = [
        minute
        for start, end in starts
        for minute in range(_step_up(max(start, not_before + before_min), step_minutes), end, step_minutes)
    ]
    early: list[int] = []
    late: list[int] = []
    for minute in grid:
        (early if contains(hours, minute - before_min, minute + 1) else late).append(minute)
    chosen: list[int] = []
    for minute in [*early, *late]:
        if len(chosen) < count and all(abs(minute - other) >= APART_MIN for other in chosen):
            chosen.append(minute)
    return sorted(chosen)


def _step_up(minute: int, step: int) -> int:
    return -(-minute // step) * step


def _shifted(intervals: Intervals, minutes: int) -> Intervals:
    return [(start + minutes, end + minutes) for start, end in intervals]


@dataclass(frozen=True)
class Guest:
    """One of several patients wanted at the same time: how long, and the ids of the practitioners who will do.

    `rooms` are the ids of those that will do, the best first; None: any, and empty: none is needed.
    """

    minutes: int
    practitioners: tuple[int, ...]
    patient: Agenda = FREE
    rooms: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Together:
    """A time at which everybody is seen at once: per guest the practitioner, and the room (None when none is needed)."""

    start: int
    practitioners: tuple[int, ...]
    rooms: tuple[int | None, ...]


def side_by_side(
    guests: Sequence[Guest],
    practitioners: Mapping[int, Agenda],
    rooms: Mapping[int, Agenda] | None,
    *,
    between: Interval,
    step_minutes: int,
    not_before: int,
    preferred: Collection[int] = (),
) -> list[Together]:
    """List the times at which every guest can be seen at once, each by somebody else and in a room of their own.

    Ascending, on whole steps. `rooms` of None: no rooms are needed. Exact: who sees whom is a matching at each time, with
    as many of the `preferred` practitioners as any has.
    """
    if not guests:
        return []
    free_people = {one: agenda.free_intervals(between) for one, agenda in practitioners.items()}
    free_rooms = {one: agenda.free_intervals(between) for one, agenda in (rooms or {}).items()}
    starts: Intervals = [between]
    for guest in guests:
        starts = intersect(starts, starts_of(guest.patient.free_intervals(between), guest.minutes))
        anybody = [
            span
            for one in guest.practitioners
            if one in free_people
            for span in starts_of(free_people[one], guest.minutes)
        ]
        starts = intersect(starts, merge(anybody))
    seats = None if rooms is None else free_rooms
    grid = (
        start
        for first, end in starts
        for start in range(_step_up(max(first, not_before), step_minutes), end, step_minutes)
    )
    return [time for start in grid if (time := _at(start, guests, free_people, seats, preferred)) is not None]


def _at(
    start: int,
    guests: Sequence[Guest],
    people: Mapping[int, Intervals],
    rooms: Mapping[int, Intervals] | None,
    preferred: Collection[int],
) -> Together | None:
    def free(ids: Iterable[int], known: Mapping[int, Intervals], guest: Guest) -> list[int]:
        return [one for one in ids if one in known and contains(known[one], start, start + guest.minutes)]

    who = matched([free(guest.practitioners, people, guest) for guest in guests], preferred)
    if who is None:
        return None
    if rooms is None:
        return Together(start, who, (None,) * len(guests))
    choices = [rooms if guest.rooms is None else guest.rooms for guest in guests]
    in_need = [place for place, own in enumerate(choices) if own or guests[place].rooms is None]
    where = matched([free(choices[place], rooms, guests[place]) for place in in_need])
    if where is None:
        return None
    found = dict(zip(in_need, where, strict=True))
    return Together(start, who, tuple(found.get(place) for place in range(len(guests))))


def matched(choices: Sequence[Sequence[int]], preferred: Collection[int] = ()) -> tuple[int, ...] | None:
    """Give everybody one of their choices, no choice twice; None when that cannot be. Augmenting paths (Kuhn).

    As many of the `preferred` choices are given as can be: they are matched first, and a path never frees a choice.
    """
    taken: dict[int, int] = {}

    def place(guest: int, seen: set[int], among: Sequence[Sequence[int]]) -> bool:
        for choice in among[guest]:
            if choice not in seen:
                seen.add(choice)
                if choice not in taken or place(taken[choice], seen, among):
                    taken[choice] = guest
                    return True
        return False

    wished = [[choice for choice in own if choice in preferred] for own in choices]
    placed = [preferred != () and place(guest, set(), wished) for guest in range(len(choices))]
    if not all(there or place(guest, set(), choices) for guest, there in enumerate(placed)):
        return None
    chosen = {guest: choice for choice, guest in taken.items()}
    return tuple(chosen[guest] for guest in range(len(choices)))


def retimed(visits: Sequence[Interval], order: Sequence[int]) -> list[Interval]:
    """Give each visit its time after they change places: the lengths go along, the pauses between places stay.

    `visits` ascend and do not overlap; `order` names, place by place, which of them comes there. The first begins when
    the first began, the last ends when the last ended.
    """
    times: list[Interval] = [(0, 0)] * len(visits)
    minute = visits[0][0] if visits else 0
    for place, which in enumerate(order):
        start, end = visits[which]
        times[which] = (minute, minute + end - start)
        pause = visits[place + 1][0] - visits[place][1] if place + 1 < len(visits) else 0
        minute += end - start + pause
    return times
