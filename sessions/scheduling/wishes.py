"""What a patient wishes for, and which times of a session come near it. Pure; `series.py` chooses among them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, time
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from protocols.cadence import Gap
from sessions.scheduling.openings import Opening, Openings
from sessions.scheduling.walltime import day_end, day_start, instant_of, local_day_of, wall_minute_clamped

NOON = time(13)

# One whole number holds the five counts, the later in the lower digits; the last may be below zero.
SQUARE_COSTS = 1 << 36
WISH_COSTS = 1 << 80
OUTSIDE_COSTS = 1 << 100
UNPLACED_COSTS = 1 << 120


class Wish(StrEnum):
    """What may be wished for: each as a condition (`only`) or counted when it cannot be had (`rather`)."""

    WEEKDAY = "weekday"
    TIME = "time"
    PRACTITIONER = "practitioner"
    ROOM = "room"
    SAME_PRACTITIONER = "same_practitioner"
    SAME_ROOM = "same_room"


@dataclass(frozen=True)
class Wishes:
    """What the patient wishes. What stands in `only` is a condition; the rest is counted. Empty means no wish.

    Weekdays are ISO. A session lies between `from_time` and `until_time` when it begins and ends there. Keeping the
    practitioner or the room of the session before is always counted, never a condition.
    """

    weekdays: frozenset[int] = frozenset()
    from_time: time | None = None
    until_time: time | None = None
    practitioner: int | None = None
    room: int | None = None
    only: frozenset[Wish] = frozenset()
    same_practitioner: bool = True
    same_room: bool = False

    def without(self, wish: Wish) -> "Wishes":
        """Give the same wishes with one condition made a wish that is merely counted."""
        return replace(self, only=self.only - {wish})

    def kept(self, practitioner: int, room: int) -> tuple[int, int]:
        """Give what the next session would rather keep of these; 0 where it does not matter."""
        return practitioner if self.same_practitioner else 0, room if self.same_room else 0


class Slot(NamedTuple):
    """A time for one session. `room` is 0 where none is needed."""

    start: int
    practitioner: int
    room: int


@dataclass(frozen=True)
class Need:
    """One session of the chain, to be placed unless it `stands`.

    Its window is measured from the session before by `gap`; without one it is `window` (None: any day will do). After
    `late_after` it is late, though inside a `window` that was left open because it cannot be kept. It is looked for from `first_on` to `last_on`, both included. `stands_on` is the day of a session done, booked or left
    out; `held_to_window` says whether moving its neighbours may put it outside its window. `pinned` is a time somebody
    chose. `avoid` are (day, is afternoon) that will not do. `has` is the time a booked session has now: near its hour
    rather than early, and with its practitioner where the wishes name nobody; if it `may_stay`, that time will do, even
    outside the hours.
    """

    number: int
    due_on: date
    minutes: int
    first_on: date
    last_on: date
    gap: Gap | None = None
    window: tuple[date, date] | None = None
    late_after: date | None = None
    stands_on: date | None = None
    stands_with: tuple[int, int] | None = None  # practitioner and room of the visit that stands
    held_to_window: bool = False
    pinned: Slot | None = None
    avoid: frozenset[tuple[date, bool]] = frozenset()
    has: Slot | None = None
    may_stay: bool = False
    is_away: bool = False


class Option(NamedTuple):
    """A time for one session with what it costs by itself; `key` is what the next session may keep."""

    day: int
    key: tuple[int, int]
    cost: int
    slot: Slot


def options(need: Need, openings: Openings, wishes: Wishes) -> Iterator[Option]:
    """Give the best time of each day with each practitioner (and in each room, where keeping it counts), by day.

    Whatever is chosen for the other sessions, no other time of that day with them could be better.
    """
    if need.pinned is not None:
        yield _pinned(need, need.pinned, openings.zone, wishes)
        return
    wishes = own_wishes(need, wishes)
    has_on = local_day_of(need.has.start, openings.zone).toordinal() if need.has and need.may_stay else 0
    for day in range(need.first_on.toordinal(), need.last_on.toordinal() + 1):
        on = date.fromordinal(day)
        if Wish.WEEKDAY in wishes.only and wishes.weekdays and on.isoweekday() not in wishes.weekdays:
            continue
        found = openings.on(need.minutes, day, is_away=need.is_away)
        if need.has and day == has_on:
            start, practitioner, room = need.has
            found = [Opening(practitioner, start, start, (room,)), *found]
        if found:
            yield from _best_of_day(need, on, found, openings, wishes)


def own_wishes(need: Need, wishes: Wishes) -> Wishes:
    """Give the wishes as they are for one session: whom it is booked with is wished for when nobody else is."""
    if need.has is None or wishes.practitioner is not None:
        return wishes
    return replace(wishes.without(Wish.PRACTITIONER), practitioner=need.has.practitioner)


def _best_of_day(
    need: Need, on: date, found: Sequence[Opening], openings: Openings, wishes: Wishes
) -> Iterator[Option]:
    best: dict[tuple[int, int], tuple[int, Slot]] = {}
    ranges = _ranges(need, on, openings.zone, wishes)
    basis = _day_costs(need, on, wishes)
    due = day_start(need.due_on, openings.zone)
    target = _hour_of(need.has, on, openings.zone) if need.has else None
    for opening in found:
        with_whom = _practitioner_costs(opening.practitioner, wishes)
        if with_whom is None:
            continue
        for first, last, time_costs in ranges:
            start = _start(opening, first, last, openings.step_minutes, target)
            if start is None:
                continue
            for room in opening.rooms:
                where = _room_costs(room, wishes)
                if where is None:
                    continue
                key = wishes.kept(opening.practitioner, room)
                cost = basis + with_whom + where + time_costs
                cost += start - due if target is None else abs(start - target)
                if key not in best or cost < best[key][0]:
                    best[key] = (cost, Slot(start, opening.practitioner, room))
    for key, (cost, slot) in sorted(best.items()):
        yield Option(on.toordinal(), key, cost, slot)


def _hour_of(slot: Slot, on: date, zone: ZoneInfo) -> int:
    return wall_minute_clamped(on, instant_of(slot.start).astimezone(zone).time(), zone)


def _start(opening: Opening, first: int, last: int, step: int, target: int | None) -> int | None:
    """Give the earliest start inside an opening and a range, or the one nearest to a target."""
    low, high = max(opening.first, first), min(opening.last, last)
    if target is not None and low <= target <= high:
        return target
    early = low + (opening.first - low) % step
    if early > high:
        return None
    return early if target is None or target < low else high - (high - opening.first) % step


def _ranges(need: Need, on: date, zone: ZoneInfo, wishes: Wishes) -> list[tuple[int, int, int]]:
    """Give the starts that will do on a day as (first, last, cost): at the wished time, and else without."""
    begins, ends = day_start(on, zone), day_end(on, zone) - 1
    halves = [(begins, ends)]
    if need.avoid:
        noon = wall_minute_clamped(on, NOON, zone)
        both = {False: (begins, noon - 1), True: (noon, ends)}
        halves = [both[half] for half in (False, True) if (on, half) not in need.avoid]
    wished = wished_starts(need.minutes, on, zone, wishes)
    if wished is None:
        return [(first, last, 0) for first, last in halves]
    inside = [(max(first, wished[0]), min(last, wished[1]), 0) for first, last in halves]
    return inside if Wish.TIME in wishes.only else inside + [(first, last, WISH_COSTS) for first, last in halves]


def wished_starts(minutes: int, on: date, zone: ZoneInfo, wishes: Wishes) -> tuple[int, int] | None:
    if wishes.from_time is None and wishes.until_time is None:
        return None
    first = wall_minute_clamped(on, wishes.from_time, zone) if wishes.from_time else day_start(on, zone)
    until = wall_minute_clamped(on, wishes.until_time, zone) if wishes.until_time else day_end(on, zone)
    return first, until - minutes


def _day_costs(need: Need, on: date, wishes: Wishes) -> int:
    unwished = bool(wishes.weekdays) and on.isoweekday() not in wishes.weekdays
    return (on - need.due_on).days ** 2 * SQUARE_COSTS + unwished * WISH_COSTS


def _practitioner_costs(practitioner: int, wishes: Wishes) -> int | None:
    if wishes.practitioner is None or practitioner == wishes.practitioner:
        return 0
    return None if Wish.PRACTITIONER in wishes.only else WISH_COSTS


def _room_costs(room: int, wishes: Wishes) -> int | None:
    if wishes.room is None or not room or room == wishes.room:
        return 0
    return None if Wish.ROOM in wishes.only else WISH_COSTS


def broken_by(slot: Slot, minutes: int, on: date, zone: ZoneInfo, wishes: Wishes) -> tuple[Wish, ...]:
    """Name the wishes a time does not meet by itself; what is wished are the session's `own_wishes`."""
    broken = []
    if wishes.weekdays and on.isoweekday() not in wishes.weekdays:
        broken.append(Wish.WEEKDAY)
    wished = wished_starts(minutes, on, zone, wishes)
    if wished is not None and not wished[0] <= slot.start <= wished[1]:
        broken.append(Wish.TIME)
    if wishes.practitioner is not None and slot.practitioner != wishes.practitioner:
        broken.append(Wish.PRACTITIONER)
    if wishes.room is not None and slot.room and slot.room != wishes.room:
        broken.append(Wish.ROOM)
    return tuple(broken)


def _pinned(need: Need, slot: Slot, zone: ZoneInfo, wishes: Wishes) -> Option:
    on = local_day_of(slot.start, zone)
    cost = (on - need.due_on).days ** 2 * SQUARE_COSTS + slot.start - day_start(need.due_on, zone)
    cost += len(broken_by(slot, need.minutes, on, zone, wishes)) * WISH_COSTS
    return Option(on.toordinal(), wishes.kept(slot.practitioner, slot.room), cost, slot)
