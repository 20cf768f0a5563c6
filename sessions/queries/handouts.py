"""Reports that left the clinic, the latest first, and the consent one to an insurer needs."""

from datetime import date
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from mesoclinic.core.models import Clinic
from mesoclinic.core.queries.rare import list_rare
from patients.models import Consent, Patient
from patients.models.consents import ConsentKind
from patients.queries import consents, patients
from patients.restricted import knock
from sessions.models import Course, ReportHandout, SessionRecord

MOST = 500  # on one page; the sheet of every session goes home


def handouts_of(course: Course) -> list[ReportHandout]:
    """List what was handed out of a course, without the papers themselves. One SQL statement."""
    return list(_light().filter(course=course)[:MOST])


def handouts_of_record(record: SessionRecord) -> list[ReportHandout]:
    """List what was handed out of a session while it belonged to no course. One SQL statement."""
    return list(_light().filter(record=record)[:MOST])


def handouts_of_patient(file_ids: list[int]) -> list[ReportHandout]:
    """List what was handed out of a patient's courses and sessions without one. At most two SQL statements."""
    return list_rare(_light().of_files(file_ids), MOST)


def get_or_404(clinic: Clinic, public_id: UUID) -> ReportHandout:
    """Return one with its paper. One SQL statement."""
    rows = ReportHandout.objects.select_related("course__patient", "record__patient")
    found = get_object_or_404(rows, clinic=clinic, public_id=public_id)
    knock(found.patient)
    return found


def insurer_consent(patient: Patient, on: date) -> Consent | None:
    """Return the consent to reports to an insurer that counts on a day. Two SQL statements."""
    given = consents.standing_kinds(patients.kept(patient), on).get(ConsentKind.INSURER, [])
    return given[0] if given else None


def _light() -> QuerySet[ReportHandout]:
    return ReportHandout.objects.defer("content").select_related("by", "course", "record")
