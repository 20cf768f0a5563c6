"""Give visits other times: one, or many at once, all or nothing, through the status `moving`, which is not live."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from mesoclinic.core import audit
from mesoclinic.core.constraints import violated
from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import User
from mesoclinic.core.refused import Refused
from patients.models import Place
from sessions.models import Appointment, Course, Practitioner, Room
from sessions.queries.own_reasons import MOVED_ALONG
from sessions.queries.plans import fit_windows
from sessions.services import plans

from .booking import day_of, save_guarded
from .checks import check_rules, offering_alternatives, window
from .offers import check_not_held, expire_in_the_way, withdraw_held_times
from .placing import NewTime, naming, times_and_places, wish_of
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
    "is_on_blocked_day",
    "moved_count",
    "travel_before_min",
    "travel_after_min",
    "status",
    "arrived_at",
]
READ_WITH = ("site__clinic", "patient", "practitioner", "room", "place", "planned_session__course")


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
        blocked_day_reason=outside_window_reason,
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
    values = times_and_places(pairs, moves)
    changes = {fresh.pk: _change(fresh, values[fresh.pk]) for _wish, fresh in pairs}
    moved = [(wish, fresh) for wish, fresh in pairs if changes[fresh.pk]]
    _save(moved)
    rejoin_rounds(left)
    settle_travel(rounds, actor=actor, now=now)
    note_leaving([fresh for _wish, fresh in moved], changes)
    withdraw_held_times([fresh for _wish, fresh in moved], now=now, actor=actor, batch=batch)
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


def _checked(pairs: list[tuple[Wish, Appointment]], moves: Sequence[NewTime], reason: str) -> dict[int, Course]:
    """Raise Refused for everything but the times themselves; give the courses of which several visits are moved.

    Where a visit gives no reason of its own for a day outside its window, `reason` is put in its place.
    """
    for (_wish, fresh), asked in zip(pairs, moves, strict=True):
        with naming(fresh, moves):
            check_movable(fresh, asked.seen_moves)
    expire_in_the_way(*(wish for wish, _fresh in pairs))
    courses = _fit_windows([wish for wish, _fresh in pairs])
    for index, ((wish, fresh), asked) in enumerate(zip(pairs, moves, strict=True)):
        why = reason or (MOVED_ALONG if asked.moved_along else "")
        with naming(fresh, moves):
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
            Appointment.objects.bulk_update(rows, SAVED)
    except IntegrityError as exc:
        if violated(exc) not in GUARDS:
            raise
        raise Refused("just-taken", _("One of these times has just been taken. Look again.")) from exc
