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
from sessions.models import Appointment, Reply
from sessions.queries import replies as reads
from sessions.services import appointments

Kind = Reply.Kind
MOST_REPLIES = 10  # of one person about one time of a visit


def confirm_visits(*, link: VisitLink, now: datetime | None = None) -> list[Appointment]:
    """The person comes: to every visit of the day behind the link; an offer among them is taken.

    Each visit on its own. A second click changes nothing. Raises Refused("link-over" | "nothing-there" | "offer-over").
    """
    now = now or timezone.now()
    return [_confirm(link, visit, now) for visit in _answerable(link, now)]


def ask_for_another_time(
    *, link: VisitLink, only: Collection[UUID] = (), words: str = "", now: datetime | None = None
) -> list[Appointment]:
    """The person asks for another time, of all visits behind the link or `only` of some. Nothing moves by it.

    Raises Refused("link-over" | "nothing-there" | "too-many").
    """
    now = now or timezone.now()
    visits = [visit for visit in _answerable(link, now) if not only or visit.public_id in only]
    if not visits:
        raise _nothing_there()
    words = " ".join(words.split())[:300]
    with transaction.atomic():
        for visit in visits:
            _add(link, reads.spoken_of(visit), Kind.OTHER_TIME, words, now)
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


def _answerable(link: VisitLink, now: datetime) -> list[Appointment]:
    """Read the visits behind a link that can still be answered."""
    site = Site.objects.select_related("clinic").filter(pk=link.site_id).first()
    if site is None or local_day(now, site.zone) > link.day:
        raise Refused("link-over", _("This link is over."))
    rows = reads.visits_of(link, site, now).order_by("starts_at", "pk")
    visits = [visit for visit in rows.select_related("in_place_of") if reads.can_be_answered(visit, now)]
    if not visits:
        raise _nothing_there()
    return visits


def _nothing_there() -> Refused:
    return Refused("nothing-there", _("This time has changed meanwhile. Please load the page again."))


@transaction.atomic
def _confirm(link: VisitLink, visit: Appointment, now: datetime) -> Appointment:
    """Confirm one visit by services that lock and look again: the link may have been opened long ago."""
    if visit.in_place_of is not None:
        visit = appointments.agree_to_held_time(actor=None, appointment=visit.in_place_of, now=now)
    elif visit.status == Appointment.Status.OFFERED:
        visit = appointments.accept_offer(actor=None, appointment=visit, now=now)
    _add(link, visit, Kind.CONFIRMED, "", now)
    return visit


def _add(link: VisitLink, visit: Appointment, kind: str, words: str, now: datetime) -> None:
    list(Appointment.objects.select_for_update(of=("self",), no_key=True).filter(pk=visit.pk))  # one reply at a time
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
