"""The form of a consent that is signed on paper: it can be printed before anything is noted, and is called after the patient."""

import io
from datetime import date

import pypdf
import pytest
from django.urls import reverse

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.roles import Role
from patients.models import Consent, ConsentText
from patients.services import consents, parties
from tests.factories import make_clinic, make_horse, make_patient, make_user

pytestmark = pytest.mark.django_db


def a_text(clinic, language="en"):
    body = "I was told what to expect.\n\nI agree."
    return ConsentText.objects.create(
        clinic=clinic, kind="general", version=3, title="Treatment", body=body, language=language
    )


def text_of(answer) -> str:
    pages = pypdf.PdfReader(io.BytesIO(answer.content)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).replace("\u200b", "").split())


def test_the_form_is_printed_before_anybody_consented_in_the_language_of_its_words_or_the_one_chosen(client):
    clinic = make_clinic()
    patient, text = make_patient(clinic, name="Ada Łuczak"), a_text(clinic, "fr")
    client.force_login(make_user(clinic, Role.RECEPTION))
    address = reverse("sessions:consent-form", args=[patient.public_id, text.public_id])

    page = client.get(reverse("patients:give-consent", args=[patient.public_id])).content.decode()
    own, english = client.get(address), client.get(address, {"language": "en"})

    assert f'href="{address}"' in page
    assert f"{address}?language=en" in page
    assert "I was told what to expect. I agree." in text_of(own)
    assert "Patient Ada Łuczak" in text_of(own)
    assert all(one in text_of(own) for one in ("Donné par", "En qualité de", "Signature"))
    assert all(one in text_of(english) for one in ("Given by", "As", "On", "Signature"))
    assert "Ada-%C5%81uczak_consent.pdf" in own["Content-Disposition"]
    event = AuditEvent.objects.filter(verb="consent-form.printed").latest("pk")
    assert (event.patient_id, Consent.objects.count()) == (patient.pk, 0)


def test_the_paper_of_a_consent_is_called_after_the_patient_and_has_no_empty_lines(client):
    clinic = make_clinic()
    patient = make_patient(clinic, name="Ada")
    given = {"given_by_name": "Ada Byron", "given_as": "patient", "given_on": date(2026, 3, 2)}
    consent = consents.give_consent(actor=None, patient=patient, text=a_text(clinic), **given)
    client.force_login(make_user(clinic, Role.RECEPTION))

    answer = client.get(reverse("sessions:consent-paper", args=[patient.public_id, consent.public_id]))

    assert '"2026-03-02_Ada_consent.pdf"' in answer["Content-Disposition"]
    assert text_of(answer).count("Given by") == 1


def chosen(client, patient) -> tuple[str, str]:
    form = client.get(reverse("patients:give-consent", args=[patient.public_id])).context["form"]
    return form["given_by"].value() or "", form["given_as"].value() or ""


def test_who_gives_it_begins_with_the_person_and_with_the_guardian_of_a_child(client):
    clinic = make_clinic()
    adult, child = make_patient(clinic, birth_on=date(1980, 1, 1)), make_patient(clinic, birth_on=date(2020, 1, 1))
    mother = parties.add_party(actor=None, patient=child, name="Anne", role="guardian")
    client.force_login(make_user(clinic, Role.RECEPTION))

    assert chosen(client, adult) == ("self", "patient")
    assert chosen(client, child) == (str(mother.party.public_id), "guardian")
    assert chosen(client, make_horse(clinic))[0] != "self"
