"""The data of a report's page: the very blocks the PDF is set from, with each table cell beside its column."""

from typing import Any

from sessions.printing.document import CourseReport
from sessions.printing.layout import course_data
from sessions.printing.pieces import Block
from sessions.printing.words import Words

SHORT_TEXT = 24  # letters: a day, a range of days, a volume, a number; broken over two lines on a narrow screen only


def page_data(report: CourseReport, words: Words) -> dict[str, Any]:
    """Return what `sessions/reports/course.html` draws. No SQL statement."""
    data = course_data(report, words, on_paper=False)
    for section in data["sections"]:
        for block in section["blocks"]:
            for piece in (block, *block.get("blocks", ())):
                _align(piece)
    return {
        **data,
        "patient_block": {"kind": "facts", "rows": data["patient_facts"]},
        "treatment_block": {"kind": "facts", "rows": data["treatment_facts"]},
    }


def _align(block: Block) -> None:
    if block["kind"] != "table":
        return
    aligns = block["aligns"]
    block["columns"] = [{"head": head, "align": align} for head, align in zip(block["heads"], aligns, strict=True)]
    block["lines"] = [
        [
            {"text": text, "under": under, "align": align, "is_short": len(text + under) <= SHORT_TEXT}
            for (text, under), align in zip(_in_two(row, block["notes"]), aligns, strict=True)
        ]
        for row in block["rows"]
    ]


def _in_two(row: list[str], notes: bool) -> list[tuple[str, str]]:
    """Part each cell from the notes below its first line, where the table has such."""
    return [(first, under) if notes else (cell, "") for cell in row for first, _, under in [cell.partition("\n")]]
