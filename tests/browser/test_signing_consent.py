"""A consent is read and signed on the tablet: by finger or mouse, or by keyboard with the name typed."""

import pytest
from playwright.sync_api import expect

from patients.models import Consent
from patients.services.shipped_texts import load_consent_texts
from tests.browser.clinic import open_clinic
from tests.browser.looking import DESKTOP, TABLET, Keyboard
from tests.factories import make_patient

pytestmark = pytest.mark.once  # what the browser does is the same on both engines


@pytest.fixture
def world(transactional_db):
    world = open_clinic()
    load_consent_texts(clinic=world.clinic)
    world.patient = make_patient(world.clinic, name="Ida Roux")
    return world


def test_a_consent_is_drawn_cleared_and_drawn_again(look, world):
    looker = look(world.desk, time_zone=world.zone, size=TABLET)
    page = looker.go(f"/patients/{world.patient.public_id}/")
    page.get_by_role("link", name="Sign on screen").click()
    looker.see("sc1-choose")
    page.get_by_role("link", name="Read and sign Consent to mesotherapy").first.click()
    pad = page.locator("[data-signature-pad]")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()

    def draw(dy):
        page.mouse.move(box["x"] + 60, box["y"] + box["height"] / 2)
        page.mouse.down()
        for n in range(1, 12):
            page.mouse.move(box["x"] + 60 + 30 * n, box["y"] + box["height"] / 2 + (dy if n % 2 else -dy), steps=4)
        page.mouse.up()

    draw(30)
    page.get_by_role("button", name="Clear").click()
    page.get_by_role("button", name="I consent").click()
    expect(page.get_by_text("Sign in the box, or type your name.").first).to_be_visible()
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    draw(45)
    looker.see("sc2-signed-768")
    assert looker.violations() == []
    looker.turn("dark")
    looker.see("sc2-signed-768-dark")
    looker.turn("light")
    page.get_by_role("button", name="I consent").click()

    expect(page.get_by_text("The consent is signed.")).to_be_visible()
    expect(page.get_by_role("img", name="Signature of Ida Roux")).to_be_visible()
    looker.see("sc3-patient")
    assert Consent.objects.get().signature.strokes


def test_a_consent_is_signed_by_keyboard_alone(look, world):
    looker = look(world.desk, time_zone=world.zone, size=DESKTOP)
    page = looker.go(f"/patients/{world.patient.public_id}/consents/sign/")
    keys = Keyboard(page)
    keys.press(page.get_by_role("link", name="Read and sign Consent to mesotherapy").first)
    keys.write(page.get_by_label("Or type your name instead"), "Ida Roux")
    looker.see("sc4-typed-1280")
    keys.press(page.get_by_role("button", name="I consent"))

    expect(page.get_by_text("Typed: Ida Roux")).to_be_visible()
