"""Offers hold a time until they run out. Whoever comes first afterwards, a booking or the sweep, clears them away."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from mesoclinic.core import audit
from sessions.models import Appointment

from .series import free_planned_session, lock_course_of
from .wish import Wish

EVERY_SWEEP = 100


def expire_offers(*, now: datetime | None = None) -> int:
    """Cancel the offers that have run out, at most a hundred, each on its own; return how many. Safe twice."""
    now = now or timezone.now()
    due = Appointment.objects.filter(status="offered", offered_until__lte=now).order_by("pk")
    return sum(_expire_one(offer, now) for offer in due[:EVERY_SWEEP])


@transaction.atomic
def _expire_one(offer: Appointment, now: datetime) -> int:
    lock_course_of(offer)
    still = Appointment.objects.select_for_update(no_key=True, of=("self",)).select_related("patient")
    return _expire(still.filter(pk=offer.pk, status="offered", offered_until__lte=now), now)


def expire_in_the_way(wish: Wish) -> None:
    """Cancel the run-out offers that stand against a wish; the locks are held. One SQL statement when there are none."""
    meets = Q(starts_at__lt=wish.ends_at, ends_at__gt=wish.starts_at) & (
        Q(practitioner=wish.practitioner) | Q(room__in=wish.rooms) | Q(patient=wish.patient)
    )
    if wish.planned_session is not None:
        meets |= Q(planned_session=wish.planned_session)
    rows = Appointment.objects.filter(meets, clinic_id=wish.site.clinic_id, status="offered")
    if _expire(rows.filter(offered_until__lte=wish.now).order_by("pk"), wish.now) and wish.planned_session:
        wish.planned_session.refresh_from_db(fields=["status"])


def _expire(offers, now: datetime) -> int:
    count = 0
    for offer in offers:
        offer.status, offer.status_at = Appointment.Status.CANCELLED, now
        offer.cancelled_by, offer.status_reason = Appointment.CancelledBy.CLINIC, _("The offer ran out.")
        offer.save(update_fields=["status", "status_at", "cancelled_by", "status_reason"])
        free_planned_session(offer.planned_session, now=now)
        audit.record(actor=None, verb="appointment.offer-expired", subject=offer, patient_id=offer.patient_id)
        count += 1
    return count
