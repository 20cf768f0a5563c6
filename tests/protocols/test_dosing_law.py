"""Country notes, food chain and competition. Rules: DOMAIN.md 1.3, 2.3, 2.4 and 3.2."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from protocols.dosing import CompetitionRule, Counting, FoodChain, FoodChainUse, LegalNote, shipped
from protocols.dosing.rules.law import earliest_start
from tests.protocols.dosing_cases import (
    CALCITONIN,
    DEXAMETHASONE,
    HORSE,
    LIDOCAINE_1,
    LIDOCAINE_2,
    MEPIVACAINE,
    PIROXICAM,
    PROCAINE,
    SALINE,
    TODAY,
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
def test_food_chain_and_competition_are_about_horses(species):
    patient = replace(COMPETES, species=species, food_chain=FoodChain.PASSPORT_NOT_SEEN)

    rules = levels(check([line(MEPIVACAINE), line(PROCAINE)], patient))

    assert not {rule for rule in rules if rule.startswith(("food_chain.", "competition."))}


@pytest.mark.parametrize("species", ["horse", "pony", "donkey", "mule"])
def test_all_equids_are_horses_to_these_rules(species):
    patient = replace(COMPETES, species=species)

    assert "competition.risk" in levels(check([line(MEPIVACAINE)], patient))


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


@pytest.mark.parametrize(
    ("counting", "amount", "performed_on", "earliest"),
    [
        # HISA 4222: the day of administration is day 1, may work on day 8 (S92)
        (Counting.INCLUSIVE_DAYS, 7, date(2026, 6, 1), date(2026, 6, 8)),
        (Counting.INCLUSIVE_DAYS, 14, date(2026, 6, 1), date(2026, 6, 15)),
        # Racing Victoria: 8 clear days, Monday 1st to Wednesday 10th (S94)
        (Counting.CLEAR_DAYS, 8, date(2026, 6, 1), date(2026, 6, 10)),
        # USEF: 12 and 24 hours (S81, S82), from the end of a day whose hour is unknown
        (Counting.ELAPSED_HOURS, 12, date(2026, 6, 1), date(2026, 6, 2)),
        (Counting.ELAPSED_HOURS, 24, date(2026, 6, 1), date(2026, 6, 2)),
        (Counting.ELAPSED_HOURS, 25, date(2026, 6, 1), date(2026, 6, 3)),
        (Counting.CLEAR_DAYS, 1, date(2026, 12, 30), date(2027, 1, 1)),
    ],
)
def test_every_body_counts_in_its_own_way(counting, amount, performed_on, earliest):
    assert earliest_start(CompetitionRule("R", "B", amount, counting, "s"), performed_on) == earliest


def test_hours_count_from_the_injection_when_its_time_is_known():
    rule = CompetitionRule("R", "B", 12, Counting.ELAPSED_HOURS, "s")
    at = datetime(2026, 6, 1, 20, 30, tzinfo=UTC)

    assert earliest_start(rule, date(2026, 6, 1), at) == datetime(2026, 6, 2, 8, 30, tzinfo=UTC)
    days = replace(rule, counting=Counting.CLEAR_DAYS)
    assert earliest_start(days, date(2026, 6, 1), at) == date(2026, 6, 14)


def competition(lines, patient, **context):
    """Return (rule code, level, earliest) of the rules that spoke."""
    return [
        (f.numbers["rule"], f.rule, f.level.value, f.numbers["earliest"])
        for f in check(lines, patient, **context)
        if "rule" in f.numbers
    ]


def test_any_injection_has_an_earliest_day_by_the_rules_of_the_horses_bodies():
    # USEF GR414: no injection of any kind within 12 hours (S81)
    horse = replace(COMPETES, competition_bodies=frozenset({"USEF"}))
    expected = [("USEF GR414", "competition.earliest", "warn", date(2026, 3, 3))]

    assert competition([line(SALINE)], horse) == expected
    assert competition([], horse, technique="dry") == expected
    assert competition([], horse) == []
    assert competition([line(SALINE)], replace(horse, competition_bodies=frozenset())) == []
    assert competition([line(SALINE)], replace(horse, competes=False)) == []
    assert competition([line(SALINE)], replace(horse, competes=None)) == expected


def test_the_sentence_says_earliest_possible_and_never_clear():
    found = by_rule(check([line(SALINE)], COMPETES))["competition.earliest"]

    assert found.text == "Earliest possible by rule USEF GR414 is 2026-03-03."
    assert not [f for f in check([line(SALINE), line(PROCAINE)], COMPETES) if "clear" in f.text.lower()]


def test_a_rule_about_substances_speaks_on_their_lines():
    horse = replace(COMPETES, competition_bodies=frozenset({"USEF"}))

    found = [f for f in check([line(SALINE), line(LIDOCAINE_2)], horse) if f.rule == "competition.earliest"]

    assert [(f.numbers["rule"], f.lines) for f in found] == [("USEF GR414", (0, 1)), ("USEF GR411", (1,))]


def test_a_rule_made_for_joints_is_information_only():
    horse = replace(COMPETES, competition_bodies=frozenset({"HISA"}), competes_on=date(2026, 3, 3))

    assert competition([line(DEXAMETHASONE)], horse) == [
        ("HISA 4222 race", "competition.other_route", "info", date(2026, 3, 16)),
        ("HISA 4222 workout", "competition.other_route", "info", date(2026, 3, 9)),
    ]
    assert competition([line(LIDOCAINE_2)], horse) == []


@pytest.mark.parametrize(
    ("competes_on", "expected"),
    [
        (date(2026, 3, 1), "competition.earliest"),  # over before the session
        (date(2026, 3, 2), "competition.too_early"),
        (date(2026, 3, 3), "competition.earliest"),
        (None, "competition.earliest"),
    ],
)
def test_a_start_before_the_earliest_day_is_a_block(competes_on, expected):
    horse = replace(COMPETES, competition_bodies=frozenset({"USEF"}), competes_on=competes_on)

    found = by_rule(check([line(SALINE)], horse))

    assert expected in found
    if expected == "competition.too_early":
        assert found[expected].level == "block"
        assert found[expected].numbers["starts_on"] == competes_on


def test_a_start_is_compared_with_the_day_of_the_earliest_instant():
    horse = replace(COMPETES, competition_bodies=frozenset({"USEF"}), competes_on=date(2026, 3, 2))
    morning, evening = datetime(2026, 3, 2, 6, 0, tzinfo=UTC), datetime(2026, 3, 2, 18, 0, tzinfo=UTC)

    assert "competition.earliest" in levels(check([line(SALINE)], horse, performed_at=morning))
    assert "competition.too_early" in levels(check([line(SALINE)], horse, performed_at=evening))
    found = by_rule(check([line(SALINE)], horse, performed_at=evening))["competition.too_early"]
    assert found.text.endswith("is 2026-03-03 06:00.")


@pytest.mark.parametrize(
    ("on", "speaks"),
    [(date(2013, 11, 30), False), (date(2013, 12, 1), True), (date(2020, 1, 1), True), (date(2020, 1, 2), False)],
)
def test_a_rule_speaks_only_while_it_is_valid(on, speaks):
    rule = CompetitionRule(
        "R",
        "USEF",
        12,
        Counting.ELAPSED_HOURS,
        "s",
        valid_from=date(2013, 12, 1),
        valid_until=date(2020, 1, 1),
    )

    assert bool(competition([line(SALINE)], COMPETES, performed_on=on, competition_rules=(rule,))) is speaks


def test_the_shipped_rules_are_those_of_the_sources():
    counted = {(rule.code, rule.amount, rule.counting.value, rule.route) for rule in shipped.COMPETITION_RULES}

    assert counted == {
        ("USEF GR414", 12, "elapsed_hours", "any"),
        ("USEF GR411", 24, "elapsed_hours", "any"),
        ("HISA 4222 race", 14, "inclusive_days", "intra-articular"),
        ("HISA 4222 workout", 7, "inclusive_days", "intra-articular"),
        ("Racing Victoria joints", 8, "clear_days", "intra-articular"),
        ("NHA joints", 7, "inclusive_days", "intra-articular"),
    }
    assert date(2013, 12, 1) <= TODAY
