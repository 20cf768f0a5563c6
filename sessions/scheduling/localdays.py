"""Arithmetic on local days: adding gaps and finding open days. No clock, no zones; the calendar ends with year 9999.

Source: DESIGN.md sections 3 and 4.
"""

from calendar import monthrange
from collections.abc import Callable
from datetime import date, timedelta

from protocols.cadence import Unit

IsOpen = Callable[[date], bool]


def add_days(day: date, days: int) -> date | None:
    """Add days, which may be negative; None beyond the calendar."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return None


def add_months(day: date, months: int) -> date | None:
    """Add calendar months, clamped to the month's last day; None beyond the calendar."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not date.min.year <= year <= date.max.year:
        return None
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def add_years(day: date, years: int) -> date | None:
    """Add years; 29 February becomes the 28th in a common year; None beyond the calendar."""
    return add_months(day, 12 * years)


def add_gap(day: date, length: int, unit: Unit) -> date | None:
    """Add a number of days, weeks or calendar months; None beyond the calendar."""
    if unit == "mo":
        return add_months(day, length)
    return add_days(day, length * 7 if unit == "w" else length)


def first_open_day(first_on: date, last_on: date, is_open: IsOpen) -> date | None:
    """Find the first open day from `first_on` to `last_on`, both inclusive; None when all are closed."""
    for ordinal in range(first_on.toordinal(), last_on.toordinal() + 1):
        day = date.fromordinal(ordinal)
        if is_open(day):
            return day
    return None


def nearest_open_day(ideal_on: date, earliest_on: date, latest_on: date, is_open: IsOpen) -> date | None:
    """Find the open day nearest to the ideal one inside the window, the later of two equally near; None without one."""
    ideal, earliest, latest = ideal_on.toordinal(), earliest_on.toordinal(), latest_on.toordinal()
    for distance in range(max(latest - ideal, ideal - earliest) + 1):
        for ordinal in (ideal + distance, ideal - distance):
            if earliest <= ordinal <= latest and is_open(day := date.fromordinal(ordinal)):
                return day
    return None
