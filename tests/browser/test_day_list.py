"""The day list on a tablet: a visit is a few lines high, and all of it is still there."""

from datetime import datetime, time, timedelta

import pytest
from playwright.sync_api import expect

from mesoclinic.core.localtime import instant, local_day
from tests.browser.clinic import open_clinic
from tests.browser.looking import TABLET
from tests.factories import make_appointment, make_patient

pytestmark = pytest.mark.once  # what the browser does is the same on both engines

COMPACT = 115  # pixels: four lines, or two buttons one above the other
LONG = "Bartholomäus von der Ångströmhöhe zu Oberstufenbach-Niederwinkel"
REACHES_OUT = """row => [...row.querySelectorAll("th, td")].filter((cell) => {
    const [own, all] = [cell.getBoundingClientRect(), row.getBoundingClientRect()];
    return cell.scrollWidth > cell.clientWidth || own.right > all.right + 1 || own.bottom > all.bottom + 1;
}).map((cell) => cell.className)"""


def test_on_a_tablet_a_visit_is_compact_and_whole(look):
    world = open_clinic()
    day = local_day(datetime.now(world.site.zone), world.site.zone) + timedelta(days=1)
    for hour, name in ((10, "Ida Roux"), (12, LONG)):
        make_appointment(
            world.clinic,
            patient=make_patient(world.clinic, name=name),
            practitioner=world.doctor,
            room=world.room,
            starts_at=instant(day, time(hour), world.site.zone),
            minutes=30,
            reason="Stiff neck, worse at the desk",
        )
    looker = look(world.desk, time_zone=world.zone, size=TABLET)

    looker.go(f"/calendar/list/?on={day}")

    rows = looker.page.locator(".day-list tbody tr")
    short, long = rows.filter(has_text="Ida Roux"), rows.filter(has_text=LONG)
    assert short.bounding_box()["height"] <= COMPACT
    for row in (short, long):
        assert row.evaluate(REACHES_OUT) == []
        for said in (
            "10:00–10:30" if row is short else "12:00–12:30",
            "Stiff neck",
            world.doctor.name,
            world.room.name,
        ):
            expect(row.get_by_text(said).first).to_be_visible()
        expect(row.locator(".status")).to_be_visible()
        expect(row.get_by_role("link", name="Move")).to_be_visible()
    expect(looker.page.get_by_role("columnheader", name="Where")).to_be_visible()
    expect(looker.page.get_by_role("cell", name=LONG)).to_be_visible()
    looker.see("day-list-768")
