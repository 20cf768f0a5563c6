"""The record while it is written: it saves itself, waits for the network, and never lets one screen erase another."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, expect

from mesoclinic.core.roles import Role
from protocols.models import ProtocolVersion
from sessions.models import SessionRecord
from sessions.services import appointments, records
from tests.browser.clinic import open_clinic, stock
from tests.browser.looking import TABLET
from tests.factories import make_appointment, make_course, make_patient, make_user
from tests.processes import wait_for

PASSWORD = "verbena-test-2026"
SAVED = re.compile(r"^Saved")  # perhaps with a word about the volumes still missing
# The one thing htmx keeps for the tab is the address of the page, which names nobody.
KEPT_IN_BROWSER = """async () => {
    const addresses = ["htmx-current-path-for-history"];
    const kept = {...localStorage, ...sessionStorage};
    for (const key of addresses) if (kept[key] === location.pathname) delete kept[key];
    return [kept, (await indexedDB.databases()).map((one) => one.name), await caches.keys()];
}"""


@pytest.fixture
def draft():
    """A record begun: Ida Roux is here for session 1 of five."""
    world = open_clinic()
    stock(world.clinic, "Lidocaine")
    version = ProtocolVersion.objects.get(protocol__clinic=world.clinic, protocol__code="chronic-spinal-pain-5")
    patient, now = make_patient(world.clinic, name="Ida Roux"), datetime.now(UTC)
    visit = make_appointment(
        world.clinic,
        patient=patient,
        practitioner=world.doctor,
        room=world.room,
        starts_at=now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1),
        now=now,
    )
    appointments.check_in(actor=world.desk, appointment=visit)
    make_course(
        world.clinic,
        cadence="5x1w",
        patient=patient,
        protocol_version=version,
        practitioner=world.doctor,
        indication=version.indications.first(),
        appointment=visit,
    )
    visit.refresh_from_db()
    world.record = records.start_record(actor=world.doctor_user, appointment=visit)
    world.address = f"/records/{world.record.public_id}/edit/"
    return world


def state(page: Page):
    return page.locator("[data-save-state]")


def test_a_scanned_pack_names_its_substance_and_loses_nothing_typed_meanwhile(look, draft):
    looker = look(draft.doctor_user, time_zone=draft.zone, size=TABLET)
    page = looker.go(draft.address)
    held = []
    page.route("**/compose/", lambda route: route.continue_() if held else held.append(route))  # the first waits
    drawn = page.get_by_label("Drawn up (mL)")
    drawn.first.fill("2")

    page.get_by_role("button", name="Add a substance").click()
    page.get_by_label("Lot number, or scan the pack").last.fill("(01)09506000134352(10)LIDO-26")
    page.get_by_label("Expires on").last.focus()
    wait_for(lambda: page.wait_for_timeout(50) or held, what="the question of the scanned pack")
    drawn.first.fill("0.2")
    held[0].continue_()

    expect(page.locator(".given-line-name").last).to_have_text("Lidocaine")
    expect(drawn.first).to_have_value("0.2")
    expect(state(page)).to_have_text(SAVED)
    draft.record.refresh_from_db()
    assert draft.record.draft["lines"][0]["prepared_ml"] == "0.2"


def test_what_was_typed_is_there_after_a_reload_and_nothing_is_kept_in_the_browser(look, draft):
    looker = look(draft.doctor_user, time_zone=draft.zone, size=TABLET)
    page = looker.go(draft.address)

    page.get_by_label("Notes").fill("Warm skin, no swelling.")
    page.get_by_label("Shots in all").fill("24")
    expect(state(page)).to_have_text(SAVED)
    page.reload()

    expect(page.get_by_label("Notes")).to_have_value("Warm skin, no swelling.")
    expect(page.get_by_label("Shots in all")).to_have_value("24")
    assert page.evaluate(KEPT_IN_BROWSER) == [{}, [], []]
    looker.see("r1-tablet")


def test_who_is_signed_out_in_the_middle_signs_in_on_another_tab_and_goes_on(look, draft):
    looker = look(draft.doctor_user, time_zone=draft.zone, size=TABLET)
    looker.expect_fault("401")
    page = looker.go(draft.address)
    Session.objects.all().delete()
    page.get_by_label("Notes").fill("Warm skin, no swelling.")
    expect(state(page)).to_contain_text("You were signed out")

    sign_in(looker.new_page(), draft.doctor_user)

    expect(state(page)).to_have_text(SAVED)
    page.reload()
    expect(page.get_by_label("Notes")).to_have_value("Warm skin, no swelling.")


def sign_in(page: Page, user):
    user.set_password(PASSWORD)
    user.save()
    page.goto("/accounts/login/")
    page.get_by_label("User name").fill(user.username)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).not_to_have_url(re.compile("login"))


def test_a_page_of_somebody_else_saves_nothing_as_whoever_signed_in_meanwhile(look, draft):
    looker = look(draft.doctor_user, time_zone=draft.zone, size=TABLET)
    looker.expect_fault("401|403")
    page = looker.go(draft.address)
    Session.objects.all().delete()
    other = make_user(draft.clinic, Role.PRACTITIONER)
    sign_in(looker.new_page(), other)

    page.get_by_label("Notes").fill("Warm skin, no swelling.")

    expect(state(page)).to_contain_text("Somebody else has signed in")
    draft.record.refresh_from_db()
    assert "Warm skin" not in str(draft.record.draft)
    assert draft.record.edited_by != other


def test_a_form_sent_after_being_signed_out_is_kept_and_sent_again(look, draft):
    looker = look(draft.desk, time_zone=draft.zone)
    looker.expect_fault("401")
    page = looker.go("/patients/register/human/")
    page.locator("#id_name").fill("Ottilie Brandt")
    Session.objects.all().delete()
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_role("heading", name="You were signed out")).to_be_visible()
    looker.see("signed-out")

    sign_in(looker.new_page(), draft.desk)
    page.get_by_role("button", name="Send again").click()

    expect(page.get_by_role("heading", name="Ottilie Brandt")).to_be_visible()


def test_without_network_the_form_stays_says_so_and_is_saved_when_it_is_back(look, draft):
    looker = look(draft.doctor_user, time_zone=draft.zone, size=TABLET)
    looker.expect_fault("ERR_INTERNET_DISCONNECTED")
    page = looker.go(draft.address)

    looker.context.set_offline(True)
    page.get_by_label("Notes").fill("Written in the stable, without a network.")
    expect(state(page)).to_contain_text("No connection")
    expect(page.locator("#toasts > *")).to_have_count(1)
    looker.see("r2-offline")
    expect(page.get_by_label("Notes")).to_have_value("Written in the stable, without a network.")
    looker.context.set_offline(False)

    expect(state(page)).to_have_text(SAVED)
    kept = SessionRecord.objects.get(pk=draft.record.pk)
    assert "Written in the stable, without a network." in str(kept.draft)


def test_two_screens_show_both_versions_and_the_first_is_not_lost(look, draft):
    ours, theirs = (look(draft.doctor_user, time_zone=draft.zone, size=TABLET) for _ in range(2))
    theirs.expect_fault("409")
    mine, other = ours.go(draft.address), theirs.go(draft.address)

    mine.get_by_label("Notes").fill("From the first tablet")
    expect(state(mine)).to_have_text(SAVED)
    other.get_by_label("Notes").fill("From the second tablet")

    dialog = other.get_by_role("alertdialog")
    expect(dialog).to_contain_text("This record was changed on another screen")
    expect(dialog).to_contain_text("From the first tablet")
    expect(dialog).to_contain_text("From the second tablet")
    theirs.see("r3-conflict")
    assert not theirs.violations()
    dialog.get_by_role("link", name="Take the other version").click()
    expect(other.get_by_label("Notes")).to_have_value("From the first tablet")


def test_two_screens_the_second_can_be_kept(look, draft):
    ours, theirs = (look(draft.doctor_user, time_zone=draft.zone, size=TABLET) for _ in range(2))
    theirs.expect_fault("409")
    mine, other = ours.go(draft.address), theirs.go(draft.address)

    mine.get_by_label("Notes").fill("From the first tablet")
    expect(state(mine)).to_have_text(SAVED)
    other.get_by_label("Notes").fill("From the second tablet")
    other.get_by_role("button", name="Keep what is on this screen").click()

    expect(other.get_by_role("alertdialog")).to_be_hidden()
    expect(other.get_by_label("Notes")).to_have_value("From the second tablet")
    wait_for(lambda: "second" in str(SessionRecord.objects.get(pk=draft.record.pk).draft), what="the second version")


@pytest.mark.parametrize("button", ["Done", "Save", "Syringe labels"])
def test_no_button_leaves_the_page_while_the_network_is_gone(look, draft, button):
    """Else the browser puts its own page in the place of the form, and what was typed is gone."""
    looker = look(draft.doctor_user, time_zone=draft.zone, size=TABLET)
    looker.expect_fault("ERR_INTERNET_DISCONNECTED")
    page = looker.go(draft.address)

    looker.context.set_offline(True)
    page.get_by_label("Notes").fill("Written in the stable.")
    page.get_by_role("button", name=button, exact=True).click()
    expect(state(page)).to_contain_text("No connection")
    expect(page.get_by_label("Notes")).to_have_value("Written in the stable.")
    looker.context.set_offline(False)

    expect(state(page)).to_have_text(SAVED)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page).to_have_url(re.compile(r"/save/$"))  # volumes are missing still, as the page says
    expect(page.get_by_label("Notes")).to_have_value("Written in the stable.")


def test_the_clock_of_relief_fills_in_its_seconds(look, draft):
    looker = look(draft.doctor_user, time_zone=draft.zone, size=TABLET)
    page = looker.go(draft.address)

    page.get_by_role("button", name="Start the clock").click()
    expect(page.get_by_role("button", name="Better now · 2 s")).to_be_visible()
    looker.see("r4-relief-clock")
    page.get_by_role("button", name="Better now").click()

    seconds = page.get_by_label("Seconds until it felt better").input_value()
    assert 2 <= int(seconds) <= 20
    expect(page.get_by_role("button", name="Start the clock")).to_be_visible()
    expect(state(page)).to_have_text(SAVED)
    wait_for(lambda: seconds in str(SessionRecord.objects.get(pk=draft.record.pk).draft), what="the seconds")


def test_what_was_given_follows_a_corrected_volume_on_a_draft_opened_again(look, draft):
    looker = look(draft.doctor_user, time_zone=draft.zone, size=TABLET)
    page = looker.go(draft.address)
    drawn = page.locator("input[name='lines-0-prepared_ml']")
    given = page.locator("input[name='lines-0-given_ml']")
    drawn.fill("-2")
    expect(given).to_have_value("-2")
    page.wait_for_function("() => !document.querySelector('#record-form').dataset.unsaved")
    page.reload()
    expect(given).to_have_value("-2")

    drawn.fill("12")
    followed = given.input_value()
    given.fill("1")
    drawn.fill("10")

    assert followed == "12"
    expect(given).to_have_value("1")


def test_what_is_wrong_with_a_field_is_said_once_and_goes_when_it_is_right(look, draft):
    looker = look(draft.doctor_user, time_zone=draft.zone, size=TABLET)
    page = looker.go(draft.address)
    for name in ("prepared_ml", "given_ml"):
        for field in page.locator(f"[data-rows-list] input[name$='-{name}']").all():
            field.fill("1")
    shots, said = page.get_by_label("Shots in all"), page.locator("#id_shots_error")
    shots.fill("0")
    page.get_by_role("button", name="Done", exact=True).click()
    expect(said).to_contain_text("1")
    expect(page.get_by_text("Some fields need another look")).to_be_visible()
    page.get_by_role("link", name="Shots in all").click()
    expect(shots).to_be_in_viewport()
    assert not looker.violations()

    shots.fill("24")
    shots.blur()
    expect(state(page)).to_have_text(SAVED)
    expect(said).to_have_count(0)
    expect(page.get_by_text("Some fields need another look")).to_have_count(0)
    expect(shots).not_to_have_attribute("aria-invalid", "true")
    expect(shots).not_to_have_class(re.compile("is-invalid"))
    expect(shots).not_to_have_attribute("aria-describedby", re.compile("error"))

    shots.fill("1000000")
    shots.blur()
    expect(said).to_have_count(1)
    expect(said).to_contain_text("5000")
    expect(page.locator(".live-error, .field-errors p")).to_have_count(1)
    expect(shots).to_have_attribute("aria-invalid", "true")
    expect(shots).to_have_attribute("aria-describedby", re.compile("id_shots_error"))

    page.get_by_role("button", name="Done", exact=True).click()
    expect(page.locator("#id_shots_error.field-errors")).to_contain_text("5000")
    shots.fill("0")
    expect(said).to_have_text("Enter 1 or more.")
    expect(page.locator(".live-error, .field-errors p")).to_have_count(1)
    looker.see("r5-said-once")


def test_a_wrong_tap_is_said_beside_its_group_too(look, draft):
    """A page cannot send one by itself; an answer that was withdrawn meanwhile, or a script gone wrong, can."""
    looker = look(draft.doctor_user, time_zone=draft.zone, size=TABLET)
    page = looker.go(draft.address)
    page.evaluate(
        """() => {
            const radio = document.querySelector("[name=pain_before]");
            radio.value = "99";
            radio.checked = true;
            for (const name of ["checklist_clear", "checklist_yes"]) document.querySelector(`[name=${name}]`).checked = true;
            radio.dispatchEvent(new Event("input", {bubbles: true}));
        }"""
    )

    expect(page.locator("#id_pain_before_error")).to_have_count(1)
    expect(page.locator("fieldset[aria-describedby=id_pain_before_error]")).to_have_count(1)
    expect(page.locator("#id_checklist_clear_error")).to_be_visible()
    expect(page.locator("#id_checklist_clear")).to_have_attribute("aria-describedby", "id_checklist_clear_error")
    assert not looker.violations()
    looker.see("r6-wrong-tap")

    page.locator("[name=checklist_yes]").first.evaluate("(box) => { box.checked = false; }")
    page.locator("[name=pain_before]").nth(1).check(force=True)
    expect(page.locator("#id_pain_before_error, #id_checklist_clear_error")).to_have_count(0)
    expect(page.locator("fieldset[aria-describedby]")).to_have_count(0)


def test_the_mix_of_the_protocol_comes_back_by_keyboard_and_what_was_typed_is_asked_about(look, draft):
    looker = look(draft.doctor_user, time_zone=draft.zone, size=TABLET)
    page = looker.go(draft.address)
    drawn, words = page.locator("[name$=-prepared_ml]:visible").first, page.locator("[data-mix-origin]")
    expect(words).to_have_text(re.compile(r"^As in the protocol \(.*\)\.$"))

    drawn.fill("7.5")
    expect(words).to_have_text(re.compile(r"changed since\.$"))
    page.get_by_role("button", name="From the protocol").press("Enter")
    expect(page.locator("[data-mix-question]")).to_be_focused()
    expect(drawn).to_have_value("7.5")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(words).to_have_text(re.compile(r"^As in the protocol \(.*\)\.$"))
