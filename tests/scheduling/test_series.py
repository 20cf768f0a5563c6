"""Whole series: the answer is the best there is, checked by trying everything and by another solver."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, assume, given, settings

from sessions.scheduling.hours import WeeklyRule, day_windows, days_between
from sessions.scheduling.openings import NO_ROOM, Time, find_openings
from sessions.scheduling.series import propose
from sessions.scheduling.slots import Agenda
from sessions.scheduling.walltime import instant_of, local_day_of, minute_of, whole_days
from sessions.scheduling.wishes import Need, Slot, Wish, Wishes
from tests.scheduling.series_cases import MONDAY, PARIS, brute_force, cases, cost_of, count_of, gap, in_window, slots_of

pytestmark = pytest.mark.engine

TRIED = 2_000  # series a case may have at most, so that thousands of cases are tried in seconds


@settings(max_examples=2000, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(cases())
def test_no_series_is_better_than_the_one_proposed(case):
    needs, openings, wishes = case
    assume(count_of(needs, openings) <= TRIED)

    proposal = propose(needs, openings, wishes)

    cost = cost_of(needs, slots_of(needs, proposal), openings, wishes)
    assert cost == brute_force(needs, openings, wishes)
    if not any(need.stands_on for need in needs):
        assert cost[:4] == (proposal.unplaced, proposal.outside, proposal.broken, proposal.squares)


@settings(max_examples=500, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(cases())
def test_what_stands_and_is_put_outside_its_window_is_said(case):
    needs, openings, wishes = case

    proposal = propose(needs, openings, wishes)

    said = {one.number: one.window for one in proposal.displaced}
    chosen = {choice.number: choice for choice in proposal.choices}
    for before, need in pairwise(needs):
        if need.stands_on is None or not need.held_to_window:
            continue
        placed = chosen.get(before.number)
        was_placed = placed is not None and placed.slot is not None
        assert (need.number in said) == (was_placed and not in_window(need, placed.on, need.stands_on))


# --- worked cases: a clinic open Monday to Friday from nine to five


def week(*days: int, first: int = 9, until: int = 17) -> list[WeeklyRule]:
    return [WeeklyRule(day, time(first), time(until)) for day in days]


def weekly(count: int, *, minutes: int = 20, start: date = MONDAY, gaps: str = "1w", reach: int = 10) -> list[Need]:
    dues = [start + timedelta(days=7 * number) for number in range(count)]
    return [
        Need(
            number,
            due,
            minutes,
            due - timedelta(days=reach),
            due + timedelta(days=reach),
            gap=gap(gaps) if number > 1 else None,
            window=(due, due),
        )
        for number, due in enumerate(dues, 1)
    ]


def clinic(needs, people, *, zone=PARIS, closed=(), rooms=None, patient=None, not_before=0):
    """Openings of people given as {id: (rules, booked)}."""
    days = days_between(min(n.first_on for n in needs), max(n.last_on for n in needs))
    closures = whole_days(closed, zone)
    agendas = {
        one: Agenda(hours=day_windows(rules, days, zone), closures=closures, booked=booked)
        for one, (rules, booked) in people.items()
    }
    time_of = Time(agendas, patient or Agenda(), rooms)
    lengths = {need.minutes for need in needs}
    return find_openings(time_of, lengths, days, zone, step_minutes=10, not_before=not_before)


def days_of(proposal) -> list[date]:
    return [choice.on for choice in proposal.choices]


def test_an_open_clinic_gets_every_session_on_its_day_first_thing():
    needs = weekly(15)

    proposal = propose(needs, clinic(needs, {1: (week(1, 2, 3, 4, 5), ())}), Wishes())

    assert days_of(proposal) == [need.due_on for need in needs]
    assert {instant_of(c.slot.start).astimezone(PARIS).time() for c in proposal.choices} == {time(9)}
    assert proposal.is_whole
    assert proposal.is_certain(0)
    assert {choice.slot.room for choice in proposal.choices} == {NO_ROOM}


def test_windows_are_measured_from_the_day_chosen_before():
    """Weekly within 6 to 10 days: a week that is closed moves one session, and the next ones catch up."""
    needs = weekly(5)
    closed = days_between(MONDAY + timedelta(days=14), MONDAY + timedelta(days=16))

    proposal = propose(needs, clinic(needs, {1: (week(1, 2, 3, 4, 5), ())}, closed=closed), Wishes())

    assert [choice.days_off for choice in proposal.choices] == [0, 0, 3, 2, 1]
    assert proposal.outside == 0
    assert [c.window for c in proposal.choices][3] == (MONDAY + timedelta(days=23), MONDAY + timedelta(days=27))


def test_a_session_without_a_time_is_left_out_and_counts_as_on_its_day():
    needs = weekly(4, reach=2)
    closed = days_between(MONDAY + timedelta(days=5), MONDAY + timedelta(days=9))

    proposal = propose(needs, clinic(needs, {1: (week(1, 2, 3, 4, 5), ())}, closed=closed), Wishes())

    assert [choice.slot is None for choice in proposal.choices] == [False, True, False, False]
    assert proposal.choices[1].on == needs[1].due_on
    assert proposal.inside == 3


def test_a_window_that_cannot_be_kept_costs_nothing_and_is_not_counted_as_kept():
    first, *others = weekly(3)
    gone = replace(
        first, gap=None, window=(MONDAY - timedelta(days=14), date.max), late_after=MONDAY - timedelta(days=1)
    )
    needs = [gone, *others]

    proposal = propose(needs, clinic(needs, {1: (week(1, 2, 3, 4, 5), ())}), Wishes())

    assert [choice.days_off for choice in proposal.choices] == [0, 0, 0]
    assert [choice.is_late for choice in proposal.choices] == [True, False, False]
    assert (proposal.inside, proposal.late, proposal.outside) == (2, 1, 0)


def test_better_outside_the_window_than_not_at_all_but_rather_inside():
    needs = weekly(3)
    closed = days_between(MONDAY + timedelta(days=6), MONDAY + timedelta(days=10))

    proposal = propose(needs, clinic(needs, {1: (week(1, 2, 3, 4, 5), ())}, closed=closed), Wishes())

    assert proposal.unplaced == 0
    assert proposal.outside == 1
    assert [choice.is_outside for choice in proposal.choices] == [False, True, False]


def test_only_is_a_condition_and_rather_is_counted():
    needs = weekly(3)
    open_days = clinic(needs, {1: (week(1, 2, 3, 4, 5), ())})
    thursdays = Wishes(weekdays=frozenset({4}), only=frozenset({Wish.WEEKDAY}))

    strictly = propose(needs, open_days, thursdays)
    softly = propose(needs, open_days, thursdays.without(Wish.WEEKDAY))

    assert {day.isoweekday() for day in days_of(strictly)} == {4}
    assert days_of(softly)[0] == MONDAY, "the first session has no other day inside its window"
    assert softly.outside == 0
    assert strictly.outside == 1


def test_the_wished_hours_hold_the_whole_visit():
    needs = weekly(2, minutes=30)
    wishes = Wishes(from_time=time(14), until_time=time(15), only=frozenset({Wish.TIME}))

    proposal = propose(needs, clinic(needs, {1: (week(1), ((0, 1),))}), wishes)

    assert [instant_of(c.slot.start).astimezone(PARIS).time() for c in proposal.choices] == [time(14), time(14)]


def test_the_practitioner_is_kept_where_a_day_inside_the_window_allows_it():
    needs = weekly(3, reach=4)
    people = {1: (week(1, 2, 3, 4, 5), whole_days([MONDAY + timedelta(days=7)], PARIS)), 2: (week(1, 2, 3, 4, 5), ())}
    openings = clinic(needs, people)

    keeping = propose(needs, openings, Wishes(practitioner=1))
    not_caring = propose(needs, openings, Wishes(same_practitioner=False))

    assert {c.slot.practitioner for c in keeping.choices} == {1}
    assert [c.days_off for c in keeping.choices] == [0, 1, 0]
    assert [c.days_off for c in not_caring.choices] == [0, 0, 0]


def test_a_pinned_time_stays_and_the_rest_is_solved_around_it():
    needs = weekly(4)
    openings = clinic(needs, {1: (week(1, 2, 3, 4, 5), ())})
    thursday = MONDAY + timedelta(days=10)
    pinned = Slot(minute_of(datetime.combine(thursday, time(11), tzinfo=PARIS)), 1, NO_ROOM)
    needs[1] = Need(**{**vars(needs[1]), "pinned": pinned})

    proposal = propose(needs, openings, Wishes())

    assert proposal.choices[1].slot == pinned
    assert [c.days_off for c in proposal.choices] == [0, 3, 2, 1]


def test_sessions_that_stand_anchor_the_windows():
    needs = weekly(3)
    wednesday = MONDAY + timedelta(days=2)
    needs[0] = Need(**{**vars(needs[0]), "stands_on": wednesday, "stands_with": (2, 0)})
    people = {1: (week(1, 2, 3, 4, 5), ()), 2: (week(1, 2, 3, 4, 5), ())}

    proposal = propose(needs, clinic(needs, people), Wishes())

    assert [c.number for c in proposal.choices] == [2, 3]
    assert [c.days_off for c in proposal.choices] == [1, 0]
    assert {c.slot.practitioner for c in proposal.choices} == {2}, "who has treated goes on"


def test_nothing_to_place_is_an_empty_proposal():
    assert propose([], clinic(weekly(1), {}), Wishes()).choices == ()


def test_nobody_there_leaves_every_session_without_a_time():
    needs = weekly(3)

    proposal = propose(needs, clinic(needs, {}), Wishes())

    assert proposal.unplaced == 3
    assert not proposal.is_certain(100)


@pytest.mark.parametrize("key", ["Europe/Paris", "America/New_York", "Australia/Lord_Howe"])
@pytest.mark.parametrize("start", [date(2026, 2, 2), date(2026, 8, 3)], ids=["spring", "autumn"])
def test_nine_months_keep_the_wall_time_across_clock_changes(key, start):
    zone = ZoneInfo(key)
    needs = weekly(39, start=start)
    openings = clinic(needs, {1: (week(1, 2, 3, 4, 5), ())}, zone=zone)
    wishes = Wishes(from_time=time(10), only=frozenset({Wish.TIME}))

    proposal = propose(needs, openings, wishes)

    walls = {instant_of(c.slot.start).astimezone(zone).time() for c in proposal.choices}
    offsets = {instant_of(c.slot.start).astimezone(zone).utcoffset() for c in proposal.choices}
    assert walls == {time(10)}
    assert len(offsets) == 2, "the clocks change on the way"
    assert all(local_day_of(c.slot.start, zone) == c.due_on for c in proposal.choices)


@pytest.mark.parametrize("key", ["Europe/Paris", "America/New_York", "Australia/Lord_Howe"])
def test_an_opening_round_the_clock_is_cut_at_local_midnights(key):
    zone = ZoneInfo(key)
    needs = weekly(60, start=date(2026, 1, 5), reach=3)
    everyday = [WeeklyRule(day, time(0), time(0)) for day in range(1, 8)]

    openings = clinic(needs, {1: (everyday, ())}, zone=zone)

    by_day = openings.by_length[20]
    for day, found in by_day.items():
        for opening in found:
            assert local_day_of(opening.first, zone).toordinal() == day
            assert local_day_of(opening.last, zone).toordinal() == day
    assert len(by_day) == (needs[-1].last_on - needs[0].first_on).days + 1
