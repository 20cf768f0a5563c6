"""New times for visits that have lost theirs, all in one solve: they compete for the same people, rooms and hours.

Visits are inserted in order of priority; one that finds its times taken may push others to their next best (an
augmenting path), and at the end whoever can gain by such an exchange does. Pure, in minutes; no step depends on a
clock or on chance, so the same question gets the same answer. Source: DESIGN.md section 5.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice

from sessions.scheduling.intervals import Interval, overlaps
from sessions.scheduling.slots import Span
from sessions.scheduling.walltime import MINUTES_PER_DAY

SAME_HOUR_MIN = 30  # a patient who comes this much earlier or later has kept the hour
DEEPEST = 3  # how many visits in a row may push one another
TRIES = 1500  # what one insertion may look at before it gives up
ROUNDS = 4
BASE = 10**6  # more than any sum of one of the costs below


@dataclass(frozen=True, slots=True)
class Price:
    """What a new time costs, the heaviest first; sums are compared in this order."""

    outside_window: int
    other_hour: int
    other_practitioner: int
    days_off: int
    minutes_off: int

    @property
    def weight(self) -> int:
        """One number in which a heavier cost outweighs any sum of lighter ones."""
        total = 0
        for cost in (self.outside_window, self.other_hour, self.other_practitioner, self.days_off, self.minutes_off):
            total = total * BASE + cost
        return total


UNPLACED = BASE**5


@dataclass(frozen=True, slots=True)
class Option:
    """A time one visit could have. `rooms` will do, best first; empty when none is needed."""

    start: int
    end: int
    practitioner: int
    rooms: tuple[int, ...]
    price: Price
    weight: int


@dataclass(frozen=True, slots=True)
class Broken:
    """A visit that has lost its time. `window` holds the starts its plan allows, half-open; None allows any."""

    key: int
    patient: int
    practitioner: int
    room: int | None
    start: int
    minutes: int
    window: Interval | None = None
    busy: Sequence[Interval] = ()  # of the patient, merged, apart from the visits asked about


@dataclass(frozen=True, slots=True)
class Candidate:
    """A visit with its options, cheapest first; or a whole round: `visits` of them, which cost as many left out."""

    key: int
    patients: tuple[int, ...]
    options: tuple[Option, ...]
    urgency: tuple[int, ...] = ()
    visits: int = 1


@dataclass(frozen=True, slots=True)
class Placement:
    option: Option
    room: int | None


def price_of(visit: Broken, start: int, practitioner: int) -> Price:
    """Say what a new start with a practitioner costs the patient."""
    off = abs(start - visit.start)
    days = (off + MINUTES_PER_DAY // 2) // MINUTES_PER_DAY
    return Price(
        outside_window=int(visit.window is not None and not visit.window[0] <= start < visit.window[1]),
        other_hour=int(off > SAME_HOUR_MIN),
        other_practitioner=int(practitioner != visit.practitioner),
        days_off=min(days, 999),
        minutes_off=abs(off - days * MINUTES_PER_DAY),
    )


# Which times a visit could have


def by_day(spans: Mapping[int, Sequence[Span]]) -> dict[int, dict[int, list[Span]]]:
    """Sort possible starts by practitioner and day (of UTC: only for finding them)."""
    found: dict[int, dict[int, list[Span]]] = {practitioner: {} for practitioner in spans}
    for span in chain.from_iterable(spans.values()):
        for day in range(span.first // MINUTES_PER_DAY, span.last // MINUTES_PER_DAY + 1):
            found[span.practitioner].setdefault(day, []).append(span)
    return found


def candidate(
    visit: Broken,
    spans: Mapping[int, Mapping[int, Sequence[Span]]],
    *,
    between: Interval,
    step_minutes: int,
    at_most: int,
) -> Candidate:
    """Collect the cheapest times of a visit: `at_most` of its practitioner, and as many of all colleagues together.

    `spans` are the possible starts from `by_day` for this length, `between` the starts looked at.
    """
    days = range(between[0] // MINUTES_PER_DAY, between[1] // MINUTES_PER_DAY + 1)
    nearest = sorted(days, key=lambda day: (_is_outside(visit, day), abs(day - visit.start // MINUTES_PER_DAY), day))
    own = {visit.practitioner: spans[visit.practitioner]} if visit.practitioner in spans else {}
    others = {one: spans[one] for one in spans if one != visit.practitioner}
    found = [
        *islice(_options(visit, own, nearest, between, step_minutes), at_most),
        *islice(_options(visit, others, nearest, between, step_minutes), at_most),
    ]
    options = tuple(sorted(found, key=lambda one: (one.weight, one.start, one.practitioner)))
    last = visit.window[1] if visit.window else visit.start + 365 * MINUTES_PER_DAY
    return Candidate(visit.key, (visit.patient,), options, (last, len(options), visit.start))


def _overlap(one: Option, other: Option) -> bool:
    return one.start < other.end and other.start < one.end


def _is_outside(visit: Broken, day: int) -> bool:
    first, last = day * MINUTES_PER_DAY, (day + 1) * MINUTES_PER_DAY
    return visit.window is not None and (last <= visit.window[0] or first >= visit.window[1])


def _options(
    visit: Broken,
    spans: Mapping[int, Mapping[int, Sequence[Span]]],
    days: Sequence[int],
    between: Interval,
    step: int,
) -> Iterator[Option]:
    for day in days:
        first, last = max(day * MINUTES_PER_DAY, between[0]), min((day + 1) * MINUTES_PER_DAY, between[1]) - 1
        for of_one in spans.values():
            for span in of_one.get(day, ()):
                for start in _starts(span, first, last, visit.start, step):
                    if not overlaps(visit.busy, start, start + visit.minutes):
                        yield _option(visit, start, span)


def _starts(span: Span, first: int, last: int, wanted: int, step: int) -> list[int]:
    """List the starts of a span within [first, last]: on its steps, and the same time of day as before."""
    first, last = max(first, span.first), min(last, span.last)
    starts = set(range(first + (span.opens_at - first) % step, last + 1, step))
    same = first + (wanted - first) % MINUTES_PER_DAY
    if same <= last:
        starts.add(same)
    return sorted(starts)


def _option(visit: Broken, start: int, span: Span) -> Option:
    price = price_of(visit, start, span.practitioner)
    rooms = tuple(sorted(span.rooms, key=lambda room: room != visit.room))
    return Option(start, start + visit.minutes, span.practitioner, rooms, price, price.weight)


# Who gets which


def assign(candidates: Iterable[Candidate]) -> dict[int, Placement]:
    """Give every visit one of its options; who finds none is left out. No person, room or patient is used twice.

    The sum of prices is driven down in the order of `Price`, the number left out before all else.
    """
    board = _Board({one.key: one for one in candidates})
    order = sorted(board.visits.values(), key=lambda one: (one.urgency, one.key))
    for visit in order:
        board.insert(visit)
    for _round in range(ROUNDS):
        if not [visit.key for visit in order if board.improve(visit)]:
            break
    return {key: board.placed[key] for key in sorted(board.placed)}


def others(
    candidates: Iterable[Candidate], placed: Mapping[int, Placement], at_most: int
) -> dict[int, tuple[Placement, ...]]:
    """Give each visit further times that stand free beside what all the others have been given, cheapest first.

    None overlaps another of the same practitioner's: they are choices, not shades of one.
    """
    board = _Board({one.key: one for one in candidates})
    for key, placement in placed.items():
        board.put(key, placement)
    return {key: tuple(islice(board.free_options(visit), at_most)) for key, visit in board.visits.items()}


Resource = tuple[str, int]


@dataclass
class _Board:
    """Who has which time so far. `trail` remembers every change, so that a path that leads nowhere is walked back."""

    visits: dict[int, Candidate]
    placed: dict[int, Placement] = field(default_factory=dict)
    taken: dict[Resource, list[tuple[int, int, int]]] = field(default_factory=dict)
    trail: list[tuple[int, Placement | None]] = field(default_factory=list)
    tries: int = 0

    def free_options(self, visit: Candidate) -> Iterator[Placement]:
        own = self.placed.get(visit.key)
        given = [own.option] if own else []
        for option in visit.options:
            if any(_overlap(option, one) and option.practitioner == one.practitioner for one in given):
                continue
            room = self._room(option)
            if not self._in_the_way(visit, option, room):
                given.append(option)
                yield Placement(option, room)

    def insert(self, visit: Candidate) -> bool:
        """Place a visit at its cheapest free time, else push others aside."""
        self.tries, mark = TRIES, len(self.trail)
        for depth in range(DEEPEST + 1):
            if self._settle(visit, depth, frozenset()):
                return True
            self._back_to(mark)
        return False

    def improve(self, visit: Candidate) -> bool:
        """Give a visit a cheaper time when all it costs the others is less. Says whether it did."""
        now = self._weight(visit.key)
        self.tries = TRIES
        for option in visit.options:
            if option.weight >= now or self.tries <= 0:
                return False
            mark, gain = len(self.trail), now - option.weight
            pushed = self._take(visit, option)
            before = sum(weight for _key, weight in pushed)
            settled = all(self._settle(self.visits[key], 0, frozenset([visit.key])) for key, _w in pushed)
            if settled and sum(self._weight(key) for key, _w in pushed) - before < gain:
                return True
            self._back_to(mark)
        return False

    def _settle(self, visit: Candidate, depth: int, fixed: frozenset[int]) -> bool:
        """Find a place for a visit; at most `depth` others in a row make way. Those in `fixed` stay where they are."""
        for option in visit.options:
            self.tries -= 1
            if not self._in_the_way(visit, option, self._room(option)):
                self._take(visit, option)
                return True
        if depth == 0:
            return False
        for option in visit.options:
            if self.tries <= 0:
                return False
            self.tries -= 1
            keys = self._in_the_way(visit, option, self._room(option))
            if keys & fixed or len(keys) > depth:
                continue
            mark = len(self.trail)
            pushed = self._take(visit, option)
            if all(self._settle(self.visits[key], depth - 1, fixed | {visit.key}) for key, _w in pushed):
                return True
            self._back_to(mark)
        return False

    def _room(self, option: Option) -> int | None:
        """Choose the room: the first that is free, else the one the fewest stand in."""
        if not option.rooms:
            return None
        return min(option.rooms, key=lambda room: len(self._meets(("room", room), option)))

    def _in_the_way(self, visit: Candidate, option: Option, room: int | None) -> set[int]:
        keys = self._meets(("practitioner", option.practitioner), option)
        for patient in visit.patients:
            keys |= self._meets(("patient", patient), option)
        if room is not None:
            keys |= self._meets(("room", room), option)
        return keys - {visit.key}

    def _meets(self, resource: Resource, option: Option) -> set[int]:
        taken = self.taken.get(resource)
        if not taken:
            return set()
        at = bisect_left(taken, (option.start,))
        if at and taken[at - 1][1] > option.start:
            at -= 1
        keys = set()
        while at < len(taken) and taken[at][0] < option.end:
            keys.add(taken[at][2])
            at += 1
        return keys

    def _take(self, visit: Candidate, option: Option) -> list[tuple[int, int]]:
        """Put a visit at a time; whoever stood there is lifted out and returned with the weight it had."""
        self.put(visit.key, None)
        room = self._room(option)
        pushed = [(key, self._weight(key)) for key in sorted(self._in_the_way(visit, option, room))]
        for key, _weight in pushed:
            self.put(key, None)
        self.put(visit.key, Placement(option, room))
        return pushed

    def put(self, key: int, placement: Placement | None, *, undoing: bool = False) -> None:
        old = self.placed.pop(key, None)
        if not undoing:
            self.trail.append((key, old))
        if old is not None:
            for resource in self._resources(key, old):
                self.taken[resource].remove((old.option.start, old.option.end, key))
        if placement is not None:
            self.placed[key] = placement
            for resource in self._resources(key, placement):
                insort(self.taken.setdefault(resource, []), (placement.option.start, placement.option.end, key))

    def _resources(self, key: int, placement: Placement) -> list[Resource]:
        found = [("practitioner", placement.option.practitioner)]
        found += [("patient", patient) for patient in self.visits[key].patients]
        return found if placement.room is None else [*found, ("room", placement.room)]

    def _back_to(self, mark: int) -> None:
        while len(self.trail) > mark:
            key, placement = self.trail.pop()
            self.put(key, placement, undoing=True)

    def _weight(self, key: int) -> int:
        placement = self.placed.get(key)
        return UNPLACED * self.visits[key].visits if placement is None else placement.option.weight
