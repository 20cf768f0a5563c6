"""A consent signed on the screen: drawn or typed, bounded, kept with its words, printed, never shown as sent."""

import io
import json
from hashlib import sha256

import pypdf
import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.refused import Refused
from mesoclinic.core.roles import Role
from patients.models import Consent, ConsentSignature, ConsentText
from patients.services import consents
from patients.services.pseudonymising import clear_identity
from patients.signatures import MOST_POINTS, NotASignature, has_ink, path_of, read_strokes
from tests.factories import make_clinic, make_patient, make_user
from tests.shared import shared

STROKES = [[[10, 150], [90, 60], [200, 140]], [[220, 100], [300, 100]]]


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "[[]]",
        "[[[1]]]",
        "[[[1,2,3]]]",
        '[[["1",2]]]',
        "[[[1.5,2]]]",
        "[[[true,2]]]",
        "[[[-1,2]]]",
        "[[[601,2]]]",
        "[[[1,201]]]",
        "[" * 50_000,
        "<svg onload=alert(1)>",
        json.dumps([[[1, 1]]] * 201),
        json.dumps([[[1, 1]] * (MOST_POINTS + 1)]),
        json.dumps([[[1, 1]] * 20_000]),
    ],
)
def test_what_is_no_drawing_on_the_pad_is_refused(text):
    with pytest.raises(NotASignature):
        read_strokes(text)


def test_a_drawing_is_read_as_numbers_and_a_tap_is_no_signature():
    strokes = read_strokes(json.dumps(STROKES))

    assert path_of(strokes) == "M10 150 L90 60 L200 140 M220 100 L300 100"
    assert has_ink(strokes)
    assert read_strokes("") == ()
    assert not has_ink(read_strokes("[[[5, 5]], [[7, 7], [8, 8]]]"))


@shared
def patient():
    patient = make_patient(make_clinic(), name="Ida Roux")
    patient.words = ConsentText.objects.create(
        clinic=patient.clinic, kind="general", version=7, title="Treatment", body="I was told.\n\nI agree."
    )
    return patient


def browser_of(patient, role=Role.RECEPTION) -> Client:
    browser = Client()
    browser.force_login(make_user(patient.clinic, role))
    return browser


def send(browser, patient, **sent):
    address = reverse("patients:sign-consent", args=[patient.public_id])
    given = {"text": str(patient.words.public_id), "given_by": "self", "given_as": "patient"}
    return browser.post(address, {**given, **sent})


def test_it_is_kept_with_its_words_who_signed_as_what_and_when(patient):
    desk = browser_of(patient)

    page = desk.get(reverse("patients:sign-consent", args=[patient.public_id])).content.decode()
    send(desk, patient, strokes=json.dumps(STROKES))

    assert "I was told." in page
    consent = Consent.objects.get()
    assert (consent.method, consent.given_by_name, consent.given_as) == ("screen", "Ida Roux", "patient")
    assert consent.text == patient.words
    assert consent.signature.strokes == STROKES
    assert consent.signature.text_sha256 == sha256(b"Treatment\nI was told.\n\nI agree.").hexdigest()


def test_the_patients_page_draws_it_and_its_paper_prints_it(patient):
    desk = browser_of(patient)
    told = send(desk, patient, strokes=json.dumps(STROKES))
    consent = Consent.objects.get()

    html = desk.get(told["Location"]).content.decode()
    answer = desk.get(reverse("sessions:consent-paper", args=[patient.public_id, consent.public_id]))

    assert 'd="M10 150 L90 60 L200 140 M220 100 L300 100"' in html
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Cache-Control"] == "no-store"
    text = " ".join(pypdf.PdfReader(io.BytesIO(answer.content)).pages[0].extract_text().split())
    assert "I was told." in text
    assert "Ida Roux · The patient" in text
    assert "Version 7" in text
    assert AuditEvent.objects.filter(verb="consent.printed", patient_id=patient.pk).count() == 1


def test_its_paper_says_in_which_language_its_words_are(patient):
    """A French text on an English paper is read aloud as French."""
    patient.words.language = "fr"
    patient.words.save()
    desk = browser_of(patient)
    send(desk, patient, typed_name="Ida Roux")
    consent = Consent.objects.get()

    answer = desk.get(reverse("sessions:consent-paper", args=[patient.public_id, consent.public_id]))

    root = pypdf.PdfReader(io.BytesIO(answer.content)).trailer["/Root"]
    assert root["/Lang"] == "en"
    assert list(_languages(root["/StructTreeRoot"])) == ["fr", "fr", "fr"]  # the heading and both paragraphs


def _languages(node):
    node = node.get_object()
    if isinstance(node, list):
        for kid in node:
            yield from _languages(kid)
    elif isinstance(node, dict):
        yield from [str(node["/Lang"])] if "/Lang" in node else []
        yield from _languages(node["/K"]) if "/K" in node else []


def test_a_name_typed_stands_in_for_a_drawing(patient):
    desk = browser_of(patient)
    send(desk, patient, typed_name="Ida <b>Roux")
    consent = Consent.objects.get()

    html = desk.get(reverse("sessions:patient", args=[patient.public_id])).content.decode()

    assert consent.signature.typed_name == "Ida <b>Roux"
    assert "Typed: Ida &lt;b&gt;Roux" in html


@pytest.mark.parametrize("sent", [{}, {"strokes": "[[[5, 5]]]"}, {"strokes": "<svg>"}, {"strokes": "[[[1,99999]]]"}])
def test_without_a_signature_nothing_is_kept_and_it_says_so(patient, sent):
    answer = send(browser_of(patient), patient, **sent)

    assert "your name" in answer.content.decode()
    assert not Consent.objects.exists()


def test_the_same_signature_sent_twice_is_one_consent(patient):
    user = make_user(patient.clinic, Role.RECEPTION)
    strokes = read_strokes(json.dumps(STROKES))
    asked = {"actor": user, "patient": patient, "text": patient.words, "given_by_name": "Ida", "given_as": "patient"}

    first = consents.sign_consent(**asked, strokes=strokes)
    again = consents.sign_consent(**asked, strokes=strokes)

    assert first == again
    with pytest.raises(Refused) as refused:
        consents.sign_consent(**asked)
    assert refused.value.code == "no-signature"


def test_the_database_keeps_no_empty_signature(patient):
    consent = consents.give_consent(
        actor=None, patient=patient, text=patient.words, given_by_name="Ida", given_as="patient"
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        ConsentSignature.objects.create(consent=consent, text_sha256="x", signed_at=consent.created_at)


def test_a_hand_is_gone_with_the_name_of_a_pseudonymised_file(patient):
    send(browser_of(patient), patient, strokes=json.dumps(STROKES))

    with transaction.atomic():
        clear_identity([patient], timezone.now(), timezone.localdate())

    assert Consent.objects.count() == 1
    assert not ConsentSignature.objects.exists()
