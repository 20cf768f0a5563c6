"""Somebody new: registered with the little one knows on the phone or at the desk, and booked, in one transaction."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import Clinic, Site, User
from patients.models import Patient, Place
from patients.services import patients
from protocols.models import Species
from sessions.models import Appointment, Practitioner

from .booking import book_appointment, walk_in


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
    if first := _booked_before(clinic, booking_token):
        return first
    common = {"actor": actor, "clinic": clinic, "site": site, "booking_token": booking_token, "now": now}
    patient = _register(
        species=species, name=name, phone=phone, owner_name=owner_name, place=fields.get("place"), **common
    )
    return book_appointment(
        kind=kind,
        patient=patient,
        practitioner=practitioner,
        starts_at=starts_at,
        minutes=minutes,
        reason=reason,
        **common,
        **fields,
    )


@transaction.atomic
def walk_in_new_caller(
    *,
    actor: User | None,
    clinic: Clinic,
    site: Site,
    species: Species,
    name: str,
    phone: str,
    reason: str,
    practitioner: Practitioner,
    owner_name: str = "",
    place: Place | None = None,
    booking_token: UUID | None = None,
    now: datetime | None = None,
) -> Appointment:
    """Register somebody new who stands at the desk, or at the stable, and begin a first visit: both, or neither.

    A form sent twice gives the first appointment back. Raises Refused as `register_patient` and `walk_in` do.
    """
    now = now or timezone.now()
    if first := _booked_before(clinic, booking_token):
        return first
    common = {
        "actor": actor,
        "clinic": clinic,
        "site": site,
        "place": place,
        "booking_token": booking_token,
        "now": now,
    }
    patient = _register(species=species, name=name, phone=phone, owner_name=owner_name, **common)
    return walk_in(
        patient=patient,
        practitioner=practitioner,
        minutes=clinic.first_visit_min,
        kind=Appointment.Kind.FIRST_VISIT,
        reason=reason,
        **common,
    )


def _booked_before(clinic: Clinic, booking_token: UUID | None) -> Appointment | None:
    if booking_token is None:
        return None
    return Appointment.objects.filter(clinic=clinic, booking_token=booking_token).first()


def _register(
    *,
    actor: User | None,
    clinic: Clinic,
    site: Site,
    species: Species,
    name: str,
    phone: str,
    owner_name: str,
    place: Place | None,
    booking_token: UUID | None,
    now: datetime,
) -> Patient:
    known: dict[str, Any] = {"registered_on": local_day(now, site.zone), "public_id": booking_token, "now": now}
    if species.is_animal:
        known["parties"] = [{"role": "owner", "name": owner_name, "phone": phone}] if owner_name else []
        known["place"] = place  # seen at its stable: that is where it stands, the next visit too
    if not known.get("parties"):
        known["phone"] = phone
    return patients.register_patient(actor=actor, clinic=clinic, species=species, name=name, **known)
