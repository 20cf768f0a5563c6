"""A place the record began with and nobody used is not told as treated; what somebody typed stays."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest
import time_machine

from sessions.queries import records as reads
from sessions.recording import RecordContent, SiteTreated
from sessions.services import records
from sessions.services.records import Typed
from tests.sessions.booking_world import at
from tests.sessions.record_world import book_session, done, filled, finish, record_world, save, start
from tests.sessions.test_record_pages import page_data, signed_in, url

pytestmark = pytest.mark.django_db
TAPPED = SiteTreated("Shoulder", "left", points=4, map_points=(("back", 90, 200),) * 4)


@pytest.fixture
def world():
    with time_machine.travel(at("10:15"), tick=False):
        yield record_world()


def given(world, *sites, number: int = 1) -> list[SiteTreated]:
    """Return the places of a record that is done with those it began with and these."""
    record = start(world, world.visit if number == 1 else book_session(world, number))
    begun = filled(record)
    save(world, record, replace(begun, sites=(*begun.sites, *sites)))
    finish(world, record)
    return list(reads.content(record).sites)


def test_a_place_nobody_used_falls_away_beside_others(world):
    assert given(world, TAPPED) == [TAPPED]


def test_the_only_place_stays(world):
    assert [site.region for site in given(world)] == ["Neck"]


def test_a_place_without_points_stays_where_none_has_any(world):
    assert [site.region for site in given(world, SiteTreated("Knee"))] == ["Neck", "Knee"]


@pytest.mark.parametrize(
    "typed",
    [
        *({"depth_mm": Decimal(2)}, {"is_reactive": True}, {"row": 1}, {"side": "right"}, {"points": 3}),
        *({"volume_per_point_ml": Decimal("0.05")}, {"map_points": (("back", 1, 2),)}),
    ],
)
def test_whatever_was_typed_of_a_place_stays(world, typed):
    record = start(world)
    content = filled(record)
    [begun] = content.sites
    mine = replace(begun, **typed)
    save(world, record, replace(content, sites=(mine, TAPPED)))
    finish(world, record)

    assert list(reads.content(record).sites) == [mine, TAPPED]


def test_a_place_typed_without_points_stays(world):
    knee = SiteTreated("Knee", "left")

    assert given(world, knee, TAPPED) == [knee, TAPPED]


def test_a_place_taken_over_from_last_time_without_points_falls_away_too(world):
    done(world)

    assert given(world, TAPPED, number=2) == [TAPPED]


def test_a_second_tap_of_the_same_page_changes_nothing(world):
    record = start(world)
    content = filled(record)
    content = replace(content, sites=(*content.sites, TAPPED))
    typed = Typed(raw={}, content=content, edit_count=record.edit_count, token="one")
    finish(world, record, typed=typed)
    record.refresh_from_db()

    finish(world, record, typed=typed)

    assert reads.content(record).sites == (TAPPED,)


def test_a_second_tap_on_the_page_leads_where_the_first_led(world):
    browser, record = signed_in(world.doctor_user), start(world)
    save(world, record, filled(record, sites=(*filled(record).sites, TAPPED)))
    data = page_data(browser, record) | {"performed_by": world.doctor.pk}
    data["sites-1-map_points"] = json.dumps(TAPPED.map_points)

    first = browser.post(url("record-done", record), data)
    second = browser.post(url("record-done", record), data)

    record.refresh_from_db()
    assert record.status == "done", first.content.decode()
    assert reads.content(record).sites == (TAPPED,)
    assert (first.status_code, second.status_code) == (302, 302)
    assert first.url == second.url


def test_nothing_is_asked_where_all_places_have_points(world, django_assert_num_queries):
    record = start(world)

    with django_assert_num_queries(0):
        records.without_unused_places(record, RecordContent(sites=(TAPPED,)))
