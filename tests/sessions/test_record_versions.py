"""Two screens on one record: every field that differs is shown, and nothing typed on the second falls away unseen."""

import re
from datetime import timedelta
from html import unescape

import pytest
import time_machine

from mesoclinic.core.refused import Refused
from sessions.models import SessionRecord
from sessions.queries import records as reads
from sessions.services.records import Typed
from tests.factories import make_lot
from tests.sessions.booking_world import at
from tests.sessions.record_world import filled, finish, record_world, save, sign, start
from tests.sessions.test_record_pages import autosave, page_data, signed_in, url
from tests.shared import shared

pytestmark = pytest.mark.django_db

CELL = re.compile(r'<th scope="row">(.*?)</th>\s*<td>(.*?)</td>\s*<td>(.*?)</td>', re.S)


@shared
def world():
    with time_machine.travel(at("10:15"), tick=False):
        yield record_world()


@pytest.fixture
def browser(world):
    return signed_in(world.doctor_user)


def listed(answer) -> dict[str, tuple[str, str]]:
    """What the page lists: {what: (this screen, the other)}."""
    assert answer.status_code == 409, answer.content
    cells = CELL.findall(answer.content.decode())
    return {" ".join(unescape(what).split()): (unescape(mine), unescape(theirs)) for what, mine, theirs in cells}


SITE = {
    "sites-TOTAL_FORMS": "1",
    "sites-INITIAL_FORMS": "0",
    "sites-0-region": "Neck",
    "sites-0-points": "12",
    "sites-0-volume_per_point_ml": "0.1",
    "sites-0-map_points": '[["back", 120, 240]]',
}
REACTION = {
    "reactions-TOTAL_FORMS": "1",
    "reactions-INITIAL_FORMS": "0",
    "reactions-0-kind": "Hives",
    "reactions-0-severity": "mild",
}


@pytest.mark.parametrize(
    ("typed", "what", "words"),
    [
        ({"lines-0-strength": "20", "lines-0-strength_unit": "mg_per_ml"}, "Mix line 1: Strength", ("20", "10")),
        ({"lines-0-syringe": "B"}, "Mix line 1: Syringe", ("B", "A")),
        ({"sites-0-depth_mm": "4"}, "Place 1: Depth (mm)", ("4", "–")),
        ({"sites-0-volume_per_point_ml": "0.2"}, "Place 1: mL per point", ("0.2", "0.1")),
        ({"sites-0-is_reactive": "on"}, "Place 1: Stings here", ("yes", "–")),
        ({"sites-0-map_points": '[["back", 90, 200]]'}, "Place 1: On the body map", ("1 point", "1 point")),
        ({"reactions-0-severity": "severe"}, "Reaction 1: How bad", ("Severe", "Mild")),
        ({"reactions-0-action": "Adrenaline"}, "Reaction 1: What was done", ("Adrenaline", "–")),
        ({"performed_at": "2026-03-02 09:00"}, "When it was given", ("2 Mar 2026 09:00", "–")),
        ({"pain_before": "7"}, "Pain, 0 to 10, before", ("7", "–")),
    ],
)
def test_every_field_that_differs_is_listed(world, browser, typed, what, words):
    """Else "Both say the same" would stand above two doses."""
    record = start(world)
    data = {**page_data(browser, record), **SITE, **REACTION}
    autosave(browser, record, {**data, "edit_token": "one"})

    answer = autosave(browser, record, {**data, "edit_token": "two", **typed})

    assert listed(answer).get(what) == words


def test_who_gave_it_is_listed_by_name(world, browser):
    record = start(world)
    data = page_data(browser, record)
    autosave(browser, record, {**data, "edit_token": "one"})

    answer = autosave(browser, record, {**data, "edit_token": "two", "performed_by": str(world.colleague.pk)})

    assert listed(answer) == {"Given by": ("Dr Cy", "Dr Ada")}


def test_a_reason_typed_on_one_screen_only_is_listed(world, browser):
    make_lot(world.clinic, world.lidocaine)
    record = start(world)
    data = {**page_data(browser, record), "checklist_yes": ["fever"]}
    html = browser.post(url("record-check", record), data).content.decode()
    key = unescape(re.search(r'name="override_key"\s+value="([^"]*)"', html)[1])
    autosave(browser, record, {**data, "edit_token": "one"})

    answer = autosave(
        browser, record, {**data, "edit_token": "two", "override_key": key, "override_reason": "Asked twice."}
    )

    [(what, words)] = listed(answer).items()
    assert what.startswith("Given all the same: ")
    assert words == ("Asked twice.", "–")


def test_words_that_cannot_be_stored_are_compared_too(world, browser):
    record = start(world)
    data = page_data(browser, record)
    autosave(browser, record, {**data, "edit_token": "one", "shots": "about 40", "performed_at": "yesterday"})

    answer = autosave(browser, record, {**data, "edit_token": "two", "shots": "about 50", "performed_at": "yesterday"})

    assert listed(answer)["Shots in all"] == ("about 50", "about 40")


def test_who_and_when_survive_a_reload(world, browser):
    """Else a session entered the day after would be given at the moment of typing, without a word."""
    record = start(world)
    data = page_data(browser, record)

    autosave(browser, record, data, performed_at="2026-03-02 09:40", performed_by=str(world.colleague.pk))

    again = page_data(browser, record)
    assert "09:40" in again["performed_at"][0]
    assert again["performed_by"] == [str(world.colleague.pk)]
    autosave(browser, record, again, performed_at="")
    assert page_data(browser, record)["performed_at"] == [""]


def test_they_survive_beside_words_that_cannot_be_stored(world, browser):
    record = start(world)

    autosave(browser, record, page_data(browser, record), performed_at="2026-03-02 09:40", shots="about 40")

    assert "09:40" in page_data(browser, record)["performed_at"][0]
    assert SessionRecord.objects.get().performed_at is None


@pytest.mark.parametrize("quiet", [False, True])
def test_done_on_a_second_screen_shows_what_it_says_otherwise(world, browser, quiet):
    record = start(world)
    data = {**page_data(browser, record), "checklist_clear": "on"}
    browser.post(url("record-done", record), data)

    headers = {"X-Autosave": "1"} if quiet else {}
    answer = browser.post(url("record-done", record), {**data, **REACTION, "notes": "Fainted."}, headers=headers)

    found = listed(answer)
    assert found["Notes"] == ("Fainted.", "–")
    assert found["Reaction 1: What happened"] == ("Hives", "–")
    assert "was not kept" in answer.content.decode()
    assert b"Keep what is on this screen" not in answer.content
    assert not reads.content(SessionRecord.objects.get()).reactions


def test_saving_after_another_screen_was_done_shows_what_is_missing(world, browser):
    record = start(world)
    data = {**page_data(browser, record), "checklist_clear": "on"}
    browser.post(url("record-done", record), data)
    sign(world, SessionRecord.objects.get())

    answer = autosave(browser, record, data, notes="Fainted.")

    assert listed(answer) == {"Notes": ("Fainted.", "–")}
    assert "is signed" in answer.content.decode()


def test_another_time_or_person_is_another_version_of_what_is_done(world, browser):
    record = start(world)
    data = {**page_data(browser, record), "checklist_clear": "on"}
    browser.post(url("record-done", record), data)

    answer = browser.post(url("record-done", record), {**data, "performed_at": "2026-03-02 09:40"})

    assert listed(answer) == {"When it was given": ("2 Mar 2026 09:40", "2 Mar 2026 10:15")}


def test_a_decimal_comma_is_no_other_version(world, browser):
    record = start(world)
    data = {**page_data(browser, record), "checklist_clear": "on", "lines-0-given_ml": "1,50"}
    browser.post(url("record-done", record), data)

    second = browser.post(url("record-done", record), data)

    assert second.status_code == 302


def test_the_service_too_lets_no_second_version_fall_away(world):
    record = start(world)
    save(world, record, filled(record))
    finish(world, record)
    record.refresh_from_db()

    typed = Typed(raw={}, content=filled(record, notes="Fainted."))
    with pytest.raises(Refused) as refused:
        finish(world, record, typed=typed)

    assert refused.value.code == "not-a-draft"
    assert finish(world, record, typed=Typed(raw={}, content=reads.content(record)), now=at("11:00") + timedelta(1))
