"""A record asks and is read in words for people or for animals, and offers the techniques of its species."""

from decimal import Decimal

import pytest
import time_machine
from django.utils import translation

from protocols.models import Species, Technique
from protocols.services.catalogue import shipped_catalogue
from sessions.printing.words import ENGLISH
from sessions.queries.record_options import Wanted, record_options
from sessions.queries.record_pages import score_words
from sessions.queries.report_words import report_words
from sessions.recording import ScoreGiven
from tests.factories import make_horse
from tests.sessions.booking_world import MONDAY, at
from tests.sessions.record_world import done, record_world, start
from tests.sessions.test_record_pages import autosave, page_data, signed_in, url
from tests.shared import shared

pytestmark = pytest.mark.django_db
BRIGHTER = (ScoreGiven("behaviour", "after", Decimal(1), "clinician"),)
WORDS = {
    ("human", "en"): ("How does the patient feel right after the session?", "Livelier", "Well-being after"),
    ("human", "fr"): ("Comment se sent le patient juste après la séance", "Plus d’entrain", "Bien-être après"),
    ("horse", "en"): ("How is the animal right after the session?", "Brighter", "Behaviour after"),
    ("horse", "fr"): ("Comment va l’animal juste après la séance", "Plus vif", "Comportement après"),
}


@shared
def world():
    with time_machine.travel(at("10:15"), tick=False):
        yield record_world()


def of_species(world, code: str):
    make_horse(world.clinic)
    world.patient.species = Species.objects.get(code=code)
    world.patient.save(update_fields=["species"])


@pytest.mark.parametrize(("species", "language"), WORDS)
def test_words_fit_the_species(world, species, language):
    of_species(world, species)
    browser, record = signed_in(world.doctor_user), start(world)
    browser.cookies["django_language"] = language

    page = browser.get(url("record-edit", record)).content.decode()

    question, answer, label = WORDS[species, language]
    assert question in page
    assert answer in page
    with translation.override(language):
        assert report_words(world.patient.species)["behaviour"] == label


@pytest.mark.parametrize(
    ("species", "said"), [("human", "Well-being after: livelier"), ("horse", "Behaviour after: brighter")]
)
def test_what_was_chosen_is_read_in_the_same_words(world, species, said):
    of_species(world, species)

    assert said in score_words(done(world, scores=BRIGHTER))


def test_every_answer_for_animals_and_people_is_translated():
    labels = {
        one
        for scale in shipped_catalogue().scores
        for choice in scale.choices
        for one in (choice.said_of(True), choice.said_of(False))
    }

    with translation.override("fr"):
        assert not [one for one in labels if translation.gettext(one) == one]
    assert ENGLISH["behaviour"] == "Behaviour after"


def offered(world, **wanted) -> set[str]:
    return {one.code for one in record_options(start(world), Wanted(MONDAY, **wanted)).techniques}


@pytest.mark.parametrize(("species", "absent", "present"), [("human", "rows", "nappage"), ("horse", "nappage", "rows")])
def test_techniques_are_those_of_the_species_and_the_clinics_own(world, species, absent, present):
    of_species(world, species)
    Technique.objects.create(clinic=world.clinic, code="our_way", name="Our way")
    for code in ("rows", "nappage"):
        Technique.objects.create(clinic=world.clinic, code=code, name=code)

    codes = offered(world)

    assert {"our_way", "papule", present} <= codes
    assert absent not in codes


def test_a_technique_the_record_names_stays_whatever_its_species(world):
    rows = Technique.objects.create(clinic=world.clinic, code="rows", name="Rows")
    browser, record = signed_in(world.doctor_user), start(world)
    answer = autosave(browser, record, page_data(browser, record), technique=rows.pk)

    record.refresh_from_db()
    assert answer.json()["errors"] == {}
    assert record.technique == rows
    assert f'<option value="{rows.pk}" selected>' in browser.get(url("record-edit", record)).content.decode()


def test_a_technique_offered_no_longer_stays_in_the_records_that_name_it_and_is_offered_to_no_other(world):
    papule = Technique.objects.get(clinic=world.clinic, code="papule")
    browser, record = signed_in(world.doctor_user), start(world)
    autosave(browser, record, page_data(browser, record), technique=papule.pk)
    papule.is_archived = True
    papule.save(update_fields=["is_archived"])

    page = browser.get(url("record-edit", record)).content.decode()
    answer = autosave(browser, record, page_data(browser, record), notes="One word more")

    record.refresh_from_db()
    assert f'<option value="{papule.pk}" selected>' in page
    assert answer.json()["errors"] == {}
    assert (record.technique, record.notes) == (papule, "One word more")
    assert "papule" in {
        one.code for one in record_options(record, Wanted(MONDAY, technique_ids=[papule.pk])).techniques
    }
    assert "papule" not in {one.code for one in record_options(record, Wanted(MONDAY)).techniques}


@pytest.mark.parametrize(("species", "tucked_away"), [("human", True), ("horse", False)])
def test_sedation_can_be_noted_for_everybody_and_is_a_line_of_its_own_for_animals(world, species, tucked_away):
    of_species(world, species)
    record, browser = start(world), signed_in(world.doctor_user)

    page = browser.get(url("record-edit", record)).content.decode()
    kept = autosave(browser, record, page_data(browser, record), sedation="Midazolam 2 mg")

    record.refresh_from_db()
    assert page.count('name="sedation"') == 1
    assert (page.index('name="sedation"') > page.index('name="device_number"')) is tucked_away
    assert (kept.json()["errors"], record.sedation) == ({}, "Midazolam 2 mg")
