"""Ceilings, sums and slips. Numbers: DOMAIN.md 3.3."""

from dataclasses import replace
from datetime import timedelta

import pytest

from protocols.dosing import Ceiling, MixLimits, MixPatient, blocks
from tests.protocols.dosing_cases import (
    BUPIVACAINE,
    CALCITONIN,
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
    TODAY,
    WOMAN,
    D,
    anaesthetic,
    by_rule,
    check,
    earlier,
    later,
    levels,
    line,
    strength,
    substance,
)

pytestmark = pytest.mark.engine


@pytest.mark.parametrize(
    ("of", "weight_kg", "volume_ml", "rule"),
    [
        # 70 kg, lidocaine 1 %: min(315, 300) = 300 mg = 30 mL (DOMAIN.md 3.3, worked check; S134)
        (LIDOCAINE_1, "70", "30", None),
        (LIDOCAINE_1, "70", "30.01", "dose.over_session_ceiling"),
        # 50 kg: 4.5 x 50 = 225 mg = 22.5 mL (S134)
        (LIDOCAINE_1, "50", "22.5", None),
        (LIDOCAINE_1, "50", "22.51", "dose.over_weight_ceiling"),
        # procaine 2 %: 6 mg/kg x 60 = 360 mg = 18 mL (S138); 600 mg = 30 mL from 100 kg on (S137)
        (PROCAINE, "60", "18", None),
        (PROCAINE, "60", "18.1", "dose.over_weight_ceiling"),
        (PROCAINE, "120", "30", None),
        (PROCAINE, "120", "30.1", "dose.over_session_ceiling"),
        # mepivacaine 2 %: usually 400 mg = 20 mL; 7 mg/kg x 40 = 280 mg = 14 mL (S111b)
        (MEPIVACAINE, "70", "20", None),
        (MEPIVACAINE, "70", "20.1", "dose.over_session_ceiling"),
        (MEPIVACAINE, "40", "14.1", "dose.over_weight_ceiling"),
        # lidocaine with epinephrine: 7 mg/kg, 500 mg (S134)
        (anaesthetic("lidocaine-epinephrine", "2 %"), "80", "25", None),
        (anaesthetic("lidocaine-epinephrine", "2 %"), "80", "25.1", "dose.over_session_ceiling"),
        (anaesthetic("lidocaine-epinephrine", "2 %"), "50", "17.6", "dose.over_weight_ceiling"),
    ],
)
def test_a_dose_is_blocked_above_the_smaller_of_the_ceilings(of, weight_kg, volume_ml, rule):
    patient = replace(WOMAN, weight_kg=D(weight_kg))

    found = by_rule(blocks(check([line(of, volume_ml)], patient)))

    assert set(found) == ({rule} if rule else set())
    if rule:
        assert found[rule].lines == (0,)
        assert found[rule].source == of.ceilings[0].source


def test_the_finding_names_dose_ceiling_and_weight():
    finding = by_rule(check([line(LIDOCAINE_1, "23")], replace(WOMAN, weight_kg=D(50))))["dose.over_weight_ceiling"]

    assert finding.text == "Lidocaine-1: 230 mg is above the ceiling of 225 mg (4.5 mg/kg at 50 kg)."
    assert "[S134]" in finding.source


def test_doses_add_up_over_syringes_and_over_products_of_one_ingredient():
    lines = [line(LIDOCAINE_1, "16"), line(LIDOCAINE_2, "8", syringe="B")]

    found = by_rule(check(lines))

    assert found["dose.over_session_ceiling"].numbers["dose_mg"] == D(320)
    assert found["dose.over_session_ceiling"].lines == (0, 1)
    assert "base.several_anaesthetics" not in found


def test_a_missing_weight_is_a_warning_and_the_ceiling_per_session_still_holds():
    unweighed = replace(WOMAN, weight_kg=None)

    assert levels(check([line(LIDOCAINE_1, "3")], unweighed))["dose.weight_missing"] == "warn"
    assert "dose.over_session_ceiling" in levels(check([line(LIDOCAINE_1, "31")], unweighed))
    assert "dose.weight_missing" not in levels(check([line(THIOCOLCHICOSIDE)], unweighed))


def test_an_estimated_weight_is_said_where_a_ceiling_uses_it():
    guessed = replace(WOMAN, weight_estimated=True)

    assert levels(check([line(LIDOCAINE_1)], guessed))["dose.weight_estimated"] == "info"
    assert "dose.weight_estimated" not in levels(check([line(PIROXICAM)], guessed))
    assert "dose.weight_estimated" not in levels(check([line(LIDOCAINE_1)], WOMAN))


@pytest.mark.parametrize(
    ("lidocaine_ml", "procaine_ml", "percent"),
    # of 300 mg lidocaine and 420 mg procaine at 70 kg (S127: toxic effects add)
    [("15", "10.5", None), ("15", "10.6", "100.5"), ("24", "6", "108.6")],
)
def test_local_anaesthetics_are_blocked_when_their_shares_add_up_to_more_than_one(lidocaine_ml, procaine_ml, percent):
    found = by_rule(check([line(LIDOCAINE_1, lidocaine_ml), line(PROCAINE, procaine_ml)]))

    together = found.get("dose.anaesthetics_together")

    assert (together and together.numbers["percent"]) == (percent and D(percent))
    if together:
        assert together.level == "block"
        assert together.lines == (0, 1)
        assert "[S127]" in together.source


def test_one_anaesthetic_alone_is_never_called_together():
    assert "dose.anaesthetics_together" not in levels(check([line(LIDOCAINE_1, "40")]))


@pytest.mark.parametrize(
    ("of", "volume_ml", "before_mg", "hours", "expected"),
    [
        # thiocolchicoside 8 mg a day (S54, S117): 2 mL x 2 mg/mL = 4 mg
        (THIOCOLCHICOSIDE, "2", "4", "2", None),
        (THIOCOLCHICOSIDE, "2", "4.1", "2", "block"),
        (THIOCOLCHICOSIDE, "2", "4.1", "23.9", "block"),
        (THIOCOLCHICOSIDE, "2", "4.1", "24", None),
        (THIOCOLCHICOSIDE, "4.1", "0", "2", "block"),
        # mepivacaine 1000 mg in 24 h (S111b): 20 mL x 20 mg/mL = 400 mg
        (MEPIVACAINE, "20", "600", "5", None),
        (MEPIVACAINE, "20", "601", "5", "block"),
    ],
)
def test_doses_of_24_hours_are_held_to_the_ceiling_of_a_day(of, volume_ml, before_mg, hours, expected):
    found = levels(check([line(of, volume_ml)], earlier=(earlier(of, before_mg, hours),)))

    assert found.get("dose.over_day_ceiling") == expected


def test_earlier_doses_alone_say_nothing_about_a_mix_without_that_substance():
    before = (earlier(THIOCOLCHICOSIDE, "9", "0.5"), earlier(LIDOCAINE_2, "400"), earlier(MEPIVACAINE, "2000"))

    rules = set(levels(check([line(PIROXICAM)], replace(WOMAN, weight_kg=None), earlier=before)))

    assert not {rule for rule in rules if rule.startswith("dose.")}


def test_a_dose_split_over_two_records_of_a_day_is_seen():
    today = [line(LIDOCAINE_1, "20")]

    assert "dose.adds_up_in_24_hours" not in levels(check(today, earlier=(earlier(LIDOCAINE_2, "100"),)))
    found = by_rule(check(today, earlier=(earlier(LIDOCAINE_2, "101"),)))
    assert found["dose.adds_up_in_24_hours"].level == "warn"
    assert found["dose.adds_up_in_24_hours"].numbers["percent"] == D("100.4")
    assert found["dose.adds_up_in_24_hours"].lines == (0,)
    assert "dose.adds_up_in_24_hours" not in levels(check(today, earlier=(earlier(LIDOCAINE_2, "101", "24"),)))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ((), (("4", "2"),), None),
        ((), (("4.1", "2"),), "block"),
        ((), (("4.1", "24"),), None),
        ((("3", "10"),), (("1.1", "13.9"),), "block"),
        ((("3", "10"),), (("1.1", "14"),), None),  # 24 hours hold the one or the other, not both
        ((("3", "10"), ("1.1", "20")), (("1", "3.9"),), "block"),
        ((("3", "0"),), (("1.1", "23"),), "block"),
    ],
)
def test_a_late_entry_is_held_to_what_was_given_after_it_too(before, after, expected):
    # thiocolchicoside 8 mg a day (S54, S117): 2 mL x 2 mg/mL = 4 mg
    doses = {
        "earlier": tuple(earlier(THIOCOLCHICOSIDE, mg, hours) for mg, hours in before),
        "later": tuple(later(THIOCOLCHICOSIDE, mg, hours) for mg, hours in after),
    }

    found = levels(check([line(THIOCOLCHICOSIDE, "2")], **doses))

    assert found.get("dose.over_day_ceiling") == expected


def test_anaesthetics_on_both_sides_of_a_late_entry_add_up_only_within_24_hours():
    today, before = [line(LIDOCAINE_1, "20")], (earlier(LIDOCAINE_2, "60", "20"),)

    apart = check(today, earlier=before, later=(later(PROCAINE, "100", "4"),))
    together = by_rule(check(today, earlier=before, later=(later(PROCAINE, "100", "3.9"),)))

    assert "dose.adds_up_in_24_hours" not in levels(apart)
    assert together["dose.adds_up_in_24_hours"].numbers["percent"] == D("110.5")


def test_what_a_late_entry_finds_is_told_as_that_of_other_sessions():
    mepivacaine = by_rule(check([line(MEPIVACAINE, "1")], later=(later(MEPIVACAINE, "981", "0.5"),)))
    lidocaine = by_rule(check([line(LIDOCAINE_1, "20")], later=(later(LIDOCAINE_2, "101"),)))

    assert mepivacaine["dose.over_day_ceiling"].text == (
        "Mepivacaine: 1001 mg in 24 hours (981 mg at other sessions) is above the ceiling of 1000 mg."
    )
    assert mepivacaine["dose.repeated_too_soon"].text == (
        "Mepivacaine: 30 minutes before the next dose; the label asks for 90."
    )
    assert lidocaine["dose.adds_up_in_24_hours"].text == (
        "With the doses of other sessions within 24 hours, Lidocaine-1: 100.4 % of one session's ceiling."
    )


def test_the_nearer_of_the_doses_on_both_sides_is_told():
    sides = {"earlier": (earlier(MEPIVACAINE, "20", "1"),), "later": (later(MEPIVACAINE, "20", "1.25"),)}

    found = by_rule(check([line(MEPIVACAINE)], **sides))["dose.repeated_too_soon"]

    assert found.text == "Mepivacaine: 60 minutes after the last dose; the label asks for 90."


def test_another_anaesthetic_of_the_last_24_hours_counts_with_todays():
    found = levels(check([line(LIDOCAINE_1, "20")], earlier=(earlier(PROCAINE, "200"),)))

    assert found["dose.adds_up_in_24_hours"] == "warn"


def test_substances_that_are_no_anaesthetics_add_up_each_for_itself():
    capped = Ceiling("human", "label", mg_per_session=D(40))
    first, second = (
        substance("first", "10 mg/mL", ceilings=(capped,)),
        substance("second", "10 mg/mL", ceilings=(capped,)),
    )

    apart = check([line(first, "3"), line(second, "3")], earlier=(earlier(first, "10"), earlier(second, "10")))
    over = check([line(first, "3"), line(second, "3")], earlier=(earlier(first, "11"),))

    assert "dose.adds_up_in_24_hours" not in levels(apart)
    assert by_rule(over)["dose.adds_up_in_24_hours"].lines == (0,)


def test_what_is_blocked_today_is_not_also_warned_about_for_the_day():
    found = levels(check([line(LIDOCAINE_1, "31")], earlier=(earlier(LIDOCAINE_2, "100"),)))

    assert "dose.adds_up_in_24_hours" not in found


def test_doses_of_the_course_are_held_to_the_ceiling_of_a_course():
    capped = substance("capped", "10 mg/mL", ceilings=(Ceiling("human", "label", mg_per_course=D(50)),))
    long_ago = TODAY - timedelta(days=30)

    def level(before_mg, **fields):
        before = (earlier(capped, before_mg, "720", long_ago, **fields),)
        return levels(check([line(capped)], earlier=before)).get("dose.over_course_ceiling")

    assert level("40") is None
    assert level("40.1") == "block"
    assert level("40.1", same_course=False) is None


def test_more_days_of_treatment_than_the_label_allows_are_a_warning():
    # thiocolchicoside: at most 5 days (S54, S117)
    def days_before(count, **fields):
        days = [TODAY - timedelta(days=7 * n) for n in range(1, count + 1)]
        return tuple(earlier(THIOCOLCHICOSIDE, "2", "100", day, **fields) for day in days)

    twice_today = (*days_before(4), earlier(THIOCOLCHICOSIDE, "2", "3"))
    other = tuple(replace(dose, substance=PIROXICAM) for dose in days_before(9))

    assert "dose.over_course_days" not in levels(check([line(THIOCOLCHICOSIDE)], earlier=twice_today + other))
    found = by_rule(check([line(THIOCOLCHICOSIDE)], earlier=days_before(5)))["dose.over_course_days"]
    assert (found.level, found.numbers["days"], found.numbers["days_allowed"]) == ("warn", 6, 5)
    another = check([line(THIOCOLCHICOSIDE)], earlier=days_before(9, same_course=False))
    assert "dose.over_course_days" not in levels(another)


def test_a_late_entry_is_held_to_the_whole_course_and_not_only_to_what_came_before_it():
    capped = substance("capped", "10 mg/mL", ceilings=(Ceiling("human", "label", mg_per_course=D(49)),))

    def weeks_after(of, *weeks, **fields):
        days = [(str(168 * week), TODAY + timedelta(days=7 * week)) for week in weeks]
        return tuple(later(of, "20", hours, day, **fields) for hours, day in days)

    def found(of, **sides):
        return by_rule(check([line(of)], earlier=(earlier(of, "20", "168", TODAY - timedelta(days=7)),), **sides))

    assert "dose.over_course_ceiling" not in found(capped)
    assert "dose.over_course_ceiling" not in found(capped, later=weeks_after(capped, 1, same_course=False))
    assert found(capped, later=weeks_after(capped, 2))["dose.over_course_ceiling"].numbers["total_mg"] == 50

    assert "dose.over_course_days" not in found(THIOCOLCHICOSIDE, later=weeks_after(THIOCOLCHICOSIDE, 1, 2, 3))
    days = found(THIOCOLCHICOSIDE, later=weeks_after(THIOCOLCHICOSIDE, 1, 2, 3, 4))["dose.over_course_days"]
    assert days.numbers["days"] == 6


@pytest.mark.parametrize(("hours", "expected"), [("1.49", "warn"), ("1.5", None), ("3", None)])
def test_mepivacaine_comes_again_after_90_minutes_at_the_earliest(hours, expected):
    before = (earlier(MEPIVACAINE, "20", "9"), earlier(MEPIVACAINE, "20", hours), earlier(LIDOCAINE_1, "1", "0"))

    found = levels(check([line(MEPIVACAINE)], earlier=before))

    assert found.get("dose.repeated_too_soon") == expected


def test_a_short_term_substance_in_a_chronic_course_is_a_warning():
    found = by_rule(check([line(PIROXICAM), line(THIOCOLCHICOSIDE)], chronic=True))

    assert (found["dose.long_term"].level, found["dose.long_term"].lines) == ("warn", (1,))
    assert "dose.long_term" not in levels(check([line(THIOCOLCHICOSIDE)], chronic=False))
    assert "dose.long_term" not in levels(check([line(PIROXICAM)], chronic=True))


def test_a_ceiling_that_cannot_be_compared_is_said():
    nameless = substance("lidocaine", None)
    potency = substance("lidocaine", "6 potency")

    assert levels(check([line(nameless)]))["dose.not_computable"] == "warn"
    assert levels(check([line(potency)]))["dose.not_computable"] == "warn"
    assert "dose.not_computable" not in levels(check([line(CALCITONIN), line(LIDOCAINE_1)]))


def test_a_medicine_without_a_strength_is_told_but_a_vehicle_or_homeopathic_is_not():
    bare = substance("bare")
    found = by_rule(check([line(PIROXICAM), line(bare)]))

    assert (found["dose.strength_missing"].level, found["dose.strength_missing"].lines) == ("info", (1,))
    quiet = [line(SALINE), line(substance("traumeel", kind="homeopathic")), line(bare, role="vehicle")]
    assert "dose.strength_missing" not in levels(check(quiet))


def test_human_ceilings_are_not_lent_to_horses_and_the_gap_is_said():
    found = levels(check([line(LIDOCAINE_2, "50")], HORSE))

    assert found["dose.ceiling_unknown"] == "warn"
    assert "dose.over_session_ceiling" not in found
    assert "dose.weight_missing" not in levels(check([line(LIDOCAINE_2)], replace(HORSE, weight_kg=None)))


def test_a_ceiling_set_by_the_vet_is_used():
    set_by_vet = replace(LIDOCAINE_2, ceilings=(Ceiling("horse", "the clinic's vet", mg_per_kg=D(2)),))

    found = levels(check([line(set_by_vet, "51")], HORSE))

    assert found["dose.over_weight_ceiling"] == "block"
    assert "dose.ceiling_unknown" not in found


def test_an_unknown_ceiling_is_said_of_anaesthetics_only():
    assert levels(check([line(BUPIVACAINE)]))["dose.ceiling_unknown"] == "warn"
    assert "dose.ceiling_unknown" not in levels(check([line(PIROXICAM), line(LIDOCAINE_1)]))


@pytest.mark.parametrize(
    ("age_years", "flags", "expected"),
    [
        ("17.9", (), "warn"),
        ("18", (), None),
        ("40", ("liver_disease",), "warn"),
        ("40", ("heart_disease",), "warn"),
        ("40", ("debilitated",), "warn"),
        ("40", ("elderly",), "warn"),
        ("40", ("diabetes",), None),
        ("99", (), None),
    ],
)
def test_adult_ceilings_are_questioned_for_those_who_need_less(age_years, flags, expected):
    patient = replace(WOMAN, age_years=D(age_years), flags=frozenset(flags))

    assert levels(check([line(LIDOCAINE_1)], patient)).get("dose.lower_it") == expected
    assert "dose.lower_it" not in levels(check([line(PIROXICAM)], patient))


def test_the_clinic_may_say_from_what_age_a_patient_is_elderly():
    old = replace(WOMAN, age_years=D(75))
    limits = MixLimits(elderly_from_years=D(75))

    assert "dose.lower_it" in levels(check([line(LIDOCAINE_1)], old, limits=limits))
    assert "dose.lower_it" not in levels(check([line(LIDOCAINE_1)], replace(old, age_years=D(74)), limits=limits))
    assert "dose.lower_it" not in levels(check([line(LIDOCAINE_1)], MixPatient("horse", age_years=D(5))))


@pytest.mark.parametrize(
    ("of", "age_years", "volume_ml", "is_over"),
    [
        # 5 kg, lidocaine 4.5 mg/kg = 22.5 mg; under 6 months 30 % less = 15.75 mg (S135)
        (LIDOCAINE_1, "0.4", "1.575", False),
        (LIDOCAINE_1, "0.4", "1.576", True),
        (LIDOCAINE_1, "0.5", "2.25", False),
        (LIDOCAINE_1, "0.5", "2.251", True),
        # procaine is an ester: 6 mg/kg = 30 mg stays
        (PROCAINE, "0.4", "1.5", False),
    ],
)
def test_amide_ceilings_are_30_percent_lower_under_six_months(of, age_years, volume_ml, is_over):
    infant = replace(WOMAN, weight_kg=D(5), age_years=D(age_years))

    assert ("dose.over_weight_ceiling" in levels(check([line(of, volume_ml)], infant))) is is_over


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("1 %", {}),
        ("10 mg/mL", {}),
        ("10 g/L", {}),
        ("10 %", {"dose.strength_slip": "block"}),  # 1 % against 10 %
        ("0.1 %", {"dose.strength_slip": "block"}),
        ("1 g/mL", {"dose.strength_slip": "block"}),
        ("1.5 %", {"dose.strength_unusual": "warn"}),
        ("10 IU/mL", {"dose.strength_slip": "block"}),
    ],
)
def test_a_strength_ten_times_a_usual_one_is_a_slip(label, expected):
    found = levels(check([line(LIDOCAINE_1, "0.1", strength=strength(label))]))

    assert {rule: level for rule, level in found.items() if rule.startswith("dose.strength")} == expected


def test_a_strength_is_not_judged_when_no_usual_one_is_known():
    found = levels(check([line(PIROXICAM, strength=strength("200 mg/mL"))]))

    assert not {rule for rule in found if rule.startswith("dose.strength")}


def test_usual_strengths_in_iu_are_compared_in_iu():
    calcitonin = replace(CALCITONIN, usual_strengths=(strength("50 IU/mL"), strength("100 IU/mL")))

    assert "dose.strength_unusual" not in levels(check([line(calcitonin)]))
    assert levels(check([line(calcitonin, strength=strength("75 IU/mL"))]))["dose.strength_unusual"] == "warn"
    assert levels(check([line(calcitonin, strength=strength("1000 IU/mL"))]))["dose.strength_slip"] == "block"


@pytest.mark.parametrize(
    ("volume_ml", "planned_ml", "expected"),
    [
        ("2", "1", {"dose.mg_for_ml": "block"}),  # 2 mg typed as 2 mL (thiocolchicoside 2 mg/mL)
        ("10", "1", {"dose.volume_slip": "warn"}),
        ("0.1", "1", {"dose.volume_slip": "warn"}),
        ("9.9", "1", {}),
        ("1", "1", {}),
        ("3", "0", {}),
        ("0", "1", {}),
        ("3", None, {}),
    ],
)
def test_a_volume_that_slipped_against_the_plan_is_seen(volume_ml, planned_ml, expected):
    planned = None if planned_ml is None else D(planned_ml)
    found = levels(check([line(THIOCOLCHICOSIDE, volume_ml, planned_ml=planned)]))

    slips = {"dose.mg_for_ml", "dose.volume_slip"}
    assert {rule: level for rule, level in found.items() if rule in slips} == expected


def test_a_volume_slip_needs_no_known_strength():
    found = levels(check([line(SALINE, "20", planned_ml=D(2)), line(DICLOFENAC), line(PENTOXIFYLLINE)]))

    assert found["dose.volume_slip"] == "warn"


def test_a_session_above_every_sourced_volume_is_a_warning():
    # 300 shots (SEED-H) of 0.3 mL (S15) are 90 mL
    assert levels(check([line(SALINE, "45.1"), line(SALINE, "45", syringe="B")]))["mix.large_volume"] == "warn"
    assert "mix.large_volume" not in levels(check([line(SALINE, "90")]))


def test_a_harmless_line_before_it_hides_no_dose_above_its_ceiling():
    found = by_rule(check([line(PIROXICAM), line(PENTOXIFYLLINE), line(LIDOCAINE_1, "30.01")]))

    assert found["dose.over_session_ceiling"].numbers["substance"] == "Lidocaine-1"


def test_a_line_without_a_ceiling_before_it_hides_no_missing_weight():
    found = levels(check([line(PIROXICAM), line(LIDOCAINE_1)], replace(WOMAN, weight_kg=None)))

    assert found["dose.weight_missing"] == "warn"
