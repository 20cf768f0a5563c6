"""A shelf counted between an injection and its signature: what was given is taken from the ledger once."""

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from mesoclinic.core.models import Site
from mesoclinic.core.roles import Role
from protocols.models import StockNotice
from protocols.queries import lots as stock
from protocols.queries.lot_draws import not_entered_ml
from protocols.services import lots
from tests.factories import make_user
from tests.sessions.booking_world import MONDAY
from tests.sessions.record_world import filled, finish, lot_of, record_world, save, sign, start
from tests.sessions.test_signing import from_lot
from tests.shared import shared

pytestmark = pytest.mark.django_db


@shared
def world():
    return record_world()


def given(world, lot, *, is_done=True):
    """Two millilitres of a lot, drawn up for a record."""
    record = start(world)
    save(world, record, filled(record, lines=from_lot(record, lot)))
    if is_done:
        finish(world, record)
    return record


def count(world, lot, counted_ml):
    lots.count(actor=None, lot=lot, site=world.site, counted_ml=Decimal(counted_ml))


@pytest.mark.parametrize("counted_ml", [8, 7, 10, 0])
def test_what_is_signed_after_a_count_is_not_taken_off_it_again(world, counted_ml):
    lot = lot_of(world, volume_ml=10)
    record = given(world, lot)

    count(world, lot, counted_ml)
    sign(world, record)

    assert stock.stock_of(lot, world.site) == counted_ml
    assert not_entered_ml(lot) == 0


def test_a_shelf_counted_empty_is_used_up_though_somebody_has_still_to_sign(world):
    lot = lot_of(world, volume_ml=10)
    record = given(world, lot)

    count(world, lot, 0)
    lot.refresh_from_db()
    assert lot.status == lot.Status.USED_UP
    assert lot not in stock.pickable(world.clinic, world.site, world.lidocaine, MONDAY)

    sign(world, record)
    lot.refresh_from_db()
    assert lot.status == lot.Status.USED_UP
    assert not StockNotice.objects.filter(lot=lot, kind=StockNotice.Kind.FORCED).exists()


def test_a_count_that_agrees_with_what_was_given_adds_no_line(world):
    lot = lot_of(world, volume_ml=10)
    given(world, lot)

    count(world, lot, 8)

    assert [line.kind for line in stock.ledger(lot)] == ["received"]


def test_what_was_signed_before_the_count_is_in_the_ledger_already(world):
    lot = lot_of(world, volume_ml=10)
    sign(world, given(world, lot))

    count(world, lot, 5)

    assert stock.stock_of(lot, world.site) == 5


@pytest.mark.parametrize(("is_done", "here_ml"), [(True, 2), (False, 0)])
def test_only_what_was_done_here_has_left_this_shelf(world, is_done, here_ml):
    lot = lot_of(world, volume_ml=10)
    given(world, lot, is_done=is_done)
    elsewhere = Site.objects.create(clinic=world.clinic, name="Annexe")

    assert [not_entered_ml(lot, site) for site in (world.site, elsewhere, None)] == [here_ml, 0, here_ml]


def test_the_page_of_a_lot_says_what_was_given_and_is_not_signed(world):
    lot = lot_of(world, volume_ml=10)
    given(world, lot)
    browser = Client()
    browser.force_login(make_user(world.clinic, Role.MANAGER))

    page = browser.get(reverse("protocols:lot", args=[lot.public_id]))

    assert page.context["not_entered_ml"] == 2
    assert "in records not signed yet" in page.content.decode()
