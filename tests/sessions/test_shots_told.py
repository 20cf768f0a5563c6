"""The number of shots told for a session heads it on every page and paper; that its places differ is said."""

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from sessions.printing.session_layout import session_block
from sessions.printing.words import ENGLISH
from sessions.queries import record_checks
from sessions.queries.record_pages import summaries
from sessions.queries.today_clinic import last_lines
from sessions.recording import RecordContent, SiteTreated, as_last_time
from tests.sessions.booking_world import at
from tests.sessions.record_world import done, filled, record_world, start
from tests.sessions.test_pdf import a_session
from tests.shared import shared

PLACES = (SiteTreated("Back", "left", points=3), SiteTreated("Neck", points=1), SiteTreated("Knee"))


@shared
def world():
    with time_machine.travel(at("10:15"), tick=False):
        yield record_world()


@pytest.mark.engine
def test_a_session_is_headed_by_the_number_told_else_by_that_of_its_places():
    assert session_block(a_session(1, shots_told=120), ENGLISH)["right"] == "120 shots"
    assert session_block(a_session(1, shots_told=None), ENGLISH)["right"] == "46 shots"


@pytest.mark.engine
def test_the_number_told_stands_nowhere_else():
    facts = str(session_block(a_session(1, shots_told=120), ENGLISH)["blocks"])

    assert "120" not in facts


@pytest.mark.django_db
@pytest.mark.parametrize(("told", "shown"), [(120, 120), (None, 4)])
def test_every_page_gives_the_same_number(world, told, shown):
    record = done(world, shots=told, sites=PLACES)
    browser = Client()
    browser.force_login(world.doctor_user)
    page = browser.get(reverse("sessions:record-view", args=[record.public_id])).content.decode()
    file = browser.get(reverse("sessions:patient", args=[world.patient.public_id])).content.decode()

    assert f"{shown} shots" in " ".join(last_lines(record))
    assert f"{shown} shots" in " ".join(summaries([record])[record.pk])
    assert f"{shown} shots" in file
    assert f"<dt>Shots</dt><dd>{shown}</dd>" in "".join(page.split())


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("told", "places", "expected"),
    [
        (120, PLACES, ["The record says 120 shots in all, but its places add up to 4."]),
        *((4, PLACES, []), (None, PLACES, []), (120, (), []), (120, PLACES[2:], [])),
    ],
)
def test_a_number_told_that_is_not_that_of_the_places_is_said_and_blocks_nothing(world, told, places, expected):
    record = start(world)
    check = record_checks.check_record(record, filled(record, shots=told, sites=places), at("10:15"))

    found = [one for one in check.findings if one.rule == "shots.places"]
    levels = [record_checks.LOUDEST_FIRST[one.level] for one in check.findings]

    assert [record_checks.words_of(one) for one in found] == expected
    assert {one.level.value for one in found} <= {"warn"}
    assert levels == sorted(levels)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("places", "expected"),
    [
        (PLACES, ["Knee has no points, other places have: take it away if nothing was injected there."]),
        *((PLACES[:2], []), (PLACES[2:], []), ((), [])),
    ],
)
def test_a_place_without_points_beside_others_is_asked_about_and_stays(world, places, expected):
    record = start(world)
    check = record_checks.check_record(record, filled(record, sites=places), at("10:15"))

    found = [one for one in check.findings if one.rule == "places.no-points"]

    assert [record_checks.words_of(one) for one in found] == expected
    assert {one.level.value for one in found} <= {"warn"}


@pytest.mark.django_db
def test_every_place_told_is_kept_when_the_record_is_done(world):
    record = done(world, sites=PLACES)

    assert [site.region for site in record.injection_sites.order_by("position")] == ["Back", "Neck", "Knee"]


@pytest.mark.engine
@pytest.mark.parametrize(("sites", "expected"), [(PLACES, None), (PLACES[2:], 50), ((), 50)])
def test_a_sum_nobody_told_is_not_told_the_next_time(sites, expected):
    assert as_last_time(RecordContent(shots=50, sites=sites)).shots == expected
