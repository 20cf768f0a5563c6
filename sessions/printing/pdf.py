"""The PDF of a course report, a round's sheet, letters: typst with our own fonts only, tagged and accessible (PDF/UA-1)."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

import typst

from sessions.printing.document import CourseReport
from sessions.printing.fonts import FOLDER
from sessions.printing.layout import course_data
from sessions.printing.letters import Letters, letters_data
from sessions.printing.round_sheet import SHEET_WORDS, RoundSheet, sheet_data
from sessions.printing.words import ENGLISH, Words

TEMPLATES = Path(__file__).parent / "templates"
_lock = Lock()


class PrintedPaper(NamedTuple):
    """A PDF, and a name by which a person finds it again."""

    pdf: bytes
    file_name: str


def course_pdf(report: CourseReport, words: Words = ENGLISH) -> bytes:
    """Print a course report. The same report and words give the same bytes."""
    printed_at = datetime(report.printed_on.year, report.printed_on.month, report.printed_on.day, tzinfo=UTC)
    return print_data(course_data(report, words), printed_at)


def round_pdf(sheet: RoundSheet, words: Words = SHEET_WORDS) -> bytes:
    """Print the sheet of a round."""
    printed_at = datetime(sheet.printed_on.year, sheet.printed_on.month, sheet.printed_on.day, tzinfo=UTC)
    return print_data(sheet_data(sheet, words), printed_at, template="round.typ")


def letters_pdf(letters: Letters) -> bytes:
    """Print letters, each on its own page."""
    day = letters.printed_on
    printed_at = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return print_data(letters_data(letters), printed_at, template="letters.typ")


def prints(svg: str) -> bool:
    """Tell whether a drawing can be printed: what cannot would stop every paper it stands on."""
    try:
        print_data({"svg": svg, "title": "-"}, datetime(2026, 1, 1, tzinfo=UTC), template="logo.typ")
    except typst.TypstError:
        return False
    return True


def print_data(data: Mapping[str, Any], printed_at: datetime, *, template: str = "course.typ") -> bytes:
    """Print the data made for a template; `printed_at` is the PDF's creation time."""
    inputs = {"data": json.dumps(data, ensure_ascii=False)}
    with _lock:
        printed = _compiler(template).compile(
            format="pdf", sys_inputs=inputs, pdf_standards="ua-1", timestamp=int(printed_at.timestamp())
        )
    if not isinstance(printed, bytes):
        raise TypeError("a PDF is one piece of bytes")
    return printed


@cache
def _compiler(template: str) -> typst.Compiler:
    """Keep one compiler a process and template: fonts and templates are read once."""
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FOLDER)])
    return typst.Compiler(input=str(TEMPLATES / template), root=str(TEMPLATES), font_paths=fonts)
