"""Free times of days that are folded: fetched when somebody opens the day, a page of their own without scripts."""

from playwright.sync_api import Locator, Page, expect

from tests.browser.clinic import open_clinic
from tests.browser.looking import Keyboard

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


def test_without_scripts_a_folded_day_is_one_link_away(look):
    world = open_clinic()
    desk = look(world.desk, time_zone=world.zone, scripts=False)
    day = folded_day(desk.go(CALLER))

    day.locator("summary").click()
    day.get_by_role("link", name="Show the times of this day").click()

    day.locator(".time").first.click()
    expect(day.locator("input[name=slot]").first).to_be_checked()
