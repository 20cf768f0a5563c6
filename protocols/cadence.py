"""The notation of a series of sessions, such as `4x1w, 2x2w, *x4-6w@30`: its values, its reader and its writer.

Standard library only, no clock, no dates: turning gaps into days is the work of `sessions.scheduling.planning`.
Source: DESIGN.md section 3; `docs/cadence.md` explains the notation to people.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Literal, NoReturn

Unit = Literal["d", "w", "mo"]

LARGEST_NUMBER = 999
OPEN_ENDED = "*"  # in place of a count; nowhere else in the notation
LONGEST_TEXT = 1000

_DIGITS = "0123456789"
_BLANKS = " \t"
_UNITS: tuple[Unit, ...] = ("mo", "d", "w")
THE_END = "the end of the text"
_NUMBER = f"a number from 1 to {LARGEST_NUMBER}"
_TOO_LONG = f"{THE_END} (a cadence has at most {LONGEST_TEXT} characters)"


class CadenceError(ValueError):
    """The first fault of a text that is no cadence.

    `position` counts characters from 1; the end of the text is its length + 1. `expected` and `found` are words.
    """

    def __init__(self, position: int, expected: str, found: str) -> None:
        super().__init__(f"cadence, character {position}: expected {expected}, found {found}")
        self.position = position
        self.expected = expected
        self.found = found

    def __reduce__(self) -> tuple[type[CadenceError], tuple[int, str, str]]:
        return CadenceError, (self.position, self.expected, self.found)


@dataclass(frozen=True)
class Window:
    """The shortest and the longest distance from the previous session that are accepted, both inclusive."""

    least: int
    most: int
    unit: Unit

    def __post_init__(self) -> None:
        _require_number(self.least)
        _require_number(self.most)
        _require(self.unit in _UNITS, "a unit is d, w or mo")
        _require(self.least <= self.most, "a window ends before it starts")


@dataclass(frozen=True)
class Gap:
    """The distance from the previous session: what is aimed at, and the window if one is written.

    A range (`4-6w`) is a gap whose window is the range and whose length is its middle, rounded down to a whole unit.
    A gap without a window takes the clinic's tolerance table when it is planned.
    """

    length: int
    unit: Unit
    window: Window | None = None
    is_range: bool = False

    @classmethod
    def between(cls, least: int, most: int, unit: Unit) -> Gap:
        """Make the gap written as a range."""
        return cls((least + most) // 2, unit, Window(least, most, unit), is_range=True)

    def __post_init__(self) -> None:
        _require_number(self.length)
        _require(self.unit in _UNITS, "a unit is d, w or mo")
        if self.window is None:
            _require(not self.is_range, "a range has a window")
            return
        least, most, unit = self.window.least, self.window.most, self.window.unit
        _require((unit == "mo") == (self.unit == "mo"), "a gap and its window are both in months or neither")
        _require(_size(least, unit) <= _size(self.length, self.unit) <= _size(most, unit), "a window holds its gap")
        aims_at_middle = self.length == (least + most) // 2 and unit == self.unit
        _require(aims_at_middle or not self.is_range, "a range aims at its middle")

    def __str__(self) -> str:
        if self.window is None:
            return f"{self.length}{self.unit}"
        window = f"{self.window.least}-{self.window.most}{self.window.unit}"
        return window if self.is_range else f"{self.length}{self.unit}[{window}]"


@dataclass(frozen=True)
class Phase:
    """Sessions that follow each other at the same gap.

    `count` None is open-ended. `minutes` None carries on those of the phase before. `gate` holds every later phase
    until a practitioner has recorded the review.
    """

    count: int | None
    gap: Gap | None = None
    minutes: int | None = None
    gate: bool = False

    def __post_init__(self) -> None:
        for number in (self.count, self.minutes):
            if number is not None:
                _require_number(number)
        _require(not (self.gate and self.count is None), "an open-ended phase has no review gate")

    @property
    def is_open_ended(self) -> bool:
        return self.count is None

    def __str__(self) -> str:
        count = OPEN_ENDED if self.count is None else str(self.count)
        gap = "" if self.gap is None else str(self.gap)
        minutes = "" if self.minutes is None else f"@{self.minutes}"
        return f"{count}x{gap}{minutes}{'!' if self.gate else ''}"


@dataclass(frozen=True)
class Cadence:
    """A whole series. Sessions and phases are numbered from 1; `str()` gives the canonical text."""

    phases: tuple[Phase, ...]

    def __post_init__(self) -> None:
        _require(isinstance(self.phases, tuple) and len(self.phases) > 0, "a cadence has at least one phase")
        _require(all(not phase.is_open_ended for phase in self.phases[:-1]), "only the last phase is open-ended")
        _require(all(phase.gap for phase in self.phases[1:]), "a later phase has a gap")
        _require(self.phases[0].gap is not None or self.phases[0].count == 1, "an opening phase of several has a gap")
        _require(_compact_length(self.phases) <= LONGEST_TEXT, f"a cadence has at most {LONGEST_TEXT} characters")

    def __str__(self) -> str:
        return format(self)

    @cached_property
    def _firsts(self) -> list[int]:
        return list(accumulate((phase.count or 0 for phase in self.phases[:-1]), initial=1))

    @property
    def is_open_ended(self) -> bool:
        return self.phases[-1].is_open_ended

    @cached_property
    def session_count(self) -> int | None:
        """Count the sessions; None when open-ended."""
        last = self.phases[-1].count
        return None if last is None else self._firsts[-1] + last - 1

    def has_session(self, number: int) -> bool:
        return number >= 1 and (self.session_count is None or number <= self.session_count)

    def first_session_of(self, phase_number: int) -> int:
        """Give the number of the first session of a phase. Raises IndexError when there is no such phase."""
        if not 1 <= phase_number <= len(self.phases):
            raise IndexError(f"there is no phase {phase_number}")
        return self._firsts[phase_number - 1]

    def phase_number_of(self, number: int) -> int:
        """Give the phase a session belongs to. Raises IndexError when there is no such session."""
        if not self.has_session(number):
            raise IndexError(f"there is no session {number}")
        return bisect_right(self._firsts, number)

    def gap_of(self, number: int) -> Gap | None:
        """Give the gap before a session; None before the very first one. Raises IndexError as `phase_number_of`."""
        phase = self.phases[self.phase_number_of(number) - 1]
        return None if number == 1 else phase.gap

    def minutes_in(self, phase_number: int) -> int | None:
        """Give a phase's appointment minutes, carried on from earlier phases; None means the clinic's default."""
        return self._minutes[phase_number]

    @cached_property
    def _minutes(self) -> list[int | None]:
        carried: list[int | None] = [None]
        for phase in self.phases:
            carried.append(phase.minutes or carried[-1])
        return carried

    @cached_property
    def gated_phases(self) -> tuple[int, ...]:
        """The numbers of the phases that end with a review gate, ascending."""
        return tuple(number for number, phase in enumerate(self.phases, 1) if phase.gate)

    def gates_before(self, number: int) -> tuple[int, ...]:
        """Give the numbers of the gated phases whose reviews a session waits for. Raises IndexError as above."""
        own = self.phase_number_of(number)
        return tuple(gated for gated in self.gated_phases if gated < own)


def format(cadence: Cadence) -> str:
    """Write a cadence as its canonical text, which `parse` reads back to an equal one."""
    phases = [str(phase) for phase in cadence.phases]
    text = ", ".join(phases)
    return text if len(text) <= LONGEST_TEXT else ",".join(phases)  # so that it can be read back


def parse(text: str) -> Cadence:
    """Read a cadence, or a day list such as `D0 D7 D14 D29`.

    Raises CadenceError for the first fault, and nothing else.
    """
    return _Reader(text).read()


def _require(holds: bool, rule: str) -> None:
    if not holds:
        raise ValueError(f"no cadence: {rule}")


def _require_number(number: int) -> None:
    _require(type(number) is int and 1 <= number <= LARGEST_NUMBER, f"expected {_NUMBER}, found {number!r}")


def _size(length: int, unit: Unit | None) -> int:
    """Measure in days, or in months: to compare lengths of the same kind."""
    return length * (7 if unit == "w" else 1)


def _compact_length(phases: Iterable[Phase]) -> int:
    return len(",".join(str(phase) for phase in phases))


class _Reader:
    """Reads one text from left to right and stops at the first fault. `at` is an index from 0."""

    def __init__(self, text: str) -> None:
        self.text = text[: LONGEST_TEXT + 10]  # enough to tell a fault before the limit from a text that is too long
        self.at = 0

    def read(self) -> Cadence:
        self.skip_blanks()
        phases = self.day_list() if self.peek() == "D" else self.phase_list()
        if len(self.text) > LONGEST_TEXT:
            self.fail(THE_END)
        return Cadence(tuple(phases))

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def take(self, token: str) -> bool:
        if not self.text.startswith(token, self.at):
            return False
        self.at += len(token)
        return True

    def skip_blanks(self) -> None:
        self.at = len(self.text) - len(self.text[self.at :].lstrip(_BLANKS))

    def fail(self, expected: str, at: int | None = None, found: object = None) -> NoReturn:
        """Raise the fault at an index, or here; behind the limit there is one fault only: the text is too long."""
        at = self.at if at is None else at
        if at >= LONGEST_TEXT and len(self.text) > LONGEST_TEXT:
            at, expected, found = LONGEST_TEXT, _TOO_LONG, None
        raise CadenceError(at + 1, expected, _in_words(self.text[at : at + 1] if found is None else str(found)))

    def digits(self) -> str:
        start = self.at
        while self.at < len(self.text) and self.text[self.at] in _DIGITS:
            self.at += 1
        return self.text[start : self.at]

    def number(self, expected: str = _NUMBER) -> int:
        """Read a number; a wrong one is pointed at by its first digit."""
        start = self.at
        digits = self.digits()
        if not digits:
            self.fail(expected)
        if not 1 <= int(digits) <= LARGEST_NUMBER:
            self.fail(_NUMBER, start, digits)
        return int(digits)

    def peek_unit(self) -> Unit | None:
        return next((unit for unit in _UNITS if self.text.startswith(unit, self.at)), None)

    def unit(self) -> Unit:
        unit = self.peek_unit()
        if unit is None:
            self.fail("a unit (d, w or mo)")
        self.at += len(unit)
        return unit

    def phase_list(self) -> list[Phase]:
        phases: list[Phase] = []
        while True:
            phases.append(self.phase(is_opening=not phases))
            end_at = self.at
            self.skip_blanks()
            if self.at == len(self.text):
                return phases
            if phases[-1].is_open_ended or not self.take(","):
                marks = _marks_after(phases[-1]) if self.at == end_at else []
                marks += [] if phases[-1].is_open_ended else ['","']
                self.fail(f"{', '.join(marks)} or {THE_END}" if marks else THE_END)
            self.skip_blanks()

    def phase(self, *, is_opening: bool) -> Phase:
        words = 'a count (a number or "*")' + (" or D0" if is_opening else "")
        count = None if self.take(OPEN_ENDED) else self.number(words)
        if not self.take("x"):
            self.fail('"x"')
        has_gap = self.peek() in tuple(_DIGITS)
        if not has_gap and not (is_opening and count == 1):
            self.fail("a gap such as 1w")
        gap = self.gap() if has_gap else None
        minutes = self.number(f"minutes, {_NUMBER}") if self.take("@") else None
        gate = count is not None and self.take("!")
        return Phase(count, gap, minutes, gate)

    def gap(self) -> Gap:
        first = self.number()
        if self.take("-"):
            most_at = self.at
            most = self.number()
            if most < first:
                self.fail(f"a number from {first} to {LARGEST_NUMBER}", most_at, most)
            return Gap.between(first, most, self.unit())
        unit = self.unit()
        return Gap(first, unit, self.window(first, unit) if self.take("[") else None)

    def window(self, length: int, unit: Unit) -> Window:
        """Read a window up to its bracket. Its numbers are judged once its unit is known; the leftmost fault wins."""
        least_at, least = self.at, self.number()
        if not self.take("-"):
            self.fail('"-"')
        most_at, most = self.at, self.number()
        own, holds = self.peek_unit(), f"a window that holds the gap of {length}{unit}"
        is_same_kind = own is not None and (own == "mo") == (unit == "mo")
        if is_same_kind and _size(least, own) > _size(length, unit):
            self.fail(holds, least_at, least)
        if most < least:
            self.fail(f"a number from {least} to {LARGEST_NUMBER}", most_at, most)
        if is_same_kind and _size(most, own) < _size(length, unit):
            self.fail(holds, most_at, most)
        if own is not None and not is_same_kind:
            self.fail("the unit mo, as in the gap" if unit == "mo" else "the unit d or w, as in the gap", found=own)
        own = self.unit()
        if not self.take("]"):
            self.fail('"]"')
        return Window(least, most, own)

    def day_list(self) -> list[Phase]:
        phases: list[Phase] = []
        before = 0
        while self.peek() == "D":
            start = self.at
            self.at += 1
            day = self.day(before) if phases else self.first_day()
            phases.append(Phase(1, Gap(day - before, "d") if phases else None))
            if _compact_length(phases) > LONGEST_TEXT:
                self.fail(f"{THE_END} (too many days for one cadence)", start)
            before = day
            self.skip_blanks()
        if self.at < len(self.text):
            self.fail(f'a later day ("D" and a number) or {THE_END}')
        return phases

    def first_day(self) -> int:
        start, digits = self.at, self.digits()
        if digits.strip("0") or not digits:
            self.fail("0 (a day list starts at D0)", start, digits or None)
        return 0

    def day(self, before: int) -> int:
        start, day = self.at, self.number(f"a day later than {before}")
        if day <= before:
            self.fail(f"a day later than {before}", start, day)
        return day


def _marks_after(phase: Phase) -> list[str]:
    """Name the marks that may stand directly after what was read of a phase."""
    if phase.gate:
        return []
    minutes = ['"@"'] if phase.minutes is None else []
    return minutes if phase.is_open_ended else [*minutes, '"!"']


def _in_words(found: str) -> str:
    """Quote what was found so that it stays on one line and short."""
    if found and not found.isprintable():
        return f"U+{ord(found[0]):04X}"
    return (f'"{found}"' if len(found) <= 12 else f'"{found[:12]}…"') if found else THE_END
