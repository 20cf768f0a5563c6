"""The days of a course: from a cadence and what has happened so far to the due day and window of every open session.

Pure: frozen values in and out, days local to the site, and no clock (`today` is passed in).
Source: DESIGN.md section 4, after the model of immunisation-schedule logic; `docs/cadence.md` says it in plain words.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from protocols.cadence import Cadence, Gap
from sessions.scheduling.localdays import IsOpen, add_days, add_gap, add_years, first_open_day, nearest_open_day
from sessions.scheduling.windows import SHIPPED_TOLERANCE, DayWindow, Tolerance, window_after

HORIZON_WEEKS = 26
LONGEST_PLAN_YEARS = 10
LONGEST_CLOSURE_DAYS = 366


class NoOpenDayError(Exception):
    """A session finds no open day within `LONGEST_CLOSURE_DAYS`: the clinic looks closed for good."""

    def __init__(self, from_on: date) -> None:
        super().__init__(f"no open day within {LONGEST_CLOSURE_DAYS} days from {from_on.isoformat()}")
        self.from_on = from_on

    def __reduce__(self) -> tuple[type["NoOpenDayError"], tuple[date]]:
        return NoOpenDayError, (self.from_on,)


class Reason(StrEnum):
    """Why a session is due on its day."""

    IDEAL = "ideal"  # nothing stood against the ideal day
    CLOSED = "closed"  # the ideal day is closed
    MISSED = "missed"  # its day has passed: due again on the next open day
    BOOKED = "booked"  # its day has passed, but it is booked for a day still to come


@dataclass(frozen=True)
class PlannedDay:
    """One open session of a plan. `phase` counts from 1; `minutes` None means the clinic's default.

    `late` is a due day after the window. `ideal_on` is the day aimed at before closures and missed days moved it.
    """

    number: int
    phase: int
    due_on: date
    earliest_on: date
    latest_on: date
    minutes: int | None
    held: bool
    late: bool
    ideal_on: date
    reason: Reason


@dataclass(frozen=True)
class SessionState:
    """What has become of a session. A session without a state, or with an empty one, is open.

    `due_on` matters only for a skipped session: the day it was due when it was skipped.
    """

    number: int
    performed_on: date | None = None
    booked_on: date | None = None
    is_skipped: bool = False
    due_on: date | None = None


@dataclass(frozen=True)
class Revision:
    """A cadence, and from which session of the course on it counts.

    Session `first_number` is the first one of phase `first_phase`: on `start_on` or the next open day; without a
    `start_on` it is measured from the session before.
    """

    cadence: Cadence
    start_on: date | None = None
    first_number: int = 1
    first_phase: int = 1

    def has_session(self, number: int) -> bool:
        return number >= self.first_number and self.cadence.has_session(self._inside(number))

    def phase_number_of(self, number: int) -> int:
        """Give the phase of a session of the course. Raises IndexError when there is no such session."""
        return self.cadence.phase_number_of(self._inside(number))

    def gap_of(self, number: int) -> Gap | None:
        """Give the gap before a session; None when it is not measured from the session before."""
        if number == self.first_number and self.start_on is not None:
            return None
        return self.cadence.phases[self.phase_number_of(number) - 1].gap

    def held_from_phase(self, reviewed_phases: Collection[int]) -> int | None:
        """Give the first phase held by a review still to come; None when nothing is held."""
        gates = (gate for gate in self.cadence.gated_phases if gate >= self.first_phase)
        return next((gate + 1 for gate in gates if gate not in reviewed_phases), None)

    def in_phase(self, first_phase: int, from_number: int, start_on: date | None = None) -> "Revision":
        """Go on from session `from_number` with the first session of a phase: step back, move on, or restart.

        A phase before the first or after the last means the first or the last. Without `start_on` the session keeps
        its distance to the one before; a restart gives one.
        """
        phase = min(max(first_phase, 1), len(self.cadence.phases))
        return replace(self, start_on=start_on, first_number=from_number, first_phase=phase)

    def _inside(self, number: int) -> int:
        return number - self.first_number + self.cadence.first_session_of(self.first_phase)


def horizon_from(today: date) -> date:
    """Give the last day up to which open-ended phases are planned."""
    return add_days(today, 7 * HORIZON_WEEKS) or date.max


def longest_plan_until(first_on: date) -> date:
    """Give the last day any plan may reach."""
    return add_years(first_on, LONGEST_PLAN_YEARS) or date.max


def plan_course(
    cadence: Cadence,
    first_on: date,
    is_open: IsOpen,
    *,
    until: date | None = None,
    horizon_on: date | None = None,
    tolerance: Tolerance = SHIPPED_TOLERANCE,
) -> list[PlannedDay]:
    """Choose the day of every session of a course of which nothing has happened yet.

    Ascending, one per session; the first one is on `first_on` or the next open day. The plan stops at the first
    session due after `until` (inclusive; ten years when not given), an open-ended phase also after `horizon_on`
    (inclusive; but the first session not done is always planned), and at the end of the calendar.
    Every session behind a gate is held. Raises NoOpenDayError when the clinic looks closed for good and `until` is
    not given.
    """
    planner = _Planner(Revision(cadence, first_on), {}, is_open, tolerance, None, until, horizon_on)
    return list(planner.plan(first_on))


def replan(
    revision: Revision,
    states: Iterable[SessionState],
    is_open: IsOpen,
    *,
    today: date,
    until: date | None = None,
    horizon_on: date | None = None,
    tolerance: Tolerance = SHIPPED_TOLERANCE,
    reviewed_phases: Collection[int] = frozenset(),
) -> list[PlannedDay]:
    """Choose the day of every session still open, after what has happened.

    `states` may hold the whole course, in any order; `reviewed_phases` are the revision's gated phases whose review
    is recorded. `horizon_on` is 26 weeks from today when not given; the rest is as in `plan_course`, the ten
    years counting from today or a later start day. Planned twice with the same values gives the same days.

    Readings of DESIGN section 4: a session is missed once its due day lies before `today`, unless it is held; one
    booked for today or later is then due on that day. What follows a booked session is measured from its booked day,
    as `series.propose` does. A skipped session leaves what follows where it was: measured from the day it was due.
    A session left open behind a performed one is not planned again. A session with neither a gap nor a start day
    is due at once.
    """
    by_number = {state.number: state for state in states}
    horizon_on = horizon_on or horizon_from(today)
    planner = _Planner(revision, by_number, is_open, tolerance, today, until, horizon_on, reviewed_phases)
    return list(planner.plan(max(today, revision.start_on or today)))


def plan_on(
    cadence: Cadence,
    base_on: date,
    ideal_on: date,
    is_open: IsOpen,
    *,
    today: date,
    horizon_on: date,
    tolerance: Tolerance = SHIPPED_TOLERANCE,
) -> list[PlannedDay]:
    """Choose the days up to the horizon behind the last session planned of an open-ended phase, numbered from 1.

    `base_on` is that session's due day, or the day to come for which it is booked; `ideal_on` the day aimed at for
    it. While the plan up to there stands, these are the days `replan` would give. None of them is held.
    """
    revision = Revision(cadence).in_phase(len(cadence.phases), 1)
    planner = _Planner(revision, {}, is_open, tolerance, today, None, horizon_on, cadence.gated_phases)
    return list(planner.follow(1, base_on, ideal_on, today, is_next=False))


def next_session(
    revision: Revision,
    states: Iterable[SessionState],
    *,
    tolerance: Tolerance = SHIPPED_TOLERANCE,
    reviewed_phases: Collection[int] = frozenset(),
) -> PlannedDay | None:
    """Give the first open session as planned without closures or a today; None when the course is finished."""
    by_number = {state.number: state for state in states}
    planner = _Planner(revision, by_number, lambda _: True, tolerance, None, date.max, None, reviewed_phases)
    return next(planner.plan(revision.start_on or date.min), None)


@dataclass(frozen=True)
class _Planner:
    """One run along the chain of sessions. `today` None: nothing is missed."""

    revision: Revision
    states: Mapping[int, SessionState]
    is_open: IsOpen
    tolerance: Tolerance
    today: date | None
    until: date | None
    horizon_on: date | None
    reviewed_phases: Collection[int] = ()

    def plan(self, default_start_on: date) -> Iterator[PlannedDay]:
        number, base_on = self._standing()
        yield from self.follow(number, base_on, base_on, default_start_on, is_next=True)

    def follow(
        self, number: int, base_on: date | None, ideal_on: date | None, default_start_on: date, *, is_next: bool
    ) -> Iterator[PlannedDay]:
        """Go along the chain from a session on, measured from a base and an ideal day; the next one is always given."""
        until = self.until or longest_plan_until(default_start_on)
        held_from = self.revision.held_from_phase(self.reviewed_phases)
        while self.revision.has_session(number):
            state = self.states.get(number, SessionState(number))
            window = self._window(number, base_on, ideal_on, default_start_on)
            day = window and self._place(state, *window, held_from)
            if day is None or day.due_on > until or (not is_next and self._is_beyond_horizon(day)):
                return
            if state.is_skipped:
                base_on = state.due_on or day.due_on
            else:
                yield day
                is_next = False
                base_on = self._coming_booking(state) or day.due_on
            ideal_on = day.ideal_on
            number += 1

    def _standing(self) -> tuple[int, date | None]:
        """Give the first session to plan and the day it is measured from, None when there is none."""
        settled = [
            (state.number, state.performed_on or state.due_on)
            for state in self.states.values()
            if state.performed_on or (state.is_skipped and state.number < self.revision.first_number)
        ]
        number, base_on = max(((number, on) for number, on in settled if on is not None), default=(0, None))
        return max(number + 1, self.revision.first_number), base_on

    def _window(
        self, number: int, base_on: date | None, ideal_on: date | None, default_start_on: date
    ) -> tuple[DayWindow, date] | None:
        """Give a session's window and its ideal day; None beyond the calendar or the last day of the plan."""
        gap = self.revision.gap_of(number)
        if gap is None or base_on is None or ideal_on is None:
            start_on = self.revision.start_on or default_start_on
            first_on = self._open_from(start_on)
            return (DayWindow(first_on, first_on, first_on), start_on) if first_on is not None else None
        window = window_after(base_on, gap, self.tolerance)
        if window is None:
            return None
        kept_on = add_gap(ideal_on, gap.length, gap.unit)
        return window, kept_on if kept_on is not None and kept_on in window else window.aim_on

    def _place(
        self, state: SessionState, window: DayWindow, ideal_on: date, held_from: int | None
    ) -> PlannedDay | None:
        """Choose the due day inside a window, or after it; None beyond the calendar or the last day of the plan."""
        number = state.number
        phase = self.revision.phase_number_of(number)
        is_held = held_from is not None and phase >= held_from
        due_on = nearest_open_day(ideal_on, window.earliest_on, window.latest_on, self.is_open)
        if due_on is None:
            after_on = add_days(window.latest_on, 1)
            due_on = after_on and self._open_from(after_on)
        reason = Reason.IDEAL if due_on == ideal_on else Reason.CLOSED
        if due_on is not None and self.today is not None and due_on < self.today and not (is_held or state.is_skipped):
            booked_on = self._coming_booking(state)
            due_on = booked_on or self._open_from(self.today)
            reason = Reason.BOOKED if booked_on else Reason.MISSED
        if due_on is None:
            return None
        return PlannedDay(
            number=number,
            phase=phase,
            due_on=due_on,
            earliest_on=window.earliest_on,
            latest_on=window.latest_on,
            minutes=self.revision.cadence.minutes_in(phase),
            held=is_held,
            late=due_on > window.latest_on,
            ideal_on=ideal_on,
            reason=reason,
        )

    def _coming_booking(self, state: SessionState) -> date | None:
        is_coming = state.booked_on is not None and self.today is not None and state.booked_on >= self.today
        return state.booked_on if is_coming else None

    def _is_beyond_horizon(self, day: PlannedDay) -> bool:
        is_open_ended = self.revision.cadence.phases[day.phase - 1].is_open_ended
        return is_open_ended and self.horizon_on is not None and day.due_on > self.horizon_on

    def _open_from(self, first_on: date) -> date | None:
        """Find the first open day; None beyond the calendar or the last day of the plan."""
        closes_on = add_days(first_on, LONGEST_CLOSURE_DAYS)
        day = first_open_day(first_on, self.until or closes_on or date.max, self.is_open)
        if day is None and self.until is None and closes_on is not None:
            raise NoOpenDayError(first_on)
        return day
