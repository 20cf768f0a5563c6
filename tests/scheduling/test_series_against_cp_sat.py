"""Large series in busy clinics: as good as what CP-SAT proves to be the best."""

import random
from datetime import time, timedelta

import pytest

from sessions.scheduling.hours import days_between
from sessions.scheduling.series import propose
from sessions.scheduling.walltime import wall_minute
from sessions.scheduling.wishes import Need, Wish, Wishes
from tests.scheduling.series_cases import MONDAY, PARIS, gap
from tests.scheduling.series_cp_sat import best_cost, cost_of_proposal
from tests.scheduling.test_series import clinic, week

pytestmark = pytest.mark.engine

TAPER = ["1w"] * 5 + ["2w"] * 4 + ["3w"] * 2 + ["4w"] * 4


def taper(chance: random.Random) -> list[Need]:
    needs, due = [], MONDAY
    for number, text in enumerate(TAPER, 1):
        one = gap(text)
        due += timedelta(days=7 * one.length if number > 1 else 0)
        minutes = chance.choice([15, 30])
        window = (due, due + timedelta(days=1))
        around = due - timedelta(days=9), due + timedelta(days=12)
        needs.append(Need(number, due, minutes, *around, gap=one if number > 1 else None, window=window))
    return needs


def busy(chance: random.Random, needs, share: float):
    """Appointments of an hour over most of every day."""
    days = days_between(needs[0].first_on, needs[-1].last_on)
    starts = [wall_minute(day, time(hour), PARIS) for day in days for hour in range(8, 18)]
    return [(start, start + 60) for start in starts if chance.random() < share]


WISHES = [
    Wishes(),
    Wishes(weekdays=frozenset({2, 4}), from_time=time(14), practitioner=2),
    Wishes(weekdays=frozenset({1, 5}), practitioner=1, only=frozenset({Wish.WEEKDAY})),
    Wishes(from_time=time(9), until_time=time(11), only=frozenset({Wish.TIME}), same_practitioner=False),
]


@pytest.mark.parametrize("seed", range(12))
def test_a_taper_of_fifteen_is_as_good_as_can_be(seed):
    chance = random.Random(seed)
    needs = taper(chance)
    share = chance.choice([0.7, 0.9, 0.97])
    closed = days_between(MONDAY + timedelta(days=60), MONDAY + timedelta(days=60 + seed))
    people = {one: (week(1, 2, 3, 4, 5, first=8, until=18), busy(chance, needs, share)) for one in (1, 2, 3)}
    openings = clinic(needs, people, closed=closed)
    wishes = WISHES[seed % len(WISHES)]

    proposal = propose(needs, openings, wishes)

    assert cost_of_proposal(proposal, needs, openings) == best_cost(needs, openings, wishes)
