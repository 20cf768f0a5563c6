"""The best time for every session of a series at once: exact, by dynamic programming over (session, day, practitioner).

Pure. What counts, in this order: fewest sessions without a time; fewest outside their window; fewest wishes broken;
least sum of squared days off target; earlier. Windows are measured from the day chosen for the session before, and
keeping the practitioner lies between neighbours too, so a session is coupled with the one before it and no other: that
makes the programme exact. Source: DESIGN.md section 5; docs/adr/0040.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from protocols.cadence import Gap
from sessions.scheduling.openings import Openings
from sessions.scheduling.windows import SHIPPED_TOLERANCE, DayWindow, Tolerance, window_after
from sessions.scheduling.wishes import (
    OUTSIDE_COSTS,
    UNPLACED_COSTS,
    WISH_COSTS,
    Need,
    Option,
    Slot,
    Wish,
    Wishes,
    broken_by,
    options,
    own_wishes,
)


@dataclass(frozen=True)
class Choice:
    """What became of one session. `slot` is None when nothing was found; it then counts as on `on`.

    `before_with` is the practitioner of the session before, where keeping them is wished for.
    """

    number: int
    minutes: int
    due_on: date
    on: date
    slot: Slot | None
    window: tuple[date, date] | None
    broken: tuple[Wish, ...] = ()
    late_after: date | None = None
    before_with: int | None = None

    @property
    def days_off(self) -> int:
        return (self.on - self.due_on).days

    @property
    def is_outside(self) -> bool:
        """Whether it lies outside its window as measured from the day chosen before it."""
        return self.slot is not None and self.window is not None and not self.window[0] <= self.on <= self.window[1]

    @property
    def is_late(self) -> bool:
        """Whether it is late whatever day is chosen: its own window has passed, or has no open day."""
        is_after = self.slot is not None and self.late_after is not None and self.on > self.late_after
        return is_after and not self.is_outside


@dataclass(frozen=True)
class Displaced:
    """A session that stands, and that the time chosen before it puts outside its window."""

    number: int
    on: date
    window: tuple[date, date]


@dataclass(frozen=True)
class Proposal:
    """The best series: one choice for every session to place, by number, and what standing ones pay for it."""

    choices: tuple[Choice, ...]
    displaced: tuple[Displaced, ...] = ()

    @property
    def unplaced(self) -> int:
        return sum(choice.slot is None for choice in self.choices)

    @property
    def outside(self) -> int:
        return sum(choice.is_outside for choice in self.choices)

    @property
    def late(self) -> int:
        return sum(choice.is_late for choice in self.choices)

    @property
    def inside(self) -> int:
        return len(self.choices) - self.unplaced - self.outside - self.late

    @property
    def broken(self) -> int:
        return sum(len(choice.broken) for choice in self.choices)

    @property
    def squares(self) -> int:
        return sum(choice.days_off**2 for choice in self.choices if choice.slot is not None)

    @property
    def is_whole(self) -> bool:
        return self.unplaced == 0

    def is_certain(self, reach_days: int) -> bool:
        """Say whether no day further than `reach_days` from its target could be part of a better series."""
        return (
            self.unplaced + self.outside + len(self.displaced) + self.broken == 0
            and self.squares < (reach_days + 1) ** 2
        )


Key = tuple[int, int] | None  # practitioner and room; None: nothing to keep


class _State(NamedTuple):
    """The cheapest way to have a session on a day with a practitioner (and room), and what came before."""

    cost: int
    day: int
    key: Key
    slot: Slot | None
    before: "_State | None"


Layer = dict[tuple[int, Key], _State]
Arrivals = dict[tuple[str, int, int], _State]


def propose(
    needs: Sequence[Need],
    openings: Openings,
    wishes: Wishes,
    *,
    tolerance: Tolerance = SHIPPED_TOLERANCE,
) -> Proposal:
    """Choose a time for every session that does not stand yet. Never fails: what has no time has `slot` None.

    A session without a time counts as on its due day (on the day of the session before when that is later). Sessions
    keep their order. Two equally good answers: the earlier one, then the lower practitioner.
    """
    layer: Layer = {(0, None): _State(0, 0, None, None, None)}
    for number, need in enumerate(needs):
        follows_choice = number > 0 and needs[number - 1].stands_on is None
        if need.stands_on is not None:
            layer = _stand(layer, need, wishes, tolerance, follows_choice=follows_choice)
        else:
            layer = _place(layer, need, options(need, openings, wishes), wishes, tolerance)
    path = _path(min(layer.values(), key=_by_cost))
    choices = _choices(path, needs, wishes, openings.zone, tolerance)
    return Proposal(tuple(choices), tuple(_displaced(path, needs, tolerance)))


def _by_cost(state: _State) -> int:
    return state.cost


@lru_cache(maxsize=10_000)
def _measured(day: int, gap: Gap, tolerance: Tolerance) -> DayWindow | None:
    return window_after(date.fromordinal(day), gap, tolerance)


def _window(need: Need, before: int, tolerance: Tolerance) -> tuple[int, int] | None:
    """Give the days a session may lie on when the one before is on `before`; None when any day will do."""
    if need.gap is None or before == 0:
        return (need.window[0].toordinal(), need.window[1].toordinal()) if need.window else None
    found = _measured(before, need.gap, tolerance)
    return (found.earliest_on.toordinal(), found.latest_on.toordinal()) if found else (0, -1)


def _is_inside(day: int, window: tuple[int, int] | None) -> bool:
    return window is None or window[0] <= day <= window[1]


def _stand(layer: Layer, need: Need, wishes: Wishes, tolerance: Tolerance, *, follows_choice: bool) -> Layer:
    """Go through a session that stands. A session chosen before it must come before it; one without a time may not."""
    day = need.stands_on.toordinal() if need.stands_on else 0
    key = wishes.kept(*need.stands_with) if need.stands_with else None
    best: _State | None = None
    for state in layer.values():
        if follows_choice and state.slot is not None and state.day >= day:
            continue
        cost = state.cost + _kept(state.key, key)
        if need.held_to_window and not _is_inside(day, _window(need, state.day, tolerance)):
            cost += OUTSIDE_COSTS
        if best is None or cost < best.cost:
            best = _State(cost, day, key, None, state)
    if best is None:
        raise ValueError("a session without a time may precede any other")
    return {(day, key): best}


def _kept(before: Key, now: Key) -> int:
    """Count what changes from one session to the next."""
    if before is None or now is None:
        return 0
    return ((before[0] != now[0]) + (before[1] != now[1])) * WISH_COSTS


def _place(layer: Layer, need: Need, times: Iterable[Option], wishes: Wishes, tolerance: Tolerance) -> Layer:
    by_day: dict[int, list[_State]] = {}
    for state in layer.values():
        by_day.setdefault(state.day, []).append(state)
    summaries = [(day, _summary(by_day[day], wishes)) for day in sorted(by_day)]
    windows = [_window(need, day, tolerance) for day, _summed in summaries]
    placed: Layer = {}
    anywhere: Arrivals = {}
    arrivals: Arrivals = {}
    upto, on = 0, -1
    for option in times:
        if option.day != on:
            on = option.day
            while upto < len(summaries) and summaries[upto][0] < on:
                _merge(anywhere, summaries[upto][1], OUTSIDE_COSTS)
                upto += 1
            arrivals = dict(anywhere)
            for (_day, summed), window in zip(summaries[:upto], windows, strict=False):
                if _is_inside(on, window):
                    _merge(arrivals, summed, 0)
        before = _cheapest(arrivals, option.key)
        if before is not None:
            cost, came_from = before
            placed[on, option.key] = _State(cost + option.cost, on, option.key, option.slot, came_from)
    for state in layer.values():
        day = max(need.due_on.toordinal(), state.day)
        known = placed.get((day, None))
        if known is None or state.cost + UNPLACED_COSTS < known.cost:
            placed[day, None] = _State(state.cost + UNPLACED_COSTS, day, None, None, state)
    return placed


def _summary(states: Iterable[_State], wishes: Wishes) -> Arrivals:
    """Give the cheapest state of a day for whoever keeps its practitioner and room, one of them, or neither.

    Each carries what leaving the rest costs, so the four need only be compared.
    """
    practitioner_costs = WISH_COSTS if wishes.same_practitioner else 0
    room_costs = WISH_COSTS if wishes.same_room else 0
    summed: Arrivals = {}
    for state in states:
        if state.key is None:
            _keep(summed, ("none", 0, 0), state, 0)
            continue
        practitioner, room = state.key
        _keep(summed, ("both", practitioner, room), state, 0)
        if practitioner_costs or room_costs:
            _keep(summed, ("neither", 0, 0), state, practitioner_costs + room_costs)
        if practitioner_costs and room_costs:
            _keep(summed, ("who", practitioner, 0), state, room_costs)
            _keep(summed, ("where", 0, room), state, practitioner_costs)
    return summed


def _keep(into: Arrivals, key: tuple[str, int, int], state: _State, extra: int) -> None:
    known = into.get(key)
    cost = state.cost + extra
    if known is None or cost < known.cost:
        into[key] = state if not extra else state._replace(cost=cost)


def _merge(into: Arrivals, summed: Arrivals, extra: int) -> None:
    for key, state in summed.items():
        _keep(into, key, state, extra)


def _cheapest(arrivals: Arrivals, key: tuple[int, int]) -> tuple[int, _State] | None:
    practitioner, room = key
    best: _State | None = None
    for one in (
        arrivals.get(("both", practitioner, room)),
        arrivals.get(("none", 0, 0)),
        arrivals.get(("who", practitioner, 0)),
        arrivals.get(("where", 0, room)),
        arrivals.get(("neither", 0, 0)),
    ):
        if one is not None and (best is None or one.cost < best.cost):
            best = one
    return (best.cost, best) if best is not None else None


def _path(last: _State) -> list[_State]:
    """List the states that led to the last one: where the chain begins, then one a need."""
    states: list[_State] = []
    state: _State | None = last
    while state is not None:
        states.append(state)
        state = state.before
    return states[::-1]


def _displaced(path: Sequence[_State], needs: Sequence[Need], tolerance: Tolerance) -> Iterable[Displaced]:
    for need, before in zip(needs, path, strict=False):
        if need.stands_on is None or not need.held_to_window or before.slot is None:
            continue
        window = _window(need, before.day, tolerance)
        if window is not None and not _is_inside(need.stands_on.toordinal(), window):
            yield Displaced(need.number, need.stands_on, _days(window))


def _choices(
    path: Sequence[_State], needs: Sequence[Need], wishes: Wishes, zone: ZoneInfo, tolerance: Tolerance
) -> Iterable[Choice]:
    for need, before, chosen in zip(needs, path, path[1:], strict=False):
        if need.stands_on is not None:
            continue
        window = _window(need, before.day, tolerance)
        on = date.fromordinal(chosen.day)
        yield Choice(
            number=need.number,
            minutes=need.minutes,
            due_on=need.due_on,
            on=on,
            slot=chosen.slot,
            window=_days(window) if window else None,
            broken=_broken(chosen, before, need, on, wishes, zone),
            late_after=need.late_after,
            before_with=before.key[0] or None if before.key else None,
        )


def _days(window: tuple[int, int]) -> tuple[date, date]:
    return date.fromordinal(max(window[0], 1)), date.fromordinal(max(window[1], 1))


def _broken(chosen: _State, before: _State, need: Need, on: date, wishes: Wishes, zone: ZoneInfo) -> tuple[Wish, ...]:
    if chosen.slot is None:
        return ()
    broken = broken_by(chosen.slot, need.minutes, on, zone, own_wishes(need, wishes))
    if before.key is not None and chosen.key is not None:
        if before.key[0] != chosen.key[0]:
            broken += (Wish.SAME_PRACTITIONER,)
        if before.key[1] != chosen.key[1]:
            broken += (Wish.SAME_ROOM,)
    return broken
