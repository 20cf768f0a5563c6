"""The outbox as a list: what was sent to whom and when, what waits and what failed."""

from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import Http404

from mesoclinic.core.localtime import day_bounds, local_day
from mesoclinic.core.models import Clinic, Site
from mesoclinic.core.queries.rare import list_rare
from patients.restricted import knock
from protocols.folding import fold
from sessions.models import Appointment, Reminder
from sessions.models.reminders import ReminderStatus
from sessions.queries.recipients import recipients, settings_of

WITH_NAMES = (
    "party",
    "requested_by",
    "appointment__patient__species",
    "appointment__site",
    "appointment__practitioner",
)
FAILED_DAYS = 14
MOST_LINES = 20


def messages(
    clinic: Clinic,
    site: Site | None,
    *,
    text: str = "",
    status: str = "",
    kind: str = "",
    from_on: date | None = None,
    until_on: date | None = None,
) -> QuerySet[Reminder]:
    """List the rows of the outbox, the latest first, whatever is asked for. One SQL statement a page."""
    rows = Reminder.objects.filter(clinic=clinic).select_related(*WITH_NAMES).order_by("-due_at", "-pk")
    if status:
        rows = rows.filter(status=status)
    if kind:
        rows = rows.filter(kind=kind)
    for word in fold(text).split():
        by_name = Q(appointment__patient__search_text__contains=word) | Q(party__search_text__contains=word)
        rows = rows.filter(by_name | Q(sent_to__icontains=word))
    zone = site.zone if site else None
    if zone and from_on:
        rows = rows.filter(due_at__gte=day_bounds(from_on, zone)[0])
    if zone and until_on:
        rows = rows.filter(due_at__lt=day_bounds(until_on, zone)[1])
    return rows


def message_or_404(clinic: Clinic, public_id: UUID) -> Reminder:
    """Give one row of the outbox. One SQL statement."""
    try:
        row = Reminder.objects.select_related(*WITH_NAMES).get(clinic=clinic, public_id=public_id)
    except Reminder.DoesNotExist as exc:
        raise Http404 from exc
    knock(row.appointment.patient)
    return row


def is_told_of_its_end(visit: Appointment, now: datetime) -> bool:
    """Whether a message told somebody of this visit, so that another one goes out when it is called off. At most three
    SQL statements.
    """
    if not Reminder.objects.filter(appointment=visit, sent_at__isnull=False).exists():
        return False
    rules = settings_of(visit.clinic)
    people = recipients(visit.clinic, rules, [visit.patient], local_day(now, visit.site.zone))
    return bool(people.get(visit.patient_id))


def failed_messages(clinic: Clinic, now: datetime) -> list[Reminder]:
    """List what failed lately and was not tried again, the latest first. At most two SQL statements."""
    rows = Reminder.objects.filter(
        clinic=clinic, status=ReminderStatus.FAILED, due_at__gte=now - timedelta(days=FAILED_DAYS)
    )
    return list_rare(rows.select_related(*WITH_NAMES).order_by("-due_at"), MOST_LINES)
