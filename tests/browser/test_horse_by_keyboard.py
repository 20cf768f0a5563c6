"""The whole way of one horse by keyboard alone, from the phone call to the PDF in hand."""

import re
from io import BytesIO

import pytest
from playwright.sync_api import expect
from pypdf import PdfReader

from patients.models import Patient
from tests.browser.clinic import open_clinic, stock
from tests.browser.looking import Keyboard, Looker
from tests.factories import PASSWORD, make_consent

pytestmark = pytest.mark.once
HORSE = "Bellefleur"


def test_a_horse_by_keyboard_from_the_call_to_the_pdf_in_hand(look, worker):
    world = open_clinic()
    stock(world.clinic, "Lidocaine", "Vitamin B12")
    desk, vet, manager = (look(user, time_zone=world.zone) for user in (world.desk, world.vet_user, world.manager))

    take_the_call(desk)
    move_in_the_calendar(desk)
    arrive(desk)
    prescribe(vet)
    make_consent(Patient.objects.get(name=HORSE))
    record(vet)
    book_the_next(desk)
    sign(vet)
    pdf = print_the_course(manager)

    words = " ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)
    for expected in (HORSE, "Lidocaine", "LIDO-26", "Sacroiliac"):
        assert expected in words


def take_the_call(desk: Looker) -> None:
    page, keys = desk.go("/"), Keyboard(desk.page)
    keys.press(page.get_by_role("link", name="New caller"))
    keys.press(page.get_by_role("link", name="Horse", exact=True))
    expect(page.get_by_label("Name of the horse")).to_be_visible()
    keys.choose(page.get_by_role("combobox", name="Where"), "Oak")
    expect(page).to_have_url(re.compile("where=place-"))
    keys.write(page.get_by_label("Name of the horse"), HORSE)
    keys.write(page.get_by_label("Owner"), "Hanna Vesely")
    keys.write(page.get_by_label("Phone"), "+33 6 39 98 55 66")
    keys.write(page.get_by_label("Reason for the visit"), "Stiff back, bucks under the saddle")
    keys.press(page.locator("#free-times input[name=slot]").first, "Space")
    desk.see("h1-new-caller")
    keys.press(page.get_by_role("button", name="Register and book"))
    expect(page.get_by_text(f"Booked: {HORSE}")).to_be_visible()
    expect(page.get_by_text("Oakfield stables").first).to_be_visible()
    desk.see("h2-booked")


def move_in_the_calendar(desk: Looker) -> None:
    """Enter on a visit asks where to move it; Escape leaves all as it is."""
    page, keys = desk.page, Keyboard(desk.page)
    keys.press(page.get_by_role("link", name="Calendar", exact=True).first)
    visit = page.locator(".visit[data-visit]")
    expect(visit).to_be_visible()
    before = visit.get_attribute("aria-label")
    keys.press(visit)
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Time", exact=True)).to_be_focused()
    desk.see("h3-move")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    keys.press(visit)
    expect(dialog.get_by_label("Time", exact=True)).to_be_focused()
    page.keyboard.type("1230PM")
    keys.press(dialog.get_by_role("button", name="Move"))
    expect(page.locator("#undo").get_by_text(" moved to ")).to_be_visible()
    expect(visit).to_have_attribute("aria-label", re.compile(r"^12:30–13:00"))
    assert not before.startswith("12:30")


def arrive(desk: Looker) -> None:
    page, keys = desk.page, Keyboard(desk.page)
    keys.press(page.get_by_role("link", name="Today").first)
    line = page.locator("li.line", has_text=HORSE).first
    keys.press(line.get_by_role("button", name="Arrived"))
    expect(page.locator("li.line", has_text=HORSE).first).to_contain_text("Arrived")


def prescribe(vet: Looker) -> None:
    page, keys = vet.go("/"), Keyboard(vet.page)
    keys.press(page.get_by_role("link", name="Prescribe a course that begins now"))
    search = page.get_by_label("Find a protocol or a substance")
    expect(search).to_be_focused()
    with page.expect_response(re.compile(r"q=chronic(\+|%20)four(\+|%20)weekly(&|$)")):  # not a letter less
        keys.write(search, "chronic four weekly")
    expect(page.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)
    expect(page.get_by_role("link", name=re.compile("^Take "))).to_have_count(1)
    keys.press(page.get_by_role("link", name=re.compile("^Take Chronic pain of animals: four weekly, review")))
    expect(page.get_by_text("Session 1 is now")).to_be_visible()
    keys.choose(page.get_by_label("Indication"), "Back pain")
    keys.write(page.get_by_label("Tried before"), "Massage, new saddle")
    keys.press(page.get_by_label("Chiropractic"), "Space")
    vet.see("h4-prescribe")
    keys.press(page.get_by_role("button", name="Prescribe", exact=True))
    expect(page.get_by_text("The course is prescribed.")).to_be_visible()
    minutes = page.locator("#plan table tbody tr td:nth-child(4)")
    expect(minutes.first).to_be_visible(timeout=60_000)
    assert minutes.all_text_contents()[:7] == ["30", "15", "15", "15", "30", "30", "30"]
    vet.see("h5-plan")


def record(vet: Looker) -> None:
    page, keys = vet.page, Keyboard(vet.page)
    keys.press(page.get_by_role("link", name="Open the visit"))
    keys.press(page.get_by_role("link", name="Record", exact=True))
    keys.press(page.get_by_role("button", name="Begin the record"))
    keys.press(page.get_by_label("Nothing has changed"), "Space")
    for number, (drawn_up, lot) in enumerate((("3", "LIDO-26"), ("2", "VITA-26"))):
        line = page.locator("[data-row]").filter(has=page.locator(".given-line")).nth(number)
        keys.write(line.get_by_label("Drawn up (mL)"), drawn_up)
        expect(line.get_by_label("Given (mL)")).to_have_value(drawn_up)
        keys.press(line.get_by_role("radio", name=re.compile(lot)), "Space")
    keys.write(page.get_by_label("Shots in all"), "40")
    place = page.locator(".site-line").first
    keys.write(place.get_by_label("Region"), "Sacroiliac")
    page.keyboard.press("Escape")
    keys.write(place.get_by_label("Points"), "40")
    keys.write(page.get_by_label("Notes"), "Lowered his head after half a minute.")
    expect(page.locator("[data-save-state]")).to_have_text(re.compile(r"^Saved \d\d:\d\d(?! [AP]M)"))
    vet.see("h6-record")
    keys.press(page.get_by_role("button", name="Done"))
    expect(page.get_by_text("Next: session 2")).to_be_visible()
    vet.see("h7-done")


def book_the_next(desk: Looker) -> None:
    page, keys = desk.go("/"), Keyboard(desk.page)
    keys.find(HORSE[:5])
    expect(page.get_by_role("heading", name=re.compile(HORSE))).to_be_visible()
    desk.see("h8-patient")
    keys.press(page.get_by_role("link", name="Book session 2"))
    expect(page.get_by_text("Free times of 15 minutes")).to_be_visible()
    expect(page.get_by_role("combobox", name="Where").locator("option:checked")).to_contain_text("Oakfield stables")
    keys.press(page.locator("#free-times details[open] input[name=slot]").first, "Space")
    desk.see("h9-next")
    keys.press(page.get_by_role("button", name="Book", exact=True))
    expect(page.get_by_text(f"Booked: {HORSE}")).to_be_visible()


def sign(vet: Looker) -> None:
    page, keys = vet.page, Keyboard(vet.page)
    keys.press(page.get_by_role("button", name="Sign"))
    expect(page.get_by_role("dialog", name="Sign this record?")).to_be_visible()
    keys.write(page.get_by_label("Your password"), PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Signed records are never changed")).to_be_visible()


def print_the_course(manager: Looker) -> bytes:
    page, keys = manager.go("/"), Keyboard(manager.page)
    keys.press(page.get_by_role("link", name="Reports").first)
    keys.press(page.get_by_role("row", name=re.compile(HORSE)).get_by_role("link", name=HORSE))
    expect(page.get_by_role("heading", name=HORSE)).to_be_visible()
    manager.see("h10-report")
    link = page.get_by_role("link", name="Open as PDF")
    keys.reach(link)
    answer = manager.context.request.get(link.get_attribute("href"))
    assert answer.headers["content-type"] == "application/pdf"
    return answer.body()
