"""A room knows its species: who is given which room, whoever picks it, and what is refused in which words."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.refused import Refused
from mesoclinic.core.roles import Role
from sessions.models import Appointment, BookingPreference, Room
from sessions.queries import appointments as reads
from sessions.queries import room_choice
from sessions.queries.broken import Cause, broken_visits
from sessions.queries.fitting import times_for_visit
from sessions.queries.proposals import find_series
from sessions.queries.reassignment import new_times
from sessions.queries.together import Table, Wanted, Way
from sessions.services import appointments, availability
from sessions.services.rounds import Stop
from tests.factories import make_course, make_practitioner, make_room, make_user
from tests.sessions.booking_world import MONDAY, NOW, at, book, open_clinic, patient, species
from tests.shared import shared

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True, scope="module")
def _monday_at_eight():
    with time_machine.travel(NOW, tick=False):
        yield


@shared
def world():
    """Room 1 and 2 are for people, the box is for horses; there is a room for everybody on top, first in the list."""
    world = open_clinic()
    world.anyones = make_room(world.clinic, name="Anyone's")
    availability.update_room(actor=None, room=world.anyones, position=0)
    world.box = make_room(world.clinic, name="Horse box")
    for room, code in ((world.room, "human"), (world.other_room, "human"), (world.box, "horse")):
        for_species(room, code)
    return world


def for_species(room, *codes) -> Room:
    return availability.update_room(actor=None, room=room, species=[species(code) for code in codes])


def horse_asked(world, **fields) -> dict:
    return {"patient": world.horse, "practitioner": world.vet, "room": None, "any_room": True, **fields}


def book_horse(world, clock="10:00", **fields) -> Appointment:
    return book(world, clock, **horse_asked(world, **fields))


def walk_in(world, who, practitioner, **fields) -> Appointment:
    asked = {"actor": world.desk, "clinic": world.clinic, "site": world.site, "minutes": 20, "now": at("10:00")}
    return appointments.walk_in(patient=who, practitioner=practitioner, **{**asked, **fields})


def course_of(world, who, practitioner, cadence="3x1w@20"):
    return make_course(world.clinic, patient=who, practitioner=practitioner, start_on=MONDAY, cadence=cadence, now=NOW)


# The rule


def test_rooms_that_name_the_species_come_before_rooms_that_take_all(world):
    rooms = list(Room.objects.filter(site=world.site))

    assert [one.name for one in rooms] == ["Anyone's", "Room 1", "Room 2", "Horse box"]
    assert [one.name for one in room_choice.fitting(rooms, species("horse"))] == ["Horse box", "Anyone's"]
    assert [one.name for one in room_choice.fitting(rooms, species("human"))] == ["Room 1", "Room 2", "Anyone's"]
    assert [one.name for one in room_choice.fitting(rooms, species("human"), species("horse"))] == ["Anyone's"]


def test_any_free_room_is_one_that_takes_the_species_the_horse_box_first(world):
    other = patient(world.clinic, "Colza", "horse")
    third = patient(world.clinic, "Dahlia", "horse")
    vets = [make_practitioner(world.clinic, species=[species("horse")]) for _ in range(2)]

    first = book_horse(world)
    second = book_horse(world, patient=other, practitioner=vets[0])
    with pytest.raises(Refused) as no:
        book_horse(world, patient=third, practitioner=vets[1])

    assert (first.room, second.room, no.value.code) == (world.box, world.anyones, "no-room")


def test_where_no_room_takes_the_species_none_is_needed(world):
    for room in (world.anyones, world.box):
        for_species(room, "human")

    assert book_horse(world).room is None
    assert walk_in(world, patient(world.clinic, "Colza", "horse"), world.vet).room is None
    assert reads.free_times(world.site, [world.vet], MONDAY, MONDAY, 30, patient=world.horse, now=NOW).told()


def test_choosing_a_room_asks_the_database_no_more_than_without_species(world):
    book_horse(world, "09:00")
    with CaptureQueriesContext(connection) as named:
        book_horse(world, "10:00")
    Room.objects.update(species=[])
    with CaptureQueriesContext(connection) as unnamed:
        book_horse(world, "11:00")

    assert len(named) == len(unnamed)


# Walk-ins


def test_a_horse_that_walks_in_gets_the_box_and_a_person_never_does(world):
    horse = walk_in(world, world.horse, world.vet)
    people = [walk_in(world, patient(world.clinic, f"P{n}"), world.doctor) for n in range(4)]

    assert horse.room == world.box
    assert [one.room for one in people] == [world.room, world.other_room, world.anyones, None]


def test_a_person_that_walks_in_gets_no_box_while_it_stands_free(world):
    for_species(world.anyones, "horse")
    people = [walk_in(world, patient(world.clinic, f"P{n}"), world.doctor) for n in range(3)]

    assert [one.room for one in people] == [world.room, world.other_room, None]


# Chosen by hand


def test_a_room_that_does_not_take_the_species_is_refused_with_what_to_do(world):
    with pytest.raises(Refused) as no:
        book_horse(world, room=world.room, any_room=False)

    assert (no.value.code, no.value.field) == ("room-wrong-species", "room")
    assert no.value.message.startswith("Room 1 does not take this species (horse). Choose another room")
    assert "alternatives" not in no.value.details, "no other time is free in that room"
    assert not Appointment.objects.exists()


def test_the_page_offers_only_rooms_that_take_the_patient_and_refuses_another_beside_the_field(world, client):
    client.force_login(world.desk)
    address = reverse("sessions:book", query={"patient": world.horse.public_id})

    page = client.get(address).content.decode()
    wrong = client.get(address + f"&where=room-{world.room.public_id}")

    assert "Horse box" in page
    assert ">Room 1<" not in page
    words = "Room 1 does not take this species (horse). Choose Horse box or Anyone&#x27;s."
    assert wrong.context["filters"].has_error("where", "wrong-species")
    assert words in wrong.content.decode()


def test_a_form_that_names_the_wrong_room_books_nothing(world, client):
    client.force_login(world.desk)
    address = reverse("sessions:book", query={"patient": world.horse.public_id})
    at_ten = f"{at('10:00').isoformat()}~{world.vet.public_id}"
    form = {"slot": at_ten, "booking_token": "6a3f6dbd-5d8f-4f4d-a5d4-3c5bb5a10d5e"}

    client.post(address + f"&where=room-{world.room.public_id}", form)
    assert not Appointment.objects.exists()
    client.post(address + f"&where=room-{world.box.public_id}", form)

    assert Appointment.objects.get().room == world.box


def test_a_wish_for_a_room_that_does_not_take_the_patient_is_refused(world, client):
    client.force_login(world.desk)
    address = reverse("sessions:set-preference", args=[world.horse.public_id])

    answer = client.post(address, {"room": world.room.public_id})

    assert answer.context["form"].has_error("room", "wrong-species")
    assert not BookingPreference.objects.exists()


# Moving


def test_a_drag_into_the_wrong_room_is_refused_and_a_move_leaves_a_room_that_no_longer_fits(world):
    visit = book_horse(world)
    with pytest.raises(Refused, match="does not take this species"):
        appointments.move(actor=world.desk, appointment=visit, starts_at=at("11:00"), room=world.room, now=NOW)
    for_species(world.box, "human")

    moved = appointments.move(actor=world.desk, appointment=visit, starts_at=at("11:00"), now=NOW)

    assert moved.room == world.anyones


def test_taking_a_move_back_needs_no_room_that_takes_the_species(world):
    visit = book_horse(world)
    appointments.move(actor=world.desk, appointment=visit, starts_at=at("11:00"), now=NOW)
    for_species(world.box, "human")
    visit.refresh_from_db()

    back = appointments.NewTime(visit, at("10:00"), room=world.box, any_room=False)
    appointments.move_back(actor=world.desk, moves=[back], now=NOW)

    visit.refresh_from_db()
    assert (visit.starts_at, visit.room) == (at("10:00"), world.box)


# Proposals


def test_a_series_is_proposed_in_rooms_that_take_the_patient_even_when_these_are_last(world):
    horses, peoples = course_of(world, world.horse, world.vet), course_of(world, world.patient, world.doctor)

    def rooms(course):
        wishes = BookingPreference(patient=course.patient, clinic=world.clinic)
        return {line.room for line in find_series(course, wishes, now=NOW).lines()}

    assert rooms(horses) == {world.box}
    assert rooms(peoples) == {world.room}


def test_a_series_accepted_with_a_room_that_takes_the_patient_no_more_books_nothing(world):
    course = course_of(world, world.horse, world.vet)
    found = find_series(course, BookingPreference(patient=world.horse, clinic=world.clinic), now=NOW)
    times = [appointments.SeriesTime(one.number, one.starts_at, one.practitioner, one.room) for one in found.lines()]
    for_species(world.box, "human")

    with pytest.raises(Refused, match="does not take this species"):
        appointments.book_series(actor=world.desk, clinic=world.clinic, course=course, times=times, now=NOW)

    assert not Appointment.objects.exists()


def test_other_times_for_a_visit_and_times_after_an_absence_keep_to_the_rule(world):
    visit = book_horse(world, day_offset=7)
    assert {one.room for one in times_for_visit(visit, NOW)} == {world.box}
    make_practitioner(world.clinic, species=[species("horse")])
    availability.add_absence(actor=world.desk, practitioner=world.vet, starts_at=at("00:00", 7), ends_at=at("00:00", 8))

    lost = [one.visit for one in broken_visits(world.site, Cause(), now=NOW).visits]
    found = new_times(lost, now=NOW)

    assert lost == [visit]
    shown = [found[visit.pk].proposed, *found[visit.pk].others]
    assert {one.free.room for one in shown} == {world.box}


def test_people_and_horses_side_by_side_each_get_a_room_of_their_own_kind(world):
    stops = (Stop(world.patient, 20, None), Stop(world.horse, 20, None))
    rooms = tuple(Room.objects.filter(site=world.site))

    def sittings(way, rooms):
        people = (world.doctor, world.vet)
        asked = {"site": world.site, "stops": stops, "way": way, "people": people, "rooms": rooms}
        return Table(Wanted(**asked, on=MONDAY + timedelta(days=1), now=NOW)).choices()

    assert {tuple(seat.room for seat in one.seats) for one in sittings(Way.AT_ONCE, rooms)} == {(world.room, world.box)}
    without_box = tuple(room for room in rooms if room not in (world.box, world.anyones))
    assert {tuple(seat.room for seat in one.seats) for one in sittings(Way.AT_ONCE, without_box)} == {
        (world.room, None)
    }


def test_one_after_the_other_they_share_a_room_that_takes_both(world):
    both = make_practitioner(world.clinic, species=[species("horse"), species("human")])
    stops = (Stop(world.patient, 20, None), Stop(world.horse, 20, None))
    asked = {"site": world.site, "stops": stops, "way": Way.ONE_AFTER_ANOTHER, "people": (both,), "now": NOW}

    found = Table(Wanted(**asked, rooms=tuple(Room.objects.filter(site=world.site)), on=MONDAY)).choices()

    assert {seat.room for one in found for seat in one.seats} == {world.anyones}


# Settings


def test_the_manager_says_which_species_a_room_takes_and_the_list_shows_it(world, client):
    client.force_login(make_user(world.clinic, Role.ADMIN))
    address = reverse("sessions:edit-room", args=[world.box.public_id])
    page = client.get(address).content.decode()
    assert "Only patients of these species are given this room." in page
    form = {"name": "Horse box", "position": 4, "is_active": "on", "species": ["horse", "human"]}

    client.post(address, form)

    world.box.refresh_from_db()
    assert world.box.species == ["horse", "human"]
    (change,) = [one for one in AuditEvent.objects.latest("pk").changes if one["field"] == "species"]
    assert (change["old"], change["new"]) == ("horse", "horse, human")
    listed = client.get(reverse("sessions:rooms")).content.decode()
    assert "every species" in listed


def test_a_new_room_says_which_species_it_takes(world, client):
    client.force_login(make_user(world.clinic, Role.ADMIN))

    client.post(reverse("sessions:create-room", args=[world.site.public_id]), {"name": "Yard", "species": ["horse"]})
    unknown = client.post(
        reverse("sessions:create-room", args=[world.site.public_id]), {"name": "Sea", "species": ["whale"]}
    )

    assert Room.objects.get(name="Yard").species == ["horse"]
    assert unknown.context["form"].has_error("species")
