"""Calendar feeds: whose they are, and the visits they tell of. Nothing medical, and no full name of a person."""

import hashlib
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count, Max, Q, QuerySet
from django.http import Http404
from django.utils import translation
from django.utils.translation import gettext as _

from mesoclinic.core import languages
from mesoclinic.core.models import AuditEvent
from patients.models import Party, Patient, PatientParty
from patients.queries.parties import current_contacts, holding
from patients.queries.patients import file_ids, kept
from sessions.ical import Entry, write, years_of
from sessions.models import Appointment, CalendarFeed, FeedLine, Practitioner

DAYS_BACK, DAYS_AHEAD, MOST_VISITS = 31, 366, 2000
LINE_FIELDS = ("starts_at", "ends_at", "sequence", "ahead", "is_gone", "turned_at")
UTC_ZONE = ZoneInfo("UTC")
STATUSES = {
    "offered": "TENTATIVE",
    "cancelled": "CANCELLED",
    "entered_in_error": "CANCELLED",
}


def secret_hash(secret: str) -> str:
    """What is kept of a secret: it is long and random, so a plain hash cannot be guessed back."""
    return hashlib.sha256(secret.encode()).hexdigest()


def feed_of_secret(secret: str, today: date) -> CalendarFeed | None:
    """Give the feed of a secret address; None when it was taken back, or its practitioner has left."""
    rows = CalendarFeed.objects.select_related("clinic", "practitioner__user", "party", "patient__species")
    feed = rows.filter(secret_hash=secret_hash(secret), revoked_at__isnull=True).first()
    if feed is None or feed.practitioner is None:
        return feed
    one = feed.practitioner
    has_left = (one.last_day_on is not None and one.last_day_on < today) or (one.user and not one.user.is_active)
    return None if has_left else feed


def own_feed(practitioner: Practitioner) -> CalendarFeed | None:
    """Give a practitioner's feed in use. One SQL statement."""
    return CalendarFeed.objects.filter(practitioner=practitioner, revoked_at__isnull=True).first()


@dataclass(frozen=True)
class FeedOwner:
    """Somebody who may have a feed of a patient's visits: the patient (no `party_id`) or a contact."""

    name: str
    role: str
    party_id: UUID | None
    feed: CalendarFeed | None
    others: int = 0  # of how many other patients it tells


def feed_owners(patient: Patient, today: date) -> list[FeedOwner]:
    """List who may have a feed about a patient, with the feed in use. A fixed number of SQL statements."""
    contacts = {one.party_id: one for one in current_contacts(patient, today) if one.gets_reminders}
    feeds = list(feeds_about(patient, list(contacts)))
    by_party = {feed.party_id: feed for feed in feeds if feed.party_id}
    mine = next((feed for feed in feeds if feed.patient_id), None)
    others = _others(list(contacts), patient, today)
    owners = [
        FeedOwner(one.name, one.role_label, one.public_id, by_party.get(key), others.get(key, 0))
        for key, one in contacts.items()
    ]
    is_person = not patient.species.is_animal
    return [FeedOwner(patient.name, _("the patient"), None, mine), *owners] if is_person or mine else owners


def feeds_about(patient: Patient, party_ids: list[int]) -> QuerySet[CalendarFeed]:
    rows = CalendarFeed.objects.filter(clinic_id=patient.clinic_id, revoked_at__isnull=True)
    return rows.filter(Q(patient__in=file_ids(patient)) | Q(party__in=party_ids))


def _others(party_ids: list[int], patient: Patient, today: date) -> dict[int, int]:
    links = _links(today, party__in=party_ids).exclude(patient=patient)
    return dict(links.values_list("party").annotate(count=Count("patient", distinct=True)).order_by())


def feed_or_404(patient: Patient, public_id: UUID, today: date) -> CalendarFeed:
    """Give a feed in use of this patient or of one of the contacts."""
    parties = [one.party_id for one in current_contacts(patient, today)]
    feed = feeds_about(patient, parties).filter(public_id=public_id).first()
    if feed is None:
        raise Http404
    return feed


def party_or_404(patient: Patient, public_id: UUID, today: date) -> Party:
    """Give a contact who is told about this patient."""
    link = _links(today, patient=patient, party__public_id=public_id).select_related("party").first()
    if link is None:
        raise Http404
    return link.party


def _links(today: date, **whose: Any) -> QuerySet[PatientParty]:
    return _current(today, **whose).filter(gets_reminders=True)


def _current(today: date, **whose: Any) -> QuerySet[PatientParty]:
    return holding(PatientParty.objects.filter(**whose), today)


@dataclass(frozen=True)
class Telling:
    """What a feed says, and the lines that must be kept for it to be taken back: new ones and changed ones."""

    body: bytes
    lines: list[FeedLine]


def telling(feed: CalendarFeed, now: datetime) -> Telling:
    """Write what a feed says: a month back, a year ahead, at most 2,000 visits. Three SQL statements, whatever there is;
    one more for a contact's feed, and two more when it has something to take back.
    """
    today = now.date()
    rows = Appointment.objects.filter(clinic_id=feed.clinic_id).exclude(status="moving")
    rows = rows.filter(_whose(feed, today))
    rows = rows.filter(starts_at__gte=now - timedelta(DAYS_BACK), starts_at__lt=now + timedelta(DAYS_AHEAD))
    visits = list(
        rows.select_related("site", "room", "place", "patient__species").order_by("starts_at", "pk")[:MOST_VISITS]
    )
    changes = _changes([visit.pk for visit in visits])
    kept = {line.visit_uid: line for line in feed.lines.filter(starts_at__gte=now - timedelta(DAYS_BACK))}
    lines = [
        _line(feed, visit, changes.get(visit.pk, (1, visit.created_at))[0], kept.get(visit.public_id), now)
        for visit in visits
    ]
    gone = [_taken_back(line, now) for line in _out_of_sight(feed, visits, kept, now)]
    with translation.override(_language(feed)):
        entries = [
            _entry(feed, visit, line, changes.get(visit.pk, (1, visit.created_at))[1])
            for visit, line in zip(visits, lines, strict=True)
        ]
        entries += [_gone_entry(feed, line) for line in gone]
        name = _("%(who)s – %(clinic)s") % {"who": feed, "clinic": feed.clinic}
    body = write(name if feed.practitioner else feed.clinic.name, entries, years=years_of(entries, now))
    return Telling(body, [line for line in (*lines, *gone) if _is_news(line, kept.get(line.visit_uid))])


def _line(feed: CalendarFeed, visit: Appointment, count: int, before: FeedLine | None, now: datetime) -> FeedLine:
    """Say a visit's line as it is told now. The sequence never falls, and rises when a visit comes back."""
    line = FeedLine(feed=feed, visit_uid=visit.public_id, starts_at=visit.starts_at, ends_at=visit.ends_at)
    least = before.sequence + before.is_gone if before else 0
    line.sequence = max(count - 1 + (before.ahead if before else 0), least)
    line.ahead = line.sequence - (count - 1)
    line.turned_at = now if before and before.is_gone else before and before.turned_at
    return line


def _out_of_sight(
    feed: CalendarFeed, visits: Sequence[Appointment], kept: dict[UUID, FeedLine], now: datetime
) -> list[FeedLine]:
    """The visits to come that were told and are not this reader's any more, at the time told last.

    What is past stays as it was. A contact who only wants no reminders is told of nothing, and so of no cancellation.
    """
    shown = {visit.public_id for visit in visits}
    found = [line for line in kept.values() if line.visit_uid not in shown and (line.is_gone or line.starts_at > now)]
    if len(visits) == MOST_VISITS:
        found = [line for line in found if line.starts_at < visits[-1].starts_at]
    if feed.party_id and found:
        still = Appointment.objects.filter(public_id__in=[line.visit_uid for line in found])
        still = still.filter(patient__in=_current(now.date(), party=feed.party_id).values("patient"))
        silent = set(still.filter(patient__ended_on__isnull=True).values_list("public_id", flat=True))
        found = [line for line in found if line.visit_uid not in silent]
    return sorted(found, key=lambda line: (line.starts_at, line.visit_uid))


def _taken_back(before: FeedLine, now: datetime) -> FeedLine:
    if before.is_gone:
        return before
    line = copy(before)
    line.sequence, line.is_gone, line.turned_at = before.sequence + 1, True, now
    return line


def _is_news(line: FeedLine, before: FeedLine | None) -> bool:
    return before is None or any(getattr(line, name) != getattr(before, name) for name in LINE_FIELDS)


def _whose(feed: CalendarFeed, today: date) -> Q:
    if feed.practitioner_id:
        return Q(practitioner=feed.practitioner_id)
    living = Q(patient__ended_on__isnull=True, in_place_of__isnull=True)  # a held time is told by phone
    if feed.party_id:
        return living & Q(patient__in=_links(today, party=feed.party_id).values("patient"))
    return living & Q(patient=kept(feed.patient))


def _changes(visit_ids: list[int]) -> dict[int, tuple[int, datetime]]:
    """Count what happened to each visit: it never gets less, so a cancelled and rebooked visit rises too."""
    events = AuditEvent.objects.filter(subject_type=Appointment._meta.label_lower, subject_id__in=visit_ids)
    rows = events.values_list("subject_id").annotate(count=Count("pk"), last=Max("at")).order_by()
    return {pk: (count, last) for pk, count, last in rows}


def _language(feed: CalendarFeed) -> str:
    if feed.practitioner:
        user = feed.practitioner.user
        return languages.spoken(user.language if user else "", feed.clinic.language)
    return languages.spoken((feed.party or feed.patient).language, feed.clinic.language)


def _entry(feed: CalendarFeed, visit: Appointment, line: FeedLine, last: datetime) -> Entry:
    for_staff = feed.practitioner_id is not None
    where = visit.place or (visit.room if for_staff else visit.site)
    place = f"{where.name}, {where.address}" if getattr(where, "address", "") else getattr(where, "name", "")
    phone = visit.site.phone or feed.clinic.phone
    return Entry(
        uid=_uid(line),
        sequence=line.sequence,
        changed_at=max(last, line.turned_at or last).replace(microsecond=0),
        starts_at=visit.starts_at,
        ends_at=visit.ends_at,
        zone=visit.site.zone,
        summary=_staff_words(visit) if for_staff else _own_words(feed, visit),
        location=" ".join(place.split()),
        description="" if for_staff or not phone else _("Telephone: %(phone)s") % {"phone": phone},
        status=STATUSES.get(visit.status, "CONFIRMED"),
    )


def _gone_entry(feed: CalendarFeed, line: FeedLine) -> Entry:
    """Take a visit back, from what was told: of the visit itself this reader learns nothing any more."""
    at_clinic = _("Appointment at %(clinic)s") % {"clinic": feed.clinic}
    return Entry(
        uid=_uid(line),
        sequence=line.sequence,
        changed_at=line.turned_at.replace(microsecond=0),
        starts_at=line.starts_at,
        ends_at=line.ends_at,
        zone=UTC_ZONE,
        summary=_("Not yours any more") if feed.practitioner_id else at_clinic,
        location="",
        description="",
        status="CANCELLED",
    )


def _uid(line: FeedLine) -> str:
    return f"{line.visit_uid}@mesoclinic"


def _staff_words(visit: Appointment) -> str:
    """Initials and file number of a person, the name of an animal: a feed leaves the house."""
    one = visit.patient
    if one.is_restricted:
        return _("Restricted file")
    name = one.name if one.species.is_animal else " ".join(f"{word[0].upper()}." for word in one.name.split())
    return f"{name} ({one.number}) · {visit.get_kind_display()}"


def _own_words(feed: CalendarFeed, visit: Appointment) -> str:
    words = _("Appointment at %(clinic)s") % {"clinic": feed.clinic}
    if feed.patient_id:
        return words
    one = visit.patient
    return f"{one.name if one.species.is_animal else one.name.split()[0]}: {words}"
