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


def test_tabbing_on_from_the_search_leaves_the_list_under_the_focus(look):
    world = open_clinic()
    patient = make_patient(world.clinic, name="Ida Roux")
    page = look(world.doctor_user, time_zone=world.zone).go(f"/patients/{patient.public_id}/prescribe/")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    search = page.get_by_label("Find a protocol or a substance")

    search.focus()
    page.keyboard.type("fibro")
    expect(page.get_by_role("link", name=re.compile("^Take "))).to_have_count(1)
    page.wait_for_load_state("networkidle")
    before = len(asked)
    page.keyboard.press("Tab")
    page.wait_for_timeout(800)  # longer than the search waits before it asks

    assert before >= 1
    assert asked[before:] == []
