"""The best days for several patients' series stepped together: exact, by dynamic programming over (time, day). Pure.

Every time together lies inside the window of each patient's session, measured from the day chosen before. What counts,
in this order: most times together; least sum of squared days off all the plans; least of what a day costs by itself
(`price_on`); earlier. Windows couple a time with the one before it and no other, and what a day costs does not depend
on the days chosen: that makes the programme exact. Source: DESIGN.md section 5; docs/adr/0072.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from protocols.cadence import Gap
from sessions.scheduling.windows import SHIPPED_TOLERANCE, Tolerance, window_after

Price = tuple[int, ...]
PriceOn = Callable[[int, date], Price | None]


@dataclass(frozen=True)
class Part:
    """One patient's session of a time together: the day the plan aims at, and the gap from the session before.

    `days_after` (least, most) stands for the gap where the plan measures it in no other way.
    """

    target: date
    gap: Gap | None = None
    days_after: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Found:
    """The days found, the first one not among them. `between` are the days asked for the first time that has none.

    It is None when every time has its day; its first day is after its last when no day was inside all windows.
    """

    days: tuple[date, ...]
    price: Price = ()
    between: tuple[date, date] | None = None


State = tuple[Price, tuple[date, ...]]  # the cheapest way to a day: what it costs, and the days of it


def window_of(parts: Sequence[Part], before: date, tolerance: Tolerance) -> tuple[date, date]:
    """Give the days inside every patient's window when the time before was on `before`; first after last when none is."""
    opens, closes = before, date.max
    for part in parts:
        first, last = _window(part, before, tolerance)
        opens, closes = max(opens, first), min(closes, last)
    return opens, closes


def _window(part: Part, before: date, tolerance: Tolerance) -> tuple[date, date]:
    if part.gap is None:
        return before + timedelta(days=part.days_after[0]), before + timedelta(days=part.days_after[1])
    found = window_after(before, part.gap, tolerance)
    return (found.earliest_on, found.latest_on) if found else (date.max, date.min)


def last_reachable(first_on: date, steps: Iterable[Sequence[Part]], tolerance: Tolerance = SHIPPED_TOLERANCE) -> date:
    """Give the latest day any of these times could be on, so that no time need be read beyond it."""
    latest = on = first_on
    for parts in steps:
        opens, on = window_of(parts, on, tolerance)
        if opens > on:
            break
        latest = max(latest, on)
    return latest


def best_days(
    first_on: date, steps: Sequence[Sequence[Part]], price_on: PriceOn, tolerance: Tolerance = SHIPPED_TOLERANCE
) -> Found:
    """Choose the day of every time after the first. `price_on(step, day)` is None where not everybody is free.

    The prices of one step must have the same length as those of the others. Where the series ends early the best
    beginning of it is given: as many times as can be, and the cheapest of those.
    """
    layer: dict[date, State] = {first_on: ((), ())}
    for number, parts in enumerate(steps):
        reached, spans = _step(layer, number, parts, price_on, tolerance)
        if not reached:
            price, days = min(layer.values())
            return Found(days, price, _asked(spans))
        layer = reached
    price, days = min(layer.values())
    return Found(days, price)


def _step(
    layer: dict[date, State], number: int, parts: Sequence[Part], price_on: PriceOn, tolerance: Tolerance
) -> tuple[dict[date, State], list[tuple[date, date]]]:
    """Go from the days of one time to those of the next; also the windows that were looked at."""
    reached: dict[date, State] = {}
    spans = [window_of(parts, before, tolerance) for before in layer]
    for (opens, closes), (price, days) in zip(spans, layer.values(), strict=True):
        for day in (opens + timedelta(days=n) for n in range((closes - opens).days + 1)):
            if (own := price_on(number, day)) is None:
                continue
            squares = sum((day - part.target).days ** 2 for part in parts)
            state = (_sum(price, (squares, *own)), (*days, day))
            if day not in reached or state < reached[day]:
                reached[day] = state
    return reached, spans


def _sum(one: Price, other: Price) -> Price:
    return tuple(a + b for a, b in zip(one, other, strict=True)) if one else other


def _asked(spans: Sequence[tuple[date, date]]) -> tuple[date, date]:
    """Give the days asked for over all windows, or a window of no day when all were so."""
    open_ones = [span for span in spans if span[0] <= span[1]]
    if not open_ones:
        return spans[0]
    return min(first for first, _last in open_ones), max(last for _first, last in open_ones)
