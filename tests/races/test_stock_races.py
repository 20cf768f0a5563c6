"""Eight tablets at one lot: the ledger adds up, the last vial is drawn once, and nothing escapes a recall."""

from collections import Counter
from decimal import Decimal

import pytest

from protocols.models import Lot, StockMovement
from protocols.queries import lots as queries
from tests.factories import make_clinic, make_lot, make_substance, site_of
from tests.races.test_booking_races import PROCESSES, run

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]

CONTESTS = 12


@pytest.fixture
def clinic():
    return make_clinic()


def at(lot, site, deed, **more):
    return {"lot": lot.pk, "site": site.pk, "deed": deed, **more}


def test_the_last_vial_is_drawn_once(clinic):
    site, held = site_of(clinic), [make_lot(clinic, volume_ml=1) for _ in range(CONTESTS)]

    outcomes = run([[at(lot, site, "draw") for _ in range(PROCESSES)] for lot in held], "stock")

    for contest in outcomes:
        assert Counter(kind for kind, _what in contest) == {"won": 1, "refused": PROCESSES - 1}
        assert {what[0] for kind, what in contest if kind == "refused"} == {"lot-used-up"}
    for lot in held:
        assert queries.stock_of(lot, site) == 0
        assert Lot.objects.get(pk=lot.pk).status == "used_up"


def test_the_ledger_adds_up_whoever_draws_wastes_counts_and_gives_all_the_same(clinic):
    site, held = site_of(clinic), [make_lot(clinic, volume_ml=4) for _ in range(CONTESTS)]
    deeds = ["draw", "draw", "draw", "force", "force", "waste", "waste", "count"]

    run([[at(lot, site, deed, reason=f"dropped {n}") for n, deed in enumerate(deeds)] for lot in held], "stock")

    for lot in held:
        lines = list(StockMovement.objects.filter(lot=lot).order_by("pk"))
        balances = [sum((line.volume_ml for line in lines[: n + 1]), Decimal(0)) for n in range(len(lines))]
        assert min(balances) >= 0
        assert balances[-1] == queries.stock_of(lot, site)
        assert [line.volume_ml for line in lines if line.reason == "given" and line.kind == "drawn"] == [-1, -1]
        assert Lot.objects.get(pk=lot.pk).status == ("active" if balances[-1] else "used_up")


def test_nothing_is_offered_drawn_or_received_past_a_recall(clinic):
    site, held = site_of(clinic), [make_lot(clinic, volume_ml=100) for _ in range(CONTESTS)]
    others = [make_substance(clinic) for _ in held]
    deeds = ["recall", "recall", "draw", "draw", "draw", "receive", "receive", "force"]

    run(
        [[at(lot, site, deed, substance=other.pk) for deed in deeds] for lot, other in zip(held, others, strict=True)],
        "stock",
    )

    for lot, other in zip(held, others, strict=True):
        assert set(Lot.objects.filter(number=lot.number).values_list("status", flat=True)) == {"recalled"}
        assert Lot.objects.get(pk=lot.pk).recall.number == lot.number
        assert queries.pickable(clinic, site, other, lot.expires_on) == []
        assert queries.pickable(clinic, site, lot.substance, lot.expires_on) == []
