"""Retention in a real browser: a sourced period taken over, the files past it, and the last question before one is nobody's."""

from datetime import UTC, date, datetime

import pytest
from playwright.sync_api import expect

from mesoclinic.core.roles import Role
from tests.browser.clinic import open_clinic
from tests.factories import PASSWORD, make_patient


@pytest.mark.once
def test_a_file_past_its_period_is_pseudonymised(look):
    world = open_clinic()
    long_ago = {"registered_on": date(2001, 2, 3), "now": datetime(2001, 2, 3, 9, tzinfo=UTC), "weight_kg": None}
    make_patient(world.clinic, name="Mathilde Faure", phone="+33 6 39 98 11 22", **long_ago)
    old = make_patient(world.clinic, name="Étienne Caradec", birth_on=None, **long_ago)
    looker = look(world.users[Role.MANAGER])

    page = looker.go("/settings/retention/")
    expect(page.get_by_text("entered no period yet")).to_be_visible()
    looker.see("retention-empty")
    page = looker.go("/settings/retention/people/?take=fr-hospital")
    expect(page.get_by_label("years from the last entry")).to_have_value("20")
    looker.see("retention-edit")
    assert looker.violations() == []
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("link", name="Mathilde Faure")).to_be_visible()
    looker.see("retention-list")
    assert looker.violations() == []
    page.set_viewport_size({"width": 768, "height": 1024})
    looker.see("retention-list-768")
    looker.turn("dark")
    looker.see("retention-list-dark")
    assert looker.violations("color-contrast") == []
    page.set_viewport_size({"width": 1280, "height": 900})
    page.get_by_role("row", name="Étienne").get_by_role("link", name="Pseudonymise").click()
    looker.see("retention-ask-dark")
    looker.turn("light")
    page.get_by_label("Why").fill("Period over")
    page.get_by_label("Type the file number").fill(str(old.number))
    page.get_by_label("Your password").fill("not it")
    page.get_by_role("button", name="Pseudonymise for good").click()
    expect(page.get_by_text("This is not your password.").first).to_be_visible()
    expect(page.get_by_label("Why")).to_have_value("Period over")
    looker.see("retention-ask-wrong")
    assert looker.violations() == []
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Pseudonymise for good").click()
    expect(page.get_by_text("The file is pseudonymised.")).to_be_visible()
    page = looker.go(f"/patients/{old.public_id}/")
    expect(page.get_by_text("This file was pseudonymised on")).to_be_visible()
    expect(page.get_by_text("Caradec")).to_have_count(0)
    looker.see("retention-file")
    page = looker.go("/patients/")
    looker.see("retention-patients")
    assert looker.violations() == []
