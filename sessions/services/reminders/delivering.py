"""Send what is due: claim the rows of one message, look once more whether each is still true, send, note it down.

A claim is one conditional UPDATE. A worker that dies while it holds one delays that message by `STUCK_AFTER` and
repeats it at most once; it never loses it.
"""

import logging
import time
import uuid
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from mesoclinic.core import audit, texting
from mesoclinic.core.doorbell import ring
from mesoclinic.core.localtime import day_bounds, local_day
from mesoclinic.core.models import User
from mesoclinic.core.refused import Refused
from sessions.links import VisitLink
from sessions.models import Appointment, Reminder
from sessions.models.reminders import Channel
from sessions.queries.recipients import Recipient, night_of, recipients, settings_of

from .outbox import DELIVER, STATUS_FOR
from .wording import Written, fill, values_of, wording

logger = logging.getLogger(__name__)
Status = Reminder.Status
TASK_SECONDS = 240  # the task is killed then, so a claim older than STUCK_AFTER has no owner any more
WORK_SECONDS = 150
STUCK_AFTER = timedelta(minutes=5)
MOST_ATTEMPTS = 5
BACKOFF = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=20), timedelta(hours=1))


def deliver_due_reminders(*, now: Callable[[], datetime] = timezone.now) -> int:
    """Send every message that is due, one after the other; return how many. Safe in several processes at once."""
    release_stuck(now())
    count, end = 0, time.monotonic() + WORK_SECONDS
    while (claim := _claim_next(now())) is not None:
        count += _send(claim, now())
        if time.monotonic() > end:
            ring(DELIVER)
            break
    return count


def release_stuck(now: datetime) -> int:
    """Let others take what a worker claimed and then never finished. It may have gone out: they count as told."""
    stuck = Reminder.objects.filter(status=Status.SENDING, claimed_at__lt=now - STUCK_AFTER)
    stuck.filter(attempts__gte=MOST_ATTEMPTS).update(
        status=Status.FAILED,
        error=_("The program stopped while sending, again and again."),
        sent_at=F("claimed_at"),
        claimed_at=None,
    )
    return stuck.update(status=Status.QUEUED, claim=None, sent_at=F("claimed_at"), claimed_at=None)


def _claim_next(now: datetime) -> uuid.UUID | None:
    """Claim the rows of the message that has been due for longest; None when nothing is due."""
    while True:
        due = Reminder.objects.filter(status=Status.QUEUED, due_at__lte=now).order_by("due_at", "pk")
        first = due.select_related("appointment__site", "clinic").first()
        if first is None:
            return None
        if _waits_for_morning(first, now):
            continue
        claim = uuid.uuid4()
        with transaction.atomic():
            rows = _same_message(first).select_for_update(of=("self",)).order_by("pk")
            keys = list(rows.values_list("pk", flat=True))
            still = Reminder.objects.filter(pk__in=keys, status=Status.QUEUED)
            tries = F("attempts") + 1
            claimed = still.update(status=Status.SENDING, claim=claim, claimed_at=now, attempts=tries)
        if claimed:
            return claim


def _waits_for_morning(row: Reminder, now: datetime) -> bool:
    """Put off all that is due at a site where it is night, but what is urgent."""
    site, night = row.appointment.site, night_of(settings_of(row.clinic))
    if row.is_urgent or not night.holds(now, site.zone):
        return False
    calm = Reminder.objects.filter(status=Status.QUEUED, due_at__lte=now, is_urgent=False, appointment__site=site)
    keys = list(calm.values_list("pk", flat=True))
    Reminder.objects.filter(pk__in=keys, status=Status.QUEUED).update(due_at=night.end_after(now, site.zone))
    return True


def _same_message(row: Reminder):
    """The waiting rows that go out together with one: same person, site, local day and kind."""
    site = row.appointment.site
    first, last = day_bounds(local_day(row.sent_for, site.zone), site.zone)
    same = Reminder.objects.filter(
        status=Status.QUEUED,
        clinic_id=row.clinic_id,
        kind=row.kind,
        lead_min=row.lead_min,
        party_id=row.party_id,
        is_urgent=row.is_urgent,
        sent_for__gte=first,
        sent_for__lt=last,
        appointment__site=site,
    )
    return same if row.party_id else same.filter(appointment__patient=row.appointment.patient_id)


def _send(claim: uuid.UUID, now: datetime) -> int:
    """Send one claimed message; returns 1 when it went out."""
    rows = Reminder.objects.filter(claim=claim, status=Status.SENDING).select_related(
        "clinic", "party", "appointment__site", "appointment__place", "appointment__patient__species"
    )
    lines = _still_true(sorted(rows, key=lambda row: (row.sent_for, row.pk)), now)
    if not lines:
        return 0
    one = _recipient(lines[0], now)
    if one is None:
        _close(lines, Status.CANCELLED, _("Nobody may be told by a message any more."))
        return 0
    try:
        written = _write(lines, one)
        _hand_over(written, one, lines)
    except Exception as fault:  # every mail service raises its own
        logger.warning("message %s was not taken: %s", lines[0].pk, type(fault).__name__)
        _try_later(lines, one, fault, now)
        return 0
    _note_sent(lines, one, written, now)
    return 1


def _still_true(rows: list[Reminder], now: datetime) -> list[Reminder]:
    """Keep the rows whose visit is still as they say and to come, one a visit; close the others, saying why."""
    kept: dict[int, Reminder] = {}
    for row in rows:
        visit, kind = row.appointment, Reminder.Kind(row.kind)
        if visit.patient.is_ended:
            _close([row], Status.CANCELLED, _("The file has ended."))
        elif visit.status not in STATUS_FOR[kind]:
            _close([row], Status.CANCELLED, _why_not(visit, kind))
        elif visit.starts_at != row.sent_for and kind != Reminder.Kind.CANCELLED:
            _close([row], Status.CANCELLED, _("The visit was moved."))
        elif row.sent_for <= now or (kind == Reminder.Kind.OFFER and visit.offered_until <= now):
            _close([row], Status.FAILED, _("It could not be sent in time."))
        elif visit.pk in kept:
            _close([row], Status.CANCELLED, _("The same message says it already."))
        else:
            kept[visit.pk] = row
    return list(kept.values())


def _why_not(visit: Appointment, kind: str) -> str:
    if kind == Reminder.Kind.CANCELLED:
        return _("The visit takes place after all.")
    if visit.status in STATUS_FOR[Reminder.Kind.CANCELLED]:
        return _("The visit was cancelled.")
    return _("Overtaken. Status of the visit: %(status)s.") % {"status": visit.get_status_display()}


def _recipient(row: Reminder, now: datetime) -> Recipient | None:
    visit = row.appointment
    today = local_day(now, visit.site.zone)
    people = recipients(row.clinic, settings_of(row.clinic), [visit.patient], today).get(visit.patient_id, [])
    return next((one for one in people if (one.party.pk if one.party else None) == row.party_id), None)


def _write(lines: list[Reminder], one: Recipient) -> Written:
    site, clinic = lines[0].appointment.site, lines[0].clinic
    link = VisitLink(*one.key, site.pk, local_day(lines[0].sent_for, site.zone))
    values = values_of(lines, site, clinic, name=one.name, link=link, language=one.language)
    return fill(wording(clinic, lines[0].kind, one.language), values)


def _hand_over(written: Written, one: Recipient, lines: list[Reminder]) -> None:
    if one.channel == Channel.TEXT:
        gateway = texting.backend()
        if gateway is None:
            raise texting.TextsFailed(_("No gateway for text messages is set up."))
        gateway.send(one.address, written.short)
        return
    clinic = lines[0].clinic
    # The same for a repeat after a crash, so that a mail program shows it once.
    headers = {"Message-ID": f"<{lines[0].public_id}@mesoclinic>", "Auto-Submitted": "auto-generated"}
    reply_to = [clinic.email] if clinic.email else None
    EmailMessage(written.subject, written.body, to=[one.address], headers=headers, reply_to=reply_to).send()


@transaction.atomic
def _note_sent(lines: Iterable[Reminder], one: Recipient, written: Written, now: datetime) -> None:
    for row in lines:
        mine = Reminder.objects.filter(pk=row.pk, claim=row.claim, status=Status.SENDING)
        text = written.short if one.channel == Channel.TEXT else written.body
        said = {"channel": one.channel, "sent_to": one.address[:254], "text": text, "error": ""}
        if mine.update(status=Status.SENT, sent_at=now, claimed_at=None, **said):
            audit.record(actor=None, verb="reminder.sent", subject=row, patient_id=row.appointment.patient_id)


def _try_later(lines: list[Reminder], one: Recipient, fault: Exception, now: datetime) -> None:
    tries = max(row.attempts for row in lines)
    by_mail, by_text = _("The mail server did not take it."), _("The gateway for text messages did not take it.")
    words = f"{by_text if one.channel == Channel.TEXT else by_mail} {type(fault).__name__}: {fault}"[:300]
    mine = Reminder.objects.filter(pk__in=[row.pk for row in lines], claim=lines[0].claim, status=Status.SENDING)
    if tries >= MOST_ATTEMPTS:
        mine.update(status=Status.FAILED, error=words, claimed_at=None)
    else:
        later = now + BACKOFF[min(tries, len(BACKOFF)) - 1]
        mine.update(status=Status.QUEUED, error=words, due_at=later, claim=None, claimed_at=None)


def _close(rows: list[Reminder], status: str, words: str) -> None:
    mine = Reminder.objects.filter(pk__in=[row.pk for row in rows], claim=rows[0].claim, status=Status.SENDING)
    mine.update(status=status, error=words, claimed_at=None)


@transaction.atomic
def retry_message(*, actor: User | None, reminder: Reminder, now: datetime | None = None) -> int:
    """Try a failed message again, with all that was to go out in it. Raises Refused("not-failed")."""
    now = now or timezone.now()
    same = Reminder.objects.filter(clinic_id=reminder.clinic_id, status=Status.FAILED)
    same = same.filter(claim=reminder.claim) if reminder.claim else same.filter(pk=reminder.pk)
    count = same.update(status=Status.QUEUED, due_at=now, attempts=0, error="", claim=None, claimed_at=None)
    if not count:
        raise Refused("not-failed", _("This message has not failed any more. Load the page again."))
    patient_id = reminder.appointment.patient_id
    audit.record(actor=actor, verb="reminder.retried", subject=reminder, patient_id=patient_id)
    ring(DELIVER)
    return count
