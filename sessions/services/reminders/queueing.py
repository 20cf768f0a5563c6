"""Put messages into the outbox: reminders when they are due, offers and changes when somebody asks for them."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from mesoclinic.core import audit
from mesoclinic.core.doorbell import ring
from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import Clinic, User
from sessions.models import Appointment, Reminder, ReminderSettings
from sessions.queries.recipients import Recipient, night_of, recipients, settings_of
from sessions.scheduling import reminding

Kind, Status = Reminder.Kind, Reminder.Status
DELIVER = "sessions.deliver_due_reminders"
STATUS_FOR = {
    Kind.REMINDER: (Appointment.Status.BOOKED,),
    Kind.OFFER: (Appointment.Status.OFFERED,),
    Kind.CHANGE: (Appointment.Status.BOOKED, Appointment.Status.OFFERED),
}
NOT_NEEDED = (Status.CANCELLED, Status.FAILED)
Told = tuple[int, int | None]  # a visit, and the contact told about it (None: the patient)


@transaction.atomic
def queue_message(
    *,
    actor: User | None,
    appointment: Appointment,
    kind: str,
    is_urgent: bool | None = None,
    now: datetime | None = None,
) -> list[Reminder]:
    """Tell everybody who is told about this patient of an offered time or a change; safe to ask for twice.

    Returns the rows of the outbox, none when nobody can be reached by a message or the visit is not one to tell of:
    then somebody has to call. A message goes out at once, at night in the morning; one for today, and one that cannot
    wait for the morning, may go out at night, as may every one with `is_urgent`.
    """
    now = now or timezone.now()
    fresh = Appointment.objects.select_related("patient__species", "site", "clinic").get(pk=appointment.pk)
    if fresh.status not in STATUS_FOR[Kind(kind)] or fresh.starts_at <= now:
        return []
    rules = settings_of(fresh.clinic)
    zone, night = fresh.site.zone, night_of(rules)
    morning = night.end_after(now, zone)
    too_late = min(fresh.starts_at - reminding.LEAST_NOTICE, fresh.offered_until or fresh.starts_at)
    if is_urgent is None:
        is_urgent = local_day(fresh.starts_at, zone) == local_day(now, zone) or morning > too_late
    people = recipients(fresh.clinic, rules, [fresh.patient], local_day(now, zone))
    wanted = [
        _row(fresh, one, kind, now if is_urgent else morning, now, moves=fresh.moved_count, is_urgent=is_urgent)
        for one in people.get(fresh.patient_id, [])
    ]
    for row in wanted:
        row.requested_by = actor
    _put(wanted)
    rows = list(
        Reminder.objects.filter(
            appointment=fresh, kind=kind, sent_for=fresh.starts_at, moves=fresh.moved_count, lead_min=0
        )
    )
    if rows:
        audit.record(actor=actor, verb=f"appointment.{kind}-queued", subject=fresh, patient_id=fresh.patient_id)
        ring(DELIVER)
    return rows


def queue_reminders(*, now: datetime | None = None) -> int:
    """Put every reminder that is due into the outbox, and a change for whom was told a time that has moved since.

    Returns how many rows were written. Safe twice and in several processes: a row is unique.
    """
    now = now or timezone.now()
    count = 0
    for rules in ReminderSettings.objects.filter(is_on=True).select_related("clinic"):
        count += _queue_changes(rules.clinic, now)
        count += _queue_of_clinic(rules.clinic, rules, now)
    if count:
        ring(DELIVER)
    return count


def _queue_of_clinic(clinic: Clinic, rules: ReminderSettings, now: datetime) -> int:
    if not rules.leads:
        return 0
    horizon = now + timedelta(minutes=max(rules.leads), days=2)
    rows = Appointment.objects.filter(clinic=clinic, status=Appointment.Status.BOOKED, starts_at__gt=now)
    rows = rows.filter(starts_at__lte=horizon, patient__ended_on__isnull=True)
    visits = list(rows.select_related("patient__species", "site").order_by("starts_at", "pk"))
    known = _known(visits)
    wanted: list[Reminder] = []
    for group in _by_person_and_day(clinic, rules, visits, now):
        wanted += _due_of(group, rules, known, now)
    return _put(wanted)


Line = tuple[Appointment, Recipient]


def _by_person_and_day(
    clinic: Clinic, rules: ReminderSettings, visits: list[Appointment], now: datetime
) -> Iterable[list[Line]]:
    """Gather what one person is told about one day at one site, in order of time."""
    patients = {visit.patient_id: visit.patient for visit in visits}
    today = min((local_day(now, visit.site.zone) for visit in visits), default=now.date())
    people = recipients(clinic, rules, patients.values(), today)
    groups: dict[tuple, list[Line]] = defaultdict(list)
    for visit in visits:
        for one in people.get(visit.patient_id, []):
            groups[one.key, visit.site_id, local_day(visit.starts_at, visit.site.zone)].append((visit, one))
    return groups.values()


def _due_of(
    group: list[Line], rules: ReminderSettings, known: dict[Told, list[Reminder]], now: datetime
) -> Iterable[Reminder]:
    """The rows of one person and day when it is time for them: all, by the first visit of the day.

    Who booked, or was told of an offer or a change, after a reminder was due knows the time already.
    """
    first = group[0][0]
    zone, night = first.site.zone, night_of(rules)
    lead = reminding.nearest_due(first.starts_at, rules.leads, zone, night, now)
    if lead is None:
        return
    due_at = reminding.due_at(first.starts_at, lead, zone, night)
    for visit, one in group:
        told = known.get((visit.pk, one.party.pk if one.party else None), [])
        told = [row for row in told if row.sent_for == visit.starts_at and row.status != Status.CANCELLED]
        knows = visit.created_at > due_at and visit.moved_count == 0
        knows |= any(row.kind != Kind.REMINDER and row.queued_at > due_at for row in told)
        knows |= any(row.kind == Kind.REMINDER and row.lead_min <= lead for row in told)
        if not knows:
            yield _row(visit, one, Kind.REMINDER, due_at, now, lead_min=lead)


def _known(visits: Iterable[Appointment]) -> dict[Told, list[Reminder]]:
    known: dict[Told, list[Reminder]] = defaultdict(list)
    for row in Reminder.objects.filter(appointment__in=[visit.pk for visit in visits]):
        known[row.appointment_id, row.party_id].append(row)
    return known


def _queue_changes(clinic: Clinic, now: datetime) -> int:
    """Tell of the new time whoever was last told another one."""
    sent = Reminder.objects.filter(clinic=clinic, status=Status.SENT, appointment__starts_at__gt=now)
    moved = sent.filter(appointment__status=Appointment.Status.BOOKED).exclude(sent_for=F("appointment__starts_at"))
    visits = Appointment.objects.filter(pk__in=moved.values("appointment"))
    return sum(_queue_change(visit, now) for visit in visits)


def _queue_change(visit: Appointment, now: datetime) -> int:
    rows = visit.reminders.exclude(status=Status.CANCELLED).order_by("queued_at", "pk")
    told = [row for row in rows if row.status == Status.SENT]
    if any(row.sent_for == visit.starts_at and row.status != Status.SENT for row in rows):
        return 0  # it is on its way, or somebody was told that it failed
    last = max(told, key=lambda row: (row.sent_at, row.pk), default=None)
    if last is None or last.sent_for == visit.starts_at:
        return 0
    return len(queue_message(actor=None, appointment=visit, kind=Kind.CHANGE, now=now))


def _row(visit: Appointment, one: Recipient, kind: str, due_at: datetime, now: datetime, **more) -> Reminder:
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
def _put(wanted: list[Reminder]) -> int:
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
