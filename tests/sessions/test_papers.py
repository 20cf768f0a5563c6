"""All papers alike: the clinic's head and page numbers, a language of their own, any name, and written down."""

import re
import unicodedata
from types import SimpleNamespace

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from mesoclinic.core import audit
from mesoclinic.core.models import AuditEvent, User
from mesoclinic.core.roles import RIGHTS
from mesoclinic.core.services import clinics
from patients.models import Party, Patient
from patients.services import places
from protocols.services import recalls
from sessions.models import Closure, Practitioner
from sessions.printing.document import ClinicPart
from sessions.printing.letters import Letter, Letters
from sessions.printing.pdf import letters_pdf
from sessions.services import rounds
from sessions.services.list_papers import MOST_EVENTS
from sessions.services.rounds import Stop
from tests.factories import make_consent, make_horse, make_user, site_of
from tests.sessions.booking_world import MONDAY, at
from tests.sessions.report_world import LATER, full_world, planned
from tests.sessions.test_pdf import read
from tests.shared import shared
from tests.web.rights import all_views
from tests.web.rows_settings import an_erasure

pytestmark = pytest.mark.django_db
STREET = "12 quai Saint-Michel"
LONG = "Bartholomäus Żółć-Ørsted " + "von der Ångströmhöhe " * 8 + "Ende"
NAMES = {"long": LONG[:200], "arabic": "محمد بن عبد الرحمن", "short": "Ada"}
# Reports handed out are not made anew: they are kept as they were given.
PAPERS = (
    *("course-report-pdf", "patient-card", "course-card", "patient-leaflet", "course-leaflet", "consent-paper"),
    *("round-sheet", "record-label", "recall-letters", "print-erasure", "overview-pdf", "day-list-pdf"),
    "patient-access-log-pdf",
)
FRENCH = {
    "course-report-pdf": "Rapport de cure",
    "patient-card": "Vos rendez-vous",
    "course-card": "Vos rendez-vous",
    "patient-leaflet": "À quoi s’attendre",
    "course-leaflet": "À quoi s’attendre",
    "consent-paper": "Consentement",
    "round-sheet": "Feuille de tournée",
    "record-label": "Lot",
    "overview-pdf": "Vue d’ensemble",
    "day-list-pdf": "Liste du jour",
    "patient-access-log-pdf": "Journal",
}


@pytest.fixture(autouse=True, scope="module")
def two_weeks_on():
    with time_machine.travel(LATER, tick=False):
        yield


@shared
def world() -> SimpleNamespace:
    """A clinic with something to print on every paper."""
    world = full_world()
    reached = {"phone": "+33 5 56 00 00 00", "address": STREET}
    clinics.update_clinic(actor=None, clinic=world.clinic, **reached)
    world.consent = make_consent(world.patient)
    stable = places.create_place(actor=None, clinic=world.clinic, kind="stable", name="Oakfield", travel_min=20)
    world.round = rounds.book_round(
        actor=None,
        clinic=world.clinic,
        site=site_of(world.clinic),
        place=stable,
        practitioner=world.vet,
        starts_at=at("10:00", 14),
        stops=[Stop(make_horse(world.clinic, place=stable), 20, reason="teeth")],
        now=LATER,
    )
    world.recall = recalls.recall_lots(actor=None, clinic=world.clinic, number="MV2291", reason="Maker's letter")
    world.erasure = an_erasure(world.clinic)
    world.asked = {
        "course-report-pdf": [world.course.public_id],
        "course-card": [world.course.public_id],
        "course-leaflet": [world.course.public_id],
        "patient-card": [world.patient.public_id],
        "patient-leaflet": [world.patient.public_id],
        "patient-access-log-pdf": [world.patient.public_id],
        "consent-paper": [world.patient.public_id, world.consent.public_id],
        "round-sheet": [world.round.public_id],
        "record-label": [world.right.public_id],
        "recall-letters": [world.recall.public_id],
        "print-erasure": [world.erasure.patient.public_id, world.erasure.public_id],
    }
    return world


def call_everybody(world, name: str) -> None:
    Patient.objects.filter(clinic=world.clinic).update(name=name, registered_name=name)
    Party.objects.filter(clinic=world.clinic).update(name=name)
    Practitioner.objects.filter(clinic=world.clinic).update(name=name)


def who_may(world, paper: str) -> User:
    return make_user(world.clinic, sorted(RIGHTS[all_views()[f"sessions:{paper}"].right])[0])


def printed(world, paper: str, **query):
    client = Client()
    client.force_login(who_may(world, paper))
    asked = {"on": planned(world, 3).due_on.isoformat(), **query}
    if paper == "print-erasure":
        client.post(reverse("patients:open-restricted", args=world.asked[paper][:1]), {"reason": "asked for"})
    return client.get(reverse(f"sessions:{paper}", args=world.asked.get(paper, [])), asked)


def text_of(answer) -> str:
    pages = (page.extract_text().replace("\u200b", "") for page in read(answer.content).pages)
    return " ".join(" ".join(pages).split())


@pytest.mark.parametrize("paper", PAPERS)
def test_a_paper_has_the_clinics_head_and_numbers_its_pages(world, paper):
    answer = printed(world, paper, language="en")

    assert answer["Content-Type"] == "application/pdf", answer
    text = text_of(answer)
    if paper != "record-label":
        assert "Clinique des Deux Rives" in text
        assert STREET in text
    if paper not in ("record-label", "patient-card", "course-card"):  # of one page; more are numbered there too
        assert re.search(r"Page 1 (of|sur) \d+", text)


@pytest.mark.parametrize("name", ["long", "arabic"])
@pytest.mark.parametrize("paper", PAPERS)
def test_any_name_stands_on_every_paper(world, paper, name):
    call_everybody(world, NAMES[name])

    answer = printed(world, paper)

    assert answer["Content-Type"] == "application/pdf", answer
    letters, wanted = plain(text_of(answer)), plain(NAMES[name])[:30]
    if name == "arabic":  # taking text out turns right-to-left words round
        assert set(wanted) <= set(letters)
    else:
        assert wanted in letters
    assert "□" not in letters


def plain(text: str) -> str:
    """The letters without spaces and without the shapes a script gives them."""
    return "".join(unicodedata.normalize("NFKC", text).split()).replace("\u00ad", "").replace("\u200b", "")


@pytest.mark.parametrize("paper", sorted(FRENCH))
def test_a_paper_is_in_the_language_chosen_for_it_whatever_that_of_the_screen(world, paper):
    french = text_of(printed(world, paper, language="fr"))
    english = text_of(printed(world, paper, language="en"))

    assert FRENCH[paper].replace("’", "'") in french.replace("’", "'")
    assert french != english


def test_nonsense_for_a_language_is_that_of_the_screen(world):
    assert "Day list" in text_of(printed(world, "day-list-pdf", language="xx'"))


def test_each_file_on_the_day_list_is_written_down(world):
    answer = printed(world, "day-list-pdf")

    text = text_of(answer)
    assert "09:30–10:00" in text
    assert world.patient.name in text
    assert [event.patient_id for event in AuditEvent.objects.filter(verb="day-list.printed")] == [world.patient.pk]


def test_the_day_list_prints_what_its_filters_leave(world):
    assert "No visits on this day." in text_of(printed(world, "day-list-pdf", status="cancelled"))
    assert not AuditEvent.objects.filter(verb="day-list.printed").exists()


@pytest.mark.parametrize("reason", ["", "Stocktaking"])
def test_the_day_list_says_that_the_clinic_is_closed_with_its_reason_or_without(world, reason):
    on, site = planned(world, 3).due_on, site_of(world.clinic)
    said = f"The clinic is closed on this day. {reason}".strip()
    assert said not in text_of(printed(world, "day-list-pdf"))

    Closure.objects.create(clinic=world.clinic, site=site, from_on=on, until_on=on, reason=reason)

    assert said in text_of(printed(world, "day-list-pdf"))


def test_the_log_of_a_file_says_that_it_was_printed_and_by_whom(world):
    answer = printed(world, "patient-access-log-pdf")

    event = AuditEvent.objects.get(verb="access-log.printed")
    text = text_of(answer)
    assert event.patient_id == world.patient.pk
    assert "Access log: printed" in text
    assert event.actor_name in text
    assert answer["Content-Disposition"].endswith('_access-log.pdf"')


def test_a_long_log_says_how_much_of_it_stands_there(world):
    opened = {"actor": None, "verb": "patient.opened", "subject": world.patient, "patient_id": world.patient.pk}
    audit.record_all(audit.event(**opened) for _n in range(MOST_EVENTS))

    text = text_of(printed(world, "patient-access-log-pdf"))

    total = AuditEvent.objects.filter(patient_id=world.patient.pk).count()
    assert f"These are the latest {MOST_EVENTS} of {total} entries." in text


def test_each_letter_counts_its_own_pages():
    def letter(paragraphs: int, language: str, page_of: str) -> Letter:
        return Letter(
            to=("Ann",),
            subject="Recall",
            day="2 Mar 2026",
            page_of=page_of,
            language=language,
            paragraphs=("Word " * 200,) * paragraphs,
            closing=("Dr",),
        )

    pdf = letters_pdf(
        Letters(
            clinic=ClinicPart(name="Clinic"),
            title="Recall",
            printed_on=MONDAY,
            letters=(letter(9, "en", "Page {page} of {pages}"), letter(1, "fr", "Page {page} sur {pages}")),
        )
    )

    pages = [page.extract_text() for page in read(pdf).pages]
    numbers = [re.search(r"Page (\d) (?:of|sur) (\d)", page).groups() for page in pages]
    first = len(pages) - 1
    assert first > 1
    assert numbers == [*((str(n), str(first)) for n in range(1, first + 1)), ("1", "1")]
    assert "sur" in pages[-1]
