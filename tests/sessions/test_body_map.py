"""The body map: each point lies in one zone at most, each zone is on its side, and records draw what they hold."""

import json
import re
from datetime import date
from html import unescape

import pytest
from django.utils.translation import override

from patients.services import merging
from protocols.services.catalogue import shipped_catalogue
from sessions.body_map import LEFT, RIGHT, VIEWS, views_of, with_stings
from sessions.queries import body_maps
from sessions.queries.body_maps import Dot
from sessions.queries.reports import course_report, get_or_404
from sessions.queries.signatures import verify_chain
from sessions.recording import SiteTreated
from sessions.templatetags.body import circles, zones
from tests.factories import make_patient
from tests.sessions.record_world import book_session, done, record_world, signed, start
from tests.sessions.test_record_pages import autosave, page_data, signed_in, url

ALL = [pytest.param(view, id=f"{species}-{view.code}") for species, views in VIEWS.items() for view in views]


@pytest.mark.parametrize("view", ALL)
def test_the_middle_of_a_zone_lies_in_it_and_all_corners_in_the_view(view):
    for zone in view.zones:
        assert view.zone_at(*zone.middle) is zone, zone
        assert all(0 <= x <= view.width and 0 <= y <= view.height for x, y in zone.corners), zone


@pytest.mark.parametrize("view", ALL)
def test_no_point_lies_in_two_zones(view):
    spots = [(x + 0.3, y + 0.7) for x in range(0, view.width, 3) for y in range(0, view.height, 3)]

    shared = [(at, [one.name for one in found]) for at in spots if len(found := _zones_at(view, *at)) > 1]

    assert not shared


def _zones_at(view, x, y):
    return [zone for zone in view.zones if zone.holds(x, y)]


@pytest.mark.parametrize("view", ALL)
def test_a_zone_has_one_name_on_one_side(view):
    named = [(zone.name, zone.side) for zone in view.zones]

    assert len(named) == len(set(named))


NOWHERE = {"Whole body", "Any region"}  # no place to tap


@pytest.mark.parametrize("species", sorted(VIEWS))
def test_what_the_shipped_indications_and_regions_name_can_be_tapped(species):
    shipped = shipped_catalogue()
    named = {region.code: region.name for region in shipped.regions}
    wanted = {region.name for region in shipped.regions if species in region.species}
    wanted |= {named[one.region] for one in shipped.indications if species in one.species}

    assert wanted - NOWHERE <= {zone.name for view in views_of(species) for zone in view.zones}


@pytest.mark.parametrize("at", [(82, 222), (218, 222)])
def test_the_elbow_lies_between_arm_and_forearm_from_the_front_and_from_behind(at):
    front, back, _face = views_of("human")
    x, y = at

    for view in (front, back):
        assert [view.zone_at(x, y + more).name for more in (-40, 0, 40)] == ["Arm", "Elbow", "Forearm"]


def test_the_jaw_joint_lies_before_the_ear():
    face = views_of("human")[2]

    assert [(face.zone_at(x, 175).name, face.zone_at(x, 175).side) for x in (72, 228)] == [
        ("Jaw joint", RIGHT),
        ("Jaw joint", LEFT),
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("species", "has", "lacks"),
    [("human", {"Elbow", "Whole body", "Forehead"}, "Withers"), ("horse", {"Withers", "Hip"}, "Hand and wrist")],
)
def test_regions_offered_while_typing_are_those_of_the_species(species, has, lacks):
    world = record_world(species=species)
    record, browser = start(world), signed_in(world.doctor_user)

    page = browser.get(url("record-edit", record)).content.decode()

    [offered] = re.findall(rf'<datalist id="regions-{species}">(.*?)</datalist>', page, re.DOTALL)
    assert f'list="regions-{species}"' in page
    assert has <= set(re.findall(r'value="([^"]*)"', offered))
    assert lacks not in offered


def test_sides_are_those_of_the_patient_not_of_who_looks():
    front, back, face = views_of("human")
    assert {view.zone_at(120, 220).side for view in (front,)} == {RIGHT}
    assert back.zone_at(120, 240).side == LEFT
    assert face.zone_at(90, 200).side == RIGHT
    near, off, above = views_of("horse")
    assert {zone.side for zone in near.zones} == {LEFT}
    assert {zone.side for zone in off.zones} == {RIGHT}
    assert (above.zone_at(320, 60).side, above.zone_at(320, 160).side) == (RIGHT, LEFT)
    assert views_of("dog") == ()


def _site(*points, stings: bool = False) -> SiteTreated:
    return SiteTreated("Lower back", "left", points=len(points), is_reactive=stings, map_points=points)


@pytest.mark.django_db
def test_a_record_draws_its_points_and_the_next_one_those_of_last_time_and_all_that_stung():
    world = record_world()
    first = done(world, 1, sites=(_site(("back", 120, 240), stings=True), _site(("back", 130, 250))))
    second = done(world, 2, sites=(_site(("back", 121, 241)),))
    third = start(world, book_session(world, 3))

    [drawn] = body_maps.drawn_map(first)
    front, back, face = body_maps.blank_map(third, second)

    assert drawn.view.code == "back"
    assert [(dot.x, dot.y, dot.stings) for dot in drawn.dots] == [(120, 240, True), (130, 250, False)]
    assert (front.last, front.stung, face.last) == ((), (), ())
    assert [(dot.x, dot.y) for dot in back.last] == [(121, 241)]
    assert [(dot.x, dot.y) for dot in back.stung] == [(120, 240)]
    assert not body_maps.blank_map(first, None)[1].stung, "what stings now is no memory"


@pytest.mark.django_db
def test_a_place_that_stung_without_a_point_on_the_map_is_remembered_in_the_middle_of_its_zone():
    world = record_world()
    stung = SiteTreated("Lower back", "left", points=9, is_reactive=True)
    done(world, 1, sites=(stung, SiteTreated("Somewhere", "", points=2, is_reactive=True)))
    second = start(world, book_session(world, 2))

    front, back, face = body_maps.blank_map(second, None)

    [dot] = back.stung
    assert back.view.zone_at(dot.x, dot.y).name == "Lower back"
    assert (front.stung, face.stung) == ((), ())


@pytest.mark.django_db
def test_where_points_are_marked_only_those_stung_on_the_map_the_heat_and_the_report():
    world = record_world()
    first = signed(world, 1, sites=(_site(("back", 120, 240), ("back", 130, 250, 1), stings=True),))
    second = start(world, book_session(world, 2))

    [drawn] = body_maps.drawn_map(first)
    back = body_maps.blank_map(second, first)[1]

    assert [(dot.x, dot.stings) for dot in drawn.dots] == [(120, False), (130, True)]
    assert [(dot.x, dot.y) for dot in back.stung] == [(130, 250)]
    assert [(dot.x, dot.y) for dot in back.last] == [(120, 240), (130, 250)]
    report = course_report(get_or_404(world.clinic, world.course.public_id), date(2026, 6, 1))
    assert [(dot.x, dot.stings) for dot in report.sessions[0].body[0].points] == [(120, False), (130, True)]
    assert verify_chain(world.clinic).broken is None


@pytest.mark.parametrize(
    ("points", "stung"),
    [
        ([["back", 1, 2], ["back", 3, 4]], [False, False]),
        ([["back", 1, 2, 1], ["back", 3, 4]], [True, False]),
    ],
)
def test_a_marked_point_speaks_for_itself_whatever_the_place_says(points, stung):
    assert [point[3] for point in with_stings(points, is_reactive=stung[0])] == stung


@pytest.mark.django_db
@pytest.mark.parametrize(("mark", "is_kept"), [(1, True), *((mark, False) for mark in (2, 0, "x", [1], True, 1.0))])
def test_a_mark_is_kept_as_sent_while_its_place_is_ticked_and_falls_with_the_tick(mark, is_kept):
    world = record_world()
    record, browser = start(world), signed_in(world.doctor_user)
    points = [["back", 120, 240, mark], ["back", 130, 250]]
    rows = {
        "sites-TOTAL_FORMS": "1",
        "sites-INITIAL_FORMS": "0",
        "sites-0-region": "Lower back",
        "sites-0-syringe": "A",
        "sites-0-is_reactive": "on",
    }

    answer = autosave(browser, record, {**page_data(browser, record), **rows, "sites-0-map_points": json.dumps(points)})

    assert ("sites-0-map_points" in answer.json()["errors"]) is not is_kept
    if is_kept:
        site = record.injection_sites.get()
        assert (site.map_points, site.is_reactive) == (points, True)
        shown = page_data(browser, record)
        shown["sites-0-map_points"] = unescape(shown["sites-0-map_points"][0])
        assert json.loads(shown["sites-0-map_points"]) == points
        del shown["sites-0-is_reactive"]  # unticked without scripts
        autosave(browser, record, shown)
        site = record.injection_sites.get()
        assert (site.map_points, site.is_reactive) == ([["back", 120, 240], ["back", 130, 250]], False)


@pytest.mark.django_db
def test_what_stung_in_a_file_merged_into_this_one_is_remembered():
    """A horse says where it hurts by stings alone: a second file must not hide them."""
    world = record_world()
    signed(world, 1, sites=(_site(("back", 120, 240), stings=True),))
    other = make_patient(world.clinic)
    merging.merge_patient(actor=None, patient=world.patient, into=other)
    world.patient = other
    second = start(world, book_session(world, 2))
    assert second.patient_id == other.pk

    back = body_maps.blank_map(second, None)[1]

    assert [(dot.x, dot.y) for dot in back.stung] == [(120, 240)]


@pytest.mark.django_db
def test_the_latest_sessions_that_stung_are_added_up_with_all_their_places(monkeypatch):
    monkeypatch.setattr(body_maps, "STUNG_SESSIONS", 1)
    world = record_world()
    done(world, 1, sites=(_site(("back", 120, 240), stings=True),))
    done(world, 2, sites=(_site(("back", 121, 241), stings=True), _site(("back", 131, 251), stings=True)))
    third = start(world, book_session(world, 3))

    back = body_maps.blank_map(third, None)[1]

    assert sorted((dot.x, dot.y) for dot in back.stung) == [(121, 241), (131, 251)]


@pytest.mark.django_db
def test_a_species_nobody_has_drawn_has_no_map(django_assert_num_queries):
    world = record_world(species="dog")
    record = start(world)
    assert record.patient.species.code == "dog"

    with django_assert_num_queries(0):
        assert body_maps.blank_map(record, None) == []


def test_zones_are_drawn_in_the_readers_language():
    view, *_others = views_of("human")

    with override("en"):
        english = zones(view, taps=True)
    with override("fr"):
        french = zones(view, taps=True)

    assert english.count("<polygon") == french.count("<polygon") == len(view.zones)
    assert english != french
    assert english.count('tabindex="0"') == 1


def test_a_point_that_is_no_number_is_not_drawn():
    with pytest.raises(ValueError, match="format"):
        circles([Dot('1"><script>', 2)], 3)
