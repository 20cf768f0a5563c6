"""Points are tapped into a body; they become the places of the record, and stay where they were put."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looking import DESKTOP, TABLET, Keyboard
from tests.browser.test_record_saving import SAVED, draft, state  # noqa: F401 (a fixture)

pytestmark = pytest.mark.once  # what the browser does is the same on both engines


def zone(page: Page, name: str):
    return page.locator(f"[data-body-frame]:not([hidden]) [data-zone][aria-label='{name}']")


def box_of(page: Page, name: str) -> dict:
    zone(page, name).evaluate("one => one.scrollIntoView({block: 'center'})")
    return zone(page, name).bounding_box()


def tap(page: Page, name: str, dx: float = 0, dy: float = 0) -> None:
    box = box_of(page, name)
    page.mouse.click(box["x"] + box["width"] / 2 + dx, box["y"] + box["height"] / 2 + dy)


def show(page: Page, view: str) -> None:
    page.get_by_role("radiogroup", name="View").get_by_text(view, exact=True).click()


def place(page: Page, region: str, side: str):
    """The row of a place below the map."""
    for row in page.locator("[data-rows=sites] [data-rows-list] > [data-row]:not([hidden])").all():
        found = [row.locator(f"[name$='-{name}']").input_value() for name in ("region", "side")]
        if found == [region, side]:
            return row
    raise AssertionError(f"no place {region} {side}")


def points(page: Page, region: str, side: str) -> str:
    return place(page, region, side).locator("[name$='-points']").input_value()


@pytest.mark.parametrize("size", [TABLET, DESKTOP])
def test_taps_become_places_with_their_points_and_are_there_after_a_reload(look, draft, size):  # noqa: F811
    looker = look(draft.doctor_user, time_zone=draft.zone, size=size)
    page = looker.go(draft.address)
    show(page, "Back view")
    tap(page, "Lower back, left", -3)
    tap(page, "Lower back, left", 3, 6)
    tap(page, "Lower back, right")

    assert points(page, "Lower back", "left") == "2"
    assert points(page, "Lower back", "right") == "1"
    expect(page.locator("[data-body-total]")).to_contain_text("3 points on the map")
    expect(page.locator("[data-view=back] [data-dots] circle")).to_have_count(3)
    looker.see(f"body-map-{size[0]}")
    assert not looker.violations()
    expect(state(page)).to_have_text(SAVED)
    page.reload()
    show(page, "Back view")
    expect(page.locator("[data-view=back] [data-dots] circle")).to_have_count(3)
    assert points(page, "Lower back", "left") == "2"
    looker.turn("dark")
    looker.see(f"body-map-{size[0]}-dark")


def test_a_line_a_plate_and_back_again(look, draft):  # noqa: F811
    looker = look(draft.doctor_user, time_zone=draft.zone)
    page = looker.go(draft.address)
    tools = page.get_by_role("radiogroup", name="What a tap draws")
    tools.get_by_text("Line").click()
    page.get_by_label("Points in the line").fill("6")
    box = box_of(page, "Thigh and buttock, right")
    x = box["x"] + box["width"] / 2
    page.mouse.move(x, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(x, box["y"] + box["height"] - 20, steps=5)
    page.mouse.up()
    assert points(page, "Thigh and buttock", "right") == "6"

    tools.get_by_text("Needle plate").click()
    page.get_by_label("Rows").fill("2")
    page.get_by_label("Needles in a row").fill("3")
    tap(page, "Abdomen, left")
    assert points(page, "Abdomen", "left") == "6"

    page.get_by_role("button", name="Take back").click()
    expect(page.locator("[data-view=front] [data-dots] circle")).to_have_count(6)
    page.get_by_role("button", name="Take back").click()
    expect(page.locator("[data-view=front] [data-dots] circle")).to_have_count(0)


def test_a_tap_on_a_point_takes_it_away_and_a_number_typed_stays(look, draft):  # noqa: F811
    looker = look(draft.doctor_user, time_zone=draft.zone)
    page = looker.go(draft.address)
    tap(page, "Abdomen, right")
    tap(page, "Abdomen, right", 12)
    assert points(page, "Abdomen", "right") == "2"
    tap(page, "Abdomen, right")
    assert points(page, "Abdomen", "right") == "1"
    place(page, "Abdomen", "right").locator("[name$='-points']").fill("30")
    tap(page, "Abdomen, right", -12)
    assert points(page, "Abdomen", "right") == "30"
    expect(state(page)).to_have_text(SAVED)
    page.reload()
    expect(page.locator("[data-view=front] [data-dots] circle")).to_have_count(2)
    assert points(page, "Abdomen", "right") == "30"


def test_a_zone_is_one_stop_and_takes_points_by_keyboard(look, draft):  # noqa: F811
    looker = look(draft.doctor_user, time_zone=draft.zone)
    page = looker.go(draft.address)
    keys = Keyboard(page)
    keys.reach(zone(page, "Face"))
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")

    assert points(page, "Neck", "") == "2"
    assert page.locator("[data-view=front] [data-zone][tabindex='0']").count() == 1


def test_points_of_another_depth_in_the_same_place_are_a_group_of_their_own_with_live_sums(look, draft):  # noqa: F811
    looker = look(draft.doctor_user, time_zone=draft.zone, size=TABLET)
    page = looker.go(draft.address)
    beside = page.get_by_role("group", name="With the points tapped next")
    beside.get_by_label("Depth (mm)").fill("4")
    beside.get_by_label("mL per point").fill("0.1")
    tap(page, "Abdomen, right")
    tap(page, "Abdomen, right", 12)
    beside.get_by_label("Depth (mm)").fill("2")
    beside.get_by_label("Technique").select_option(index=1)
    beside.get_by_label("mL per point").fill("0,05")
    tap(page, "Abdomen, right", -12)

    rows = page.locator("[data-rows=sites] [data-rows-list] > [data-row]:not([hidden])")
    places = [row for row in rows.all() if row.locator("[name$='-region']").input_value() == "Abdomen"]
    deep, shallow = places
    assert [row.locator("[name$='-depth_mm']").input_value() for row in places] == ["4", "2"]
    assert [row.locator("[name$='-points']").input_value() for row in places] == ["2", "1"]
    assert shallow.locator("[name$='-technique']").input_value()
    expect(deep.locator("[data-site-sum]")).to_have_text("2 × 0.1 mL: 0.2 mL")
    expect(page.locator("[data-sites-total]")).to_have_text("In all places: 3 points, 0.25 mL")
    deep.locator("[name$='-points']").fill("10")
    expect(page.locator("[data-sites-total]")).to_have_text("In all places: 11 points, 1.05 mL")
    expect(state(page)).to_have_text(SAVED)
    looker.see("body-groups-768")
    assert not looker.violations()
    looker.turn("dark")
    looker.see("body-groups-768-dark")


def stung(page: Page):
    return page.locator("[data-view=front] [data-dots] circle.is-stung")


def test_a_tap_marks_the_point_that_stung_and_a_tick_the_whole_place(look, draft):  # noqa: F811
    looker = look(draft.doctor_user, time_zone=draft.zone, size=TABLET)
    page = looker.go(draft.address)
    for dx in (-14, 0, 14):
        tap(page, "Abdomen, right", dx)
    page.get_by_role("radiogroup", name="What a tap draws").get_by_text("Stings here").click()
    tap(page, "Abdomen, right", 16)

    ticked = place(page, "Abdomen", "right").locator("[name$='-is_reactive']")
    assert points(page, "Abdomen", "right") == "3"
    expect(stung(page)).to_have_count(1)
    expect(ticked).to_be_checked()
    expect(state(page)).to_have_text(SAVED)
    looker.see("body-sting-768")
    assert not looker.violations()
    page.reload()
    expect(stung(page)).to_have_count(1)

    page.get_by_role("radiogroup", name="What a tap draws").get_by_text("Stings here").click()
    tap(page, "Abdomen, right", -14)
    expect(stung(page)).to_have_count(2)
    page.get_by_role("button", name="Take back").click()
    expect(stung(page)).to_have_count(1)
    tap(page, "Abdomen, right", 14)
    expect(stung(page)).to_have_count(0)
    expect(ticked).not_to_be_checked()
    ticked.dispatch_event("click")
    expect(stung(page)).to_have_count(3)


SO_MANY = """(row, count) => {
    const points = Array.from({ length: count }, (_one, n) => ["front", 60 + (n % 80), 70 + Math.floor(n / 80)]);
    const field = row.querySelector("[name$='-map_points']");
    field.value = JSON.stringify(points);
    field.dispatchEvent(new Event("input", { bubbles: true }));
}"""


@pytest.mark.parametrize(("many", "keeps"), [(5001, "Saved. Some fields need another look."), (20_000, "more text")])
def test_more_points_than_the_map_holds_are_said_at_their_place_and_saving_goes_on(look, draft, many, keeps):  # noqa: F811
    looker = look(draft.doctor_user, time_zone=draft.zone, size=TABLET)
    page = looker.go(draft.address)
    tap(page, "Abdomen, right")
    expect(state(page)).to_have_text(SAVED)
    looker.expect_fault("422")

    row = place(page, "Abdomen", "right")
    row.evaluate(SO_MANY, many)

    said = row.locator(".live-error")
    expect(said).to_have_text(
        f"The body map holds at most 5000 points; with this place there are {many}. Take some away."
    )
    expect(state(page)).to_contain_text(keeps)
    looker.see(f"body-map-{many}-points")
    assert not looker.violations()

    place(page, "Abdomen", "right").evaluate(SO_MANY, 5000)
    expect(state(page)).to_have_text(SAVED)
    expect(said).to_have_count(0)
    page.reload()
    expect(page.locator("[data-view=front] [data-dots] circle")).to_have_count(5000)


def test_points_that_cannot_be_read_leave_the_map_to_be_tapped(look, draft):  # noqa: F811
    looker = look(draft.doctor_user, time_zone=draft.zone)
    page = looker.go(draft.address)
    tap(page, "Abdomen, right")
    row = place(page, "Abdomen", "right")
    row.locator("[name$='-map_points']").evaluate("field => { field.value = '[[\"front\", 1'; }")
    row.locator("[name$='-points']").fill("3")

    expect(row.locator(".live-error")).to_have_text("The points on the body map could not be read. Tap them again.")
    page.reload()
    tap(page, "Abdomen, right", 8)

    expect(page.locator("[data-view=front] [data-dots] circle")).to_have_count(1)
    expect(state(page)).to_have_text(SAVED)


def test_every_point_taken_by_keyboard_falls_into_its_own_zone_however_many(look, draft):  # noqa: F811
    looker = look(draft.doctor_user, time_zone=draft.zone)
    page = looker.go(draft.address)
    keys = Keyboard(page)
    keys.reach(zone(page, "Face"))
    page.keyboard.press("ArrowRight")

    for _point in range(60):
        page.keyboard.press("Enter")

    assert points(page, "Neck", "") == "60"
    expect(page.locator("[data-body-total]")).to_have_text(re.compile(r"^Neck: 60 · 60 points on the map"))
    expect(page.locator("[data-view=front] [data-dots] circle")).to_have_count(60)
