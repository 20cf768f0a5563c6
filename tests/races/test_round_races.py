"""Eight processes at one round: booked whole by exactly one, changed by all without a deadlock or an overlap."""

import random
from collections import Counter
from datetime import timedelta
from itertools import pairwise

import pytest

from patients.services import places
from sessions.models import Appointment, Round
from sessions.services import rounds
from sessions.services.rounds import Stop
from tests.factories import make_clinic, make_horse, make_patient, make_practitioner, site_of, work_week
from tests.races.test_booking_races import PROCESSES, run
from tests.sessions.booking_world import NOW, at

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]

CONTESTS = 12
CHANGES = 30
DEEDS = ("up", "down", "close", "move", "cancel", "again", "single", "single")


@pytest.fixture
def yard():
    clinic = make_clinic()
    hours = work_week("07:00", "20:00")
    stable = places.create_place(actor=None, clinic=clinic, kind="stable", name="Oakfield", travel_min=30)
    vets = [make_practitioner(clinic, hours=hours) for _ in range(2)]
    return {"clinic": clinic, "stable": stable, "vets": vets}


def overlaps():
    """Count neighbours of one practitioner or patient that share time, the way of a round included."""
    found = 0
    for what in ("practitioner_id", "patient_id"):
        rows = Appointment.objects.live().order_by(what, "starts_at")
        for one, other in pairwise(rows):
            if getattr(one, what) == getattr(other, what):
                busy = (one.back_at, other.leaves_at) if what == "practitioner_id" else (one.ends_at, other.starts_at)
                found += busy[1] < busy[0]
    return found


def test_a_round_accepted_by_eight_is_booked_whole_by_one(yard):
    contests = []
    for turn in range(CONTESTS):
        horses = [make_horse(yard["clinic"], place=yard["stable"]).pk for _ in range(3)]
        starts_at = at("10:00", turn // 5 * 7 + turn % 5)
        contests.append(
            [
                {
                    "practitioner": yard["vets"][number % 2].pk,
                    "place": yard["stable"].pk,
                    "patients": horses,
                    "starts_at": (starts_at + timedelta(minutes=number % 4 * 5)).isoformat(),
                    "now": NOW.isoformat(),
                }
                for number in range(PROCESSES)
            ]
        )

    outcomes = run(contests, "round")

    assert {Counter(kind for kind, _ in contest)["won"] for contest in outcomes} == {1}
    codes = {detail[0] for contest in outcomes for kind, detail in contest if kind == "refused"}
    assert codes <= {"just-taken", "patient-busy", "no-time-for-the-way"}
    assert Round.objects.count() == CONTESTS
    assert Appointment.objects.count() == 3 * CONTESTS
    for one in Round.objects.all():
        ways = [(visit.travel_before_min, visit.travel_after_min) for visit in one.visits.order_by("starts_at")]
        assert ways == [(30, 0), (0, 0), (0, 30)]
    assert overlaps() == 0


def test_a_round_changed_by_eight_at_once_never_deadlocks_nor_overlaps(yard):
    chosen = random.Random(11)
    horses = [make_horse(yard["clinic"], place=yard["stable"]) for _ in range(4)]
    one = rounds.book_round(
        actor=None,
        clinic=yard["clinic"],
        site=site_of(yard["clinic"]),
        place=yard["stable"],
        practitioner=yard["vets"][0],
        starts_at=at("10:00", 1),
        stops=[Stop(horse, 20, reason="teeth") for horse in horses],
        now=NOW,
    )
    visits = list(one.visits.values_list("pk", flat=True))
    people = [make_patient(yard["clinic"]).pk for _ in range(PROCESSES)]
    quarters = [at("09:00", 1) + timedelta(minutes=15 * n) for n in range(16)]
    contests = [
        [
            {
                "visit": chosen.choice(visits),
                "deed": DEEDS[number],
                "patient": people[number],
                "starts_at": chosen.choice(quarters).isoformat(),
                "now": NOW.isoformat(),
            }
            for number in range(PROCESSES)
        ]
        for _ in range(CHANGES)
    ]

    outcomes = run(contests, "change_round")

    won = Counter(DEEDS[n] for contest in outcomes for n, (kind, _) in enumerate(contest) if kind == "won")
    assert won.total() > 0
    assert overlaps() == 0
    live = list(one.visits.live().order_by("starts_at"))
    assert {visit.travel_before_min for visit in live[1:]} <= {0}
    assert {visit.travel_after_min for visit in live[:-1]} <= {0}
