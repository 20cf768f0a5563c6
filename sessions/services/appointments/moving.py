"""Give visits other times: one, or many at once, all or nothing, through the status `moving`, which is not live."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction
from django.http import Http404
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from mesoclinic.core import audit
from mesoclinic.core.constraints import violated
from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import User
from mesoclinic.core.refused import Refused
from patients.models import Place
from sessions.models import Appointment, Course, Practitioner, Room
from sessions.queries.availability import Agendas
from sessions.queries.plans import fit_windows
from sessions.scheduling.intervals import Interval
from sessions.scheduling.slots import Agenda
from sessions.scheduling.walltime import minute_after, minute_of
from sessions.services import plans

from .booking import day_of, save_guarded, time_and_place
from .checks import check_rules, choose_room, offering_alternatives, read_agendas, window
from .offers import check_not_held, expire_in_the_way, withdraw_held_times
from .series import want_plan_around
from .travel import lift_travel, lock_rounds_of, note_leaving, rejoin_rounds, settle_travel
from .wish import Wish, locked_many

MOVABLE = (Appointment.Status.OFFERED, Appointment.Status.BOOKED, Appointment.Status.ARRIVED)
GUARDS = ("appointment_practitioner_free", "appointment_room_free", "appointment_patient_free")
SAVED = [
    "practitioner",
    "room",
    "place",
    "starts_at",
    "ends_at",
    "is_squeezed_in",
    "exception_reason",
    "moved_count",
    "travel_before_min",
    "travel_after_min",
]
READ_WITH = ("site__clinic", "patient", "practitioner", "room", "place", "planned_session__course")


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
    squeeze_reason: str = ""
    travel_min: tuple[int, int] | None = None  # the way there and back, of the first and last visit of a round
    moved_along: bool = False  # with another session: a day outside the window needs no reason of its own
    into_round: int | None = None  # the round it left by the move that is taken back
    with_round: bool = False  # all the round goes: held together, or moved together
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


@offering_alternatives
@transaction.atomic
def move(
    *,
    actor: User | None,
    appointment: Appointment,
    starts_at: datetime,
    minutes: int | None = None,
    practitioner: Practitioner | None = None,
    room: Room | None = None,
    place: Place | None = None,
    any_room: bool | None = None,
    outside_window_reason: str = "",
    squeeze_reason: str = "",
    seen_moves: int | None = None,
    batch: UUID | None = None,
    now: datetime | None = None,
) -> Appointment:
    """Give the same row another time, length, practitioner or room; notes, links and history stay.

    What is not given stays as it is; with `any_room` (given no room) a visit in a room takes its own when free, else
    another. `seen_moves` is the `moved_count` on the screen: Refused("moved-meanwhile") when somebody moved it since.
    Raises Refused as `book_appointment` does, and "not-movable".
    """
    asked = NewTime(
        appointment=appointment,
        starts_at=starts_at,
        minutes=minutes,
        practitioner=practitioner,
        room=room,
        place=place,
        any_room=any_room,
        seen_moves=seen_moves,
        outside_window_reason=outside_window_reason,
        squeeze_reason=squeeze_reason,
    )
    return _move(actor, [asked], "", batch or uuid4(), now or timezone.now())[0]


reschedule = move


@offering_alternatives
@transaction.atomic
def move_many(
    *,
    actor: User | None,
    moves: Sequence[NewTime],
    reason: str = "",
    batch: UUID | None = None,
    now: datetime | None = None,
) -> list[Appointment]:
    """Move visits of one clinic all at once or not at all, onto each other's times too; in the order asked for.

    Sessions of one course are measured from each other's new days. `reason` stands for every visit that gives none of
    its own, where it is outside its window. The events of the audit share a `batch`: what is undone in one step.
    Raises Refused as `move` does; with more than one visit the sentence begins with the one it is about, which is in
    `details["appointment"]`. Also "moved-twice".
    """
    return _move(actor, moves, reason.strip(), batch or uuid4(), now or timezone.now()) if moves else []


@transaction.atomic
def move_back(
    *, actor: User | None, moves: Sequence[NewTime], batch: UUID | None = None, now: datetime | None = None
) -> list[Appointment]:
    """Take moves back, all or none: each visit stands again where it stood. Raises Refused as `move_many` does."""
    back = [replace(one, takes_back=True) for one in moves]
    return _move(actor, back, "", batch or uuid4(), now or timezone.now(), "appointment.move-undone") if moves else []


def lock_for(moves: Sequence[NewTime], *, now: datetime | None = None) -> None:
    """Lock all that moving takes, before something else locks a course: the order is everybody's."""
    if moves:
        _locked(None, moves, now or timezone.now())


@offering_alternatives
@transaction.atomic
def check_move(*, actor: User | None, asked: NewTime, aside: Collection[int] = (), now: datetime | None = None) -> None:
    """Raise Refused as `move` would, and save nothing. The visits `aside` are not looked at: they would move along."""
    Appointment.objects.filter(pk__in=aside).update(status=Appointment.Status.MOVING)
    _move(actor, [asked], "", uuid4(), now or timezone.now())
    transaction.set_rollback(True)


def _move(
    actor: User | None,
    moves: Sequence[NewTime],
    reason: str,
    batch: UUID,
    now: datetime,
    verb: str = "appointment.moved",
) -> list[Appointment]:
    left = {one.appointment.pk: one.into_round for one in moves if one.into_round}
    rounds = lock_rounds_of(
        [*(one.appointment for one in moves), *(Appointment(round_id=key) for key in left.values())]
    )
    lift_travel(rounds)
    pairs = _locked(actor, moves, now)
    courses = _checked(pairs, moves, reason)
    was_on = {fresh.pk: day_of(fresh) for _wish, fresh in pairs}
    values = _times_and_places(pairs, moves)
    changes = {fresh.pk: _change(fresh, values[fresh.pk]) for _wish, fresh in pairs}
    moved = [(wish, fresh) for wish, fresh in pairs if changes[fresh.pk]]
    _save(moved)
    rejoin_rounds(left)
    settle_travel(rounds, actor=actor, now=now)
    note_leaving([fresh for _wish, fresh in moved], changes)
    withdraw_held_times([fresh for _wish, fresh in moved], now=now)
    for wish, fresh in moved:
        if wish.planned_session is not None and wish.planned_session.course_id not in courses:
            want_plan_around(wish.planned_session, day_of(fresh), now, was_on[fresh.pk])
        audit.record(
            actor=actor,
            verb=verb,
            subject=fresh,
            patient_id=fresh.patient_id,
            changes=changes[fresh.pk],
            reason=fresh.exception_reason or reason,
            batch=batch,
        )
    for course in courses.values():
        plans.replan_course(course=course, now=now)
    return [fresh for _wish, fresh in pairs]


def _locked(actor: User | None, moves: Sequence[NewTime], now: datetime) -> list[tuple[Wish, Appointment]]:
    """Lock practitioners, rooms, patients and courses, and the visits behind them by start. Give what each is asked."""
    keys = tuple(one.appointment.pk for one in moves)
    if len(set(keys)) < len(keys):
        raise Refused("moved-twice", _("One visit cannot be moved to two times. Look again, then move them."))
    known = Appointment.objects.select_related(*READ_WITH).in_bulk(keys)
    if len(known) < len(keys) or len({visit.clinic_id for visit in known.values()}) > 1:
        raise Http404
    asked = [replace(wish_of(one, known[one.appointment.pk], now), actor=actor, without=keys) for one in moves]
    wishes = locked_many(asked)
    rows = Appointment.objects.select_for_update(of=("self",), no_key=True).order_by("starts_at", "pk")
    found = {row.pk: row for row in rows.filter(pk__in=keys)}
    for key, wish in zip(keys, wishes, strict=True):
        found[key].site, found[key].patient = wish.site, wish.patient
    return [(wish, found[key]) for key, wish in zip(keys, wishes, strict=True)]


def wish_of(asked: NewTime, visit: Appointment, now: datetime) -> Wish:
    """Say where a visit is asked to go, filled up from where it is."""
    place = asked.place or (visit.place if asked.room is None and not asked.takes_back else None)
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
        squeeze_reason=asked.squeeze_reason,
        takes_back=asked.takes_back,
    )


def _checked(pairs: list[tuple[Wish, Appointment]], moves: Sequence[NewTime], reason: str) -> dict[int, Course]:
    """Raise Refused for everything but the times themselves; give the courses of which several visits are moved.

    Where a visit gives no reason of its own for a day outside its window, `reason` is put in its place.
    """
    for (_wish, fresh), asked in zip(pairs, moves, strict=True):
        with _naming(fresh, moves):
            check_movable(fresh, asked.seen_moves)
    expire_in_the_way(*(wish for wish, _fresh in pairs))
    courses = _fit_windows([wish for wish, _fresh in pairs])
    for index, ((wish, fresh), asked) in enumerate(zip(pairs, moves, strict=True)):
        why = reason or (_("moved along with another session") if asked.moved_along else "")
        with _naming(fresh, moves):
            if why and not (wish.takes_back or wish.outside_window_reason or _is_inside(wish)):
                pairs[index] = (replace(wish, outside_window_reason=why), fresh)
            check_rules(pairs[index][0])
    return courses


def _is_inside(wish: Wish) -> bool:
    if wish.planned_session is None:
        return True
    first_on, last_on = window(wish.planned_session, local_day(wish.now, wish.site.zone))
    return first_on <= local_day(wish.starts_at, wish.site.zone) <= last_on


def _fit_windows(wishes: Sequence[Wish]) -> dict[int, Course]:
    """Measure the sessions of a course of which several are moved from each other's new days; give these courses."""
    by_course: dict[int, dict[int, date]] = defaultdict(dict)
    for wish in wishes:
        if (planned := wish.planned_session) is not None:
            by_course[planned.course_id][planned.number] = local_day(wish.starts_at, wish.site.zone)
    several = {course_id: days for course_id, days in by_course.items() if len(days) > 1}
    sessions = [w.planned_session for w in wishes if w.planned_session and w.planned_session.course_id in several]
    fit_windows(sessions, several, wishes[0].now)
    return {planned.course_id: planned.course for planned in sessions}


def check_movable(appointment: Appointment, seen_moves: int | None) -> None:
    """Raise Refused("only-held" | "not-movable" | "moved-meanwhile"). The row is locked."""
    check_not_held(appointment)
    if appointment.status not in MOVABLE:
        raise Refused(
            "not-movable",
            _("This visit can no longer be moved (%(status)s). Book a new time instead.")
            % {"status": appointment.get_status_display()},
        )
    if seen_moves is not None and appointment.moved_count != seen_moves:
        raise Refused("moved-meanwhile", _("Somebody has moved this visit meanwhile. Look again, then move it."))


def _times_and_places(
    pairs: Sequence[tuple[Wish, Appointment]], moves: Sequence[NewTime]
) -> Mapping[int, dict[str, Any]]:
    """Choose the room of each: who names one first, then by start. Each takes up its time for those after it."""
    values: dict[int, dict[str, Any]] = {}
    agendas: dict[tuple[int, bool], Agendas] = {}
    placed: list[Placed] = []
    travel = {one.appointment.pk: one.travel_min for one in moves}
    for wish, fresh in sorted(pairs, key=lambda pair: (pair[0].room is None, pair[0].starts_at)):
        where = _where(wish)
        if where not in agendas:
            agendas[where] = read_agendas([one for one, _fresh in pairs if _where(one) == where])
        with _naming(fresh, moves):
            own_first = sorted(wish.rooms, key=lambda one: (one.pk != fresh.room_id, one.position, one.name))
            known = _without_taken(wish, agendas[where], placed)
            room, squeezed = choose_room(replace(wish, rooms=tuple(own_first)), known)
        values[fresh.pk] = time_and_place(wish, room, squeezed)
        way = None if fresh.round_id else travel[fresh.pk]  # a round settles its own
        way = way or (fresh.travel_before_min, fresh.travel_after_min)
        values[fresh.pk] |= {"travel_before_min": way[0], "travel_after_min": way[1]}
        placed.append(Placed(wish, room, *way))
    return values


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


def _change(appointment: Appointment, values: Mapping[str, Any]) -> list[audit.Change]:
    fields = [Appointment._meta.get_field(name).attname for name in values]
    before = {field: getattr(appointment, field) for field in fields}
    for name, value in values.items():
        setattr(appointment, name, value)
    changes = audit.changed(appointment, before)
    appointment.moved_count += bool(changes)
    return changes


def _save(pairs: Sequence[tuple[Wish, Appointment]]) -> None:
    """Save times and places under the guards of the database. Many stand aside first: they may want each other's times."""
    if len(pairs) == 1:
        save_guarded(pairs[0][1], pairs[0][0], update_fields=SAVED)
        return
    rows = [fresh for _wish, fresh in pairs]
    try:
        with transaction.atomic():
            Appointment.objects.filter(pk__in=[row.pk for row in rows]).update(status=Appointment.Status.MOVING)
            Appointment.objects.bulk_update(rows, [*SAVED, "status"])
    except IntegrityError as exc:
        if violated(exc) not in GUARDS:
            raise
        raise Refused("just-taken", _("One of these times has just been taken. Look again.")) from exc


@contextmanager
def _naming(appointment: Appointment, moves: Sequence[NewTime]) -> Iterator[None]:
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
