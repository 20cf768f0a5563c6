"""Somebody who has no file yet stands at the desk: registered and here with one form, and nothing typed in an address."""

import uuid
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from patients.models import Party, Patient
from patients.services import places
from sessions.models import Appointment
from tests.sessions.booking_world import NOW, at, book, open_clinic
from tests.shared import shared
from tests.web.tags import tags

pytestmark = pytest.mark.django_db
TYPED = {"name": "Zoë New", "phone": "06 39 98 11 22", "reason": "knee"}


@pytest.fixture(autouse=True, scope="module")
def _monday_at_ten():
    with time_machine.travel(at("10:00"), tick=False):
        yield


@shared
def world():
    world = open_clinic()
    world.stable = places.create_place(actor=None, clinic=world.clinic, name="Oakfield stables")
    return world


@pytest.fixture
def desk(world, client):
    client.force_login(world.desk)
    return client


def address(**query) -> str:
    return reverse("sessions:walk-in-new-caller", query=query)


def addresses(page, attribute: str) -> list[str]:
    found = (tag.attributes.get(attribute) for tag in tags(page.content.decode()))
    return [one for one in found if one]


def sent(world, **fields) -> dict:
    return {"booking_token": str(uuid.uuid4()), "with_whom": str(world.doctor.public_id), **TYPED, **fields}


def test_the_search_sends_the_name_the_place_and_the_practitioner_on_in_a_form(world, desk):
    looked = {"q": "Zoë New", "place": world.stable.public_id, "practitioner": world.vet.public_id}
    page = desk.get(reverse("sessions:walk-in", query=looked))
    (to,) = [one for one in addresses(page, "action") if "new-caller" in one]
    assert "Zo" not in to

    answer = desk.post(to, {"for_species": "", "name": "Zoë New"})

    form = answer.context["form"]
    assert (answer.status_code, form.errors) == (200, {})
    assert (form["name"].value(), form["with_whom"].value()) == ("Zoë New", world.vet.public_id)
    assert (answer.context["species"].code, answer.context["place"]) == ("horse", world.stable)
    assert not Patient.objects.filter(name="Zoë New").exists()


def test_a_number_that_was_searched_for_is_no_name(world, desk):
    page = desk.get(reverse("sessions:walk-in", query={"q": "06 39 98 11 22"}))

    assert page.context["new_name"] == ""


def test_somebody_new_is_registered_and_here_now(world, desk):
    book(world, "10:00", now=NOW)  # the doctor is busy: who stands at the desk is squeezed in
    form = sent(world)

    answer = desk.post(address(species="human"), form, follow=True)
    desk.post(address(species="human"), form)

    visit = Appointment.objects.get(patient__name="Zoë New")
    assert (visit.status, visit.kind, visit.reason) == ("arrived", "first_visit", "knee")
    assert (visit.practitioner, visit.starts_at, visit.arrived_at) == (world.doctor, at("10:00"), at("10:00"))
    assert visit.ends_at - visit.starts_at == timedelta(minutes=world.clinic.first_visit_min)
    assert (visit.is_squeezed_in, visit.room, visit.created_by) == (True, world.other_room, world.desk)
    assert visit.patient.phone == "06 39 98 11 22"
    assert "Zoë New is here, with Dr Ada." in answer.content.decode()
    assert answer.redirect_chain == [(reverse("sessions:appointment", args=[visit.public_id]), 302)]


def test_a_new_horse_at_the_stable_stands_there_and_the_phone_is_its_owners(world, desk):
    form = sent(world, name="Bellefleur", owner_name="Hanna", with_whom=str(world.vet.public_id))

    desk.post(address(species="horse", place=world.stable.public_id), form)

    visit = Appointment.objects.get()
    assert (visit.place, visit.room, visit.patient.place) == (world.stable, None, world.stable)
    owner = Party.objects.get(name="Hanna")
    assert (owner.phone, visit.patient.phone) == (TYPED["phone"], "")


@pytest.mark.parametrize("field", ["name", "phone", "reason", "with_whom"])
def test_what_is_missing_is_said_beside_it_and_nobody_is_registered(world, desk, field):
    before = Patient.objects.count()

    page = desk.post(address(species="human"), sent(world) | {field: ""})

    assert page.context["form"].errors.keys() == {field}
    assert (Patient.objects.count(), Appointment.objects.count()) == (before, 0)


def test_what_the_services_refuse_registers_nobody(world, desk):
    world.doctor.last_day_on = at("10:00", -1).date()
    world.doctor.save(update_fields=["last_day_on"])
    before = Patient.objects.count()

    page = desk.post(address(species="human"), sent(world))

    assert page.context["form"].errors
    assert (Patient.objects.count(), Appointment.objects.count()) == (before, 0)


def test_another_species_keeps_what_was_typed_and_asks_who_treats_it(world, desk):
    answer = desk.post(address(species="human"), sent(world, for_species="horse"), follow=True)

    form = answer.context["form"]
    assert answer.redirect_chain == [(address(species="horse"), 307)]
    assert {name: form[name].value() for name in TYPED} == TYPED
    assert form["with_whom"].value() == world.vet.public_id, "the only one who treats horses"
    assert not form.errors


def test_a_time_to_come_is_one_button_away_with_all_that_was_typed(world, desk):
    page = desk.get(address(place=world.stable.public_id, practitioner=world.vet.public_id))
    (later,) = addresses(page, "formaction")

    answer = desk.post(later, sent(world, for_species="horse"))

    looked = answer.context["filters"]
    assert {name: answer.context["form"][name].value() for name in TYPED} == TYPED
    assert looked["where"].value() == f"place-{world.stable.public_id}"
    assert looked["practitioner"].value() == str(world.vet.public_id)
    assert looked.errors == {}


def test_who_turns_out_to_have_a_file_is_here_with_it(world, desk):
    hint = desk.get(reverse("sessions:likely-known"), {"name": "Ada Lovelace", "species": "human", "is_here": "1"})
    assert "Here now" in hint.content.decode()

    desk.post(address(species="human"), sent(world, name="Ada Lovelace", known=world.patient.public_id), follow=True)

    visit = Appointment.objects.get()
    assert (visit.patient, visit.practitioner, visit.status) == (world.patient, world.doctor, "arrived")
    assert visit.reason == sent(world)["reason"]
    assert Patient.objects.filter(name="Ada Lovelace").count() == 1
