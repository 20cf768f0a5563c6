"""Tell whoever was told a time by a message what became of it: the visit has moved, is called off, or is on after all."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from mesoclinic.core import audit
from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import Clinic
from sessions.models import Appointment, Reminder, ReminderSettings
from sessions.queries.recipients import Recipient, recipients

from .outbox import STATUS_FOR, put, row_of, told_about, when_to_send

Kind, Status = Reminder.Kind, Reminder.Status
OFF = STATUS_FOR[Kind.CANCELLED]
ASKED_FOR = (Kind.OFFER, Kind.CHANGE)
TAKEN_BACK_FOR = timedelta(minutes=1)  # a step can be taken back so long: nobody is told of it before


@transaction.atomic
def queue_news(clinic: Clinic, rules: ReminderSettings, now: datetime) -> int:
    """Put in news for who was last told something else of a visit to come; return how many rows. Safe twice.

    All of a clinic at once, so that what one person is told of a day goes out as one message.
    """
    visits = list(_told_otherwise(clinic, now).select_related("patient__species", "site"))
    told: dict[int, list[Reminder]] = defaultdict(list)
    for (visit_id, _party), rows in told_about(visits).items():
        told[visit_id] += rows
    today = min((local_day(now, visit.site.zone) for visit in visits), default=now.date())
    people = recipients(clinic, rules, [visit.patient for visit in visits], today)
    wanted: list[Reminder] = []
    for visit in visits:
        news = list(_of_visit(visit, people.get(visit.patient_id, []), told[visit.pk], rules, now))
        if news:
            verb = f"appointment.{news[0].kind}-queued"
            audit.record(actor=None, verb=verb, subject=visit, patient_id=visit.patient_id)
        wanted += news
    return put(wanted)


def _told_otherwise(clinic: Clinic, now: datetime) -> QuerySet[Appointment]:
    """Visits to come of which a message went out that may hold no more, or was to go out and did not, for they changed.

    A time held for a visit is none.
    """
    rows = Reminder.objects.filter(appointment=OuterRef("pk"))
    told = rows.filter(sent_at__isnull=False)
    other = told.filter(~Q(sent_for=OuterRef("starts_at")) | Q(kind=Kind.CANCELLED))
    untold = Exists(rows.filter(kind__in=ASKED_FOR)) & ~Exists(told)
    visits = Appointment.objects.filter(clinic=clinic, starts_at__gt=now, in_place_of__isnull=True)
    stands = Q(status=Appointment.Status.BOOKED) | Q(status=Appointment.Status.OFFERED, offered_until__gt=now)
    return visits.filter(stands & (Exists(other) | untold) | Q(status__in=OFF) & Exists(told)).order_by(
        "starts_at", "pk"
    )


def _of_visit(
    visit: Appointment, people: Iterable[Recipient], told: list[Reminder], rules: ReminderSettings, now: datetime
) -> Iterable[Reminder]:
    """The rows for those who do not know; who was never told in person counts as told what others were.

    Where nobody was told yet, they are for whom the desk wanted told of the visit as it is: offered, or changed.
    """
    kind = Kind.CANCELLED if visit.status in OFF else Kind.CHANGE
    if visit.status == Appointment.Status.OFFERED:
        kind = Kind.OFFER  # moved while it waits for an answer: the new time is offered
    due_at, is_urgent = when_to_send(visit, rules, now)
    for one in people:
        own = [row for row in told if row.party_id == (one.party.pk if one.party else None)]
        last = _last_told(own) or _last_told(told)
        if _is_on_its_way(own, visit, kind) or (_knows(last, visit) if last else not _is_asked_for(told, kind)):
            continue
        moves = visit.moved_count + sum(row.kind == Kind.CANCELLED and row.sent_at is not None for row in own)
        at = max(due_at, now + TAKEN_BACK_FOR)
        row = row_of(visit, one, kind, at, now, moves=moves, is_urgent=is_urgent)
        if kind == Kind.CANCELLED and last is not None:
            row.sent_for = last.sent_for  # the time they know, whatever the visit went through since
        yield row


def _last_told(rows: Iterable[Reminder]) -> Reminder | None:
    """What went out last, or may have: of a worker that died nobody knows how far it came."""
    told = [row for row in rows if row.sent_at is not None]
    return max(told, key=lambda row: (row.sent_at, row.pk), default=None)


def _is_asked_for(rows: Iterable[Reminder], kind: str) -> bool:
    return kind in ASKED_FOR and any(row.kind == kind for row in rows)


def _is_on_its_way(own: Iterable[Reminder], visit: Appointment, kind: str) -> bool:
    """Whether this very news waits already, or failed: then somebody was told to call."""
    open_rows = [row for row in own if row.status not in (Status.SENT, Status.CANCELLED)]
    if kind == Kind.CANCELLED:
        return any(row.kind == Kind.CANCELLED for row in open_rows)
    return any(row.kind != Kind.CANCELLED and row.sent_for == visit.starts_at for row in open_rows)


def _knows(last: Reminder, visit: Appointment) -> bool:
    if visit.status not in OFF:
        return last.kind != Kind.CANCELLED and last.sent_for == visit.starts_at
    return last.kind == Kind.CANCELLED or _ended_as_told(last, visit)


def _ended_as_told(last: Reminder, visit: Appointment) -> bool:
    """An offer that ran out did what its message said; who did not want it knows."""
    if last.kind != Kind.OFFER or visit.offered_until is None:
        return False
    ran_out = visit.status_at is not None and visit.status_at >= visit.offered_until
    return ran_out or visit.cancelled_by == Appointment.CancelledBy.PATIENT
