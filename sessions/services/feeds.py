"""Make and take back the secret addresses under which calendars read visits."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from mesoclinic.core import audit
from mesoclinic.core.models import Clinic, User
from mesoclinic.core.refused import Refused
from patients.models import Party, Patient
from sessions.models import CalendarFeed, FeedLine, Practitioner
from sessions.queries.feeds import DAYS_BACK, LINE_FIELDS, secret_hash, telling

USE_NOTED_EVERY = timedelta(hours=1)


@transaction.atomic
def make_feed(
    *, actor: User | None, owner: Practitioner | Party | Patient, about: Patient | None = None, now=None
) -> tuple[CalendarFeed, str]:
    """Make an address for somebody's own visits, and return its secret: it is shown once and never again.

    One that is in use is taken back: a lost telephone is one click. `about` is the patient on whose page it was made.
    Raises Refused("patient-ended").
    """
    now = now or timezone.now()
    Clinic.objects.select_for_update(no_key=True).get(pk=owner.clinic_id)
    patient = owner if isinstance(owner, Patient) else about
    if patient is not None and patient.is_ended:
        raise Refused("patient-ended", _("This file has ended: nothing is told about it any more."))
    whose = {type(owner).__name__.lower(): owner}
    for old in CalendarFeed.objects.filter(revoked_at__isnull=True, **whose):
        revoke_feed(actor=actor, feed=old, about=about, now=now)
    secret = secrets.token_urlsafe(32)
    feed = CalendarFeed.objects.create(
        clinic_id=owner.clinic_id, secret_hash=secret_hash(secret), created_by=actor, created_at=now, **whose
    )
    audit.record(actor=actor, verb="calendar-feed.made", subject=feed, patient_id=patient.pk if patient else None)
    return feed, secret


@transaction.atomic
def revoke_feed(
    *, actor: User | None, feed: CalendarFeed, about: Patient | None = None, now: datetime | None = None
) -> CalendarFeed:
    """Take an address back: whoever has it reads nothing more. A second click changes nothing."""
    now = now or timezone.now()
    in_use = CalendarFeed.objects.filter(pk=feed.pk, revoked_at__isnull=True)
    if in_use.update(revoked_at=now, revoked_by=actor):
        patient_id = feed.patient_id or (about.pk if about else None)
        audit.record(actor=actor, verb="calendar-feed.revoked", subject=feed, patient_id=patient_id)
    return feed


def tell(*, feed: CalendarFeed, now: datetime | None = None) -> tuple[CalendarFeed, bytes]:
    """Say what a feed says, and keep what was told: what its reader may see no more is taken back the next time."""
    now = now or timezone.now()
    told = telling(feed, now)
    if told.lines:
        FeedLine.objects.bulk_create(
            told.lines,
            update_conflicts=True,
            unique_fields=["feed", "visit_uid"],
            update_fields=LINE_FIELDS,
            batch_size=200,
        )
        feed.lines.filter(starts_at__lt=now - timedelta(DAYS_BACK)).delete()
    return _note_use(feed, told.body, now), told.body


def _note_use(feed: CalendarFeed, body: bytes, now: datetime) -> CalendarFeed:
    """Remember that a feed was read, once an hour at most, and since when it says what it says."""
    content_hash = hashlib.sha256(body).hexdigest()
    values = {}
    if content_hash != feed.content_hash:
        values |= {"content_hash": content_hash, "changed_at": now}
    if feed.last_used_at is None or now - feed.last_used_at > USE_NOTED_EVERY:
        values["last_used_at"] = now
    if values:
        CalendarFeed.objects.filter(pk=feed.pk).update(**values)
        for name, value in values.items():
            setattr(feed, name, value)
    return feed
