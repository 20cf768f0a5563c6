"""The stock ledger: adds up, picks first-expired first, says no in codes, and records what was injected all the same."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.refused import Refused
from protocols.models import Lot
from protocols.queries import lots as queries
from protocols.services import lots, recalls
from tests.factories import make_clinic, make_lot, make_substance, make_user, site_of
from tests.shared import shared

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 2, 10, tzinfo=UTC)
ON = AT.date()


@shared
def clinic():
    return make_clinic()


@shared
def site(clinic):
    return site_of(clinic)


def refusal(code: str):
    return pytest.raises(Refused, check=lambda refused: refused.code == code)


def draw(lot, site, volume_ml=1, **fields):
    return lots.draw(actor=None, lot=lot, site=site, volume_ml=Decimal(volume_ml), **{"at": AT, **fields})


def test_the_ledger_adds_up_to_the_stock(clinic, site):
    lot = make_lot(clinic, volume_ml=50)

    draw(lot, site, "2.5")
    lots.waste(actor=None, lot=lot, site=site, volume_ml=Decimal("0.5"), reason="Dropped")
    lots.count(actor=None, lot=lot, site=site, counted_ml=Decimal(46))

    assert queries.stock_of(lot, site) == Decimal(46)
    assert sorted(line.volume_ml for line in queries.ledger(lot)) == sorted(
        [Decimal(50), Decimal("-2.5"), Decimal("-0.5"), Decimal(-1)]
    )
    assert queries.lots(clinic).get().stock_ml == Decimal(46)


def test_a_count_that_agrees_adds_no_line(clinic, site):
    lot = make_lot(clinic, volume_ml=50)

    assert lots.count(actor=None, lot=lot, site=site, counted_ml=Decimal(50)) is None
    assert len(queries.ledger(lot)) == 1


def test_a_line_of_the_ledger_is_never_changed(clinic):
    line = make_lot(clinic).movements.get()

    with pytest.raises(DatabaseError), transaction.atomic():
        type(line).objects.filter(pk=line.pk).update(volume_ml=Decimal(1))


def test_the_first_to_expire_is_offered_first_and_the_unusable_not_at_all(clinic, site):
    substance = make_substance(clinic)
    late = make_lot(clinic, substance, expires_on=date(2027, 1, 1))
    soon = make_lot(clinic, substance, expires_on=date(2026, 4, 1))
    make_lot(clinic, substance, expires_on=date(2026, 3, 1))
    recalls.recall_lot(actor=None, lot=make_lot(clinic, substance), reason="Maker's letter")
    empty = make_lot(clinic, substance, volume_ml=5)
    draw(empty, site, 5)

    assert queries.pickable(clinic, site, substance, ON) == [soon, late]


def test_the_expiry_day_itself_is_still_usable(clinic, site):
    lot = make_lot(clinic, expires_on=ON)

    assert draw(lot, site).volume_ml == Decimal(-1)


@pytest.mark.parametrize("volume_ml", [0, -1, "0.0", 10_000_000])
def test_a_volume_that_is_none_is_refused(clinic, site, volume_ml):
    lot = make_lot(clinic)

    with refusal("volume"):
        draw(lot, site, volume_ml)


def test_an_expired_lot_is_refused_but_can_be_recorded_with_a_reason(clinic, site):
    lot = make_lot(clinic, expires_on=date(2026, 3, 1))

    with refusal("lot-expired"):
        draw(lot, site)
    movement = draw(lot, site, force_reason="Given before anybody looked")

    assert movement.reason == "Given before anybody looked"
    assert AuditEvent.objects.filter(verb="lot.drawn", reason="Given before anybody looked").exists()


def test_a_recalled_lot_is_refused_but_can_be_recorded_with_a_reason(clinic, site):
    lot = recalls.recall_lot(actor=None, lot=make_lot(clinic), reason="Glass in it")

    with refusal("lot-recalled"):
        draw(lot, site)
    draw(lot, site, force_reason="Injected the day before the recall")

    lot.refresh_from_db()
    assert lot.status == Lot.Status.RECALLED


def test_more_than_is_left_is_refused_but_can_be_recorded_with_a_reason(clinic, site):
    lot = make_lot(clinic, volume_ml=2)

    with refusal("lot-used-up"):
        draw(lot, site, "2.001")
    draw(lot, site, 3, force_reason="The vial held more")

    lot.refresh_from_db()
    assert lot.status == Lot.Status.USED_UP
    assert queries.stock_of(lot, site) == 0
    assert {line.kind: line.volume_ml for line in queries.ledger(lot)} == {"received": 2, "surplus": 1, "drawn": -3}


def test_the_manager_is_told_once_a_day_of_what_should_not_have_been_given(clinic, site):
    lot = make_lot(clinic, expires_on=date(2026, 3, 1))

    for _ in range(2):
        draw(lot, site, force_reason="Nobody looked")
    draw(make_lot(clinic), site, force_reason="No need to force it")

    told = queries.notices(clinic, kind="forced").get()
    assert (told.lot, told.keyed_on) == (lot, ON)
    assert "expired" in told.words
    assert "Nobody looked" in told.words


def test_a_lot_drawn_to_its_end_is_used_up_until_more_arrives(clinic, site):
    lot = make_lot(clinic, volume_ml=2)

    draw(lot, site, 2)
    lot.refresh_from_db()
    assert lot.status == Lot.Status.USED_UP

    again = make_lot(clinic, lot.substance, number=lot.number, expires_on=lot.expires_on, volume_ml=10)
    assert again == lot
    assert again.status == Lot.Status.ACTIVE


def test_a_known_lot_with_another_expiry_day_is_refused(clinic):
    lot = make_lot(clinic)

    with refusal("other-expiry"):
        make_lot(clinic, lot.substance, number=lot.number, expires_on=lot.expires_on + timedelta(days=1))


def test_an_opened_vial_is_good_for_its_days_of_use_and_never_past_expiry(clinic, site):
    lot = make_lot(clinic, expires_on=date(2026, 3, 20), beyond_use_days=28)

    vial = lots.open_vial(actor=make_user(clinic), lot=lot, site=site, at=AT)

    assert vial.beyond_use_on == date(2026, 3, 20)
    with refusal("vial-past-use"):
        draw(make_lot(clinic), site, vial=vial)
    lots.discard_vial(actor=None, vial=vial)
    vial.refresh_from_db()
    with refusal("vial-past-use"):
        draw(lot, site, vial=vial)


def test_a_vial_of_a_lot_without_days_of_use_is_not_opened_without_a_day(clinic, site):
    lot, keeper = make_lot(clinic), make_user(clinic)

    with refusal("beyond-use-unknown"):
        lots.open_vial(actor=keeper, lot=lot, site=site, at=AT)
    vial = lots.open_vial(actor=keeper, lot=lot, site=site, at=AT, beyond_use_on=date(2026, 3, 30))

    assert vial.beyond_use_on == date(2026, 3, 30)
    of_its_day = lots.open_vial(actor=keeper, lot=make_lot(clinic, beyond_use_days=0), site=site, at=AT)
    assert of_its_day.beyond_use_on == AT.date()


def test_a_recall_can_be_undone_with_a_reason(clinic):
    lot = recalls.recall_lot(actor=None, lot=make_lot(clinic), reason="Wrong letter")

    with refusal("reason-missing"):
        recalls.undo_recall(actor=None, lot=lot, reason=" ")
    assert recalls.undo_recall(actor=None, lot=lot, reason="It was another number").status == Lot.Status.ACTIVE


def test_a_lot_of_another_clinic_is_refused(clinic):
    stranger = make_clinic()

    with refusal("other-clinic"):
        draw(make_lot(clinic), site_of(stranger))
    with refusal("other-clinic"):
        make_lot(clinic, make_substance(stranger))


def test_expiring_and_low_lots_are_listed_once_each(clinic, site):
    substance = make_substance(clinic)
    soon = make_lot(clinic, substance, expires_on=ON + timedelta(days=60))
    make_lot(clinic, substance, expires_on=ON + timedelta(days=61))
    low = make_lot(clinic, substance, volume_ml=3, low_stock_ml=Decimal(5))
    make_lot(clinic, substance, volume_ml=3, low_stock_ml=Decimal(2))

    assert list(queries.expiring_lots(clinic, ON)) == [soon]
    assert list(queries.low_stock(clinic)) == [low]


def test_what_expires_or_runs_low_is_told_once(clinic):
    make_lot(clinic, expires_on=ON + timedelta(days=30))
    make_lot(clinic, expires_on=ON - timedelta(days=1))
    make_lot(clinic, volume_ml=3, low_stock_ml=Decimal(5))
    make_lot(clinic)

    first, again = lots.note_stock(now=AT), lots.note_stock(now=AT)

    assert (first, again) == (3, 0)
    assert sorted(queries.notices(clinic).values_list("kind", flat=True)) == ["expired", "expiring", "low"]
    assert lots.note_stock(now=AT + timedelta(days=31)) == 1  # what was expiring has expired


@pytest.mark.parametrize("size", [1, 12])
def test_telling_takes_the_same_statements_whatever_the_number_of_lots(clinic, size, django_assert_num_queries):
    for _ in range(size):
        make_lot(clinic, expires_on=ON, low_stock_ml=Decimal(500))

    with django_assert_num_queries(8):
        lots.note_stock(now=AT)


@pytest.mark.parametrize("size", [1, 12])
def test_picking_lots_for_a_whole_mix_takes_two_statements(clinic, site, size, django_assert_num_queries):
    substances = [make_substance(clinic) for _ in range(size)]
    for substance in substances:
        lots.open_vial(actor=make_user(clinic), lot=make_lot(clinic, substance, beyond_use_days=28), site=site)

    with django_assert_num_queries(2):
        found = queries.pickable_by_substance(clinic, site, [one.pk for one in substances], ON)
        assert [len(lot.open_vials) for lots in found.values() for lot in lots] == [1] * size


def test_a_delivery_of_a_pack_that_says_nothing_has_the_usual_strength_of_its_substance(clinic):
    lot = make_lot(clinic, make_substance(clinic, strength=Decimal(20)))

    assert (lot.strength, lot.strength_unit) == (Decimal(20), "mg/mL")


def test_more_of_a_lot_with_another_strength_on_the_pack_is_refused(clinic):
    substance = make_substance(clinic)
    make_lot(clinic, substance, number="L7")
    make_lot(clinic, substance, number="L7", strength=Decimal(1), strength_unit="%")  # written otherwise, as strong

    with refusal("other-strength"):
        make_lot(clinic, substance, number="L7", strength=Decimal(10), strength_unit="%")

    assert queries.lots(clinic).get().stock_ml == Decimal(200)


def test_a_lot_of_before_learns_its_strength_from_the_next_delivery(clinic):
    substance = make_substance(clinic)
    lot = make_lot(clinic, substance, number="L7")
    Lot.objects.filter(pk=lot.pk).update(strength=None, strength_unit="")

    make_lot(clinic, substance, number="L7", strength=Decimal(20), strength_unit="mg/mL")

    lot.refresh_from_db()
    assert (lot.strength, lot.strength_unit) == (Decimal(20), "mg/mL")
