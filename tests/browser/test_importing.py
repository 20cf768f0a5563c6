"""Patients imported in a real browser: a file chosen, what would happen looked at, then done by a real worker."""

import pytest
from playwright.sync_api import expect

from mesoclinic.core.roles import Role
from patients.models import Patient
from tests.browser.clinic import open_clinic
from tests.factories import make_patient

ROWS = """Nom;Prénom;Date de naissance;Tél.;Pointure
Caradec;Étienne;31/03/1968;06 39 98 00 01;42
Faure;Mathilde;17/05/1980;06 39 98 00 02;38
Lemaire;Zoé;31/02/1990;12;39
"""


@pytest.mark.once
def test_a_file_is_imported_after_what_would_happen_was_seen(look, worker):
    world = open_clinic()
    make_patient(world.clinic, name="Mathilde Faure")
    looker = look(world.users[Role.MANAGER])

    page = looker.go("/patients/imports/")
    looker.see("import-empty")
    page.get_by_role("link", name="Choose a file").click()
    looker.see("import-upload")
    assert looker.violations() == []
    content = ROWS.encode("cp1252")
    page.get_by_label("File").set_input_files({"name": "patients.csv", "mimeType": "text/csv", "buffer": content})
    page.get_by_role("button", name="Read the file").click()
    expect(page.get_by_text("There is no day")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("Nothing is saved yet.")).to_be_visible()
    expect(page.get_by_text("Pointure")).to_be_visible()
    looker.see("import-checked")
    assert looker.violations() == []
    page.set_viewport_size({"width": 768, "height": 1024})
    looker.see("import-checked-768")
    looker.turn("dark")
    looker.see("import-checked-dark")
    assert looker.violations("color-contrast") == []
    page.set_viewport_size({"width": 1280, "height": 900})
    looker.turn("light")
    page.get_by_role("link", name="Here already").click()
    expect(page.get_by_role("link", name="Mathilde Faure")).to_be_visible()
    page.get_by_role("button", name="Import 1 patient").click()
    expect(page.get_by_role("link", name="Imported (1)")).to_be_visible(timeout=60_000)
    page.get_by_role("link", name="Imported (1)").click()
    expect(page.get_by_role("link", name="Étienne Caradec")).to_be_visible()
    looker.see("import-done")
    assert looker.violations() == []
    assert Patient.objects.filter(name="Étienne Caradec").count() == 1
