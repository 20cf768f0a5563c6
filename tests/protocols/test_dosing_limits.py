"""A clinic's own numbers take the place of the shipped ones, one by one; the rest of a range stays as it was."""

from dataclasses import replace
from decimal import Decimal

import pytest

from protocols.dosing.limits import LIMITS, value_of, with_changes
from protocols.dosing.quantities import NumberRange
from protocols.dosing.tables import MixLimits

pytestmark = pytest.mark.engine

SHIPPED = MixLimits()


def test_a_number_is_read_by_its_code():
    limits = replace(SHIPPED, max_add_ins=4, min_age_years=None, depth_mm=NumberRange(Decimal(1), Decimal(9)))

    assert value_of(limits, "max_add_ins") == Decimal(4)
    assert isinstance(value_of(limits, "max_add_ins"), Decimal)
    assert value_of(limits, "min_age_years") is None
    assert [value_of(limits, f"depth_mm.{end}") for end in ("low", "high")] == [1, 9]


def test_every_number_can_be_changed_by_itself():
    for number in LIMITS:
        changed = with_changes({number.code: number.shipped})
        assert changed == SHIPPED, number.code


def test_nothing_changed_is_what_was():
    own = replace(SHIPPED, max_add_ins=7)

    assert with_changes({}) == SHIPPED
    assert with_changes({}, own) is own


def test_a_number_takes_the_place_of_the_shipped_one_and_no_other():
    changed = with_changes({"min_age_years": Decimal(16), "slip_factor": Decimal(5)})

    assert changed == replace(SHIPPED, min_age_years=Decimal(16), slip_factor=Decimal(5))


def test_what_is_counted_is_a_whole_number():
    changed = with_changes({"max_add_ins": Decimal("4.0")})

    assert (changed.max_add_ins, type(changed.max_add_ins)) == (4, int)
    assert type(with_changes({"slip_factor": Decimal(5)}).slip_factor) is Decimal


def test_without_the_number_its_rule_is_silent():
    changed = with_changes({"child_under_years": None, "max_add_ins": None})

    assert (changed.child_under_years, changed.max_add_ins) == (None, None)


@pytest.mark.parametrize(
    ("changes", "ends"),
    [
        ({"depth_mm.low": "2"}, ("2", "8")),
        ({"depth_mm.high": "6"}, ("1", "6")),
        ({"depth_mm.low": "2", "depth_mm.high": "6"}, ("2", "6")),
        ({"depth_mm.high": "6", "depth_mm.low": "2"}, ("2", "6")),
        ({"depth_mm.low": None, "depth_mm.high": "6"}, ("1", "6")),
        ({"depth_mm.low": None}, ("1", "8")),
    ],
)
def test_an_end_of_a_range_is_changed_and_the_other_kept(changes, ends):
    own = replace(SHIPPED, depth_mm=NumberRange(Decimal(1), Decimal(8)))
    given = {code: None if value is None else Decimal(value) for code, value in changes.items()}

    changed = with_changes(given, own)

    assert (changed.depth_mm.low, changed.depth_mm.high) == tuple(map(Decimal, ends))
    assert replace(changed, depth_mm=own.depth_mm) == own


def test_a_range_never_stands_upside_down():
    with pytest.raises(ValueError):
        with_changes({"depth_mm.low": Decimal(9), "depth_mm.high": Decimal(3)})
