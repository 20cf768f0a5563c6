"""Visits that belong together: a couple, a family, two courses of one patient. All of them, or none."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid5

from mesoclinic.core.models import Clinic, Site, User
from mesoclinic.core.refused import Refused
from patients.models import Place
from sessions.models import Appointment
from sessions.queries.together import Sitting

from .booking_many import Booking, book_many


def book_together(
    *,
    actor: User | None,
    clinic: Clinic,
    site: Site,
    sittings: Sequence[Sitting],
    place: Place | None = None,
    booking_token: UUID | None = None,
    now: datetime | None = None,
) -> list[Appointment]:
    """Book every visit of these sittings or none, in order of the sittings. A form sent twice books once.

    What such a form has booked is told by `is_booked_by_form`. Raises Refused as `book_many` does; the sentence begins with the patient it is about.
    """
    bookings = [
        Booking(
            patient=seat.stop.patient,
            practitioner=seat.practitioner,
            starts_at=seat.starts_at,
            minutes=seat.stop.minutes,
            kind=Appointment.Kind.SESSION if seat.stop.planned_session else Appointment.Kind.OTHER,
            room=seat.room,
            place=place,
            planned_session=seat.stop.planned_session,
            reason=seat.stop.reason.strip(),
            outside_window_reason=seat.stop.outside_window_reason.strip(),
        )
        for sitting in sittings
        for seat in sitting.seats
    ]
    try:
        return book_many(actor=actor, clinic=clinic, site=site, bookings=bookings, booking_token=booking_token, now=now)
    except Refused as no:
        booking = no.details.get("booking")
        if booking is not None and booking.planned_session is not None:
            no.message = f"{booking.patient.name} · {no.message}"
        no.details.pop("alternatives", None)
        raise


def is_booked_by_form(clinic: Clinic, token: UUID) -> bool:
    """Say whether this form has booked already."""
    return Appointment.objects.filter(clinic=clinic, booking_token=uuid5(token, "0")).exists()
