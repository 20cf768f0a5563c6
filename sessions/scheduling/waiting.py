"""Who waits for a time like this one, and which free times suit somebody. Pure: no Django, no clock.

Best first means: inside the window of the session, then the longest waiting. Source: docs/adr/0065.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, time

EVERY_DAY = frozenset(range(1, 8))


@dataclass(frozen=True)
class Opening:
    """A time somebody may be given: local day and wall times, and the same beginning as a minute."""

    start: int
    day: date
    from_time: time
    until_time: time
    practitioner: int


@dataclass(frozen=True)
class Need:
    """What suits one patient. Without a bound everything does; `weekdays` are ISO numbers.

    `window` is the session's, both days included: times outside it come last. `first_on` and `last_on` are hard.
    `before` is the minute the present visit begins: only an earlier time is of any use. `aim_on` is the day liked best.
    """

    first_on: date
    last_on: date
    weekdays: frozenset[int] = EVERY_DAY
    from_time: time | None = None
    until_time: time | None = None
    practitioner: int | None = None
    rather_with: int | None = None
    window: tuple[date, date] | None = None
    before: int | None = None
    aim_on: date | None = None
    since: int = 0

    def is_inside(self, day: date) -> bool:
        """Whether the day lies in the window of the session; without a session every day does."""
        return self.window is None or self.window[0] <= day <= self.window[1]


def suits(need: Need, opening: Opening) -> bool:
    """Say whether the patient would come then. Whether the time is free is not looked at."""
    return (
        need.first_on <= opening.day <= need.last_on
        and opening.day.isoweekday() in need.weekdays
        and (need.from_time is None or opening.from_time >= need.from_time)
        and (need.until_time is None or time.min < opening.until_time <= need.until_time)
        and need.practitioner in (None, opening.practitioner)
        and (need.before is None or opening.start < need.before)
    )


def best_first(needs: Iterable[tuple[Need, date]]) -> list[int]:
    """Order those whom a time suits: inside the window first, then the longest waiting. Gives positions."""
    ranked = [(not need.is_inside(day), need.since, place) for place, (need, day) in enumerate(needs)]
    return [place for _outside, _since, place in sorted(ranked)]


def choose_times(need: Need, openings: Iterable[Opening], count: int) -> list[Opening]:
    """Choose times to name on the telephone, in order of time: inside the window, near the day aimed at, the
    practitioner known, and never two in the same half of a day while another half has one.
    """

    def price(one: Opening) -> tuple[bool, bool, int, int]:
        away = abs((one.day - need.aim_on).days) if need.aim_on else (one.day - need.first_on).days
        stranger = need.rather_with is not None and one.practitioner != need.rather_with
        return not need.is_inside(one.day), stranger, away, one.start

    fitting = sorted((one for one in openings if suits(need, one)), key=price)
    return sorted(_spread(fitting, count), key=lambda one: one.start)


def _spread(fitting: Sequence[Opening], count: int) -> Iterator[Opening]:
    """Take the first of each half-day, then fill up with what is left; never two people at one time."""
    halves: set[tuple[date, bool]] = set()
    starts: set[int] = set()
    for is_second_round in (False, True):
        for one in fitting:
            half = (one.day, one.from_time < time(13))
            if len(starts) == count:
                return
            if one.start in starts or (half in halves and not is_second_round):
                continue
            halves.add(half)
            starts.add(one.start)
            yield one
