"""Competition: what each body counts, the time it blocks, and what the mix check says of events. DOMAIN.md 2.3."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.dosing import (
    CompetitionRule,
    Counting,
    FoodChain,
    MixEvent,
    Role,
    blocked_from,
    earliest_start,
    is_too_early,
)
from protocols.dosing.competition import midnight
from tests.protocols.dosing_cases import (
    CALCITONIN,
    DEXAMETHASONE,
    HORSE,
    LIDOCAINE_2,
    MEPIVACAINE,
    PROCAINE,
    SALINE,
    D,
    by_rule,
    check,
    levels,
    line,
    substance,
)

pytestmark = pytest.mark.engine

PARIS, NEW_YORK = ZoneInfo("Europe/Paris"), ZoneInfo("America/New_York")
GR414 = CompetitionRule(
    "usef-gr414", "USEF", 12, Counting.ELAPSED_HOURS, "s", name="GR414", valid_from=date(2013, 12, 1)
)
GR411 = CompetitionRule("usef-gr411", "USEF", 24, Counting.ELAPSED_HOURS, "s", frozenset({"anaesthetic"}), name="GR411")
DEXA = CompetitionRule(
    "usef-dexamethasone",
    "USEF",
    12,
    Counting.ELAPSED_HOURS,
    "s",
    frozenset({"dexamethasone"}),
    name="Restricted: dexamethasone",
    max_mg_per_1000_lb=D(10),
)
HISA = CompetitionRule(
    "hisa-4222-race", "HISA", 14, Counting.INCLUSIVE_DAYS, "s", route="intra-articular", name="Rule 4222"
)
NO_TIME = CompetitionRule("fei-1004", "FEI", 0, Counting.NONE, "s", name="Article 1004", text="No numb skin.")
RULES = (GR414, GR411, HISA, NO_TIME)
COMPETES = replace(HORSE, competes=True, competition_bodies=frozenset({"USEF", "HISA"}))


def at(text: str, zone: ZoneInfo) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def rule_of(counting: Counting, amount: int) -> CompetitionRule:
    return CompetitionRule("R", "B", amount, counting, "s")


# --- what each body counts


@pytest.mark.parametrize(
    ("counting", "amount", "performed_on", "earliest"),
    [
        # HISA 4222: the day of administration is day 1, may work on day 8 (S92, S93)
        (Counting.INCLUSIVE_DAYS, 7, date(2026, 6, 1), date(2026, 6, 8)),
        (Counting.INCLUSIVE_DAYS, 14, date(2026, 6, 1), date(2026, 6, 15)),
        # NHA South Africa: 7 days counted inclusively (S95)
        (Counting.INCLUSIVE_DAYS, 7, date(2026, 2, 25), date(2026, 3, 4)),
        # Racing Victoria: 8 clear days, Monday 1st to Wednesday 10th (S94)
        (Counting.CLEAR_DAYS, 8, date(2026, 6, 1), date(2026, 6, 10)),
        (Counting.CLEAR_DAYS, 1, date(2026, 12, 30), date(2027, 1, 1)),
        # days change with the clocks, and still are days
        (Counting.INCLUSIVE_DAYS, 7, date(2026, 3, 25), date(2026, 4, 1)),
    ],
)
def test_every_body_counts_days_in_its_own_way(counting, amount, performed_on, earliest):
    assert earliest_start(rule_of(counting, amount), performed_on, zone=PARIS) == earliest


@pytest.mark.parametrize(
    ("counting", "amount", "treated", "zone", "earliest"),
    [
        # USEF GR414: 12 hours (S81); GR411: 24 hours (S82)
        (Counting.ELAPSED_HOURS, 12, "2026-06-01T20:30", NEW_YORK, "2026-06-02T08:30"),
        (Counting.ELAPSED_HOURS, 24, "2026-06-01T20:30", NEW_YORK, "2026-06-02T20:30"),
        # the clocks go forward at 2 in that night: 12 real hours after 20:30 it is 9:30 on the wall
        (Counting.ELAPSED_HOURS, 12, "2026-03-28T20:30", PARIS, "2026-03-29T09:30"),
        # and back: 7:30
        (Counting.ELAPSED_HOURS, 12, "2026-10-24T20:30", PARIS, "2026-10-25T07:30"),
        # FEI: shock wave, 5 days before the event (S88); detection of methylprednisolone, 28 days (S86)
        (Counting.ELAPSED_DAYS, 5, "2026-06-01T10:00", PARIS, "2026-06-06T10:00"),
        (Counting.ELAPSED_DAYS, 28, "2026-06-01T10:00", PARIS, "2026-06-29T10:00"),
        (Counting.ELAPSED_DAYS, 1, "2026-03-28T12:00", PARIS, "2026-03-29T13:00"),
    ],
)
def test_hours_and_days_that_elapse_are_real_time(counting, amount, treated, zone, earliest):
    performed_at = at(treated, zone)

    found = earliest_start(rule_of(counting, amount), performed_at.date(), performed_at, zone)

    assert found == at(earliest, zone)
    assert found.isoformat()[:16] == earliest


@pytest.mark.parametrize(
    ("hours", "earliest"), [(12, "2026-06-02T12:00"), (24, "2026-06-03T00:00"), (25, "2026-06-03T01:00")]
)
def test_a_day_without_its_hour_counts_from_its_end(hours, earliest):
    found = earliest_start(rule_of(Counting.ELAPSED_HOURS, hours), date(2026, 6, 1), zone=PARIS)

    assert found == at(earliest, PARIS)


def test_a_rule_without_a_time_gives_none_and_blocks_nothing():
    assert earliest_start(NO_TIME, date(2026, 6, 1)) is None
    assert blocked_from(NO_TIME, date(2026, 6, 1), PARIS) is None
    assert not is_too_early(None, date(2026, 6, 1))


@pytest.mark.parametrize(
    ("counting", "amount", "starts_on", "since"),
    [
        (Counting.ELAPSED_HOURS, 12, date(2026, 6, 12), "2026-06-11T12:00"),
        (Counting.ELAPSED_DAYS, 5, date(2026, 6, 12), "2026-06-07T00:00"),
        # treated on the 1st it may work on the 8th: the 2nd is the first day too late
        (Counting.INCLUSIVE_DAYS, 7, date(2026, 6, 8), "2026-06-02T00:00"),
        # treated on Monday the 1st it may race on Wednesday the 10th
        (Counting.CLEAR_DAYS, 8, date(2026, 6, 10), "2026-06-02T00:00"),
        # the clocks go forward in the night before the show: 12 hours before midnight all the same
        (Counting.ELAPSED_HOURS, 12, date(2026, 3, 30), "2026-03-29T12:00"),
        (Counting.ELAPSED_HOURS, 36, date(2026, 3, 30), "2026-03-28T11:00"),
    ],
)
def test_the_time_a_rule_blocks_before_an_event(counting, amount, starts_on, since):
    assert blocked_from(rule_of(counting, amount), starts_on, PARIS) == at(since, PARIS)


COUNTED = st.sampled_from([one for one in Counting if one is not Counting.NONE])
ZONES = st.sampled_from([PARIS, NEW_YORK, ZoneInfo("America/Santiago"), ZoneInfo("Asia/Kolkata"), UTC])


@given(
    COUNTED,
    st.integers(1, 60),
    st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    st.integers(0, 200 * 24 * 60),
    ZONES,
)
def test_what_is_blocked_before_an_event_is_what_would_be_too_early(counting, amount, starts_on, minutes, zone):
    rule = rule_of(counting, amount)
    since = blocked_from(rule, starts_on, zone)
    treated = (midnight(starts_on, zone).astimezone(UTC) - timedelta(minutes=minutes)).astimezone(zone)

    too_early = is_too_early(earliest_start(rule, treated.date(), treated, zone), starts_on, zone)

    is_blocked = treated > since if counting in (Counting.ELAPSED_HOURS, Counting.ELAPSED_DAYS) else treated >= since
    assert too_early is is_blocked


@given(COUNTED, st.integers(1, 60), st.dates(date(2020, 1, 1), date(2030, 1, 1)), ZONES)
def test_a_later_treatment_never_allows_an_earlier_start(counting, amount, performed_on, zone):
    rule = rule_of(counting, amount)

    first, then = (earliest_start(rule, performed_on + timedelta(days=n), zone=zone) for n in (0, 1))

    assert first < then


@given(COUNTED, st.integers(1, 60), st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(0, 1439), ZONES)
def test_not_knowing_the_hour_never_allows_an_earlier_start(counting, amount, performed_on, minute, zone):
    rule = rule_of(counting, amount)
    treated = (midnight(performed_on, zone).astimezone(UTC) + timedelta(minutes=min(minute, 22 * 60))).astimezone(zone)

    assert earliest_start(rule, performed_on, treated, zone) <= earliest_start(rule, performed_on, zone=zone)


# --- what the check says


def competition(lines, patient, **context):
    """Return (rule label, what, level, earliest) of the rules that spoke."""
    context.setdefault("competition_rules", RULES)
    return [
        (f.numbers["rule"], f.rule, f.level.value, f.numbers.get("earliest"))
        for f in check(lines, patient, **context)
        if "rule" in f.numbers
    ]


@pytest.mark.parametrize("species", ["human", "dog"])
def test_competition_rules_are_about_horses(species):
    patient = replace(COMPETES, species=species, food_chain=FoodChain.PASSPORT_NOT_SEEN)

    rules = levels(check([line(MEPIVACAINE), line(PROCAINE)], patient, competition_rules=RULES))

    assert not {rule for rule in rules if rule.startswith("competition.")}


@pytest.mark.parametrize("species", ["horse", "pony", "donkey", "mule"])
def test_all_equids_are_horses_to_these_rules(species):
    assert "competition.risk" in levels(check([line(MEPIVACAINE)], replace(COMPETES, species=species)))


@pytest.mark.parametrize(
    ("of", "raises"),
    [
        (LIDOCAINE_2, True),
        (MEPIVACAINE, True),
        (PROCAINE, True),
        (DEXAMETHASONE, True),
        (substance("detomidine", "10 mg/mL", traits={"sedative"}), True),
        (CALCITONIN, False),
        (SALINE, False),
    ],
)
def test_anaesthetics_steroids_and_sedatives_raise_the_competition_banner(of, raises):
    found = by_rule(check([line(SALINE), line(of)], COMPETES))

    assert ("competition.risk" in found) is raises
    if raises:
        assert (found["competition.risk"].level, found["competition.risk"].lines) == ("warn", (1,))


def test_the_banner_is_quieter_when_nobody_asked_and_silent_when_the_horse_does_not_compete():
    assert levels(check([line(MEPIVACAINE)], replace(HORSE, competes=None)))["competition.risk"] == "info"
    assert not [r for r in levels(check([line(PROCAINE)], HORSE)) if r.startswith("competition.")]


def test_procaine_is_the_worst_base_for_a_horse_that_competes():
    # S89
    found = by_rule(check([line(SALINE), line(PROCAINE)], COMPETES))["competition.procaine"]

    assert (found.level, found.lines) == ("warn", (1,))
    assert "competition.procaine" not in levels(check([line(LIDOCAINE_2)], COMPETES))


def test_what_a_horse_was_sedated_with_counts_beside_the_mix():
    sedatives = CompetitionRule("usef-sed", "USEF", 7, Counting.CLEAR_DAYS, "s", frozenset({"sedative"}), name="GR412")
    rules = (sedatives, GR411)

    found = check([line(SALINE)], COMPETES, competition_rules=rules, sedation="Detomidine 10 mg")
    alone = check([], COMPETES, competition_rules=(GR414,), sedation="Detomidine 10 mg")
    nothing = check([line(SALINE)], COMPETES, competition_rules=rules)

    assert [one.numbers["rule"] for one in found if one.rule == "competition.earliest"] == ["USEF, GR412"]
    assert by_rule(found)["competition.risk"].numbers["substances"] == "Detomidine 10 mg"
    assert "competition.earliest" in levels(alone)
    assert not {"competition.risk", "competition.earliest"} & levels(nothing).keys()
    at_home = check([line(SALINE)], HORSE, competition_rules=rules, sedation="Detomidine 10 mg")
    assert not [one for one in at_home if one.rule.startswith("competition.")]


def test_a_line_that_sedates_counts_as_a_sedative_whatever_it_is_called():
    sedatives = CompetitionRule("usef-sed", "USEF", 7, Counting.CLEAR_DAYS, "s", frozenset({"sedative"}), name="GR412")
    nameless = substance("other", name="Romifidine")

    found = check([line(SALINE), line(nameless, role=Role.SEDATION)], COMPETES, competition_rules=(sedatives,))
    mixed = check([line(SALINE), line(nameless)], COMPETES, competition_rules=(sedatives,))

    assert by_rule(found)["competition.earliest"].lines == (1,)
    assert by_rule(found)["competition.risk"].lines == (1,)
    assert not {"competition.risk", "competition.earliest"} & levels(mixed).keys()


def test_any_injection_has_an_earliest_time_by_the_rules_of_the_horses_bodies():
    horse = replace(COMPETES, competition_bodies=frozenset({" usef"}))
    noon = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
    expected = [("USEF, GR414", "competition.earliest", "warn", noon)]

    assert competition([line(SALINE)], horse) == expected
    assert competition([], horse, technique="dry") == expected
    assert competition([], horse) == []
    assert competition([line(SALINE)], replace(horse, competition_bodies=frozenset())) == []
    assert competition([line(SALINE)], replace(horse, competes=False)) == []


def test_the_sentence_says_earliest_possible_and_never_clear():
    horse = replace(COMPETES, events=(MixEvent("Autumn show", date(2026, 9, 1), date(2026, 9, 2), "USEF"),))
    found = check([line(SALINE), line(PROCAINE)], horse, competition_rules=(GR414, HISA))

    said = by_rule(found)["competition.earliest"].text
    assert said == "Earliest possible by rule USEF, GR414 is 2026-03-03 12:00."
    assert not [one for one in found if "clear" in one.text.lower()]


def test_a_rule_about_substances_speaks_on_their_lines():
    horse = replace(COMPETES, competition_bodies=frozenset({"USEF"}))

    found = check([line(SALINE), line(LIDOCAINE_2)], horse, competition_rules=RULES)

    spoke = [(f.numbers["rule"], f.lines) for f in found if f.rule == "competition.earliest"]
    assert spoke == [("USEF, GR414", (0, 1)), ("USEF, GR411", (1,))]


def test_a_rule_made_for_joints_is_information_only():
    show = MixEvent("Race", date(2026, 3, 3), date(2026, 3, 3), "HISA")
    horse = replace(COMPETES, competition_bodies=frozenset({"HISA"}), events=(show,))

    assert competition([line(DEXAMETHASONE)], horse) == [
        ("HISA, Rule 4222", "competition.other_route", "info", date(2026, 3, 16)),
    ]
    assert levels(check([line(DEXAMETHASONE)], horse, competition_rules=RULES))["competition.event"] == "warn"


def test_a_rule_without_a_time_is_said_as_it_stands():
    horse = replace(COMPETES, competition_bodies=frozenset({"FEI"}))

    found = by_rule(check([line(SALINE)], horse, competition_rules=RULES))["competition.no_time"]

    assert (found.level, found.text) == ("info", "Rule FEI, Article 1004 gives no time: No numb skin.")


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "expected"),
    [
        (date(2026, 2, 28), date(2026, 3, 1), "competition.earliest"),  # over before the session
        (date(2026, 2, 28), date(2026, 3, 2), "competition.too_early"),  # it still competes that day
        (date(2026, 3, 3), date(2026, 3, 3), "competition.too_early"),  # perhaps in the morning
        (date(2026, 3, 4), date(2026, 3, 5), "competition.earliest"),
    ],
)
def test_a_start_before_the_earliest_time_is_a_block(starts_on, ends_on, expected):
    horse = replace(COMPETES, events=(MixEvent("Show", starts_on, ends_on, "USEF"),))

    found = by_rule(check([line(SALINE)], horse, competition_rules=(GR414,)))

    assert {"competition.earliest", "competition.too_early"} & found.keys() == {expected}
    if expected == "competition.too_early":
        assert found[expected].level == "block"
        assert found[expected].numbers["event"] == "Show"


def test_with_its_hour_known_a_session_the_day_before_may_be_in_time():
    horse = replace(COMPETES, events=(MixEvent("Show", date(2026, 3, 3), date(2026, 3, 4), "USEF"),))
    noon, later = datetime(2026, 3, 2, 12, 0, tzinfo=UTC), datetime(2026, 3, 2, 12, 1, tzinfo=UTC)

    assert "competition.earliest" in levels(check([line(SALINE)], horse, performed_at=noon, competition_rules=RULES))
    found = by_rule(check([line(SALINE)], horse, performed_at=later, competition_rules=RULES))["competition.too_early"]
    assert found.text == (
        "The horse competes on 2026-03-03 (Show); earliest possible by rule USEF, GR414 is 2026-03-03 00:01."
    )


@pytest.mark.parametrize(
    ("on", "speaks"),
    [(date(2013, 11, 30), False), (date(2013, 12, 1), True), (date(2020, 1, 1), True), (date(2020, 1, 2), False)],
)
def test_a_rule_speaks_only_while_it_is_valid(on, speaks):
    rule = replace(GR414, valid_until=date(2020, 1, 1))

    assert bool(competition([line(SALINE)], COMPETES, performed_on=on, competition_rules=(rule,))) is speaks


def test_the_rule_in_force_on_the_day_of_the_event_counts():
    show = MixEvent("Show", date(2026, 3, 3), date(2026, 3, 3), "USEF")
    horse = replace(COMPETES, events=(show,))
    old, new = replace(GR414, valid_until=date(2026, 3, 2)), replace(GR414, code="new", valid_from=date(2026, 3, 3))

    assert competition([line(SALINE)], horse, competition_rules=(old,)) == []
    assert [one[1] for one in competition([line(SALINE)], horse, competition_rules=(new,))] == ["competition.too_early"]


@pytest.mark.parametrize(
    ("show", "said"),
    [
        (MixEvent("Show", date(2026, 3, 9), date(2026, 3, 9)), "competition.event"),
        (MixEvent("Show", date(2026, 3, 9), date(2026, 3, 9), "Pony Club"), "competition.event"),
        (MixEvent("Show", date(2026, 3, 1), date(2026, 3, 3), "Pony Club"), "competition.event_now"),
        (MixEvent("Show", date(2026, 6, 9), date(2026, 6, 9)), None),  # far away
        (MixEvent("Show", date(2026, 2, 9), date(2026, 2, 9)), None),  # over
    ],
)
def test_an_event_no_rule_speaks_about_is_said_all_the_same(show, said):
    found = levels(check([line(SALINE)], replace(COMPETES, events=(show,)), competition_rules=RULES))

    spoken = {rule for rule in found if rule.startswith("competition.event")}
    assert spoken == ({said} if said else set())


@pytest.mark.parametrize(("volume_ml", "warns"), [("2.75", False), ("2.76", True)])
def test_a_bodys_most_in_24_hours_goes_by_the_horses_weight(volume_ml, warns):
    # USEF: dexamethasone 10 mg per 1000 lb (S81, S83): 500 kg is 1102.3 lb, 11.02 mg, 2.755 mL of 4 mg/mL
    found = by_rule(check([line(DEXAMETHASONE, volume_ml)], COMPETES, competition_rules=(DEXA,)))

    assert ("competition.too_much" in found) is warns
    if warns:
        assert found["competition.too_much"].text.endswith("allows at most 11 mg for this horse.")
        guessed = check(
            [line(DEXAMETHASONE, volume_ml)], replace(COMPETES, weight_estimated=True), competition_rules=(DEXA,)
        )
        assert by_rule(guessed)["competition.too_much"].text.endswith("for this horse, whose weight is estimated.")


def test_a_rule_needs_an_amount_unless_it_gives_no_time():
    with pytest.raises(ValueError, match="amount"):
        rule_of(Counting.CLEAR_DAYS, 0)
