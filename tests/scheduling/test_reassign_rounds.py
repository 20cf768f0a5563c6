"""Another time for a whole round: against brute force, minute by minute."""

from hypothesis import given
from hypothesis import strategies as st

from sessions.scheduling.reassign import assign
from sessions.scheduling.reassign_rounds import BrokenRound, Part, price_of_round, round_candidate
from sessions.scheduling.slots import Agenda

DAY = 24 * 60
HOURS = [(day * DAY + 9 * 60, day * DAY + 13 * 60) for day in range(5)]
STEP = 15

spans = st.builds(
    lambda day, start, length: (day * DAY + 8 * 60 + start * 5, day * DAY + 8 * 60 + start * 5 + length * 5),
    st.integers(0, 4),
    st.integers(0, 60),
    st.integers(1, 24),
)


@st.composite
def rounds(draw):
    minute, parts = 2 * DAY + 9 * 60 + draw(st.sampled_from([0, 5, 30])), []
    for patient in range(draw(st.integers(1, 4))):
        window = draw(st.sampled_from([None, (1 * DAY, 3 * DAY), (2 * DAY, 5 * DAY)]))
        length = draw(st.sampled_from([10, 20, 30]))
        parts.append(Part(patient, minute, length, window, tuple(sorted(draw(st.lists(spans, max_size=2))))))
        minute += length + draw(st.sampled_from([0, 0, 15]))
    before_min, after_min = draw(st.sampled_from([(0, 0), (30, 30), (20, 0)]))
    not_at = frozenset({parts[0].start}) if draw(st.booleans()) else frozenset()
    return BrokenRound(-1, 1, tuple(parts), before_min, after_min, not_at)


def agenda(booked, absences):
    return Agenda(hours=HOURS, booked=booked, absences=absences)


def clear(spans, first, last):
    return all(last <= start or end <= first for start, end in spans)


def fits(broken, agenda, start):
    """Ask for one beginning, in other words than the engine: the hours, the way, every patient."""
    end, shift = start + broken.minutes, start - broken.start
    if start in broken.not_at or not any(a <= start and end <= b for a, b in HOURS):
        return False
    way = (start - broken.before_min, end + broken.after_min)
    if not clear([*agenda.booked, *agenda.absences], *way):
        return False
    return all(clear(part.busy, part.start + shift, part.start + part.minutes + shift) for part in broken.parts)


@given(rounds(), st.lists(spans, max_size=4), st.lists(spans, max_size=2), st.lists(spans, max_size=4))
def test_the_cheapest_beginning_is_that_of_brute_force_and_every_option_stands(broken, own, away, other):
    people = {1: agenda(own, away), 2: agenda(other, [])}
    between = (0, 5 * DAY)

    found = round_candidate(broken, people, between=between, step_minutes=STEP)

    same_hour = broken.start % DAY
    starts = sorted({*range(0, 5 * DAY, STEP), *range(same_hour, 5 * DAY, DAY)})
    possible = [(who, start) for who in people for start in starts if fits(broken, people[who], start)]
    weights = [price_of_round(broken, start, who).weight for who, start in possible]
    assert [one.weight for one in found.options[:1]] == sorted(weights)[:1]
    assert [one.weight for one in found.options] == sorted(one.weight for one in found.options)
    for option in found.options:
        start = option.start + broken.before_min
        assert (option.practitioner, start) in possible
        assert option.end == start + broken.minutes + broken.after_min


def test_two_rounds_that_want_the_same_morning_share_it_out():
    def morning(key, who):
        return BrokenRound(key, who, (Part(-key * 10, 2 * DAY + 9 * 60, 200),))

    people = {2: agenda([], [(0, 2 * DAY), (3 * DAY, 9 * DAY)]), 3: agenda([], [(0, 4 * DAY)])}
    both = [round_candidate(morning(key, 1), people, between=(0, 5 * DAY), step_minutes=STEP) for key in (-1, -2)]

    placed = assign(both)

    assert sorted(one.option.practitioner for one in placed.values()) == [2, 3]


def test_a_round_left_out_costs_as_many_visits_as_it_has():
    parts = tuple(Part(n, 2 * DAY + 9 * 60 + 60 * n, 60) for n in range(3))
    people = {1: agenda([], [(0, 2 * DAY), (2 * DAY + 12 * 60, 9 * DAY)])}
    whole = round_candidate(BrokenRound(-1, 1, parts), people, between=(0, 5 * DAY), step_minutes=STEP)
    single = round_candidate(BrokenRound(-2, 1, parts[:1]), people, between=(0, 5 * DAY), step_minutes=STEP)

    placed = assign([single, whole])

    assert list(placed) == [-1]
