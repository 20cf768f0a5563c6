"""The back button: a page that was saved asks before it saves again, and one that was refused is a form, not a question."""

import re

import pytest
from playwright.sync_api import Page, expect

from patients.models import Patient
from sessions.models import Appointment, Course
from tests.browser.clinic import open_clinic
from tests.factories import make_patient

pytestmark = pytest.mark.once
ASKS = "This page was saved before"


def call(page: Page, name: str = "Mathilde Faure") -> None:
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Phone").fill("+33 6 39 98 12 34")
    page.get_by_label("Reason for the visit").fill("Low back pain")
    page.locator("#free-times .time:has(input[name=slot]:not([value=other]))").first.click()
    page.get_by_role("button", name="Register and book").click()


def test_a_caller_gone_back_to_is_not_registered_and_booked_again(look):
    world = open_clinic()
    looker = look(world.desk, time_zone=world.zone)
    looker.expect_fault("409")
    page = looker.go("/appointments/new-caller/")
    call(page)
    expect(page.get_by_text("Booked: Mathilde Faure")).to_be_visible()

    page.go_back()
    expect(page.get_by_role("button", name="Register and book")).to_be_visible()
    assert page.locator("input[name=slot]:checked:not([value=other])").count() == 0, "a time nobody chose is ticked"
    call(page)
    expect(page.get_by_role("heading", name=ASKS)).to_be_visible()
    looker.see("back-asks")
    assert (Patient.objects.count(), Appointment.objects.count()) == (1, 1)
    page.get_by_role("link", name="Open what was saved").click()
    expect(page.get_by_role("link", name="Mathilde Faure").first).to_be_visible()

    page.go_back()
    call(page, "Anselme Faure")
    page.get_by_role("button", name="Save it once more").click()
    expect(page.get_by_text("Booked: Anselme Faure")).to_be_visible()
    assert (Patient.objects.count(), Appointment.objects.count()) == (2, 2)


def test_a_course_gone_back_to_is_not_prescribed_again(look):
    world = open_clinic()
    patient = make_patient(world.clinic, name="Ida Roux")
    looker = look(world.doctor_user, time_zone=world.zone)
    looker.expect_fault("409")
    page = looker.go(f"/patients/{patient.public_id}/prescribe/")
    page.get_by_role("link", name=re.compile("^Take Fibromyalgia")).click()
    page.get_by_label("Indication").select_option(label="Fibromyalgia")
    page.get_by_role("button", name="Prescribe", exact=True).click()
    expect(page.get_by_text("The course is prescribed.")).to_be_visible()

    page.go_back()
    page.get_by_label("Indication").select_option(label="Fibromyalgia")
    page.get_by_role("button", name="Prescribe", exact=True).click()

    expect(page.get_by_role("heading", name=ASKS)).to_be_visible()
    assert Course.objects.count() == 1


def test_a_form_refused_and_then_saved_is_the_same_page_when_one_goes_back(look):
    """No question of the browser's own, however often one goes back, and nothing saved a second time."""
    world = open_clinic()
    looker = look(world.desk, time_zone=world.zone)
    looker.expect_fault("409")
    looker.expect_fault("422")
    page = looker.go("/appointments/new-caller/")
    call(page, "")
    expect(page.get_by_text("Please look at these again.")).to_be_visible()
    call(page)
    expect(page.get_by_text("Booked: Mathilde Faure")).to_be_visible()

    for _page in ("the one that was refused", "the first"):
        page.go_back()
        expect(page.get_by_role("button", name="Register and book")).to_be_visible()
        call(page)
        expect(page.get_by_role("heading", name=ASKS)).to_be_visible()
        assert Patient.objects.count() == 1
        page.go_back()


def test_back_from_a_page_leads_to_the_form_that_was_refused_before(look):
    """Not to a question of the browser's own about sending the form again."""
    world = open_clinic()
    looker = look(world.doctor_user, time_zone=world.zone)
    looker.expect_fault("422")
    page = looker.go("/protocols/techniques/new/")

    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Please look at these again.")).to_be_visible()
    page.get_by_label("Name", exact=True).fill("Fan")
    page.get_by_label("Source").fill("Decided here")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("row", name="Fan – Decided here")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="Add a technique")).to_be_visible()

    looker.go("/protocols/techniques/new/")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Please look at these again.")).to_be_visible()
    page.get_by_role("link", name="Calendar").click()
    expect(page.locator("#calendar")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="Add a technique")).to_be_visible()
