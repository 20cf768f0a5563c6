"""Take what somebody replies by the link in a message: the signed link is all they need to show."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from mesoclinic.core import audit
from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import Site, User
from mesoclinic.core.refused import Refused
from sessions.links import VisitLink
from sessions.models import Appointment, Course, Reply
from sessions.queries import replies as reads
from sessions.services import appointments

Kind = Reply.Kind
MOST_REPLIES = 10  # of one person about one time of a visit


@transaction.atomic
def confirm_visits(*, link: VisitLink, now: datetime | None = None) -> list[Appointment]:
    """The person comes: to every visit of the day behind the link; an offer among them is taken.

    A second click changes nothing. Raises Refused("link-over" | "nothing-there" | "offer-over").
    """
    now = now or timezone.now()
    visits = _locked(link, now)
    for visit in visits:
        if visit.status == Appointment.Status.OFFERED and visit.in_place_of_id is None:
            appointments.accept_offer(actor=None, appointment=visit, now=now)
        _add(link, visit, Kind.CONFIRMED, "", now)
    return visits


@transaction.atomic
def ask_for_another_time(
    *, link: VisitLink, only: Collection[UUID] = (), words: str = "", now: datetime | None = None
) -> list[Appointment]:
    """The person asks for another time, of all visits behind the link or `only` of some. Nothing moves by it.

    Raises Refused("link-over" | "nothing-there" | "too-many").
    """
    now = now or timezone.now()
    visits = [visit for visit in _locked(link, now) if not only or visit.public_id in only]
    if not visits:
        raise Refused("nothing-there", _("This time has changed meanwhile. Please load the page again."))
    for visit in visits:
        _add(link, visit, Kind.OTHER_TIME, " ".join(words.split())[:300], now)
    return visits


@transaction.atomic
def settle_reply(*, actor: User | None, reply: Reply, now: datetime | None = None) -> Reply:
    """Somebody has dealt with a wish for another time. A second click changes nothing."""
    now = now or timezone.now()
    waiting = Reply.objects.filter(pk=reply.pk, settled_at__isnull=True)
    if waiting.update(settled_at=now, settled_by=actor):
        visit = reply.appointment
        audit.record(actor=actor, verb="appointment.reply-settled", subject=visit, patient_id=visit.patient_id)
    return reply


def _locked(link: VisitLink, now: datetime) -> list[Appointment]:
    """Lock the visits behind a link that can still be answered, their courses first: so does everybody."""
    site = Site.objects.select_related("clinic").filter(pk=link.site_id).first()
    if site is None or local_day(now, site.zone) > link.day:
        raise Refused("link-over", _("This link is over."))
    rows = reads.visits_of(link, site, now)
    courses = Course.objects.filter(planned_sessions__appointments__in=rows.values("pk")).order_by("pk")
    list(courses.select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))
    rows = rows.select_for_update(of=("self",), no_key=True)
    visits = [visit for visit in rows.order_by("starts_at", "pk") if reads.can_be_answered(visit, now)]
    if not visits:
        raise Refused("nothing-there", _("This time has changed meanwhile. Please load the page again."))
    return visits


def _add(link: VisitLink, visit: Appointment, kind: str, words: str, now: datetime) -> None:
    mine = reads.own_replies(link).filter(appointment=visit, for_time=visit.starts_at)
    said = list(mine)
    if said and (said[-1].kind, said[-1].words) == (kind, words):
        return
    if len(said) >= MOST_REPLIES:
        raise Refused("too-many", _("You have replied many times. Please call us instead."))
    mine.filter(kind=Kind.OTHER_TIME, settled_at__isnull=True).update(settled_at=now)
    party_id = link.key if link.who == "party" else None
    told = {"appointment": visit, "for_time": visit.starts_at, "party_id": party_id, "at": now}
    Reply.objects.create(clinic_id=visit.clinic_id, kind=kind, words=words, **told)
    verb = "appointment.confirmed-by-link" if kind == Kind.CONFIRMED else "appointment.other-time-asked"
    audit.record(actor=None, verb=verb, subject=visit, patient_id=visit.patient_id)
