"""The list of a recall as a workbook: one sheet of people, one of sessions. Every cell is text, a number or a day."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO

from openpyxl import Workbook

from mesoclinic.core.workbooks import Value, cell
from mesoclinic.core.workbooks import head as head_of

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
        page.append([head_of(page, head) for head in one.heads])
        for row in one.rows:
            page.append([cell(page, value) for value in row])
    written = BytesIO()
    book.save(written)
    return written.getvalue()


def _letter(number: int) -> str:
    return chr(ord("A") + number)
