"""Sets of time as sorted lists of half-open intervals, in minutes since 1970 (`walltime.py`).

An appointment that ends at ten does not meet one that starts at ten. `Intervals` are ascending and do not touch;
`merge` makes any list so. Every operation is one sweep, so forty practitioners and sixty days cost milliseconds.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from operator import itemgetter

Interval = tuple[int, int]
Intervals = list[Interval]


def merge(intervals: Iterable[Interval]) -> Intervals:
    """Sort intervals and join those that overlap or touch; empty ones vanish."""
    merged: Intervals = []
    for start, end in sorted(intervals):
        if end <= start:
            continue
        if not merged or start > merged[-1][1]:
            merged.append((start, end))
        elif end > merged[-1][1]:
            merged[-1] = (merged[-1][0], end)
    return merged


def intersect(left: Intervals, right: Intervals) -> Intervals:
    """Give the time both lists cover. Both must be merged."""
    common: Intervals = []
    i = j = 0
    while i < len(left) and j < len(right):
        left_start, left_end = left[i]
        right_start, right_end = right[j]
        start = left_start if left_start > right_start else right_start
        if left_end < right_end:
            end = left_end
            i += 1
        else:
            end = right_end
            j += 1
        if start < end:
            common.append((start, end))
    return common


def subtract(intervals: Intervals, taken: Intervals) -> Intervals:
    """Give the time of `intervals` that `taken` leaves over. Both must be merged."""
    left_over: Intervals = []
    j = 0
    for start, end in intervals:
        while j < len(taken) and taken[j][1] <= start:
            j += 1
        k = j
        while k < len(taken) and taken[k][0] < end:
            if start < taken[k][0]:
                left_over.append((start, taken[k][0]))
            start = taken[k][1]
            k += 1
        if start < end:
            left_over.append((start, end))
        j = k - 1 if k > j else j  # the last one may reach into the next interval
    return left_over


def overlaps(intervals: Sequence[Interval], start: int, end: int) -> bool:
    """Say whether any of the merged intervals shares a minute with [start, end)."""
    before = bisect_left(intervals, end, key=itemgetter(0)) - 1
    return before >= 0 and start < end and intervals[before][1] > start


def contains(intervals: Intervals, start: int, end: int) -> bool:
    """Say whether one of the merged intervals holds the whole of [start, end)."""
    before = bisect_right(intervals, start, key=itemgetter(0)) - 1
    return before >= 0 and intervals[before][1] >= end
