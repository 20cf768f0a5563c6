"""What each rule on lots and withdrawn substances says: level, lines, sources, whole sentence.

Harmless lines stand before, between and after, so that a finding on the wrong line is seen.
"""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from protocols.dosing import MixLot, Purpose
from protocols.dosing.sources import cite
from tests.protocols.dosing_cases import (
    DEXAMETHASONE,
    PIROXICAM,
    TODAY,
    D,
    Said,
    check,
    line,
    mixed,
    rules_named,
    strength,
    substance,
)

pytestmark = pytest.mark.engine

YESTERDAY = TODAY - timedelta(days=1)


def of_lot(of=PIROXICAM, volume_ml="1", **fields):
    return line(of, volume_ml, lot=MixLot("vial-7", number="L7", **fields))


ALL = (
    Said(
        "substance.withdrawn",
        "block",
        (3,),
        "S125",
        "Buflomedil has been withdrawn.",
        lambda: mixed(line(PIROXICAM), line(substance("buflomedil", withdrawn=True, source=cite("S125")))),
    ),
    Said(
        "lot.missing",
        "warn",
        (1, 4),
        "S43",
        "No lot is entered for Piroxicam, Dexamethasone.",
        lambda: check(
            [of_lot(), line(PIROXICAM), of_lot(), of_lot(), line(DEXAMETHASONE), of_lot()], purpose=Purpose.RECORD
        ),
    ),
    Said(
        "lot.expired",
        "block",
        (3,),
        "DESIGN",
        "Piroxicam, lot L7: expired on 2026-03-01.",
        lambda: mixed(of_lot(expires_on=TODAY), of_lot(expires_on=YESTERDAY)),
    ),
    Said(
        "lot.beyond_use",
        "block",
        (3,),
        "S43",
        "Piroxicam, lot L7: the opened vial was to be used by 2026-03-01.",
        lambda: mixed(of_lot(beyond_use_on=TODAY), of_lot(beyond_use_on=YESTERDAY)),
    ),
    Said(
        "lot.recalled",
        "block",
        (3,),
        "S43",
        "Piroxicam, lot L7: recalled.",
        lambda: mixed(of_lot(), of_lot(recalled=True)),
    ),
    Said(
        "lot.other_substance",
        "block",
        (3,),
        "DESIGN",
        "Lot L7 is a lot of Dexamethasone, not of Piroxicam. Look at the pack: if it is Dexamethasone, choose that substance "
        "instead.",
        lambda: mixed(
            of_lot(substance_code="piroxicam"),
            of_lot(substance_code="dexamethasone", substance_name="Dexamethasone"),
        ),
    ),
    Said(
        "lot.strength",
        "block",
        (3,),
        "DESIGN",
        "Piroxicam, lot L7: the pack says 40 mg/mL, the line counts with 20 mg/mL. Look at the pack and correct the strength "
        "of the line, or that of the lot.",
        lambda: mixed(
            of_lot(strength=strength("2 %")),
            of_lot(strength=strength("40 mg/mL")),
        ),
    ),
    Said(
        "lot.suspected",
        "warn",
        (3,),
        "S43",
        "Piroxicam, lot L7: reactions it is suspected of: 2.",
        lambda: mixed(of_lot(), of_lot(suspicions=2)),
    ),
    Said(
        "lot.used_up",
        "block",
        (1, 3),
        "DESIGN",
        "Lot L7 holds 3.5 mL; 4 mL would be drawn.",
        lambda: mixed(of_lot(volume_ml="2", remaining_ml=D("3.5")), of_lot(volume_ml="2", remaining_ml=D("3.5"))),
    ),
)


@pytest.mark.parametrize("said", ALL, ids=str)
def test_a_finding_points_at_its_own_lines_and_quotes_its_own_source(said):
    said.hold()


@pytest.mark.parametrize(
    ("label", "pack", "is_block"),
    [
        ("10 mg/mL", "1 %", False),
        ("1 %", "10 %", True),
        ("100 IU/mL", "100 IU/mL", False),
        ("100 IU/mL", "50 IU/mL", True),
        ("100 IU/mL", "100 mg/mL", True),
        (None, "10 mg/mL", True),
        ("10 mg/mL", None, False),
    ],
)
def test_a_lot_is_as_strong_as_its_line_however_the_labels_write_it(label, pack, is_block):
    lot = MixLot("vial-7", number="L7", strength=strength(pack) if pack else None)

    found = {finding.rule for finding in check([line(substance("something", label), "1", lot=lot)])}

    assert ("lot.strength" in found) == is_block


def test_no_rule_on_lots_is_left_out():
    assert {said.rule for said in ALL} == rules_named("stock")


def test_what_has_no_source_of_its_own_quotes_the_rules():
    old = substance("buflomedil", withdrawn=True)

    Said(
        "substance.withdrawn", "block", (1,), "DESIGN", "Buflomedil has been withdrawn.", lambda: mixed(line(old))
    ).hold()


def test_a_vial_without_a_number_is_named_by_its_code():
    # of a lot nobody numbered, each rule that names it
    unnumbered = MixLot(
        "vial-8",
        "",
        "other",
        expires_on=YESTERDAY,
        beyond_use_on=YESTERDAY,
        recalled=True,
        remaining_ml=D(0),
        suspicions=1,
        strength=strength("40 mg/mL"),
    )

    found = mixed(line(PIROXICAM, lot=unnumbered))

    assert {f.rule: f.numbers["lot"] for f in found if f.rule.startswith("lot.")} == dict.fromkeys(
        (said.rule for said in ALL[2:]), "vial-8"
    )


def test_each_vial_is_counted_for_itself():
    first = MixLot("vial-1", "L1", remaining_ml=D(1))
    second = MixLot("vial-2", "L2", remaining_ml=D(9))

    found = mixed(line(PIROXICAM, "2", lot=second), line(PIROXICAM, "2", lot=first), line(PIROXICAM, "3", lot=second))

    used_up = [f for f in found if f.rule == "lot.used_up"]
    assert [(f.lines, f.numbers["lot"], f.numbers["drawn_ml"]) for f in used_up] == [((3,), "L1", D(2))]


def test_a_vial_is_as_full_as_the_least_that_was_read_of_it():
    before, after = (MixLot("vial-1", "L1", remaining_ml=D(ml)) for ml in (5, 3))

    found = mixed(line(PIROXICAM, "2", lot=before), line(PIROXICAM, "2", lot=after))

    assert [f.numbers["remaining_ml"] for f in found if f.rule == "lot.used_up"] == [D(3)]


@pytest.mark.parametrize(
    ("withdrawn_on", "purpose", "level"),
    [
        (TODAY, Purpose.RECORD, "block"),
        (TODAY + timedelta(days=1), Purpose.RECORD, "warn"),
        (TODAY + timedelta(days=1), Purpose.PLAN, "block"),
        (None, Purpose.RECORD, "block"),
    ],
)
def test_a_withdrawn_substance_is_only_warned_of_where_it_was_given_before(withdrawn_on, purpose, level):
    fine = replace(PIROXICAM, withdrawn_on=date(2001, 1, 1))
    old = substance("buflomedil", "10 mg/mL", withdrawn=True, withdrawn_on=withdrawn_on)

    found = [f for f in mixed(line(fine), line(old), purpose=purpose) if f.rule == "substance.withdrawn"]

    assert [(f.level.value, f.lines) for f in found] == [(level, (3,))]
