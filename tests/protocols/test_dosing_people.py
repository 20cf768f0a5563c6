"""Patient, stock and technique. Rules: DOMAIN.md 1.1 to 1.4, DESIGN.md section 6."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from protocols.dosing import AllergyState, MixDevice, MixLimits, MixLot, MixSite, NumberRange, shipped
from tests.protocols.dosing_cases import (
    HORSE,
    LIDOCAINE_1,
    LIDOCAINE_2,
    PENTOXIFYLLINE,
    PIROXICAM,
    SALINE,
    THIOCOLCHICOSIDE,
    TODAY,
    WOMAN,
    D,
    by_rule,
    check,
    levels,
    line,
    substance,
)

pytestmark = pytest.mark.engine

FINASTERIDE = substance("finasteride", "0.5 mg/mL", materials={"latex"})
BUFLOMEDIL = substance("buflomedil", "10 mg/mL", withdrawn=True, withdrawn_on=date(2012, 2, 13), source="S125")
MULTI_INJECTOR = MixDevice("multi-injector", "Multi-injector", frozenset({"horse"}), frozenset({"latex"}))


@pytest.mark.parametrize(
    ("allergies", "lines", "named"),
    [
        ({"lidocaine"}, (0,), "lidocaine"),  # the ingredient
        ({"lidocaine-1"}, (0,), "lidocaine-1"),  # the product
        ({"amide"}, (0,), "amide"),  # the class
        ({"nsaid"}, (1,), "nsaid"),
        ({"latex"}, (2,), "latex"),  # the material
        ({"ester"}, (), None),
        ({"anaesthetic"}, (), None),
    ],
)
def test_an_allergy_blocks_the_lines_that_carry_it(allergies, lines, named):
    patient = replace(WOMAN, allergies=frozenset(allergies))
    found = [f for f in check([line(LIDOCAINE_1), line(PIROXICAM), line(FINASTERIDE)], patient) if "allerg" in f.rule]

    assert tuple(index for f in found for index in f.lines) == lines
    assert all(f.level == "block" and f.numbers["allergies"] == named for f in found)


def test_an_allergy_to_a_devices_material_is_a_block():
    allergic = replace(HORSE, allergies=frozenset({"latex"}))

    assert levels(check([line(SALINE)], allergic, device=MULTI_INJECTOR))["patient.allergy_device"] == "block"
    assert "patient.allergy_device" not in levels(check([line(SALINE)], HORSE, device=MULTI_INJECTOR))
    assert "patient.allergy_device" not in levels(check([line(SALINE)], allergic))


def test_allergies_not_asked_is_not_the_same_as_none():
    unasked = replace(WOMAN, allergy_state=AllergyState.NOT_ASKED)

    assert levels(check([line(SALINE)], unasked)) == {"patient.allergies_not_asked": "warn"}
    assert check([line(SALINE)], WOMAN) == []
    assert replace(unasked, allergies=frozenset({"latex"})).allergy_state is AllergyState.LISTED


@pytest.mark.parametrize(
    ("flag", "level"),
    [
        ("pregnancy", "block"),  # S50-S52
        ("breastfeeding", "block"),
        ("infection", "block"),  # S51, S23
        ("fever", "block"),
        ("skin_disease", "block"),
        ("anticoagulant", "warn"),  # S51, S23, S53
        ("antiplatelet", "warn"),
        ("clotting_disorder", "warn"),
        ("malignancy", "warn"),  # S23, S35, S53
        ("autoimmune", "warn"),
        ("heart_disease", "warn"),
        ("diabetes", "warn"),
        ("immunodeficiency", "warn"),
        ("nsaid_last_48h", "warn"),  # S55
    ],
)
def test_a_flag_speaks_whatever_the_mix(flag, level):
    found = [f for f in check([line(SALINE)], replace(WOMAN, flags=frozenset({flag}))) if f.rule == f"patient.{flag}"]

    assert [(f.level, f.lines) for f in found] == [(level, ())]
    assert found[0].source


@pytest.mark.parametrize(
    ("flag", "of", "level"),
    [
        ("ulcer", PIROXICAM, "warn"),  # S51
        ("no_contraception", THIOCOLCHICOSIDE, "block"),  # S54
        ("major_bleeding", PENTOXIFYLLINE, "block"),  # S115
    ],
)
def test_a_flag_about_a_substance_speaks_on_its_line_only(flag, of, level):
    patient = replace(WOMAN, flags=frozenset({flag}))

    found = by_rule(check([line(SALINE), line(of)], patient))[f"patient.{flag}"]

    assert (found.level, found.lines, found.numbers["substance"]) == (level, (1,), of.name)
    assert f"patient.{flag}" not in levels(check([line(SALINE)], patient))


def test_an_anticoagulant_with_pentoxifylline_asks_to_monitor():
    patient = replace(WOMAN, flags=frozenset({"anticoagulant"}))

    found = [f for f in check([line(PENTOXIFYLLINE)], patient) if f.rule == "patient.anticoagulant"]

    assert [f.lines for f in found] == [(), (0,)]
    assert "[S115]" in found[1].source


def test_pregnancy_as_a_field_or_as_a_flag_is_the_same():
    assert check([line(SALINE)], replace(WOMAN, pregnant=True)) == check(
        [line(SALINE)], replace(WOMAN, flags=frozenset({"pregnancy"}))
    )


def test_the_clinic_may_turn_a_stop_into_an_ask():
    asks = tuple(replace(rule, level="warn") for rule in shipped.FLAG_RULES)

    assert levels(check([line(SALINE)], replace(WOMAN, pregnant=True), flag_rules=asks)) == {
        "patient.pregnancy": "warn"
    }


@pytest.mark.parametrize(("age_years", "expected"), [("13.9", "warn"), ("14", None), (None, None)])
def test_a_patient_under_14_is_a_warning(age_years, expected):
    # one clinic treats from 14 years (S53)
    patient = replace(WOMAN, age_years=age_years and D(age_years))

    assert levels(check([line(SALINE)], patient)).get("patient.young") == expected
    none_set = check([line(SALINE)], patient, limits=MixLimits(min_age_years=None))
    assert "patient.young" not in levels(none_set)


@pytest.mark.parametrize(
    ("age_years", "expected"),
    [("15.9", {"patient.too_young_for_substance": "block"}), ("16", {}), (None, {"patient.age_unknown": "warn"})],
)
def test_thiocolchicoside_is_from_16_years(age_years, expected):
    # regulator's letter (S54)
    found = check([line(SALINE), line(THIOCOLCHICOSIDE)], replace(WOMAN, age_years=age_years and D(age_years)))

    aged = [f for f in found if f.rule in ("patient.too_young_for_substance", "patient.age_unknown")]
    assert {f.rule: f.level.value for f in aged} == expected
    assert all(f.lines == (1,) and "[S54]" in f.source for f in aged)


def test_ages_of_people_are_not_asked_of_a_foal():
    foal = replace(HORSE, age_years=D(1))

    assert not {rule for rule in levels(check([line(THIOCOLCHICOSIDE)], foal)) if rule.startswith("patient.")}


def test_a_substance_for_another_species_is_a_block():
    for_horses = substance("vet-mepivacaine", "20 mg/mL", species={"horse", "dog"})

    found = by_rule(check([line(SALINE), line(for_horses)]))["species.substance"]

    assert (found.level, found.lines) == ("block", (1,))
    assert "species.substance" not in levels(check([line(for_horses), line(SALINE)], HORSE))


@pytest.mark.parametrize(
    ("purpose", "on", "expected"),
    [
        # EC decision of 13 Feb 2012 (S125)
        ("plan", TODAY, "block"),
        ("record", TODAY, "block"),
        ("record", date(2012, 2, 13), "block"),
        ("record", date(2012, 2, 12), "warn"),
        ("plan", date(2012, 2, 12), "block"),
    ],
)
def test_a_withdrawn_substance_is_blocked_but_an_old_session_can_be_recorded(purpose, on, expected):
    found = by_rule(check([line(SALINE), line(BUFLOMEDIL)], purpose=purpose, performed_on=on))

    assert (found["substance.withdrawn"].level, found["substance.withdrawn"].lines) == (expected, (1,))
    undated = replace(BUFLOMEDIL, withdrawn_on=None)
    assert levels(check([line(undated)], purpose=purpose, performed_on=on))["substance.withdrawn"] == "block"
    assert "substance.withdrawn" not in levels(check([line(PIROXICAM)], purpose=purpose, performed_on=on))


def test_what_was_injected_needs_a_lot_and_a_plan_does_not():
    lines = [line(SALINE, lot=MixLot("1")), line(LIDOCAINE_1)]

    found = by_rule(check(lines, purpose="record"))["lot.missing"]

    assert (found.level, found.lines) == ("warn", (1,))
    assert "lot.missing" not in levels(check(lines, purpose="plan"))
    assert "lot.missing" not in levels(check(lines[:1], purpose="record"))


@pytest.mark.parametrize(
    ("lot", "rule"),
    [
        ({"expires_on": TODAY}, None),
        ({"expires_on": TODAY - timedelta(days=1)}, "lot.expired"),
        ({"beyond_use_on": TODAY}, None),
        ({"beyond_use_on": TODAY - timedelta(days=1)}, "lot.beyond_use"),
        ({"recalled": True}, "lot.recalled"),
        ({"substance_code": "piroxicam"}, "lot.other_substance"),
        ({"substance_code": "lidocaine-1"}, None),
        ({"remaining_ml": D(1)}, None),
        ({"remaining_ml": D("0.99")}, "lot.used_up"),
        ({"remaining_ml": D(0)}, "lot.used_up"),
        ({}, None),
    ],
)
def test_a_lot_that_is_not_fit_is_a_block(lot, rule):
    found = {f.rule: f for f in check([line(SALINE), line(LIDOCAINE_1, lot=MixLot("7", "L7", **lot))])}

    lots = {name: (f.level.value, f.lines) for name, f in found.items() if name.startswith("lot.")}
    assert lots == ({rule: ("block", (1,))} if rule else {})
    assert all(f.numbers["lot"] == "L7" for name, f in found.items() if name.startswith("lot."))


def test_lots_are_judged_on_the_day_of_performance():
    lot = MixLot("7", expires_on=TODAY)

    assert "lot.expired" in levels(check([line(SALINE, lot=lot)], performed_on=TODAY + timedelta(days=1)))
    assert "lot.expired" not in levels(check([line(SALINE, lot=lot)], performed_on=TODAY))


def test_a_lot_must_last_for_all_its_lines_and_what_is_wasted():
    lot = MixLot("7", remaining_ml=D(5))
    enough = [line(SALINE, "2", lot=lot), line(SALINE, "2", syringe="B", lot=lot, wasted_ml=D(1))]

    assert "lot.used_up" not in levels(check(enough))
    found = by_rule(check([*enough, line(SALINE, "0.1", lot=lot)]))["lot.used_up"]
    assert (found.lines, found.numbers["drawn_ml"], found.numbers["remaining_ml"]) == ((0, 1, 2), D("5.1"), D(5))
    assert found.numbers["lot"] == "7"


def test_an_empty_lot_is_a_block_even_for_a_line_of_zero():
    assert "lot.used_up" in levels(check([line(SALINE, "0", lot=MixLot("7", remaining_ml=D(0)))]))


def test_a_multi_injector_is_for_horses_only():
    # SFM bans multi-injectors for people (S1)
    assert levels(check([line(SALINE)], device=MULTI_INJECTOR))["device.species"] == "block"
    assert "device.species" not in levels(check([line(SALINE)], HORSE, device=MULTI_INJECTOR))
    assert "device.species" not in levels(check([line(SALINE)], device=MixDevice("hand", "By hand")))


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [("2", "4", None), ("2", "4.1", "block"), ("4.1", None, "block"), (None, "4.1", "block"), (None, None, None)],
)
def test_a_depth_beyond_the_needle_is_a_block(low, high, expected):
    site = MixSite(10, depth_min_mm=low and D(low), depth_max_mm=high and D(high))

    found = by_rule(check([line(SALINE)], sites=(MixSite(10), site), needle_length_mm=D(4)))

    beyond = found.get("depth.beyond_needle")
    assert (beyond and beyond.level.value) == expected
    assert beyond is None or beyond.sites == (1,)
    assert "depth.beyond_needle" not in levels(check([line(SALINE)], sites=(site,)))


@pytest.mark.parametrize(
    ("low", "high", "context", "technique", "expected"),
    [
        ("2", "6", {}, None, {}),  # SEED-H
        ("1.9", "6", {}, None, {"depth.unusual": "warn"}),
        ("2", "6.1", {}, None, {"depth.unusual": "warn"}),
        ("0.1", "13", {}, None, {"depth.unusual": "warn"}),
        ("0.09", "6", {}, None, {"depth.impossible": "block"}),
        ("2", "13.1", {}, None, {"depth.impossible": "block"}),
        ("2", "60", {}, None, {"depth.impossible": "block"}),
        # epidermic under 1 mm (S1, S2): the technique's range takes the place of the usual one
        ("0.5", "1", {}, "epidermic", {}),
        ("0.5", "1.1", {}, "epidermic", {"depth.technique": "warn"}),
        ("2", "3", {}, "papule", {"depth.technique": "warn"}),
        ("2", "4", {"protocol_depth_mm": NumberRange(D(2), D(4))}, "papule", {}),
        ("2", "4.1", {"protocol_depth_mm": NumberRange(D(2), D(4))}, None, {"depth.protocol": "warn"}),
        ("1.9", "4", {"protocol_depth_mm": NumberRange(D(2), D(4))}, None, {"depth.protocol": "warn"}),
    ],
)
def test_depths_are_held_to_protocol_then_technique_then_the_usual(low, high, context, technique, expected):
    site = MixSite(
        10,
        depth_min_mm=D(low),
        depth_max_mm=D(high),
        technique_depth_mm=technique and shipped.TECHNIQUE_DEPTHS_MM[technique],
    )

    found = [f for f in check([line(SALINE)], sites=(site,), **context) if f.rule.startswith("depth.")]

    assert {f.rule: f.level.value for f in found} == expected
    assert all(f.sites == (0,) for f in found)


def test_a_single_depth_is_reported_once():
    site = MixSite(10, depth_min_mm=D(7), depth_max_mm=D(7))

    assert len([f for f in check([line(SALINE)], sites=(site,)) if f.rule == "depth.unusual"]) == 1


@pytest.mark.parametrize(
    ("shots", "protocol", "expected"),
    [
        (8, None, {}),  # SEED-H: 8 to 300 shots
        (7, None, {"shots.unusual": "warn"}),
        (300, None, {}),
        (301, None, {"shots.unusual": "warn"}),
        (0, None, {"shots.unusual": "warn"}),
        (6, (6, 10), {}),  # small trials use 6 to 10 points (S11, S21)
        (5, (6, 10), {"shots.protocol": "warn"}),
        (11, (6, 10), {"shots.protocol": "warn"}),
        (None, (6, 10), {}),
    ],
)
def test_shots_are_held_to_the_protocols_range_else_to_8_to_300(shots, protocol, expected):
    wanted = protocol and NumberRange(D(protocol[0]), D(protocol[1]))

    found = levels(check([line(SALINE)], shots=shots, protocol_shots=wanted))

    assert {rule: level for rule, level in found.items() if rule.startswith("shots.")} == expected


def test_shots_are_the_sum_of_the_points_unless_given():
    sites = (MixSite(4), MixSite(3))

    assert by_rule(check([line(SALINE)], sites=sites))["shots.unusual"].numbers["shots"] == D(7)
    assert "shots.unusual" not in levels(check([line(SALINE)], sites=sites, shots=8))


@pytest.mark.parametrize(
    ("per_point_ml", "expected"), [("0.009", "warn"), ("0.01", None), ("0.3", None), ("0.31", "warn"), (None, None)]
)
def test_the_volume_per_point_is_held_to_the_sources(per_point_ml, expected):
    # 0.01 mL (S16) to 0.3 mL (S15)
    sites = (MixSite(10), MixSite(10, per_point_ml and D(per_point_ml)))

    found = by_rule(check([line(SALINE)], sites=sites)).get("volume.per_point")

    assert (found and found.level.value) == expected
    assert found is None or found.sites == (1,)


@pytest.mark.parametrize(
    ("points", "expected"),
    # 10 mL at 0.1 mL: 100 points; 20 % off is still fine (DOMAIN.md 1.2)
    [(80, None), (79, "warn"), (100, None), (120, None), (121, "warn")],
)
def test_points_times_volume_per_point_must_be_near_the_volume(points, expected):
    sites = (MixSite(points - 10, D("0.1")), MixSite(10, D("0.1")))

    found = by_rule(check([line(LIDOCAINE_1, "3"), line(SALINE, "7")], sites=sites)).get("volume.mismatch")

    assert (found and found.level.value) == expected
    assert found is None or (found.lines, found.sites) == ((0, 1), (0, 1))


def test_volumes_are_compared_syringe_by_syringe():
    lines = [line(LIDOCAINE_1, "2"), line(LIDOCAINE_2, "8", syringe="B")]
    swapped = (MixSite(80, D("0.1"), "A"), MixSite(20, D("0.1"), "B"))

    found = [f for f in check(lines, sites=swapped) if f.rule == "volume.mismatch"]

    assert [(f.numbers["syringe"], f.lines, f.sites) for f in found] == [("A", (0,), (0,)), ("B", (1,), (1,))]
    right = (MixSite(20, D("0.1"), "A"), MixSite(80, D("0.1"), "B"))
    assert "volume.mismatch" not in levels(check(lines, sites=right))


def test_a_syringe_that_no_place_names_is_missed_once_others_say_their_volumes():
    lines = [line(LIDOCAINE_1, "2"), line(LIDOCAINE_2, "8", syringe="B")]

    (found,) = [f for f in check(lines, sites=(MixSite(20, D("0.1"), "A"),)) if f.rule == "volume.mismatch"]

    assert found.text == "Syringe B holds 8 mL, but the points add up to 0 mL."
    assert (found.lines, found.sites) == ((1,), ())
    assert "volume.mismatch" not in levels(check(lines, sites=(MixSite(20, None, "A"),)))
    pointless = [f for f in check(lines, sites=(MixSite(0, D("0.1"), "A"),)) if f.rule == "volume.mismatch"]
    assert [f.numbers["syringe"] for f in pointless] == ["A"]
    assert "volume.mismatch" not in levels(
        check([*lines[:1], replace(lines[1], volume_ml=D(0))], sites=(MixSite(20, D("0.1"), "A"),))
    )


def test_volumes_are_not_compared_when_a_volume_per_point_is_missing_or_the_session_is_dry():
    assert "volume.mismatch" not in levels(check([line(SALINE, "9")], sites=(MixSite(10, D("0.1")), MixSite(10))))
    assert "volume.mismatch" not in levels(check([], sites=(MixSite(10, D("0.1")),), technique="dry"))
    assert "volume.mismatch" in levels(check([], sites=(MixSite(10, D("0.1")),)))


def test_the_next_of_kin_of_what_a_patient_is_allergic_to_is_asked_about():
    amide, other = substance("amide-a", allergy_classes={"amide"}), substance("ester-a", allergy_classes={"ester"})
    allergic = replace(WOMAN, allergies=frozenset({"amide-b"}), akin=frozenset({"amide"}))

    found = by_rule(check([line(other), line(amide)], allergic))

    assert (found["patient.allergy_akin"].level, found["patient.allergy_akin"].lines) == ("warn", (1,))
    assert found["patient.allergy_akin"].text == (
        "Allergic to another substance of this class (amide): ask before giving Amide-a."
    )
    itself = by_rule(check([line(amide)], replace(allergic, allergies=frozenset({"amide-a"}))))
    assert "patient.allergy" in itself
    assert "patient.allergy_akin" not in itself
    assert "patient.allergy_akin" not in by_rule(check([line(other)], allergic))
