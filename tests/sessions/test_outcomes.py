"""Shares, medians and their intervals: worked examples, and the definitions themselves."""

from decimal import Decimal
from math import comb
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.outcomes import SMALLEST_GROUP, middle, outcome, per_thousand, responded, wilson

pytestmark = pytest.mark.engine


@pytest.mark.parametrize(
    ("count", "total", "low", "high"),
    [  # Newcombe 1998, Stat Med 17:857–872, table I, method 3 (the score interval without continuity correction)
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_wilson_interval_is_that_of_the_textbook(count, total, low, high):
    share = wilson(count, total)

    assert (round(share.low, 4), round(share.high, 4)) == (low, high)


@given(st.integers(0, 500), st.integers(1, 500))
def test_a_share_lies_in_its_interval(count, total):
    count = min(count, total)
    share = wilson(count, total)

    assert 0 <= share.low <= share.value <= share.high <= 1


def test_a_share_of_nothing_is_none_and_a_part_above_its_whole_is_refused():
    assert wilson(0, 0) is None
    with pytest.raises(ValueError, match="a part of its whole"):
        wilson(3, 2)


@pytest.mark.parametrize(("n", "rank"), [(5, 0), (6, 1), (9, 2), (12, 3), (15, 4), (20, 6), (25, 8), (50, 18)])
def test_the_ends_of_a_medians_interval_are_those_of_the_table(n, rank):
    """The ranks of the sign test at 5 %, two-sided."""
    found = middle({Decimal(value): 1 for value in range(1, n + 1)})

    assert (found.low, found.high) == ((None, None) if rank == 0 else (Decimal(rank), Decimal(n + 1 - rank)))


@given(st.lists(st.integers(-100, 100), min_size=1, max_size=60))
def test_a_median_is_the_median_and_its_interval_covers_it(tenths):
    values = [Decimal(one) / 10 for one in tenths]
    found = middle({value: values.count(value) for value in values})

    assert found.median == median(values)
    if found.low is not None:
        assert found.low <= found.median <= found.high
        k = next(
            k for k in range(len(values)) if sum(comb(len(values), i) for i in range(k + 1)) * 40 > 2 ** len(values)
        )
        assert (found.low, found.high) == (sorted(values)[k - 1], sorted(values)[-k])


@pytest.mark.parametrize(
    ("first", "last", "is_response"),
    [(10, 7, True), (10, "7.1", False), (3, 2, True), (3, "2.2", False), (0, 0, False)],
)
def test_a_response_is_a_fall_by_thirty_percent(first, last, is_response):
    assert responded(Decimal(first), Decimal(last)) is is_response


def test_a_group_sums_up_what_its_courses_came_to():
    found = outcome([(Decimal(8), Decimal(4), 3), (Decimal(6), Decimal(6), 2), (Decimal(0), Decimal(2), 9)])

    assert found.n == 5
    assert found.change.median == Decimal(-4)
    assert (found.responders.count, found.responders.total) == (3, 5)


def test_a_small_group_says_only_that_it_is_small():
    found = outcome([(Decimal(8), Decimal(4), SMALLEST_GROUP - 1)])

    assert found.is_small
    assert (found.change, found.responders) == (None, None)


def test_a_share_per_thousand():
    assert per_thousand(wilson(1, 100))[0] == 10
