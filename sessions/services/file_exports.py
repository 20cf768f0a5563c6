"""Hand out the whole file of a patient as one zip: the rows as JSON, the reports and the scans. Nothing is kept."""

import json
import zipfile
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from tempfile import TemporaryFile
from typing import IO
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from mesoclinic.core import audit, languages
from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import Site, User
from mesoclinic.core.wording import date_format
from patients.models import ConsentScan, Patient
from patients.queries.parties import former_parties, last_sold_on
from patients.queries.patients import file_ids
from sessions.models import Course, ReportHandout, SessionRecord
from sessions.models.courses import CourseStatus
from sessions.models.signatures import AddendumKind
from sessions.printing.document import Variant
from sessions.printing.file_names import file_name, file_part
from sessions.printing.pdf import course_pdf
from sessions.printing.variants import for_variant
from sessions.queries import records
from sessions.queries.record_sheets import record_sheet
from sessions.queries.report_words import report_words
from sessions.queries.reports import WITH_NAMES, course_report
from sessions.queries.whole_file import whole_file

IN_MEMORY = 4 * 1024 * 1024


@dataclass(frozen=True)
class FileExport:
    """A zip, at its beginning; whoever sends it closes it."""

    content: IO[bytes]
    size_bytes: int
    file_name: str


def export_patient(*, actor: User, patient: Patient, site: Site, now: datetime | None = None) -> FileExport:
    """Make the zip; who took the file away is written down before anything leaves."""
    today = local_day(now or timezone.now(), site.zone)
    with transaction.atomic():
        audit.record(actor=actor, verb="patient.exported", subject=patient, patient_id=patient.pk)
        rows = whole_file(patient, today)
    made: IO[bytes] = TemporaryFile()  # noqa: SIM115 - nameless: it goes when the response closes it
    with override(languages.spoken(patient.language, patient.clinic.language)):
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("file.json", json.dumps(rows, ensure_ascii=False, indent=1, default=_plain))
            _write_reports(archive, patient, today, actor)
            _write_sheets(archive, patient, today, actor)
            left_out = _write_handouts(archive, patient, today, site)
            missing, of_others = _write_scans(archive, patient, today)
            archive.writestr("index.txt", _index(patient, today, archive.namelist(), missing, left_out + of_others))
        name = f"{today.isoformat()}_{file_part(patient.name, 'patient')}_{patient.number}.zip"
    size = made.tell()
    made.seek(0)
    if size <= IN_MEMORY:
        with made:
            made = BytesIO(made.read())
    return FileExport(made, size, name)


def _write_reports(archive: zipfile.ZipFile, patient: Patient, today: date, actor: User) -> None:
    """Print the report of every course, one after the other."""
    courses = Course.objects.select_related(*WITH_NAMES).filter(patient__in=file_ids(patient))
    for course in courses.exclude(status=CourseStatus.DRAFT).order_by("start_on", "pk"):
        report = course_report(course, today, printed_by=actor)
        archive.writestr(f"courses/{file_name(report)}", course_pdf(report, report_words(patient.species)))


def _write_sheets(archive: zipfile.ZipFile, patient: Patient, today: date, actor: User) -> None:
    """Print the sheet of every finished session that belongs to no course, but of one written for the wrong patient."""
    own = records.records(patient.clinic).filter(patient__in=file_ids(patient), course=None)
    done = own.exclude(status=SessionRecord.Status.DRAFT).exclude(addenda__kind=AddendumKind.WITHDRAWAL)
    for number, record in enumerate(done.order_by("performed_at", "pk"), 1):
        report = for_variant(record_sheet(record, today, printed_by=actor), Variant.SHEET)
        archive.writestr(f"sessions/{number}_{file_name(report)}", course_pdf(report, report_words(patient.species)))


def _write_handouts(archive: zipfile.ZipFile, patient: Patient, today: date, site: Site) -> int:
    """Add the papers that left the clinic, as they were; return how many are left out, from before an animal was sold."""
    files = file_ids(patient)
    papers = ReportHandout.objects.of_files(files).exclude(content=b"").order_by("at", "pk")
    sold_on = last_sold_on(files, today)
    left_out = 0
    for number, paper in enumerate(papers.iterator(chunk_size=20), 1):
        if sold_on is not None and local_day(paper.at, site.zone) < sold_on:
            left_out += 1
        else:
            archive.writestr(f"handed-out/{number}_{paper.file_name}", bytes(paper.content))
    return left_out


def _write_scans(archive: zipfile.ZipFile, patient: Patient, today: date) -> tuple[list[str], int]:
    """Add the scans of consents; return the names of those whose file is not there, and how many are a former contact's."""
    missing, left_out = [], 0
    files = file_ids(patient)
    former = former_parties(files, today)
    scans = ConsentScan.objects.filter(consent__patient__in=files).select_related("consent")
    for number, scan in enumerate(scans.order_by("pk"), 1):
        name = f"consents/{scan.consent.given_on.isoformat()}_{number}{scan.suffix}"
        if scan.consent.given_by_party_id in former:
            left_out += 1
            continue
        try:
            with scan.file.open("rb") as held:
                archive.writestr(name, held.read())
        except OSError:
            missing.append(name)
    return missing, left_out


def _index(patient: Patient, today: date, names: list[str], missing: list[str], left_out: int) -> str:
    """Say in the patient's language what the zip holds."""
    lines = [
        _("The file of %(name)s, number %(number)d, at %(clinic)s.")
        % {"name": patient.name, "number": patient.number, "clinic": patient.clinic.name},
        _("Taken on %(day)s.") % {"day": date_format(today, "j F Y")},
        "",
        _(
            "file.json: all the clinic holds, as data. courses: a report of each course. sessions: a sheet of each session"
            " without a course. handed-out: reports as they were handed out. consents: scans of signed forms."
        ),
        "",
        *names,
    ]
    if missing:
        lines += ["", _("These are missing in the clinic's own storage:"), *missing]
    if left_out:
        lines += ["", _("Papers left out, because they are an earlier contact's: %(count)d.") % {"count": left_out}]
    return "\n".join(lines) + "\n"


def _plain(value: object) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    return f"{value}"
