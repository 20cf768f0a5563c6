"""Classes and materials are shown in words everywhere, and found by the mix check however they were typed."""

from datetime import date
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from mesoclinic.core.roles import Role
from patients.models import Flag
from patients.queries import flags as flag_queries
from patients.queries import patients as queries
from patients.services import flags
from protocols.allergens import WORDS, allergen_code, allergen_words
from protocols.models import Substance
from protocols.services.catalogue import shipped_catalogue
from protocols.services.protocols import DraftLine
from sessions.queries import prescriptions
from tests.factories import make_clinic, make_patient, make_protocol_version, make_substance, make_user
from tests.shared import shared

TODAY = date(2026, 3, 2)


def test_every_class_of_the_shipped_substances_has_words():
    used = {code for one in shipped_catalogue().substances for code in one.allergy_classes}

    assert used <= WORDS.keys()
    assert all(allergen_words(code) != code for code in used)


@pytest.mark.parametrize("typed", ["nsaid", "NSAID", "NSAIDs", "  nsaids ", "Nsaids"])
def test_however_it_is_typed_it_is_one_class(typed):
    assert allergen_code(typed) == "nsaid"


@pytest.mark.parametrize("code", sorted(WORDS))
@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_words_lead_back_to_the_code_in_every_language(code, language):
    with override(language):
        assert allergen_code(allergen_words(code)) == code


def test_what_no_list_knows_is_kept_as_typed():
    assert allergen_code("Bee  Venom") == "bee venom"
    assert allergen_words("bee venom") == "bee venom"


@shared
def world():
    clinic = make_clinic()
    patient = make_patient(clinic)
    flags.add_flag(actor=None, patient=patient, kind="allergy_class", value="NSAIDs", today=TODAY)
    ketoprofen = make_substance(clinic, "Ketoprofen", categories=("anti-inflammatory",))
    Substance.objects.filter(pk=ketoprofen.pk).update(allergy_classes=["nsaid"])
    ketoprofen.refresh_from_db()
    return clinic, patient, ketoprofen


def test_a_flag_says_it_in_words_and_the_check_finds_it(world):
    clinic, patient, ketoprofen = world
    version = make_protocol_version(clinic, lines=[DraftLine(ketoprofen, "add_in", Decimal(1))])

    mix = prescriptions.mix_for(version, patient, TODAY)

    assert str(Flag.objects.get()) == "Allergy to a class: NSAIDs"
    assert queries.banner(patient, TODAY).allergies.items == ("Allergy: NSAIDs",)
    assert "Allergy to NSAIDs: do not give Ketoprofen." in [one.text for one in mix.blocks]


def test_an_allergy_noted_in_words_before_is_found_too(world):
    _clinic, patient, _ketoprofen = world
    Flag.objects.update(value="nsaids")

    assert queries.mix_patients([patient], TODAY)[patient.pk].allergies == {"nsaid"}


def test_the_substances_are_shown_and_changed_in_words(world):
    clinic, _patient, ketoprofen = world
    browser = Client()
    browser.force_login(make_user(clinic, Role.MANAGER))

    page = browser.get(reverse("protocols:substance", args=[ketoprofen.public_id])).content.decode()

    assert "NSAIDs" in page
    assert ">nsaid<" not in page
    assert "NSAIDs" in flag_queries.allergens(clinic)
