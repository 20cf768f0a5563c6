"""Eight tablets sign at once: one chain, every link in its place."""

import pytest

from sessions.models import Signature
from sessions.queries.signatures import verify_chain
from tests.races.test_booking_races import PROCESSES, run
from tests.sessions.booking_world import at
from tests.sessions.record_world import done, record_world

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]

ROUNDS = 3


def test_tablets_that_sign_at_once_do_not_fork_the_chain():
    world = record_world(cadence=f"{PROCESSES * ROUNDS}x1w")
    rows = [done(world, number) for number in range(1, PROCESSES * ROUNDS + 1)]
    asked = [{"record": row.pk, "actor": world.doctor_user.pk, "now": at("18:00", 200).isoformat()} for row in rows]
    contests = [asked[start : start + PROCESSES] for start in range(0, len(asked), PROCESSES)]

    outcomes = run(contests, "signing")

    assert all(kind == "won" for contest in outcomes for kind, _what in contest)
    assert sorted(Signature.objects.values_list("sequence", flat=True)) == list(range(1, len(rows) + 1))
    assert verify_chain(world.clinic).broken is None
