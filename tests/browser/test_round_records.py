"""A round recorded in the stable: one page, no network, one horse after the other; all saved when it is back."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from mesoclinic.core.localtime import local_day
from protocols.models import ProtocolVersion
from sessions.models import Appointment, PlannedSession, SessionRecord
from sessions.services import rounds
from sessions.services.rounds import Stop
from tests.browser.clinic import open_clinic, stock
from tests.browser.looking import DESKTOP, TABLET
from tests.browser.test_record_saving import KEPT_IN_BROWSER
from tests.factories import make_course, make_horse
from tests.processes import wait_for

HORSES = ("Amber", "Bijou", "Corsair")


@pytest.fixture
def world(transactional_db):
    """A round at Oakfield today with three horses on the same protocol."""
    world = open_clinic()
    stock(world.clinic, "Lidocaine")
    version = ProtocolVersion.objects.filter(
        protocol__clinic=world.clinic, species__code="horse", lines__substance__name="Lidocaine"
    ).first()
    now = datetime.now(UTC)
    today = local_day(now, world.site.zone)
    stops = []
    for name in HORSES:
        horse = make_horse(world.clinic, name=name, place=world.stable, weight_kg=500)
        make_course(
            world.clinic,
            patient=horse,
            practitioner=world.vet,
            cadence="1x@20, 3x1w",
            start_on=today,
            protocol_version=version,
            indication=version.indications.first(),
        )
        stops.append(Stop(horse, 20, PlannedSession.objects.get(course__patient=horse, number=1)))
    world.round = rounds.book_round(
        actor=world.desk,
        clinic=world.clinic,
        site=world.site,
        place=world.stable,
        practitioner=world.vet,
        starts_at=now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=2),
        stops=stops,
        now=now,
    )
    return world


def tab(page: Page, name: str):
    return page.locator(f"[data-round-tab]:has-text('{name}')")


def shown(page: Page):
    return page.locator("[data-round-record]:not([hidden])")


def begin(page: Page) -> None:
    """Begin the records, and wait for all of the page: while it comes, the first horse is the only one there.

    All three forms are waited for, as the navigation heard may be an address the page before has put right.
    """
    page.get_by_role("button", name="Begin 3 records").click()
    expect(page.locator("[data-round-record] form[data-record]")).to_have_count(3)
    expect(shown(page)).to_have_count(1)


def give_reasons(page: Page) -> None:
    for field in shown(page).locator("[name=override_reason]").all():
        field.fill("Known, and looked at")


def test_a_round_is_recorded_without_a_network_and_saved_when_it_is_back(look, world):
    looker = look(world.vet_user, time_zone=world.zone, size=TABLET)
    looker.expect_fault("ERR_INTERNET_DISCONNECTED")
    page = looker.go(f"/rounds/{world.round.public_id}/")
    page.get_by_role("link", name="All records").click()
    looker.see("rr1-before")
    begin(page)
    expect(shown(page)).to_have_count(1)
    expect(shown(page)).to_have_attribute("aria-label", "Amber")
    looker.see("rr2-amber-768")
    assert looker.violations() == []

    shown(page).get_by_label("Shots in all").fill("41")
    expect(tab(page, "Amber")).to_have_attribute("data-state", re.compile("saved|look"))
    looker.context.set_offline(True)
    for number, name in enumerate(HORSES):
        tab(page, name).click()
        shown(page).get_by_text("Nothing has changed").click()
        if number:
            shown(page).get_by_role("button", name=f"As for {HORSES[number - 1]}").click()
            expect(shown(page).get_by_label("Shots in all")).to_have_value("41")
        shown(page).get_by_label("Notes").fill(f"{name}, in the stable.")
    expect(tab(page, "Corsair")).to_have_attribute("data-state", "failed")
    looker.see("rr3-offline")
    looker.turn("dark")
    looker.see("rr3-offline-dark")
    looker.turn("light")
    assert page.evaluate(KEPT_IN_BROWSER) == [{}, [], []]
    looker.context.set_offline(False)

    for name in HORSES:
        expect(tab(page, name)).to_have_attribute("data-state", re.compile("saved|look"))
    wait_for(
        lambda: all(
            f"{name}, in the stable." in f"{row.notes} {row.draft}" and "41" in f"{row.shots} {row.draft}"
            for name in HORSES
            for row in SessionRecord.objects.filter(patient__name=name)
        ),
        what="all three records",
    )


def test_the_mix_of_one_horse_is_composed_without_leaving_the_page(look, world):
    looker = look(world.vet_user, time_zone=world.zone, size=TABLET)
    looker.expect_fault("ERR_INTERNET_DISCONNECTED")
    page = looker.go(f"/rounds/{world.round.public_id}/")
    page.get_by_role("link", name="All records").click()
    begin(page)
    tab(page, "Bijou").click()
    address = page.url

    shown(page).get_by_label("Drawn up (mL)").first.fill("3")
    shown(page).get_by_label("Scale the mix to (mL)").fill("12")
    shown(page).get_by_role("button", name="Scale the whole mix").click()
    expect(shown(page).locator(".sums-total")).to_contain_text("12 mL")
    expect(tab(page, "Bijou")).to_have_attribute("data-state", re.compile("saved|look"))
    wait_for(lambda: "12" in str(SessionRecord.objects.get(patient__name="Bijou").draft), what="the scaled mix")

    shown(page).get_by_role("button", name="Saline only").click()
    expect(shown(page).locator(".given-line-name:visible")).to_have_text(["Saline 0.9 %"])
    shown(page).get_by_role("button", name="Swap").click()
    expect(shown(page).get_by_label("Substance")).to_be_focused()
    looker.see("rr6-swap")
    looker.context.set_offline(True)
    shown(page).get_by_role("button", name="Saline only").click()
    expect(page.locator("#toasts")).to_contain_text("No connection")
    looker.context.set_offline(False)

    assert page.url == address
    tab(page, "Amber").click()
    expect(shown(page).locator(".given-line-name:visible").first).not_to_have_text("Saline 0.9 %")


def test_done_is_tapped_without_a_network_and_keeps_its_time(look, world):
    looker = look(world.vet_user, time_zone=world.zone, size=TABLET)
    looker.expect_fault("ERR_INTERNET_DISCONNECTED")
    page = looker.go(f"/rounds/{world.round.public_id}/records/")
    begin(page)
    expect(shown(page)).to_have_count(1)
    shown(page).get_by_text("Nothing has changed").click()
    shown(page).locator("[name=is_dry]").check()
    for remove in shown(page).locator("[data-rows=lines] [data-row-remove]").all():
        remove.click()
    expect(tab(page, "Amber")).to_have_attribute("data-state", re.compile("saved|look"))
    give_reasons(page)
    looker.context.set_offline(True)
    shown(page).get_by_role("button", name="Done").click()
    expect(tab(page, "Amber")).to_have_attribute("data-state", "failed")
    assert SessionRecord.objects.filter(status="done").count() == 0
    looker.context.set_offline(False)

    expect(tab(page, "Amber")).to_have_attribute("data-state", "done")
    expect(shown(page)).to_have_attribute("aria-label", "Bijou")  # it went on by itself
    assert SessionRecord.objects.get(status="done").patient.name == "Amber"
    looker.see("rr4-done")
    page.reload()
    tab(page, "Amber").click()
    expect(shown(page).get_by_text("Done").first).to_be_visible()
    shown(page).get_by_role("link", name="Read").click()
    expect(page.get_by_role("heading", name="Session 1")).to_be_visible()


def test_the_sheet_is_typed_in_the_day_after(look, world):
    for visit in Appointment.objects.filter(round=world.round):
        visit.starts_at -= timedelta(days=1)
        visit.ends_at -= timedelta(days=1)
        visit.save(update_fields=["starts_at", "ends_at"])
    world.round.on -= timedelta(days=1)
    world.round.save(update_fields=["on"])
    looker = look(world.vet_user, time_zone=world.zone, size=DESKTOP)
    page = looker.go(f"/rounds/{world.round.public_id}/records/")
    begin(page)
    expect(page.get_by_text("marked as a late entry")).to_be_visible()
    looker.see("rr5-later-1280")
    looker.turn("dark")
    looker.see("rr5-later-1280-dark")
    assert looker.violations() == []
