"""Book a round, or one more visit of it: every visit and the way there, or nothing."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from mesoclinic.core import audit
from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import Clinic, Site, User
from mesoclinic.core.refused import Refused
from patients.models import Patient, Place
from sessions.models import Appointment, PlannedSession, Practitioner, Round
from sessions.models.rounds import MOST_TRAVEL_MIN
from sessions.scheduling.rounds import back_to_back
from sessions.services.appointments.booking import walk_in
from sessions.services.appointments.booking_many import Booking, book_many
from sessions.services.appointments.travel import lift_travel, lock_rounds_of, settle_travel
from sessions.services.appointments.wish import checked_minutes

MOST_STOPS = 60


@dataclass(frozen=True)
class Stop:
    """One visit of a round to book: a planned session, or any other visit with its reason."""

    patient: Patient
    minutes: int
    planned_session: PlannedSession | None = None
    reason: str = ""
    outside_window_reason: str = ""


@transaction.atomic
def book_round(
    *,
    actor: User | None,
    clinic: Clinic,
    site: Site,
    place: Place,
    practitioner: Practitioner,
    starts_at: datetime,
    stops: Sequence[Stop],
    travel_before_min: int | None = None,
    travel_after_min: int | None = None,
    note: str = "",
    booking_token: UUID | None = None,
    now: datetime | None = None,
) -> Round:
    """Book these visits one behind the other from `starts_at` on, with the way there and back, or nothing at all.

    The way is that of the place unless told otherwise. A form sent twice books once. Raises Refused("no-stops" |
    "twice" | "elsewhere" | "no-time-for-the-way" | "bad-travel") and as `book_many` does, naming the patient.
    """
    now = now or timezone.now()
    starts_at = starts_at.replace(second=0, microsecond=0)
    _check_stops(stops)
    ways = [place.travel_min if way is None else way for way in (travel_before_min, travel_after_min)]
    if not all(0 <= way <= MOST_TRAVEL_MIN for way in ways):
        raise Refused("bad-travel", _("The way takes between 0 and 600 minutes."), field="travel_before_min")
    _lock(practitioner, clinic)
    if booking_token and (known := Round.objects.filter(clinic=clinic, booking_token=booking_token).first()):
        return known
    visits = _book_stops(actor, clinic, site, place, practitioner, starts_at, stops, now)
    booked = Round.objects.create(
        clinic=clinic,
        site=site,
        place=place,
        practitioner=practitioner,
        on=local_day(starts_at, site.zone),
        travel_before_min=ways[0],
        travel_after_min=ways[1],
        note=note.strip(),
        created_by=actor,
        booking_token=booking_token,
    )
    Appointment.objects.filter(pk__in=[visit.pk for visit in visits]).update(round=booked)
    settle_travel([booked.pk], actor=actor, now=now)
    audit.record(actor=actor, verb="round.booked", subject=booked)
    return booked


def _check_stops(stops: Sequence[Stop]) -> None:
    if not stops:
        raise Refused("no-stops", _("Tick at least one to visit."))
    if len(stops) > MOST_STOPS:
        raise Refused("too-many-stops", _("A round has at most %(most)s visits.") % {"most": MOST_STOPS})
    seen: set[tuple] = set()
    for stop in stops:
        key = ("session", stop.planned_session.pk) if stop.planned_session else ("patient", stop.patient.pk)
        if key in seen:
            raise Refused("twice", _("%(name)s is on the list twice. Take one away.") % {"name": stop.patient.name})
        seen.add(key)


def _lock(practitioner: Practitioner, clinic: Clinic) -> None:
    """Take the first of the locks of `book_many` now, so that a form sent twice at once is found out."""
    rows = Practitioner.objects.select_for_update(no_key=True).filter(pk=practitioner.pk, clinic=clinic)
    if not rows.exists():
        raise Http404
    list(rows)


def _book_stops(actor, clinic, site, place, practitioner, starts_at, stops, now) -> list[Appointment]:
    """Book the visits, checked under the locks of `book_many`: who has left the place meanwhile is told of."""
    times = back_to_back(0, [checked_minutes(stop.minutes) for stop in stops])
    bookings = [
        Booking(
            patient=stop.patient,
            practitioner=practitioner,
            starts_at=starts_at + timedelta(minutes=first),
            minutes=stop.minutes,
            kind=Appointment.Kind.SESSION if stop.planned_session else Appointment.Kind.OTHER,
            place=place,
            planned_session=stop.planned_session,
            reason=stop.reason.strip(),
            outside_window_reason=stop.outside_window_reason.strip(),
            blocked_day_reason=stop.outside_window_reason.strip(),
        )
        for stop, (first, _last) in zip(stops, times, strict=True)
    ]
    with naming_the_patient():
        visits = book_many(actor=actor, clinic=clinic, site=site, bookings=bookings, now=now)
    for visit in visits:
        if visit.patient.place_id != place.pk:
            words = _("%(name)s is no longer at %(place)s. Load the page again, then book the round without.")
            names = {"name": visit.patient.name, "place": place.name}
            raise Refused("elsewhere", words % names)
    return visits


@contextmanager
def naming_the_patient() -> Iterator[None]:
    """Let a refusal of `book_many` say whom it is about: a session alone does not. Other times for one are no help."""
    try:
        yield
    except Refused as no:
        booking = no.details.get("booking")
        if booking is not None and booking.planned_session is not None:
            no.message = f"{booking.patient.name} · {no.message}"
        no.details.pop("alternatives", None)
        raise


@transaction.atomic
def add_to_round(
    *,
    actor: User | None,
    round: Round,
    patient: Patient,
    minutes: int,
    planned_session: PlannedSession | None = None,
    reason: str = "",
    outside_window_reason: str = "",
    now: datetime | None = None,
) -> Appointment:
    """Visit one more: behind the last, or at once, already arrived, when the round is under way.

    Under way nobody is turned away by the calendar: see `walk_in`. Raises Refused as booking does, and
    "twice", "round-cancelled", "round-over", "round-empty", "no-time-for-the-way".
    """
    now = now or timezone.now()
    fresh, visits = locked_round(round)
    live = [visit for visit in visits if visit.is_live]
    if fresh.on < local_day(now, fresh.site.zone):
        raise Refused("round-over", _("This round is over. Plan another one."))
    if planned_session is None and any(visit.patient_id == patient.pk for visit in live):
        raise Refused("twice", _("%(name)s is part of this round already.") % {"name": patient.name})
    minutes, last = checked_minutes(minutes), live[-1] if live else None
    where = {"actor": actor, "clinic": fresh.clinic, "site": fresh.site}
    if last is None or live[0].starts_at <= now:
        who = {"patient": patient, "practitioner": fresh.practitioner, "place": fresh.place, "minutes": minutes}
        if last is None and fresh.on > local_day(now, fresh.site.zone):
            raise Refused("round-empty", _("Nobody is left in this round. Cancel it and plan another one."))
        visit = walk_in(**where, **who, planned_session=planned_session, reason=reason, now=now)
        Appointment.objects.filter(pk=visit.pk).update(round=fresh)
        return visit
    lift_travel([fresh.pk])
    booking = Booking(
        patient=patient,
        practitioner=fresh.practitioner,
        starts_at=last.ends_at,
        minutes=minutes,
        kind=Appointment.Kind.SESSION if planned_session else Appointment.Kind.OTHER,
        place=fresh.place,
        planned_session=planned_session,
        reason=reason.strip(),
        outside_window_reason=outside_window_reason.strip(),
        blocked_day_reason=outside_window_reason.strip(),
    )
    with naming_the_patient():
        visit = book_many(**where, bookings=[booking], now=now)[0]
    Appointment.objects.filter(pk=visit.pk).update(round=fresh)
    settle_travel([fresh.pk], actor=actor, now=now)
    return visit


def locked_round(one: Round) -> tuple[Round, list[Appointment]]:
    """Lock a round and give it anew with its visits in order. Raises Refused("round-cancelled")."""
    lock_rounds_of([Appointment(round_id=one.pk)])
    fresh = Round.objects.select_related("site", "clinic", "place", "practitioner").get(pk=one.pk)
    if fresh.is_cancelled:
        raise Refused("round-cancelled", _("This round has been cancelled meanwhile."))
    rows = Appointment.objects.filter(round=fresh).select_related("patient", "site")
    return fresh, list(rows.order_by("starts_at", "pk"))
