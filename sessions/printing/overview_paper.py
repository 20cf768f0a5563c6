"""The manager's overview on paper: the very parts of the page, as `overview.typ` takes them. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sessions.printing.document import ClinicPart
from sessions.printing.pdf import print_data
from sessions.printing.pieces import Block, clinic_data, heading, joined, make_printable, table

LONGEST_RUNNING = 80


@dataclass(frozen=True, kw_only=True)
class OverviewPaper:
    """All that is printed, ready to read; `page_of` has the places {page} and {pages}."""

    title: str
    days: str
    filters: str
    clinic: ClinicPart
    printed: str
    page_of: str
    printed_on: date
    sections: Sequence[tuple[str, Sequence[Block]]]
    language: str = "en"
    paper: str = "a4"


def overview_pdf(paper: OverviewPaper) -> bytes:
    """Print the overview."""
    day = paper.printed_on
    data: dict[str, Any] = make_printable(
        {
            "language": paper.language,
            "paper": paper.paper,
            "title": joined([paper.title, paper.days]),
            "heading": heading(paper.days),
            "below": paper.filters,
            "kind": paper.title,
            "course": paper.printed,
            "running": joined([paper.title, paper.days, paper.filters])[:LONGEST_RUNNING],
            "printed": paper.printed,
            "page_of": paper.page_of,
            "clinic": clinic_data(paper.clinic),
            "sections": [{"title": title, "blocks": list(blocks)} for title, blocks in paper.sections],
        }
    )
    return print_data(data, datetime(day.year, day.month, day.day, tzinfo=UTC), template="overview.typ")


def table_block(heads: Sequence[tuple[str, str]], rows: Sequence[Sequence[str]]) -> list[Block]:
    """Give a table whose first column takes the room that is left; columns that say nothing are dropped."""
    columns = [(said, side, "1fr" if number == 0 else "auto") for number, (said, side) in enumerate(heads)]
    return table(columns, [list(row) for row in rows])
