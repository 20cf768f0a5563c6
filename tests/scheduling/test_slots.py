"""Free time: worked tables, clock-change days, and everything against a slow and obvious minute-by-minute oracle."""

import time as clock
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesoclinic.core import localtime
from sessions.scheduling.hours import WeeklyRule, day_windows, days_between
from sessions.scheduling.intervals import Interval, contains, intersect, merge, overlaps, subtract
from sessions.scheduling.slots import Agenda, Slot, Wanted, WhyNot, free_slots, free_spans, why_not_free
from sessions.scheduling.walltime import (
    NoSuchWallTimeError,
    day_end,
    day_start,
    instant_of,
    minute_after,
    minute_of,
    wall_minute,
    wall_minute_clamped,
    whole_days,
)

pytestmark = pytest.mark.engine

PARIS = ZoneInfo("Europe/Paris")
NEW_YORK = ZoneInfo("America/New_York")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
HORIZON = 120

intervals = st.lists(st.tuples(st.integers(0, HORIZON), st.integers(0, HORIZON)), max_size=8)


def minutes(pairs) -> set[int]:
    return {minute for start, end in pairs for minute in range(start, end)}


# --- intervals


@pytest.mark.parametrize(
    ("given_intervals", "merged"),
    [
        ([], []),
        ([(5, 5), (7, 6)], []),
        ([(3, 4), (1, 2)], [(1, 2), (3, 4)]),
        ([(1, 2), (2, 3)], [(1, 3)]),
        ([(1, 9), (2, 3), (4, 10)], [(1, 10)]),
    ],
)
def test_merge_sorts_joins_and_drops_the_empty(given_intervals, merged):
    assert merge(given_intervals) == merged


@given(intervals, intervals)
def test_set_operations_agree_with_sets_of_minutes(left, right):
    a, b = merge(left), merge(right)

    for result, expected in (
        (a, minutes(left)),
        (intersect(a, b), minutes(left) & minutes(right)),
        (subtract(a, b), minutes(left) - minutes(right)),
    ):
        assert minutes(result) == expected
        assert result == merge(result)


@given(intervals, st.integers(0, HORIZON), st.integers(1, 30))
def test_overlaps_and_contains_agree_with_sets_of_minutes(pairs, start, length):
    merged, asked = merge(pairs), set(range(start, start + length))

    assert overlaps(merged, start, start + length) == bool(asked & minutes(pairs))
    assert contains(merged, start, start + length) == (asked <= minutes(pairs))


# --- wall time


@pytest.mark.parametrize(
    ("zone", "day", "wall", "utc"),
    [
        (PARIS, date(2026, 3, 28), time(9), "2026-03-28T08:00"),
        (PARIS, date(2026, 3, 29), time(9), "2026-03-29T07:00"),
        (PARIS, date(2026, 10, 25), time(2, 30), "2026-10-25T00:30"),  # exists twice: the first
        (NEW_YORK, date(2026, 11, 1), time(1, 30), "2026-11-01T05:30"),
        (LORD_HOWE, date(2026, 4, 5), time(1, 45), "2026-04-04T14:45"),  # half an hour repeated: the first
        (LORD_HOWE, date(2026, 10, 4), time(9), "2026-10-03T22:00"),
    ],
)
def test_wall_time_becomes_the_instant_a_person_means(zone, day, wall, utc):
    expected = datetime.fromisoformat(utc).replace(tzinfo=UTC)

    assert instant_of(wall_minute(day, wall, zone)) == expected
    assert wall_minute_clamped(day, wall, zone) == minute_of(expected)


@pytest.mark.parametrize(
    ("zone", "day", "wall", "jump_utc"),
    [
        (PARIS, date(2026, 3, 29), time(2, 30), "2026-03-29T01:00"),
        (PARIS, date(2026, 3, 29), time(2, 0), "2026-03-29T01:00"),
        (NEW_YORK, date(2026, 3, 8), time(2, 59), "2026-03-08T07:00"),
        (LORD_HOWE, date(2026, 10, 4), time(2, 15), "2026-10-03T15:30"),
    ],
)
def test_a_wall_time_the_clock_jumps_over_is_refused_but_clamped_for_hours(zone, day, wall, jump_utc):
    with pytest.raises(NoSuchWallTimeError, match="does not exist"):
        wall_minute(day, wall, zone)

    assert instant_of(wall_minute_clamped(day, wall, zone)) == datetime.fromisoformat(jump_utc).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        (PARIS, date(2026, 3, 29), 23),
        (PARIS, date(2026, 10, 25), 25),
        (LORD_HOWE, date(2026, 10, 4), 23.5),
        (LORD_HOWE, date(2026, 4, 5), 24.5),
        (LORD_HOWE, date(2026, 4, 6), 24),
        (ZoneInfo("America/Havana"), date(2026, 11, 1), 25),  # midnight exists twice
        (ZoneInfo("Asia/Beirut"), date(2026, 3, 29), 23),  # midnight does not exist
    ],
)
def test_a_local_day_has_the_hours_its_clock_shows(zone, day, hours):
    assert day_end(day, zone) - day_start(day, zone) == hours * 60
    assert whole_days([day, day], zone) == [(day_start(day, zone), day_end(day, zone))]


@given(
    st.dates(date(1990, 1, 1), date(2037, 12, 31)),
    st.integers(0, 1439),
    st.sampled_from([PARIS, NEW_YORK, LORD_HOWE, ZoneInfo("America/Havana"), ZoneInfo("Asia/Beirut")]),
)
def test_every_wall_time_that_exists_comes_back_and_is_the_first(day, minute, zone):
    wall = time(minute // 60, minute % 60)
    day_minutes = range(day_start(day, zone) - 1500, day_end(day, zone) + 1500)
    low, high = day_minutes[0], day_minutes[-1]

    try:
        found = wall_minute(day, wall, zone)
    except NoSuchWallTimeError:
        found = None

    local = datetime.combine(day, wall)
    candidates = [m for m in range(low, high) if abs(m - low - 1500 - minute) <= 180 and _local(m, zone) == local]
    assert found == (candidates[0] if candidates else None)


@given(st.dates(date(1990, 1, 1), date(2037, 12, 31)), st.integers(0, 1439), st.sampled_from([PARIS, LORD_HOWE]))
def test_the_engine_and_the_rest_of_the_product_agree_on_instants(day, minute, zone):
    wall = time(minute // 60, minute % 60)

    try:
        expected = minute_of(localtime.instant(day, wall, zone))
    except localtime.NonexistentTime:
        with pytest.raises(NoSuchWallTimeError):
            wall_minute(day, wall, zone)
    else:
        assert wall_minute(day, wall, zone) == expected
    assert [day_start(day, zone), day_end(day, zone)] == [minute_of(at) for at in localtime.day_bounds(day, zone)]


def _local(minute: int, zone: ZoneInfo) -> datetime:
    return instant_of(minute).astimezone(zone).replace(tzinfo=None)


def test_seconds_never_shrink_a_busy_time():
    start = datetime(2026, 3, 2, 9, 0, 30, tzinfo=UTC)

    assert instant_of(minute_of(start)) == datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    assert instant_of(minute_after(start)) == datetime(2026, 3, 2, 9, 1, tzinfo=UTC)
    with pytest.raises(ValueError, match="time zone"):
        minute_of(start.replace(tzinfo=None))


# --- working hours

MORNINGS = [WeeklyRule(weekday, time(9), time(12)) for weekday in range(1, 8)]


@pytest.mark.parametrize(
    ("zone", "first_on", "last_on"),
    [
        (PARIS, date(2026, 3, 20), date(2026, 4, 5)),
        (NEW_YORK, date(2026, 10, 25), date(2026, 11, 8)),
        (LORD_HOWE, date(2026, 3, 28), date(2026, 4, 12)),
        (LORD_HOWE, date(2026, 9, 27), date(2026, 10, 11)),
    ],
)
def test_nine_stays_nine_across_a_clock_change(zone, first_on, last_on):
    windows = day_windows(MORNINGS, days_between(first_on, last_on), zone)

    starts = [_local(start, zone) for start, _ in windows]
    assert [start.date() for start in starts] == days_between(first_on, last_on)
    assert {start.time() for start in starts} == {time(9)}
    assert {end - start for start, end in windows} == {180}


def test_hours_over_a_clock_change_keep_their_wall_times():
    night = [WeeklyRule(7, time(1), time(4))]

    spring = day_windows(night, [date(2026, 3, 29)], PARIS)
    autumn = day_windows(night, [date(2026, 10, 25)], PARIS)
    jumped_over = day_windows([WeeklyRule(7, time(2, 10), time(2, 50))], [date(2026, 3, 29)], PARIS)

    assert [end - start for start, end in spring] == [120]
    assert [end - start for start, end in autumn] == [240]
    assert jumped_over == []


def test_midnight_as_the_end_means_the_end_of_the_day():
    rule = WeeklyRule(7, time(0), time(0))

    assert day_windows([rule], [date(2026, 3, 29)], PARIS) == whole_days([date(2026, 3, 29)], PARIS)
    assert day_windows([rule], [date(2026, 4, 5)], PARIS) == whole_days([date(2026, 4, 5)], PARIS)


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        (WeeklyRule(1, time(9), time(12)), ["03-02", "03-09", "03-16", "03-23", "03-30"]),
        (WeeklyRule(1, time(9), time(12), from_on=date(2026, 3, 9)), ["03-09", "03-16", "03-23", "03-30"]),
        (WeeklyRule(1, time(9), time(12), until_on=date(2026, 3, 9)), ["03-02", "03-09"]),
        # counted from the week of Wednesday 4 March, whose Monday is 2 March but lies before the first day
        (WeeklyRule(1, time(9), time(12), from_on=date(2026, 3, 4), every_weeks=2), ["03-16", "03-30"]),
        (WeeklyRule(1, time(9), time(12), from_on=date(2026, 2, 23), every_weeks=3), ["03-16"]),
    ],
)
def test_a_weekly_rule_holds_on_its_days(rule, days):
    march = days_between(date(2026, 3, 1), date(2026, 3, 31))

    assert [f"{day:%m-%d}" for day in march if rule.holds_on(day)] == days


@pytest.mark.parametrize(
    "wrong",
    [
        {"weekday": 0},
        {"weekday": 8},
        {"end_time": time(8)},
        {"end_time": time(9)},
        {"every_weeks": 0},
        {"every_weeks": 2},
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError):
        WeeklyRule(**{"weekday": 1, "start_time": time(9), "end_time": time(12)} | wrong)


# --- free times


def test_a_worked_morning():
    doctor = Agenda(hours=[(540, 720)], breaks=[(600, 615)], booked=[(540, 570)])
    rooms = {2: Agenda(booked=[(570, 600)]), 1: Agenda(booked=[(615, 660)])}
    wanted = Wanted(30, (0, 1440), patient=Agenda(booked=[(690, 700)]), rooms=rooms)

    found = free_slots({7: doctor}, wanted, step_minutes=15)

    assert found == [
        Slot(570, 600, 7, (1,)),
        Slot(615, 645, 7, (2,)),
        Slot(630, 660, 7, (2,)),
        Slot(645, 675, 7, (2,)),
        Slot(660, 690, 7, (2, 1)),
    ]


def test_an_appointment_never_changes_rooms_half_way():
    rooms = {1: Agenda(hours=[(0, 20)]), 2: Agenda(hours=[(20, 40)])}

    found = free_slots({7: Agenda(hours=[(0, 40)])}, Wanted(20, (0, 40), rooms=rooms), step_minutes=5)

    assert found == [Slot(0, 20, 7, (1,)), Slot(20, 40, 7, (2,))]


def test_no_room_needed_and_no_room_there_are_different():
    doctor = {7: Agenda(hours=[(0, 30)])}

    assert free_slots(doctor, Wanted(30, (0, 60), rooms=None), step_minutes=5) == [Slot(0, 30, 7)]
    assert free_slots(doctor, Wanted(30, (0, 60), rooms={}), step_minutes=5) == []


def test_allowed_rooms_limit_one_practitioner_only():
    doctors = {7: Agenda(hours=[(0, 30)]), 8: Agenda(hours=[(0, 30)])}
    wanted = Wanted(30, (0, 60), rooms={1: Agenda(), 2: Agenda()}, allowed_rooms={7: [2, 99]})

    assert free_slots(doctors, wanted, step_minutes=5) == [Slot(0, 30, 7, (2,)), Slot(0, 30, 8, (1, 2))]


def test_steps_count_from_the_opening_even_when_asked_for_later():
    doctor = {7: Agenda(hours=[(550, 640)])}

    found = free_slots(doctor, Wanted(20, (0, 1440)), step_minutes=20, not_before=575)

    assert [slot.start for slot in found] == [590, 610]


def test_the_limit_takes_the_earliest_of_all_practitioners():
    doctors = {8: Agenda(hours=[(0, 100)]), 7: Agenda(hours=[(10, 100)])}

    found = free_slots(doctors, Wanted(10, (0, 100)), step_minutes=10, limit=4)

    assert found == [Slot(0, 10, 8), Slot(10, 20, 7), Slot(10, 20, 8), Slot(20, 30, 7)]
    assert free_slots(doctors, Wanted(10, (0, 100)), step_minutes=10)[:4] == found
    assert free_slots(doctors, Wanted(10, (0, 100)), step_minutes=10, limit=0) == []


@pytest.mark.parametrize("wrong", [{"length": 0}, {"length": -5}, {"step": 0}])
def test_a_length_or_step_of_nothing_is_refused(wrong):
    with pytest.raises(ValueError, match="at least one minute"):
        free_slots({7: Agenda()}, Wanted(wrong.get("length", 5), (0, 60)), step_minutes=wrong.get("step", 5))


def test_an_empty_range_has_no_free_time():
    assert free_slots({7: Agenda()}, Wanted(5, (60, 60)), step_minutes=5) == []
    assert free_slots({7: Agenda()}, Wanted(5, (60, 0)), step_minutes=5) == []


agendas = st.builds(
    Agenda,
    hours=st.none() | intervals,
    breaks=intervals,
    closures=intervals,
    absences=intervals,
    booked=intervals,
)


def free_minutes(agenda: Agenda, between: Interval) -> set[int]:
    """The obvious way: one minute after the other."""
    return {
        minute
        for minute in range(*between)
        if (agenda.hours is None or minute in minutes(agenda.hours))
        and minute not in minutes([*agenda.breaks, *agenda.closures, *agenda.absences, *agenda.booked])
    }


@given(
    st.dictionaries(st.integers(1, 3), agendas, max_size=3),
    st.none() | st.dictionaries(st.integers(1, 3), agendas, max_size=3),
    agendas,
    st.dictionaries(st.integers(1, 3), st.lists(st.integers(1, 4), max_size=3), max_size=2),
    st.integers(1, 40),
    st.tuples(st.integers(0, HORIZON), st.integers(0, HORIZON)),
)
def test_free_starts_agree_with_the_minute_by_minute_oracle(doctors, rooms, patient, allowed, length, between):
    wanted = Wanted(length, between, patient=patient, rooms=rooms, allowed_rooms=allowed)

    spans = free_spans(doctors, wanted)
    found = {
        (doctor, start, span.rooms)
        for doctor, own in spans.items()
        for span in own
        for start in range(span.first, span.last + 1)
    }

    free_of_patient = free_minutes(patient, between)
    free_of_rooms = {room: free_minutes(agenda, between) for room, agenda in (rooms or {}).items()}
    expected = set()
    for doctor, agenda in doctors.items():
        free = free_minutes(agenda, between) & free_of_patient
        for start in range(between[0], between[1]):
            asked = set(range(start, start + length))
            able = tuple(
                room
                for room in sorted(free_of_rooms)
                if asked <= free_of_rooms[room] and (doctor not in allowed or room in allowed[doctor])
            )
            if asked <= free and (rooms is None or able):
                expected.add((doctor, start, able))
    assert found == expected
    assert all(own == sorted(own) for own in spans.values())


@given(st.dictionaries(st.integers(1, 2), agendas, max_size=2), agendas, st.integers(1, 20), st.integers(1, 30))
def test_slots_are_the_free_starts_on_the_grid_of_the_opening(doctors, room, length, step):
    wanted = Wanted(length, (0, HORIZON), rooms={1: room})

    found = free_slots(doctors, wanted, step_minutes=step)

    expected = []
    for doctor, agenda in doctors.items():
        opened = free_minutes(Agenda(agenda.hours, agenda.breaks, agenda.closures, agenda.absences), (0, HORIZON))
        free = free_minutes(agenda, (0, HORIZON)) & free_minutes(room, (0, HORIZON))
        for start in range(HORIZON):
            opens_at = start
            while opens_at - 1 in opened:
                opens_at -= 1
            if set(range(start, start + length)) <= free and (start - opens_at) % step == 0:
                expected.append(Slot(start, start + length, doctor, (1,)))
    assert found == sorted(expected)
    assert free_slots(doctors, wanted, step_minutes=step, limit=3) == found[:3]


# --- why not


@pytest.mark.parametrize(
    ("start", "end", "reasons"),
    [
        (60, 90, []),
        (0, 30, [WhyNot.OUTSIDE_HOURS]),
        (50, 70, [WhyNot.OUTSIDE_HOURS]),
        (110, 130, [WhyNot.BREAK]),
        (150, 160, [WhyNot.BOOKED]),
        (170, 200, [WhyNot.PATIENT]),
        (212, 222, [WhyNot.BLOCKED]),
        (200, 214, [WhyNot.ROOM]),
        (240, 250, [WhyNot.ABSENT]),
        (280, 290, [WhyNot.CLOSED]),
        (120, 300, list(WhyNot)),
    ],
)
def test_a_refusal_names_what_stands_against_the_time(start, end, reasons):
    doctor = Agenda(
        hours=[(60, 295)], breaks=[(120, 140)], booked=[(150, 160)], absences=[(240, 270)], closures=[(280, 290)]
    )
    wanted = Wanted(
        1,
        (0, 1440),
        patient=Agenda(booked=[(180, 190)], absences=[(215, 220)]),
        rooms={1: Agenda(booked=[(200, 210)]), 2: Agenda(hours=[])},
    )

    assert why_not_free(start, end, doctor, wanted) == reasons


def test_only_the_room_asked_for_is_looked_at():
    wanted = Wanted(1, (0, 60), rooms={1: Agenda(booked=[(0, 60)]), 2: Agenda()})

    assert why_not_free(0, 30, Agenda(), wanted) == []
    assert why_not_free(0, 30, Agenda(), wanted, rooms=[1]) == [WhyNot.ROOM]
    assert why_not_free(0, 30, Agenda(), wanted, rooms=[3]) == [WhyNot.ROOM]


@given(agendas, agendas, agendas, st.integers(0, HORIZON - 1), st.integers(1, 30))
def test_there_is_a_reason_exactly_when_the_time_is_not_free(doctor, patient, room, start, length):
    end = start + length
    wanted = Wanted(length, (start, end), patient=patient, rooms={1: room})

    assert bool(why_not_free(start, end, doctor, wanted)) == (not free_spans({7: doctor}, wanted)[7])


# --- speed


def test_forty_practitioners_and_sixty_days_take_milliseconds():
    days = days_between(date(2026, 3, 2), date(2026, 4, 30))
    rules = [WeeklyRule(d, time(8), time(12)) for d in range(1, 6)] + [
        WeeklyRule(d, time(13), time(18)) for d in range(1, 6)
    ]
    bounds = (day_start(days[0], PARIS), day_end(days[-1], PARIS))
    hours = day_windows(rules, days, PARIS)
    booked = [(start + n * 45, start + n * 45 + 30) for start, _ in hours for n in range(5)]
    doctors = {n: Agenda(hours=hours, booked=booked) for n in range(40)}
    wanted = Wanted(15, bounds, rooms={n: Agenda() for n in range(10)})

    def took() -> float:
        began = clock.perf_counter()
        spans = free_spans(doctors, wanted)
        assert sum(map(len, spans.values())) > 10_000
        return clock.perf_counter() - began

    assert min(took() for _ in range(5)) < timedelta(milliseconds=300).total_seconds()  # 25 ms on a quiet machine
