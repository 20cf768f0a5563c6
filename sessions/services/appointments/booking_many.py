"""Book many times at once, all or nothing: a whole series, a round of horses, a family. Few statements for any number."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid4, uuid5

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from mesoclinic.core import audit
from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import Clinic, Site, User
from mesoclinic.core.refused import Refused
from mesoclinic.core.wording import date_format
from patients.models import Patient, Place
from sessions.models import Appointment, PlannedSession, Practitioner, Room
from sessions.queries.availability import Agendas
from sessions.scheduling.slots import Agenda
from sessions.scheduling.walltime import minute_after, minute_of
from sessions.services import plans

from .booking import booked_already, booked_event, new_visit, save_guarded
from .checks import check_rules, check_window, choose_room, noting_blocked, offering_alternatives, read_agendas
from .offers import expire_in_the_way, expire_of_taken_sessions
from .series import take_planned_sessions
from .wish import Wish, locked_many


@dataclass(frozen=True)
class Booking:
    """One time to book among many. `any_room` takes the first free room; with `offered_until` the time is only held."""

    patient: Patient
    practitioner: Practitioner
    starts_at: datetime
    minutes: int
    kind: str = Appointment.Kind.SESSION
    room: Room | None = None
    place: Place | None = None
    any_room: bool = False
    planned_session: PlannedSession | None = None
    reason: str = ""
    note: str = ""
    outside_window_reason: str = ""
    blocked_day_reason: str = ""
    offered_until: datetime | None = None


@offering_alternatives
@transaction.atomic
def book_many(
    *,
    actor: User | None,
    clinic: Clinic,
    site: Site,
    bookings: Sequence[Booking],
    booking_token: UUID | None = None,
    now: datetime | None = None,
) -> list[Appointment]:
    """Book all of these times at a site or none, checked on rows read after everything they touch is locked.

    Gives the appointments in the order of `bookings`. The window of a session is measured from the days booked here
    for the sessions before it: what follows is planned anew in the same transaction. A form sent twice (same
    `booking_token`) books once. Raises Refused as `book_appointment` does; the message names the appointment,
    `details["booking"]` is it, and `details["alternatives"]` are up to three other times for it.
    """
    now = now or timezone.now()
    in_time = sorted(bookings, key=lambda one: (one.starts_at, one.practitioner.pk, one.patient.pk))
    if not in_time:
        return []
    wishes = locked_many([_wish(one, actor, site, now) for one in in_time])
    token_of = {id(one): uuid5(booking_token, str(n)) if booking_token else None for n, one in enumerate(in_time)}
    if booking_token and (first := _booked_before(in_time, list(token_of.values()), site)):
        return _in_order(bookings, dict(zip(map(id, in_time), first, strict=True)))
    expire_of_taken_sessions(*wishes)
    visits = _new_visits(in_time, wishes, token_of)
    _save_all(visits, wishes, in_time)
    _take_sessions(in_time, wishes, now)
    batch = uuid4()
    audit.record_all([audit.event(**booked_event(visit), batch=batch) for visit in visits])
    return _in_order(bookings, dict(zip(map(id, in_time), visits, strict=True)))


def _wish(booking: Booking, actor: User | None, site: Site, now: datetime) -> Wish:
    return Wish(
        actor=actor,
        site=site,
        patient=booking.patient,
        practitioner=booking.practitioner,
        starts_at=booking.starts_at.replace(second=0, microsecond=0),
        minutes=booking.minutes,
        now=now,
        room=booking.room,
        place=booking.place,
        any_room=booking.any_room,
        planned_session=booking.planned_session,
        outside_window_reason=booking.outside_window_reason,
        blocked_day_reason=booking.blocked_day_reason,
    )


def _in_order(bookings: Iterable[Booking], visits: dict[int, Appointment]) -> list[Appointment]:
    return [visits[id(one)] for one in bookings]


def _booked_before(bookings: Sequence[Booking], tokens: Sequence[UUID | None], site: Site) -> list[Appointment]:
    """Give what this form has booked, nothing when it has not. Raises Refused("form-used") when it asks for else now."""
    rows = Appointment.objects.filter(clinic_id=site.clinic_id, booking_token__in=tokens)
    by_token = {row.booking_token: row for row in rows}
    found = [by_token.get(token) for token in tokens]
    if not by_token:
        return []
    same = [
        row is not None and row.starts_at == one.starts_at and row.practitioner_id == one.practitioner.pk
        for row, one in zip(found, bookings, strict=True)
    ]
    if not all(same):
        raise Refused("form-used", _("This form has already booked other times. Load the page again."))
    return [row for row in found if row is not None]


def _new_visits(
    bookings: Sequence[Booking], wishes: Sequence[Wish], tokens: dict[int, UUID | None]
) -> list[Appointment]:
    """Check every wish against the books and the ones before it, and make its row. Five SQL statements, or ten."""
    times = {
        away: _Times(read_agendas(group))
        for away in (False, True)
        if (group := [wish for wish in wishes if (wish.place is not None) == away])
    }
    if any(one.known.has_run_out for one in times.values()):
        expire_in_the_way(*wishes)
    visits = []
    for booking, wish in zip(bookings, wishes, strict=True):
        with _naming(booking, site=wish.site, count=len(wishes)):
            check_rules(wish, window_too=False)
            known = times[wish.place is not None].known
            room, squeezed = choose_room(wish, known)
            wish = noting_blocked(wish, known)
        for one in times.values():
            one.keep_busy(wish, room)
        fields = {"kind": booking.kind, "reason": booking.reason, "note": booking.note}
        fields |= {"offered_until": booking.offered_until, "booking_token": tokens[id(booking)]}
        visits.append(new_visit(wish, room, squeezed, **fields))
    return visits


class _Times:
    """The agendas read once; what is booked in the same breath keeps its practitioner, room and patient busy too."""

    def __init__(self, known: Agendas) -> None:
        self.known = known

    def keep_busy(self, wish: Wish, room: Room | None) -> None:
        span = (minute_of(wish.starts_at), minute_after(wish.ends_at))
        self.known = replace(
            self.known,
            practitioners=_busier(self.known.practitioners, wish.practitioner.pk, span),
            rooms=_busier(self.known.rooms, room.pk if room else None, span),
            patients=_busier(self.known.patients, wish.patient.pk, span),
        )


def _busier(agendas: dict[int, Agenda], key: int | None, span: tuple[int, int]) -> dict[int, Agenda]:
    if key not in agendas:
        return agendas
    return {**agendas, key: replace(agendas[key], booked=[*agendas[key].booked, span])}


def _save_all(visits: Sequence[Appointment], wishes: Sequence[Wish], bookings: Sequence[Booking]) -> None:
    """Save under the guards of the database. One SQL statement; when they say no, one by one to hear about which."""
    try:
        with transaction.atomic():
            Appointment.objects.bulk_create(visits)
    except IntegrityError:
        for visit, wish, booking in zip(visits, wishes, bookings, strict=True):
            visit.pk = None
            with _naming(booking, site=wish.site, count=len(visits)):
                save_guarded(visit, wish)


def _take_sessions(bookings: Sequence[Booking], wishes: Sequence[Wish], now: datetime) -> None:
    """Mark the sessions as booked; when a day is not the due one, plan anew and hold every day against its window."""
    planned = {wish.planned_session.pk: wish.planned_session for wish in wishes if wish.planned_session}
    if not planned:
        return
    take_planned_sessions(planned.values(), booked_already())
    moved = {
        wish.planned_session.course_id: wish.planned_session.course
        for wish in wishes
        if wish.planned_session and local_day(wish.starts_at, wish.site.zone) != wish.planned_session.due_on
    }
    if moved:
        plans.replan_locked(list(moved.values()), now=now)
        for fresh in PlannedSession.objects.filter(pk__in=planned):
            row = planned[fresh.pk]
            row.due_on, row.earliest_on, row.latest_on = fresh.due_on, fresh.earliest_on, fresh.latest_on
    for booking, wish in zip(bookings, wishes, strict=True):
        if wish.planned_session is not None:
            with _naming(booking, site=wish.site, count=len(wishes)):
                check_window(wish, wish.planned_session)


@contextmanager
def _naming(booking: Booking, *, site: Site, count: int) -> Iterator[None]:
    """Let a refusal say which of many appointments it is about."""
    try:
        yield
    except Refused as no:
        no.details["booking"] = booking
        if count > 1:
            no.message = f"{_name(booking, site)}: {no.message}"
        raise


def _name(booking: Booking, site: Site) -> str:
    when = date_format(booking.starts_at.astimezone(site.zone), "D j M H:i")
    if booking.planned_session is None:
        return f"{booking.patient.name}, {when}"
    return _("Session %(number)s, %(when)s") % {"number": booking.planned_session.number, "when": when}
