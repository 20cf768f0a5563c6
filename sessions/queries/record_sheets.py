"""The sheet to take home of a session that belongs to no course: the frame of a course's report, with that session alone."""

from collections.abc import Iterable
from datetime import date

from django.utils.translation import get_language

from mesoclinic.core.localtime import day_bounds, local_day
from mesoclinic.core.models import User
from patients.models import Patient
from patients.queries import patients
from protocols.advice import advice_for, advice_in_words, with_rest
from sessions.models import Appointment, SessionRecord
from sessions.printing import document
from sessions.printing.words import Words
from sessions.queries import records as reads
from sessions.queries.competitions import may_compete
from sessions.queries.paper import letterhead, paper_of, paper_size
from sessions.queries.report_competitions import competing_with, competition_dates, competition_days
from sessions.queries.report_sessions import session_parts, whole
from sessions.queries.report_words import report_words
from sessions.queries.reports import NEXT_SESSIONS, patient_part, visit_said


def record_sheet(record: SessionRecord, today: date, *, printed_by: User | None = None) -> document.CourseReport:
    """Return what a finished record without a course gives to take home, for `for_variant` to make a sheet of.

    Seventeen SQL statements, nine more for a horse that competes. `record` comes from `records.get_or_404`.
    """
    patient, site = reads.patient_of(record), reads.site_of(record)
    words, paper = report_words(patient.species), paper_of(record.clinic)
    [told] = whole(SessionRecord.objects.filter(pk=record.pk))
    competing = competing_with(record, patient, site.zone, today)
    return document.CourseReport(
        clinic=letterhead(record.clinic, site, paper),
        patient=patient_part(patient, today, words),
        course_number="",
        printed_on=today,
        printed_by=str(printed_by) if printed_by else "",
        indication="",
        protocol=document.ProtocolPart(name=""),
        lead=record.performed_by.name,
        sessions=session_parts([told], site.zone, patient.species, words),
        aftercare=_aftercare(record, patient),
        competition_dates=competition_dates(competing, site.zone, words),
        competition_days=competition_days(competing, site.zone),
        may_compete=may_compete(patient),
        next_sessions=tuple(_next_visits(patient, site.zone, today, words)),
        language=(get_language() or "en").split("-")[0],
        paper=paper_size(record.clinic, paper),
    )


def _aftercare(record: SessionRecord, patient: Patient) -> str:
    """What was advised; where nothing was, what is shipped on rest."""
    species = patient.species.code
    return advice_in_words(with_rest(record.aftercare, species) if record.aftercare else advice_for("", species))


def _next_visits(patient: Patient, zone, today: date, words: Words) -> Iterable[document.NextSession]:
    rows = Appointment.objects.live().filter(patient__in=patients.file_ids(patient), in_place_of__isnull=True)
    rows = rows.filter(starts_at__gte=day_bounds(today, zone)[1]).order_by("starts_at")
    for visit in rows.select_related("practitioner", "room", "place", "site", "planned_session")[:NEXT_SESSIONS]:
        yield document.NextSession(
            number=visit.planned_session.number if visit.planned_session else 0,
            due_on=local_day(visit.starts_at, visit.site.zone),
            appointment=visit_said(visit, words),
        )
