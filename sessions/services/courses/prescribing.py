"""Prescribe a course: the checks, the rows, and the request for a plan."""

from datetime import date, datetime
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from mesoclinic.core import audit
from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import Clinic, Site, User
from mesoclinic.core.refused import Refused
from patients.models import Patient
from protocols.models import Indication, ProtocolVersion
from protocols.queries.protocols import newer_published
from sessions.models import Appointment, Course, CourseRevision, Override, PlannedSession, Practitioner
from sessions.models.appointments import AppointmentKind
from sessions.models.courses import CourseStatus, PlannedStatus
from sessions.queries.prescriptions import FindingWords, mix_for
from sessions.services import plans

from .checks import canonical, check_start, fitting

PRESENT = ("arrived", "in_progress")


@transaction.atomic
def prescribe_course(
    *,
    actor: User | None,
    clinic: Clinic,
    patient: Patient,
    protocol_version: ProtocolVersion,
    indication: Indication,
    lead_practitioner: Practitioner,
    site: Site,
    start_on: date,
    cadence: str,
    side: str = "",
    complaint: str = "",
    tried_before: str = "",
    combined_with: str = "",
    appointment: Appointment | None = None,
    override_reason: str = "",
    token: UUID | None = None,
    now: datetime | None = None,
) -> Course:
    """Prescribe a course; a worker plans it at once.

    With an arrived `appointment` session 1 is now: the plan is made here and the appointment becomes its session.
    A form sent twice (same `token`) prescribes once and gives the first course back. What blocks in the check of the
    mix needs an `override_reason`, which is kept and printed.
    Raises Refused("bad-cadence" | "patient-ended" | "not-published" | "older-version" | "wrong-species" |
    "practitioner-left" | "bad-start" | "mix-blocked" | "not-arrived" | "foreign").
    """
    now = now or timezone.now()
    _require_same_clinic(clinic, patient, protocol_version.protocol, indication, lead_practitioner, site)
    number = _next_number(clinic)  # from here on two prescriptions of a clinic wait for each other
    if token is not None and (first := _prescribed_before(clinic, patient, token)):
        return first
    cadence = canonical(cadence)
    if appointment is not None:
        appointment = _arrived(appointment, patient)
        start_on = local_day(now, site.zone)
    check_start(start_on, site, now)
    _require_fit(patient, protocol_version, lead_practitioner, start_on)
    blocks = _blocks_overridden(protocol_version, patient, start_on, override_reason)
    course = Course.objects.create(
        clinic=clinic,
        public_id=token or uuid4(),
        number=number,
        patient=patient,
        protocol_version=protocol_version,
        indication=indication,
        side=side,
        complaint=fitting(Course, "complaint", complaint),
        tried_before=fitting(Course, "tried_before", tried_before),
        combined_with=fitting(Course, "combined_with", combined_with),
        lead_practitioner=lead_practitioner,
        site=site,
        start_on=start_on,
        cadence=cadence,
        status=CourseStatus.ACTIVE,
        status_at=now,
        created_by=actor,
    )
    CourseRevision.objects.create(
        course=course, number=1, cadence=cadence, from_number=1, start_on=start_on, by=actor, at=now
    )
    for block in blocks:
        reason = fitting(Override, "reason", override_reason)
        said = {"rule": block.rule[:60], "finding": block.text[:1000], "sentence": block.sentence}
        Override.objects.create(course=course, **said, reason=reason, by=actor, at=now)
    verb = "course.prescribed"
    audit.record(
        actor=actor, verb=verb, subject=course, patient_id=patient.pk, reason=override_reason if blocks else ""
    )
    if appointment is None:
        plans.want_plan(course, now)
    else:
        _begin_now(course, appointment, now)
    course.refresh_from_db(fields=["plan_wanted", "plan_made", "plan_wanted_at", "plan_problem", "status"])
    return course


def _next_number(clinic: Clinic) -> int:
    """Take the clinic's next course number; the row lock makes two prescriptions wait for each other."""
    Clinic.objects.filter(pk=clinic.pk).update(next_course_number=F("next_course_number") + 1)
    return Clinic.objects.values_list("next_course_number", flat=True).get(pk=clinic.pk) - 1


def _prescribed_before(clinic: Clinic, patient: Patient, token: UUID) -> Course | None:
    """Give what this form has prescribed; its number is given back. Raises Refused("form-used") for another's."""
    first = Course.objects.filter(public_id=token).first()
    if first is None:
        return None
    if first.clinic_id != clinic.pk or first.patient_id != patient.pk:
        raise Refused("form-used", _("This form has been used before. Open the prescription anew."))
    Clinic.objects.filter(pk=clinic.pk).update(next_course_number=F("next_course_number") - 1)
    return first


def _blocks_overridden(version: ProtocolVersion, patient: Patient, on: date, reason: str) -> tuple[FindingWords, ...]:
    """Give what blocks in the mix. Raises Refused("mix-blocked") unless there is a reason to go past it."""
    blocks = mix_for(version, patient, on).blocks
    if blocks and not reason.strip():
        words = _("The mix is blocked: %(why)s Choose another protocol, or say why it is right for this patient.")
        raise Refused("mix-blocked", words % {"why": blocks[0].text}, field="override_reason", findings=blocks)
    return blocks


def _begin_now(course: Course, appointment: Appointment, now: datetime) -> None:
    """Make the plan here and give the visit its first session. Raises Refused("closed")."""
    plans.replan_course(course=course, now=now)
    first = PlannedSession.objects.filter(course=course, number=1).first()
    if first is None:
        raise Refused("closed", _("The clinic looks closed for good. Enter its opening hours first."))
    appointment.planned_session, appointment.kind = first, AppointmentKind.SESSION
    appointment.save(update_fields=["planned_session", "kind"])
    PlannedSession.objects.filter(pk=first.pk).update(status=PlannedStatus.BOOKED)
    plans.replan_course(course=course, now=now)  # today counts as open now, whatever the opening hours say


def _arrived(appointment: Appointment, patient: Patient) -> Appointment:
    fresh = Appointment.objects.select_for_update(of=("self",), no_key=True).get(pk=appointment.pk)
    is_free = fresh.planned_session_id is None
    if fresh.patient_id != patient.pk or fresh.status not in PRESENT or not is_free:
        words = _("Session 1 can be now only for a visit that has arrived and has no session yet.")
        raise Refused("not-arrived", words)
    return fresh


def _require_same_clinic(clinic: Clinic, *things) -> None:
    if any(thing.clinic_id != clinic.pk for thing in things):
        raise Refused("foreign", _("This belongs to another clinic."))


def _require_fit(patient: Patient, version: ProtocolVersion, lead: Practitioner, start_on: date) -> None:
    if patient.is_ended or patient.merged_into_id:
        raise Refused("patient-ended", _("This patient's file has ended."), field="patient")
    if not version.is_published or version.protocol.is_archived:
        raise Refused("not-published", _("Choose a published protocol that is in use."), field="protocol_version")
    if newer := newer_published(version):
        words = _(
            "Version %(number)s of this protocol was published meanwhile: its mix stands here now. "
            "What you typed is kept. Look at both, and prescribe again."
        )
        raise Refused("older-version", words % {"number": newer.number}, field="protocol_version")
    species = {row.pk for row in version.species.all()}
    if species and patient.species_id not in species:
        words = _("This protocol is not meant for this kind of patient.")
        raise Refused("wrong-species", words, field="protocol_version")
    if lead.last_day_on is not None and lead.last_day_on < start_on:
        raise Refused("practitioner-left", _("This practitioner will have left by then."), field="lead_practitioner")
