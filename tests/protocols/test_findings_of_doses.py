"""What each rule on doses and on the make-up of a mix says: level, lines, sources, whole sentence.

Harmless lines stand before, between and after, so that a finding on the wrong line is seen.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from protocols.dosing import Ceiling, MixLimits, NumberRange
from protocols.dosing.sources import cite
from tests.protocols.dosing_cases import (
    BUPIVACAINE,
    CALCITONIN,
    DEXAMETHASONE,
    HORSE,
    LIDOCAINE_1,
    LIDOCAINE_2,
    MEPIVACAINE,
    PENTOXIFYLLINE,
    PIROXICAM,
    PROCAINE,
    SALINE,
    THIOCOLCHICOSIDE,
    TODAY,
    WOMAN,
    D,
    Said,
    anaesthetic,
    by_rule,
    check,
    earlier,
    line,
    mixed,
    rules_named,
    strength,
    substance,
)

pytestmark = pytest.mark.engine

YESTERDAY = TODAY - timedelta(days=1)


def capped(**limits):
    return substance("capped", "10 mg/mL", ceilings=(Ceiling("human", "the label", **limits),))


DOSES = (
    Said(
        "dose.over_weight_ceiling",
        "block",
        (1, 5),
        "S134",
        "Lidocaine-1: 230 mg is above the ceiling of 225 mg (4.5 mg/kg at 50 kg).",
        lambda: mixed(
            line(LIDOCAINE_1, "12"),
            line(PIROXICAM),
            line(LIDOCAINE_1, "11", syringe="B"),
            patient=replace(WOMAN, weight_kg=D(50)),
        ),
    ),
    Said(
        "dose.over_session_ceiling",
        "block",
        (1, 5),
        "S111b",
        "Mepivacaine: 420 mg is above the ceiling of 400 mg per session.",
        lambda: mixed(line(MEPIVACAINE, "12"), line(PIROXICAM), line(MEPIVACAINE, "9", syringe="B")),
    ),
    Said(
        "dose.weight_missing",
        "warn",
        (3,),
        "S137 S138",
        "No weight: the ceiling of 6 mg/kg for Procaine cannot be checked.",
        lambda: mixed(line(PIROXICAM), line(PROCAINE), patient=replace(WOMAN, weight_kg=None)),
    ),
    Said(
        "dose.weight_estimated",
        "info",
        (3,),
        "S108",
        "The ceiling for Procaine uses an estimated weight of 70 kg.",
        lambda: mixed(line(PIROXICAM), line(PROCAINE), patient=replace(WOMAN, weight_estimated=True)),
    ),
    Said(
        "dose.anaesthetics_together",
        "block",
        (1, 5),
        "S127",
        "The local anaesthetics together are 108.6 % of their ceilings: their effects add.",
        lambda: mixed(line(LIDOCAINE_1, "24"), line(PIROXICAM), line(PROCAINE, "6", syringe="B")),
    ),
    Said(
        "dose.over_day_ceiling",
        "block",
        (3,),
        "S54 S117",
        "Thiocolchicoside: 8.5 mg in 24 hours (4.5 mg before) is above the ceiling of 8 mg.",
        lambda: mixed(line(PIROXICAM), line(THIOCOLCHICOSIDE, "2"), earlier=(earlier(THIOCOLCHICOSIDE, "4.5"),)),
    ),
    Said(
        "dose.adds_up_in_24_hours",
        "warn",
        (1, 5),
        "S127 DESIGN",
        "With the doses of the last 24 hours, Lidocaine-1, Procaine: 114.3 % of one session's ceiling.",
        lambda: mixed(
            line(LIDOCAINE_1, "10"),
            line(PIROXICAM),
            line(LIDOCAINE_2, "5", syringe="B"),
            earlier=(earlier(PROCAINE, "200"),),
        ),
    ),
    Said(
        "dose.over_course_ceiling",
        "block",
        (3,),
        "the label",
        "Capped: 51 mg in this course is above the ceiling of 50 mg.",
        lambda: mixed(
            line(PIROXICAM), line(capped(mg_per_course=D(50))), earlier=(earlier(capped(), "41", "720", YESTERDAY),)
        ),
    ),
    Said(
        "dose.over_course_days",
        "warn",
        (3,),
        "S54 S117",
        "Thiocolchicoside: day 6 of treatment; the label allows 5.",
        lambda: mixed(
            line(PIROXICAM),
            line(THIOCOLCHICOSIDE),
            earlier=tuple(earlier(THIOCOLCHICOSIDE, "2", "99", TODAY - timedelta(days=7 * n)) for n in range(1, 6)),
        ),
    ),
    Said(
        "dose.repeated_too_soon",
        "warn",
        (3,),
        "S111b",
        "Mepivacaine: 75 minutes after the last dose; the label asks for 90.",
        lambda: mixed(line(PIROXICAM), line(MEPIVACAINE), earlier=(earlier(MEPIVACAINE, "20", "1.25"),)),
    ),
    Said(
        "dose.long_term",
        "warn",
        (3,),
        "S54 S117",
        "Thiocolchicoside: the label forbids long-term use, and this course is for a chronic condition.",
        lambda: mixed(line(PIROXICAM), line(THIOCOLCHICOSIDE), chronic=True),
    ),
    Said(
        "dose.not_computable",
        "warn",
        (3,),
        "S134",
        "Lidocaine-1 has a ceiling, but its strength in mg/mL is unknown: check the dose by hand.",
        lambda: mixed(line(LIDOCAINE_1), line(anaesthetic("lidocaine", "6 potency"))),
    ),
    Said(
        "dose.strength_missing",
        "info",
        (3,),
        "INFER",
        "No strength is entered for Bare: no dose can be shown.",
        lambda: mixed(line(PIROXICAM), line(substance("bare"))),
    ),
    Said(
        "dose.ceiling_unknown",
        "warn",
        (3,),
        "S107 INFER",
        "No ceiling for Lidocaine 2 % is known for this species (horse): set it yourself.",
        lambda: mixed(line(PIROXICAM), line(LIDOCAINE_2), patient=HORSE),
    ),
    Said(
        "dose.lower_it",
        "warn",
        (3, 5),
        "S135",
        "The ceiling for Lidocaine-1, Procaine is an adult's: give less to children, the elderly, the debilitated, and in liver or heart disease.",
        lambda: mixed(line(PIROXICAM), line(LIDOCAINE_1), line(PROCAINE), patient=replace(WOMAN, age_years=D(17))),
    ),
)

MAKE_UP = (
    Said(
        "mix.empty",
        "warn",
        (),
        "DESIGN",
        "The mix is empty. If only needles are used, choose the technique “dry”.",
        lambda: check([]),
    ),
    Said(
        "mix.dry_with_lines",
        "warn",
        (0, 1, 2),
        "DESIGN",
        "The technique is “dry”, but the mix has 3 lines.",
        lambda: mixed(line(PIROXICAM), technique="dry"),
    ),
    Said(
        "mix.no_volume",
        "warn",
        (3,),
        "DESIGN",
        "No volume is set for Piroxicam.",
        lambda: mixed(line(PIROXICAM), line(PIROXICAM, "0")),
    ),
    Said(
        "base.no_anaesthetic",
        "info",
        (),
        "SEED-H SEED-E",
        "The mix has no local anaesthetic as its base.",
        lambda: mixed(line(PIROXICAM)),
    ),
    Said(
        "base.no_vasodilator",
        "info",
        (),
        "SEED-H",
        "The mix has no vasodilator in its base.",
        lambda: mixed(line(LIDOCAINE_1)),
    ),
    Said(
        "base.several_anaesthetics",
        "warn",
        (1, 5),
        "S127",
        "Use only one local anaesthetic; the mix has Lidocaine-1, Procaine.",
        lambda: mixed(line(LIDOCAINE_1), line(PIROXICAM), line(PROCAINE)),
    ),
    Said(
        "mix.vasoconstrictor",
        "warn",
        (3,),
        "S128",
        "No vasoconstrictor belongs in a mesotherapy mix: Epinephrine.",
        lambda: mixed(line(PIROXICAM), line(substance("epinephrine", "1 mg/mL", traits={"vasoconstrictor"}))),
    ),
    Said(
        "mix.many_add_ins",
        "warn",
        (3, 5),
        "S6 S10",
        "Syringe A has 2 add-ins; more than 1 is unusual.",
        lambda: mixed(
            line(LIDOCAINE_1),
            line(PIROXICAM),
            line(DEXAMETHASONE),
            line(DEXAMETHASONE, syringe="B"),
            limits=MixLimits(max_add_ins=1),
        ),
    ),
    Said(
        "mix.syringe_full",
        "warn",
        (3, 5),
        "DESIGN",
        "Syringe B would hold 10.5 mL; it takes 10 mL.",
        lambda: mixed(
            line(PIROXICAM),
            line(SALINE, "4", syringe="B"),
            line(SALINE, "6.5", syringe="B"),
            limits=MixLimits(syringe_capacity_ml=D(10)),
        ),
    ),
    Said(
        "mix.large_volume",
        "warn",
        (0, 1, 2),
        "SEED-H S15",
        "90.5 mL in one session is more than 300 points of 0.3 mL.",
        lambda: mixed(line(SALINE, "88.5")),
    ),
    Said(
        "dose.strength_slip",
        "block",
        (3,),
        "INFER",
        "Lidocaine-1: 10 % looks like a slip; usual is 1 %, 2 %.",
        lambda: mixed(line(LIDOCAINE_1), line(LIDOCAINE_1, "0.1", strength=strength("10 %"))),
    ),
    Said(
        "dose.strength_unusual",
        "warn",
        (3,),
        "S134",
        "Lidocaine-1: 1.5 % is unusual; usual is 1 %, 2 %.",
        lambda: mixed(
            line(LIDOCAINE_1), line(replace(LIDOCAINE_1, source=cite("S134")), "0.1", strength=strength("1.5 %"))
        ),
    ),
    Said(
        "dose.mg_for_ml",
        "block",
        (3,),
        "INFER",
        "Thiocolchicoside: 4 mL is the number of milligrams in the planned 2 mL.",
        lambda: mixed(line(PIROXICAM, planned_ml=D(1)), line(THIOCOLCHICOSIDE, "4", planned_ml=D(2))),
    ),
    Said(
        "dose.volume_slip",
        "warn",
        (3,),
        "INFER",
        "Thiocolchicoside: 20 mL, but 2 mL was planned.",
        lambda: mixed(line(PIROXICAM, planned_ml=D(1)), line(THIOCOLCHICOSIDE, "20", planned_ml=D(2))),
    ),
    Said(
        "mix.ph",
        "info",
        (3,),
        "S20 S128 S110",
        "Procaine has a pH of 3 to 5.5; a finished mix should have 5 to 8.",
        lambda: mixed(line(replace(PENTOXIFYLLINE, ph=NumberRange(D(6), D(8)))), line(PROCAINE)),
    ),
)
ALL = (*DOSES, *MAKE_UP)


@pytest.mark.parametrize("said", ALL, ids=str)
def test_a_finding_points_at_its_own_lines_and_quotes_its_own_source(said):
    said.hold()


def test_no_rule_on_doses_or_make_up_is_left_out():
    assert {said.rule for said in ALL} == rules_named("doses", "composition")


def test_an_earlier_dose_of_something_else_stops_no_count():
    """Each rule goes on to the next substance after one that has nothing to say."""
    before = (earlier(CALCITONIN, "0"), earlier(BUPIVACAINE, "1", "3"), earlier(THIOCOLCHICOSIDE, "8", "1"))

    found = {f.rule: f.lines for f in mixed(line(CALCITONIN), line(THIOCOLCHICOSIDE), earlier=before)}

    assert found["dose.over_day_ceiling"] == (3,)


def test_minutes_too_few_are_never_rounded_up_to_enough():
    found = by_rule(check([line(MEPIVACAINE)], earlier=(earlier(MEPIVACAINE, "20", "1.495"),)))

    assert found["dose.repeated_too_soon"].numbers["minutes"] == 89


def test_a_dose_at_its_ceiling_today_and_any_before_it_is_more_than_one():
    at_ceiling = mixed(line(LIDOCAINE_1, "30"), earlier=(earlier(LIDOCAINE_2, "1"),))

    assert by_rule(at_ceiling)["dose.adds_up_in_24_hours"].numbers["percent"] == D("100.4")


def test_each_of_two_ceilings_of_a_substance_is_looked_at():
    twice = substance(
        "capped",
        "10 mg/mL",
        ceilings=(
            Ceiling("human", "one label", mg_per_24h=D(30)),
            Ceiling("human", "another", mg_per_course=D(40), days_per_course=1, repeat_min=90),
        ),
    )
    before = (earlier(twice, "31", "1", YESTERDAY),)

    found = {f.rule: f.source for f in mixed(line(twice), earlier=before)}

    assert found["dose.over_day_ceiling"] == "one label"
    for rule in ("dose.over_course_ceiling", "dose.over_course_days", "dose.repeated_too_soon"):
        assert found[rule] == "another"


@pytest.mark.parametrize(
    ("limits", "is_known"),
    [({"mg_per_kg": D(2)}, True), ({"mg_per_session": D(99)}, True), ({"mg_per_24h": D(99), "repeat_min": 90}, False)],
)
def test_only_a_limit_by_weight_or_session_is_a_ceiling_of_an_anaesthetic(limits, is_known):
    of = anaesthetic("articaine", "4 %", ceilings=(Ceiling("human", "label", **limits),))

    assert ("dose.ceiling_unknown" not in by_rule(mixed(line(of, "0.1")))) is is_known
