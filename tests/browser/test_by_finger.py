"""By finger on a tablet, no mouse anywhere: points, a line, a plate of needles, a signature on glass, a record signed."""

import json
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from playwright.sync_api import Locator, Page, expect

from patients.models import Consent
from sessions.models import SessionRecord
from sessions.services import records
from tests.browser.looking import TABLET
from tests.browser.test_body_map import box_of, points, zone
from tests.browser.test_record_saving import SAVED, draft, state  # noqa: F401 (a fixture)
from tests.browser.test_signing_consent import world  # noqa: F401 (a fixture)
from tests.factories import PASSWORD, make_consent

pytestmark = pytest.mark.once  # what the browser does is the same on both engines

Spot = tuple[float, float]


class Finger:
    """Real touches, as the screen sends them: the browser decides whether they scroll, and makes the pointer events."""

    def __init__(self, page: Page) -> None:
        self.page, self.screen = page, page.context.new_cdp_session(page)

    def _send(self, kind: str, *spots: Spot) -> None:
        touched = [{"x": x, "y": y} for x, y in spots]
        self.screen.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touched})

    def drag(self, start: Spot, *way: Spot) -> None:
        self._send("touchStart", start)
        for end in way:
            for step in range(1, 9):
                self._send("touchMove", tuple(a + (b - a) * step / 8 for a, b in zip(start, end, strict=True)))
            start = end
        self._send("touchEnd")
        self.page.wait_for_timeout(
            400
        )  # a finger is lifted and put down: sooner, the browser takes both for one gesture

    def tap(self, spot: Spot) -> None:
        self.page.touchscreen.tap(*spot)

    def press(self, target: Locator) -> None:
        target.scroll_into_view_if_needed()
        assert target.bounding_box()["height"] >= 44, f"too small for a finger: {target}"
        target.tap()


@pytest.fixture
def tablet(look, draft):  # noqa: F811
    """The record of a draft on a tablet."""
    looker = look(draft.doctor_user, time_zone=draft.zone, size=TABLET)
    looker.go(draft.address)
    return looker


def middle(page: Page, name: str, dx: float = 0, dy: float = 0) -> Spot:
    box = box_of(page, name)
    return box["x"] + box["width"] / 2 + dx, box["y"] + box["height"] / 2 + dy


def choose(page: Page, tool: str) -> None:
    page.get_by_role("radiogroup", name="What a tap draws").get_by_text(tool).tap()


def kept(region: str) -> list:
    """The points of a place as the server keeps them: the mix still lacks volumes, so word for word."""
    (site,) = [one for one in SessionRecord.objects.get().draft["sites"] if one.get("region") == region]
    return json.loads(site["map_points"])


def test_a_tap_of_a_finger_is_one_point_and_is_saved(tablet):
    page, finger = tablet.page, Finger(tablet.page)

    finger.tap(middle(page, "Abdomen, right"))
    finger.tap(middle(page, "Abdomen, right", 14))

    assert points(page, "Abdomen", "right") == "2"
    expect(page.locator("[data-view=front] [data-dots] circle")).to_have_count(2)
    expect(state(page)).to_have_text(SAVED)
    assert len(kept("Abdomen")) == 2


def test_a_line_is_drawn_by_dragging_a_finger_and_the_page_stands_still(tablet):
    page, finger = tablet.page, Finger(tablet.page)
    choose(page, "Line")
    page.get_by_label("Points in the line").fill("6")
    box = box_of(page, "Thigh and buttock, right")
    x, scrolled = box["x"] + box["width"] / 2, page.evaluate("scrollY")

    finger.drag((x, box["y"] + 30), (x, box["y"] + box["height"] - 20))

    assert page.evaluate("scrollY") == scrolled, "a finger that draws does not scroll"
    assert points(page, "Thigh and buttock", "right") == "6"
    expect(state(page)).to_have_text(SAVED)
    ys = [y for _view, _x, y in kept("Thigh and buttock")]
    assert ys == sorted(ys)
    assert len({round((b - a) / 3) for a, b in pairwise(ys)}) == 1, "evenly along the line"
    tablet.see("finger-line-768")


def test_a_plate_of_needles_is_set_down_by_a_finger_and_taken_back(tablet):
    page, finger = tablet.page, Finger(tablet.page)
    choose(page, "Needle plate")
    page.get_by_label("Rows").fill("2")
    page.get_by_label("Needles in a row").fill("3")

    finger.tap(middle(page, "Abdomen, left"))

    assert points(page, "Abdomen", "left") == "6"
    expect(state(page)).to_have_text(SAVED)
    spots = kept("Abdomen")
    assert len({x for _view, x, _y in spots}) == 3
    assert len({y for _view, _x, y in spots}) == 2
    tablet.see("finger-plate-768")

    finger.press(page.get_by_role("button", name="Take back"))
    expect(page.locator("[data-view=front] [data-dots] circle")).to_have_count(0)


def test_who_scrolls_over_the_body_leaves_no_point_behind(tablet):
    page, finger = tablet.page, Finger(tablet.page)
    start = middle(page, "Abdomen, right")
    scrolled = page.evaluate("scrollY")

    finger.drag(start, (start[0], start[1] - 200))

    page.wait_for_function("before => scrollY !== before", arg=scrolled)
    expect(page.locator("[data-view=front] [data-dots] circle")).to_have_count(0)
    assert zone(page, "Abdomen, right").count() == 1


def test_a_done_record_is_signed_by_touch(look, draft):  # noqa: F811
    record = SessionRecord.objects.get(pk=draft.record.pk)
    make_consent(record.patient)
    SessionRecord.objects.filter(pk=record.pk).update(
        is_dry=True, draft={}, checklist={"clear": True, "yes": [], "note": ""}
    )
    record.administrations.all().delete()
    record.refresh_from_db()
    now = datetime.now(UTC)
    records.mark_done(actor=draft.doctor_user, record=record, performed_at=now, performed_by=draft.doctor, now=now)
    looker = look(draft.doctor_user, time_zone=draft.zone, size=TABLET)
    page = looker.go(f"/records/{record.public_id}/")
    finger = Finger(page)

    finger.press(page.get_by_role("button", name="Sign"))
    dialog = page.get_by_role("dialog", name="Sign this record?")
    expect(dialog).to_be_visible()
    looker.see("finger-sign-768")
    assert not looker.violations()
    finger.press(dialog.get_by_label("Your password"))
    page.keyboard.type(PASSWORD)
    finger.press(dialog.get_by_role("button", name="Sign"))

    expect(page.get_by_text("Signed records are never changed")).to_be_visible()
    record.refresh_from_db()
    assert (record.status, record.signed_by) == ("signed", draft.doctor)


def test_a_consent_is_signed_by_finger(look, world):  # noqa: F811
    looker = look(world.desk, time_zone=world.zone, size=TABLET)
    page = looker.go(f"/patients/{world.patient.public_id}/consents/sign/")
    finger = Finger(page)
    finger.press(page.get_by_role("link", name="Read and sign Consent to mesotherapy").first)
    pad = page.locator("[data-signature-pad]")
    pad.scroll_into_view_if_needed()
    box, scrolled = pad.bounding_box(), page.evaluate("scrollY")
    y = box["y"] + box["height"] / 2

    finger.drag(*((box["x"] + 60 + 40 * n, y + (35 if n % 2 else -35)) for n in range(8)))

    assert page.evaluate("scrollY") == scrolled
    looker.see("finger-consent-768")
    finger.press(page.get_by_role("button", name="I consent"))
    expect(page.get_by_text("The consent is signed.")).to_be_visible()
    strokes = Consent.objects.get().signature.strokes
    assert len(strokes) == 1
    assert len(strokes[0]) > 20
