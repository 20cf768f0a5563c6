"""Where visits that move go: what was asked filled up from where they are, and a room for each, one after the other."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from mesoclinic.core.localtime import local_day
from mesoclinic.core.refused import Refused
from mesoclinic.core.wording import date_format
from patients.models import Place
from sessions.models import Appointment, Practitioner, Room
from sessions.queries.availability import Agendas
from sessions.scheduling.intervals import Interval
from sessions.scheduling.slots import Agenda
from sessions.scheduling.walltime import minute_after, minute_of

from .booking import time_and_place
from .checks import as_it_stood, choose_room, noting_blocked, read_agendas
from .wish import Wish


@dataclass(frozen=True)
class NewTime:
    """Where one visit goes. What is not given stays as it is; see `move`."""

    appointment: Appointment
    starts_at: datetime
    minutes: int | None = None
    practitioner: Practitioner | None = None
    room: Room | None = None
    place: Place | None = None
    any_room: bool | None = None
    seen_moves: int | None = None
    outside_window_reason: str = ""
    blocked_day_reason: str | None = None  # None: what is said of the window
    squeeze_reason: str = ""
    travel_min: tuple[int, int] | None = None  # the way there and back, of the first and last visit of a round
    moved_along: bool = False  # with another session: a day outside the window needs no reason of its own
    into_round: int | None = None  # the round it left by the move that is taken back
    with_round: bool = False  # all the round goes: held together, or moved together
    arrived_at: datetime | None = None  # the patient had arrived before the move that is taken back
    is_walk_in: bool = False  # to this minute, because the patient is here: at the place given, or none
    takes_back: bool = False  # to where it was: the place given, or none, and `outside_window_reason` as it stood


@dataclass(frozen=True)
class Placed:
    """A visit of the batch with its new time and room."""

    wish: Wish
    room: Room | None
    before_min: int
    after_min: int

    @property
    def span(self) -> Interval:
        return minute_of(self.wish.starts_at), minute_after(self.wish.ends_at)

    @property
    def span_with_travel(self) -> Interval:
        return self.span[0] - self.before_min, self.span[1] + self.after_min


def wish_of(asked: NewTime, visit: Appointment, now: datetime) -> Wish:
    """Say where a visit is asked to go, filled up from where it is."""
    stays_there = asked.room is None and not (asked.takes_back or asked.is_walk_in)
    place = asked.place or (visit.place if stays_there else None)
    wants_any = asked.any_room if asked.any_room is not None else asked.room is None and visit.room_id is not None
    wants_any = wants_any and not asked.takes_back
    return Wish(
        actor=None,
        site=visit.site,
        patient=visit.patient,
        practitioner=asked.practitioner or visit.practitioner,
        starts_at=asked.starts_at.replace(second=0, microsecond=0),
        minutes=asked.minutes or round((visit.ends_at - visit.starts_at).total_seconds() / 60),
        now=now,
        room=asked.room,
        place=place,
        any_room=wants_any and place is None,
        planned_session=visit.planned_session,
        outside_window_reason=asked.outside_window_reason,
        blocked_day_reason=asked.outside_window_reason
        if asked.blocked_day_reason is None
        else asked.blocked_day_reason,
        squeeze_reason=asked.squeeze_reason,
        is_walk_in=asked.is_walk_in,
        takes_back=asked.takes_back,
    )


def times_and_places(
    pairs: Sequence[tuple[Wish, Appointment]], moves: Sequence[NewTime]
) -> Mapping[int, dict[str, Any]]:
    """Choose the room of each: who names one first, then by start. Each takes up its time for those after it."""
    values: dict[int, dict[str, Any]] = {}
    agendas: dict[tuple[int, bool], Agendas] = {}
    placed: list[Placed] = []
    asked = {one.appointment.pk: one for one in moves}
    for wish, fresh in sorted(pairs, key=lambda pair: (pair[0].room is None, pair[0].starts_at)):
        where = _where(wish)
        if where not in agendas:
            agendas[where] = read_agendas([one for one, _fresh in pairs if _where(one) == where])
        with naming(fresh, moves):
            own_first = sorted(wish.rooms, key=lambda one: one.pk != fresh.room_id)
            known = _without_taken(wish, agendas[where], placed)
            wish = as_it_stood(replace(wish, rooms=tuple(own_first)), fresh, known)
            room, squeezed = choose_room(wish, known)
            wish = noting_blocked(wish, known)
        values[fresh.pk] = time_and_place(wish, room, squeezed)
        way = None if fresh.round_id else asked[fresh.pk].travel_min  # a round settles its own
        way = way or (fresh.travel_before_min, fresh.travel_after_min)
        values[fresh.pk] |= {"travel_before_min": way[0], "travel_after_min": way[1]}
        values[fresh.pk] |= _presence(wish, fresh, asked[fresh.pk])
        placed.append(Placed(wish, room, *way))
    return values


def _presence(wish: Wish, fresh: Appointment, asked: NewTime) -> dict[str, Any]:
    """Who is here and goes to a later day is expected there; who comes back from it is here again."""
    if asked.arrived_at is not None:
        return {"status": Appointment.Status.ARRIVED, "arrived_at": asked.arrived_at}
    goes_on, today = (local_day(at, wish.site.zone) for at in (wish.starts_at, wish.now))
    if fresh.status == Appointment.Status.ARRIVED and goes_on > today:
        return {"status": Appointment.Status.BOOKED, "arrived_at": None}
    return {}


def _where(wish: Wish) -> tuple[int, bool]:
    """Visits at one site, or away from it, are held against the same agendas."""
    return wish.site.pk, wish.place is not None


def _without_taken(wish: Wish, known: Agendas, placed: Sequence[Placed]) -> Agendas:
    """Give the agendas a wish needs, less the times that visits moved along with it have taken up."""

    def less(agenda: Agenda, spans: Iterable[Interval]) -> Agenda:
        return replace(agenda, booked=[*agenda.booked, *spans])

    person, patient = wish.practitioner.pk, wish.patient.pk
    on_the_way = [one.span_with_travel for one in placed if one.wish.practitioner.pk == person]
    with_patient = [one.span for one in placed if one.wish.patient.pk == patient]
    return replace(
        known,
        practitioners={person: less(known.practitioners[person], on_the_way)},
        rooms={
            room.pk: less(known.rooms[room.pk], [one.span for one in placed if one.room == room]) for room in wish.rooms
        },
        patients={patient: less(known.patients[patient], with_patient)},
    )


@contextmanager
def naming(appointment: Appointment, moves: Sequence[NewTime]) -> Iterator[None]:
    """Let a refusal say which of many visits it is about; of a single one everybody knows."""
    try:
        yield
    except Refused as no:
        if len(moves) == 1:
            raise
        when = date_format(timezone.localtime(appointment.starts_at, appointment.site.zone), "D j M H:i")
        words = _("%(patient)s, %(when)s: %(why)s") % {
            "patient": appointment.patient.name,
            "when": when,
            "why": no.message,
        }
        details = {**no.details, "appointment": appointment}
        raise Refused(no.code, words, field=no.field, **details) from no
