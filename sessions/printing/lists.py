"""A list on paper: the clinic's letterhead, what the list is of, one table with its head on every page. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sessions.printing.document import ClinicPart
from sessions.printing.pdf import print_data
from sessions.printing.pieces import clinic_data, heading, joined, make_printable, shortened, table

LONGEST_RUNNING = 80
Head = tuple[str, str]  # the words, and the side they stand on


@dataclass(frozen=True, kw_only=True)
class ListPaper:
    """All that is printed, ready to read; `page_of` has the places {page} and {pages}, `nothing` is said of no rows."""

    clinic: ClinicPart
    kind: str
    title: str
    heads: Sequence[Head]
    rows: Sequence[Sequence[str]]
    nothing: str
    printed: str
    page_of: str
    printed_on: date
    below: str = ""
    note: str = ""
    language: str = "en"
    paper: str = "a4"


def list_pdf(one: ListPaper) -> bytes:
    """Print a list."""
    day = one.printed_on
    printed_at = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return print_data(list_data(one), printed_at, template="list.typ")


def list_data(one: ListPaper) -> dict[str, Any]:
    """Give the JSON-ready data of `list.typ`. Columns that say nothing are dropped."""
    columns = [(said, side, "auto") for said, side in one.heads]
    data = {
        "language": one.language,
        "paper": one.paper,
        "title": joined([one.kind, one.title]),
        "kind": one.kind,
        "course": one.printed,
        "running": shortened(joined([one.kind, one.title, one.below]), LONGEST_RUNNING),
        "printed": one.printed,
        "page_of": one.page_of,
        "clinic": clinic_data(one.clinic),
        "heading": heading(one.title),
        "below": one.below,
        "tables": table(columns, [list(row) for row in one.rows]),
        "nothing": one.nothing,
        "note": one.note,
    }
    shown: dict[str, Any] = make_printable(data)
    return shown
