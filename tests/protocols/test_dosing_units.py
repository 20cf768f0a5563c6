"""Units, sums and refusals of the mix check, and what must hold for every mix."""

import time
from dataclasses import replace
from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.dosing import (
    RULES,
    Ceiling,
    CompetitionRule,
    Counting,
    EarlierDose,
    Finding,
    LaterDose,
    Level,
    MixContext,
    MixLimits,
    MixLine,
    MixLot,
    MixPatient,
    MixSite,
    MixSubstance,
    NumberRange,
    Strength,
    blocks,
    check_mix,
    dose_iu,
    dose_mg,
    share_of_ceiling,
    totals,
)
from protocols.dosing.quantities import checked, plain
from protocols.dosing.sources import SOURCES
from tests.protocols.dosing_cases import (
    CALCITONIN,
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
    check,
    line,
    strength,
    substance,
)

pytestmark = pytest.mark.engine

volumes = st.decimals(min_value="0.01", max_value="60", places=2)


@pytest.mark.parametrize(
    ("label", "mg_per_ml"),
    [
        ("1 %", "10"),  # DOMAIN.md 3.1
        ("2 %", "20"),
        ("1.5 %", "15"),
        ("20 mg/mL", "20"),
        ("500 µg/mL", "0.5"),
        ("0.1 g/mL", "100"),
        ("9 g/L", "9"),
        ("100 IU/mL", None),
        ("6 potency", None),
    ],
)
def test_strengths_are_turned_into_milligrams_per_millilitre(label, mg_per_ml):
    of = substance("any", label)

    assert of.strength_mg_per_ml == (mg_per_ml and D(mg_per_ml))
    assert of.iu_per_ml == (D(100) if label == "100 IU/mL" else None)
    assert str(strength(label)) == label


@pytest.mark.parametrize("unit", ["mcg/mL", "ug/mL", "\u03bcg/mL", "\u00b5g/mL"])
def test_micrograms_may_be_written_in_every_usual_way(unit):
    assert Strength(D(500), unit).mg_per_ml == D("0.5")


def test_the_dose_of_a_line_is_volume_times_strength():
    assert dose_mg(line(LIDOCAINE_2, "3")) == D(60)  # DOMAIN.md 3.3: 3 mL of 2 % hold 60 mg
    assert dose_mg(line(LIDOCAINE_2, "3", wasted_ml=D(1))) == D(60)
    assert dose_mg(line(LIDOCAINE_2, "3", strength=strength("1 %"))) == D(30)
    assert (dose_mg(line(CALCITONIN, "0.5")), dose_iu(line(CALCITONIN, "0.5"))) == (None, D(50))
    assert (dose_mg(line(SALINE)), dose_iu(line(SALINE)), dose_iu(line(LIDOCAINE_1))) == (None, None, None)


@pytest.mark.parametrize(
    "bad", ["NaN", "sNaN", "Infinity", "-Infinity", "-1", "-0.01", "1E+10", "1E-16", "1.000000000000001"]
)
def test_numbers_that_are_none_are_refused(bad):
    number = Decimal(bad)
    makers = [
        lambda: MixLine(SALINE, number),
        lambda: MixLine(SALINE, D(1), wasted_ml=number),
        lambda: MixLine(SALINE, D(1), planned_ml=number),
        lambda: Strength(number, "%"),
        lambda: MixPatient("human", weight_kg=number),
        lambda: MixPatient("human", age_years=number),
        lambda: MixLot("1", remaining_ml=number),
        lambda: MixSite(1, number),
        lambda: MixSite(1, depth_min_mm=number),
        lambda: MixSite(1, depth_max_mm=number),
        lambda: EarlierDose(SALINE, number, TODAY, D(1)),
        lambda: EarlierDose(SALINE, D(1), TODAY, number),
        lambda: LaterDose(SALINE, number, TODAY, D(1)),
        lambda: LaterDose(SALINE, D(1), TODAY, number),
        lambda: Ceiling("human", "s", mg_per_kg=number),
        lambda: Ceiling("human", "s", mg_per_session=number),
        lambda: Ceiling("human", "s", mg_per_24h=number),
        lambda: Ceiling("human", "s", mg_per_course=number),
        lambda: NumberRange(number, D(9)),
        lambda: NumberRange(D(0), number),
        lambda: MixContext(TODAY, needle_length_mm=number),
        lambda: MixLimits(syringe_capacity_ml=number),
        lambda: MixLimits(min_age_years=number),
        lambda: MixLimits(child_under_years=number),
        lambda: MixLimits(elderly_from_years=number),
        lambda: MixLimits(infant_under_years=number),
        lambda: MixLimits(infant_amide_factor=number),
        lambda: MixLimits(volume_mismatch_share=number),
        lambda: MixLimits(slip_factor=number),
        lambda: replace(SALINE, min_age_years=number),
    ]
    for make in makers:
        with pytest.raises(ValueError):
            make()


@pytest.mark.parametrize(
    "make",
    [
        lambda: MixLine(SALINE, 0.1),
        lambda: MixLine(SALINE, "1"),
        lambda: MixLine(SALINE, True),
        lambda: MixLine(SALINE, D(1), role="spare"),
        lambda: Strength(D(0), "%"),
        lambda: Strength(D(1), "drops"),
        lambda: MixPatient("human", weight_kg=D(0)),
        lambda: MixPatient("human", allergy_state="maybe"),
        lambda: MixPatient("human", food_chain="maybe"),
        lambda: MixSubstance("", "Nameless"),
        lambda: MixSite(-1),
        lambda: MixSite(None),
        lambda: MixSite(True),
        lambda: MixSite(10**10),
        lambda: MixSite(1, depth_min_mm=D(3), depth_max_mm=D(2)),
        lambda: NumberRange(D(2), D(1)),
        lambda: MixContext(TODAY, shots=-1),
        lambda: MixContext(TODAY, shots=1.5),
        lambda: MixContext(TODAY, purpose="guess"),
        lambda: MixContext(TODAY, needle_length_mm=D(0)),
        lambda: MixLimits(syringe_capacity_ml=D(0)),
        lambda: MixLimits(max_add_ins=-1),
        lambda: MixLimits(slip_factor=D(0)),
        lambda: Ceiling("human", "s", days_per_course=-1),
        lambda: Ceiling("human", "s", repeat_min=-1),
        lambda: CompetitionRule("R", "B", 0, Counting.CLEAR_DAYS, "s"),
        lambda: CompetitionRule("R", "B", 1, "moons", "s"),
        lambda: Finding("loud", "r", "m"),
    ],
)
def test_what_makes_no_sense_is_refused(make):
    with pytest.raises(ValueError):
        make()


def test_a_refused_number_is_named():
    with pytest.raises(ValueError, match="volume_ml must be zero or more"):
        MixLine(SALINE, D(-1))
    with pytest.raises(ValueError, match="weight_kg must be above zero"):
        MixPatient("human", weight_kg=D(0))
    with pytest.raises(ValueError, match="volume_ml must be a Decimal, not float"):
        MixLine(SALINE, 0.1)


def test_a_million_millilitres_are_a_finding_not_an_error():
    assert blocks(check([line(LIDOCAINE_1, "1000000")]))


@pytest.mark.parametrize(
    ("value", "text"), [("3.00", "3"), ("1E+2", "100"), ("0.50", "0.5"), ("0", "0"), ("100", "100")]
)
def test_decimals_are_written_plainly(value, text):
    assert plain(D(value)) == text


def test_totals_count_syringes_substances_and_kilograms():
    lines = [line(LIDOCAINE_1, "2"), line(LIDOCAINE_2, "1.5", syringe="B"), line(CALCITONIN, "0.5"), line(SALINE, "6")]

    summed = totals(lines, WOMAN)

    assert summed.volume_ml == D(10)
    assert summed.volume_ml_by_syringe == {"A": D("8.5"), "B": D("1.5")}
    lidocaine, calcitonin, saline = summed.substances
    assert (lidocaine.lines, lidocaine.volume_ml, lidocaine.dose_mg) == ((0, 1), D("3.5"), D(50))
    assert (lidocaine.ingredient, lidocaine.name, lidocaine.dose_iu) == ("lidocaine", "Lidocaine-1", None)
    assert lidocaine.dose_mg_per_kg == D("0.714")
    assert (calcitonin.dose_mg, calcitonin.dose_iu, calcitonin.dose_mg_per_kg) == (None, D(50), None)
    assert (saline.dose_mg, saline.dose_iu) == (None, None)
    assert totals(lines).substances[0].dose_mg_per_kg is None
    assert totals([]).volume_ml == 0


def test_the_share_of_the_ceiling_is_that_of_the_worked_check():
    # 70 kg, 3 mL of lidocaine 2 % = 60 mg = 20 % of 300 mg (DOMAIN.md 3.3)
    share = share_of_ceiling([line(LIDOCAINE_2, "3"), line(SALINE, "7")], WOMAN, MixContext(TODAY))

    assert len(share) == 1
    assert (share[0].dose_mg, share[0].ceiling_mg, share[0].share_percent) == (D(60), D(300), D(20))
    assert (share[0].mg_per_kg, share[0].weight_estimated, share[0].lines) == (None, False, (0,))
    assert "[S134]" in share[0].source


def test_the_share_says_which_weight_it_uses_and_adds_anaesthetics_up():
    light = replace(WOMAN, weight_kg=D(50), weight_estimated=True)
    lines = [line(LIDOCAINE_1, "11.25"), line(PROCAINE, "5"), line(THIOCOLCHICOSIDE)]

    lidocaine, procaine, together = share_of_ceiling(lines, light, MixContext(TODAY))

    assert (lidocaine.share_percent, lidocaine.mg_per_kg, lidocaine.weight_estimated) == (D(50), D("4.5"), True)
    assert procaine.share_percent == D("33.4")  # rounded up
    assert (together.ingredient, together.name, together.lines) == ("", "Lidocaine-1 + Procaine", (0, 1))
    assert together.share_percent == D("83.4")
    assert (lidocaine.ingredient, lidocaine.name) == ("lidocaine", "Lidocaine-1")
    assert (together.weight_estimated, together.source, together.dose_mg, together.ceiling_mg) == (
        True,
        "",
        None,
        None,
    )
    by_session = [line(PROCAINE, "5"), line(LIDOCAINE_1, "30")]
    heavy = replace(light, weight_kg=D(90))
    heaviest = replace(light, weight_kg=D(200))
    assert not share_of_ceiling(by_session, heaviest, MixContext(TODAY))[-1].weight_estimated
    assert totals(lines, light).weight_estimated
    assert not totals(lines, replace(light, weight_estimated=False)).weight_estimated
    assert not share_of_ceiling(lines[:1], heavy, MixContext(TODAY))[0].weight_estimated
    assert not share_of_ceiling(lines[:1], replace(light, weight_estimated=False), MixContext(TODAY))[
        0
    ].weight_estimated
    unknown = replace(LIDOCAINE_1, strength=None)
    assert share_of_ceiling([line(unknown)], WOMAN, MixContext(TODAY))[0].dose_mg is None


def test_a_ceiling_of_zero_is_over_at_the_first_drop():
    none_at_all = substance("never", "1 mg/mL", ceilings=(Ceiling("human", "s", mg_per_session=D(0)),))

    assert blocks(check([line(none_at_all, "0.1")]))
    assert not blocks(check([line(none_at_all, "0")]))
    assert share_of_ceiling([line(none_at_all)], WOMAN, MixContext(TODAY))[0].share_percent > 100


def test_findings_come_loudest_first_and_blocks_are_picked_out():
    found = check([line(LIDOCAINE_1, "40"), line(PIROXICAM)], replace(WOMAN, flags=frozenset({"ulcer"})))

    order = [f.level for f in found]
    assert order == sorted(order, key=[Level.BLOCK, Level.WARN, Level.INFO].index)
    assert {f.level for f in found} == set(Level)
    assert blocks(found) == [f for f in found if f.level is Level.BLOCK]


def test_a_finding_is_translated_with_its_numbers():
    finding = Finding(Level.WARN, "r", "%(dose_mg)s mg on %(on)s", {"dose_mg": D("4.50"), "on": TODAY}, "s", (1,))

    german = finding.render(lambda text: text.replace("on", "am").replace("%(am)s", "%(on)s"))
    comma = finding.render(show=lambda value: str(value).replace(".", ","))

    assert finding.text == "4.5 mg on 2026-03-02"
    assert german == "4.5 mg am 2026-03-02"
    assert comma == "4,50 mg on 2026-03-02"


@pytest.mark.parametrize("message", ["100 % sure", "%(nothing)s", "%s", "%"])
def test_a_clinics_own_wording_never_breaks_the_page(message):
    assert Finding(Level.WARN, "r", message).text == message


def test_an_override_does_not_cover_a_higher_dose():
    first, second = (blocks(check([line(LIDOCAINE_1, volume_ml)]))[0] for volume_ml in ("31", "32"))

    assert first.key != second.key
    assert first.key == blocks(check([line(LIDOCAINE_1, "31.0")]))[0].key
    assert first.key == "dose.over_session_ceiling|0||ceiling_mg=300,dose_mg=310,substance=Lidocaine-1"


def test_the_same_finding_is_equal_and_can_be_put_in_a_set():
    first, second = (blocks(check([line(LIDOCAINE_1, "31")]))[0] for _ in range(2))

    assert len({first, second}) == 1


@given(volumes, st.sampled_from([LIDOCAINE_1, LIDOCAINE_2, PROCAINE, MEPIVACAINE]), st.integers(3, 150))
def test_no_dose_above_a_ceiling_passes_silently(volume_ml, of, weight_kg):
    patient = replace(WOMAN, weight_kg=D(weight_kg))
    ceiling = of.ceilings[0]
    limit_mg = min(ceiling.mg_per_kg * weight_kg, ceiling.mg_per_session)

    rules = {f.rule for f in blocks(check([MixLine(of, volume_ml)], patient))}

    over = {"dose.over_weight_ceiling", "dose.over_session_ceiling"}
    assert bool(rules & over) is (volume_ml * of.strength_mg_per_ml > limit_mg)


@given(volumes, st.sampled_from(["1 %", "10 mg/mL", "10 g/L", "0.01 g/mL", "10000 mcg/mL"]))
def test_the_unit_of_the_label_changes_nothing(volume_ml, label):
    as_labelled = check([MixLine(LIDOCAINE_1, volume_ml, strength=strength(label))])

    assert as_labelled == check([MixLine(LIDOCAINE_1, volume_ml)])


@given(
    st.lists(
        st.tuples(volumes, st.sampled_from([LIDOCAINE_1, PROCAINE, THIOCOLCHICOSIDE]), st.integers(2, 5)), max_size=4
    ),
    st.integers(3, 120),
    st.booleans(),
)
def test_splitting_lines_over_syringes_never_lowers_a_dose_finding(mix, weight_kg, spread):
    patient = replace(WOMAN, weight_kg=D(weight_kg))
    whole = [MixLine(of, volume_ml) for volume_ml, of, _ in mix]
    parts = [
        MixLine(of, part, syringe="ABCDE"[n] if spread else "A")
        for volume_ml, of, count in mix
        for n, part in enumerate([*[Decimal("0.001")] * (count - 1), volume_ml - Decimal("0.001") * (count - 1)])
    ]

    def said(lines):
        rules = {(f.rule, f.level, tuple(f.numbers.items())) for f in check(lines, patient)}
        return {item for item in rules if spread is False or item[0].startswith("dose.")}

    missing = said(whole) - said(parts)
    assert not missing


@given(st.lists(volumes, max_size=12))
def test_sums_are_exact_whatever_the_callers_decimal_context(amounts):
    lines = [MixLine(LIDOCAINE_1, volume_ml) for volume_ml in amounts]
    with localcontext() as context:
        context.prec = 2
        summed = totals(lines, WOMAN)
        shares = share_of_ceiling(lines, WOMAN, MixContext(TODAY))
        found = check(lines)

    assert summed.volume_ml == sum(amounts, D(0))
    assert sum((s.dose_mg for s in summed.substances), D(0)) == 10 * sum(amounts, D(0))
    assert found == check(lines)
    assert summed == totals(lines, WOMAN)
    assert shares == share_of_ceiling(lines, WOMAN, MixContext(TODAY))


@given(volumes, volumes, st.integers(20, 120))
def test_more_of_an_anaesthetic_never_quiets_a_block(volume_ml, more_ml, weight_kg):
    patient = replace(WOMAN, weight_kg=D(weight_kg))

    def over(lidocaine_ml):
        found = blocks(check([MixLine(LIDOCAINE_1, lidocaine_ml), line(PROCAINE, "5")], patient))
        return {f.rule.replace("weight", "session") for f in found if f.rule.startswith("dose.")}

    assert over(volume_ml) <= over(volume_ml + more_ml)


def test_every_finding_has_a_source_a_template_and_lines_that_exist():
    flags = frozenset({"ulcer", "anticoagulant", "heart_disease"})
    lines = [line(of) for of in (LIDOCAINE_1, PROCAINE, MEPIVACAINE, PIROXICAM, PENTOXIFYLLINE, THIOCOLCHICOSIDE)]
    patients = [
        replace(WOMAN, flags=flags, weight_kg=None, allergies=frozenset({"amide"})),
        replace(HORSE, competes=True),
    ]

    for patient in patients:
        for finding in check(lines, patient, country="FR", purpose="record", chronic=True):
            assert finding.source
            assert "%(" not in finding.text
            assert all(0 <= index < len(lines) for index in finding.lines)


def test_every_rule_has_a_docstring_and_every_source_a_text():
    assert all(rule.__doc__ for rule in RULES)
    assert all(SOURCES.values())


def test_a_check_of_ten_lines_takes_less_than_two_milliseconds():
    lines = [
        line(of, "1", syringe="A" if n < 6 else "B")
        for n, of in enumerate(
            [LIDOCAINE_1, LIDOCAINE_2, PENTOXIFYLLINE, PIROXICAM, THIOCOLCHICOSIDE] * 2,
        )
    ]
    context = MixContext(TODAY, sites=(MixSite(100, D("0.1")),), country="FR")
    check_mix(lines, WOMAN, context)

    def once():
        begin = time.process_time()
        check_mix(lines, WOMAN, context)
        return time.process_time() - begin

    assert min(once() for _ in range(30)) < 0.002


def test_checked_takes_whole_numbers():
    assert checked(3, "n") == D(3)
