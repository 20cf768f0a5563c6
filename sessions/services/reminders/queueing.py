"""Put messages into the outbox: reminders when they are due, offers and changes when somebody asks for them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from mesoclinic.core import audit
from mesoclinic.core.doorbell import ring
from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import Clinic, User
from sessions.models import Appointment, Reminder, ReminderSettings
from sessions.queries.recipients import Recipient, night_of, recipients, settings_of
from sessions.scheduling import reminding

from .news import queue_news
from .outbox import DELIVER, STATUS_FOR, Told, put, row_of, told_about, when_to_send

Kind, Status = Reminder.Kind, Reminder.Status


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
    due_at, is_urgent = when_to_send(fresh, rules, now, is_urgent)
    people = recipients(fresh.clinic, rules, [fresh.patient], local_day(now, fresh.site.zone))
    wanted = [
        row_of(fresh, one, kind, due_at, now, moves=fresh.moved_count, is_urgent=is_urgent)
        for one in people.get(fresh.patient_id, [])
    ]
    for row in wanted:
        row.requested_by = actor
    put(wanted)
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
    """Put every reminder that is due into the outbox, and news for whom was told a time that holds no more.

    News go out while reminders are off too: an offer is told then as well (docs/adr/0090). Returns how many rows were
    written. Safe twice and in several processes: a row is unique.
    """
    now = now or timezone.now()
    count = 0
    known = {one.clinic_id: one for one in ReminderSettings.objects.all()}
    for clinic in Clinic.objects.order_by("pk"):
        rules = known.get(clinic.pk) or ReminderSettings(clinic=clinic)
        count += queue_news(clinic, rules, now)
        if rules.is_on:
            count += _queue_of_clinic(clinic, rules, now)
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
    known = told_about(visits)
    wanted: list[Reminder] = []
    for group in _by_person_and_day(clinic, rules, visits, now):
        wanted += _due_of(group, rules, known, now)
    return put(wanted)


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
    group: list[Line], rules: ReminderSettings, known: Mapping[Told, list[Reminder]], now: datetime
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
        told = [row for row in told if row.kind != Kind.CANCELLED]
        knows = visit.created_at > due_at and visit.moved_count == 0
        news = [row for row in told if row.kind != Kind.REMINDER and row.status != Status.FAILED]
        knows |= any(row.queued_at > due_at for row in news)
        knows |= any(row.kind == Kind.REMINDER and row.lead_min <= lead for row in told)
        if not knows:
            yield row_of(visit, one, Kind.REMINDER, due_at, now, lead_min=lead)
