"""Open and print the report of a course: both are written down, with the patient."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import translation

from mesoclinic.core import audit
from mesoclinic.core.models import User
from sessions.models import Course, SessionRecord
from sessions.printing.document import CourseReport, Variant
from sessions.printing.file_names import file_name
from sessions.printing.pdf import PrintedPaper, course_pdf
from sessions.printing.variants import for_variant
from sessions.printing.words import Words
from sessions.queries.record_sheets import record_sheet
from sessions.queries.report_page import page_data
from sessions.queries.report_words import report_words
from sessions.queries.reports import course_report


@dataclass(frozen=True)
class OpenedReport:
    """A report and its words; `data` is what the page draws."""

    report: CourseReport
    words: Words

    @property
    def page(self) -> dict[str, Any]:
        return page_data(self.report, self.words)


@transaction.atomic
def open_course_report(
    *, actor: User, course: Course, today: date, variant: Variant = Variant.FULL, language: str = ""
) -> OpenedReport:
    """Return the report as a page shows it, in a language of its own; who opened it is written down."""
    opened = _made(actor, course, today, variant, language)
    audit.record(actor=actor, verb="report.opened", subject=course, patient_id=course.patient_id)
    return opened


def print_course_report(*, actor: User, course: Course, today: date, language: str = "") -> PrintedPaper:
    """Print the full report for the file."""
    return typeset(read_to_print(actor=actor, course=course, today=today, language=language))


def read_to_print(*, actor: User, course: Course, today: date, language: str = "") -> OpenedReport:
    """Return the full report as it is now; who printed it is written down before anything leaves."""
    with transaction.atomic():
        opened = _made(actor, course, today, Variant.FULL, language)
        audit.record(actor=actor, verb="report.printed", subject=course, patient_id=course.patient_id)
    return opened


def typeset(opened: OpenedReport) -> PrintedPaper:
    """Make the PDF. No SQL statement, and beside other work: the typesetter holds nothing of Python while it sets."""
    return PrintedPaper(course_pdf(opened.report, opened.words), file_name(opened.report))


def print_report(*, actor: User, course: Course, today: date, variant: Variant, language: str, to: str) -> PrintedPaper:
    """Print a report for somebody. Whoever asks for it writes down that it was handed out."""
    return typeset(_made(actor, course, today, variant, language, to))


def print_sheet(*, actor: User, record: SessionRecord, today: date, language: str, to: str) -> PrintedPaper:
    """Print the sheet of a session without a course. Whoever asks for it writes down that it was handed out."""
    with translation.override(language or translation.get_language()):
        report = for_variant(record_sheet(record, today, printed_by=actor), Variant.SHEET, to=to)
        words = report_words(record.patient.species)
    return typeset(OpenedReport(report, words))


def _made(actor: User, course: Course, today: date, variant: Variant, language: str, to: str = "") -> OpenedReport:
    with translation.override(language or translation.get_language()):
        report = for_variant(course_report(course, today, printed_by=actor), variant, to=to)
        return OpenedReport(report, report_words(course.patient.species))
