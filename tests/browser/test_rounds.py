"""A round at a stable, planned and run by mouse, then planned and reordered by keyboard alone."""

from datetime import datetime, timedelta

import pytest
from django.db.models import F
from playwright.sync_api import expect

from mesoclinic.core.localtime import local_day
from sessions.models import Appointment
from tests.browser.clinic import open_clinic
from tests.browser.looking import DESKTOP, TABLET, Keyboard
from tests.factories import make_course, make_horse, make_patient, make_practitioner, make_species, work_week


@pytest.fixture
def world(transactional_db):
    """Four horses at Oakfield: three due tomorrow, one without a course."""
    world = open_clinic()
    world.tomorrow = local_day(datetime.now(world.site.zone), world.site.zone) + timedelta(days=1)
    for number, (name, minutes) in enumerate((("Amber", 30), ("Bijou", 20), ("Corsair", 15), ("Ember", 0)), 1):
        horse = make_horse(world.clinic, name=name, place=world.stable, stall_note=f"Box {number}, left aisle")
        if minutes:
            cadence = f"1x@{minutes}, 3x1w"
            make_course(world.clinic, patient=horse, practitioner=world.vet, cadence=cadence, start_on=world.tomorrow)
    return world


def plan_path(world):
    return f"/rounds/new/?place={world.stable.public_id}&on={world.tomorrow}"


def shift(world, days):
    at = {name: F(name) + timedelta(days=days) for name in ("starts_at", "ends_at")}
    Appointment.objects.filter(round__place=world.stable).update(**at)


def order(page):
    return [name.strip() for name in page.locator(".round-stop strong").all_inner_texts()]


def test_a_round_is_planned_run_and_changed_by_mouse(look, world):
    for size, dark in ((TABLET, True), (DESKTOP, True)):
        other = look(world.desk, time_zone=world.zone, size=size, dark=dark)
        other.go(plan_path(world))
        other.see(f"r0-plan-{size[0]}-dark")
    looker = look(world.desk, time_zone=world.zone, size=TABLET)
    page = looker.go("/rounds/")
    looker.see("r1-list")
    page.get_by_role("link", name="Plan a round Oakfield stables").click()
    page.goto(plan_path(world))
    looker.see("r2-plan-768")
    assert looker.violations() == []
    expect(page.get_by_text("65 minutes there")).to_be_visible()
    ember = page.locator(".round-candidate", has_text="Ember").get_by_label("Minutes")
    expect(ember).to_be_hidden()  # who stays at home needs none
    page.locator("label", has_text="Ember").click()
    expect(ember).to_be_visible()
    page.locator("label", has_text="Ember").click()
    page.locator("label", has_text="Corsair").click()
    expect(page.get_by_text("50 minutes there")).to_be_visible()
    page.locator("label", has_text="Corsair").click()
    expect(page.get_by_text("65 minutes there")).to_be_visible()
    page.get_by_role("button", name="Book the round").click()

    expect(page.get_by_role("heading", name="Round at Oakfield stables")).to_be_visible()
    assert order(page) == ["Amber", "Bijou", "Corsair"]
    page.get_by_role("button", name="Bijou: one place up").click()
    expect(page.locator(".round-stop strong").first).to_have_text("Bijou")
    expect(page.get_by_role("button", name="Not caught Amber")).to_have_count(0)
    shift(world, -1)  # its day has come
    page.reload()
    page.get_by_role("button", name="Not caught Amber").click()
    expect(page.locator("#undo")).to_contain_text("Amber: not treated.")
    shift(world, 1)
    page.reload()
    expect(page.locator(".round-stop.is-out")).to_contain_text("Amber")
    looker.see("r3-round-768")
    assert looker.violations() == []
    page.get_by_role("button", name="Close the gaps").click()
    expect(page.get_by_text("1 visit begins earlier now.")).to_be_visible()
    page.get_by_role("link", name="One more horse").click()
    page.get_by_role("link", name="Choose Ember").click()
    page.get_by_label("What for, or why today").fill("Teeth")
    looker.see("r4-add")
    page.get_by_role("button", name="Put into the round").click()
    expect(page.get_by_text("Ember is part of the round now.")).to_be_visible()
    looker.see("r5-round-after")
    page.get_by_role("link", name="Cancel all").click()
    page.get_by_label("Clinic").check()
    page.get_by_label("Why").fill("Snow")
    looker.see("r6-cancel")
    page.get_by_role("button", name="Cancel all").click()
    expect(page.get_by_text("This round was cancelled: Snow")).to_be_visible()


def test_a_round_is_planned_and_reordered_by_keyboard_alone(look, world):
    looker = look(world.desk, time_zone=world.zone)
    page = looker.go(plan_path(world))
    keys = Keyboard(page)
    keys.press(page.get_by_label("Corsair"), " ")
    expect(page.get_by_text("50 minutes there")).to_be_visible()
    looker.see("r7-plan-desktop")
    keys.press(page.get_by_role("button", name="Book the round"))

    expect(page.get_by_role("heading", name="Round at Oakfield stables")).to_be_visible()
    assert order(page) == ["Amber", "Bijou"]
    keys.press(page.get_by_role("button", name="Amber: one place down"))
    expect(page.locator(".round-stop strong").first).to_have_text("Bijou")
    looker.see("r8-round-desktop")
    keys.press(page.get_by_role("link", name="Move all"))
    keys.write(page.get_by_label("First visit at"), "1500")
    keys.press(page.get_by_role("button", name="Move all"))
    expect(page.get_by_text("The whole round has moved.")).to_be_visible()
    expect(page.locator(".round-clock").first).to_contain_text("15:00")
    page.goto(f"/calendar/?on={world.tomorrow}")
    expect(page.locator(".visit-round")).to_have_count(2)
    expect(page.locator(".way")).to_have_count(2)
    looker.see("r9-calendar")


def test_a_couple_books_a_series_side_by_side(look, world):
    colleague = {"hours": work_week("07:00", "21:00", days=range(1, 8)), "species": [make_species()["human"]]}
    make_practitioner(world.clinic, name="Dr Cy Varga", **colleague)
    for name in ("Ida Roux", "Noor Roux"):
        person = make_patient(world.clinic, name=name)
        make_course(world.clinic, patient=person, practitioner=world.doctor, cadence="4x1w@30", start_on=world.tomorrow)
    looker = look(world.desk, time_zone=world.zone, size=TABLET)
    page = looker.go(f"/appointments/together/?on={world.tomorrow}")
    for name in ("Ida", "Noor"):
        page.get_by_label("Name, owner, phone, birth date or number").fill(name)
        page.get_by_role("button", name="Find").click()
        page.get_by_role("link", name=f"{name} Roux").click()
    page.get_by_label("How", exact=True).select_option(label="Side by side, at the same time")
    page.get_by_label("How many times").fill("4")
    page.get_by_label("How many times").press("Tab")
    expect(page.locator(".together-series li")).to_have_count(4)
    looker.see("t1-together-768")
    assert looker.violations() == []
    page.get_by_role("button", name="Book all").click()
    expect(page.get_by_text("Booked together: 8 visits.")).to_be_visible()
