"""Free times of days that are folded: fetched when somebody opens the day, a page of their own without scripts."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.clinic import open_clinic
from tests.browser.looking import Keyboard

pytestmark = pytest.mark.once  # what the browser does is the same on both engines

CALLER = "/appointments/new-caller/"


def folded_day(page: Page) -> Locator:
    """A day that has times and shows none yet."""
    day = page.locator("#free-times details.times-day:not([open]):has(.times-people a)").first
    return page.locator(f"#{day.get_attribute('id')}")


def test_a_folded_day_fetches_its_times_and_keeps_what_was_typed(look):
    world = open_clinic()
    desk = look(world.desk, time_zone=world.zone)
    page = desk.go(CALLER)
    page.get_by_label("Reason for the visit").fill("Low back pain")
    day = folded_day(page)

    Keyboard(page).press(day.locator("summary"), "Enter")
    Keyboard(page).press(day.locator("input[name=slot]").first, "Space")

    expect(day.locator("input[name=slot]").first).to_be_checked()
    expect(page.get_by_label("Reason for the visit")).to_have_value("Low back pain")
    assert desk.violations() == []


def test_a_time_typed_stays_when_what_is_looked_for_changes(look):
    world = open_clinic()
    desk = look(world.desk, time_zone=world.zone)
    page = desk.go(CALLER)
    page.get_by_text("Another time").click()
    page.get_by_label("Day", exact=True).fill("2026-12-24")
    page.get_by_label("Time", exact=True).fill("10:07")
    typed = page.locator("#id_with_whom")
    typed.select_option(label="Dr Ada Moreau")

    with page.expect_response(lambda answer: "practitioner=" in answer.url):
        page.locator("#id_practitioner").select_option(label="Dr Ada Moreau")
    expect(page).to_have_url(re.compile("practitioner="))

    expect(page.get_by_label("Day", exact=True)).to_have_value("2026-12-24")
    expect(page.get_by_label("Time", exact=True)).to_have_value("10:07")
    expect(typed).to_have_value(str(world.doctor.public_id))
    desk.see("b1-typed")


def test_a_filter_that_makes_no_sense_says_so_beside_itself_until_it_does(look):
    world = open_clinic()
    desk = look(world.desk, time_zone=world.zone)
    page = desk.go(CALLER)
    minutes, beside = page.locator("#id_minutes"), page.locator("#id_minutes_error")

    minutes.fill("-5")
    minutes.press("Tab")
    expect(beside).to_have_text("Enter 1 or more.")
    expect(page.get_by_role("heading", name="Free times")).to_have_text("Free times")
    desk.see("b2-wrong")
    assert desk.violations() == []
    minutes.fill("30")
    minutes.press("Tab")

    expect(page.get_by_role("heading", name="Free times")).to_have_text("Free times of 30 minutes")
    expect(beside).to_have_text("")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_the_minutes_go_with_what_the_visit_is_for_until_somebody_types_them(look, scripts):
    world = open_clinic()
    desk = look(world.desk, time_zone=world.zone, scripts=scripts)
    page = desk.go(CALLER)
    kind, minutes, times = page.locator("#id_kind"), page.locator("#id_minutes"), page.locator("#times-title")

    def look_for(choose, *typed) -> None:
        choose(*typed)
        if scripts:
            kind.press("Tab")
        else:
            page.get_by_role("button", name="Show times").click()

    look_for(kind.select_option, "review")
    expect(times).to_have_text("Free times of 15 minutes")
    expect(minutes).to_have_value("15")
    look_for(kind.select_option, "session")
    expect(times).to_have_text("Free times of 20 minutes")
    expect(minutes).to_have_value("20")
    look_for(minutes.fill, "45")
    expect(times).to_have_text("Free times of 45 minutes")
    look_for(kind.select_option, "review")
    expect(page).to_have_url(re.compile("kind=review"))

    expect(times).to_have_text("Free times of 45 minutes")
    expect(minutes).to_have_value("45")


def test_without_scripts_a_folded_day_is_one_link_away(look):
    world = open_clinic()
    desk = look(world.desk, time_zone=world.zone, scripts=False)
    day = folded_day(desk.go(CALLER))

    day.locator("summary").click()
    day.get_by_role("link", name="Show the times of this day").click()

    day.locator(".time").first.click()
    expect(day.locator("input[name=slot]").first).to_be_checked()
