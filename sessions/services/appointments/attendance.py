"""What becomes of a visit: arrived, begun, not treated, did not come, cancelled; and the way back after a misclick."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from mesoclinic.core import audit
from mesoclinic.core.constraints import violated
from mesoclinic.core.models import User
from mesoclinic.core.refused import Refused
from sessions.models import Appointment, PlannedSession
from sessions.queries.own_reasons import CAME_AFTER_ALL
from sessions.services import plans

from .checks import check_patient
from .offers import check_not_held, withdraw_held_times
from .series import free_planned_session, lock_course_of
from .travel import lift_travel, lock_rounds_of, settle_travel_gladly

Status = Appointment.Status
WAITING = (Status.OFFERED, Status.BOOKED)
PRESENT = (Status.ARRIVED, Status.IN_PROGRESS)


@transaction.atomic
def check_in(
    *, actor: User | None, appointment: Appointment, batch: UUID | None = None, now: datetime | None = None
) -> Appointment:
    """The patient is here. A second click changes nothing. Raises Refused("too-early" | "not-possible")."""
    now = now or timezone.now()
    fresh = _locked(appointment, (*WAITING, Status.ARRIVED))
    if fresh.status == Status.ARRIVED:
        return fresh
    _require_day(fresh, now)
    return _change(fresh, actor, "appointment.checked-in", now, batch, status=Status.ARRIVED, arrived_at=now)


@transaction.atomic
def undo_check_in(
    *, actor: User | None, appointment: Appointment, status: str = Status.BOOKED, now: datetime | None = None
) -> Appointment:
    """Take back a misclick: not here yet after all, with the `status` of before. Raises Refused("not-possible")."""
    fresh = _locked(appointment, (Status.ARRIVED, status))
    if fresh.status == status:
        return fresh
    return _change(fresh, actor, "appointment.check-in-undone", now, status=status, arrived_at=None)


@transaction.atomic
def start(*, actor: User | None, appointment: Appointment, now: datetime | None = None) -> Appointment:
    """The treatment begins. Raises Refused("too-early" | "not-possible")."""
    now = now or timezone.now()
    fresh = _locked(appointment, (*WAITING, *PRESENT))
    if fresh.status == Status.IN_PROGRESS:
        return fresh
    _require_day(fresh, now)
    arrived_at = fresh.arrived_at or now
    return _change(fresh, actor, "appointment.started", now, status=Status.IN_PROGRESS, arrived_at=arrived_at)


@transaction.atomic
def undo_start(*, actor: User | None, appointment: Appointment, now: datetime | None = None) -> Appointment:
    fresh = _locked(appointment, PRESENT)
    if fresh.status == Status.ARRIVED:
        return fresh
    return _change(fresh, actor, "appointment.start-undone", now, status=Status.ARRIVED)


@transaction.atomic
def fulfil(*, actor: User | None, appointment: Appointment, now: datetime | None = None) -> Appointment:
    """The visit took place. Called when its record is done, inside that transaction. A second call changes nothing.

    Raises Refused("not-possible") for one that was cancelled, not treated or did not come: take that back first.
    """
    now = now or timezone.now()
    fresh = _locked(appointment, (*WAITING, *PRESENT, Status.FULFILLED))
    if fresh.status == Status.FULFILLED:
        return fresh
    arrived_at = fresh.arrived_at or fresh.starts_at
    return _change(fresh, actor, "appointment.fulfilled", now, status=Status.FULFILLED, arrived_at=arrived_at)


@transaction.atomic
def fulfil_without_record(*, actor: User | None, appointment: Appointment, now: datetime | None = None) -> Appointment:
    """A first visit, a review or another talk took place: done, with nothing to record. A second call changes nothing.

    Raises Refused("needs-record" | "has-record" | "too-early" | "not-possible").
    """
    now = now or timezone.now()
    fresh = _locked(appointment, (*WAITING, *PRESENT, Status.FULFILLED))
    if not fresh.can_do_without_record:
        raise Refused("needs-record", _("A session is done when its record is done. Open the record."))
    if fresh.status != Status.FULFILLED and fresh.records.standing().exists():
        raise Refused("has-record", _("A record of this visit has been begun. Mark it done there."))
    if fresh.status != Status.FULFILLED:
        _require_day(fresh, now)
    return fulfil(actor=actor, appointment=fresh, now=now)


@transaction.atomic
def undo_fulfil(*, actor: User | None, appointment: Appointment, now: datetime | None = None) -> Appointment:
    """Take back a misclick on *done*: the patient is here. Raises Refused("has-record" | "not-possible")."""
    fresh = _locked(appointment, (Status.FULFILLED, Status.ARRIVED))
    if fresh.status == Status.ARRIVED:
        return fresh
    if not fresh.can_do_without_record or fresh.records.exists():
        raise Refused("has-record", _("This visit has a record. Take it back there."))
    return _change(fresh, actor, "appointment.fulfil-undone", now, status=Status.ARRIVED)


@transaction.atomic
def change_kind(*, actor: User | None, appointment: Appointment, kind: str, now: datetime | None = None) -> Appointment:
    """Say that a visit turned out to be for something else, until it is final. A second call changes nothing.

    A walk-in counts as a session until somebody says that it was a talk; that needs no record.
    Raises Refused("no-such-kind" | "in-course" | "has-record" | "not-possible").
    """
    if kind not in Appointment.Kind.values:
        raise Refused("no-such-kind", _("Choose what the visit is for."))
    fresh = _locked(appointment, (*WAITING, *PRESENT))
    if fresh.kind == kind:
        return fresh
    if fresh.planned_session_id is not None:
        words = _("This visit is a session of a course. If nothing was given, say that the patient was not treated.")
        raise Refused("in-course", words)
    if fresh.records.standing().exists():
        raise Refused("has-record", _("A record of this visit has been begun, so it stays what it is."))
    before, fresh.kind = {"kind": fresh.kind}, kind
    fresh.save(update_fields=["kind"])
    changes = audit.changed(fresh, before)
    verb = "appointment.kind-changed"
    audit.record(actor=actor, verb=verb, subject=fresh, patient_id=fresh.patient_id, changes=changes)
    return fresh


@transaction.atomic
def mark_not_treated(
    *,
    actor: User | None,
    appointment: Appointment,
    reason: str,
    batch: UUID | None = None,
    now: datetime | None = None,
) -> Appointment:
    """The patient came and went untreated (fever, horse not caught); the session is open again in the plan.

    Raises Refused("reason-needed" | "too-early" | "not-possible").
    """
    now = now or timezone.now()
    reason = _needed(reason, _("Say why the patient was not treated."))
    fresh = _locked(appointment, (*WAITING, *PRESENT))
    if fresh.status in WAITING and fresh.is_on_a_later_day(now):
        raise Refused("too-early", _("This visit is on a later day. Until then, move it or cancel it."))
    _change(fresh, actor, "appointment.not-treated", now, batch, status=Status.NOT_TREATED, status_reason=reason)
    free_planned_session(fresh.planned_session, now=now)
    return fresh


@transaction.atomic
def undo_not_treated(
    *, actor: User | None, appointment: Appointment, status: str = Status.ARRIVED, now: datetime | None = None
) -> Appointment:
    """The patient is still here; after a misclick, with the `status` of before. Raises Refused as `undo_no_show`."""
    fresh = _locked(appointment, (Status.NOT_TREATED,))
    return _back_to_life(fresh, actor, "appointment.not-treated-undone", now, status)


@transaction.atomic
def mark_no_show(
    *, actor: User | None, appointment: Appointment, batch: UUID | None = None, now: datetime | None = None
) -> Appointment:
    """The patient did not come; the session is open again in the plan. Raises Refused("too-early" | "not-possible")."""
    now = now or timezone.now()
    fresh = _locked(appointment, WAITING)
    if fresh.starts_at > now:
        raise Refused("too-early", _("This visit has not begun yet. Cancel it instead."))
    _change(fresh, actor, "appointment.no-show", now, batch, status=Status.NO_SHOW)
    free_planned_session(fresh.planned_session, now=now)
    return fresh


@transaction.atomic
def undo_no_show(
    *, actor: User | None, appointment: Appointment, status: str = Status.ARRIVED, now: datetime | None = None
) -> Appointment:
    """The patient came after all: arrived. When the time was given away meanwhile the visit is squeezed in.

    After a misclick, the `status` of before; then the time must still be free.

    Raises Refused("patient-busy" | "already-booked" | "not-possible").
    """
    fresh = _locked(appointment, (Status.NO_SHOW,))
    return _back_to_life(fresh, actor, "appointment.no-show-undone", now, status)


@transaction.atomic
def cancel(
    *,
    actor: User | None,
    appointment: Appointment,
    cancelled_by: str,
    reason: str,
    batch: UUID | None = None,
    now: datetime | None = None,
) -> Appointment:
    """Call a visit off; the session is open again in the plan.

    Raises Refused("reason-needed" | "who-cancelled" | "not-possible").
    """
    now = now or timezone.now()
    if cancelled_by not in (Appointment.CancelledBy.PATIENT, Appointment.CancelledBy.CLINIC):
        raise Refused("who-cancelled", _("Say who cancelled."), field="cancelled_by")
    reason = _needed(reason, _("Say why."))
    fresh = _locked(appointment, (*WAITING, Status.ARRIVED))
    values = {"status": Status.CANCELLED, "cancelled_by": cancelled_by, "status_reason": reason}
    _change(fresh, actor, "appointment.cancelled", now, batch, **values)
    free_planned_session(fresh.planned_session, now=now)
    return fresh


@transaction.atomic
def undo_cancel(
    *, actor: User | None, appointment: Appointment, status: str = Status.BOOKED, now: datetime | None = None
) -> Appointment:
    """Book the cancelled time again, if it is still free; after a misclick, with the `status` of before.

    Raises Refused("just-taken" | "already-booked" | "patient-ended" | …).
    """
    fresh = _locked(appointment, (Status.CANCELLED,))
    check_patient(fresh.patient)
    return _back_to_life(fresh, actor, "appointment.cancel-undone", now, status)


@transaction.atomic
def mark_entered_in_error(
    *, actor: User | None, appointment: Appointment, reason: str, now: datetime | None = None
) -> Appointment:
    """This visit should never have been booked (wrong patient, twice). Raises Refused("reason-needed" | …)."""
    now = now or timezone.now()
    reason = _needed(reason, _("Say why."))
    fresh = _locked(appointment, (*WAITING, *PRESENT, Status.CANCELLED, Status.NO_SHOW, Status.NOT_TREATED))
    was_live = fresh.is_live
    values = {"status": Status.ENTERED_IN_ERROR, "status_reason": reason, "cancelled_by": ""}
    _change(fresh, actor, "appointment.entered-in-error", now, **values)
    if was_live:
        free_planned_session(fresh.planned_session, now=now)
    return fresh


def _needed(reason: str, words: str) -> str:
    if not reason.strip():
        raise Refused("reason-needed", words, field="reason")
    return reason.strip()[:300]


def _require_day(fresh: Appointment, now: datetime) -> None:
    """Raise Refused("too-early"): nobody is here for a visit whose day is still to come."""
    if fresh.is_on_a_later_day(now):
        words = _("This visit is on a later day. Who is here now: move the visit to today, or take them as a walk-in.")
        raise Refused("too-early", words)


def _locked(appointment: Appointment, allowed: Collection[str]) -> Appointment:
    """Lock the row and read it anew. Raises Refused("not-possible") from a status the step does not begin at."""
    lock_rounds_of([appointment])
    lock_course_of(appointment)
    rows = Appointment.objects.select_for_update(of=("self",), no_key=True)
    fresh = rows.select_related("patient", "site", "planned_session__course").get(
        pk=appointment.pk, clinic_id=appointment.clinic_id
    )
    check_not_held(fresh)
    if fresh.status not in allowed:
        words = _("This visit has changed meanwhile: %(status)s. Load the page again.")
        raise Refused("not-possible", words % {"status": fresh.get_status_display()})
    return fresh


def _change(
    appointment: Appointment,
    actor: User | None,
    verb: str,
    now: datetime | None,
    batch: UUID | None = None,
    **values: Any,
) -> Appointment:
    before = {field: getattr(appointment, field) for field in values}
    was_live, now = appointment.is_live, now or timezone.now()
    for field, value in values.items():
        setattr(appointment, field, value)
    appointment.status_at = now
    rounds = [appointment.round_id] if appointment.round_id and appointment.is_live != was_live else []
    lift_travel(rounds)
    appointment.save(update_fields=[*values, "status_at"])
    settle_travel_gladly(rounds, actor=actor, now=now)
    if appointment.status not in WAITING:
        withdraw_held_times([appointment], now=now, actor=actor, batch=batch)
    audit.record(
        actor=actor,
        verb=verb,
        subject=appointment,
        patient_id=appointment.patient_id,
        changes=audit.changed(appointment, before, hidden=("status_reason",)),
        reason=appointment.status_reason if "status_reason" in values else "",
        batch=batch,
    )
    return appointment


def _back_to_life(
    appointment: Appointment, actor: User | None, verb: str, now: datetime | None, status: str
) -> Appointment:
    """Make a visit live again under the guards of the database; who came after all is squeezed in when need be."""
    _take_back_session(appointment, now)
    values: dict[str, Any] = {"status": status, "status_reason": "", "cancelled_by": ""}
    if status == Status.ARRIVED:
        values["arrived_at"] = appointment.arrived_at or now or timezone.now()
    for _attempt in range(3):
        try:
            with transaction.atomic():
                return _change(appointment, actor, verb, now, **values)
        except IntegrityError as exc:
            taken = violated(exc)
            appointment.refresh_from_db()
            if taken == "appointment_patient_free":
                raise Refused("patient-busy", _("The patient has another appointment then.")) from exc
            if status == Status.ARRIVED and taken == "appointment_practitioner_free":
                values |= {"is_squeezed_in": True, "exception_reason": CAME_AFTER_ALL}
            elif status == Status.ARRIVED and taken == "appointment_room_free":
                values["room_id"] = None
            else:
                raise Refused("just-taken", _("That time has just been taken. Book another one.")) from exc
    raise Refused("just-taken", _("That time has just been taken. Book another one."))


def _take_back_session(appointment: Appointment, now: datetime | None) -> None:
    """Mark the session as booked again. Raises Refused("already-booked") when it was booked or done otherwise."""
    if appointment.planned_session is None:
        return
    rows = PlannedSession.objects.filter(pk=appointment.planned_session_id, status=PlannedSession.Status.PLANNED)
    if not rows.update(status=PlannedSession.Status.BOOKED):
        words = _("The session of this visit has been booked or done otherwise meanwhile. Book a visit without it.")
        raise Refused("already-booked", words)
    plans.want_plan(appointment.planned_session.course, now)
