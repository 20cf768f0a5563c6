"""The pages of a record: begun, saved by itself, conflict, done, signed, added to; and what bad input gets."""

import re
from datetime import date
from decimal import Decimal
from html import unescape

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from mesoclinic.core.models import AuditEvent
from sessions.models import SessionRecord, Signature
from sessions.queries import records as reads
from sessions.recording import SiteTreated
from tests.factories import PASSWORD, make_lot
from tests.sessions.booking_world import at
from tests.sessions.record_world import done, filled, finish, record_world, save, signed, start
from tests.shared import shared
from tests.web.hostile import forms_of

pytestmark = pytest.mark.django_db


@shared
def world():
    with time_machine.travel(at("10:15"), tick=False):
        yield record_world()


@pytest.fixture
def browser(world):
    return signed_in(world.doctor_user)


def signed_in(user) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


def url(name, row) -> str:
    return reverse(f"sessions:{name}", args=[row.public_id])


FIELD = re.compile(r"<(input|textarea|select)\b([^>]*)>(.*?)(?=<(?:input|textarea|select|label|/form)\b|$)", re.S)


def page_data(browser, record) -> dict:
    """What the page would send as it stands, read from its HTML."""
    html = browser.get(url("record-edit", record)).content.decode()
    html = re.sub(r"<template.*?</template>", "", html, flags=re.S)
    html = html[html.index('id="record-form"') :]
    data: dict[str, list[str]] = {}
    for tag, attrs, body in FIELD.findall(html[: html.index("</form>")]):
        name = re.search(r'\bname="([^"]*)"', attrs)
        kind = re.search(r'\btype="([^"]*)"', attrs)
        if not name or (kind and kind[1] in ("checkbox", "radio") and "checked" not in attrs):
            continue
        value = re.search(r'\bvalue="([^"]*)"', attrs)
        text = value[1] if value else ("on" if kind and kind[1] == "checkbox" else "")
        if tag == "textarea":
            text = body.split("</textarea>")[0].lstrip("\r\n")
        if tag == "select":
            chosen = re.search(r'<option value="([^"]*)"\s+selected', body)
            text = chosen[1] if chosen else ""
        data.setdefault(name[1], []).append(text)
    return data


def autosave(browser, record, data, **changes):
    return browser.post(url("record-save", record), {**data, **changes}, headers={"X-Autosave": "1"})


def test_the_record_begins_at_the_visit_in_one_tap(world, browser):
    page = browser.get(url("record", world.visit))
    assert not SessionRecord.objects.exists()  # looking begins nothing

    answer = browser.post(url("record", world.visit))
    again = browser.post(url("record", world.visit), follow=True)

    record = SessionRecord.objects.get()
    assert page.status_code == 200
    assert answer["Location"] == url("record-edit", record)
    assert again.status_code == 200


def test_the_page_holds_what_the_draft_holds_and_saving_it_changes_nothing(world, browser):
    record = start(world)
    before = reads.content(record)
    data = page_data(browser, record)

    answer = autosave(browser, record, data)

    assert answer.json() == {"edit_count": 1, "errors": {}}
    assert reads.content(SessionRecord.objects.get()) == before


def test_a_draft_saves_itself_and_survives_a_reload(world, browser):
    record = start(world)
    data = page_data(browser, record)

    autosave(browser, record, data, pain_before="7", shots="40", notes="first words", checklist_clear="on")

    html = browser.get(url("record-edit", record)).content.decode()
    again = page_data(browser, record)
    assert (again["pain_before"], again["shots"], again["notes"]) == (["7"], ["40"], ["first words"])
    assert "checklist_clear" in again
    assert "first words" in html


def test_half_typed_words_survive_a_reload_too(world, browser):
    record = start(world)
    data = page_data(browser, record)

    answer = autosave(browser, record, data, **{"shots": "about 40", "lines-0-given_ml": "1,x", "pain_after": "3"})

    again = page_data(browser, record)
    assert set(answer.json()["errors"]) == {"shots", "lines-0-given_ml"}
    assert (again["shots"], again["lines-0-given_ml"], again["pain_after"]) == (["about 40"], ["1,x"], ["3"])


def test_a_decimal_comma_is_read(world, browser):
    record = start(world)

    autosave(browser, record, page_data(browser, record), **{"lines-0-given_ml": "1,5", "depth_mm": "3,5"})

    fresh = SessionRecord.objects.get()
    assert (fresh.depth_mm, fresh.administrations.get(position=1).given_ml) == (Decimal("3.5"), Decimal("1.5"))


def in_short(changes: dict) -> str:
    return str(changes)[:60]  # ten thousand letters are no name for a test


BAD = [
    {"shots": "0"},
    {"shots": "1000000"},
    {"shots": "-3"},
    {"depth_mm": "99"},
    {"lines-0-prepared_ml": "-1"},
    {"lines-0-given_ml": "3"},
    {"lines-0-given_ml": "1e9"},
    {"lines-0-wasted_ml": "1,000"},
    {"lines-0-lot": "999999"},
    {"lines-0-substance": "999999"},
    {"lines-0-expires_on": "2026-02-30"},
    {"technique": "999999"},
    {"pain_before": "11"},
    {"checklist_yes": "no such question"},
    {"notes": "x" * 10_000},
    {"needle": "a\x00b"},
    {"performed_at": "9999-01-01T10:00"},
    {"sites-0-map_points": '[["front", 1]]'},
    {"sites-0-map_points": "[" * 2000},
    {"sites-0-points": "1000000"},
    {"effect_duration": "2"},
    {"weight_kg": "nan"},
]


SAID_AT = {"effect_duration": "effect_unit"}  # a rule of two fields is said at the one that is missing
HIDDEN = ("lines-0-substance", "sites-0-map_points")  # the list above names their row
TYPED = {name for changes in BAD for name in changes} - {
    *("lines-0-lot", "lines-0-substance", "technique", "pain_before", "checklist_yes"),  # chosen from a list
}


@pytest.mark.parametrize("changes", BAD, ids=in_short)
def test_bad_input_gets_a_message_by_its_field_and_keeps_what_was_typed(world, browser, changes):
    record = start(world)
    data = page_data(browser, record)
    rows = reads.content(record)

    answer = autosave(browser, record, data, **changes)
    tapped = browser.post(
        url("record-done", record), {**page_data(browser, record), **changes, "checklist_clear": "on"}
    )

    ((name, typed),) = changes.items()
    wrong = SAID_AT.get(name, name)
    assert answer.status_code == 200
    assert list(answer.json()["errors"]) == [wrong]
    assert tapped.status_code == 200
    html = tapped.content.decode()
    assert html.count('class="field-errors"') == html.count(f'id="id_{wrong}_error"') == 1
    assert f'href="#id_{wrong}' in html or wrong in HIDDEN
    if name in TYPED:
        shown = {one.value for form in forms_of(html, "/") for one in form.of(name)}
        assert {text.replace("\ufffd", "\x00") for text in shown} == {typed}
    fresh = SessionRecord.objects.get()
    assert (fresh.status, reads.content(fresh)) == ("draft", rows)


@pytest.mark.parametrize(
    "changes",
    [
        {"edit_count": "many"},
        {"edit_count": "9" * 40},
        {"edit_token": "x" * 10_000},
        {"lines-TOTAL_FORMS": "many"},
        {"lines-TOTAL_FORMS": "100000"},
        {"notes": "🐎 \u202e ok"},
        {"performed_by": "0"},
        {"override_key": "k\x00", "override_reason": "r\x00"},
        {"lines-0-substance": "9" * 30},
    ],
    ids=in_short,
)
def test_nothing_a_browser_sends_breaks_the_page(world, browser, changes):
    record = start(world)
    data = {**page_data(browser, record), **changes}

    for name in ("record-save", "record-check", "record-done"):
        assert browser.post(url(name, record), data).status_code in (200, 302, 404, 409)
    assert autosave(browser, record, data).status_code in (200, 409, 422)


def test_the_second_tablet_sees_both_versions_and_chooses(world, browser):
    record = start(world)
    mine, theirs = page_data(browser, record), page_data(browser, record)
    autosave(browser, record, theirs, notes="from the other tablet", pain_before="8")

    answer = autosave(browser, record, mine, notes="from mine")

    html = answer.content.decode()
    assert answer.status_code == 409
    assert "from mine" in html
    assert "from the other tablet" in html
    assert SessionRecord.objects.get().notes == "from the other tablet"
    pairs = re.findall(r'name="([^"]*)" value="([^"]*)"', html)
    browser.post(url("record-save", record), dict(pairs))
    assert SessionRecord.objects.get().notes == "from mine"


def test_without_scripts_the_conflict_is_a_page(world, browser):
    record = start(world)
    mine, theirs = page_data(browser, record), page_data(browser, record)
    autosave(browser, record, theirs, notes="theirs")

    answer = browser.post(url("record-done", record), {**mine, "checklist_clear": "on"})

    assert answer.status_code == 409
    assert b"<html" in answer.content
    assert SessionRecord.objects.get().status == "draft"


def test_the_live_sums_and_findings_keep_nothing(world, browser):
    record = start(world)
    data = page_data(browser, record)

    answer = browser.post(url("record-check", record), {**data, "lines-0-prepared_ml": "4", "lines-0-given_ml": "3.5"})

    html = answer.content.decode()
    assert "4.5 mL" in html  # 3.5 and 1
    assert "35 mg" in html
    assert "0.5 mg/kg" in html
    assert reads.content(SessionRecord.objects.get()).lines[0].given_ml == 2


def test_done_is_one_tap_and_shows_what_to_book_next(world, browser):
    record = start(world)

    answer = browser.post(
        url("record-done", record),
        {**page_data(browser, record), "checklist_clear": "on", "pain_before": "6"},
        follow=True,
    )

    record.refresh_from_db()
    assert (record.status, record.performed_by, record.performed_at) == ("done", world.doctor, at("10:15"))
    assert "Next: session 2, due Monday 9 March" in answer.content.decode()


def test_a_double_click_on_done_is_one_done(world, browser):
    record = start(world)
    data = {**page_data(browser, record), "checklist_clear": "on"}

    browser.post(url("record-done", record), data)
    second = browser.post(url("record-done", record), data)

    assert second.status_code == 302
    assert AuditEvent.objects.filter(verb="record.done").count() == 1


def test_a_block_is_gone_past_with_a_reason_typed_on_the_page(world, browser):
    record = start(world)
    data = {**page_data(browser, record), "checklist_yes": "fever"}

    refused = browser.post(url("record-done", record), data)
    keys = re.findall(r'name="override_key" value="([^"]*)"', refused.content.decode())
    answer = browser.post(
        url("record-done", record),
        {**data, "override_key": keys, "override_reason": ["Seen by the doctor"] * len(keys)},
    )

    record.refresh_from_db()
    assert refused.status_code == 200
    assert keys
    assert answer.status_code == 302
    override = record.overrides.get()
    assert override.reason == "Seen by the doctor"
    seen = " ".join(unescape(browser.get(url("record-view", record)).content.decode()).split())
    assert seen.count(override.finding) == 1, "the reason stands with the finding, which is said once"
    assert "Given all the same because: Seen by the doctor" in seen


def test_a_lot_is_picked_with_one_tap_and_a_typed_one_is_kept(world, browser):
    later = make_lot(world.clinic, world.lidocaine, number="LATER")
    first = make_lot(world.clinic, world.lidocaine, number="FIRST", expires_on=at("10:00", 200).date())
    record = start(world)
    html = browser.get(url("record-edit", record)).content.decode()
    assert html.index("FIRST") < html.index("LATER")
    data = page_data(browser, record)

    autosave(
        browser, record, data, **{"lines-0-lot": str(first.pk), "lines-1-lot": "typed", "lines-1-lot_number": "B7"}
    )

    given = reads.content(SessionRecord.objects.get()).lines
    assert (given[0].lot_id, given[0].lot_number, given[0].expires_on) == (first.pk, "FIRST", first.expires_on)
    assert (given[1].lot_id, given[1].lot_number) == (None, "B7")
    assert page_data(browser, record)["lines-1-lot"] == ["typed"]
    assert later.pk


def test_a_scanned_pack_is_the_known_lot_or_fills_in_number_and_expiry(world, browser):
    known = make_lot(world.clinic, world.lidocaine, number="FIRST", expires_on=date(2027, 1, 31))
    record = start(world)
    data = page_data(browser, record)

    answer = autosave(
        browser,
        record,
        data,
        **{"lines-0-lot": "typed", "lines-0-lot_number": "(01)09506000134352(17)270131(10)FIRST"},
        **{"lines-1-lot": "typed", "lines-1-lot_number": "10B7\x1d17270228"},
    )

    assert answer.status_code == 200
    given = reads.content(record).lines
    assert (given[0].lot_id, given[0].lot_number) == (known.pk, "FIRST")
    assert (given[1].lot_id, given[1].lot_number, given[1].expires_on) == (None, "B7", date(2027, 2, 28))


def test_a_pack_that_cannot_be_read_is_said_beside_its_field(world, browser):
    record = start(world)
    data = page_data(browser, record)

    answer = autosave(browser, record, data, **{"lines-1-lot": "typed", "lines-1-lot_number": "(17)271331(10)B7"})

    assert "lines-1-lot_number" in answer.json()["errors"]


def test_rows_come_and_go_without_scripts(world, browser):
    record = start(world)
    data = page_data(browser, record)

    added = browser.post(url("record-save", record), {**data, "rows-sites": "add"}).content.decode()

    assert 'name="sites-1-region"' in added


def test_opening_a_record_is_noted(world, browser):
    record = done(world)

    browser.get(url("record-view", record))

    assert AuditEvent.objects.filter(verb="record.opened", patient_id=world.patient.pk).exists()


@pytest.mark.parametrize(
    "name", ["record-view", "record-edit", "record-save", "record-check", "record-done", "addendum"]
)
def test_reception_sees_no_record(world, name):
    record = start(world)
    desk = signed_in(world.desk)

    answers = {desk.get(url(name, record)).status_code, desk.post(url(name, record)).status_code}

    assert answers <= {403, 405}


def test_a_record_of_another_clinic_is_not_there(world, browser):
    other = record_world()
    record = start(other)

    assert browser.get(url("record-view", record)).status_code == 404
    assert browser.post(url("record-save", record)).status_code == 404
    assert browser.get(url("record", other.visit)).status_code == 404


def sign_by_page(browser, *rows, password=PASSWORD):
    return browser.post(
        reverse("sessions:records-sign"), {"record": [str(row.public_id) for row in rows], "password": password}
    )


def test_several_records_are_signed_from_the_list_with_the_password(world, browser):
    first, second = done(world, 1), done(world, 2)
    page = browser.get(reverse("sessions:records-unsigned")).content.decode()

    answer = sign_by_page(browser, first, second)

    assert page.count('name="record"') == 2
    assert answer.status_code == 302
    assert Signature.objects.count() == 2


def test_signing_nothing_is_refused_beside_the_ticks(world, browser):
    done(world, 1)

    answer = sign_by_page(browser)

    html = answer.content.decode()
    assert answer.context["form"].errors == {"record": ["Choose at least one record to sign."]}
    assert '<a href="#id_record">' in html
    assert html.count('aria-invalid="true" aria-describedby="id_record_error"') == html.count('name="record"') == 1


@pytest.mark.parametrize("password", ["", "wrong"])
def test_nothing_is_signed_without_the_password(world, browser, password):
    record = done(world)

    answer = sign_by_page(browser, record, password=password)

    assert answer.status_code == 200
    assert not Signature.objects.exists()


def test_an_addendum_stands_beside_the_words_that_were_signed(world, browser):
    record = signed(world, notes="Original words")
    data = {"kind": "correction", "text": "It was the right side", "reason": "Slip", "password": PASSWORD}

    asked = browser.get(url("addendum", record)).content.decode()
    browser.post(url("addendum", record), data)

    assert "patient-banner" in asked, "nobody adds to the wrong file unseen"
    html = browser.get(url("record-view", record)).content.decode()
    assert "Original words" in html
    assert "It was the right side" in html
    assert "Correction" in html


def test_a_reaction_told_later_is_shown_with_its_day(world, browser):
    record = signed(world)

    browser.post(url("record-reaction", record), {"kind": "Lesion", "severity": "moderate"})

    html = browser.get(url("record-view", record)).content.decode()
    assert "Lesion" in html
    assert "told later" in html


def test_done_is_taken_back_by_a_tap(world, browser):
    record = done(world)

    browser.post(url("record-undo-done", record))

    record.refresh_from_db()
    assert record.status == "draft"


def test_a_draft_is_thrown_away_by_a_tap(world, browser):
    record = start(world)

    answer = browser.post(url("record-discard", record))

    assert answer["Location"] == url("patient", world.patient)
    assert not SessionRecord.objects.exists()


def test_a_gate_is_reviewed_on_the_page_of_the_record_that_closes_it():
    with time_machine.travel(at("10:15"), tick=False):
        world = record_world(cadence="1x!, 2x1w")
        record = done(world)

        html = signed_in(world.doctor_user).get(url("record-view", record)).content.decode()

    assert "Review: how does the course go on?" in html


def test_the_page_asks_the_same_statements_however_many_records_and_rows_there_are(
    world, browser, django_assert_max_num_queries, django_assert_num_queries
):
    first = start(world)
    few = count(django_assert_max_num_queries, browser, url("record-edit", first))
    site = filled(first).sites[0]
    save(world, first, filled(first, sites=(site,) * 30))
    finish(world, first)
    for number in (2, 3):
        done(world, number)
    from tests.sessions.record_world import book_session

    with time_machine.travel(at("10:15", 21), tick=False):
        last = start(world, book_session(world, 4))
        many = count(django_assert_max_num_queries, signed_in(world.doctor_user), url("record-edit", last))

    assert many <= few + 12  # last time's lines are there now, and no more


def count(most, browser, address) -> int:
    browser.get(address)
    with most(200) as asked:
        browser.get(address)
    return len(asked)


def test_a_place_is_read_with_its_technique_depth_and_the_volume_of_its_points(world, browser):
    site = SiteTreated(
        "Neck", "left", 2, world.technique.pk, Decimal(4), points=12, volume_per_point_ml=Decimal("0.2"), syringe="B"
    )
    record = done(world, sites=(site,))

    html = " ".join(browser.get(url("record-view", record)).content.decode().split())

    assert "12 points × 0.2 mL = 2.4 mL · 4 mm · Papule · row 2 · syringe B" in html
