"""Moving visits in the drawn calendar by mouse: done, taken back, and refused in words."""

import re
from datetime import datetime, time, timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from mesoclinic.core.localtime import instant, local_day
from tests.browser.clinic import open_clinic
from tests.factories import make_appointment, make_patient

pytestmark = pytest.mark.once  # what the browser does is the same on both engines

HOUR = 4 * 21  # pixels: four slots of a quarter of an hour, as calendar.js draws them


@pytest.fixture
def calendar(look):
    """The calendar of tomorrow with two visits of Dr Moreau: Ida at ten, Noor at noon."""
    world = open_clinic()
    day = local_day(datetime.now(world.site.zone), world.site.zone) + timedelta(days=1)
    for name, hour, room in (("Ida Roux", 10, world.room), ("Noor Haddad", 12, world.other_room)):
        starts_at = instant(day, time(hour), world.site.zone)
        patient = make_patient(world.clinic, name=name)
        make_appointment(
            world.clinic, patient=patient, practitioner=world.doctor, room=room, starts_at=starts_at, minutes=30
        )
    looker = look(world.desk, time_zone=world.zone, size=(1280, 1800))
    looker.go(f"/calendar/?on={day}")
    expect(visit(looker.page, "Ida Roux")).to_be_visible()
    return looker


def visit(page: Page, name: str) -> Locator:
    return page.locator(f".visit[data-visit][aria-label*='{name}']")


def at(clock: str) -> re.Pattern:
    return re.compile(f"^{clock}–")


def drag(page: Page, what: Locator, down: int) -> None:
    box = what.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(1, 11):
        page.mouse.move(x, y + down * step / 10)
    page.mouse.up()


def test_a_visit_dragged_an_hour_down_is_an_hour_later(calendar):
    page = calendar.page

    drag(page, visit(page, "Ida Roux"), HOUR)
    expect(page.get_by_text(re.compile("Ida Roux moved to .* 11:00."))).to_be_visible()
    expect(visit(page, "Ida Roux")).to_have_attribute("aria-label", at("11:00"))
    calendar.see("c1-moved")
    page.reload()
    expect(visit(page, "Ida Roux")).to_have_attribute("aria-label", at("11:00"))


def test_a_drag_can_be_taken_back(calendar):
    page = calendar.page

    drag(page, visit(page, "Ida Roux"), HOUR)
    page.locator("#calendar-undo").get_by_role("button", name="Undo").click()
    expect(visit(page, "Ida Roux")).to_have_attribute("aria-label", at("10:00"))


def test_a_drag_onto_another_visit_goes_back_and_says_why(calendar):
    page = calendar.page
    calendar.expect_fault("409")

    drag(page, visit(page, "Ida Roux"), 2 * HOUR)
    expect(page.locator("#toasts")).to_contain_text("taken")
    expect(visit(page, "Ida Roux")).to_have_attribute("aria-label", at("10:00"))
    calendar.see("c2-refused")


def test_a_click_on_a_visit_shows_it_and_axe_finds_nothing_in_the_dialog(calendar):
    page = calendar.page

    visit(page, "Ida Roux").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Ida Roux")
    calendar.see("c3-dialog")
    assert not calendar.violations()
    dialog.get_by_role("link", name="Open").click()
    expect(page.get_by_role("heading", name="The visit")).to_be_visible()


def test_the_line_of_now_is_the_sites_wherever_the_browser_stands(look):
    world = open_clinic()  # where it is between nine and ten now
    today = local_day(datetime.now(world.site.zone), world.site.zone)
    patient = make_patient(world.clinic, name="Ida Roux")
    make_appointment(
        world.clinic,
        patient=patient,
        practitioner=world.doctor,
        room=world.room,
        starts_at=instant(today, time(11), world.site.zone),
        minutes=30,
    )
    far_away = look(world.desk, time_zone="Pacific/Kiritimati", size=(1280, 1800))

    far_away.go(f"/calendar/?on={today}")

    at_eleven = visit(far_away.page, "Ida Roux").bounding_box()
    line = far_away.page.locator(".ec-now-indicator").first.bounding_box()
    assert HOUR - 6 <= at_eleven["y"] - line["y"] <= 2 * HOUR + 6
    drag(far_away.page, visit(far_away.page, "Ida Roux"), HOUR)
    expect(visit(far_away.page, "Ida Roux")).to_have_attribute("aria-label", at("12:00"))


@pytest.mark.parametrize("view", ["day", "week"])
def test_today_is_opened_near_now_and_another_day_where_it_begins(look, view):
    world = open_clinic()  # between nine and ten, and open from seven on: six is the first hour drawn
    today = local_day(datetime.now(world.site.zone), world.site.zone)
    page = look(world.desk, time_zone=world.zone).page

    for day, hours in ((today, 2), (today + timedelta(days=7), 1)):
        page.goto(f"/calendar/?on={day}&view={view}")
        down = page.locator("#calendar .ec-main").evaluate(
            "async main => { while (!main.scrollTop) await new Promise(requestAnimationFrame); return main.scrollTop; }"
        )
        assert (hours - 0.5) * HOUR < down <= hours * HOUR


def _week_of_sunday(look, size):
    """The week that ends with the Sunday after this one, on which Ida comes at ten."""
    world = open_clinic()
    today = local_day(datetime.now(world.site.zone), world.site.zone)
    sunday = today + timedelta(days=14 - today.isoweekday())
    make_appointment(
        world.clinic,
        patient=make_patient(world.clinic, name="Ida Roux"),
        practitioner=world.doctor,
        room=world.room,
        starts_at=instant(sunday, time(10), world.site.zone),
        minutes=30,
    )
    looker = look(world.desk, time_zone=world.zone, size=size)
    looker.go(f"/calendar/?on={sunday}&view=week")
    expect(visit(looker.page, "Ida Roux")).to_be_attached()
    return looker


def test_a_week_of_two_people_is_seen_whole_on_a_desktop(look):
    looker = _week_of_sunday(look, (1280, 900))

    expect(visit(looker.page, "Ida Roux")).to_be_in_viewport(ratio=1)
    expect(looker.page.locator("time").get_by_text(re.compile("^Mon"))).to_be_in_viewport(ratio=1)
    expect(looker.page.get_by_role("button", name="Show what")).to_have_count(0)


# The lines of text of a chip: how far the letters of each are cut off above and below, and how much of it is seen.
LINES = """
(chip) => {
    const box = chip.getBoundingClientRect();
    const walker = document.createTreeWalker(chip, NodeFilter.SHOW_TEXT);
    const lines = [];
    while (walker.nextNode()) {
        const range = document.createRange();
        range.selectNodeContents(walker.currentNode);
        const around = walker.currentNode.parentElement.getBoundingClientRect();
        const top = Math.max(box.top, around.top), bottom = Math.min(box.bottom, around.bottom);
        const right = Math.min(box.right, around.right);
        const letters = parseFloat(getComputedStyle(walker.currentNode.parentElement).fontSize);
        for (const line of range.getClientRects()) {
            const spare = (line.height - letters) / 2;
            const [first, last] = [line.top + spare, line.bottom - spare];
            const seen = Math.min(bottom, last) - Math.max(top, first);
            const isName = walker.currentNode.parentElement.matches(".visit-name");
            lines.push({ isName, seen, cut: seen > 0 ? letters - seen : 0, width: right - line.left });
        }
    }
    return lines;
}
"""


def test_each_visit_of_a_week_shows_a_name_and_no_line_of_it_is_cut_through(look):
    world = open_clinic()
    today = local_day(datetime.now(world.site.zone), world.site.zone)
    sunday = today + timedelta(days=14 - today.isoweekday())
    for hour, minutes in enumerate((10, 15, 20, 25, 30, 45, 60), 9):
        for practitioner, room, name in (
            (world.doctor, world.room, "Maximiliane Oberhuber-Castellanos"),
            (world.vet, world.other_room, "Captain Thunderbolt of Oakfield"),
        ):
            species = "horse" if practitioner == world.vet else "human"
            make_appointment(
                world.clinic,
                patient=make_patient(world.clinic, species=species, name=name),
                practitioner=practitioner,
                room=room,
                starts_at=instant(sunday, time(hour), world.site.zone),
                minutes=minutes,
            )
    looker = look(world.desk, time_zone=world.zone, size=(1280, 1800))

    looker.go(f"/calendar/?on={sunday}&view=week")

    expect(looker.page.locator(".visit[data-visit]")).to_have_count(14)
    for chip in looker.page.locator(".visit[data-visit]").all():
        words, lines = chip.get_attribute("aria-label"), chip.evaluate(LINES)
        first = next(line for line in lines if line["isName"])
        assert first["seen"] > 0, f"{words}: {first}"
        assert first["width"] >= 40, f"{words}: {first}"
        assert all(line["cut"] <= 1 for line in lines), f"{words}: {lines}"
    looker.see("c6-week")


def test_a_week_too_wide_for_a_tablet_begins_at_the_day_asked_for_and_says_that_there_is_more(look):
    looker = _week_of_sunday(look, (768, 1024))
    page = looker.page
    before, after = (page.get_by_role("button", name=f"Show what {way}") for way in ("is before", "follows"))

    expect(visit(page, "Ida Roux")).to_be_in_viewport(ratio=1)
    expect(after).to_be_hidden()
    before.click()
    expect(page.locator("time").get_by_text(re.compile("^Mon"))).to_be_in_viewport(ratio=1)
    expect(before).to_be_hidden()
    expect(after).to_be_visible()
    looker.see("c4-tablet")


class Finger:
    """A finger on the screen, as the browser hears it from the glass."""

    def __init__(self, page: Page) -> None:
        self.session = page.context.new_cdp_session(page)
        self.page = page

    def drag(self, x: float, y: float, down: float) -> None:
        """Press until the visit is held, draw it down, let go."""
        self._touch("touchStart", (x, y))
        expect(self.page.locator(".ec-preview")).to_have_count(1)
        for step in range(1, 11):
            self._touch("touchMove", (x, y + down * step / 10))
        self._touch("touchEnd")

    def _touch(self, kind: str, *points: tuple[float, float]) -> None:
        self.session.send(
            "Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]}
        )


def test_a_finger_moves_a_visit_and_makes_it_longer_on_a_tablet(look):
    world = open_clinic()
    day = local_day(datetime.now(world.site.zone), world.site.zone) + timedelta(days=1)
    make_appointment(
        world.clinic,
        patient=make_patient(world.clinic, name="Ida Roux"),
        practitioner=world.doctor,
        room=world.room,
        starts_at=instant(day, time(8), world.site.zone),
        minutes=30,
    )
    looker = look(world.desk, time_zone=world.zone, size=(768, 1024))
    page = looker.go(f"/calendar/?on={day}")
    finger, one = Finger(page), visit(page, "Ida Roux")
    expect(one).to_be_visible()

    box = one.bounding_box()
    finger.drag(box["x"] + box["width"] / 2, box["y"] + box["height"] / 3, HOUR)
    expect(page.get_by_text(re.compile("Ida Roux moved to .* 09:00."))).to_be_visible()
    expect(one).to_have_attribute("aria-label", re.compile("^09:00–09:30"))
    box = one.bounding_box()
    finger.drag(box["x"] + box["width"] / 2, box["y"] + box["height"] - 6, HOUR / 2)
    expect(page.get_by_text(re.compile("Ida Roux: .* 09:00 to 10:00."))).to_be_visible()
    expect(one).to_have_attribute("aria-label", re.compile("^09:00–10:00"))
    looker.see("c5-touch")
