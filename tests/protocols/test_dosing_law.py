"""Country notes and the food chain. Rules: DOMAIN.md 1.3, 2.4 and 3.2."""

from dataclasses import replace

import pytest

from protocols.dosing import FoodChain, FoodChainUse, LegalNote
from tests.protocols.dosing_cases import (
    HORSE,
    LIDOCAINE_1,
    LIDOCAINE_2,
    MEPIVACAINE,
    PIROXICAM,
    PROCAINE,
    SALINE,
    WOMAN,
    by_rule,
    check,
    levels,
    line,
    substance,
)

pytestmark = pytest.mark.engine

DEOXYCHOLATE = substance("deoxycholate", "10 mg/mL", categories={"lipolytic"})
COMPETES = replace(HORSE, competes=True, competition_bodies=frozenset({"USEF", "HISA"}))


def law(lines, patient=WOMAN, **context):
    """Return (level, lines) of the country notes."""
    return [(f.level.value, f.lines) for f in check(lines, patient, **context) if f.rule == "law.country"]


def test_france_is_told_that_mixing_in_the_surgery_is_not_allowed():
    # HAS 2014 (S38)
    two = [line(SALINE, syringe="B"), line(LIDOCAINE_1), line(PIROXICAM)]

    assert law(two, country="FR") == [("warn", (1, 2))]
    assert law(two, country="BE") == []
    assert law(two, HORSE, country="FR") == []
    assert law([line(LIDOCAINE_1), line(PIROXICAM, syringe="B")], country="FR") == []
    assert law([line(LIDOCAINE_1), line(LIDOCAINE_2)], country="FR") == []


def test_fat_lysis_by_injection_is_banned_in_france():
    # Decree 2011-382 (S40)
    assert law([line(DEOXYCHOLATE)], country="FR") == [("block", (0,))]
    assert law([line(DEOXYCHOLATE)], country="IT") == [("info", (0,))]
    found = [f for f in check([line(SALINE), line(DEOXYCHOLATE)], country="FR") if f.level == "block"]
    assert (found[0].lines, found[0].numbers["substance"]) == ((1,), "Deoxycholate")


def test_italy_asks_for_consent_to_an_unregistered_route():
    # Law 94/98 (S34)
    assert law([line(LIDOCAINE_1)], country="IT") == [("info", (0,))]
    assert law([line(LIDOCAINE_1)], HORSE, country="IT") == []
    assert law([], country="IT", technique="dry") == []


def test_a_substances_own_note_speaks_in_its_country():
    noted = replace(PIROXICAM, legal_notes=(LegalNote("DE", "%(substance)s: on prescription.", "law"),))

    found = by_rule(check([line(SALINE), line(noted)], country="DE"))["law.substance"]

    assert (found.level, found.lines, found.text, found.source) == ("warn", (1,), "Piroxicam: on prescription.", "law")
    assert "law.substance" not in levels(check([line(noted)], country="FR"))


def test_the_law_of_a_region_holds_as_well():
    noted = replace(PIROXICAM, legal_notes=(LegalNote("EU", "%(substance)s: see the label.", "law"),))

    found = levels(check([line(noted)], country="BE", regions=frozenset({"EU", "IT"})))

    assert (found["law.substance"], found["law.country"]) == ("warn", "info")
    assert "law.substance" not in levels(check([line(noted)], country="BE"))


@pytest.mark.parametrize(
    ("use", "expected"),
    [
        (FoodChainUse.ALLOWED, {}),  # lidocaine needs no residue limit (S105)
        (FoodChainUse.NOT_ALLOWED, {"food_chain.not_allowed": "block"}),  # mepivacaine (S106, S107)
        (FoodChainUse.ESSENTIAL, {"food_chain.essential": "warn"}),  # six months (S103)
        (FoodChainUse.UNKNOWN, {"food_chain.unknown": "warn"}),
    ],
)
def test_a_horse_in_the_food_chain_gets_listed_substances_only(use, expected):
    of = replace(PIROXICAM, food_chain=use)
    lines = [line(LIDOCAINE_2), line(of)]

    found = by_rule(check(lines, replace(HORSE, food_chain=FoodChain.IN)))

    chain = {rule: f.level.value for rule, f in found.items() if rule.startswith("food_chain.")}
    assert chain == expected
    assert all(found[rule].lines == (1,) for rule in expected)
    assert not {rule for rule in levels(check(lines, HORSE)) if rule.startswith("food_chain.")}


def test_a_passport_not_seen_counts_as_food_chain():
    # unsigned means food chain (S100)
    unseen = replace(HORSE, food_chain=FoodChain.PASSPORT_NOT_SEEN)

    found = levels(check([line(MEPIVACAINE)], unseen))

    assert (found["food_chain.passport_not_seen"], found["food_chain.not_allowed"]) == ("warn", "block")
    assert "food_chain.passport_not_seen" not in levels(check([], unseen, technique="dry"))
    in_chain = levels(check([line(MEPIVACAINE)], replace(HORSE, food_chain=FoodChain.IN)))
    assert "food_chain.passport_not_seen" not in in_chain


@pytest.mark.parametrize("species", ["human", "dog"])
def test_the_food_chain_is_about_horses(species):
    patient = replace(HORSE, species=species, food_chain=FoodChain.PASSPORT_NOT_SEEN)

    rules = levels(check([line(MEPIVACAINE), line(PROCAINE)], patient))

    assert not {rule for rule in rules if rule.startswith("food_chain.")}
