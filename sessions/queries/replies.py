"""What a link shows, what people replied by it, and who asked for another time."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import Http404

from mesoclinic.core import languages
from mesoclinic.core.localtime import day_bounds, local_day
from mesoclinic.core.models import Clinic, Site
from mesoclinic.core.queries.rare import list_rare
from patients.models import Party, Patient, PatientParty
from patients.queries.parties import holding
from sessions.links import VisitLink
from sessions.models import Appointment, Reply
from sessions.models.appointments import AppointmentStatus
from sessions.models.replies import ReplyKind

MOST_LINES = 40
ANSWERABLE = (AppointmentStatus.BOOKED, AppointmentStatus.OFFERED)
SHOWN = (*ANSWERABLE, AppointmentStatus.ARRIVED, AppointmentStatus.CANCELLED)


@dataclass(frozen=True)
class LinkedVisit:
    """One visit behind a link; `answer` is what this person said last about this very time."""

    visit: Appointment
    answer: str
    can_answer: bool

    @property
    def is_offer(self) -> bool:
        return self.can_answer and self.visit.status == AppointmentStatus.OFFERED


@dataclass(frozen=True)
class LinkedDay:
    """What one person sees by a link. Names, times and places only: nothing medical."""

    site: Site
    day: date
    who: Party | Patient
    lines: list[LinkedVisit]
    is_over: bool

    @property
    def language(self) -> str:
        return languages.spoken(self.who.language, self.site.clinic.language)

    @property
    def phone(self) -> str:
        return self.site.phone or self.site.clinic.phone

    @property
    def to_answer(self) -> list[LinkedVisit]:
        return [line for line in self.lines if line.can_answer]

    @property
    def has_offer(self) -> bool:
        return any(line.is_offer for line in self.lines)

    @property
    def waits_for_yes(self) -> bool:
        return any(line.is_offer or line.answer != ReplyKind.CONFIRMED for line in self.to_answer)


def linked_day(link: VisitLink, now: datetime) -> LinkedDay | None:
    """Give what a link leads to, None when the site or the person is there no more. Four SQL statements, five for a contact."""
    site = Site.objects.select_related("clinic").filter(pk=link.site_id).first()
    model = Party if link.who == "party" else Patient
    who = model.objects.filter(pk=link.key, clinic=site.clinic_id).first() if site else None
    if site is None or who is None:
        return None
    is_over = local_day(now, site.zone) > link.day
    if is_over:
        return LinkedDay(site, link.day, who, [], is_over)
    names = ("patient__species", "place", "in_place_of")
    visits = list(visits_of(link, site, now).select_related(*names).order_by("starts_at", "pk"))
    said = {
        row.appointment_id: row.kind
        for row in own_replies(link).filter(
            appointment__in=[spoken_of(visit).pk for visit in visits], for_time=F("appointment__starts_at")
        )
    }
    lines = [LinkedVisit(visit, said.get(spoken_of(visit).pk, ""), can_be_answered(visit, now)) for visit in visits]
    return LinkedDay(site, link.day, who, lines, is_over)


def visits_of(link: VisitLink, site: Site, now: datetime) -> QuerySet[Appointment]:
    """The visits a link speaks of, as they are now: of the patient, or of all whose reminders a contact gets."""
    first, last = day_bounds(link.day, site.zone)
    rows = Appointment.objects.filter(site=site, starts_at__gte=first, starts_at__lt=last, status__in=SHOWN)
    rows = rows.filter(patient__ended_on__isnull=True).exclude(in_place_of__isnull=False, status="cancelled")
    if link.who == "patient":
        return rows.filter(patient=link.key)
    links = holding(PatientParty.objects.filter(party=link.key, gets_reminders=True), local_day(now, site.zone))
    return rows.filter(patient__in=links.values("patient"))


def can_be_answered(visit: Appointment, now: datetime) -> bool:
    """Whether a reply by the link still means something: to come, and an offer that has not run out."""
    if visit.status not in ANSWERABLE or visit.starts_at <= now:
        return False
    return visit.status == AppointmentStatus.BOOKED or visit.offered_until > now


def spoken_of(visit: Appointment) -> Appointment:
    """Give the visit a reply is about: a time that is held for a visit is no visit of its own."""
    return visit.in_place_of or visit


def own_replies(link: VisitLink) -> QuerySet[Reply]:
    """What the person of a link has replied, earlier first."""
    return Reply.objects.filter(party=link.key if link.who == "party" else None).order_by("at", "pk")


def asked_for_another_time(clinic: Clinic, site: Site, now: datetime) -> list[Reply]:
    """List who asked for another time of a visit still to come and was not answered. At most two SQL statements."""
    rows = Reply.objects.filter(_open_ask(now), clinic=clinic, appointment__site=site)
    names = ("appointment__patient__species", "appointment__practitioner", "party")
    return list_rare(rows.select_related(*names).order_by("appointment__starts_at", "at"), MOST_LINES)


def reply_or_404(clinic: Clinic, public_id: UUID) -> Reply:
    """Give one reply. One SQL statement."""
    try:
        return Reply.objects.select_related("appointment").get(clinic=clinic, public_id=public_id)
    except Reply.DoesNotExist as exc:
        raise Http404 from exc


def _open_ask(now: datetime) -> Q:
    return Q(
        kind=ReplyKind.OTHER_TIME,
        settled_at__isnull=True,
        for_time=F("appointment__starts_at"),
        appointment__status__in=ANSWERABLE,
        appointment__starts_at__gt=now,
    )


def marks(clinic: Clinic, from_at: datetime, until_at: datetime) -> dict[tuple[int, float], str]:
    """Give what `mark` says of visits in a span, by visit and timestamp of the time it is about: it is of no weight at another.

    Who said nothing is left out. One SQL statement: for many visits, what to ask of each row costs more than to ask
    once. Timestamps, as an hour the clocks go through twice is never equal to one of another zone.
    """
    rows = Reply.objects.filter(clinic=clinic, for_time__gte=from_at, for_time__lt=until_at).order_by()
    found: dict[tuple[int, float], str] = {}
    for visit_id, for_time, kind, settled_at in rows.values_list("appointment_id", "for_time", "kind", "settled_at"):
        about = (visit_id, for_time.timestamp())
        if kind == ReplyKind.OTHER_TIME and settled_at is None:
            found[about] = kind
        elif kind == ReplyKind.CONFIRMED:
            found.setdefault(about, kind)
    return found


def mark() -> Coalesce:
    """An expression on appointments: `other_time`, `confirmed` or nothing, for the time the visit has now."""
    stands = Q(kind=ReplyKind.CONFIRMED) | Q(kind=ReplyKind.OTHER_TIME, settled_at__isnull=True)
    of_time = Reply.objects.filter(stands, appointment=OuterRef("pk"), for_time=OuterRef("starts_at"))
    return Coalesce(Subquery(of_time.order_by("-kind").values("kind")[:1]), Value(""))  # other_time goes before
