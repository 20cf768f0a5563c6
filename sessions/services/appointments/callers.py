"""A new caller: registered with the little one knows on the phone, and booked, in one transaction."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import Clinic, Site, User
from patients.services import patients
from protocols.models import Species
from sessions.models import Appointment, Practitioner

from .booking import book_appointment


@transaction.atomic
def book_new_caller(
    *,
    actor: User | None,
    clinic: Clinic,
    site: Site,
    species: Species,
    name: str,
    phone: str,
    reason: str,
    practitioner: Practitioner,
    starts_at: datetime,
    minutes: int,
    owner_name: str = "",
    kind: str = Appointment.Kind.FIRST_VISIT,
    booking_token: UUID | None = None,
    now: datetime | None = None,
    **fields: Any,
) -> Appointment:
    """Register a patient by name and phone and book a first visit: both, or neither.

    Of an animal the phone is its owner's. `fields` (room, place, any_room, note, squeeze_reason) go to
    `book_appointment`. A form sent twice gives the first appointment back. Raises Refused as both services do.
    """
    now = now or timezone.now()
    if booking_token is not None:
        first = Appointment.objects.filter(clinic=clinic, booking_token=booking_token).first()
        if first is not None:
            return first
    known: dict[str, Any] = {"registered_on": local_day(now, site.zone), "public_id": booking_token, "now": now}
    if species.is_animal:
        known["parties"] = [{"role": "owner", "name": owner_name, "phone": phone}] if owner_name else []
        known["place"] = fields.get("place")  # seen at its stable: that is where it stands, the next visit too
    if not known.get("parties"):
        known["phone"] = phone
    patient = patients.register_patient(actor=actor, clinic=clinic, species=species, name=name, **known)
    return book_appointment(
        actor=actor,
        clinic=clinic,
        site=site,
        kind=kind,
        patient=patient,
        practitioner=practitioner,
        starts_at=starts_at,
        minutes=minutes,
        reason=reason,
        booking_token=booking_token,
        now=now,
        **fields,
    )
