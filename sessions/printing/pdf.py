"""The PDF of a course report: typst with our own fonts only, tagged and accessible (PDF/UA-1)."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

import typst

from sessions.printing.document import CourseReport
from sessions.printing.fonts import FOLDER
from sessions.printing.layout import course_data
from sessions.printing.words import ENGLISH, Words

TEMPLATES = Path(__file__).parent / "templates"
_lock = Lock()


def course_pdf(report: CourseReport, words: Words = ENGLISH) -> bytes:
    """Print a course report. The same report and words give the same bytes."""
    printed_at = datetime(report.printed_on.year, report.printed_on.month, report.printed_on.day, tzinfo=UTC)
    return print_data(course_data(report, words), printed_at)


def print_data(data: Mapping[str, Any], printed_at: datetime) -> bytes:
    """Print the data of `layout.course_data`; `printed_at` is the PDF's creation time."""
    inputs = {"data": json.dumps(data, ensure_ascii=False)}
    with _lock:
        printed = _compiler().compile(
            format="pdf", sys_inputs=inputs, pdf_standards="ua-1", timestamp=int(printed_at.timestamp())
        )
    if not isinstance(printed, bytes):
        raise TypeError("a PDF is one piece of bytes")
    return printed


@cache
def _compiler() -> typst.Compiler:
    """Keep one compiler a process: fonts and templates are read once."""
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FOLDER)])
    return typst.Compiler(input=str(TEMPLATES / "course.typ"), root=str(TEMPLATES), font_paths=fonts)
