"""Writing a protocol: doses, sums and days follow the typing, before anything is saved."""

import re

from playwright.sync_api import expect

from protocols.models import ProtocolVersion
from tests.browser.clinic import open_clinic


def test_mg_and_days_follow_the_typing(look):
    world = open_clinic()
    before = ProtocolVersion.objects.count()
    page = look(world.doctor_user, time_zone=world.zone).go("/protocols/new/")
    page.get_by_label("If it begins on").fill("2027-03-01")
    line, days = page.locator(".mix-line").first, page.locator(".series-day")
    expect(days).to_have_count(4)
    expect(days.last).to_contain_text(re.compile(r"22 Mar"))

    line.get_by_label("Substance").select_option(label="Lidocaine (10 mg/mL)")
    line.get_by_label("Volume (mL)").fill("1.5")
    page.get_by_label("Sessions").first.fill("3")

    expect(line.locator(".line-dose")).to_contain_text("15 mg")
    expect(page.locator(".mix-sums")).to_contain_text("1.5 mL")
    expect(days).to_have_count(3)
    expect(days.last).to_contain_text(re.compile(r"15 Mar"))
    expect(page.locator("#id_cadence-text")).to_have_value("3x1w")
    assert ProtocolVersion.objects.count() == before
