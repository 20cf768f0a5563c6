"""What each rule on patients, pairs and technique says: level, lines, sites, sources, whole sentence.

Harmless lines stand before, between and after, so that a finding on the wrong line is seen.
"""

from dataclasses import replace

import pytest

from protocols.dosing import (
    AllergyState,
    MixDevice,
    MixSite,
    NumberRange,
)
from tests.protocols.dosing_cases import (
    BUPIVACAINE,
    DEXAMETHASONE,
    LIDOCAINE_1,
    PENTOXIFYLLINE,
    PIROXICAM,
    PROCAINE,
    THIOCOLCHICOSIDE,
    WOMAN,
    D,
    Said,
    check,
    line,
    mixed,
    rules_named,
    substance,
)

pytestmark = pytest.mark.engine

FINE = MixSite(20, D("0.05"), depth_max_mm=D(4))
GUN = MixDevice("gun", "Multi-injector", species=frozenset({"horse"}), materials=frozenset({"latex"}))


def allergic(*allergies):
    return replace(WOMAN, allergies=frozenset(allergies))


PATIENTS = (
    Said(
        "patient.allergies_not_asked",
        "warn",
        (),
        "S35",
        "Nobody has asked about allergies yet.",
        lambda: mixed(line(PIROXICAM), patient=replace(WOMAN, allergy_state=AllergyState.NOT_ASKED)),
    ),
    Said(
        "patient.allergy",
        "block",
        (3,),
        "S51 S23 S53",
        "Allergy to ester, procaine: do not give Procaine.",
        lambda: mixed(line(PIROXICAM), line(PROCAINE), patient=allergic("ester", "procaine", "sulfite")),
    ),
    Said(
        "patient.allergy_akin",
        "warn",
        (3,),
        "S51 INFER",
        "Allergic to another substance of this class (ester): ask before giving Procaine.",
        lambda: mixed(
            line(PIROXICAM),
            line(PROCAINE),
            patient=replace(allergic("tetracaine"), akin=frozenset({"ester", "sulfite"})),
        ),
    ),
    Said(
        "patient.allergy_device",
        "block",
        (),
        "S51 S23 S53",
        "Allergy to latex: do not use Multi-injector.",
        lambda: mixed(line(PIROXICAM), patient=allergic("latex", "nickel"), device=GUN),
    ),
    Said(
        "patient.young",
        "warn",
        (),
        "S53",
        "The patient is 9; the clinic treats from 14 years.",
        lambda: mixed(line(PIROXICAM), patient=replace(WOMAN, age_years=D(9))),
    ),
    Said(
        "patient.age_unknown",
        "warn",
        (3,),
        "S54",
        "Thiocolchicoside is for 16 years and older; no birth date is known.",
        lambda: mixed(line(PIROXICAM), line(THIOCOLCHICOSIDE), patient=replace(WOMAN, age_years=None)),
    ),
    Said(
        "patient.too_young_for_substance",
        "block",
        (3,),
        "S54",
        "Thiocolchicoside is for 16 years and older; the patient is 15.",
        lambda: mixed(line(PIROXICAM), line(THIOCOLCHICOSIDE), patient=replace(WOMAN, age_years=D(15))),
    ),
    Said(
        "species.substance",
        "block",
        (3,),
        "DESIGN",
        "Dexamethasone is not for this species (human).",
        lambda: mixed(line(PIROXICAM), line(replace(DEXAMETHASONE, species=frozenset({"horse"})))),
    ),
)

PAIRS = (
    Said(
        "pair.incompatible",
        "block",
        (3, 5),
        "S129",
        "Dexamethasone and Bupivacaine form crystals in one syringe.",
        lambda: mixed(line(PIROXICAM), line(DEXAMETHASONE), line(BUPIVACAINE)),
    ),
    Said(
        "pair.caution",
        "warn",
        (1, 5),
        "S133",
        "Phosphatidylcholine and Lidocaine-1 react (alkali with acid).",
        lambda: mixed(line(LIDOCAINE_1), line(PIROXICAM), line(substance("phosphatidylcholine"))),
    ),
    Said(
        "pair.compatible",
        "info",
        (1, 5),
        "S129",
        "Dexamethasone and Lidocaine-1 go together; mixed 1:1 they are turbid for a moment.",
        lambda: mixed(line(LIDOCAINE_1), line(PIROXICAM), line(DEXAMETHASONE)),
    ),
    Said(
        "pair.unknown",
        "info",
        (1, 2),
        "INFER",
        "Syringe A: nothing is known about mixing Lidocaine-1 + Pentoxifylline.",
        lambda: check([line(PIROXICAM, syringe="B"), line(LIDOCAINE_1), line(PENTOXIFYLLINE)]),
    ),
)

TECHNIQUE = (
    Said(
        "device.species",
        "block",
        (),
        "S1",
        "Multi-injector is not for this species (human).",
        lambda: mixed(line(PIROXICAM), device=GUN),
    ),
    Said(
        "depth.beyond_needle",
        "block",
        (),
        "DESIGN",
        "A depth of 4.5 mm is beyond the needle of 4 mm.",
        lambda: mixed(sites=(FINE, MixSite(20, depth_min_mm=D(2), depth_max_mm=D("4.5"))), needle_length_mm=D(4)),
        sites=(1,),
    ),
    Said(
        "depth.impossible",
        "block",
        (),
        "S1 INFER",
        "A depth of 14 mm is outside 0.1 to 13 mm: is it a slip?",
        lambda: mixed(sites=(FINE, MixSite(9, depth_max_mm=D(14)))),
        (1,),
    ),
    Said(
        "depth.protocol",
        "warn",
        (),
        "DESIGN",
        "A depth of 2 mm is outside the protocol's 3 to 5 mm.",
        lambda: mixed(sites=(FINE, MixSite(20, depth_max_mm=D(2))), protocol_depth_mm=NumberRange(D(3), D(5))),
        sites=(1,),
    ),
    Said(
        "depth.technique",
        "warn",
        (),
        "S1 S2",
        "A depth of 3 mm is outside this technique's 1 to 2 mm.",
        lambda: mixed(sites=(FINE, MixSite(9, depth_max_mm=D(3), technique_depth_mm=NumberRange(D(1), D(2))))),
        sites=(1,),
    ),
    Said(
        "depth.unusual",
        "warn",
        (),
        "SEED-H",
        "A depth of 7 mm is outside the usual 2 to 6 mm.",
        lambda: mixed(sites=(FINE, MixSite(9, depth_max_mm=D(7)))),
        (1,),
    ),
    Said(
        "shots.protocol",
        "warn",
        (),
        "DESIGN",
        "41 shots are outside the protocol's 20 to 40.",
        lambda: mixed(line(PIROXICAM), shots=41, protocol_shots=NumberRange(D(20), D(40))),
    ),
    Said(
        "shots.unusual",
        "warn",
        (),
        "SEED-H",
        "301 shots are outside the usual 8 to 300.",
        lambda: mixed(line(PIROXICAM), shots=301),
    ),
    Said(
        "volume.per_point",
        "warn",
        (),
        "S16 S15",
        "0.4 mL per point is outside the usual 0.01 to 0.3 mL.",
        lambda: mixed(sites=(FINE, MixSite(9, D("0.4")))),
        sites=(1,),
    ),
    Said(
        "volume.mismatch",
        "warn",
        (1, 3),
        "INFER",
        "Syringe B holds 3 mL, but the points add up to 2 mL.",
        lambda: mixed(
            line(PIROXICAM, syringe="B"),
            line(LIDOCAINE_1, "2", syringe="B"),
            sites=(replace(FINE, points=60), replace(FINE, syringe="B"), MixSite(10, D("0.1"), "B")),
        ),
        sites=(1, 2),
    ),
)

ALL = (*PATIENTS, *PAIRS, *TECHNIQUE)


@pytest.mark.parametrize("said", ALL, ids=str)
def test_a_finding_points_at_its_own_lines_and_quotes_its_own_source(said):
    said.hold()


def test_no_rule_on_patients_pairs_or_technique_is_left_out():
    named = rules_named("patients", "compatibility", "technique")

    assert {said.rule for said in ALL} == named


def test_a_second_site_is_judged_after_a_first_that_says_nothing():
    sites = (MixSite(20), MixSite(20, D("0.5"), depth_min_mm=D(1), depth_max_mm=D(15)))

    found = mixed(sites=sites, needle_length_mm=D(4))

    assert {f.rule: f.sites for f in found if f.sites} == {
        "depth.beyond_needle": (1,),
        "depth.impossible": (1,),
        "depth.unusual": (1,),
        "volume.per_point": (1,),
    }
