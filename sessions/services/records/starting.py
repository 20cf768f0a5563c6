"""Begin a record: from a visit, or late for a session nobody recorded on its day. One record a visit, however often."""

from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from mesoclinic.core import audit
from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import User
from mesoclinic.core.refused import Refused
from patients.models import Patient
from patients.queries import patients
from protocols.advice import advice_for
from protocols.models import ProtocolVersion
from protocols.queries import lots
from sessions.models import AdverseEventUpdate, Appointment, Course, PlannedSession, SessionRecord
from sessions.models.courses import PlannedStatus
from sessions.queries import records as reads
from sessions.queries.corrections import right_values
from sessions.queries.mix_sources import protocol_lines, with_lot
from sessions.recording import RecordContent, SiteTreated, as_last_time, raw_of
from sessions.services import appointments

from .writing import write_content

Status = Appointment.Status
PRESENT = (Status.BOOKED, Status.ARRIVED, Status.IN_PROGRESS)


@transaction.atomic
def start_record(*, actor: User, appointment: Appointment, now: datetime | None = None) -> SessionRecord:
    """Begin the record of a visit, prefilled as last time or from the protocol; the visit is in progress from now on.

    A second click gives the same record. Raises Refused("not-here" | "not-yet").
    """
    now = now or timezone.now()
    visit = _locked_visit(appointment)
    if (standing := reads.standing_of_appointment(visit)) is not None:
        return adopt_session(standing, visit)
    earlier = visit.records.order_by("-attempt").first()
    if visit.status not in PRESENT and not (earlier and visit.status == Status.FULFILLED):
        words = _("This visit cannot be recorded: %(status)s. Take that back first.")
        raise Refused("not-here", words % {"status": visit.get_status_display()})
    today = local_day(now, visit.site.zone)
    if local_day(visit.starts_at, visit.site.zone) > today:
        raise Refused("not-yet", _("This visit is on another day. Record it when it takes place."))
    planned = _session_to_record(visit, earlier)
    if visit.status in (Status.BOOKED, Status.ARRIVED) and local_day(visit.starts_at, visit.site.zone) == today:
        appointments.start(actor=actor, appointment=visit, now=now)
    return _create(actor, patients.kept(visit.patient), planned, visit, now)


@transaction.atomic
def start_late_record(*, actor: User, planned_session: PlannedSession, now: datetime | None = None) -> SessionRecord:
    """Begin the record of a session that took place without a visit in the book.

    Raises Refused("booked" | "not-open"): a booked session is recorded from its visit.
    """
    now = now or timezone.now()
    planned = _locked_session(planned_session.pk)
    if (standing := reads.standing_of_session(planned)) is not None:
        return standing
    if planned.status == PlannedStatus.BOOKED:
        raise Refused("booked", _("This session is booked. Record it from its visit, or cancel that visit first."))
    if planned.status != PlannedStatus.PLANNED:
        raise Refused("not-open", _("This session is done or skipped already."))
    return _create(actor, patients.kept(planned.course.patient), planned, None, now)


def adopt_session(record: SessionRecord, visit: Appointment) -> SessionRecord:
    """Tie a draft to the session its visit was given meanwhile (a course prescribed on the spot: session 1 is now)."""
    if record.planned_session_id is None and record.status == SessionRecord.Status.DRAFT and visit.planned_session_id:
        planned = PlannedSession.objects.select_related(*SESSION_NAMES).get(pk=visit.planned_session_id)
        record.planned_session, record.course = planned, planned.course
        record.save(update_fields=["planned_session", "course"])
    return record


@transaction.atomic
def discard_record(*, actor: User, record: SessionRecord) -> None:
    """Throw a draft away: it was begun by mistake. The visit is waiting again. Raises Refused("not-a-draft")."""
    visit = _locked_visit(record.appointment) if record.appointment_id else None
    fresh = SessionRecord.objects.select_for_update(of=("self",)).select_related("clinic", "patient").get(pk=record.pk)
    if fresh.status != SessionRecord.Status.DRAFT:
        raise Refused("not-a-draft", _("This record is done. Take that back first."))
    audit.record(actor=actor, verb="record.discarded", subject=fresh, patient_id=fresh.patient_id)
    AdverseEventUpdate.objects.filter(event__record=fresh).delete()
    fresh.adverse_events.all().delete()
    fresh.delete()
    if visit is not None and visit.status == Status.IN_PROGRESS:
        appointments.undo_start(actor=actor, appointment=visit)


def _locked_visit(appointment: Appointment) -> Appointment:
    rows = Appointment.objects.select_for_update(of=("self",), no_key=True)
    rows = rows.select_related("clinic", "site", "patient__species", "patient__clinic", "planned_session")
    return rows.get(pk=appointment.pk, clinic_id=appointment.clinic_id)


def _locked_session(pk: int) -> PlannedSession:
    rows = PlannedSession.objects.select_for_update(of=("self",))
    return rows.select_related(*SESSION_NAMES).get(pk=pk)


SESSION_NAMES = (
    *("course__clinic", "course__site", "course__patient__species", "course__patient__clinic", "course__indication"),
    *("course__protocol_version__protocol", "course__protocol_version__technique"),
)


def _session_to_record(visit: Appointment, earlier: SessionRecord | None) -> PlannedSession | None:
    """Return the visit's session; after a withdrawal take it back, if nobody has booked or done it otherwise."""
    if visit.planned_session_id is not None:
        return PlannedSession.objects.select_related(*SESSION_NAMES).get(pk=visit.planned_session_id)
    if earlier is None or earlier.planned_session_id is None:
        return None
    planned = _locked_session(earlier.planned_session_id)
    if planned.status != PlannedStatus.PLANNED:
        return None
    PlannedSession.objects.filter(pk=planned.pk).update(status=PlannedStatus.BOOKED)
    Appointment.objects.filter(pk=visit.pk).update(planned_session=planned)
    return planned


def _create(
    actor: User, patient: Patient, planned: PlannedSession | None, visit: Appointment | None, now: datetime
) -> SessionRecord:
    course = planned.course if planned is not None else None
    tried = [rows.order_by("-attempt").values_list("attempt", flat=True).first() for rows in _earlier(planned, visit)]
    record = SessionRecord.objects.create(
        clinic_id=patient.clinic_id,
        appointment=visit,
        course=course,
        planned_session=planned,
        patient=patient,
        attempt=1 + max((attempt or 0 for attempt in tried), default=0),
        created_by=actor,
        edited_by=actor,
    )
    audit.record(actor=actor, verb="record.started", subject=record, clinic=patient.clinic, patient_id=patient.pk)
    content = _with_lots(record, prefill(patient, course, now), now)
    if content.is_complete:
        write_content(actor=actor, record=record, content=content, now=now)
    else:
        record.draft = raw_of(content)
        record.save(update_fields=["draft"])
    return record


def _earlier(planned: PlannedSession | None, visit: Appointment | None) -> list:
    return [one.records for one in (planned, visit) if one is not None]


def prefill(patient: Patient, course: Course | None, now: datetime) -> RecordContent:
    """Return what a new record begins with: as last time, else the protocol; scores, checklist and lots stay empty."""
    last = reads.last_record(patient=patient, course=course)
    if last is not None:
        content = as_last_time(reads.content(right_values(last)))
    elif course is not None:
        content = from_protocol(course.protocol_version, course)
    else:
        content = RecordContent()
    weight = patient.weights.first()
    if weight is None:
        return content
    return replace(content, weight_kg=weight.weight_kg, weight_is_estimated=weight.is_estimated)


def _with_lots(record: SessionRecord, content: RecordContent, now: datetime) -> RecordContent:
    """Propose for each line the lot that expires first of those here, whichever was used last time."""
    site = reads.site_of(record)
    wanted = [line.substance_id for line in content.lines]
    pickable = lots.pickable_by_substance(record.clinic, site, wanted, local_day(now, site.zone)) if wanted else {}
    return replace(content, lines=tuple(with_lot(line, pickable) for line in content.lines))


def from_protocol(version: ProtocolVersion, course: Course) -> RecordContent:
    """Return how the protocol describes a session. A range is left for the practitioner to choose from, and shots are
    counted by whoever gives them.
    """
    region = course.indication.region
    site = SiteTreated(region=region, side=course.side, volume_per_point_ml=version.volume_per_point_ml)
    one_depth = version.depth_min_mm if version.depth_min_mm == version.depth_max_mm else None
    return RecordContent(
        is_dry=version.is_dry,
        technique_id=version.technique_id,
        device=version.device,
        needle=version.needle,
        needle_length_mm=version.needle_length_mm,
        depth_mm=one_depth,
        aftercare=advice_for(version.aftercare, course.patient.species.code),
        lines=protocol_lines(version),
        sites=(site,) if region else (),
    )
