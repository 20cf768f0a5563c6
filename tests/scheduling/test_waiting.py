"""Whom a free time suits, who comes first, and which times are named on the telephone."""

from datetime import date, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from sessions.scheduling.waiting import Need, Opening, best_first, choose_times, suits

MONDAY = date(2026, 3, 2)
FORTNIGHT = {"first_on": MONDAY, "last_on": MONDAY + timedelta(days=13)}


def opening(day: int = 0, hour: int = 10, practitioner: int = 1, minutes: int = 30) -> Opening:
    ends = time(hour, minutes) if minutes < 60 else time(hour + 1)
    start = day * 1440 + hour * 60
    return Opening(start, MONDAY + timedelta(days=day), time(hour), ends, practitioner)


def test_without_a_wish_every_time_in_range_suits():
    need = Need(**FORTNIGHT)

    assert suits(need, opening())
    assert not suits(need, opening(day=14))


def test_each_wish_alone_can_stand_against_a_time():
    assert not suits(Need(**FORTNIGHT, weekdays=frozenset({2})), opening())
    assert not suits(Need(**FORTNIGHT, from_time=time(10, 1)), opening())
    assert not suits(Need(**FORTNIGHT, until_time=time(10, 29)), opening())
    assert not suits(Need(**FORTNIGHT, practitioner=2), opening())
    assert not suits(Need(**FORTNIGHT, before=600), opening())
    exact = Need(
        **FORTNIGHT,
        weekdays=frozenset({1}),
        from_time=time(10),
        until_time=time(10, 30),
        practitioner=1,
        before=601,
    )
    assert suits(exact, opening())


def test_a_time_that_ends_at_midnight_is_not_over_by_an_earlier_hour():
    late = Opening(1410, MONDAY, time(23, 30), time(0), 1)

    assert not suits(Need(**FORTNIGHT, until_time=time(23, 45)), late)
    assert suits(Need(**FORTNIGHT), late)


def test_inside_the_window_comes_first_then_the_longest_waiting():
    window = (MONDAY, MONDAY + timedelta(days=3))
    elsewhere = (MONDAY + timedelta(days=5), MONDAY + timedelta(days=9))
    needs = [
        (Need(**FORTNIGHT, window=elsewhere, since=1), MONDAY),
        (Need(**FORTNIGHT, window=window, since=9), MONDAY),
        (Need(**FORTNIGHT, since=5), MONDAY),
    ]

    assert best_first(needs) == [2, 1, 0]


def test_three_times_lie_in_different_halves_of_days_while_there_are_some():
    free = [opening(hour=hour) for hour in (9, 10, 11, 14, 15)] + [opening(day=1, hour=9)]

    chosen = choose_times(Need(**FORTNIGHT), free, 3)

    assert [(one.day.day, one.from_time.hour) for one in chosen] == [(2, 9), (2, 14), (3, 9)]


def test_a_single_morning_still_gives_three_times():
    free = [opening(hour=hour) for hour in (9, 10, 11, 12)]

    assert [one.from_time.hour for one in choose_times(Need(**FORTNIGHT), free, 3)] == [9, 10, 11]


def test_the_day_aimed_at_and_the_practitioner_known_are_named_before_others():
    need = Need(**FORTNIGHT, aim_on=MONDAY + timedelta(days=2), rather_with=7)
    free = [opening(day=day, practitioner=who) for day in range(5) for who in (1, 7)]

    chosen = choose_times(need, free, 3)

    assert [(one.day.day, one.practitioner) for one in chosen] == [(3, 7), (4, 7), (5, 7)]


openings = st.builds(
    opening,
    day=st.integers(-2, 20),
    hour=st.integers(7, 20),
    practitioner=st.integers(1, 3),
    minutes=st.integers(1, 60),
)
needs = st.builds(
    Need,
    first_on=st.just(MONDAY),
    last_on=st.dates(MONDAY, MONDAY + timedelta(days=18)),
    weekdays=st.frozensets(st.integers(1, 7), min_size=1),
    from_time=st.none() | st.times(time(6), time(12)),
    until_time=st.none() | st.times(time(12, 1), time(22)),
    practitioner=st.none() | st.integers(1, 3),
    rather_with=st.none() | st.integers(1, 3),
)


@given(needs, st.lists(openings, max_size=30), st.integers(1, 4))
def test_chosen_times_suit_differ_and_are_as_many_as_can_be(need, free, count):
    chosen = choose_times(need, free, count)

    suitable = {one.start for one in free if suits(need, one)}
    assert all(suits(need, one) for one in chosen)
    assert len({one.start for one in chosen}) == len(chosen) == min(count, len(suitable))
    assert chosen == sorted(chosen, key=lambda one: one.start)
