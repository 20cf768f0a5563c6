"""A record being written says where its mix comes from, and changes to the other source on one button."""

from dataclasses import replace
from decimal import Decimal

import pytest

from sessions.models import SessionRecord
from sessions.queries import records as reads
from sessions.queries.mix_sources import origin_of, sources_of
from sessions.recording import LineGiven
from tests.factories import make_lot
from tests.sessions.record_world import book_session, done, start
from tests.sessions.test_record_pages import browser, page_data, url, world

__all__ = ["browser", "world"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def record(world) -> SessionRecord:
    """The draft of a second session; at the first less of one substance was given than the protocol says."""
    line, other = reads.content(start(world)).lines
    done(world, lines=(replace(line, prepared_ml=Decimal("1.5"), given_ml=Decimal("1.5")), other))
    return start(world, book_session(world, 2))


def said(html: str) -> str:
    return html.split("data-mix-origin>")[1].split("</p>")[0].strip()


def mix(record) -> list[tuple]:
    return [(line.prepared_ml, line.given_ml) for line in reads.content(SessionRecord.objects.get(pk=record.pk)).lines]


def pressed(browser, record, button, **typed):
    return browser.post(
        url("record-save", record), {**page_data(browser, record), **typed, "compose": button}, follow=True
    )


def test_the_first_record_of_a_course_says_that_it_is_as_in_the_protocol_and_offers_nothing_else(world, browser):
    record = start(world)

    html = browser.get(url("record-edit", record)).content.decode()

    assert said(html).startswith("As in the protocol (")
    assert said(html).endswith("version 1).")
    assert 'value="last"' not in html
    assert 'value="protocol" formnovalidate' not in " ".join(html.split())


def test_the_next_one_says_the_day_of_the_last_session_and_offers_the_protocol(record, browser):
    html = browser.get(url("record-edit", record)).content.decode()

    assert said(html) == "As last time (2 March 2026)."
    assert 'id="mix-protocol"' in html
    assert 'id="mix-last"' not in html


def test_the_lines_of_the_protocol_come_at_once_with_their_lots_are_saved_and_go_back(world, record, browser):
    lot = make_lot(world.clinic, world.lidocaine, number="NEW")

    html = pressed(browser, record, "protocol").content.decode()

    assert mix(record) == [(2, 2), (1, 1)]
    assert reads.content(SessionRecord.objects.get(pk=record.pk)).lines[0].lot_id == lot.pk
    assert said(html).startswith("As in the protocol (")

    pressed(browser, record, "last")

    assert mix(record) == [(Decimal("1.5"), Decimal("1.5")), (1, 1)]


CHANGED = {"lines-0-prepared_ml": "1.7", "lines-0-given_ml": "1.7"}


def test_what_was_typed_is_asked_about_before_it_goes(record, browser):
    html = pressed(browser, record, "protocol", **CHANGED).content.decode()

    assert said(html) == "As last time (2 March 2026), changed since."
    assert "Replace the lines you changed by those of the protocol?" in html
    assert 'value="1.7"' in html
    assert mix(record) == [(Decimal("1.5"), Decimal("1.5")), (1, 1)]

    pressed(browser, record, "protocol sure", **CHANGED)

    assert mix(record) == [(2, 2), (1, 1)]


def test_a_row_that_is_not_whole_yet_is_asked_about_too(record, browser):
    html = pressed(browser, record, "protocol", **{"lines-0-substance": ""}).content.decode()

    assert "Replace the lines you changed by those of the protocol?" in html


def test_keeping_what_is_typed_keeps_it(record, browser):
    pressed(browser, record, "keep", **CHANGED)

    assert mix(record) == [(Decimal("1.7"), Decimal("1.7")), (1, 1)]


def test_the_button_changes_the_mix_where_it_stands_and_asks_there(record, browser):
    data = {**page_data(browser, record), "compose": "protocol"}

    html = browser.post(url("record-compose", record), data).content.decode()

    assert said(html).startswith("As in the protocol (")
    assert 'value="2"' in html

    html = browser.post(url("record-compose", record), {**data, **CHANGED}).content.decode()

    assert "Replace the lines you changed" in html
    assert 'value="1.7"' in html


def test_the_sentence_follows_what_is_typed(record, browser):
    data = page_data(browser, record)

    html = browser.post(url("record-check", record), {**data, **CHANGED}).content.decode()

    assert said(html) == "As last time (2 March 2026), changed since."
    assert "data-mix-moves" in html
    assert 'id="mix-last"' in html


def test_a_line_beside_the_mix_stays_and_is_no_change(record, browser):
    data = page_data(browser, record)
    beside = {
        "lines-TOTAL_FORMS": "3",
        "lines-2-substance": data["lines-1-substance"][0],
        "lines-2-role": "sedation",
        "lines-2-prepared_ml": "1",
        "lines-2-given_ml": "1",
        "lines-2-syringe": "A",
    }

    pressed(browser, record, "protocol", **beside)

    kept = reads.content(SessionRecord.objects.get(pk=record.pk)).lines
    assert [(line.role == "sedation", line.given_ml) for line in kept] == [(True, 1), (False, 2), (False, 1)]


def test_a_mix_that_is_as_neither_tells_where_it_began_as_far_as_is_known(record):
    sources = sources_of(record)
    lines = sources["protocol"].lines
    other = (replace(lines[0], prepared_ml=Decimal(9)), *lines[1:])

    began = origin_of(other, sources, "protocol")
    near = origin_of((*lines, replace(lines[0], role="add_in")), sources)
    neither = origin_of((LineGiven(0, "base", Decimal(3), Decimal(3)),), sources)

    assert [one.kind for one in (began, near, neither)] == ["protocol", "protocol", "last"]
    assert all(one.others == ("last", "protocol") for one in (began, near, neither))


def test_a_mix_as_both_says_both_and_offers_nothing(world):
    done(world)
    record = start(world, book_session(world, 2))

    origin = origin_of(reads.content(record).lines, sources_of(record))

    assert origin.words.startswith("As last time (2 March 2026), and as in the protocol (")
    assert origin.others == ()
