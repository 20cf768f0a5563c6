"""The days accepted around an ideal one: the window after a session's base day, and the clinic's tolerance table.

No source fixes the tolerances; the shipped ones are DESIGN.md section 3, and every screen that shows them says so.
"""

from dataclasses import dataclass
from datetime import date

from protocols.cadence import Gap
from sessions.scheduling.localdays import add_days, add_gap


@dataclass(frozen=True)
class ToleranceRow:
    """How many days early and late are accepted for gaps of up to so many days; None is any longer gap."""

    up_to_days: int | None
    early_days: int
    late_days: int


@dataclass(frozen=True)
class Tolerance:
    """A clinic's table for gaps without a window: rows by rising length, the last one for any longer gap."""

    rows: tuple[ToleranceRow, ...]

    def __post_init__(self) -> None:
        limits = [row.up_to_days for row in self.rows]
        rising = [limit for limit in limits[:-1] if limit is not None]
        if not limits or limits[-1] is not None or len(rising) != len(limits) - 1 or rising != sorted(set(rising)):
            raise ValueError("a tolerance table has rows by rising length, the last one for any longer gap")
        if any(row.early_days < 0 or row.late_days < 0 for row in self.rows):
            raise ValueError("a tolerance is never negative")

    def row_for(self, gap_days: int) -> ToleranceRow:
        return next(row for row in self.rows if row.up_to_days is None or gap_days <= row.up_to_days)


SHIPPED_TOLERANCE = Tolerance(
    (ToleranceRow(4, 0, 1), ToleranceRow(10, 1, 3), ToleranceRow(20, 2, 6), ToleranceRow(None, 3, 7))
)


@dataclass(frozen=True)
class DayWindow:
    """The accepted days after a base day, both inclusive, and the one aimed at."""

    earliest_on: date
    aim_on: date
    latest_on: date

    def __contains__(self, day: date) -> bool:
        return self.earliest_on <= day <= self.latest_on


def window_after(base_on: date, gap: Gap, tolerance: Tolerance = SHIPPED_TOLERANCE) -> DayWindow | None:
    """Measure a gap from the day of the session before; None when it leads beyond the calendar.

    A gap without a window takes the tolerance of its real length in days; a day earliest comes after the base day.
    """
    aim_on = add_gap(base_on, gap.length, gap.unit)
    if aim_on is None:
        return None
    if gap.window is not None:
        earliest_on = add_gap(base_on, gap.window.least, gap.window.unit) or aim_on
        return DayWindow(earliest_on, aim_on, add_gap(base_on, gap.window.most, gap.window.unit) or date.max)
    gap_days = (aim_on - base_on).days
    row = tolerance.row_for(gap_days)
    earliest_on = add_days(aim_on, -min(row.early_days, gap_days - 1)) or aim_on
    return DayWindow(earliest_on, aim_on, add_days(aim_on, row.late_days) or date.max)
