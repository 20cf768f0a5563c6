"""Another time for a whole round that lost its own: every visit and the way move by the same minutes. Pure, in minutes.

A round is asked for beside single visits in `reassign.assign`: it is one candidate that keeps its practitioner from
leaving to coming back, and all its patients. Source: DESIGN.md section 5; docs/adr/0071.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sessions.scheduling.intervals import Interval
from sessions.scheduling.reassign import Broken, Candidate, Option, Price, price_of
from sessions.scheduling.rounds import Stop, round_starts
from sessions.scheduling.slots import Agenda
from sessions.scheduling.walltime import MINUTES_PER_DAY

EACH_DAY = 4  # times looked at for one practitioner and day: choices, not shades of one
MOST = 60


@dataclass(frozen=True, slots=True)
class Part:
    """One visit of the round. `window` holds the starts its plan allows, half-open; None allows any."""

    patient: int
    start: int
    minutes: int
    window: Interval | None = None
    busy: Sequence[Interval] = ()  # of the patient, apart from this round


@dataclass(frozen=True, slots=True)
class BrokenRound:
    """A round by its visits in order, with the way there and back. `not_at` are beginnings already said no to."""

    key: int
    practitioner: int
    parts: tuple[Part, ...]
    before_min: int = 0
    after_min: int = 0
    not_at: frozenset[int] = frozenset()

    @property
    def start(self) -> int:
        return self.parts[0].start

    @property
    def minutes(self) -> int:
        return self.parts[-1].start + self.parts[-1].minutes - self.start


def round_candidate(
    broken: BrokenRound, people: Mapping[int, Agenda], *, between: Interval, step_minutes: int
) -> Candidate:
    """Collect the cheapest beginnings of a whole round, of its practitioner and of colleagues.

    `people` are those who may drive there; `between` the beginnings looked at. An option lasts from leaving to being back.
    """
    found: list[Option] = []
    for practitioner in people:
        options = [
            _option(broken, start, practitioner)
            for start in _starts(broken, people[practitioner], between, step_minutes)
        ]
        found += _few_a_day(sorted(options, key=lambda one: (one.weight, one.start)), broken.before_min)
    found = sorted(found, key=lambda one: (one.weight, one.start, one.practitioner))[:MOST]
    patients = tuple(sorted({part.patient for part in broken.parts}))
    return Candidate(broken.key, patients, tuple(found), (0, len(found), broken.start), len(broken.parts))


def _few_a_day(options: Sequence[Option], before_min: int) -> Iterator[Option]:
    taken: dict[int, int] = {}
    for option in options:
        day = (option.start + before_min) // MINUTES_PER_DAY
        if taken.get(day, 0) < EACH_DAY:
            taken[day] = taken.get(day, 0) + 1
            yield option


def _starts(broken: BrokenRound, agenda: Agenda, between: Interval, step: int) -> Iterator[int]:
    """List the beginnings on whole steps, and those at the time of day the round had."""
    span = (between[0], between[1] + broken.minutes)
    spans = round_starts(agenda, _stops(broken), between=span, before_min=broken.before_min, after_min=broken.after_min)
    for first, end in spans:
        end = min(end, between[1])
        on_step = set(range(-(-first // step) * step, end, step))
        same = set(range(first + (broken.start - first) % MINUTES_PER_DAY, end, MINUTES_PER_DAY))
        yield from sorted((on_step | same) - broken.not_at)


def _stops(broken: BrokenRound) -> list[Stop]:
    """Give the visits as the round knows them, its pauses as visits to nobody."""
    stops: list[Stop] = []
    follows_at = [*(part.start for part in broken.parts[1:]), broken.start + broken.minutes]
    for part, next_at in zip(broken.parts, follows_at, strict=True):
        stops.append(Stop(part.minutes, Agenda(booked=part.busy)))
        if (pause := next_at - part.start - part.minutes) > 0:
            stops.append(Stop(pause))
    return stops


def _option(broken: BrokenRound, start: int, practitioner: int) -> Option:
    price = price_of_round(broken, start, practitioner)
    first, last = start - broken.before_min, start + broken.minutes + broken.after_min
    return Option(first, last, practitioner, (), price, price.weight)


def price_of_round(broken: BrokenRound, start: int, practitioner: int) -> Price:
    """Say what another beginning costs all the patients of a round together."""
    first, shift, count = broken.parts[0], start - broken.start, len(broken.parts)
    of_each = price_of(
        Broken(broken.key, first.patient, broken.practitioner, None, first.start, first.minutes), start, practitioner
    )
    return Price(
        outside_window=sum(_is_outside(part, part.start + shift) for part in broken.parts),
        other_hour=count * of_each.other_hour,
        other_practitioner=count * of_each.other_practitioner,
        days_off=count * of_each.days_off,
        minutes_off=count * of_each.minutes_off,
    )


def _is_outside(part: Part, start: int) -> bool:
    return part.window is not None and not part.window[0] <= start < part.window[1]
