"""The shortest way through, on both engines: sign in by hand, Today, calendar, a patient's page."""

from playwright.sync_api import expect

from tests.browser.clinic import open_clinic
from tests.factories import PASSWORD, make_patient


def test_the_desk_signs_in_and_finds_today_the_calendar_and_a_patient(look):
    world = open_clinic()
    make_patient(world.clinic, name="Mathilde Faure")
    looker = look(time_zone=world.zone)

    page = looker.go("/")
    page.get_by_label("User name").fill(world.desk.username)
    page.get_by_label("Password").fill(PASSWORD)
    looker.see("smoke-login")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Arrivals")).to_be_visible()
    looker.see("smoke-today")
    page.get_by_role("link", name="Calendar").click()
    expect(page.locator("#calendar")).to_have_attribute("data-ready", "yes")
    expect(page.locator("#calendar").get_by_text("Dr Ada Moreau")).to_be_visible()
    looker.see("smoke-calendar")
    page.keyboard.press("/")
    page.keyboard.type("fau")
    page.get_by_role("link", name="Mathilde Faure").click()
    expect(page.get_by_role("heading", name="Mathilde Faure")).to_be_visible()
    looker.see("smoke-patient")
