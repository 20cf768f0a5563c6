"""A course prescribed: a real worker makes the plan, and the page that waits for it shows it by itself."""

import re

from playwright.sync_api import expect

from tests.browser.clinic import open_clinic
from tests.factories import make_patient


def test_the_plan_a_worker_makes_shows_without_a_reload(look, worker):
    world = open_clinic()
    patient = make_patient(world.clinic, name="Ida Roux")
    looker = look(world.doctor_user, time_zone=world.zone)

    page = looker.go(f"/patients/{patient.public_id}/")
    page.get_by_role("link", name="Prescribe a course").click()
    page.get_by_role("link", name=re.compile("^Take Fibromyalgia")).click()
    page.get_by_label("Indication").select_option(label="Fibromyalgia")
    page.get_by_role("button", name="Prescribe", exact=True).click()
    expect(page.get_by_text("The course is prescribed.")).to_be_visible()
    page.evaluate("() => { window.sameDocument = true; }")

    expect(page.get_by_role("table", name="Sessions of the plan")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("The plan is being made")).to_be_hidden()
    assert page.locator("#plan tbody tr:has(td:nth-child(7))").count() == 6
    assert page.evaluate("() => window.sameDocument") is True
