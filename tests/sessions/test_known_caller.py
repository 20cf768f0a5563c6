"""A new caller who turns out to be known: what was typed goes along to the page of the patient."""

import pytest
import time_machine
from django.urls import reverse

from patients.models import Patient
from sessions.models import Appointment
from tests.sessions.booking_world import NOW, at, open_clinic
from tests.shared import shared

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True, scope="module")
def _monday_at_eight():
    with time_machine.travel(NOW, tick=False):
        yield


@shared
def world():
    return open_clinic()


@pytest.fixture
def desk(world, client):
    client.force_login(world.desk)
    return client


def typed_for(world, **fields) -> dict:
    return {
        "known": str(world.patient.public_id),
        "name": "Ada L.",
        "phone": "06 39 98 11 22",
        "reason": "knee",
        "note": "two steps at the door",
        **fields,
    }


def sent_on(desk, typed, **looked_for):
    return desk.post(reverse("sessions:new-caller", query=looked_for), typed, follow=True)


def test_the_button_is_in_the_form_and_enter_still_registers(world, desk):
    hint = desk.get(reverse("sessions:likely-known"), {"name": "Ada Lovelace", "species": "human"}).content.decode()
    page = desk.get(reverse("sessions:new-caller")).content.decode()

    assert f'name="known" value="{world.patient.public_id}"' in " ".join(hint.split())
    first = page.partition('type="submit"\n        form="caller"')[2].partition("</button>")[0]
    assert first.endswith(">Register and book"), "Enter presses the first button of a form"
    assert page.index(first) < page.index('name="for_species"') < page.index('id="likely-known"')


def test_a_free_time_chosen_and_all_words_are_on_the_page_of_the_patient(world, desk):
    chosen = f"2026-03-03T10:00:00+01:00~{world.doctor.public_id}"

    answer = sent_on(desk, typed_for(world, slot=chosen))

    page = answer.content.decode()
    assert answer.redirect_chain[-1] == (reverse("sessions:book", query={"patient": world.patient.public_id}), 307)
    assert f'value="{chosen}" checked' in page, "the day of the time is unfolded, the time ticked"
    assert 'value="knee"' in page
    assert 'value="two steps at the door; Called from: 06 39 98 11 22"' in page
    assert "data-error-summary" not in page
    assert not Appointment.objects.exists(), "nothing is booked yet"


def test_a_time_typed_with_its_practitioner_is_kept(world, desk):
    typed = typed_for(world, slot="other", on="2026-03-04", at="10:10", with_whom=str(world.colleague.public_id))

    form = sent_on(desk, typed).context["form"]

    assert {name: form[name].value() for name in ("slot", "on", "at", "with_whom")} == {
        name: typed[name] for name in ("slot", "on", "at", "with_whom")
    }


def test_what_was_looked_for_is_kept(world, desk):
    looked_for = {"kind": "review", "minutes": "45", "practitioner": str(world.colleague.public_id)}

    chosen = sent_on(desk, typed_for(world), **looked_for, species="human").context["desk"].chosen

    assert (chosen["kind"], chosen["minutes"], chosen["practitioner"]) == ("review", 45, world.colleague)


def test_a_phone_the_file_has_is_not_said_again(world, desk):
    Patient.objects.filter(pk=world.patient.pk).update(phone="+33 6 39 98 11 22")

    form = sent_on(desk, typed_for(world)).context["form"]

    assert form["note"].value() == "two steps at the door"


def test_the_page_it_led_to_books_what_was_typed(world, desk):
    chosen = f"{at('10:00').isoformat()}~{world.doctor.public_id}"
    answer = sent_on(desk, typed_for(world, slot=chosen))
    form = answer.context["form"]
    shown = {name: form[name].value() for name in ("slot", "reason", "note", "booking_token")}

    desk.post(answer.redirect_chain[-1][0], shown)

    visit = Appointment.objects.get()
    assert (visit.patient, visit.starts_at, visit.reason) == (world.patient, at("10:00"), "knee")


def test_pressed_again_after_going_back_it_still_takes_all_along(world, desk):
    typed = typed_for(world, csrfmiddlewaretoken="one page")
    body = "&".join(f"{name}={value}" for name, value in typed.items()).replace(" ", "+")
    sent = {"data": body, "content_type": "application/x-www-form-urlencoded"}

    answers = [desk.post(reverse("sessions:new-caller"), **sent) for _time in range(2)]

    assert [answer.status_code for answer in answers] == [307, 307]


@pytest.mark.parametrize("known", ["", "nobody", "\x00", "f1d1de47-13eb-4636-9c1b-875c85b95707"])
def test_a_patient_that_is_none_of_ours_is_not_found(world, desk, known):
    answer = sent_on(desk, typed_for(world, known=known))

    assert answer.status_code in (200, 404)
    assert not Appointment.objects.exists()
