"""The answer to a request for erasure on paper: the same as on the page, in the reader's language, and noted."""

import re
from datetime import UTC, datetime
from io import BytesIO

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import translation
from pypdf import PdfReader

from mesoclinic.core.models import AuditEvent
from patients.services.retention import set_retention
from sessions.queries import erasure as reads
from sessions.queries.erasure_letter import letters, rule_words
from sessions.services.erasure import print_answer
from tests.factories import site_of
from tests.sessions.erasure_world import NOW, erase, erasure_world
from tests.shared import shared

pytestmark = pytest.mark.django_db


@shared
def world():
    with time_machine.travel(NOW, tick=False):
        yield erasure_world()


def text_of(pdf: bytes) -> str:
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages))


def printed(world, request) -> tuple[bytes, str]:
    return print_answer(actor=world.manager, request=request, site=site_of(world.clinic))


def test_the_letter_says_all_that_the_page_says(world):
    request = erase(world, language="en")

    said = text_of(printed(world, request)[0])

    for line in (*reads.lines(request.deleted), *reads.lines(request.kept)):
        assert str(line.words) in said
    assert "Code de la santé publique" in said
    assert "20 years from the last entry" in said
    assert f"{request.kept_until_on.day} " in said
    assert str(request.kept_until_on.year) in said
    assert "complain" in said


def test_the_letter_speaks_the_language_it_was_asked_in(world):
    request = erase(world, language="fr")

    with translation.override("en"):
        pdf, name = printed(world, request)

    reader = PdfReader(BytesIO(pdf))
    assert reader.trailer["/Root"]["/Lang"] == "fr"
    assert "effacement" in text_of(pdf)
    assert "Deleted" not in text_of(pdf)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d_Person-\d+_erasure\.pdf", name)


def test_a_period_entered_later_does_not_change_the_answer_given(world):
    request = erase(world, language="en")
    before = printed(world, request)[0]

    set_retention(
        actor=None,
        clinic=world.clinic,
        applies_to="people",
        since_on=NOW.date(),
        keep_years=3,
        source="Another rule",
    )

    assert printed(world, request)[0] == before


def test_every_print_is_noted_with_who_printed(world):
    request = erase(world)
    browser = Client()
    browser.force_login(world.manager)
    place = reverse("sessions:print-erasure", args=[world.patient.public_id, request.public_id])

    answer = browser.get(place)

    assert answer["Content-Type"] == "application/pdf"
    assert "no-store" in answer["Cache-Control"]
    event = AuditEvent.objects.get(verb="erasure.printed")
    assert (event.actor, event.patient_id) == (world.manager, world.patient.pk)
    assert place in browser.get(reverse("sessions:erase", args=[world.patient.public_id])).text


def test_a_pseudonymised_file_has_no_letter_any_more(world):
    from sessions.services.retention import pseudonymise_patient

    request = erase(world)
    over = datetime(request.kept_until_on.year + 1, 1, 1, tzinfo=UTC)
    pseudonymise_patient(actor=world.manager, patient=world.patient, site=site_of(world.clinic), reason="x", now=over)
    browser = Client()
    browser.force_login(world.manager)

    answer = browser.get(reverse("sessions:print-erasure", args=[world.patient.public_id, request.public_id]))

    assert answer.status_code == 302
    assert not AuditEvent.objects.filter(verb="erasure.printed").exists()


def test_every_end_of_a_rule_is_said():
    rule = {"keep_years": 20, "until_birthday": 28, "after_death_years": 10}

    assert rule_words(rule) == (
        "20 years from the last entry, at least until the age of 28, at least 10 years after death"
    )


def test_owner_and_representative_are_addressed_as_such(world):
    request = erase(world, asked_as="representative", asked_by_name="Bea Speaks", language="en")

    (letter,) = letters(request, site_of(world.clinic)).letters

    assert letter.to[0] == "Bea Speaks"
    assert "legal representative" in letter.paragraphs[0]
