"""What is more than a record can hold is said beside its field, with the limit; nothing typed is lost, nothing breaks."""

import json
from datetime import date
from decimal import Decimal
from html import unescape

import pytest
import time_machine

from protocols.services import lots, recalls
from sessions.forms.record_rows import MOST_POINTS
from sessions.models import InjectionSite, SessionRecord
from sessions.queries import records as reads
from tests.factories import make_lot
from tests.sessions.booking_world import at
from tests.sessions.record_world import finish, record_world, sign, start
from tests.sessions.test_record_pages import autosave, page_data, signed_in, url
from tests.shared import shared

pytestmark = pytest.mark.django_db


@shared
def world():
    with time_machine.travel(at("10:15"), tick=False):
        yield record_world()


@pytest.fixture
def browser(world):
    return signed_in(world.doctor_user)


def tapped(count: int) -> str:
    return json.dumps([["back", 40 + n % 100, 60 + n // 100] for n in range(count)])


def places(*counts: int) -> dict[str, str]:
    """The rows of places with so many points tapped in each."""
    rows = {"sites-TOTAL_FORMS": str(len(counts)), "sites-INITIAL_FORMS": "0"}
    for index, count in enumerate(counts):
        rows |= {f"sites-{index}-region": f"Back {index}", f"sites-{index}-syringe": "A"}
        rows |= {f"sites-{index}-map_points": tapped(count), f"sites-{index}-points": str(min(count, MOST_POINTS))}
    return rows


def test_as_many_points_as_the_map_holds_are_kept_shown_signed_and_checked(world, browser):
    record = start(world)
    data = {**page_data(browser, record), **places(4000, 1000), "checklist_clear": "on"}

    answer = autosave(browser, record, data)
    live = browser.post(url("record-check", record), data)
    again = page_data(browser, record)

    assert answer.json()["errors"] == {}
    assert live.status_code == 200
    assert [len(site.map_points) for site in InjectionSite.objects.order_by("position")] == [4000, 1000]
    assert json.loads(unescape(again["sites-0-map_points"][0])) == json.loads(tapped(4000))
    fresh = SessionRecord.objects.get()
    finish(world, fresh)
    sign(world, fresh)
    assert browser.get(url("record-view", record)).status_code == 200


@pytest.mark.parametrize(("counts", "place"), [((5001,), 0), ((4000, 1001), 1), ((8000, 10), 0)])
def test_more_points_than_the_map_holds_are_said_beside_the_place_with_the_limit(world, browser, counts, place):
    record = start(world)
    rows = reads.content(record)
    data = {**page_data(browser, record), **places(*counts), "notes": "typed before", "checklist_clear": "on"}

    saved = autosave(browser, record, data)
    live = browser.post(url("record-check", record), data)
    page = browser.post(url("record-done", record), {**data, "edit_count": "1"}).content.decode()

    words = saved.json()["errors"][f"sites-{place}-map_points"]
    assert f"at most {MOST_POINTS} points" in words
    assert str(sum(counts[: place + 1])) in words
    assert live.status_code == 200
    assert page.count("body map holds at most") == 2, "in the list at the top, and beside the place"
    fresh = SessionRecord.objects.get()
    assert (fresh.status, reads.content(fresh)) == ("draft", rows)
    again = page_data(browser, record)
    kept = [len(json.loads(unescape(again[f"sites-{n}-map_points"][0]))) for n in range(len(counts))]
    assert (tuple(kept), again["notes"]) == (counts, ["typed before"])


def test_more_than_a_draft_can_keep_is_refused_in_words_and_the_page_may_try_again(world, browser):
    record = start(world)
    data = {**page_data(browser, record), **places(20_000), "notes": "typed before"}

    quiet = autosave(browser, record, data)
    page = browser.post(url("record-save", record), data).content.decode()
    shorter = autosave(browser, record, {**data, **places(20)})

    assert quiet.status_code == 422
    assert quiet.json()["is_over"] is False
    assert "at most 5000 points" in quiet.json()["errors"]["sites-0-map_points"]
    assert "typed before" in page
    assert "at most 5000 points" in page
    assert "more text than a record can hold" in page
    assert (shorter.status_code, shorter.json()["errors"]) == (200, {})


def test_a_draft_that_is_over_is_said_to_be(world, browser):
    record = start(world)
    data = page_data(browser, record)
    autosave(browser, record, {**data, "checklist_clear": "on"})
    finish(world, SessionRecord.objects.get())

    answer = autosave(browser, record, {**data, "checklist_clear": "on"})

    assert (answer.status_code, answer.json()["is_over"]) == (422, True)


@pytest.mark.parametrize("typed", ["1,5", "1.5", " 1,5 ", "1,50"])
def test_a_comma_is_a_decimal_point_in_every_volume_of_a_record(world, browser, typed):
    record = start(world)
    names = ("lines-0-prepared_ml", "lines-0-given_ml")
    data = {**page_data(browser, record), **dict.fromkeys(names, typed), **places(30)}
    data |= {"sites-0-volume_per_point_ml": "0,05", "weight_kg": "70,5"}

    live = browser.post(url("record-check", record), data).content.decode()
    answer = autosave(browser, record, data)

    assert answer.json()["errors"] == {}
    fresh = SessionRecord.objects.get()
    line = fresh.administrations.get(position=1)
    assert (line.prepared_ml, line.given_ml, fresh.weight_kg) == (Decimal("1.5"), Decimal("1.5"), Decimal("70.5"))
    assert fresh.injection_sites.get().volume_per_point_ml == Decimal("0.05")
    assert "2.5" in live  # with the millilitre of the other line


@pytest.mark.parametrize(
    "typed", ["1,000", "1,5,5", "1.000,5", "one", "∞", "1e-9", "0x10"]
)  # 1,000: one, or a thousand?
def test_a_volume_that_cannot_be_read_is_said_and_stays_as_typed(world, browser, typed):
    record = start(world)
    data = {**page_data(browser, record), "lines-0-given_ml": typed}

    answer = autosave(browser, record, data)
    live = browser.post(url("record-check", record), data)

    assert set(answer.json()["errors"]) == {"lines-0-given_ml"}
    assert live.status_code == 200
    assert unescape(page_data(browser, record)["lines-0-given_ml"][0]) == typed


def test_another_lot_takes_nothing_over_from_the_one_that_was_chosen(world, browser):
    """Else the day on which the proposed lot expires would be kept as that of another."""
    lot = make_lot(world.clinic, world.lidocaine, number="OFFERED", expires_on=date(2028, 1, 13))
    record = start(world)
    shown = page_data(browser, record)
    assert (shown["lines-0-lot"], shown["lines-0-lot_number"]) == ([str(lot.pk)], [""])

    autosave(browser, record, {**shown, "lines-0-lot": "typed"})
    nothing = SessionRecord.objects.get().administrations.get(position=1)
    assert (nothing.lot, nothing.lot_number, nothing.expires_on) == (None, "", None)
    autosave(browser, record, {**page_data(browser, record), "lines-0-lot": "typed", "lines-0-lot_number": "OTHER-1"})

    line = SessionRecord.objects.get().administrations.get(position=1)
    assert (line.lot, line.lot_number, line.expires_on) == (None, "OTHER-1", None)
    again = page_data(browser, record)
    assert (again["lines-0-lot"], again["lines-0-lot_number"]) == (["typed"], ["OTHER-1"])


def test_a_chosen_lot_keeps_its_number_and_day_and_is_no_difference_between_two_tablets(world, browser):
    make_lot(world.clinic, world.lidocaine, number="OFFERED", expires_on=date(2028, 1, 13))
    record = start(world)
    first = second = page_data(browser, record)
    autosave(browser, record, {**first, "edit_token": "one", "notes": "mine"})

    answer = autosave(browser, record, {**second, "edit_token": "two", "notes": "theirs"})

    line = SessionRecord.objects.get().administrations.get(position=1)
    assert (line.lot_number, line.expires_on) == ("OFFERED", date(2028, 1, 13))
    said = answer.content.decode()
    assert (answer.status_code, "Mix line" in said, "Notes" in said) == (409, False, True)


@pytest.mark.parametrize(
    ("state", "rule"),
    [("expired", "lot.expired"), ("recalled", "lot.recalled"), ("used up", "lot.used_up"), ("fine", "")],
)
def test_a_known_lot_is_known_by_its_number_though_it_is_not_offered(world, browser, state, rule):
    """Else typing the number of an expired lot would pass without a word, and draw nothing from it."""
    expires_on = date(2026, 3, 1) if state == "expired" else date(2028, 1, 13)
    lot = make_lot(world.clinic, world.lidocaine, number="Shelf-9", volume_ml=5, expires_on=expires_on)
    if state == "recalled":
        recalls.recall_lot(actor=None, lot=lot, reason="Maker's letter")
    if state == "used up":
        lots.count(actor=None, lot=lot, site=world.site, counted_ml=Decimal(0))
    record = start(world)
    typed = {**page_data(browser, record), "lines-0-lot": "typed", "lines-0-lot_number": "SHELF-9"}

    live = browser.post(url("record-check", record), typed)
    answer = autosave(browser, record, typed)

    line = SessionRecord.objects.get().administrations.get(position=1)
    assert answer.json()["errors"] == {}
    assert (line.lot, line.lot_number, line.expires_on) == (lot, "Shelf-9", expires_on)
    found = {one.rule for one in live.context["check"].blocks if one.rule.startswith("lot.")}
    assert found == ({rule} if rule else set())
    assert page_data(browser, record)["lines-0-lot"] == [str(lot.pk)]


@pytest.mark.parametrize("other", [{"expires_on": "2029-05-05"}, {"lot_number": "Shelf-10"}])
def test_another_number_or_another_day_is_another_lot(world, browser, other):
    make_lot(world.clinic, world.lidocaine, number="Shelf-9", expires_on=date(2026, 3, 1))
    record = start(world)
    typed = {"lot": "typed", "lot_number": "Shelf-9", **other}

    autosave(browser, record, {**page_data(browser, record), **{f"lines-0-{name}": v for name, v in typed.items()}})

    line = SessionRecord.objects.get().administrations.get(position=1)
    assert (line.lot, line.lot_number) == (None, typed["lot_number"])
