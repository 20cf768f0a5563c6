"""The list of a recall as a workbook: one sheet of people, one of sessions. Every cell is text, a number or a day."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from io import BytesIO

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font
from openpyxl.worksheet._write_only import WriteOnlyWorksheet as Worksheet

Value = str | int | Decimal | date | None
MOST_LETTERS = 32_000  # Excel's own limit is 32,767
WIDEST = 60


@dataclass(frozen=True)
class Sheet:
    """One table: its title, heads and rows."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Value]]


def recall_workbook(sheets: Iterable[Sheet]) -> bytes:
    """Write an XLSX. What looks like a formula stays the text it is, also when somebody edits it later."""
    book = Workbook(write_only=True)
    for one in sheets:
        page = book.create_sheet(one.title[:31])
        page.freeze_panes = "A2"
        for number, head in enumerate(one.heads):
            longest = max((len(str(row[number] or "")) for row in one.rows), default=0)
            page.column_dimensions[_letter(number)].width = min(max(len(head), longest) + 2, WIDEST)
        page.append([_head(page, head) for head in one.heads])
        for row in one.rows:
            page.append([_cell(page, value) for value in row])
    written = BytesIO()
    book.save(written)
    return written.getvalue()


def _letter(number: int) -> str:
    return chr(ord("A") + number)


def _head(page: Worksheet, text: str) -> WriteOnlyCell:
    cell = _cell(page, text)
    cell.font = Font(bold=True)
    return cell


def _cell(page: Worksheet, value: Value) -> WriteOnlyCell:
    if not isinstance(value, str):
        return WriteOnlyCell(page, value)
    cell = WriteOnlyCell(page)
    cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)[:MOST_LETTERS]
    cell.data_type = "s"  # openpyxl takes what begins with "=" for a formula
    cell.quotePrefix = True
    cell.alignment = Alignment(vertical="top", wrap_text="\n" in value)
    return cell
