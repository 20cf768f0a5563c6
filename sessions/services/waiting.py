"""The waiting list: who would like an earlier time, for what, and what would suit them."""

from collections.abc import Collection
from datetime import date, datetime, time
from uuid import UUID

from django.db import transaction
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from mesoclinic.core import audit
from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import User
from mesoclinic.core.refused import Refused
from patients.models import Patient
from sessions.models import Appointment, PlannedSession, Practitioner, WaitingEntry
from sessions.models.waiting import weekdays_of
from sessions.services.appointments.checks import check_patient

MAY_WAIT = (Appointment.Status.OFFERED, Appointment.Status.BOOKED)
State = WaitingEntry.State


@transaction.atomic
def wait_for_earlier_time(
    *,
    actor: User | None,
    appointment: Appointment | None = None,
    planned_session: PlannedSession | None = None,
    weekdays: Collection[int] = range(1, 8),
    from_time: time | None = None,
    until_time: time | None = None,
    practitioner: Practitioner | None = None,
    until_on: date | None = None,
    note: str = "",
    now: datetime | None = None,
) -> WaitingEntry:
    """Put a visit, or a session nobody has booked yet, on the waiting list; asked twice, the wishes are the last ones.

    Whoever waits already keeps the place in the queue. Raises Refused("nothing-to-wait-for" | "no-weekday" |
    "bad-hours" | "bad-day" | "patient-ended" | …). Of another clinic: 404.
    """
    now = now or timezone.now()
    target = appointment or planned_session
    if target is None:
        raise Refused("nothing-to-wait-for", _("Choose the visit that should be earlier."))
    site, patient_id = _where(target)
    Patient.objects.select_for_update(no_key=True).get(pk=patient_id)
    target.refresh_from_db()
    patient = Patient.objects.get(pk=patient_id)
    check_patient(patient)
    _check_target(target, now)
    if practitioner is not None and practitioner.clinic_id != site.clinic_id:
        raise Http404
    _check_wishes(weekdays, from_time, until_time, until_on, local_day(now, site.zone))
    wishes = {
        "weekdays": weekdays_of(weekdays),
        "from_time": from_time,
        "until_time": until_time,
        "practitioner": practitioner,
        "until_on": until_on,
        "note": note.replace("\x00", "").strip()[:300],
        "earlier_than": appointment.starts_at if appointment else None,
    }
    kept = {"appointment": appointment, "planned_session": planned_session, "state": State.WAITING}
    fresh = {"clinic_id": site.clinic_id, "site": site, "patient": patient, "since": now, "created_by": actor}
    entry, is_new = WaitingEntry.objects.update_or_create(
        **kept, defaults=wishes, create_defaults={**wishes, **fresh, "state_at": now}
    )
    verb = "waiting.added" if is_new else "waiting.changed"
    audit.record(actor=actor, verb=verb, subject=entry, patient_id=patient.pk)
    return entry


@transaction.atomic
def withdraw_waiting(*, actor: User | None, entry: WaitingEntry, now: datetime | None = None) -> WaitingEntry:
    """The patient waits no longer. A second click changes nothing."""
    return _close(actor, entry, State.WITHDRAWN, "waiting.withdrawn", now)


@transaction.atomic
def mark_placed(
    *, actor: User | None, entry: WaitingEntry, batch: UUID | None = None, now: datetime | None = None
) -> WaitingEntry:
    """The patient has an earlier time. A second call changes nothing."""
    return _close(actor, entry, State.PLACED, "waiting.placed", now, batch)


@transaction.atomic
def undo_placed(*, actor: User | None, entry: WaitingEntry, now: datetime | None = None) -> WaitingEntry:
    """The earlier time is taken back: the patient waits again, in the old place of the queue.

    Raises Refused("changed-meanwhile") for somebody who was put on the list anew.
    """
    Patient.objects.select_for_update(no_key=True).get(pk=entry.patient_id)
    target = {"appointment": entry.appointment_id, "planned_session": entry.planned_session_id}
    again = WaitingEntry.objects.filter(**target, state=State.WAITING).exists()
    rows = WaitingEntry.objects.filter(pk=entry.pk, state=State.PLACED)
    if again or not rows.update(state=State.WAITING, state_at=now or timezone.now()):
        raise Refused("changed-meanwhile", _("The waiting list has changed since, so this cannot be taken back."))
    audit.record(actor=actor, verb="waiting.placed-undone", subject=entry, patient_id=entry.patient_id)
    entry.refresh_from_db()
    return entry


def _close(
    actor: User | None,
    entry: WaitingEntry,
    state: str,
    verb: str,
    now: datetime | None,
    batch: UUID | None = None,
) -> WaitingEntry:
    now = now or timezone.now()
    open_rows = WaitingEntry.objects.filter(pk=entry.pk, clinic_id=entry.clinic_id, state=State.WAITING)
    if open_rows.update(state=state, state_at=now):
        audit.record(actor=actor, verb=verb, subject=entry, patient_id=entry.patient_id, batch=batch)
    entry.refresh_from_db()
    return entry


def _where(target: Appointment | PlannedSession) -> tuple:
    if isinstance(target, Appointment):
        return target.site, target.patient_id
    return target.course.site, target.course.patient_id


def _check_target(target: Appointment | PlannedSession, now: datetime) -> None:
    if isinstance(target, Appointment):
        if target.status not in MAY_WAIT or target.starts_at <= now or target.in_place_of_id is not None:
            raise Refused("nothing-to-wait-for", _("Only a visit that is still to come can wait for an earlier time."))
        return
    if target.status != PlannedSession.Status.PLANNED or not target.course.is_open:
        words = _("This session is booked, done or left out. If it is booked, let its visit wait for an earlier time.")
        raise Refused("nothing-to-wait-for", words)


def _check_wishes(
    weekdays: Collection[int], from_time: time | None, until_time: time | None, until_on: date | None, today: date
) -> None:
    if not weekdays_of(weekdays):
        raise Refused("no-weekday", _("Choose at least one day of the week."), field="weekdays")
    if from_time and until_time and until_time <= from_time:
        raise Refused("bad-hours", _("The end is not after the beginning."), field="until_time")
    if until_on is not None and until_on < today:
        raise Refused("bad-day", _("This day has passed. Choose a later one, or none."), field="until_on")
