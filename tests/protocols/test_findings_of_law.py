"""What each rule of law and competition says: level, lines, sites, sources, whole sentence.

Harmless lines stand before, between and after, so that a finding on the wrong line is seen.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from protocols.dosing import (
    CompetitionRule,
    FoodChain,
    FoodChainUse,
    LegalNote,
    MixEvent,
)
from tests.protocols.dosing_cases import (
    DEXAMETHASONE,
    DICLOFENAC,
    HORSE,
    LIDOCAINE_1,
    LIDOCAINE_2,
    PIROXICAM,
    PROCAINE,
    TODAY,
    D,
    Said,
    check,
    line,
    mixed,
    rules_named,
    substance,
)

pytestmark = pytest.mark.engine


def in_chain(use):
    lines = [line(LIDOCAINE_2), line(LIDOCAINE_2), line(LIDOCAINE_2), line(replace(PIROXICAM, food_chain=use))]
    return check(lines, replace(HORSE, food_chain=FoodChain.IN))


def competes(days, counting="inclusive_days", body="FEI", events=((10, "FEI"),), **fields):
    """Check dexamethasone in a competing horse against one rule."""
    events = tuple(
        MixEvent("Spring cup", TODAY + timedelta(days=away), TODAY + timedelta(days=away + 1), of)
        for away, of in events
    )
    horse = replace(HORSE, competes=True, competition_bodies=frozenset({body}), events=events)
    rule = CompetitionRule("r1", body, days, counting, "its book", keys=frozenset({"dexamethasone"}), **fields)
    return mixed(line(PIROXICAM), line(DEXAMETHASONE), patient=horse, competition_rules=(rule,))


LAW = (
    Said(
        "law.country",
        "block",
        (3,),
        "S40",
        "France: aesthetic fat lysis by injection is banned (Deoxycholate).",
        lambda: mixed(
            line(PIROXICAM, syringe="B"),
            line(substance("deoxycholate", categories={"lipolytic"}), syringe="C"),
            country="FR",
        ),
    ),
    Said(
        "law.substance",
        "warn",
        (3,),
        "the law",
        "Diclofenac: ask.",
        lambda: mixed(
            line(PIROXICAM),
            line(replace(DICLOFENAC, legal_notes=(LegalNote("DE", "%(substance)s: ask.", "the law"),))),
            country="DE",
        ),
    ),
    Said(
        "food_chain.passport_not_seen",
        "warn",
        (),
        "S100",
        "The passport has not been seen: the horse counts as food chain.",
        lambda: mixed(line(PIROXICAM), patient=replace(HORSE, food_chain=FoodChain.PASSPORT_NOT_SEEN)),
    ),
)

CHAIN = (
    Said(
        "food_chain.not_allowed",
        "block",
        (3,),
        "S103 S100",
        "Piroxicam must not be given to a horse in the food chain.",
        lambda: in_chain(FoodChainUse.NOT_ALLOWED),
    ),
    Said(
        "food_chain.essential",
        "warn",
        (3,),
        "S103",
        "Piroxicam: six months' withdrawal, to be written in the passport (horse in the food chain).",
        lambda: in_chain(FoodChainUse.ESSENTIAL),
    ),
    Said(
        "food_chain.unknown",
        "warn",
        (3,),
        "S103 INFER",
        "It is not known whether Piroxicam may be given to a horse in the food chain.",
        lambda: in_chain(FoodChainUse.UNKNOWN),
    ),
)

COMPETITION = (
    Said(
        "competition.risk",
        "info",
        (3,),
        "S87 INFER",
        "Lidocaine-1: doping risk. No rule names mesotherapy; a skin made numb may not compete (FEI).",
        lambda: mixed(line(PIROXICAM), line(LIDOCAINE_1), patient=replace(HORSE, competes=None)),
    ),
    Said(
        "competition.procaine",
        "warn",
        (3,),
        "S89",
        "Procaine is found for a long time: the worst base for a horse that competes.",
        lambda: mixed(line(LIDOCAINE_1), line(PROCAINE), patient=replace(HORSE, competes=True)),
    ),
    Said(
        "competition.too_early",
        "block",
        (3,),
        "its book",
        "The horse competes on 2026-03-12 (Spring cup); earliest possible by rule r1 is 2026-03-16.",
        lambda: competes(14),
    ),
    Said(
        "competition.earliest",
        "warn",
        (3,),
        "its book",
        "Earliest possible by rule r1 is 2026-03-05.",
        lambda: competes(3),
    ),
    Said(
        "competition.other_route",
        "info",
        (3,),
        "its book",
        "Rule r1 is made for another route than the skin; counted by it, earliest possible is 2026-03-05.",
        lambda: competes(3, route="joint"),
    ),
    Said(
        "competition.no_time",
        "info",
        (3,),
        "its book",
        "Rule r1 gives no time: On the day: never.",
        lambda: competes(0, "none", text="On the day: never."),
    ),
    Said(
        "competition.too_much",
        "warn",
        (3,),
        "its book",
        "Dexamethasone: 4 mg in 24 hours; rule r1 allows at most 3.8 mg for this horse.",
        lambda: competes(3, max_mg_per_1000_lb=D("3.5")),
    ),
    Said(
        "competition.event_now",
        "warn",
        (),
        "INFER",
        "The horse is competing (Spring cup, since 2026-03-02): ask whoever is responsible there.",
        lambda: competes(3, events=((0, "USEF"),)),
    ),
    Said(
        "competition.event",
        "warn",
        (),
        "INFER",
        "The horse competes on 2026-05-01 (Spring cup). No rule of USEF here gives a time: ask them.",
        lambda: competes(3, events=((60, "USEF"), (61, ""))),
    ),
)
ALL = (*LAW, *CHAIN, *COMPETITION)


@pytest.mark.parametrize("said", ALL, ids=str)
def test_a_finding_points_at_its_own_lines_and_quotes_its_own_source(said):
    said.hold()


def test_no_rule_on_law_or_competition_is_left_out():
    named = rules_named("law", "competition")

    assert {said.rule for said in ALL} == named
