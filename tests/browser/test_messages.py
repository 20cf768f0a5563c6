"""Messages in a real browser: the preview that follows the typing, the link on a telephone, and what the desk sees of it."""

import re
from datetime import datetime, time, timedelta

from playwright.sync_api import expect

from mesoclinic.core.localtime import instant, local_day
from mesoclinic.core.models import Clinic
from mesoclinic.core.roles import Role
from patients.models import Patient
from sessions.links import VisitLink
from sessions.models import Appointment, Reply
from sessions.services import appointments
from tests.browser.clinic import open_clinic
from tests.browser.looking import PHONE
from tests.factories import make_patient


def visit_tomorrow(world, **fields):
    """A visit of Mathilde tomorrow at ten."""
    Clinic.objects.filter(pk=world.clinic.pk).update(phone="+33 1 23 45 67 89")
    patient = make_patient(world.clinic, name="Mathilde Faure", email="mathilde@example.org", phone="+33 6 39 98 11 22")
    day = local_day(datetime.now(world.site.zone), world.site.zone) + timedelta(days=1)
    asked = {"kind": "session", "patient": patient, "practitioner": world.doctor, "room": world.room, "minutes": 30}
    visit = appointments.book_appointment(
        actor=world.desk,
        clinic=world.clinic,
        site=world.site,
        starts_at=instant(day, time(10), world.site.zone),
        **asked,
        **fields,
    )
    return visit, VisitLink("patient", patient.pk, world.site.pk, day)


def test_the_preview_of_a_text_follows_the_typing(look):
    world = open_clinic()
    looker = look(world.users[Role.ADMIN])

    page = looker.go("/settings/reminders/")
    expect(page.get_by_role("heading", name="Reminders")).to_be_visible()
    looker.see("messages-settings")
    page.get_by_role("link", name=re.compile("English.*Reminder")).click()
    expect(page.locator("#message-preview")).to_contain_text("Hello Camille Martin")
    looker.see("messages-text")
    mail, text = page.get_by_label("E-mail", exact=True), page.get_by_label("Text message")
    mail.fill("Dear {name}, on {day}:\n{times}\n{link}")
    expect(page.locator("#message-preview")).to_contain_text("Dear Camille Martin")
    expect(page.locator("#message-preview")).to_contain_text("sent as one message")
    text.fill("{day} {times} {link} " + "and so on " * 12)
    expect(page.locator("#message-preview")).to_contain_text("sent as 2 messages")
    assert looker.violations() == []
    mail.fill("Dear {nam}, on {day}:\n{times}\n{link}")
    expect(page.locator("#message-preview")).to_contain_text("{nam} stands for nothing")
    looker.see("messages-text-wrong")
    mail.fill("Dear {name}, on {day}:\n{times}\n{link}")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()


def test_a_patient_confirms_then_asks_for_another_time_and_the_desk_sees_it(look):
    world = open_clinic()
    visit, link = visit_tomorrow(world)
    patient = look(size=PHONE)

    page = patient.go(f"/visit/{link.token()}/")
    assert patient.violations() == []
    patient.see("visit-link-phone")
    page.get_by_role("button", name="I will come").click()
    expect(page.get_by_text("looking forward")).to_be_visible()
    patient.see("visit-link-confirmed")
    page.get_by_text("Ask for another time").first.click()
    page.get_by_label("When would suit you?").fill("Thursday after five")
    assert patient.violations() == []
    patient.see("visit-link-asking")
    page.get_by_role("button", name="Ask for another time").click()
    expect(page.get_by_text("we will call you")).to_be_visible()
    patient.turn("dark")
    assert patient.violations("color-contrast") == []
    patient.see("visit-link-asked-dark")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]

    desk = look(world.desk, time_zone=world.zone)
    page = desk.go("/")
    expect(page.get_by_text("Thursday after five")).to_be_visible()
    desk.see("messages-today")
    page = desk.go(f"/calendar/?on={link.day}")
    expect(page.locator("#calendar")).to_have_attribute("data-ready", "yes")
    expect(page.locator("#calendar").get_by_text("asked for another time")).to_be_visible()
    desk.see("messages-calendar")
    desk.go("/").get_by_role("button", name="Dealt with").click()
    expect(page.get_by_text("Thursday after five")).to_be_hidden()
    assert Reply.objects.filter(appointment=visit, settled_at__isnull=False).exists()


def test_the_link_works_without_scripts(look, chromium, address):
    world = open_clinic()
    visit, link = visit_tomorrow(world, offered_until=datetime.now(world.site.zone) + timedelta(hours=3))
    context = chromium.new_context(base_url=address, java_script_enabled=False)
    try:
        page = context.new_page()
        page.goto(f"/visit/{link.token()}/")
        page.get_by_role("button", name="I take this time").click()
        expect(page.get_by_text("looking forward")).to_be_visible()
    finally:
        context.close()

    assert Appointment.objects.get(pk=visit.pk).status == "booked"


def test_links_that_do_not_work_say_so_kindly(look):
    world = open_clinic()
    _visit, link = visit_tomorrow(world)
    looker = look(size=PHONE)
    looker.expect_fault("404|410")

    looker.go("/visit/nonsense/")
    expect(looker.page.get_by_role("heading", name="This link does not work")).to_be_visible()
    looker.see("visit-link-forged")
    past = VisitLink("patient", link.key, link.site_id, link.day - timedelta(days=9))
    looker.go(f"/visit/{past.token()}/")
    expect(looker.page.get_by_role("heading", name="This link is over")).to_be_visible()
    assert looker.violations() == []
    looker.see("visit-link-over")


def test_the_desk_makes_a_calendar_address(look):
    world = open_clinic()
    visit, _link = visit_tomorrow(world)
    looker = look(world.desk)

    page = looker.go(f"/patients/{Patient.objects.get(pk=visit.patient_id).public_id}/feeds/")
    looker.see("feeds-patient")
    page.get_by_role("button", name="Make an address").click()
    expect(page.get_by_text("shown this once")).to_be_visible()
    assert looker.violations() == []
    looker.see("feeds-secret")
    secret = page.locator(".feed-secret").inner_text()
    assert b"BEGIN:VEVENT" in looker.context.request.get(secret).body()
    page.get_by_role("link", name="Done").click()
    expect(page.get_by_text("last read")).to_be_visible()
    looker.see("feeds-in-use")
