"""Offers hold a time until they run out. Whoever comes first afterwards, a booking or the sweep, clears them away."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from mesoclinic.core import audit
from mesoclinic.core.constraints import violated
from mesoclinic.core.models import User
from mesoclinic.core.refused import Refused
from sessions.models import Appointment, PlannedSession
from sessions.queries.own_reasons import NOT_NEEDED, RAN_OUT

from .series import free_planned_session, lock_course_of
from .wish import Wish

EVERY_SWEEP = 100


def expire_offers(*, now: datetime | None = None) -> int:
    """Cancel the offers that have run out, at most a hundred, each on its own; return how many. Safe twice."""
    now = now or timezone.now()
    due = Appointment.objects.filter(status="offered", offered_until__lte=now).order_by("pk")
    return sum(_expire_one(offer, now) for offer in due[:EVERY_SWEEP])


@transaction.atomic
def accept_offer(*, actor: User | None, appointment: Appointment, now: datetime | None = None) -> Appointment:
    """The patient takes the offered time: booked. A second call changes nothing. Raises Refused("offer-over")."""
    now = now or timezone.now()
    lock_course_of(appointment)
    rows = Appointment.objects.select_for_update(no_key=True, of=("self",)).select_related("patient")
    offer = rows.get(pk=appointment.pk, clinic_id=appointment.clinic_id)
    if offer.status == Appointment.Status.BOOKED:
        return offer
    check_not_held(offer)
    if offer.status != Appointment.Status.OFFERED or offer.offered_until is None or offer.offered_until <= now:
        raise Refused("offer-over", _("This offer has run out. Please ask for another time."))
    offer.status, offer.status_at, offer.offered_until = Appointment.Status.BOOKED, now, None
    offer.save(update_fields=["status", "status_at", "offered_until"])
    audit.record(actor=actor, verb="appointment.offer-accepted", subject=offer, patient_id=offer.patient_id)
    return offer


@transaction.atomic
def _expire_one(offer: Appointment, now: datetime) -> int:
    lock_course_of(offer)
    still = Appointment.objects.select_for_update(no_key=True, of=("self",)).select_related("patient")
    return _expire(still.filter(pk=offer.pk, status="offered", offered_until__lte=now), now)


def expire_of_taken_sessions(*wishes: Wish) -> None:
    """Cancel the run-out offers in the way when one may hold a session; the locks are held. No SQL statement mostly."""
    if any(wish.planned_session and wish.planned_session.status != PlannedSession.Status.PLANNED for wish in wishes):
        expire_in_the_way(*wishes)


def expire_in_the_way(*wishes: Wish) -> None:
    """Cancel the run-out offers that stand against wishes; the locks are held. One SQL statement when there are none."""
    span = {
        "starts_at__lt": max(wish.ends_at for wish in wishes),
        "ends_at__gt": min(wish.starts_at for wish in wishes),
    }
    planned = {wish.planned_session.pk: wish.planned_session for wish in wishes if wish.planned_session}
    now = wishes[0].now
    run_out = Appointment.objects.filter(  # few ever are: they have an index of their own
        clinic_id=wishes[0].site.clinic_id, status="offered", offered_until__lte=now
    )
    rows = run_out.filter(Q(**span) | Q(planned_session__in=planned)).order_by("pk")
    if _expire([offer for offer in rows if any(_is_in_the_way(offer, wish) for wish in wishes)], now):
        for session in planned.values():
            session.refresh_from_db(fields=["status"])


def _is_in_the_way(offer: Appointment, wish: Wish) -> bool:
    if wish.planned_session is not None and offer.planned_session_id == wish.planned_session.pk:
        return True
    shares = (
        offer.practitioner_id == wish.practitioner.pk
        or offer.patient_id == wish.patient.pk
        or any(offer.room_id == room.pk for room in wish.rooms)
    )
    return shares and offer.starts_at < wish.ends_at and wish.starts_at < offer.ends_at


def _expire(offers, now: datetime) -> int:
    count = 0
    for offer in offers:
        offer.status, offer.status_at = Appointment.Status.CANCELLED, now
        offer.cancelled_by, offer.status_reason = Appointment.CancelledBy.CLINIC, RAN_OUT
        offer.save(update_fields=["status", "status_at", "cancelled_by", "status_reason"])
        free_planned_session(offer.planned_session, now=now)
        audit.record(actor=None, verb="appointment.offer-expired", subject=offer, patient_id=offer.patient_id)
        count += 1
    return count


# Times held for visits that must move


def check_not_held(appointment: Appointment) -> None:
    """Raise Refused("only-held") for a time that is only held for another visit: it is no visit of its own."""
    if appointment.in_place_of_id is not None:
        words = _("This time is only held until the patient agrees. Say on the rebooking page whether they do.")
        raise Refused("only-held", words)


def withdraw_held_times(
    appointments: Iterable[Appointment],
    *,
    now: datetime,
    reason: str = "",
    actor: User | None = None,
    batch: UUID | None = None,
) -> None:
    """Free what is held for visits that need it no longer; the locks are held. One SQL statement when there is nothing.

    With the `batch` of the step that frees them they are held again when that step is taken back.
    """
    held = Appointment.objects.filter(in_place_of__in=[one.pk for one in appointments], status="offered")
    for offer in held.order_by("pk"):
        offer.status, offer.status_at = Appointment.Status.CANCELLED, now
        offer.cancelled_by = Appointment.CancelledBy.CLINIC
        offer.status_reason = reason or NOT_NEEDED
        offer.save(update_fields=["status", "status_at", "cancelled_by", "status_reason"])
        told = {"subject": offer, "patient_id": offer.patient_id, "batch": batch}
        audit.record(actor=actor, verb="appointment.offer-withdrawn", **told)


@transaction.atomic
def hold_again(*, actor: User | None, held: Appointment, now: datetime | None = None) -> None:
    """The step that freed a held time is taken back: it is held as before, unless it has run out by now.

    Raises Refused("held-time-taken").
    """
    now = now or timezone.now()
    lock_course_of(held)
    rows = Appointment.objects.select_for_update(no_key=True, of=("self",)).select_related("patient")
    offer = rows.get(pk=held.pk)
    if offer.status != Appointment.Status.CANCELLED or offer.offered_until is None or offer.offered_until <= now:
        return
    offer.status, offer.status_at, offer.cancelled_by, offer.status_reason = Appointment.Status.OFFERED, now, "", ""
    try:
        with transaction.atomic():
            offer.save(update_fields=["status", "status_at", "cancelled_by", "status_reason"])
    except IntegrityError as exc:
        if violated(exc) is None:
            raise
        words = _("The time held for %(name)s has just been taken, so this cannot be taken back. Hold another one.")
        raise Refused("held-time-taken", words % {"name": offer.patient.name}) from exc
    audit.record(actor=actor, verb="appointment.offer-held-again", subject=offer, patient_id=offer.patient_id)
