"""Arithmetic on local days, at the edges of months and of the calendar."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessions.scheduling.localdays import add_days, add_gap, add_months, add_years, first_open_day, nearest_open_day

pytestmark = pytest.mark.engine

MONDAY = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("day", "months", "result"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2026, 2, 28), 1, date(2026, 3, 28)),  # the clamp is not undone
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(9999, 11, 30), 1, date(9999, 12, 30)),
        (date(9999, 12, 31), 1, None),
        (date(1, 1, 1), -1, None),
    ],
)
def test_a_month_is_clamped_to_its_last_day(day, months, result):
    assert add_months(day, months) == result


def test_a_leap_day_plus_years_is_the_28th():
    assert add_years(date(2028, 2, 29), 10) == date(2038, 2, 28)
    assert add_years(date(9995, 1, 1), 10) is None


def test_days_weeks_and_months_are_added_by_their_unit():
    assert [add_gap(MONDAY, 2, unit) for unit in ("d", "w", "mo")] == [
        date(2026, 3, 4),
        date(2026, 3, 16),
        date(2026, 5, 2),
    ]


@pytest.mark.parametrize("unit", ["d", "w", "mo"])
def test_beyond_the_calendar_there_is_no_day(unit):
    assert add_gap(date(9999, 12, 31), 1, unit) is None
    assert add_days(date(1, 1, 1), -1) is None


def test_the_first_open_day_counts_both_ends():
    assert first_open_day(MONDAY, MONDAY, lambda _: True) == MONDAY
    assert first_open_day(MONDAY, date(2026, 3, 5), lambda day: day == date(2026, 3, 5)) == date(2026, 3, 5)
    assert first_open_day(MONDAY, date(2026, 3, 4), lambda day: day == date(2026, 3, 5)) is None
    assert first_open_day(MONDAY, date(2026, 3, 1), lambda _: True) is None


@pytest.mark.parametrize(
    ("open_offsets", "offset"),
    [
        ({0, 1, -1}, 0),
        ({1, -1}, 1),  # the later of two equally near
        ({2, -1}, -1),
        ({3}, 3),
        ({-2}, -2),
        ({4, -3}, None),  # outside the window
        (set(), None),
    ],
)
def test_the_nearest_open_day_stays_inside_the_window(open_offsets, offset):
    is_open = {MONDAY + timedelta(days=one) for one in open_offsets}.__contains__

    found = nearest_open_day(MONDAY, MONDAY - timedelta(days=2), MONDAY + timedelta(days=3), is_open)

    assert found == (None if offset is None else MONDAY + timedelta(days=offset))


def test_a_window_may_touch_the_ends_of_the_calendar():
    assert nearest_open_day(date.max, date.max - timedelta(days=1), date.max, lambda day: day < date.max) == date(
        9999, 12, 30
    )
    assert nearest_open_day(date.min, date.min, date.min, lambda _: False) is None


@settings(max_examples=100)
@given(st.dates(), st.integers(0, 400))
def test_a_month_later_is_in_the_right_month(day, months):
    later = add_months(day, months)

    if later is None:
        assert day.year * 12 + day.month + months > 9999 * 12 + 12
    else:
        assert (later.year - day.year) * 12 + later.month - day.month == months
        assert later.day == day.day or (later + timedelta(days=1)).day == 1
