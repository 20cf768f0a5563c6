"""When a course has lapsed, and what the scores suggest. A practitioner decides in both.

Source: DESIGN.md section 4, rules 6, 7 and 11.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum

from sessions.scheduling.localdays import add_days
from sessions.scheduling.planning import Revision, SessionState, next_session
from sessions.scheduling.windows import SHIPPED_TOLERANCE, Tolerance, window_after

SHORTEST_LAPSE_DAYS = 7
RESPONSE_POINTS = 2
RESPONSE_PERCENT = 30


class Suggestion(StrEnum):
    """What the scores suggest at this point of a course."""

    CARRY_ON = "carry_on"
    NEXT_PHASE = "next_phase"
    STOP_OR_CHANGE = "stop_or_change"
    PHASE_BACK = "phase_back"


def lapses_on(
    revision: Revision,
    states: Iterable[SessionState],
    *,
    tolerance: Tolerance = SHIPPED_TOLERANCE,
    reviewed_phases: Collection[int] = frozenset(),
    resumed_on: date | None = None,
) -> date | None:
    """Give the first day on which the course has lapsed if nothing more happens; None when it cannot lapse.

    More days have passed since the last performed session (or since a practitioner resumed the course, if later)
    than twice the maximum gap of the next one, and at least 7. The maximum gap is the far end of its window, the
    tolerance counted in. A course that nobody has begun, that is finished, held, or about to restart on a day, does
    not lapse; nor does one whose next session, after skipped ones, is still inside its window.
    """
    all_states = list(states)
    performed_on = max(
        ((state.number, state.performed_on) for state in all_states if state.performed_on is not None),
        default=(0, None),
    )[1]
    if performed_on is None:
        return None
    upcoming = next_session(revision, all_states, tolerance=tolerance, reviewed_phases=reviewed_phases)
    gap = revision.gap_of(upcoming.number) if upcoming is not None and not upcoming.held else None
    window = window_after(performed_on, gap, tolerance) if gap is not None else None
    if upcoming is None or window is None:
        return None
    wait_days = max(2 * (window.latest_on - performed_on).days + 1, SHORTEST_LAPSE_DAYS)
    lapse_on = add_days(max(performed_on, resumed_on or performed_on), wait_days)
    closed_on = add_days(upcoming.latest_on, 1)
    return max(lapse_on, closed_on) if lapse_on is not None and closed_on is not None else None


def is_lapsed(
    revision: Revision,
    states: Iterable[SessionState],
    *,
    today: date,
    tolerance: Tolerance = SHIPPED_TOLERANCE,
    reviewed_phases: Collection[int] = frozenset(),
    resumed_on: date | None = None,
) -> bool:
    """Tell whether the course has lapsed by today, as `lapses_on`."""
    lapse_on = lapses_on(revision, states, tolerance=tolerance, reviewed_phases=reviewed_phases, resumed_on=resumed_on)
    return lapse_on is not None and today >= lapse_on


def is_response(before: Decimal | int, now: Decimal | int) -> bool:
    """Tell whether a score is down by at least 2 points and at least 30 %; the scale rises with the complaint."""
    down = before - now
    return down >= RESPONSE_POINTS and down * 100 >= before * RESPONSE_PERCENT


def suggest_response(scores: Sequence[Decimal | int], *, at_gate: bool) -> Suggestion | None:
    """Suggest from the scores before each session, oldest first; None when there are fewer than two.

    The first score is the one before session 1, or before the first session since a restart. Back up by 2 points
    is counted from the best score since, and only once there has been a response to lose; it comes before the rest.
    """
    if len(scores) < 2:
        return None
    first, now, best = scores[0], scores[-1], min(scores)
    if is_response(first, best) and now - best >= RESPONSE_POINTS:
        return Suggestion.PHASE_BACK
    if is_response(first, now):
        return Suggestion.NEXT_PHASE
    return Suggestion.STOP_OR_CHANGE if at_gate else Suggestion.CARRY_ON
