"""Done, in one tap: who and when, the visit fulfilled, the plan made anew. And the way back while unsigned."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from mesoclinic.core import audit
from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import User
from mesoclinic.core.refused import Refused
from mesoclinic.core.wording import date_format
from patients.queries import patients
from patients.services import patients as files
from sessions.models import Appointment, Course, PlannedSession, Practitioner, Review, SessionRecord
from sessions.models.courses import CourseStatus, PlannedStatus
from sessions.queries import record_checks
from sessions.queries import records as reads
from sessions.recording import RecordContent
from sessions.services import appointments, plans

from .drafting import Typed, keep, locked, touch
from .starting import adopt_session

TYPING = timedelta(minutes=5)
LONGEST_AGO = timedelta(days=3 * 366)
Status = SessionRecord.Status


@transaction.atomic
def mark_done(
    *,
    actor: User,
    record: SessionRecord,
    performed_at: datetime,
    performed_by: Practitioner,
    typed: Typed | None = None,
    now: datetime | None = None,
) -> SessionRecord:
    """Say who gave the session, and when; frees the desk to book the next one. A second tap changes nothing.

    `typed` is what the page sent along, kept first. Raises Refused("not-a-draft") when another screen was first and
    says something else, and Refused("incomplete" | "needs-reason" with `details["findings"]` | "not-licensed" |
    "in-future" | "too-old" | "out-of-order" | "booked" …).
    """
    now = now or timezone.now()
    visit = _lock_visit(record)
    fresh = locked(record)
    if fresh.status != Status.DRAFT:
        _refuse_other_words(fresh, typed)
        return record
    if visit is not None:
        adopt_session(fresh, visit)
    if typed is not None:
        keep(actor=actor, record=fresh, typed=typed, now=now)
    zone = reads.site_of(fresh).zone
    on = local_day(performed_at, zone)
    _require_when(performed_at, now)
    _require_licence(fresh, performed_by, on)
    content = reads.content(fresh)
    _require_complete(fresh, content)
    check = record_checks.check_record(fresh, content, performed_at, performed_by)
    _require_reasons(check, content)
    fresh.status, fresh.performed_at, fresh.performed_by, fresh.done_at = Status.DONE, performed_at, performed_by, now
    fresh.findings = check.lines
    fresh.is_late_entry = on < local_day(now, zone)
    if fresh.planned_session_id is not None:
        fresh.is_early = _do_planned(fresh, on, now)
    fresh.save(
        update_fields=["status", "performed_at", "performed_by", "done_at", "findings", "is_late_entry", "is_early"]
    )
    touch(fresh)
    _note_weight(actor, fresh, on)
    if visit is not None:
        appointments.fulfil(actor=actor, appointment=visit, now=now)
    if fresh.course is not None:
        plans.replan_course(course=fresh.course, now=now)
    audit.record(actor=actor, verb="record.done", subject=fresh, patient_id=fresh.patient_id)
    return fresh


@transaction.atomic
def undo_done(*, actor: User, record: SessionRecord, now: datetime | None = None) -> SessionRecord:
    """Take *done* back: the record is a draft again, the visit in progress, the session open, the plan made anew.

    Raises Refused("signed" | "not-done" | "reviewed" | "later-done").
    """
    now = now or timezone.now()
    visit = _lock_visit(record)
    fresh = locked(record)
    if fresh.status == Status.SIGNED:
        raise Refused("signed", _("This record is signed. Add a correction instead."))
    if fresh.status != Status.DONE:
        raise Refused("not-done", _("This record is not done."))
    if fresh.planned_session is not None:
        _require_nothing_built_on(fresh.planned_session)
    fresh.status, fresh.is_early, fresh.is_late_entry, fresh.findings = Status.DRAFT, False, False, []
    fresh.done_at = None
    fresh.save(update_fields=["status", "is_early", "is_late_entry", "findings", "done_at"])
    touch(fresh)
    files.forget_weight(noted_in=fresh.public_id)
    if visit is not None and visit.status == Appointment.Status.FULFILLED:
        _unfulfil(actor, visit, now)
    if fresh.planned_session is not None:
        reopen_session(fresh.planned_session, is_booked=visit is not None)
        reopen_course(actor=actor, course=fresh.course, now=now)
    audit.record(actor=actor, verb="record.done-undone", subject=fresh, patient_id=fresh.patient_id)
    return fresh


def reopen_session(planned: PlannedSession, *, is_booked: bool) -> None:
    status = PlannedStatus.BOOKED if is_booked else PlannedStatus.PLANNED
    PlannedSession.objects.filter(pk=planned.pk).update(status=status, performed_on=None)


def reopen_course(*, actor: User, course: Course, now: datetime) -> None:
    """Make a course that had come to its end active again, and plan it anew, inside the caller's transaction."""
    fresh = Course.objects.select_for_update(of=("self",), no_key=True).get(pk=course.pk)
    if fresh.status == CourseStatus.COMPLETED:
        before = {"status": fresh.status}
        fresh.status, fresh.status_at = CourseStatus.ACTIVE, now
        fresh.save(update_fields=["status", "status_at"])
        audit.record(
            actor=actor,
            verb="course.active",
            subject=fresh,
            patient_id=fresh.patient_id,
            changes=audit.changed(fresh, before),
        )
    plans.replan_course(course=fresh, now=now)


def _refuse_other_words(record: SessionRecord, typed: Typed | None) -> None:
    """Let nothing typed on a second screen fall away without a word."""
    if typed is not None and typed.content != reads.content(record):
        raise Refused("not-a-draft", _("This record is done meanwhile. Load the page again to see it."))


def _lock_visit(record: SessionRecord) -> Appointment | None:
    """The visit first, then the record, then the course: the order every service takes them in."""
    if record.appointment_id is None:
        return None
    return Appointment.objects.select_for_update(of=("self",), no_key=True).get(pk=record.appointment_id)


def _require_when(performed_at: datetime, now: datetime) -> None:
    if performed_at > now + TYPING:
        raise Refused("in-future", _("This time is still to come. Enter when it was given."), field="performed_at")
    if performed_at < now - LONGEST_AGO:
        raise Refused("too-old", _("This is more than three years ago. Look at the year."), field="performed_at")


def _require_licence(record: SessionRecord, performed_by: Practitioner, on: date) -> None:
    if performed_by.clinic_id != record.clinic_id:
        raise Refused("foreign", _("This belongs to another clinic."))
    if not performed_by.is_licensed_on(on):
        words = _("%(name)s is not licensed to inject on %(day)s. Choose who gave it, or correct the licence.")
        message = words % {"name": performed_by.name, "day": date_format(on)}
        raise Refused("not-licensed", message, field="performed_by")


def _require_complete(record: SessionRecord, content: RecordContent) -> None:
    if record.draft:
        raise Refused("incomplete", _("Some fields of this record need a look first. Open it and fill them in."))
    checklist = content.checklist
    if not checklist.get("clear") and not checklist.get("yes"):
        raise Refused(
            "incomplete", _("Ask the questions first, or tick that nothing has changed."), field="checklist_clear"
        )
    technique = record.technique
    is_dry = content.is_dry or (technique is not None and not technique.needs_mix)
    if not content.mix and not is_dry:
        raise Refused("incomplete", _("Say what was injected, or tick that the needle was dry."), field="lines")


def _require_reasons(check: record_checks.RecordCheck, content: RecordContent) -> None:
    given = {override.key for override in content.overrides}
    missing = [finding for finding in check.blocks if record_checks.key_of(finding) not in given]
    if missing:
        raise Refused(
            "needs-reason",
            _("Give a reason for each finding marked in red, or change what it is about."),
            field="overrides",
            findings=missing,
        )


def _note_weight(actor: User, record: SessionRecord, on: date) -> None:
    """Keep in the file what was weighed at the session, or the next prescription and record go by the weight before.

    A file to which nothing is added any more stays as it is: what was injected can always be recorded.
    """
    patient = patients.kept(record.patient)
    if record.weight_kg is None or patient.is_sealed:
        return
    known = patient.weights.filter(weighed_on__lte=on).first()
    if known is not None and (known.weight_kg, known.is_estimated) == (record.weight_kg, record.weight_is_estimated):
        return
    files.record_weight(
        actor=actor,
        patient=patient,
        weight_kg=record.weight_kg,
        weighed_on=on,
        is_estimated=record.weight_is_estimated,
        noted_in=record.public_id,
        today=on,
    )


def _do_planned(record: SessionRecord, on: date, now: datetime) -> bool:
    """Mark the planned session as done on a local day. Returns whether that was early."""
    course = Course.objects.select_for_update(of=("self",), no_key=True).get(pk=record.course_id)
    planned = PlannedSession.objects.select_for_update(no_key=True).get(pk=record.planned_session_id)
    booked = Appointment.objects.live().filter(planned_session=planned).exclude(pk=record.appointment_id)
    if other := booked.first():
        words = _("This session is booked for %(day)s. Record it from that visit, or cancel that visit first.")
        raise Refused("booked", words % {"day": date_format(timezone.localtime(other.starts_at))})
    _require_order(course, planned, on)
    planned.status, planned.performed_on, planned.skip_reason = PlannedStatus.DONE, on, ""
    planned.save(update_fields=["status", "performed_on", "skip_reason"])
    return on < planned.earliest_on


def _require_order(course: Course, planned: PlannedSession, on: date) -> None:
    done = PlannedSession.objects.filter(course=course, performed_on__isnull=False).exclude(pk=planned.pk)
    for other in done:
        before, after = other.number < planned.number, other.number > planned.number
        if (before and other.performed_on > on) or (after and other.performed_on < on):
            words = _("Session %(number)s was given on %(day)s. Enter a day that fits.")
            message = words % {"number": other.number, "day": date_format(other.performed_on)}
            raise Refused("out-of-order", message, field="performed_at")


def _require_nothing_built_on(planned: PlannedSession) -> None:
    later = PlannedSession.objects.filter(course=planned.course_id, number__gt=planned.number)
    if later.filter(status=PlannedStatus.DONE).exists():
        raise Refused("later-done", _("A later session is done already. Correct this record after signing it."))
    reviews = Review.objects.filter(course=planned.course_id, revision=planned.revision, after_number=planned.number)
    if reviews.exists():
        raise Refused("reviewed", _("The review after this session is recorded. Correct this record after signing it."))


def _unfulfil(actor: User, visit: Appointment, now: datetime) -> None:
    before = {"status": visit.status}
    visit.status, visit.status_at = Appointment.Status.IN_PROGRESS, now
    visit.save(update_fields=["status", "status_at"])
    audit.record(
        actor=actor,
        verb="appointment.fulfil-undone",
        subject=visit,
        patient_id=visit.patient_id,
        changes=audit.changed(visit, before),
    )
