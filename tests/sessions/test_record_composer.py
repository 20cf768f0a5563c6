"""The composer on the record: scaled, swapped, saline only, all saved at once; shares of ceilings as bars."""

import re
from datetime import date
from decimal import Decimal

import pytest

from mesoclinic.core.models import User
from protocols.models import Category, Substance
from sessions.models import SessionRecord
from sessions.queries import records as reads
from tests.factories import make_lot, make_substance
from tests.sessions.record_world import start
from tests.sessions.test_record_pages import browser, page_data, url, world

__all__ = ["browser", "world"]
pytestmark = pytest.mark.django_db


def composed(browser, record, **asked):
    return browser.post(url("record-save", record), {**page_data(browser, record), **asked}, follow=True)


def volumes():
    return [(line.prepared_ml, line.given_ml) for line in reads.content(SessionRecord.objects.get()).lines]


def test_the_whole_mix_is_scaled_and_saved(world, browser):
    record = start(world)
    before = volumes()

    composed(browser, record, compose="scale", compose_ml=str(2 * sum(given for _drawn, given in before)))

    assert volumes() == [(2 * drawn, 2 * given) for drawn, given in before]


def test_a_volume_that_is_none_is_said_and_everything_stays(world, browser):
    record = start(world)
    before = volumes()

    answer = composed(browser, record, compose="scale", compose_ml="0", notes="typed just now")

    assert "A number above 0" in answer.content.decode()
    assert "typed just now" in answer.content.decode()
    assert volumes() == before


def test_saline_only_leaves_one_line(world, browser):
    saline = make_substance(world.clinic, "Sodium chloride", categories=("physiologic",))
    Substance.objects.filter(pk=saline.pk).update(code="sodium-chloride")
    assert Category.objects.filter(code="physiologic").exists()
    record = start(world)
    given_ml = sum(given for _drawn, given in volumes())

    composed(browser, record, compose="saline")

    lines = reads.content(SessionRecord.objects.get()).lines
    assert [(line.substance_id, line.given_ml) for line in lines] == [(saline.pk, given_ml)]


def test_a_swapped_line_asks_for_another_substance_and_keeps_its_volume(world, browser):
    record = start(world)
    data = page_data(browser, record)

    answer = composed(browser, record, compose="swap lines-0")

    html = answer.content.decode()
    assert "Choose a substance, or remove this row." in html
    assert f'name="lines-0-given_ml" value="{data["lines-0-given_ml"][0]}"' in html


def test_the_share_of_a_ceiling_is_a_bar(world, browser):
    record = start(world)
    line = reads.content(record).lines[0]
    Substance.objects.filter(pk=line.substance_id).update(max_mg_per_session=Decimal(40))

    html = browser.post(url("record-check", record), page_data(browser, record)).content.decode()

    assert 'class="share-bar"' in html
    assert "50 % of 40 mg" in html  # 2 mL of 10 mg/mL


def test_the_mix_is_changed_where_it_stands_and_nothing_is_kept(world, browser):
    record = start(world)
    before = volumes()
    data = {**page_data(browser, record), "uid": "r2-", "compose": "scale", "compose_ml": "9"}

    html = browser.post(url("record-compose", record), data).content.decode()

    assert 'aria-labelledby="r2-step-mix"' in html
    assert 'id="r2-id_lines-0-given_ml"' in html
    assert "<strong>9 mL</strong>" in html
    assert volumes() == before


def test_what_cannot_be_composed_is_said_and_the_page_stays(world, browser):
    record = start(world)

    answer = browser.post(
        url("record-compose", record), {**page_data(browser, record), "compose": "scale", "compose_ml": "none"}
    )

    assert answer.status_code == 204
    assert "A number above 0" in answer["HX-Trigger"]


def test_the_live_check_of_a_round_keeps_its_records_apart(world, browser):
    record = start(world)
    data = {**page_data(browser, record), "uid": "r2-", "lines-0-given_ml": "90", "lines-0-prepared_ml": "90"}
    Substance.objects.filter(pk=reads.content(record).lines[0].substance_id).update(max_mg_per_session=Decimal(40))

    html = browser.post(url("record-check", record), data).content.decode()

    assert 'id="r2-override-1"' in html
    assert 'for="r2-override-1"' in html


@pytest.mark.parametrize("scanned", ["AB7", "(01)09506000134352(17)990101(10)AB7"])
def test_a_pack_scanned_into_an_empty_row_names_its_substance(world, browser, scanned):
    make_lot(world.clinic, world.vessel, number="AB7")
    record = start(world)
    data = page_data(browser, record)
    row = f"lines-{data['lines-TOTAL_FORMS'][0]}"
    data |= {
        "lines-TOTAL_FORMS": str(int(data["lines-TOTAL_FORMS"][0]) + 1),
        f"{row}-lot": "",
        f"{row}-lot_number": scanned,
    }

    html = browser.post(url("record-compose", record), data).content.decode()

    assert f'name="{row}-substance" value="{world.vessel.pk}"' in html


@pytest.mark.parametrize("owners", [0, 2])
def test_a_number_of_no_substance_or_of_two_names_none_and_nothing_changes(world, browser, owners):
    for substance in (world.vessel, make_substance(world.clinic))[:owners]:
        make_lot(world.clinic, substance, number="AB7")
    record = start(world)
    data = page_data(browser, record)
    row = f"lines-{data['lines-TOTAL_FORMS'][0]}"
    data |= {"lines-TOTAL_FORMS": str(int(data["lines-TOTAL_FORMS"][0]) + 1)}
    data |= {f"{row}-lot": "", f"{row}-lot_number": "AB7"}

    answer = browser.post(url("record-compose", record), data)

    assert (answer.status_code, answer.content) == (204, b"")


def fresh_row(browser, record, **fields):
    data = page_data(browser, record)
    row = f"lines-{data['lines-TOTAL_FORMS'][0]}"
    data["lines-TOTAL_FORMS"] = str(int(data["lines-TOTAL_FORMS"][0]) + 1)
    return row, data | {
        f"{row}-lot": "",
        f"{row}-strength": "",
        **{f"{row}-{name}": text for name, text in fields.items()},
    }


def sent_with(html, row, name):
    found = re.search(rf'<input[^>]*name="{row}-{name}"[^>]*value="([^"]*)"', html)
    return found[1] if found else None


def ticked(html, row):
    found = [tag for tag in re.findall(rf'<input type="radio" name="{row}-lot"[^>]*>', html) if "checked" in tag]
    return [re.search(r'value="(\w+)"', tag)[1] for tag in found]


def test_a_substance_just_chosen_gets_the_lot_that_expires_first_and_the_strength_of_its_pack(world, browser):
    make_lot(world.clinic, world.vessel, number="LATER", expires_on=date(2029, 1, 31))
    first = make_lot(
        world.clinic,
        world.vessel,
        number="FIRST",
        expires_on=date(2028, 1, 31),
        strength=Decimal(3),
        strength_unit="mg/mL",
    )
    record = start(world)
    row, data = fresh_row(browser, record, substance=str(world.vessel.pk))

    html = browser.post(url("record-compose", record), data).content.decode()

    assert ticked(html, row) == [str(first.pk)]
    assert sent_with(html, row, "strength") == "3"
    assert "FIRST · 3 mg/mL" in html
    assert "How many mL?" not in html


def test_the_lot_that_is_tapped_brings_the_strength_of_its_pack(world, browser):
    make_lot(world.clinic, world.lidocaine, number="USUAL")
    strong = make_lot(world.clinic, world.lidocaine, number="STRONG", strength=Decimal(20), strength_unit="mg/mL")
    record = start(world)
    data = page_data(browser, record)
    assert data["lines-0-strength"] == ["10"]

    html = browser.post(url("record-compose", record), data | {"lines-0-lot": str(strong.pk)}).content.decode()

    assert sent_with(html, "lines-0", "strength") == "20"
    assert browser.post(url("record-compose", record), data).status_code == 204


def test_a_pack_that_was_scanned_is_ticked_among_the_lots(world, browser):
    lot = make_lot(world.clinic, world.vessel, number="AB7", expires_on=date(2029, 1, 31))
    make_lot(world.clinic, world.vessel, number="FIRST", expires_on=date(2028, 1, 31))
    record = start(world)
    row, data = fresh_row(browser, record, lot_number="(01)09506000134352(17)290131(10)AB7")

    html = browser.post(url("record-compose", record), data).content.decode()

    assert ticked(html, row) == [str(lot.pk)]
    assert sent_with(html, row, "lot_number") in ("", None)


def test_a_pack_with_another_day_of_expiry_is_not_the_lot_of_that_number(world, browser):
    make_lot(world.clinic, world.vessel, number="AB7", expires_on=date(2029, 1, 31))
    record = start(world)
    row, data = fresh_row(browser, record, lot_number="(01)09506000134352(17)280131(10)AB7")

    html = browser.post(url("record-compose", record), data).content.decode()

    assert ticked(html, row) == []
    assert "(10)AB7" in sent_with(html, row, "lot_number")


def test_saline_only_and_a_swap_propose_a_lot(world, browser):
    saline = make_substance(world.clinic, "Sodium chloride", categories=("physiologic",))
    Substance.objects.filter(pk=saline.pk).update(code="sodium-chloride")
    lot = make_lot(world.clinic, saline)
    record = start(world)
    data = page_data(browser, record)

    html = browser.post(url("record-compose", record), {**data, "compose": "saline"}).content.decode()

    row = f"lines-{data['lines-TOTAL_FORMS'][0]}"
    assert ticked(html, row) == [str(lot.pk)]

    swapped = browser.post(url("record-compose", record), {**data, "compose": "swap lines-0"}).content.decode()
    assert "Choose a substance, or remove this row." not in swapped


def test_the_lines_of_the_mix_are_named_in_the_language_of_who_records(world, browser):
    record = start(world)
    browser.cookies["django_language"] = "fr"
    User.objects.filter(pk=world.doctor_user.pk).update(language="fr")

    page = browser.get(url("record-edit", record)).content.decode()

    assert '<strong class="given-line-name">Lidocaïne</strong>' in page
    assert '<span class="visually-hidden">Lidocaïne</span>' in page
