"""Amounts and ranges as a nurse reads them: no line break between a number and its unit."""

from decimal import Decimal

import pytest

from protocols.templatetags import mixes


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [(2, 6, "2_–_6"), (None, 4, "up_to_4"), (8, None, "from_8"), (Decimal("4.00"), Decimal("4.00"), "4")],
)
def test_range_with_an_open_end_is_said_in_words_without_a_line_break(low, high, words):
    assert mixes.between(low, high) == words.replace("_", "\N{NO-BREAK SPACE}")


def test_a_number_stays_on_one_line_with_its_unit():
    said = mixes.unbroken("A depth of 12 mm is outside 3 to 4 mm; 50 % of 300 mg, 2 mmol")

    assert said.replace("\N{NO-BREAK SPACE}", "_") == "A depth of 12_mm is outside 3 to 4_mm; 50_% of 300_mg, 2 mmol"
