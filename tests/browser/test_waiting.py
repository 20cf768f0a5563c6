"""The waiting list in a browser, and a caller who is found and moved by keyboard alone, counted."""

from datetime import datetime, time, timedelta

import pytest
from playwright.sync_api import expect

from mesoclinic.core.localtime import instant, local_day
from sessions.models import Appointment
from sessions.services.waiting import wait_for_earlier_time
from tests.browser.clinic import open_clinic
from tests.browser.looking import DESKTOP, TABLET
from tests.factories import make_appointment, make_course, make_patient

# What a hand and a head need, measured on people at keyboards: a key, and a moment to look and decide at each step.
# Source: Card, Moran and Newell, The Keystroke-Level Model (1980), an average typist.
KEY_SECONDS, LOOK_SECONDS = 0.28, 1.35
MOST_SECONDS = 30
FOR_PAGES = 10  # of these are left to the pages that load in between


@pytest.fixture
def world():
    return open_clinic()


def visit(world, name: str, days: int, hour: int, phone: str = "+33 6 39 98 12 34") -> Appointment:
    day = local_day(datetime.now(world.site.zone), world.site.zone) + timedelta(days=days)
    return make_appointment(
        world.clinic,
        patient=make_patient(world.clinic, name=name, phone=phone),
        practitioner=world.doctor,
        room=world.room,
        starts_at=instant(day, time(hour), world.site.zone),
        minutes=30,
    )


def test_a_cancelled_time_is_given_to_who_waits_by_two_clicks(look, world):
    gone, later = visit(world, "Ida Roux", 1, 10), visit(world, "Noor Haddad", 9, 12)
    wait_for_earlier_time(actor=world.desk, appointment=later, until_time=time(12), note="works in the afternoon")
    looker = look(world.desk, time_zone=world.zone)
    page = looker.go(f"/appointments/{gone.public_id}/cancel/")

    page.get_by_label("Patient or owner").check()
    page.get_by_label("Why").fill("ill")
    page.get_by_role("button", name="Cancel the visit").click()
    bar = page.locator("#messages")
    expect(bar).to_contain_text("1 patient is waiting for a time like this.")
    looker.see("w1-bar")
    bar.get_by_role("link", name="Show who").click()
    expect(page.get_by_role("heading", name="Who waits for this time")).to_be_visible()
    looker.see("w2-who")
    assert not looker.violations()
    page.get_by_role("button", name="Give this time").click()
    expect(page.locator("#undo")).to_contain_text("Booked: Noor Haddad")

    later.refresh_from_db()
    assert (later.starts_at, later.status) == (gone.starts_at, "booked")


def test_a_visit_gets_onto_the_list_and_takes_a_time_shown_there(look, world):
    later = visit(world, "Noor Haddad", 9, 12)
    looker = look(world.desk, time_zone=world.zone, size=TABLET)
    page = looker.go(f"/appointments/{later.public_id}/")

    page.get_by_role("link", name="Wait for an earlier time").click()
    page.get_by_label("Over by").fill("11:00")
    looker.see("w3-wait")
    assert not looker.violations()
    page.get_by_role("button", name="Put on the waiting list").click()
    expect(page.get_by_text("Waits for an earlier time since")).to_be_visible()
    looker.go("/waiting/")
    looker.see("w4-list")
    assert not looker.violations()
    page.get_by_role("button", name="Book Noor Haddad").first.click()
    expect(page.locator("#undo")).to_contain_text("Booked: Noor Haddad")
    expect(page.get_by_text("Nobody waits.")).to_be_visible()


@pytest.mark.parametrize(("size", "dark"), [(DESKTOP, False), (TABLET, True)], ids=["desktop", "tablet dark"])
def test_a_line_to_call_books_offers_and_keeps_what_came_of_the_call(look, world, size, dark):
    for name in ("Ida Roux", "Noor Haddad"):
        make_course(
            world.clinic, patient=make_patient(world.clinic, name=name, phone="+33 6 39 98 12 34"),
            practitioner=world.doctor, site=world.site,
        )  # fmt: skip
    looker = look(world.desk, time_zone=world.zone, size=size, dark=dark)
    page = looker.go("/")

    ida, noor = (page.locator(".call", has_text=name) for name in ("Ida Roux", "Noor Haddad"))
    ida.get_by_role("button", name="Message left").click()
    expect(page.locator(".call", has_text="Ida Roux")).to_contain_text("message left")
    looker.see(f"w5-calls-{size[0]}")
    assert not looker.violations()
    noor.get_by_role("button", name="Book Noor Haddad").first.click()
    expect(page.locator("#messages")).to_contain_text("Booked: Noor Haddad")
    ida.get_by_role("button", name="Offer Ida Roux").nth(1).click()
    expect(page.locator("#messages")).to_contain_text("Held for Ida Roux until")

    assert sorted(Appointment.objects.values_list("patient__name", "status")) == [
        ("Ida Roux", "offered"),
        ("Noor Haddad", "booked"),
    ]


class Counting:
    """A keyboard that counts: what is pressed, and how often one looks and decides."""

    def __init__(self, page):
        self.page, self.keys, self.steps = page, 0, []

    def step(self, what: str) -> None:
        self.steps.append(what)

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)
        self.keys += 1

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)
        self.keys += len(text)

    def tab_to(self, target, most: int = 40) -> None:
        for _ in range(most):
            if target.evaluate("one => one === document.activeElement"):
                return
            self.press("Tab")
        raise AssertionError("never reached by Tab")

    def check(self, *, most_keys: int, most_steps: int) -> None:
        seconds = self.keys * KEY_SECONDS + len(self.steps) * LOOK_SECONDS
        assert self.keys <= most_keys, self.keys
        assert len(self.steps) <= most_steps, self.steps
        assert seconds <= MOST_SECONDS - FOR_PAGES, seconds


@pytest.mark.parametrize("said", ["noor", "0639981277"], ids=["by name", "by number"])
def test_a_caller_is_found_and_moved_within_thirty_seconds_by_keyboard_alone(look, world, said):
    moved = visit(world, "Noor Haddad", 2, 12, phone="+33 6 39 98 12 77")
    for number in range(8):
        visit(world, f"Ida Roux {number}", 3 + number, 10)
    looker = look(world.desk, time_zone=world.zone)
    page = looker.go("/")
    hand = Counting(page)

    hand.step("search for who calls")
    hand.press("/")
    hand.type(said)
    expect(page.locator("#global-hits .hit")).to_have_count(1)
    hand.press("ArrowDown")
    expect(page.locator("#global-hits .hit").first).to_be_focused()
    hand.step("open the file")
    hand.press("Enter")
    move = page.get_by_role("link", name="Move").first
    expect(move).to_be_visible()
    hand.step("move the next visit")
    hand.tab_to(move)
    hand.press("Enter")
    expect(page.get_by_role("heading", name="Move Noor Haddad")).to_be_visible()
    hand.step("choose a time")
    hand.tab_to(page.locator("input[name=slot]:checked"))
    hand.press("ArrowUp")
    looker.see("w6-move")
    hand.step("move it there")
    hand.press("Enter")
    expect(page.get_by_text("Noor Haddad moved to").first).to_be_visible()

    before = moved.starts_at
    moved.refresh_from_db()
    assert moved.starts_at != before
    hand.check(most_keys=48, most_steps=5)


def test_who_is_to_be_called_is_booked_by_keyboard_alone(look, world):
    for name in ("Ida Roux", "Noor Haddad"):
        make_course(
            world.clinic, patient=make_patient(world.clinic, name=name, phone="+33 6 39 98 12 34"),
            practitioner=world.doctor, site=world.site,
        )  # fmt: skip
    page = look(world.desk, time_zone=world.zone).go("/")
    hand = Counting(page)

    hand.step("read the line, the number, and the times")
    times = page.get_by_role("button", name="Book Noor Haddad")
    expect(times).to_have_count(3)
    hand.step("take the first time")
    hand.tab_to(times.first)
    hand.press("Enter")
    expect(page.locator("#messages")).to_contain_text("Booked: Noor Haddad")

    assert list(Appointment.objects.values_list("patient__name", "status")) == [("Noor Haddad", "booked")]
    hand.check(most_keys=40, most_steps=2)
