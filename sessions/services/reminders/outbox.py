"""Rows of the outbox: made, and written once however often they are asked for."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from mesoclinic.core.localtime import local_day
from sessions.models import Appointment, Reminder, ReminderSettings
from sessions.queries.recipients import Recipient, night_of
from sessions.scheduling import reminding

Kind, Status = Reminder.Kind, Reminder.Status
DELIVER = "sessions.deliver_due_reminders"
STATUS_FOR = {
    Kind.REMINDER: (Appointment.Status.BOOKED,),
    Kind.OFFER: (Appointment.Status.OFFERED,),
    Kind.CHANGE: (Appointment.Status.BOOKED, Appointment.Status.OFFERED),
    Kind.CANCELLED: (Appointment.Status.CANCELLED, Appointment.Status.ENTERED_IN_ERROR),
}
NOT_NEEDED = (Status.CANCELLED, Status.FAILED)
Told = tuple[int, int | None]  # a visit, and the contact told about it (None: the patient)


def told_about(visits: Iterable[Appointment]) -> dict[Told, list[Reminder]]:
    """Read the outbox of some visits, by visit and person, earlier put in first. One SQL statement."""
    known: dict[Told, list[Reminder]] = defaultdict(list)
    rows = Reminder.objects.filter(appointment__in=[visit.pk for visit in visits])
    for row in rows.order_by("queued_at", "pk"):
        known[row.appointment_id, row.party_id].append(row)
    return known


def when_to_send(
    visit: Appointment, rules: ReminderSettings, now: datetime, is_urgent: bool | None = None
) -> tuple[datetime, bool]:
    """Say when news of a visit goes out, and whether it may do so at night."""
    zone = visit.site.zone
    morning = night_of(rules).end_after(now, zone)
    too_late = min(visit.starts_at - reminding.LEAST_NOTICE, visit.offered_until or visit.starts_at)
    if is_urgent is None:
        is_urgent = local_day(visit.starts_at, zone) == local_day(now, zone) or morning > too_late
    return (now if is_urgent else morning), is_urgent


def row_of(visit: Appointment, one: Recipient, kind: str, due_at: datetime, now: datetime, **more) -> Reminder:
    return Reminder(
        clinic_id=visit.clinic_id,
        appointment=visit,
        kind=kind,
        sent_for=visit.starts_at,
        party=one.party,
        channel=one.channel,
        due_at=due_at,
        queued_at=now,
        **more,
    )


@transaction.atomic
def put(wanted: list[Reminder]) -> int:
    """Write the rows that are not there; those that were not needed, and are again, wait anew. Returns how many."""
    there = {_key(row): row for row in Reminder.objects.filter(appointment__in={row.appointment_id for row in wanted})}
    new = [row for row in wanted if _key(row) not in there]
    Reminder.objects.bulk_create(new, ignore_conflicts=True, batch_size=200)
    again = 0
    for row in wanted:
        if (old := there.get(_key(row))) is not None and old.status in NOT_NEEDED:
            waits = {"status": Status.QUEUED, "due_at": row.due_at, "is_urgent": row.is_urgent, "channel": row.channel}
            same = Reminder.objects.filter(pk=old.pk, status=old.status)
            again += same.update(**waits, attempts=0, error="", claim=None, claimed_at=None)
    return len(new) + again


def _key(row: Reminder) -> tuple:
    return row.appointment_id, row.kind, row.sent_for, row.lead_min, row.moves, row.party_id
