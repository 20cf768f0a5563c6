"""Common days of several series: equal to brute force over every choice of days."""

from datetime import date, timedelta
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from protocols.cadence import parse
from sessions.scheduling.rounds import matched
from sessions.scheduling.together import Part, best_days, last_reachable, window_of
from sessions.scheduling.windows import SHIPPED_TOLERANCE, window_after

FIRST = date(2026, 3, 2)
GAPS = [parse(f"1x{text}").phases[0].gap for text in ("3d[2-5d]", "4d", "1w", "1w[5-8d]", "1w[7-7d]")]


@st.composite
def series(draw):
    """One to three patients, up to four times more together, and a price for some of the days."""
    patients, times = draw(st.integers(1, 3)), draw(st.integers(1, 4))
    steps = [
        tuple(
            Part(
                FIRST + timedelta(days=draw(st.integers(2, 30))),
                draw(st.sampled_from([*GAPS, None])),
                draw(st.sampled_from([(2, 4), (5, 8)])),
            )
            for _patient in range(patients)
        )
        for _time in range(times)
    ]
    prices = st.one_of(st.none(), st.tuples(st.integers(0, 2), st.integers(0, 3)))
    return steps, draw(st.lists(st.lists(prices, min_size=60, max_size=60), min_size=times, max_size=times))


def is_inside(part, before, day):
    """Ask of one patient and one day, in other words than the engine."""
    if part.gap is None:
        return part.days_after[0] <= (day - before).days <= part.days_after[1]
    return day in window_after(before, part.gap, SHIPPED_TOLERANCE)


def brute_force(steps, prices):
    """Try every choice of days for as many times as can be; give how many, and the cheapest by price, then earlier."""
    best = (0, (), ())
    for count in range(1, len(steps) + 1):
        found = []
        for days in product(*([FIRST + timedelta(days=n) for n in range(1, 11 * (k + 1))] for k in range(count))):
            steps_of = list(zip(steps, [FIRST, *days], days, strict=False))
            if any(after <= before for _parts, before, after in steps_of):
                continue
            own = [prices[k][(day - FIRST).days] for k, day in enumerate(days)]
            if None in own or not all(is_inside(part, a, b) for parts, a, b in steps_of for part in parts):
                continue
            squares = sum((day - part.target).days ** 2 for parts, _a, day in steps_of for part in parts)
            found.append(((squares, sum(one[0] for one in own), sum(one[1] for one in own)), days))
        if not found:
            return best
        best = (count, *min(found))
    return best


@given(series().filter(lambda case: len(case[0]) <= 3))
def test_the_days_are_those_of_brute_force(case):
    steps, prices = case

    found = best_days(FIRST, steps, lambda number, day: prices[number][(day - FIRST).days])

    count, price, days = brute_force(steps, prices)
    assert (len(found.days), found.price, found.days) == (count, price, days)
    assert (found.between is None) == (count == len(steps))


@given(series())
def test_every_day_is_inside_all_windows_and_none_is_later_than_reachable(case):
    steps, prices = case

    found = best_days(FIRST, steps, lambda number, day: prices[number][(day - FIRST).days])

    for parts, before, day in zip(steps, [FIRST, *found.days], found.days, strict=False):
        opens, closes = window_of(parts, before, SHIPPED_TOLERANCE)
        assert opens <= day <= closes
    assert all(day <= last_reachable(FIRST, steps) for day in found.days)


def test_a_day_worse_at_first_is_taken_when_the_nearest_leads_nowhere():
    week = parse("1x1w[6-8d]").phases[0].gap
    steps = [(Part(FIRST + timedelta(days=7 * n), week),) for n in (1, 2)]
    free = {0: {7, 8}, 1: {16}}

    found = best_days(FIRST, steps, lambda number, day: (0, 0) if (day - FIRST).days in free[number] else None)

    assert [(day - FIRST).days for day in found.days] == [8, 16]


def test_windows_that_never_meet_say_so():
    parts = (Part(FIRST, parse("1x1w").phases[0].gap), Part(FIRST, parse("1x4w").phases[0].gap))

    found = best_days(FIRST, [parts], lambda _number, _day: (0, 0))

    assert found.days == ()
    assert found.between[0] > found.between[1]


@given(
    st.lists(st.lists(st.integers(0, 5), max_size=5, unique=True), min_size=1, max_size=4),
    st.sets(st.integers(0, 5)),
)
def test_as_many_preferred_are_matched_as_any_matching_has(choices, preferred):
    found = matched(choices, preferred)

    every = [given for given in product(*choices) if len(set(given)) == len(given)]
    assert (found is None) == (not every)
    if found is not None:
        assert found in every
        assert len(preferred & set(found)) == max(len(preferred & set(given)) for given in every)
