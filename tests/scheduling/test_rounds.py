"""Rounds and visits side by side, against trying every minute."""

from itertools import pairwise, permutations, product

from hypothesis import given
from hypothesis import strategies as st

from sessions.scheduling.intervals import contains, merge
from sessions.scheduling.rounds import (
    Guest,
    Stop,
    Together,
    back_to_back,
    best_starts,
    matched,
    retimed,
    round_starts,
    side_by_side,
)
from sessions.scheduling.slots import Agenda

DAY = (0, 96)
BLOCKS = st.lists(
    st.tuples(st.integers(0, 95), st.integers(1, 30)).map(lambda one: (one[0], one[0] + one[1])), max_size=4
)
AGENDAS = st.builds(
    Agenda,
    hours=st.none() | BLOCKS,
    breaks=BLOCKS,
    closures=st.just(()),
    absences=st.lists(st.tuples(st.integers(0, 95), st.integers(96, 120)), max_size=1),
    booked=BLOCKS,
)
PATIENTS = st.builds(Agenda, booked=BLOCKS)


def meets(spans, start, end):
    return any(a < end and start < b and a < b for a, b in spans)


def test_visits_follow_each_other_without_a_gap():
    assert back_to_back(600, [30, 20, 15]) == [(600, 630), (630, 650), (650, 665)]


@given(
    AGENDAS,
    st.lists(st.tuples(st.integers(1, 20), PATIENTS), min_size=1, max_size=3),
    st.integers(0, 20),
    st.integers(0, 20),
)
def test_a_round_begins_exactly_where_trying_every_minute_says(vet, stops, before, after):
    stops = [Stop(minutes, patient) for minutes, patient in stops]
    total = sum(stop.minutes for stop in stops)

    def fits(start):
        times = back_to_back(start, [stop.minutes for stop in stops])
        return (
            contains(vet.free_intervals(DAY), start, start + total)
            and not meets([*vet.booked, *vet.absences], start - before, start + total + after)
            and all(not meets(stop.patient.booked, *time) for stop, time in zip(stops, times, strict=True))
        )

    found = round_starts(vet, stops, between=DAY, before_min=before, after_min=after)

    assert {minute for a, b in found for minute in range(a, b)} == {minute for minute in range(*DAY) if fits(minute)}


def test_nobody_to_see_gives_no_time():
    assert round_starts(Agenda(), [], between=DAY) == []
    assert side_by_side([], {}, None, between=DAY, step_minutes=5, not_before=0) == []


def test_the_way_there_may_lie_before_the_hours_but_a_start_inside_them_is_proposed_first():
    vet = Agenda(hours=[(540, 1020)])
    starts = round_starts(vet, [Stop(60)], between=(0, 1440), before_min=30, after_min=30)

    assert starts == [(540, 961)]
    assert best_starts(starts, vet, step_minutes=15, before_min=30, not_before=0, count=2) == [570, 630]
    assert best_starts(starts, vet, step_minutes=15, before_min=30, not_before=900, count=3) == [930]


def test_a_proposal_leaves_time_to_drive_there():
    vet = Agenda(hours=[(540, 1020)])
    starts = round_starts(vet, [Stop(60)], between=(0, 1440), before_min=45)

    assert best_starts(starts, vet, step_minutes=15, before_min=45, not_before=600, count=1) == [645]


@given(
    st.lists(st.tuples(st.integers(1, 12), st.sets(st.integers(0, 2), min_size=1), PATIENTS), min_size=1, max_size=3),
    st.lists(AGENDAS, min_size=3, max_size=3),
    st.none() | st.lists(PATIENTS, min_size=1, max_size=3),
)
def test_side_by_side_is_possible_exactly_where_somebody_could_seat_them(guests, people, rooms):
    guests = [Guest(minutes, tuple(sorted(who)), patient) for minutes, who, patient in guests]
    people = dict(enumerate(people))
    rooms = None if rooms is None else dict(enumerate(rooms))

    def free(agenda, start, minutes):
        return contains(merge(agenda.free_intervals(DAY)), start, start + minutes)

    def seated(start):
        if not all(free(guest.patient, start, guest.minutes) for guest in guests):
            return False
        who = any(
            all(
                one in g.practitioners and free(people[one], start, g.minutes)
                for one, g in zip(chosen, guests, strict=True)
            )
            for chosen in permutations(people, len(guests))
        )
        where = rooms is None or any(
            all(free(rooms[one], start, g.minutes) for one, g in zip(chosen, guests, strict=True))
            for chosen in permutations(rooms, len(guests))
        )
        return who and where

    found = side_by_side(guests, people, rooms, between=DAY, step_minutes=4, not_before=0)

    assert [time.start for time in found] == [start for start in range(0, 96, 4) if seated(start)]
    for time in found:
        assert len(set(time.practitioners)) == len(guests)
        assert all(who in guest.practitioners for who, guest in zip(time.practitioners, guests, strict=True))
        assert rooms is None or len(set(time.rooms)) == len(guests)


def test_rooms_are_none_when_none_is_needed():
    times = side_by_side(
        [Guest(30, (1,)), Guest(20, (1, 2))],
        {1: Agenda(), 2: Agenda()},
        None,
        between=(0, 60),
        step_minutes=30,
        not_before=0,
    )

    assert times == [Together(0, (1, 2), (None, None)), Together(30, (1, 2), (None, None))]


@given(st.lists(st.lists(st.integers(0, 4), unique=True, max_size=4), max_size=4))
def test_matching_finds_a_seat_for_everybody_whenever_there_is_one(choices):
    possible = any(len(set(chosen)) == len(choices) for chosen in product(*choices))

    found = matched(choices)

    assert (found is not None) == possible
    if found is not None:
        assert len(set(found)) == len(found)
        assert all(one in mine for one, mine in zip(found, choices, strict=True))


@given(
    st.integers(0, 500),
    st.lists(st.tuples(st.integers(0, 15), st.integers(1, 40)), min_size=1, max_size=5).flatmap(
        lambda visits: st.tuples(st.just(visits), st.permutations(range(len(visits))))
    ),
)
def test_visits_that_change_places_fill_the_same_time_in_the_new_order(first, drawn):
    pauses_and_lengths, order = drawn
    visits, minute = [], first
    for place, (pause, length) in enumerate(pauses_and_lengths):
        minute += pause if place else 0
        visits.append((minute, minute + length))
        minute += length

    times = retimed(visits, order)

    in_order = [times[which] for which in order]
    assert in_order == sorted(in_order)
    assert all(end <= start for (_a, end), (start, _b) in pairwise(in_order))
    assert [b - a for a, b in times] == [b - a for a, b in visits]
    assert in_order[0][0] == visits[0][0]
    assert in_order[-1][1] == visits[-1][1]
