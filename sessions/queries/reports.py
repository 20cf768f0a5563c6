"""The report of a course as plain values: every word ready to print, in a fixed number of SQL statements."""

import uuid
from collections.abc import Iterable
from datetime import date

from django.db.models import Prefetch, Q
from django.http import Http404
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import Clinic, User
from mesoclinic.core.wording import with_colon
from patients.models import Patient
from patients.queries import patients
from patients.queries.parties import current_contacts
from patients.restricted import knock
from protocols.advice import advice_for, advice_in_words, with_rest
from protocols.cadence import parse
from protocols.citations import printed_source
from protocols.words import cadence_words
from sessions.models import Appointment, Course, Override, PlannedSession, Review, SessionRecord
from sessions.models.appointments import LIVE_STATUSES, AppointmentStatus
from sessions.models.courses import CourseStatus, PlannedStatus, RevisionKind
from sessions.printing import document
from sessions.printing.document import Timing
from sessions.printing.words import Words, print_day
from sessions.queries.competitions import may_compete
from sessions.queries.kept_findings import told_override
from sessions.queries.own_reasons import reason_words
from sessions.queries.paper import letterhead, paper_of, paper_size
from sessions.queries.report_causes import Causes, causes_of
from sessions.queries.report_competitions import competing_of, competition_dates, competition_days
from sessions.queries.report_course import all_points, competition_notes, effects
from sessions.queries.report_sessions import (
    adverse_events,
    is_withdrawn,
    records_of,
    score_series,
    session_parts,
    signatures_of,
)
from sessions.queries.report_words import report_words, side_words, weekday_words
from sessions.queries.seals import seal_of

NEXT_SESSIONS = 8
WITH_NAMES = (
    *("clinic", "site", "patient__species", "patient__clinic", "patient__place", "indication", "lead_practitioner"),
    *("protocol_version__protocol", "protocol_version__technique"),
)
LOST = (AppointmentStatus.CANCELLED, AppointmentStatus.NO_SHOW, AppointmentStatus.NOT_TREATED)
OPEN = (PlannedStatus.PLANNED, PlannedStatus.BOOKED)


def get_or_404(clinic: Clinic, public_id: uuid.UUID | str) -> Course:
    """Return a course of this clinic with all the names its report says. One SQL statement."""
    try:
        course = Course.objects.select_related(*WITH_NAMES).get(clinic=clinic, public_id=public_id)
    except (Course.DoesNotExist, ValueError, TypeError) as exc:
        raise Http404 from exc
    knock(course.patient)
    return course


def course_report(course: Course, today: date, *, printed_by: User | None = None) -> document.CourseReport:
    """Return a course as it is printed on a day. Nineteen SQL statements whatever the sessions, nine more for a horse
    that competes.

    `course` comes from `get_or_404`. Records not done yet are left out; former owners never appear.
    """
    patient = patients.kept(course.patient)
    words = report_words(patient.species)
    planned, paper = _planned_sessions(course), paper_of(course.clinic)
    revisions, reviews = list(course.revisions.all()), list(course.reviews.all())
    causes = causes_of(course, planned, revisions, reviews, words)
    records = records_of(course)
    standing = [record for record in records if not is_withdrawn(record)]
    zone = course.site.zone
    version = course.protocol_version
    competing = competing_of(course, patient, standing, today)
    return document.CourseReport(
        clinic=letterhead(course.clinic, course.site, paper),
        patient=patient_part(patient, today, words),
        course_number=str(course.number),
        printed_on=today,
        printed_by=str(printed_by) if printed_by else "",
        indication=str(course.indication),
        side=side_words(patient.species, course.side),
        indication_note=course.complaint,
        protocol=document.ProtocolPart(
            name=str(version.protocol),
            version=str(version.number),
            cadence=_cadence(revisions) or cadence_words(course.cadence),
            technique=str(version.technique) if version.technique else "",
            citation=printed_source(version.source),
        ),
        tried_before=course.tried_before,
        combined_with=course.combined_with,
        lead=course.lead_practitioner.name,
        started_on=course.start_on,
        state=str(course.get_status_display()),
        state_reason=reason_words(course.status_reason),
        planned_sessions=_planned_count(course, revisions, planned),
        overrides=tuple(_overrides(course, words)),
        plan=tuple(_planned_days(course, planned, reviews, causes, today, words)),
        sessions=session_parts(records, zone, patient.species, words),
        scores=score_series(records, zone),
        restarted_from=max((one.from_number for one in revisions if one.kind == RevisionKind.RESTARTED), default=0),
        effects=effects(standing, words),
        body=all_points(standing, patient.species),
        adverse_events=adverse_events(records, zone),
        aftercare=_aftercare(course, standing),
        competition=competition_notes(standing, zone) if patient.species.is_animal else (),
        competition_dates=competition_dates(competing, zone, words, course=course),
        competition_days=competition_days(competing, zone),
        may_compete=may_compete(patient),
        next_sessions=tuple(_next_sessions(course, planned, today, words)),
        seal=seal_of(course, signatures_of(records)),
        language=(get_language() or "en").split("-")[0],
        paper=paper_size(course.clinic, paper),
    )


def patient_part(patient: Patient, today: date, words: Words) -> document.PatientPart:
    """Say who a report is about. Four SQL statements."""
    contacts = current_contacts(patient, today)
    flags = patients.current_flags(patient, today)
    weight = patient.weights.filter(weighed_on__lte=today).first()
    numbers = patient.identifiers.filter(Q(until_on__isnull=True) | Q(until_on__gte=today))
    file_number = document.Identifier(scheme=_("File"), value=str(patient.number))
    own = [document.Identifier(scheme=str(one.get_scheme_display()), value=one.value) for one in numbers]
    return document.PatientPart(
        name=patient.name,
        species=str(patient.species),
        other_name=patient.registered_name,
        born_on=patient.birth_on,
        sex=patients.sex_words(patient.species, patient.sex),
        identifiers=(file_number, *own),
        weight_kg=weight.weight_kg if weight else None,
        weight_estimated=bool(weight and weight.is_estimated),
        weighed_on=weight.weighed_on if weight else None,
        parties=tuple(document.Party(role=one.role_label, name=one.name) for one in contacts),
        stable=patient.place.name if patient.place else "",
        allergies=_allergies(patient, flags, words),
        flags=tuple(str(flag) for flag in flags if flag.kind not in patients.ALLERGIES),
    )


def _allergies(patient: Patient, flags: Iterable, words: Words) -> str:
    listed = [str(flag.substance) if flag.substance_id else flag.what for flag in flags if _is_allergy(flag)]
    if listed:
        return ", ".join(listed)
    if patient.allergy_status != Patient.AllergyStatus.NONE_KNOWN or patient.allergy_asked_on is None:
        return _("not asked yet")
    return _("none known on %(day)s") % {"day": print_day(patient.allergy_asked_on, words)}


def _is_allergy(flag) -> bool:
    return flag.kind in patients.ALLERGIES


def _aftercare(course: Course, standing: list[SessionRecord]) -> str:
    """What was advised last, else what the protocol advises; shipped sentences in the language of the report."""
    told = [record.aftercare for record in standing if record.aftercare]
    species = course.patient.species.code
    return advice_in_words(
        with_rest(told[-1], species) if told else advice_for(course.protocol_version.aftercare, species)
    )


def _planned_sessions(course: Course) -> list[PlannedSession]:
    visits = Appointment.objects.filter(status__in=(*LOST, *LIVE_STATUSES)).order_by("starts_at")
    named = visits.select_related("practitioner", "room", "place", "site")
    rows = course.planned_sessions.order_by("number")
    return list(rows.prefetch_related(Prefetch("appointments", named, to_attr="visits")))


def _cadence(revisions: list) -> str:
    """Write the rhythm prescribed, and each change with the session it began at."""
    said = [cadence_words(revision.cadence).removesuffix(".") for revision in revisions[:1]]
    for revision in revisions[1:]:
        change = _("from session %(number)s: %(cadence)s (%(why)s)")
        why = str(RevisionKind(revision.kind).label).lower()
        said.append(
            change
            % {"number": revision.from_number, "cadence": cadence_words(revision.cadence).removesuffix("."), "why": why}
        )
    return " · ".join(said)


def _planned_count(course: Course, revisions: list, planned: list[PlannedSession]) -> int | None:
    """Count the sessions of a course with an end; None for one without."""
    skipped = sum(session.status == PlannedStatus.SKIPPED for session in planned)
    if not course.is_open:
        return len(_said(course, planned)) - skipped
    cadence = parse(revisions[-1].cadence if revisions else course.cadence)
    if cadence.session_count is None:
        return None
    if not revisions:
        return cadence.session_count - skipped
    last = revisions[-1]
    before_phase = cadence.first_session_of(last.from_phase) - 1
    return last.from_number - 1 + cadence.session_count - before_phase - skipped


def _said(course: Course, planned: list[PlannedSession]) -> list[PlannedSession]:
    """Leave out what will not take place any more: the days left of a course that has ended."""
    return [session for session in planned if course.is_open or session.status != PlannedStatus.PLANNED]


def _planned_days(
    course: Course,
    planned: list[PlannedSession],
    reviews: Iterable[Review],
    causes: Causes,
    today: date,
    words: Words,
) -> Iterable[document.PlannedDay]:
    reviewed = {review.after_number: review for review in reviews}
    for session in _said(course, planned):
        timing, days_off = _timing(session, today)
        review = reviewed.get(session.number)
        lost = [_lost(visit, words) for visit in session.visits if visit.status in LOST]
        notes = [
            *lost,
            *causes.of(session, timing, has_lost=bool(lost)),
            reason_words(session.skip_reason) if session.status == PlannedStatus.SKIPPED else "",
            words["subject_to_review"] if session.is_held and session.status == PlannedStatus.BOOKED else "",
            _("Review: %(decision)s") % {"decision": review.get_decision_display()} if review else "",
            review.note if review else "",
        ]
        yield document.PlannedDay(
            number=session.number,
            phase=session.phase,
            due_on=session.due_on,
            earliest_on=session.earliest_on,
            latest_on=session.latest_on,
            done_on=session.performed_on if session.status == PlannedStatus.DONE else None,
            timing=timing,
            days_off=days_off,
            note=" · ".join(note for note in notes if note),
        )


def _lost(visit: Appointment, words: Words) -> str:
    """Say why a session did not take place on the day it was booked for."""
    day = print_day(local_day(visit.starts_at, visit.site.zone), words)
    by = f" ({visit.get_cancelled_by_display()})" if visit.cancelled_by else ""
    what = f"{str(visit.get_status_display()).lower()}{by}"
    return words["not_done_visit"].format(day=day, what=with_colon(what, reason_words(visit.status_reason)))


def _timing(session: PlannedSession, today: date) -> tuple[Timing, int]:
    """Say how a session stands, and by how many days it was outside what was planned.

    A missed session is due again on a later day and keeps its window, so lateness counts from the window's end then.
    """
    if session.status == PlannedStatus.SKIPPED:
        return Timing.SKIPPED, 0
    if session.status == PlannedStatus.DONE and session.performed_on is not None:
        if session.performed_on < session.earliest_on:
            return Timing.EARLY, (session.performed_on - min(session.due_on, session.latest_on)).days
        if session.performed_on > session.latest_on:
            return Timing.LATE, (session.performed_on - min(session.due_on, session.latest_on)).days
        return Timing.ON_TIME, 0
    if session.status == PlannedStatus.BOOKED:
        return Timing.BOOKED, 0
    if session.is_held:
        return Timing.HELD, 0
    return (Timing.MISSED if session.latest_on < today else Timing.OPEN), 0


def _next_sessions(
    course: Course, planned: list[PlannedSession], today: date, words: Words
) -> Iterable[document.NextSession]:
    """Give all that is booked from today on, filled up with the next ones due; of these no day that is past."""
    coming = [one for one in _said(course, planned) if one.status in OPEN and not _is_over(_live_visit(one), today)]
    booked = [session for session in coming if session.status == PlannedStatus.BOOKED]
    due = [session for session in coming if session.status == PlannedStatus.PLANNED]
    chosen = booked + due[: max(NEXT_SESSIONS - len(booked), 0)]
    for session in sorted(chosen, key=lambda one: one.number):
        visit = _live_visit(session)
        paused = visit is None and course.status == CourseStatus.PAUSED
        promised = visit is not None or (not paused and session.due_on >= today)
        yield document.NextSession(
            number=session.number,
            due_on=session.due_on if promised else None,
            earliest_on=session.earliest_on if promised else None,
            latest_on=session.latest_on if promised else None,
            appointment=visit_said(visit, words) if visit else "",
            held=session.is_held,
            paused=paused,
        )


def _live_visit(session: PlannedSession) -> Appointment | None:
    return next((one for one in session.visits if one.status in LIVE_STATUSES), None)


def _is_over(visit: Appointment | None, today: date) -> bool:
    """Whether its day has passed, though nobody has said how it went."""
    return visit is not None and local_day(visit.starts_at, visit.site.zone) < today


def visit_said(visit: Appointment, words: Words) -> str:
    """Say when, with whom and where a visit is. No SQL statement where these are at hand."""
    where = visit.room or visit.place
    when = weekday_words(visit.starts_at, visit.site.zone, words)
    firm = words["to_confirm"] if visit.status == AppointmentStatus.OFFERED else ""
    return " · ".join(str(part) for part in (when, visit.practitioner.name, where, firm) if part)


def _overrides(course: Course, words: Words) -> Iterable[document.Override]:
    for override in Override.objects.filter(course=course).select_related("by"):
        yield document.Override(
            rule=told_override(override),
            reason=override.reason,
            by=str(override.by),
            on=local_day(override.at, course.site.zone),
        )
