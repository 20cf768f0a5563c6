"""The catalogue and the mix check's shipped tables name the same things and hold the same numbers."""

import pytest

from protocols.catalogue.files import read_catalogue
from protocols.dosing import shipped
from protocols.dosing.sources import SOURCES

pytestmark = pytest.mark.engine

CATALOGUE = read_catalogue()
SUBSTANCES = {substance.code: substance for substance in CATALOGUE.substances}
KEYS = {
    *SUBSTANCES,
    *(category.code for category in CATALOGUE.categories),
    *(word for one in CATALOGUE.substances for word in (one.kind, *one.allergy_classes, *one.traits)),
    "maybe_preserved",
}
CEILING_NAMES = {
    "per_kg": "mg_per_kg",
    "per_session": "mg_per_session",
    "per_24h": "mg_per_24h",
    "per_course": "mg_per_course",
    "days_per_course": "days_per_course",
    "minutes_between": "repeat_min",
}


def test_both_hold_the_same_ceilings():
    of_check = {
        (code, ceiling.species, name, getattr(ceiling, name))
        for code, ceilings in shipped.CEILINGS.items()
        for ceiling in ceilings
        for name in CEILING_NAMES.values()
        if getattr(ceiling, name) is not None
    }
    of_catalogue = {
        (one.code, ceiling.species, CEILING_NAMES[ceiling.kind], ceiling.amount)
        for one in CATALOGUE.substances
        for ceiling in one.ceilings
    }

    assert of_catalogue == of_check


def test_the_pairs_of_the_check_name_things_of_the_catalogue():
    named = {key for pair in shipped.PAIRS for key in (*pair.left_keys, *pair.right_keys, *pair.needs, *pair.bars)}

    assert named <= KEYS


@pytest.mark.parametrize("entry", CATALOGUE.incompatibilities, ids=lambda entry: entry.code)
def test_the_check_knows_every_pair_of_the_catalogue(entry):
    def keys_of(code):
        one = SUBSTANCES[code]
        return {code, one.kind, *one.categories, *one.allergy_classes, *one.traits, "maybe_preserved"}

    for other in entry.second:
        sides = keys_of(entry.first), keys_of(other)
        levels = {
            pair.level.value
            for pair in shipped.PAIRS
            for left, right in (sides, sides[::-1])
            if pair.left_keys <= left and pair.right_keys <= right
        }
        assert {"block": "block", "warn": "warn", "compatible": "info"}[entry.verdict] in levels, other


def test_flags_and_techniques_have_the_same_codes():
    checklist = {item.code for item in CATALOGUE.checklist}
    techniques = {technique.code: technique for technique in CATALOGUE.techniques}

    assert {rule.flag for rule in shipped.FLAG_RULES} - {"antiplatelet"} <= checklist  # asked with the anticoagulant
    assert set(shipped.TECHNIQUE_DEPTHS_MM) <= set(techniques)
    for code, depths in shipped.TECHNIQUE_DEPTHS_MM.items():
        assert techniques[code].depth_max_mm == depths.high, code


def test_the_sources_of_the_check_are_known_to_the_catalogue_by_the_same_codes():
    known = {source.code for source in CATALOGUE.sources}
    used = {code for code in SOURCES if code[0] == "S" and code[1].isdigit()}

    assert used - known <= {"S15", "S16", "S108"}  # volumes per point and estimated weights: only the check needs them
