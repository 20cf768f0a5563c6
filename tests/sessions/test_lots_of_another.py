"""A lot of another substance is named as such; what was typed stays, and what was given is recorded with a reason."""

import re
from html import unescape

import pytest

from sessions.queries import records as reads
from tests.factories import make_clinic, make_lot, make_substance
from tests.sessions.record_world import start
from tests.sessions.test_record_pages import autosave, browser, page_data, url, world

__all__ = ["browser", "world"]
pytestmark = pytest.mark.django_db

RULE = "lot.other_substance"


def typed(number: str, line: int = 0) -> dict[str, str]:
    return {f"lines-{line}-lot": "typed", f"lines-{line}-lot_number": number}


def said(browser, record, data, number: str) -> str:
    page = browser.post(url("record-check", record), {**data, **typed(number)}).content.decode()
    return " ".join(unescape(page).split())


@pytest.mark.parametrize("number", ["AB7", "ab 7", "(01)09506000134352(10)AB7"])
def test_a_number_that_is_a_lot_of_another_substance_names_it_and_what_to_do(world, browser, number):
    make_lot(world.clinic, world.vessel, number="AB7")
    record = start(world)

    words = said(browser, record, page_data(browser, record), number)

    assert "is a lot of Pentoxifylline, not of Lidocaine. Look at the pack" in words
    assert "choose that substance instead" in words


def test_what_was_typed_stays_and_is_recorded_with_a_reason(world, browser):
    make_lot(world.clinic, world.vessel, number="AB7")
    record = start(world)
    data = {**page_data(browser, record), **typed("AB7"), "checklist_clear": "on", "notes": "Kept"}

    refused = browser.post(url("record-done", record), data).content.decode()
    keys = [unescape(key) for key in re.findall(r'name="override_key" value="([^"]*)"', refused)]
    reasons = {"override_key": keys, "override_reason": ["The label was stuck on wrongly"] * len(keys)}
    browser.post(url("record-done", record), {**data, **reasons})

    assert 'value="AB7"' in refused
    assert "Kept" in refused
    assert [key.partition("|")[0] for key in keys] == [RULE]
    record.refresh_from_db()
    assert (record.status, record.overrides.get().rule) == ("done", RULE)
    line = reads.content(record).lines[0]
    assert (line.lot_id, line.lot_number) == (None, "AB7")


@pytest.mark.parametrize("own", ["AB7", "ab 7"])
def test_a_number_both_substances_have_is_the_lot_of_the_one_chosen(world, browser, own):
    make_lot(world.clinic, world.vessel, number="AB7")
    lot = make_lot(world.clinic, world.lidocaine, number=own)
    record = start(world)
    data = page_data(browser, record)

    assert "is a lot of" not in said(browser, record, data, "AB7")
    autosave(browser, record, data, **typed("AB7"))
    assert reads.content(record).lines[0].lot_id == lot.pk


def test_a_lot_of_another_clinic_says_nothing(world, browser):
    other = make_clinic()
    make_lot(other, make_substance(other, "Elsewhere"), number="AB7")
    record = start(world)

    assert "is a lot of" not in said(browser, record, page_data(browser, record), "AB7")


def test_a_lot_chosen_with_another_substance_stays_chosen_and_counts_as_typed(world, browser):
    lot = make_lot(world.clinic, world.vessel, number="AB7")
    record = start(world)
    data = page_data(browser, record) | {"lines-0-lot": str(lot.pk)}

    html = browser.post(url("record-save", record), {**data, "shots": "x"}).content.decode()
    words = browser.post(url("record-check", record), data).content.decode()
    answer = autosave(browser, record, data)

    assert re.search(rf'name="lines-0-lot"\s+value="{lot.pk}"[^>]*checked', html)
    assert "is a lot of Pentoxifylline, not of Lidocaine" in words
    assert answer.json()["errors"] == {}
    line = reads.content(record).lines[0]
    assert (line.substance_id, line.lot_id, line.lot_number) == (world.lidocaine.pk, None, "AB7")
    assert page_data(browser, record)["lines-0-lot_number"] == ["AB7"]


@pytest.mark.parametrize("number", ["A\x00B", "9" * 300, "(17)271331(10)B7"])
def test_what_cannot_be_a_number_is_said_beside_its_field(world, browser, number):
    record = start(world)

    answer = autosave(browser, record, page_data(browser, record), **typed(number))

    assert "lines-0-lot_number" in answer.json()["errors"]
