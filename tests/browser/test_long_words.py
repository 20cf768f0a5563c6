"""Ten thousand characters while somebody types a name: looked for as far as anything is found by, and never an error."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.clinic import open_clinic
from tests.factories import make_patient

NAME = "Ottilie Brandt "
PAGES = {
    "/appointments/new-caller/?species=human": re.compile("/known/"),
    "/patients/register/human/": re.compile("/duplicates/"),
}


@pytest.mark.parametrize("path", PAGES)
def test_a_name_of_ten_thousand_characters_is_looked_for_without_an_error(look, path):
    world = open_clinic()
    make_patient(world.clinic, name="Ottilie Brandt")
    looker = look(world.desk, time_zone=world.zone)
    page = looker.go(path)
    name = page.get_by_label("Name", exact=True).first

    with page.expect_response(PAGES[path]) as heard:
        name.fill((NAME * 700)[:10_000])

    assert heard.value.status == 200
    expect(page.locator("#toasts > *")).to_have_count(0)
    assert len(name.input_value()) == 10_000
    with page.expect_response(PAGES[path]) as heard:
        name.fill(NAME.strip())
    assert heard.value.status == 200
    expect(page.get_by_text("Ottilie Brandt").first).to_be_visible()


def test_an_address_that_is_too_long_all_the_same_is_said_in_its_own_words(look):
    world = open_clinic()
    looker = look(world.desk, time_zone=world.zone)
    looker.expect_fault("414")
    page = looker.go("/patients/register/human/")
    page.locator("[data-asks-typed]").first.evaluate("(form) => form.removeAttribute('data-asks-typed')")

    page.get_by_label("Name", exact=True).first.fill("x" * 10_000)

    expect(page.locator("#toasts > *")).to_have_text(
        ["That is more than can be looked for at once. Shorten what you typed."]
    )
