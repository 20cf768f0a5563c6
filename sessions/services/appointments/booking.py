"""Book a time, or begin at once: lock, check on fresh rows, save, tell the audit."""

from collections.abc import Callable
from datetime import date, datetime
from functools import wraps
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from mesoclinic.core import audit
from mesoclinic.core.constraints import violated
from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import Clinic, Site, User
from mesoclinic.core.refused import Refused
from patients.models import Patient, Place
from sessions.models import Appointment, PlannedSession, Practitioner, Room
from sessions.queries.own_reasons import BETWEEN, WALK_IN

from .checks import (
    check_rules,
    choose_room,
    just_taken,
    noting_blocked,
    offering_alternatives,
    read_agendas,
    refusal,
)
from .offers import expire_in_the_way, expire_of_taken_sessions
from .series import take_planned_sessions, want_plan_around
from .wish import Wish, locked


def _once_a_form(service: Callable[..., Appointment]) -> Callable[..., Appointment]:
    """Let a form sent twice book once: what it booked is looked for when it is refused.

    The second always is: the first keeps the patient busy at that hour, and no two visits have the same token.
    """

    @wraps(service)
    def answering(*, clinic: Clinic, booking_token: UUID | None = None, **asked: Any) -> Appointment:
        try:
            return service(clinic=clinic, booking_token=booking_token, **asked)
        except Refused:
            if booking_token and (first := _booked_before(clinic, booking_token, **asked)):
                return first
            raise

    return answering


@offering_alternatives
@_once_a_form
@transaction.atomic
def book_appointment(
    *,
    actor: User | None,
    clinic: Clinic,
    site: Site,
    kind: str,
    patient: Patient,
    practitioner: Practitioner,
    starts_at: datetime,
    minutes: int,
    room: Room | None = None,
    place: Place | None = None,
    any_room: bool = False,
    planned_session: PlannedSession | None = None,
    reason: str = "",
    note: str = "",
    outside_window_reason: str = "",
    blocked_day_reason: str | None = None,
    squeeze_reason: str = "",
    booking_token: UUID | None = None,
    offered_until: datetime | None = None,
    now: datetime | None = None,
) -> Appointment:
    """Book one time, checked on rows read after practitioner, room and patient are locked.

    `any_room` takes the first free room. A form sent twice (same `booking_token`) books once and gives the first
    appointment back. With `offered_until` the time is only held for the patient until then. Why on a day that is
    blocked for the patient is what is said of the window, unless `blocked_day_reason` says otherwise.
    Raises Refused; whenever another time would do, with up to three in `details["alternatives"]`. Codes: just-taken,
    patient-busy, no-room, room-wrong-species, closed, away, outside-hours, break, in-the-past, too-far, outside-window, wrong-species,
    blocked-day, practitioner-gone, patient-ended, patient-merged, course-closed, course-paused, already-booked, squeeze-limit, …
    """
    wish = Wish(
        actor=actor,
        site=site,
        patient=patient,
        practitioner=practitioner,
        starts_at=starts_at.replace(second=0, microsecond=0),
        minutes=minutes,
        now=now or timezone.now(),
        room=room,
        place=place,
        any_room=any_room,
        planned_session=planned_session,
        outside_window_reason=outside_window_reason,
        blocked_day_reason=outside_window_reason if blocked_day_reason is None else blocked_day_reason,
        squeeze_reason=squeeze_reason,
    )
    words = {"kind": kind, "reason": reason, "note": note, "booking_token": booking_token}
    return _book(wish, offered_until=offered_until, **words)


@offering_alternatives
@_once_a_form
@transaction.atomic
def walk_in(
    *,
    actor: User | None,
    clinic: Clinic,
    site: Site,
    patient: Patient,
    practitioner: Practitioner,
    minutes: int,
    kind: str = Appointment.Kind.SESSION,
    room: Room | None = None,
    place: Place | None = None,
    planned_session: PlannedSession | None = None,
    reason: str = "",
    booking_token: UUID | None = None,
    now: datetime | None = None,
) -> Appointment:
    """Begin a visit this minute, already arrived: a walk-in, or one more horse at the stable.

    Who stands at the desk is never turned away by the calendar: when the practitioner is busy the visit is squeezed in
    and says so; without a free room it has none. Raises Refused("patient-busy" | …) for what cannot be true.
    """
    now = now or timezone.now()
    wish = Wish(
        actor=actor,
        site=site,
        patient=patient,
        practitioner=practitioner,
        starts_at=now.replace(second=0, microsecond=0),
        minutes=minutes,
        now=now,
        room=room,
        place=place,
        any_room=room is None,
        planned_session=planned_session,
        outside_window_reason=WALK_IN,
        squeeze_reason=WALK_IN,
        is_walk_in=True,
    )
    return _book(wish, kind=kind, reason=reason, note="", booking_token=booking_token, arrived_at=now)


def _book(wish: Wish, *, booking_token: UUID | None, **fields: Any) -> Appointment:
    wish = locked(wish)
    expire_of_taken_sessions(wish)
    check_rules(wish)
    known = read_agendas([wish])
    if known.has_run_out:
        expire_in_the_way(wish)
    room, squeezed = choose_room(wish, known)
    wish = noting_blocked(wish, known)
    appointment = new_visit(wish, room, squeezed, booking_token=booking_token, **fields)
    save_guarded(appointment, wish)
    if wish.planned_session is not None:
        take_planned_sessions([wish.planned_session], booked_already())
        want_plan_around(wish.planned_session, day_of(appointment), wish.now)
    audit.record(**booked_event(appointment))
    return appointment


def new_visit(wish: Wish, room: Room | None, squeezed: bool, **fields: Any) -> Appointment:
    """Make the row of a wish that was found free, not yet saved."""
    return Appointment(
        clinic_id=wish.site.clinic_id,
        site=wish.site,
        patient=wish.patient,
        planned_session=wish.planned_session,
        created_by=wish.actor,
        status_at=wish.now,
        status=_first_status(fields),
        **time_and_place(wish, room, squeezed),
        **fields,
    )


def booked_event(appointment: Appointment) -> dict[str, Any]:
    """Give what the audit keeps of a new visit."""
    return {
        "actor": appointment.created_by,
        "verb": "appointment.offered" if appointment.offered_until else "appointment.booked",
        "subject": appointment,
        "patient_id": appointment.patient_id,
        "changes": audit.changed(appointment, {"starts_at": None, "ends_at": None, "practitioner_id": None}),
        "reason": appointment.exception_reason,
    }


def day_of(appointment: Appointment) -> date:
    return local_day(appointment.starts_at, appointment.site.zone)


def _first_status(fields: dict[str, Any]) -> str:
    if fields.get("arrived_at"):
        return Appointment.Status.ARRIVED
    return Appointment.Status.OFFERED if fields.get("offered_until") else Appointment.Status.BOOKED


def time_and_place(wish: Wish, room: Room | None, squeezed: bool) -> dict[str, Any]:
    reasons = [wish.squeeze_reason.strip()] if squeezed else []
    reasons += [wish.outside_window_reason.strip()] if wish.planned_session and not wish.is_walk_in else []
    if (why := wish.blocked_day_reason.strip()) not in reasons:
        reasons.append(why)
    if wish.takes_back:
        reasons = [wish.outside_window_reason]
    return {
        "practitioner": wish.practitioner,
        "room": room,
        "place": wish.place,
        "starts_at": wish.starts_at,
        "ends_at": wish.ends_at,
        "is_squeezed_in": squeezed,
        "exception_reason": BETWEEN.join(filter(None, reasons))[:300],
        "is_on_blocked_day": bool(why),
    }


def _booked_before(
    clinic: Clinic, token: UUID, *, practitioner: Practitioner, starts_at: datetime | None = None, **_asked: Any
) -> Appointment | None:
    """Give what this form has booked; a walk-in has no time that could differ.

    Raises Refused("form-used") when the form is now asking for something else.
    """
    first = Appointment.objects.filter(clinic=clinic, booking_token=token).first()
    if first is None or starts_at is None:
        return first
    if (first.starts_at, first.practitioner_id) == (starts_at.replace(second=0, microsecond=0), practitioner.pk):
        return first
    raise Refused(
        "form-used", _("This form has already booked a time. To change it, move that appointment."), appointment=first
    )


def save_guarded(appointment: Appointment, wish: Wish, update_fields: list[str] | None = None) -> None:
    """Save under the guards of the database; the last word is theirs. Raises Refused as a person would say it.

    The transaction ends with the refusal: nothing may be asked or saved in it afterwards.
    """
    try:
        appointment.save(update_fields=update_fields)
    except IntegrityError as exc:
        name = violated(exc) or ""
        if name == "appointment_once_a_session":
            raise booked_already() from exc
        if name == "appointment_patient_free":
            words = _("%(patient)s already has an appointment then.") % {"patient": wish.patient.name}
            raise refusal(wish, "patient-busy", words) from exc
        if name in ("appointment_practitioner_free", "appointment_room_free"):
            raise just_taken(wish) from exc
        if "booking_token" in f"{name} {exc}":
            raise Refused("form-used", _("This form has already booked a time.")) from exc
        raise


def booked_already() -> Refused:
    return Refused("already-booked", _("This session is already booked. Load the plan again."))
