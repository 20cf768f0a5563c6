"""How a paper's file is named, so that a person finds it again and no file system or header misreads it."""

import re
import unicodedata

from sessions.printing.document import CourseReport, Variant


def file_name(report: CourseReport) -> str:
    """Name the PDF of a report: `2026-03-02_Name_course-12.pdf`.

    The day is the course's start, else that of printing; a sheet's is that of its session.
    """
    day = report.started_on or report.printed_on
    if report.variant is Variant.SHEET and report.sessions:
        day = report.sessions[-1].performed_on
    name = file_part(report.patient.name, "patient")
    variant = "" if report.variant is Variant.FULL else f"-{report.variant}"
    if not report.course_number:
        return f"{day.isoformat()}_{name}{variant}.pdf"
    return f"{day.isoformat()}_{name}_course-{file_part(report.course_number, '0')[:20]}{variant}.pdf"


def file_part(text: str, otherwise: str) -> str:
    """Give at most 60 letters of a text, those of any script; what could be misread becomes a hyphen. Of nothing, `otherwise`."""
    composed = unicodedata.normalize("NFC", text)
    kept = "".join(
        c if unicodedata.category(c)[0] in "LN" or unicodedata.category(c) in ("Mn", "Mc") else "-" for c in composed
    )
    return re.sub("-+", "-", kept).strip("-")[:60].strip("-") or otherwise
