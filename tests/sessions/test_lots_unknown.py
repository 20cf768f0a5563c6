"""A typed lot number that is in no stock is asked about, where the clinic keeps stock of the substance."""

import re
from html import unescape

import pytest

from protocols.services import recalls
from tests.factories import make_clinic, make_lot, make_substance
from tests.sessions.record_world import start
from tests.sessions.test_lots_of_another import said, typed
from tests.sessions.test_record_pages import browser, page_data, url, world

__all__ = ["browser", "world"]
pytestmark = pytest.mark.django_db

WORDS = "Lidocaine, lot ZZ9: no such lot was ever received. Read the pack again"


@pytest.mark.parametrize("number", ["ZZ9", "(01)09506000134352(10)ZZ9"])
def test_a_number_in_no_stock_is_asked_about_in_a_plain_sentence(world, browser, number):
    make_lot(world.clinic, world.lidocaine, number="AB7")
    record = start(world)

    assert WORDS in said(browser, record, page_data(browser, record), number)


def test_it_is_recorded_as_typed_without_a_reason_and_the_finding_stays_with_the_record(world, browser):
    make_lot(world.clinic, world.lidocaine, number="AB7")
    record = start(world)
    data = {**page_data(browser, record), **typed("ZZ9"), "checklist_clear": "on"}

    browser.post(url("record-done", record), data)

    record.refresh_from_db()
    assert (record.status, record.administrations.get(position=1).lot_number) == ("done", "ZZ9")
    assert ("lot.unknown", "warn") in {(one["rule"], one["level"]) for one in record.findings}


def test_who_never_received_a_lot_of_the_substance_is_not_asked(world, browser):
    make_lot(world.clinic, world.vessel, number="AB7")
    other = make_clinic()
    make_lot(other, make_substance(other, "Lidocaine"), number="AB8")
    record = start(world)

    assert "no such lot" not in said(browser, record, page_data(browser, record), "ZZ9")


@pytest.mark.parametrize("number", ["AB7", "ab 7"])
def test_a_lot_that_was_received_once_is_known_though_two_have_the_number(world, browser, number):
    for maker in ("Arvensis", "Boiron"):
        make_lot(world.clinic, world.lidocaine, number="AB7", manufacturer=maker)
    record = start(world)

    assert "no such lot" not in said(browser, record, page_data(browser, record), number)


def test_a_number_of_another_substance_or_a_recalled_one_says_only_that(world, browser):
    make_lot(world.clinic, world.lidocaine, number="AB7")
    make_lot(world.clinic, world.vessel, number="CD8")
    recalls.recall_lots(actor=world.doctor_user, clinic=world.clinic, number="ZZ9", reason="Letter")
    record = start(world)
    data = page_data(browser, record)

    for number, words in (("CD8", "is a lot of Pentoxifylline"), ("ZZ9", "recalled")):
        text = said(browser, record, data, number)
        assert words in text
        assert "no such lot" not in text


def test_no_number_is_no_unknown_number(world, browser):
    make_lot(world.clinic, world.lidocaine, number="AB7")
    record = start(world)

    page = browser.post(url("record-check", record), page_data(browser, record)).content.decode()

    assert not re.search("no such lot", unescape(page))
