"""Open and print the report of a course: both are written down, with the patient."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction

from mesoclinic.core import audit
from mesoclinic.core.models import User
from sessions.models import Course
from sessions.printing.document import CourseReport, file_name
from sessions.printing.pdf import course_pdf
from sessions.printing.words import Words
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


@dataclass(frozen=True)
class PrintedReport:
    pdf: bytes
    file_name: str


@transaction.atomic
def open_course_report(*, actor: User, course: Course, today: date) -> OpenedReport:
    """Return the report as a page shows it; who opened it is written down."""
    report = course_report(course, today, printed_by=actor)
    audit.record(actor=actor, verb="report.opened", subject=course, patient_id=course.patient_id)
    return OpenedReport(report, report_words(course.patient.species))


def print_course_report(*, actor: User, course: Course, today: date) -> PrintedReport:
    """Print the report; who printed it is written down before anything leaves, outside the time typesetting takes."""
    with transaction.atomic():
        report = course_report(course, today, printed_by=actor)
        audit.record(actor=actor, verb="report.printed", subject=course, patient_id=course.patient_id)
    return PrintedReport(course_pdf(report, report_words(course.patient.species)), file_name(report))
