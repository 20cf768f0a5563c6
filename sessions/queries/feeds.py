"""Calendar feeds: whose they are, and the visits they tell of. Nothing medical, and no full name of a person."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Count, Max, Q, QuerySet
from django.http import Http404
from django.utils import translation
from django.utils.translation import gettext as _

from mesoclinic.core.models import AuditEvent
from patients.models import Party, Patient, PatientParty
from patients.queries.parties import current_contacts
from patients.queries.patients import file_ids, kept
from sessions.ical import Entry, write, years_of
from sessions.models import Appointment, CalendarFeed, Practitioner

DAYS_BACK, DAYS_AHEAD, MOST_VISITS = 31, 366, 2000
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
    links = _links(today).filter(party__in=party_ids).exclude(patient=patient)
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
    link = _links(today).filter(patient=patient, party__public_id=public_id).select_related("party").first()
    if link is None:
        raise Http404
    return link.party


def _links(today: date) -> QuerySet[PatientParty]:
    links = PatientParty.objects.filter(gets_reminders=True, from_on__lte=today)
    return links.filter(Q(until_on__isnull=True) | Q(until_on__gte=today))


def content(feed: CalendarFeed, now: datetime) -> bytes:
    """Write what a feed says: a month back, a year ahead, at most 2,000 visits. Two SQL statements, whatever there is."""
    today = now.date()
    rows = Appointment.objects.filter(clinic_id=feed.clinic_id).exclude(status="moving")
    rows = rows.filter(_whose(feed, today))
    rows = rows.filter(starts_at__gte=now - timedelta(DAYS_BACK), starts_at__lt=now + timedelta(DAYS_AHEAD))
    visits = list(
        rows.select_related("site", "room", "place", "patient__species").order_by("starts_at", "pk")[:MOST_VISITS]
    )
    told = _changes([visit.pk for visit in visits])
    with translation.override(_language(feed)):
        entries = [_entry(feed, visit, *told.get(visit.pk, (1, visit.created_at))) for visit in visits]
        name = _("%(who)s – %(clinic)s") % {"who": feed, "clinic": feed.clinic}
    return write(name if feed.practitioner else feed.clinic.name, entries, years=years_of(entries, now))


def _whose(feed: CalendarFeed, today: date) -> Q:
    if feed.practitioner_id:
        return Q(practitioner=feed.practitioner_id)
    living = Q(patient__ended_on__isnull=True, in_place_of__isnull=True)  # a held time is told by phone
    if feed.party_id:
        return living & Q(patient__in=_links(today).filter(party=feed.party_id).values("patient"))
    return living & Q(patient=kept(feed.patient))


def _changes(visit_ids: list[int]) -> dict[int, tuple[int, datetime]]:
    """Count what happened to each visit: it never gets less, so a cancelled and rebooked visit rises too."""
    events = AuditEvent.objects.filter(subject_type=Appointment._meta.label_lower, subject_id__in=visit_ids)
    rows = events.values_list("subject_id").annotate(count=Count("pk"), last=Max("at")).order_by()
    return {pk: (count, last) for pk, count, last in rows}


def _language(feed: CalendarFeed) -> str:
    if feed.practitioner:
        user = feed.practitioner.user
        return (user.language if user else "") or feed.clinic.language
    return (feed.party or feed.patient).language or feed.clinic.language


def _entry(feed: CalendarFeed, visit: Appointment, count: int, last: datetime) -> Entry:
    for_staff = feed.practitioner_id is not None
    where = visit.place or (visit.room if for_staff else visit.site)
    place = f"{where.name}, {where.address}" if getattr(where, "address", "") else getattr(where, "name", "")
    phone = visit.site.phone or feed.clinic.phone
    return Entry(
        uid=f"{visit.public_id}@mesoclinic",
        sequence=count - 1,
        changed_at=last.replace(microsecond=0),
        starts_at=visit.starts_at,
        ends_at=visit.ends_at,
        zone=visit.site.zone,
        summary=_staff_words(visit) if for_staff else _own_words(feed, visit),
        location=" ".join(place.split()),
        description="" if for_staff or not phone else _("Telephone: %(phone)s") % {"phone": phone},
        status=STATUSES.get(visit.status, "CONFIRMED"),
    )


def _staff_words(visit: Appointment) -> str:
    """Initials and file number of a person, the name of an animal: a feed leaves the house."""
    one = visit.patient
    name = one.name if one.species.is_animal else " ".join(f"{word[0].upper()}." for word in one.name.split())
    return f"{name} ({one.number}) · {visit.get_kind_display()}"


def _own_words(feed: CalendarFeed, visit: Appointment) -> str:
    words = _("Appointment at %(clinic)s") % {"clinic": feed.clinic}
    if feed.patient_id:
        return words
    one = visit.patient
    return f"{one.name if one.species.is_animal else one.name.split()[0]}: {words}"
