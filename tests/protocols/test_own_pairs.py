"""A clinic's own word on two products in one syringe: what it takes the place of, and what stands beside it."""

import pytest

from protocols.dosing import MixPair
from tests.protocols.dosing_cases import DEXAMETHASONE, LIDOCAINE_1, check, line

pytestmark = pytest.mark.engine

LEFT, RIGHT = LIDOCAINE_1, DEXAMETHASONE  # by code, by ingredient, and by class: anaesthetic, corticosteroid


def pair(left: str, right: str, verdict: str, *, own: bool = False) -> MixPair:
    whose = "the clinic's" if own else "shipped"
    return MixPair(left, right, verdict, f"{whose} {left} + {right}: {verdict}", "A study", own=own)


def said(*pairs: MixPair) -> set[str]:
    """The verdicts on the two, whichever is drawn up first, and whether they count as unknown."""
    both = [
        {one.text for one in check(lines, pairs=pairs) if one.rule in ("pair.incompatible", "pair.compatible")}
        | {one.rule for one in check(lines, pairs=pairs) if one.rule == "pair.unknown"}
        for lines in ([line(LEFT), line(RIGHT)], [line(RIGHT), line(LEFT)])
    ]
    assert both[0] == both[1] or "pair.unknown" not in both[0] | both[1]
    return both[0]


def shipped(left: str, right: str, verdict: str = "incompatible") -> MixPair:
    return pair(left, right, verdict)


def own(left: str, right: str, verdict: str = "compatible") -> MixPair:
    return pair(left, right, verdict, own=True)


@pytest.mark.parametrize("names", [("lidocaine-1", "dexamethasone"), ("lidocaine", "dexamethasone")])
@pytest.mark.parametrize(
    "others",
    [("lidocaine-1", "dexamethasone"), ("lidocaine", "dexamethasone"), ("anaesthetic", "corticosteroid")],
)
def test_naming_both_it_takes_the_place_of_every_shipped_row(names, others):
    assert said(own(*names), shipped(*others)) == {f"the clinic's {names[0]} + {names[1]}: compatible"}
    assert said(shipped(*others), own(*names)) == {f"the clinic's {names[0]} + {names[1]}: compatible"}


def test_naming_both_in_the_other_order_it_counts_the_same():
    assert said(own("dexamethasone", "lidocaine-1"), shipped("lidocaine-1", "dexamethasone")) == {
        "the clinic's dexamethasone + lidocaine-1: compatible"
    }


def test_the_verdict_unknown_unsays_what_was_shipped():
    assert said(own("lidocaine-1", "dexamethasone", "unknown"), shipped("lidocaine-1", "dexamethasone")) == {
        "pair.unknown"
    }


def test_of_classes_it_leaves_a_shipped_row_that_names_more():
    exact = shipped("lidocaine-1", "dexamethasone")
    half = shipped("lidocaine-1", "corticosteroid")

    assert said(own("anaesthetic", "corticosteroid"), exact) == {exact.reason}
    assert said(own("anaesthetic", "corticosteroid"), half) == {half.reason}
    assert said(own("lidocaine-1", "corticosteroid"), exact) == {exact.reason}


@pytest.mark.parametrize(
    ("its", "theirs"),
    [
        (("anaesthetic", "corticosteroid"), ("anaesthetic", "corticosteroid")),
        (("lidocaine-1", "corticosteroid"), ("lidocaine-1", "corticosteroid")),
        (("anaesthetic", "dexamethasone"), ("lidocaine-1", "corticosteroid")),
        (("lidocaine-1", "corticosteroid"), ("anaesthetic", "corticosteroid")),
    ],
)
def test_it_takes_the_place_of_a_shipped_row_that_names_no_more_than_itself(its, theirs):
    mine = own(*its)

    assert said(mine, shipped(*theirs)) == {mine.reason}


def test_of_two_of_its_own_the_more_exact_says_what_is_left_out():
    loose, exact = own("anaesthetic", "corticosteroid"), own("lidocaine-1", "corticosteroid")
    half = shipped("anaesthetic", "dexamethasone")

    assert said(loose, exact, half) == {loose.reason, exact.reason}
    assert said(loose, half) == {half.reason}
