"""Cells of a workbook: text, a number or a day. What looks like a formula stays the text it is, also when edited later."""

from datetime import date, datetime
from decimal import Decimal

from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font
from openpyxl.worksheet._write_only import WriteOnlyWorksheet as Worksheet

Value = str | int | Decimal | date | datetime | None
MOST_LETTERS = 32_000  # Excel's own limit is 32,767


def head(page: Worksheet, text: str) -> WriteOnlyCell:
    """Write the head of a column."""
    made = cell(page, text)
    made.font = Font(bold=True)
    return made


def cell(page: Worksheet, value: Value) -> WriteOnlyCell:
    """Write one value."""
    if not isinstance(value, str):
        return WriteOnlyCell(page, value)
    made = WriteOnlyCell(page)
    made.value = ILLEGAL_CHARACTERS_RE.sub("", value)[:MOST_LETTERS]
    made.data_type = "s"  # openpyxl takes what begins with "=" for a formula
    made.quotePrefix = True
    made.alignment = Alignment(vertical="top", wrap_text="\n" in value)
    return made
