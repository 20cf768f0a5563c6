"""Composition and compatibility of a mix. Rules: DOMAIN.md 3.1 and 3.2."""

from dataclasses import replace

import pytest

from protocols.dosing import Level, MixLimits, MixPair, NumberRange, Verdict, blocks
from tests.protocols.dosing_cases import (
    BICARBONATE,
    BUPIVACAINE,
    DEXAMETHASONE,
    DICLOFENAC,
    HORSE,
    LIDOCAINE_1,
    LIDOCAINE_2,
    MEPIVACAINE,
    PENTOXIFYLLINE,
    PIROXICAM,
    PROCAINE,
    SALINE,
    THIOCOLCHICOSIDE,
    D,
    anaesthetic,
    by_rule,
    check,
    levels,
    line,
    strength,
    substance,
)

pytestmark = pytest.mark.engine

LEVOBUPIVACAINE = anaesthetic("levobupivacaine", "0.5 %")
ROPIVACAINE = anaesthetic("ropivacaine", "0.75 %")
TRIMECAINE = anaesthetic("trimecaine", "1 %")
PRESERVED = anaesthetic("lidocaine", "1 %", preservative_free=False)
PRESERVATIVE_FREE = anaesthetic("lidocaine", "1 %", preservative_free=True)
BETAMETHASONE_SUSPENSION = substance("betamethasone-suspension", "6 mg/mL", ingredient="betamethasone")
BETAMETHASONE_PHOSPHATE = substance("betamethasone-phosphate", "4 mg/mL", ingredient="betamethasone")
METHYLPREDNISOLONE = substance("methylprednisolone-acetate", "40 mg/mL", ingredient="methylprednisolone")
KETOROLAC = substance("ketorolac", "30 mg/mL")
ONDANSETRON = substance("ondansetron", "2 mg/mL")
PHOSPHATIDYLCHOLINE = substance("phosphatidylcholine", "50 mg/mL", categories={"lipolytic"})
VITAMIN_A = substance("vitamin-a", kind="vitamin", traits={"fat_soluble"})
VITAMIN_C = substance("vitamin-c", kind="vitamin", traits={"water_soluble"})
WATER = substance("water-for-injection", kind="vehicle")


def pairs(lines, **context):
    """Return the loudest thing said of pairs, unknown pairs aside."""
    found = [f for f in check(lines, **context) if f.rule.startswith("pair.") and f.rule != "pair.unknown"]
    return found[0].rule if found else None


def test_an_empty_mix_is_a_warning_unless_the_technique_is_dry():
    assert levels(check([]))["mix.empty"] == "warn"
    assert check([], technique="dry") == []


def test_a_dry_session_with_a_mix_is_a_warning():
    found = by_rule(check([line(SALINE), line(SALINE)], technique="dry"))

    assert (found["mix.dry_with_lines"].level, found["mix.dry_with_lines"].lines) == ("warn", (0, 1))
    assert "mix.dry_with_lines" not in levels(check([line(SALINE)], technique="nappage"))


def test_a_line_of_zero_millilitres_is_a_warning_on_that_line():
    found = by_rule(check([line(LIDOCAINE_1), line(SALINE, "0")]))

    assert (found["mix.no_volume"].level, found["mix.no_volume"].lines) == ("warn", (1,))
    assert "mix.no_volume" not in levels(check([line(SALINE, "0.01")]))


def test_saline_only_is_a_mix_of_its_own():
    # saline alone did almost as well as the drugs (S116)
    assert check([line(SALINE, "10")]) == []


def test_base_anaesthetic_and_vasodilator_are_expected_not_compulsory():
    bare = levels(check([line(PIROXICAM)]))
    full = levels(check([line(LIDOCAINE_1), line(PENTOXIFYLLINE), line(PIROXICAM)]))

    assert (bare["base.no_anaesthetic"], bare["base.no_vasodilator"]) == ("info", "info")
    assert not {"base.no_anaesthetic", "base.no_vasodilator"} & set(full)


def test_a_vasodilator_is_expected_for_people_only():
    found = levels(check([line(DEXAMETHASONE)], HORSE))

    assert "base.no_anaesthetic" in found
    assert "base.no_vasodilator" not in found


def test_two_local_anaesthetics_are_a_warning():
    found = by_rule(check([line(LIDOCAINE_1), line(PIROXICAM), line(PROCAINE, syringe="B")]))

    several = found["base.several_anaesthetics"]
    assert (several.level, several.lines) == ("warn", (0, 2))
    assert "Lidocaine-1, Procaine" in several.text
    assert "base.several_anaesthetics" not in levels(check([line(LIDOCAINE_1), line(LIDOCAINE_2)]))


def test_a_vasoconstrictor_is_a_warning():
    epinephrine = substance("epinephrine", "1 mg/mL", traits={"vasoconstrictor"})

    found = by_rule(check([line(LIDOCAINE_1), line(epinephrine, "0.1")]))

    assert (found["mix.vasoconstrictor"].level, found["mix.vasoconstrictor"].lines) == ("warn", (1,))
    assert "mix.vasoconstrictor" not in levels(check([line(LIDOCAINE_1)]))


def test_more_than_three_add_ins_in_a_syringe_are_a_warning():
    base = [line(LIDOCAINE_1), line(PENTOXIFYLLINE), line(SALINE)]
    three = [line(of) for of in (PIROXICAM, THIOCOLCHICOSIDE, DEXAMETHASONE)]

    assert "mix.many_add_ins" not in levels(check([*base, *three, line(PIROXICAM)]))
    assert "mix.many_add_ins" not in levels(check([*base, *three, line(KETOROLAC, syringe="B")]))
    found = by_rule(check([*base, *three, line(KETOROLAC)]))["mix.many_add_ins"]
    assert (found.level, found.lines, found.numbers["count"]) == ("warn", (3, 4, 5, 6), 4)
    assert "mix.many_add_ins" not in levels(check([*base, *three, line(KETOROLAC)], limits=MixLimits(max_add_ins=4)))


def test_a_syringe_cannot_hold_more_than_its_capacity():
    lines = [line(SALINE, "9", wasted_ml=D(1)), line(SALINE, "10", syringe="B")]

    assert "mix.syringe_full" not in levels(check(lines, limits=MixLimits(syringe_capacity_ml=D(10))))
    assert "mix.syringe_full" not in levels(check(lines))
    found = by_rule(check(lines, limits=MixLimits(syringe_capacity_ml=D("9.9"))))["mix.syringe_full"]
    assert (found.level, found.lines, found.numbers["syringe"]) == ("warn", (1,), "B")
    assert (
        len([f for f in check(lines, limits=MixLimits(syringe_capacity_ml=D("9.9"))) if f.rule == "mix.syringe_full"])
        == 2
    )


@pytest.mark.parametrize(
    ("low", "high", "expected"), [("3", "5.5", "info"), ("6", "8", None), ("5", "8.1", "info"), ("5", "8", None)]
)
def test_a_product_outside_ph_5_to_8_is_told(low, high, expected):
    # procaine stock is pH 3 to 5.5 (S110), pentoxifylline 6 to 8 (S181)
    of = replace(PIROXICAM, ph=NumberRange(D(low), D(high)))

    assert levels(check([line(of)])).get("mix.ph") == expected


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        # S122: diclofenac beta-cyclodextrin with any local anaesthetic
        (DICLOFENAC, LIDOCAINE_1, "pair.incompatible"),
        (DICLOFENAC, PROCAINE, "pair.incompatible"),
        (DICLOFENAC, BUPIVACAINE, "pair.incompatible"),
        # S129
        (DEXAMETHASONE, BUPIVACAINE, "pair.incompatible"),
        (DEXAMETHASONE, LEVOBUPIVACAINE, "pair.incompatible"),
        (DEXAMETHASONE, TRIMECAINE, "pair.incompatible"),
        (DEXAMETHASONE, LIDOCAINE_2, "pair.compatible"),
        (BETAMETHASONE_SUSPENSION, MEPIVACAINE, "pair.caution"),
        (METHYLPREDNISOLONE, LIDOCAINE_1, "pair.caution"),
        # S130
        (BETAMETHASONE_PHOSPHATE, ROPIVACAINE, "pair.incompatible"),
        (BETAMETHASONE_PHOSPHATE, LEVOBUPIVACAINE, "pair.incompatible"),
        (BETAMETHASONE_PHOSPHATE, LIDOCAINE_1, None),
        # S132
        (KETOROLAC, ONDANSETRON, "pair.incompatible"),
        (DICLOFENAC, ONDANSETRON, "pair.incompatible"),
        # S133
        (PHOSPHATIDYLCHOLINE, LIDOCAINE_1, "pair.caution"),
        # S124
        (VITAMIN_A, VITAMIN_C, "pair.caution"),
        (VITAMIN_A, VITAMIN_A, None),
        # nothing is known (DOMAIN.md 3.2, last line)
        (THIOCOLCHICOSIDE, PIROXICAM, None),
        (PENTOXIFYLLINE, LIDOCAINE_1, None),
    ],
)
def test_every_pair_of_the_sources_is_known_in_both_orders(left, right, expected):
    assert pairs([line(left), line(right)]) == expected
    assert pairs([line(right), line(left)]) == expected
    assert pairs([line(left), line(right, syringe="B")]) is None


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([LIDOCAINE_1, BICARBONATE], "pair.compatible"),
        ([LIDOCAINE_2, BICARBONATE], "pair.compatible"),
        ([MEPIVACAINE, BICARBONATE], "pair.compatible"),
        ([PROCAINE, BICARBONATE], "pair.incompatible"),
        ([BUPIVACAINE, BICARBONATE], "pair.incompatible"),
        ([LEVOBUPIVACAINE, BICARBONATE], "pair.incompatible"),
        ([ROPIVACAINE, BICARBONATE], "pair.incompatible"),
        ([LIDOCAINE_1, SALINE], "pair.incompatible"),
        ([LIDOCAINE_1, BICARBONATE, SALINE], "pair.incompatible"),
        ([LIDOCAINE_1, BICARBONATE, WATER], "pair.incompatible"),
        ([replace(LIDOCAINE_1, strength=strength("4 %")), BICARBONATE], "pair.incompatible"),
        ([replace(LIDOCAINE_1, strength=strength("0.5 %")), BICARBONATE], "pair.incompatible"),
        ([replace(LIDOCAINE_1, strength=None), BICARBONATE], "pair.incompatible"),
    ],
)
def test_diclofenac_goes_only_with_lidocaine_or_mepivacaine_in_bicarbonate(lines, expected):
    # Tringali & Navarra 2017 (S122)
    assert pairs([line(DICLOFENAC), *(line(of) for of in lines)]) == expected


def test_bicarbonate_in_another_syringe_does_not_help():
    lines = [line(DICLOFENAC), line(LIDOCAINE_1), line(BICARBONATE, syringe="B")]

    assert pairs(lines) == "pair.incompatible"


def test_an_incompatible_pair_is_a_block_that_names_both_lines():
    found = by_rule(blocks(check([line(SALINE), line(DICLOFENAC), line(LIDOCAINE_1)])))["pair.incompatible"]

    assert found.lines == (1, 2)
    assert found.numbers == {"left": "Diclofenac", "right": "Lidocaine-1"}
    assert "1–2 % in bicarbonate" in found.text
    assert "[S122]" in found.source


@pytest.mark.parametrize(("of", "expected"), [(PRESERVED, 2), (PRESERVATIVE_FREE, 1), (LIDOCAINE_1, 2)])
def test_lidocaine_not_known_as_preservative_free_flocculates_with_betamethasone_suspension(of, expected):
    # label (S131); the clusters with any local anaesthetic (S129) are said as well
    found = [f for f in check([line(of), line(BETAMETHASONE_SUSPENSION)]) if f.rule == "pair.caution"]

    assert len(found) == expected
    assert {f.level for f in found} == {Level.WARN}


def test_an_unlisted_pair_is_unknown_never_compatible():
    lines = [line(LIDOCAINE_1), line(PIROXICAM), line(DEXAMETHASONE), line(PIROXICAM)]

    found = [f for f in check(lines) if f.rule == "pair.unknown"]

    assert len(found) == 1
    assert (found[0].level, found[0].lines) == ("info", (0, 1, 2, 3))
    assert found[0].numbers["pairs"] == "Lidocaine-1 + Piroxicam; Piroxicam + Dexamethasone; Dexamethasone + Piroxicam"


def test_products_of_one_ingredient_are_no_pair():
    assert "pair.unknown" not in levels(check([line(LIDOCAINE_1), line(LIDOCAINE_2)]))


def test_the_clinics_table_replaces_the_shipped_one():
    own = MixPair("piroxicam", "lidocaine", Verdict.CAUTION, "%(left)s, %(right)s: seen cloudy", "we", Level.BLOCK)

    found = by_rule(check([line(LIDOCAINE_1), line(PIROXICAM)], pairs=(own,)))

    assert found["pair.caution"].text == "Piroxicam, Lidocaine-1: seen cloudy"
    assert found["pair.caution"].level == "block"
    assert pairs([line(DICLOFENAC), line(LIDOCAINE_1)], pairs=(own,)) is None


def test_a_compatible_row_lifts_only_what_is_less_specific():
    general = MixPair("nsaid", "anaesthetic", Verdict.COMPATIBLE, "fine", "we", Level.INFO)
    equal = MixPair("nsaid", "anaesthetic", Verdict.INCOMPATIBLE, "not fine", "others", Level.BLOCK)
    exact = MixPair("piroxicam", "lidocaine", Verdict.INCOMPATIBLE, "never", "others", Level.BLOCK)
    lines = [line(LIDOCAINE_1), line(PIROXICAM)]

    assert pairs(lines, pairs=(general, equal)) == "pair.incompatible"
    assert pairs(lines, pairs=(general, exact)) == "pair.incompatible"
    assert pairs(lines, pairs=(general,)) == "pair.compatible"
    half = MixPair("piroxicam", "anaesthetic", Verdict.COMPATIBLE, "fine", "we", Level.INFO)
    assert pairs(lines, pairs=(half, equal)) == "pair.compatible"
