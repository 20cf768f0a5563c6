"""What the rows of a clinic's tables say: flags, pairs and notes of countries, with lines and sources."""

from dataclasses import replace

import pytest

from protocols.dosing import (
    CountryNote,
    FlagRule,
    Level,
    MixContext,
    MixPair,
    MixPatient,
    MixSubstance,
    Strength,
    check_mix,
    shipped,
)
from tests.protocols.dosing_cases import (
    LIDOCAINE_1,
    PENTOXIFYLLINE,
    PIROXICAM,
    SALINE,
    THIOCOLCHICOSIDE,
    TODAY,
    WOMAN,
    line,
    mixed,
    numbers_of,
)

pytestmark = pytest.mark.engine


def check_own(*lines, patient=WOMAN, **context):
    """Check against a clinic's own tables, whose words were gathered for no translation."""
    return check_mix(list(lines), patient, MixContext(TODAY, **context))


@pytest.mark.parametrize(
    ("flag", "sources"),
    [
        ("pregnancy", "S50 S51 S52"),
        ("breastfeeding", "S50 S51 S52"),
        ("infection", "S51 S23"),
        ("fever", "S51 S23"),
        ("skin_disease", "S51 S23"),
        ("anticoagulant", "S51 S23 S53"),
        ("antiplatelet", "S51 S23 S53"),
        ("clotting_disorder", "S51 S23 S53"),
        ("malignancy", "S23 S35 S53"),
        ("autoimmune", "S23 S35 S53"),
        ("heart_disease", "S23 S35 S53"),
        ("diabetes", "S23 S35 S53"),
        ("immunodeficiency", "INFER"),
        ("nsaid_last_48h", "S55"),
    ],
)
def test_a_flag_about_the_session_points_at_no_line_and_quotes_its_source(flag, sources):
    found = mixed(line(PIROXICAM), patient=replace(WOMAN, flags=frozenset({flag})))

    spoke = [(f.lines, numbers_of(f.source)) for f in found if f.rule == f"patient.{flag}"]
    assert spoke == [((), sources)]


@pytest.mark.parametrize(
    ("flag", "of", "sources"),
    [
        ("ulcer", PIROXICAM, "S51"),
        ("no_contraception", THIOCOLCHICOSIDE, "S54"),
        ("major_bleeding", PENTOXIFYLLINE, "S115"),
        ("anticoagulant", PENTOXIFYLLINE, "S115"),
    ],
)
def test_a_flag_about_a_substance_points_at_its_lines_and_quotes_its_source(flag, of, sources):
    lines = (line(LIDOCAINE_1), line(of), line(LIDOCAINE_1), line(of))

    found = mixed(*lines, patient=replace(WOMAN, flags=frozenset({flag})))

    spoke = [(f.lines, numbers_of(f.source)) for f in found if f.rule == f"patient.{flag}" and f.lines]
    assert spoke == [((3, 7), sources)]


def test_a_flag_that_does_not_hold_hides_none_after_it():
    rules = (FlagRule("fever", Level.BLOCK, "Fever.", "we"), FlagRule("pregnancy", Level.BLOCK, "Pregnancy.", "we"))

    found = check_own(patient=MixPatient("human", pregnant=True), flag_rules=rules)

    assert [f.text for f in found if f.rule.startswith("patient.p")] == ["Pregnancy."]


@pytest.mark.parametrize(
    ("left", "right", "hit"),
    [
        ("vitamin+fat_soluble", "vitamin+water_soluble", True),
        ("vitamin+water_soluble", "vitamin+fat_soluble", True),
        ("vitamin+lipolytic", "vitamin+water_soluble", False),
        ("vitamin+fat_soluble", "hormone+water_soluble", False),
        ("vitamin", "fat_soluble", True),
        ("vitamin fat_soluble", "vitamin", False),
    ],
)
def test_a_side_named_by_several_keys_needs_all_of_them(left, right, hit):
    oily = MixSubstance("vitamin-a", "Vitamin A", kind="vitamin", traits=frozenset({"fat_soluble"}))
    watery = MixSubstance("vitamin-c", "Vitamin C", kind="vitamin", traits=frozenset({"water_soluble"}))
    pair = MixPair(left, right, "caution", "%(left)s with %(right)s", "we", "warn")

    found = check_own(line(SALINE, syringe="B"), line(oily), line(watery), pairs=(pair,))

    spoke = [(f.level, f.lines, f.source) for f in found if f.rule == "pair.caution"]
    assert spoke == ([(Level.WARN, (1, 2), "we")] if hit else [])


@pytest.mark.parametrize(("known_free", "hit"), [(None, True), (False, True), (True, False)])
def test_what_is_not_known_to_be_free_of_preservatives_may_hold_one(known_free, hit):
    # label of betamethasone suspension (S131)
    lidocaine = MixSubstance("lidocaine", "Lidocaine", preservative_free=known_free)
    suspension = MixSubstance("betamethasone-suspension", "Betamethasone")
    pair = MixPair("betamethasone-suspension", "lidocaine+maybe_preserved", "caution", "clots", "the label", "warn")

    found = check_own(line(suspension), line(lidocaine), pairs=(pair,))

    assert [f.lines for f in found if f.rule == "pair.caution"] == ([(0, 1)] if hit else [])


@pytest.mark.parametrize("pair", shipped.PAIRS, ids=lambda pair: f"{pair.left} / {pair.right}")
def test_every_shipped_pair_is_said_with_its_own_source_and_both_lines(pair):
    strength = pair.right_mg_per_ml and Strength(pair.right_mg_per_ml.low, "mg/mL")
    left, right = (
        MixSubstance(name, name, strength=strength, traits=frozenset(name.split("+")))
        for name in (pair.left, pair.right)
    )
    needed = [line(MixSubstance(code, code, kind="vehicle"), syringe="A") for code in pair.needs]

    found = check_own(line(SALINE, syringe="B"), line(right), *needed, line(left), pairs=(pair,))

    spoke = [(f.rule, f.level, f.lines, f.source) for f in found if f.lines and pair.reason == f.message]
    assert spoke == [(f"pair.{pair.verdict}", pair.level, (1, 2 + len(needed)), pair.source)]
    assert numbers_of(pair.source) != pair.source


@pytest.mark.parametrize(
    ("note", "pointed"),
    [
        ({"min_lines": 2}, (0, 1, 2)),
        ({"min_lines": 2, "same_syringe": True}, (1, 2)),
        ({"min_lines": 4}, None),
        ({"keys": frozenset({"nsaid"})}, (1,)),
        ({"species": frozenset({"horse"})}, None),
        ({"species": frozenset({"human", "horse"})}, (0, 1, 2)),
    ],
)
def test_a_country_note_points_at_the_lines_that_make_it_speak(note, pointed):
    other = CountryNote("BE", Level.BLOCK, "Elsewhere.", "no law")
    here = CountryNote("FR", Level.WARN, "%(substance)s.", "its law", **note)
    lines = (line(SALINE, syringe="B"), line(PIROXICAM), line(LIDOCAINE_1))

    found = check_own(*lines, country="FR", country_notes=(other, here))

    spoke = [(f.level, f.lines, f.source) for f in found if f.rule == "law.country"]
    assert spoke == ([] if pointed is None else [(Level.WARN, pointed, "its law")])
