"""Lapse and response: DESIGN section 4, rules 6, 7 and 11."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from protocols.cadence import parse
from sessions.scheduling.followup import Suggestion, is_lapsed, is_response, lapses_on, suggest_response
from sessions.scheduling.planning import Revision, SessionState

pytestmark = pytest.mark.engine

MONDAY = date(2026, 3, 2)


def lapse_days(text, *, states=None, **more):
    """Count the days from the first performed session to the lapse."""
    states = [SessionState(1, performed_on=MONDAY)] if states is None else states
    lapse_on = lapses_on(Revision(parse(text), MONDAY), states, **more)
    return None if lapse_on is None else (lapse_on - MONDAY).days


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("4x1w", 21),  # at most 7 + 3 days: more than 20
        ("1x, 1x4-6w", 85),  # more than 12 weeks
        ("1x, 1x1w[6-8d]", 17),
        ("1x, 1x1d[1-1d]", 7),  # twice the gap is 2, but never under 7 days
        ("1x, 1x3d[1-3d]", 7),
        ("1x, 1x4d", 11),
        ("1x, 1x1mo", 77),  # 2 April + 7 is 38 days: more than 76
        ("1x", None),  # finished
        ("1x!, 1x1w", None),  # held
    ],
)
def test_a_course_lapses_after_twice_the_longest_gap_of_the_next_session(text, days):
    assert lapse_days(text) == days


def test_the_day_of_the_lapse_is_the_first_lapsed_one():
    revision, states = Revision(parse("4x1w"), MONDAY), [SessionState(1, performed_on=MONDAY)]

    assert not is_lapsed(revision, states, today=MONDAY + timedelta(days=20))
    assert is_lapsed(revision, states, today=MONDAY + timedelta(days=21))


def test_a_course_nobody_has_begun_does_not_lapse():
    assert lapse_days("4x1w", states=[]) is None
    assert lapse_days("4x1w", states=[SessionState(1, booked_on=MONDAY)]) is None


def test_a_recorded_review_lets_the_course_lapse():
    assert lapse_days("1x!, 1x1w", reviewed_phases={1}) == 21


def test_a_resumed_course_counts_from_the_day_it_was_resumed():
    assert lapse_days("4x1w", resumed_on=MONDAY + timedelta(days=30)) == 51


def test_a_course_does_not_lapse_inside_the_window_after_skipped_sessions():
    skipped = [SessionState(number, is_skipped=True) for number in (2, 3, 4)]

    assert (
        lapse_days("9x1w", states=[SessionState(1, performed_on=MONDAY), *skipped]) == 32
    )  # D28 + 3 days of grace + 1


def test_a_course_about_to_restart_does_not_lapse():
    revision = Revision(parse("4x1w"), MONDAY).in_phase(1, from_number=2, start_on=date(2026, 9, 1))

    assert lapses_on(revision, [SessionState(1, performed_on=MONDAY)]) is None


def test_a_lapse_beyond_the_calendar_never_comes():
    revision = Revision(parse("4x1w"), date(9999, 12, 20))

    assert lapses_on(revision, [SessionState(1, performed_on=date(9999, 12, 20))]) is None


@pytest.mark.parametrize(
    ("before", "now", "is_one"),
    [
        (8, 5, True),
        (8, 6, False),
        (3, 1, True),
        (2, 0, True),
        (2, 1, False),
        (0, 0, False),
        (10, 7, True),
        (5, 8, False),
    ],
)
def test_a_response_is_two_points_and_thirty_percent(before, now, is_one):
    assert is_response(before, now) is is_one


@pytest.mark.parametrize(
    ("scores", "at_gate", "suggestion"),
    [
        ([], True, None),
        ([8], True, None),
        ([8, 5], True, Suggestion.NEXT_PHASE),
        ([8, 5], False, Suggestion.NEXT_PHASE),
        ([8, 7], True, Suggestion.STOP_OR_CHANGE),
        ([8, 7], False, Suggestion.CARRY_ON),
        ([8, 6], True, Suggestion.STOP_OR_CHANGE),  # 2 points, but only 25 %
        ([8, 3, 5], False, Suggestion.PHASE_BACK),  # still a response, but 2 points of it are lost
        ([8, 3, 4], False, Suggestion.NEXT_PHASE),
        ([8, 3, 8], True, Suggestion.PHASE_BACK),
        ([5, 4, 6], False, Suggestion.CARRY_ON),  # worse, but there was no response to lose
        ([5, 4, 6], True, Suggestion.STOP_OR_CHANGE),
        ([Decimal("6.5"), Decimal("4.5")], True, Suggestion.NEXT_PHASE),
    ],
)
def test_the_scores_suggest_what_comes_next(scores, at_gate, suggestion):
    assert suggest_response(scores, at_gate=at_gate) == suggestion
