"""The whole way of one person and of one horse by keyboard alone, from the phone call to the PDF in hand."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.looking import Keyboard, Looker
from tests.browser.whole_way import HORSE, PERSON, WholeWay

pytestmark = pytest.mark.once


@pytest.mark.parametrize("patient", [PERSON, HORSE], ids=["person", "horse"])
def test_the_whole_way_by_keyboard(look, worker, patient):
    WholeWay(look, Keyboard, patient).go(after_the_call=move_in_the_calendar)


def move_in_the_calendar(desk: Looker) -> None:
    """Enter on a visit asks where to move it; Escape leaves all as it is."""
    page, keys = desk.page, Keyboard(desk.page)
    keys.press(page.get_by_role("link", name="Calendar", exact=True).first)
    visit = page.locator(".visit[data-visit]")
    expect(visit).to_be_visible()
    before = visit.get_attribute("aria-label")
    keys.press(visit)
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Time", exact=True)).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    keys.press(visit)
    expect(dialog.get_by_label("Time", exact=True)).to_be_focused()
    page.keyboard.type("1230PM")
    keys.press(dialog.get_by_role("button", name="Move"))
    expect(page.locator("#undo").get_by_text(" moved to ")).to_be_visible()
    expect(visit).to_have_attribute("aria-label", re.compile(r"^12:30–13:00"))
    assert not before.startswith("12:30")
