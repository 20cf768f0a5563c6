"""The whole way of one person by mouse, from the phone call to the PDF in hand."""

import re
from io import BytesIO

import pytest
from playwright.sync_api import Locator, Page, expect
from pypdf import PdfReader

from patients.models import Patient
from tests.browser.clinic import open_clinic, stock
from tests.factories import PASSWORD, make_consent

pytestmark = pytest.mark.once


def test_a_person_by_mouse_from_the_call_to_the_pdf_in_hand(look, worker):
    world = open_clinic()
    stock(world.clinic, "Lidocaine", "Pentoxifylline")
    desk, doctor, manager = (
        look(user, time_zone=world.zone) for user in (world.desk, world.doctor_user, world.manager)
    )

    take_the_call(desk, name="Mathilde Faure")
    arrive(desk, "Mathilde Faure")
    prescribe(doctor)
    make_consent(Patient.objects.get(name="Mathilde Faure"))
    record(doctor)
    book_the_next(desk, "Mathilde Faure")
    sign(doctor)
    pdf = print_the_course(manager, "Mathilde Faure")

    words = " ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)
    for expected in ("Mathilde Faure", "Lidocaine", "LIDO-26", "Lower back"):
        assert expected in words


def take_the_call(desk, *, name: str) -> None:
    page = desk.go("/")
    page.get_by_role("link", name="New caller").click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Phone").fill("+33 6 39 98 12 34")
    page.get_by_label("Reason for the visit").fill("Low back pain for a year")
    choose_first_time(page)
    desk.see("p1-new-caller")
    page.get_by_role("button", name="Register and book").click()
    expect(page.get_by_text(f"Booked: {name}")).to_be_visible()
    desk.see("p2-booked")


def choose_first_time(page: Page) -> None:
    """Take the first free time shown; where the days are folded, of the first day that has one."""
    times = page.locator("#free-times .time input[name=slot]:not([value=other])")
    expect(times.first).to_be_attached()
    if not times.first.is_visible():
        page.locator("#free-times details.times-day:has(.time) > summary").first.click()
    page.locator("#free-times .time:has(input[name=slot]:not([value=other]))").first.click()
    expect(times.first).to_be_checked()


def arrive(desk, name: str) -> None:
    page = desk.page
    page.get_by_role("link", name="Today").click()
    line = page.locator("li.line", has_text=name).first
    line.get_by_role("button", name="Arrived").click()
    expect(page.locator("li.line", has_text=name).first).to_contain_text("Arrived")
    desk.see("p3-arrived")


def prescribe(doctor) -> None:
    page = doctor.go("/")
    doctor.see("p4-doctor-today")
    page.get_by_role("link", name="Prescribe a course that begins now").click()
    page.get_by_label("Find a protocol").fill("chronic spinal lidocaine lysine")
    expect(page.get_by_role("link", name=re.compile("^Take (?!.*spinal)"))).to_have_count(0)
    doctor.see("p5-choose")
    page.get_by_role("link", name=re.compile("^Take Chronic spinal pain: lidocaine")).click()
    expect(page.get_by_text("Session 1 is now")).to_be_visible()
    select = page.get_by_label("Indication")
    if not select.input_value():
        select.select_option(index=1)
    page.get_by_label("In your own words").fill("Stiff in the morning, worse after driving")
    doctor.see("p6-prescribe")
    page.get_by_role("button", name="Prescribe").click()
    expect(page.get_by_text("The course is prescribed.")).to_be_visible()
    doctor.see("p7-waiting")
    # The worker makes the plan; the page shows it by itself.
    expect(page.locator("#plan table tbody .num").first).to_be_visible(timeout=60_000)
    doctor.see("p8-plan")


def record(doctor) -> None:
    page = doctor.page
    page.get_by_role("link", name="Open the visit").click()
    doctor.see("p9-visit")
    page.get_by_role("link", name="Record").click()
    page.get_by_role("button", name="Begin the record").click()
    doctor.see("p10-record-empty")
    page.get_by_text("Nothing has changed").click()
    scale(page, "How it is before", "Pain, 0 to 10", "7")
    for name, ml in (("Lidocaine", "2"), ("Lysine acetylsalicylate", "1")):
        line = given_line(page, name)
        line.get_by_label("Drawn up (mL)").fill(ml)
        expect(line.get_by_label("Given (mL)")).to_have_value(ml)
    given_line(page, "Lidocaine").get_by_text("LIDO-26").click()
    given_line(page, "Saline 0.9 %").get_by_role("button", name="Remove this row").click()
    page.get_by_label("Shots in all").fill("24")
    place = page.locator(".site-line").first
    place.get_by_label("Region").fill("Lower back")
    place.get_by_label("Side").select_option(label="Left")
    place.get_by_label("Points").fill("24")
    scale(page, "How it is after", "Pain, 0 to 10", "3")
    page.get_by_role("button", name="45 s").click()
    page.get_by_label("Notes").fill("Felt warm, walked out upright.")
    # It saves itself; nobody pressed anything.
    expect(page.locator("[data-save-state]")).to_have_text(re.compile(r"^Saved \d\d:\d\d(?! [AP]M)"))
    expect(page.locator("#mix-check")).to_contain_text("3 mL")
    doctor.see("p11-record")
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_text("Not signed yet")).to_be_visible()
    expect(page.get_by_text("Next: session 2")).to_be_visible()
    doctor.see("p12-done")


def given_line(page: Page, name: str) -> Locator:
    own_name = page.locator(".given-line-name", has_text=re.compile(rf"^\s*{re.escape(name)}\s*$"))
    return page.locator("[data-row]").filter(has=own_name)


def scale(page: Page, section: str, name: str, step: str) -> None:
    steps = page.get_by_role("region", name=section).get_by_role("group", name=re.compile(re.escape(name)))
    steps.locator(".step").filter(has_text=re.compile(rf"^\s*{step}\s*$")).click()
    expect(steps.get_by_role("radio", name=step, exact=True)).to_be_checked()


def book_the_next(desk, name: str) -> None:
    page = desk.go("/")
    page.keyboard.press("/")
    page.keyboard.type(name[:6])
    page.get_by_role("link", name=re.compile(name)).first.click()
    desk.see("p13-patient")
    page.get_by_role("link", name="Book session 2").click()
    expect(page.get_by_text("target day").first).to_be_visible()
    desk.see("p14-book-next")
    choose_first_time(page)
    page.get_by_role("button", name="Book", exact=True).click()
    expect(page.get_by_text(f"Booked: {name}")).to_be_visible()
    desk.see("p15-booked-next")


def sign(doctor) -> None:
    page = doctor.page
    page.get_by_role("button", name="Sign").click()
    dialog = page.get_by_role("dialog", name="Sign this record?")
    dialog.get_by_label("Your password").fill(PASSWORD)
    dialog.get_by_role("button", name="Sign").click()
    expect(page.get_by_text("Signed records are never changed")).to_be_visible()
    doctor.see("p16-signed")


def print_the_course(manager, name: str) -> bytes:
    page = manager.go("/")
    manager.see("p17-manager-today")
    page.get_by_role("link", name="Reports").click()
    manager.see("p18-reports")
    page.get_by_role("row", name=re.compile(name)).get_by_role("link", name=name).click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    expect(page.get_by_text("LIDO-26").first).to_be_visible()
    manager.see("p19-report")
    address = page.get_by_role("link", name="Open as PDF").get_attribute("href")
    answer = manager.context.request.get(address)
    assert answer.headers["content-type"] == "application/pdf"
    assert "Mathilde" in answer.headers["content-disposition"]
    return answer.body()
