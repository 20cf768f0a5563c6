"""The times offered instead of one that is taken: each is booked when the page is posted as it stands."""

import re
import uuid

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from sessions.models import Appointment
from tests.factories import make_patient
from tests.sessions.booking_world import NOW, PARIS, at, book, open_clinic
from tests.shared import shared

pytestmark = pytest.mark.django_db
EACH = pytest.mark.parametrize("number", range(3))
KEPT = ("on", "at", "minutes", "with_whom", "where", "seen_moves")


@pytest.fixture(autouse=True, scope="module")
def _monday_at_eight():
    with time_machine.travel(NOW, tick=False):
        yield


@shared
def world():
    """Room 1 is taken from nine to half past eleven, while Room 2 and the doctor are free."""
    world = open_clinic()
    for clock in ("09:00", "10:15"):
        horse = make_patient(world.clinic, "horse")
        book(world, clock, patient=horse, practitioner=world.vet, minutes=75)
    return world


@pytest.fixture
def desk(world, client):
    client.force_login(world.desk)
    return client


def slot(free) -> str:
    return f"{free.starts_at.isoformat()}~{free.practitioner.public_id}"


def room_key(room) -> str:
    return f"room-{room.public_id}"


@EACH
def test_with_a_room_named_each_time_offered_is_booked_in_it(world, desk, number):
    address = reverse("sessions:book", query={"patient": world.patient.public_id, "where": room_key(world.room)})
    form = {"slot": f"{at('10:00').isoformat()}~{world.doctor.public_id}", "booking_token": str(uuid.uuid4())}
    offered = desk.post(address, form).context["alternatives"]
    assert len(offered) == 3

    desk.post(address, form | {"slot": slot(offered[number])})

    visit = Appointment.objects.get(patient=world.patient)
    assert (visit.starts_at, visit.room) == (offered[number].starts_at, world.room)


@EACH
def test_with_a_practitioner_looked_for_each_time_offered_is_booked_in_any_room(world, desk, number):
    book(world, "10:00", patient=make_patient(world.clinic), room=world.other_room)
    query = {"patient": world.patient.public_id, "practitioner": world.doctor.public_id}
    form = {"slot": f"{at('10:00').isoformat()}~{world.doctor.public_id}", "booking_token": str(uuid.uuid4())}
    offered = desk.post(reverse("sessions:book", query=query), form).context["alternatives"]
    assert {one.practitioner for one in offered} == {world.doctor}
    assert {one.room for one in offered} == {world.other_room}

    desk.post(reverse("sessions:book", query=query), form | {"slot": slot(offered[number])})

    visit = Appointment.objects.get(patient=world.patient)
    assert (visit.starts_at, visit.practitioner) == (offered[number].starts_at, world.doctor)


@EACH
@pytest.mark.parametrize("is_refused", [True, False], ids=["instead", "suggested"])
def test_the_move_form_offers_times_of_the_room_it_names(world, desk, number, is_refused):
    visit = book(world, "12:00")
    address = reverse("sessions:move", args=[visit.public_id])
    page = desk.get(address)
    form = {name: page.context["form"][name].value() for name in KEPT}
    if is_refused:
        page = desk.post(address, form | {"at": "10:00"})
    offered = page.context["alternatives"]
    assert len(offered) == 3

    desk.post(address, form | {"slot": slot(offered[number])})

    visit.refresh_from_db()
    assert (visit.starts_at, visit.room) == (offered[number].starts_at, world.room)


@EACH
@pytest.mark.parametrize("column", ["room", "practitioner"])
def test_a_drag_names_times_of_the_column_it_ended_in(world, desk, number, column):
    visit = book(world, "12:00", room=world.other_room)
    if column == "practitioner":
        book(world, "10:00", patient=make_patient(world.clinic), practitioner=world.colleague, room=world.other_room)
    at_column = {"room": world.room, "practitioner": world.colleague}[column]
    sent = {"starts": "2026-03-02T10:00", "minutes": "30", column: str(at_column.public_id), "seen_moves": "0"}
    said = desk.post(reverse("sessions:move", args=[visit.public_id]), sent).json()["words"]
    named = re.findall(r"Mon 0?2.*? (\d\d:\d\d)", said)
    assert len(named) == 3

    desk.post(reverse("sessions:move", args=[visit.public_id]), sent | {"starts": f"2026-03-02T{named[number]}"})

    visit.refresh_from_db()
    assert f"{timezone.localtime(visit.starts_at, PARIS):%H:%M}" == named[number]
    assert getattr(visit, column) == at_column
