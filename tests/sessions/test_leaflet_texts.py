"""What a clinic adds to the leaflet *what to expect*: whose leaflet, which language, who may write it, how it looks."""

import pytest
from django.urls import reverse

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.refused import Refused
from mesoclinic.core.roles import Role
from sessions.models import LeafletText
from sessions.services.leaflets import set_leaflet_texts
from sessions.services.take_along import print_leaflet
from tests.factories import make_clinic, make_patient, make_user
from tests.sessions.booking_world import NOW
from tests.sessions.test_take_along import text_of

pytestmark = pytest.mark.django_db
PAGE = "sessions:leaflet-texts"


def added(clinic, text="Please bring the passport.", *, reader="animals", language="en"):
    set_leaflet_texts(actor=None, clinic=clinic, texts={(reader, language): text})


def leaflet(patient, language="en") -> str:
    return text_of(print_leaflet(actor=make_user(patient.clinic), patient=patient, language=language, now=NOW))


def signed_in(client, clinic, role):
    client.force_login(make_user(clinic, role))
    return client


def test_the_text_is_printed_below_the_shipped_one_for_its_readers_in_its_language():
    clinic = make_clinic()
    horse, person = make_patient(clinic, "horse"), make_patient(clinic, "human")
    added(clinic, "Please bring the passport.\n\nPark behind the barn.")

    said = leaflet(horse)

    assert said.index("What to watch for") < said.index("From your clinic") < said.index("Please bring the passport.")
    assert "Park behind the barn." in said
    assert "From your clinic" not in leaflet(person)
    french = leaflet(horse, "fr")
    assert "passport" not in french
    assert "votre cabinet" not in french


def test_a_text_of_another_clinic_is_printed_nowhere_else():
    added(make_clinic(), "Ring twice.")

    assert "Ring twice." not in leaflet(make_patient(make_clinic(), "horse"))


def test_a_manager_writes_it_and_takes_it_off_again(client):
    clinic = make_clinic()
    signed_in(client, clinic, Role.MANAGER)

    answer = client.post(reverse(PAGE), {"animals_en": "  Ring twice. \r\n Mind the dog. ", "people_fr": ""})

    assert answer.status_code == 302
    kept = LeafletText.objects.get()
    assert (kept.reader, kept.language, kept.text) == ("animals", "en", "Ring twice.\nMind the dog.")
    assert AuditEvent.objects.get(verb="clinic.leaflet-text-set").reason == "animals en"
    assert "Mind the dog." in client.get(reverse(PAGE)).content.decode()
    client.post(reverse(PAGE), {"animals_en": "Ring twice.\nMind the dog."})
    assert AuditEvent.objects.filter(verb="clinic.leaflet-text-set").count() == 1  # nothing new was said
    client.post(reverse(PAGE), {"animals_en": " "})
    assert not LeafletText.objects.exists()


def test_a_text_that_is_too_long_or_for_nobody_is_refused_and_nothing_is_kept(client):
    signed_in(client, make_clinic(), Role.MANAGER)

    answer = client.post(reverse(PAGE), {"people_en": "x" * 1501, "animals_en": "Ring twice."})

    assert answer.status_code == 422
    assert not LeafletText.objects.exists()
    with pytest.raises(Refused):
        added(make_clinic(), "Ring twice.", reader="nobody")


@pytest.mark.parametrize(
    ("reader", "mine", "other"), [("people", "Do not press", "Do not ride"), ("animals", "Do not ride", "Do not press")]
)
def test_the_preview_is_the_leaflet_with_what_was_typed_and_keeps_nothing(client, reader, mine, other):
    clinic = make_clinic()
    make_patient(clinic)
    added(clinic, "Kept before.", reader=reader)
    signed_in(client, clinic, Role.MANAGER)

    answer = client.post(
        reverse("sessions:leaflet-preview", args=[reader, "en"]), {f"{reader}_en": "Typed <b>just</b> now."}
    )

    assert answer["Content-Type"] == "application/pdf"
    said = text_of(type("Printed", (), {"pdf": answer.content}))
    assert "Typed <b>just</b> now." in said
    assert "Kept before." not in said
    assert "Example" in said
    assert LeafletText.objects.get().text == "Kept before."
    assert not AuditEvent.objects.filter(verb="leaflet.printed").exists()


def test_a_preview_of_an_unknown_reader_or_language_is_no_page(client):
    signed_in(client, make_clinic(), Role.MANAGER)

    for place in (["nobody", "en"], ["people", "xx"]):
        assert client.post(reverse("sessions:leaflet-preview", args=place)).status_code == 404


@pytest.mark.parametrize(("role", "status"), [(Role.PRACTITIONER, 200), (Role.RECEPTION, 403), (Role.ADMIN, 403)])
def test_who_writes_protocols_writes_this_too(client, role, status):
    assert signed_in(client, make_clinic(), role).get(reverse(PAGE)).status_code == status


def test_what_no_printer_takes_is_refused_beside_the_text_it_is_in(client):
    clinic = make_clinic()
    manager = signed_in(client, clinic, Role.MANAGER)

    answer = manager.post(reverse(PAGE), {"animals_en": "Bring\x00it"})

    assert answer.context["form"].errors.keys() == {"animals_en"}
    assert not LeafletText.objects.exists()
