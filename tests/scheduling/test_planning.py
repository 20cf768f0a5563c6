"""The days of a course: the worked examples of DESIGN section 4, rule by rule, and properties of every plan."""

import time as clock
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from protocols.cadence import Gap, Window, parse
from sessions.scheduling.planning import (
    NoOpenDayError,
    Reason,
    Revision,
    SessionState,
    horizon_from,
    longest_plan_until,
    plan_course,
    plan_on,
    replan,
)
from sessions.scheduling.windows import DayWindow, Tolerance, ToleranceRow, window_after

pytestmark = pytest.mark.engine

EQUINE = parse("1x@30, 3x1w@15, 1x2w@30, 1x3w@30, 1x4w@30, *x4-6w@30")
WEEKLY = parse("4x1w")
MONDAY = date(2026, 3, 2)


def always(_day):
    return True


def on(text):
    """Read `03-09` as a day of 2026."""
    return date.fromisoformat(f"2026-{text}")


def closed(*texts):
    days = {on(text) for text in texts}
    return lambda day: day not in days


def closed_between(first, last):
    return lambda day: not on(first) <= day <= on(last)


def due(plan):
    return [day.due_on.isoformat()[5:] for day in plan]


def done(*texts):
    return [SessionState(number, performed_on=on(text)) for number, text in enumerate(texts, 1)]


# Windows


@pytest.mark.parametrize(
    ("gap_days", "early", "late"),
    [(1, 0, 1), (4, 0, 1), (5, 1, 3), (10, 1, 3), (11, 2, 6), (20, 2, 6), (21, 3, 7), (999, 3, 7)],
)
def test_a_gap_without_a_window_takes_the_shipped_tolerance(gap_days, early, late):
    window = window_after(MONDAY, Gap(gap_days, "d"))

    assert (window.aim_on - MONDAY).days == gap_days
    assert ((window.aim_on - window.earliest_on).days, (window.latest_on - window.aim_on).days) == (early, late)


@pytest.mark.parametrize(
    ("gap", "base", "earliest", "aim", "latest"),
    [
        (Gap(1, "w", Window(6, 10, "d")), "03-02", "03-08", "03-09", "03-12"),
        (Gap.between(4, 6, "w"), "03-02", "03-30", "04-06", "04-13"),
        (Gap.between(3, 4, "w"), "03-02", "03-23", "03-23", "03-30"),
        (Gap(1, "mo"), "01-31", "02-25", "02-28", "03-07"),  # 28 days: −3/+7
        (Gap(1, "mo", Window(1, 2, "mo")), "01-31", "02-28", "02-28", "03-31"),
    ],
)
def test_a_window_is_measured_from_the_day_of_the_session_before(gap, base, earliest, aim, latest):
    assert window_after(on(base), gap) == DayWindow(on(earliest), on(aim), on(latest))


def test_a_window_never_begins_before_the_day_after():
    generous = Tolerance((ToleranceRow(None, 30, 30),))

    assert window_after(MONDAY, Gap(3, "d"), generous).earliest_on == on("03-03")


def test_a_window_ends_with_the_calendar():
    assert window_after(date(9999, 12, 25), Gap(5, "d")).latest_on == date.max
    assert window_after(date(9999, 12, 25), Gap(1, "w")) is None


@pytest.mark.parametrize(
    "rows",
    [
        (),
        (ToleranceRow(4, 0, 1),),
        (ToleranceRow(None, 0, 1), ToleranceRow(None, 0, 1)),
        (ToleranceRow(9, 0, 1), ToleranceRow(4, 0, 1), ToleranceRow(None, 0, 1)),
        (ToleranceRow(4, 0, 1), ToleranceRow(4, 0, 1), ToleranceRow(None, 0, 1)),
        (ToleranceRow(None, -1, 1),),
    ],
)
def test_a_tolerance_table_out_of_order_is_refused(rows):
    with pytest.raises(ValueError):
        Tolerance(rows)


# A fresh plan


def test_the_equine_founding_text_is_planned_to_the_day():
    plan = plan_course(EQUINE, MONDAY, always, until=on("12-31"))

    assert [
        (day.number, day.phase, str(day.due_on)[5:], str(day.earliest_on)[5:], str(day.latest_on)[5:], day.minutes)
        for day in plan
    ] == [
        (1, 1, "03-02", "03-02", "03-02", 30),
        (2, 2, "03-09", "03-08", "03-12", 15),
        (3, 2, "03-16", "03-15", "03-19", 15),
        (4, 2, "03-23", "03-22", "03-26", 15),
        (5, 3, "04-06", "04-04", "04-12", 30),
        (6, 4, "04-27", "04-24", "05-04", 30),
        (7, 5, "05-25", "05-22", "06-01", 30),
        (8, 6, "06-29", "06-22", "07-06", 30),
        (9, 6, "08-03", "07-27", "08-10", 30),
        (10, 6, "09-07", "08-31", "09-14", 30),
        (11, 6, "10-12", "10-05", "10-19", 30),
        (12, 6, "11-16", "11-09", "11-23", 30),
        (13, 6, "12-21", "12-14", "12-28", 30),
    ]
    assert not any(day.held or day.late for day in plan)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("4x1w", ["03-02", "03-09", "03-16", "03-23"]),
        ("1x1w", ["03-02"]),
        ("D0 D7 D14 D29", ["03-02", "03-09", "03-16", "03-31"]),
        ("1x!, 1x1w!, 1x1w", ["03-02", "03-09", "03-16"]),
        ("3x1mo", ["03-02", "04-02", "05-02"]),
        ("2x3-4w", ["03-02", "03-23"]),
    ],
)
def test_settled_readings_of_the_founding_texts(text, days):
    assert due(plan_course(parse(text), MONDAY, always)) == days


def test_a_month_clamped_once_stays_clamped():
    assert due(plan_course(parse("4x1mo"), on("01-31"), always)) == ["01-31", "02-28", "03-28", "04-28"]


def test_one_bank_holiday_does_not_turn_a_monday_patient_into_a_tuesday_patient():
    plan = plan_course(WEEKLY, on("03-30"), closed("04-06"))

    assert due(plan) == ["03-30", "04-07", "04-13", "04-20"]
    assert [day.reason for day in plan] == [Reason.IDEAL, Reason.CLOSED, Reason.IDEAL, Reason.IDEAL]


def test_a_start_on_a_bank_holiday_keeps_its_weekday_too():
    plan = plan_course(WEEKLY, on("04-06"), closed("04-06"))

    assert due(plan) == ["04-07", "04-13", "04-20", "04-27"]
    assert (plan[0].earliest_on, plan[0].latest_on, plan[0].late) == (on("04-07"), on("04-07"), False)
    assert plan[0].reason == Reason.CLOSED


def test_a_closed_day_takes_the_nearest_open_day_even_if_earlier():
    plan = plan_course(parse("2x2w"), MONDAY, closed("03-16", "03-17", "03-18"))

    assert due(plan) == ["03-02", "03-15"]


def test_a_window_without_an_open_day_is_left_late():
    plan = plan_course(WEEKLY, MONDAY, closed_between("03-08", "03-14"))

    assert due(plan) == ["03-02", "03-15", "03-22", "03-29"]
    assert [day.late for day in plan] == [False, True, False, False]
    assert (plan[1].earliest_on, plan[1].latest_on) == (on("03-08"), on("03-12"))


def test_a_long_closure_moves_the_whole_series():
    plan = plan_course(WEEKLY, MONDAY, closed_between("03-08", "03-31"))

    assert due(plan) == ["03-02", "04-01", "04-08", "04-15"]


def test_every_session_after_a_gate_is_held():
    plan = plan_course(parse("2x1w!, 1x2w, 1x3w!, 1x4w"), MONDAY, always)

    assert [day.held for day in plan] == [False, False, True, True, True]


def test_the_plan_stops_at_the_first_session_due_after_until():
    assert due(plan_course(WEEKLY, MONDAY, always, until=on("03-16"))) == ["03-02", "03-09", "03-16"]
    assert due(plan_course(WEEKLY, MONDAY, always, until=on("03-15"))) == ["03-02", "03-09"]
    assert due(plan_course(WEEKLY, MONDAY, always, until=on("03-01"))) == []
    assert due(plan_course(WEEKLY, MONDAY, closed("03-16"), until=on("03-16"))) == ["03-02", "03-09"]


def test_only_open_ended_phases_stop_at_the_horizon():
    assert due(plan_course(WEEKLY, MONDAY, always, horizon_on=on("03-09"))) == ["03-02", "03-09", "03-16", "03-23"]
    assert due(plan_course(parse("*x1w"), MONDAY, always, horizon_on=on("03-15"))) == ["03-02", "03-09"]


def test_the_next_session_is_planned_even_beyond_the_horizon():
    plan = replan(Revision(parse("1x, *x12mo")), done("03-02"), always, today=MONDAY)

    assert [day.due_on for day in plan] == [date(2027, 3, 2)]


def test_no_plan_reaches_further_than_ten_years():
    plan = plan_course(parse("*x1w"), MONDAY, always)

    assert plan[-1].due_on <= date(2036, 3, 2) < plan[-1].due_on + timedelta(days=7)
    assert longest_plan_until(date(2028, 2, 29)) == date(2038, 2, 28)
    assert longest_plan_until(date(9999, 1, 1)) == horizon_from(date(9999, 12, 1)) == date.max


@pytest.mark.parametrize("text", ["*x1d", "*x1w", "*x1mo", "*x1-2mo", "4x999w[1-999w]"])
def test_a_plan_ends_with_the_calendar(text):
    plan = plan_course(parse(text), date(9999, 12, 1), always)

    assert plan[0].due_on == date(9999, 12, 1)
    assert all(day.latest_on <= date.max for day in plan)


def test_a_closure_that_reaches_the_end_of_the_calendar_ends_the_plan():
    assert plan_course(parse("*x1d"), date(9999, 12, 1), lambda day: day <= date(9999, 12, 2))[-1].number == 2


def test_a_clinic_that_never_opens_is_named():
    with pytest.raises(NoOpenDayError, match="from 2026-03-02"):
        plan_course(WEEKLY, MONDAY, lambda _: False)
    with pytest.raises(NoOpenDayError):
        replan(Revision(WEEKLY, MONDAY), done("03-02"), lambda _: False, today=on("03-20"))

    assert plan_course(WEEKLY, MONDAY, lambda _: False, until=date(2036, 3, 2)) == []


def test_a_closure_of_more_than_a_year_is_looked_through_when_the_end_is_given():
    def is_open(day):
        return not 0 < (day - MONDAY).days < 400

    assert [day.due_on for day in plan_course(parse("2x1w"), MONDAY, is_open, until=date(2030, 1, 1))] == [
        MONDAY,
        MONDAY + timedelta(days=400),
    ]


def test_ten_years_of_daily_sessions_are_planned_in_a_blink():
    began = clock.perf_counter()

    plan = plan_course(parse("*x1d"), MONDAY, lambda day: day.weekday() < 5)

    assert len(plan) > 2500
    assert clock.perf_counter() - began < 2


# After something has happened


def test_replanning_with_nothing_changed_gives_the_same_plan():
    is_open = closed("03-16", "05-25")
    fresh = plan_course(EQUINE, MONDAY, is_open, horizon_on=horizon_from(MONDAY))

    assert replan(Revision(EQUINE, MONDAY), [], is_open, today=MONDAY) == fresh


@pytest.mark.parametrize(
    ("performed", "today", "days"),
    [
        (["03-02", "03-09"], "03-09", ["03-16", "03-23"]),
        (["03-02", "03-12"], "03-12", ["03-19", "03-26"]),  # late: measured from the day it really happened
        (["03-02", "04-20"], "04-20", ["04-27", "05-04"]),  # very late never restarts the series
        (["03-02", "03-05"], "03-05", ["03-12", "03-19"]),  # early still moves the anchor
        (["03-04"], "03-04", ["03-11", "03-18", "03-25"]),
    ],
)
def test_a_performed_session_moves_the_anchor(performed, today, days):
    assert due(replan(Revision(WEEKLY, MONDAY), done(*performed), always, today=on(today))) == days


def test_a_finished_course_has_nothing_left_to_plan():
    assert replan(Revision(parse("2x1w"), MONDAY), done("03-02", "03-09"), always, today=on("03-09")) == []


def test_a_missed_session_is_due_again_today_with_its_window_kept():
    plan = replan(Revision(WEEKLY, MONDAY), done("03-02"), always, today=on("03-13"))

    assert due(plan) == ["03-13", "03-20", "03-27"]
    assert [day.number for day in plan] == [2, 3, 4]
    assert (plan[0].earliest_on, plan[0].latest_on, plan[0].late) == (on("03-08"), on("03-12"), True)
    assert (plan[0].ideal_on, plan[0].reason) == (on("03-09"), Reason.MISSED)


def test_a_session_missed_by_a_day_is_not_late_and_keeps_the_weekday_of_the_rest():
    plan = replan(Revision(WEEKLY, MONDAY), done("03-02"), always, today=on("03-10"))

    assert due(plan) == ["03-10", "03-16", "03-23"]
    assert not any(day.late for day in plan)


def test_a_missed_session_waits_for_the_next_open_day():
    plan = replan(Revision(WEEKLY, MONDAY), done("03-02"), closed("03-13", "03-14"), today=on("03-13"))

    assert due(plan)[0] == "03-15"


def test_a_first_session_that_did_not_happen_is_due_again():
    plan = replan(Revision(WEEKLY, MONDAY), [], always, today=on("03-05"))

    assert due(plan) == ["03-05", "03-12", "03-19", "03-26"]
    assert (plan[0].latest_on, plan[0].late) == (MONDAY, True)


def test_a_session_booked_for_a_coming_day_is_not_missed():
    states = [*done("03-02"), SessionState(2, booked_on=on("03-18"))]

    plan = replan(Revision(WEEKLY, MONDAY), states, always, today=on("03-13"))

    assert due(plan) == ["03-18", "03-25", "04-01"]
    assert (plan[0].reason, plan[0].late) == (Reason.BOOKED, True)


def test_a_session_booked_for_today_is_not_missed():
    states = [*done("03-02"), SessionState(2, booked_on=on("03-13"))]

    assert replan(Revision(WEEKLY, MONDAY), states, closed("03-13"), today=on("03-13"))[0].reason == Reason.BOOKED


def test_what_follows_a_booked_session_is_measured_from_its_booked_day():
    states = [*done("03-02"), SessionState(2, booked_on=on("03-12"))]

    plan = replan(Revision(WEEKLY, MONDAY), states, always, today=on("03-03"))

    assert due(plan) == ["03-09", "03-19", "03-26"]
    assert (plan[1].earliest_on, plan[1].latest_on) == (on("03-18"), on("03-22"))


def test_a_booking_that_passed_without_a_visit_is_missed():
    states = [*done("03-02"), SessionState(2, booked_on=on("03-09"))]

    assert due(replan(Revision(WEEKLY, MONDAY), states, always, today=on("03-10")))[0] == "03-10"


def test_a_skipped_session_leaves_what_follows_where_it_was():
    states = [*done("03-02"), SessionState(2, is_skipped=True)]

    plan = replan(Revision(WEEKLY, MONDAY), states, always, today=on("03-03"))

    assert [(day.number, day.due_on) for day in plan] == [(3, on("03-16")), (4, on("03-23"))]


def test_what_follows_a_skipped_session_is_measured_from_the_day_it_was_due():
    states = [*done("03-02"), SessionState(2, is_skipped=True, due_on=on("03-12"))]

    assert due(replan(Revision(WEEKLY, MONDAY), states, always, today=on("03-12"))) == ["03-19", "03-26"]


def test_a_session_left_open_behind_a_performed_one_is_not_planned_again():
    states = [SessionState(1, performed_on=MONDAY), SessionState(3, performed_on=on("03-16"))]

    assert [day.number for day in replan(Revision(WEEKLY, MONDAY), states, always, today=on("03-16"))] == [4]


def test_held_sessions_are_never_missed():
    cadence = parse("1x!, 2x1w!, 1x1w")

    before = replan(Revision(cadence, MONDAY), done("03-02"), always, today=on("04-20"))
    after = replan(Revision(cadence, MONDAY), done("03-02"), always, today=on("04-20"), reviewed_phases={1})

    assert [(day.held, day.reason) for day in before] == [(True, Reason.IDEAL)] * 3
    assert due(before) == ["03-09", "03-16", "03-23"]
    assert [day.held for day in after] == [False, False, True]
    assert due(after) == ["04-20", "04-27", "05-04"]


def test_with_two_gates_a_session_is_held_until_both_reviews():
    revision = Revision(parse("1x!, 1x1w!, 1x1w"), MONDAY)

    held = {
        reviewed: [day.held for day in replan(revision, [], always, today=MONDAY, reviewed_phases=reviewed)]
        for reviewed in [(), (1,), (2,), (1, 2)]
    }

    assert held == {
        (): [False, True, True],
        (1,): [False, False, True],
        (2,): [False, True, True],
        (1, 2): [False, False, False],
    }


def test_an_open_ended_course_is_planned_26_weeks_from_today():
    states = done("03-02", "03-09")

    plan = replan(Revision(parse("*x1w"), MONDAY), states, always, today=on("03-10"))

    assert horizon_from(on("03-10")) == on("09-08")
    assert (plan[0].due_on, plan[-1].due_on) == (on("03-16"), on("09-07"))


# Another cadence, a phase back, a restart


def test_a_revision_counts_from_the_next_session_on():
    revision = Revision(parse("1x2w@40, *x4w@50"), first_number=3)

    plan = replan(revision, done("03-02", "03-09"), always, today=on("03-10"), until=on("05-31"))

    assert [(day.number, day.phase, day.minutes) for day in plan] == [(3, 1, 40), (4, 2, 50), (5, 2, 50)]
    assert due(plan) == ["03-23", "04-20", "05-18"]


def test_a_revision_made_after_a_skipped_session_is_measured_from_its_due_day():
    states = [*done("03-02"), SessionState(2, is_skipped=True, due_on=on("03-09"))]

    assert due(replan(Revision(parse("1x2w"), first_number=3), states, always, today=on("03-10"))) == ["03-23"]


def test_a_revision_without_gap_or_start_is_due_at_once():
    plan = replan(Revision(parse("1x, 1x1w"), first_number=2), done("03-02"), closed("03-10"), today=on("03-10"))

    assert due(plan) == ["03-11", "03-17"]


def test_stepping_back_repeats_the_phase_before():
    revision = Revision(parse("2x1w, 2x2w, *x4w"), MONDAY)
    states = done("03-02", "03-09", "03-23", "04-06")
    assert revision.phase_number_of(5) == 3

    plan = replan(revision.in_phase(2, from_number=5), states, always, today=on("04-06"), until=on("06-30"))

    assert [(day.number, day.phase) for day in plan] == [(5, 2), (6, 2), (7, 3), (8, 3)]
    assert due(plan) == ["04-20", "05-04", "06-01", "06-29"]


def test_stepping_back_before_the_first_phase_stays_in_the_first():
    assert Revision(WEEKLY, MONDAY).in_phase(0, from_number=3) == Revision(WEEKLY, None, 3, 1)


def test_a_restart_begins_on_its_own_day_with_the_numbers_going_on():
    revision = Revision(parse("1x@30, 2x1w@15"), MONDAY).in_phase(1, from_number=3, start_on=on("06-01"))

    plan = replan(revision, done("03-02", "03-09"), always, today=on("05-20"))

    assert [(day.number, day.phase, day.minutes) for day in plan] == [(3, 1, 30), (4, 2, 15), (5, 2, 15)]
    assert due(plan) == ["06-01", "06-08", "06-15"]


def test_reviews_of_phases_before_the_starting_one_hold_nothing():
    revision = Revision(parse("1x!, 1x1w!, 1x1w"), None, 5, 2)

    assert [day.held for day in replan(revision, done("03-02"), always, today=MONDAY)] == [False, True]


# Properties


texts = st.sampled_from(
    [
        "4x1w",
        "D0 D7 D14 D29",
        str(EQUINE),
        "1x!, 1x1w!, 1x1w",
        "*x2d",
        "6x3d[2-5d]",
        "*x1mo[1-2mo]",
        "3x10d, *x4-6w",
    ]
)
starts = st.dates(date(2026, 1, 1), date(2030, 12, 31))
closures = st.frozensets(st.integers(0, 60), max_size=25)


def is_open_without(start_on, offsets, weekend):
    days = {start_on + timedelta(days=offset) for offset in offsets}
    return lambda day: day not in days and not (weekend and day.weekday() > 4)


@settings(max_examples=120)
@given(texts, starts, closures, st.booleans())
def test_every_plan_is_ascending_numbered_open_and_inside_its_windows_or_late(text, start_on, offsets, weekend):
    is_open = is_open_without(start_on, offsets, weekend)

    plan = plan_course(parse(text), start_on, is_open, horizon_on=horizon_from(start_on))

    assert [day.number for day in plan] == list(range(1, len(plan) + 1))
    assert all(one.due_on < other.due_on for one, other in pairwise(plan))
    assert all(is_open(day.due_on) for day in plan)
    assert all(day.earliest_on <= day.due_on for day in plan)
    assert all(day.late == (day.due_on > day.latest_on) for day in plan)
    for day in plan:
        if day.late:
            span = range((day.latest_on - day.earliest_on).days + 1)
            assert not any(is_open(day.earliest_on + timedelta(days=one)) for one in span)


@settings(max_examples=80)
@given(texts, starts, closures, st.lists(st.integers(-1, 12), max_size=5), st.integers(0, 30))
def test_a_replan_is_the_same_twice_and_never_before_today(text, start_on, offsets, delays, wait_days):
    revision, is_open = Revision(parse(text), start_on), is_open_without(start_on, offsets, weekend=False)
    states, today = [], start_on
    for delay in delays:
        upcoming = replan(revision, states, is_open, today=today, reviewed_phases={1, 2})
        if not upcoming:
            break
        today = max(today, upcoming[0].due_on + timedelta(days=delay))
        states.append(SessionState(upcoming[0].number, performed_on=today))
    today += timedelta(days=wait_days)

    first = replan(revision, states, is_open, today=today, reviewed_phases={1, 2})
    again = replan(revision, reversed(states), is_open, today=today, reviewed_phases={2, 1})

    assert first == again
    assert all(day.due_on >= today for day in first)
    assert [day.number for day in first] == list(range(len(states) + 1, len(states) + 1 + len(first)))


open_ended = st.sampled_from(["*x2d", "2x1w, *x1mo[1-2mo]", "3x10d, *x4-6w", "1x!, *x1w", "*x12w", "1x, *x10d[8-20d]"])


@settings(max_examples=150)
@given(open_ended, starts, closures, st.integers(0, 40), st.dictionaries(st.integers(-12, -1), st.integers(-9, 30)))
def test_planning_on_behind_the_last_session_is_planning_the_whole(text, start_on, offsets, nights, booked):
    revision, is_open = Revision(parse(text), start_on), is_open_without(start_on, offsets, weekend=True)
    first = plan_course(revision.cadence, start_on, is_open, horizon_on=horizon_from(start_on))
    today = min(start_on + timedelta(days=nights), first[0].due_on)
    visits = {
        first[at].number: first[at].due_on + timedelta(days=days) for at, days in booked.items() if -at < len(first)
    }
    states = [SessionState(number, booked_on=max(day, today)) for number, day in visits.items()]
    stands = replan(revision, states, is_open, today=start_on, reviewed_phases={1})
    end = stands[-1]
    assume(max(visits, default=0) <= end.number)  # else the last row is out of the plan, and all is planned anew
    base_on = next((state.booked_on for state in states if state.number == end.number), end.due_on)

    behind = plan_on(revision.cadence, base_on, end.ideal_on, is_open, today=today, horizon_on=horizon_from(today))

    whole = replan(revision, states, is_open, today=today, reviewed_phases={1})
    assert whole == stands + [replace(day, number=end.number + day.number) for day in behind]


@settings(max_examples=60)
@given(starts, st.lists(st.booleans(), min_size=7, max_size=7))
def test_performing_every_session_on_its_due_day_keeps_the_gaps_inside_their_windows(start_on, shut):
    revision = Revision(EQUINE, start_on)
    is_open = is_open_without(start_on, [7 * week for week, is_shut in enumerate(shut, 1) if is_shut], weekend=False)
    states = []

    for number in range(1, 8):
        day = replan(revision, states, is_open, today=states[-1].performed_on if states else start_on)[0]
        assert day.number == number
        assert not day.late
        states.append(SessionState(number, performed_on=day.due_on))


@settings(max_examples=60)
@given(starts, st.sets(st.integers(1, 10), max_size=9))
def test_single_closed_days_never_change_the_weekday_of_the_open_weeks(start_on, holidays):
    is_open = is_open_without(start_on, [7 * week for week in holidays], weekend=False)

    plan = plan_course(parse("12x1w"), start_on, is_open)

    for day in plan:
        week = day.number - 1
        assert day.ideal_on == start_on + timedelta(days=7 * week)
        assert day.due_on == day.ideal_on + timedelta(days=1 if week in holidays else 0)
