"""New times for visits that have lost theirs. Who can still be written to is moved. Who was to come today or tomorrow,
or shall come so soon, is called: the new time is held as an offer, and the visit keeps its old one until the patient
agrees (docs/adr/0050).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from mesoclinic.core import audit
from mesoclinic.core.models import User
from mesoclinic.core.refused import Refused
from mesoclinic.core.wording import date_format
from sessions.models import Appointment, Reminder, Round
from sessions.queries.broken import MENDABLE, WITH_NAMES, is_soon, must_call
from sessions.queries.own_reasons import NOT_WANTED, OTHER_OFFERED
from sessions.services.calls import record_call_attempt
from sessions.services.reminders import queue_message

from .booking import save_guarded, time_and_place
from .checks import check_rules, find_room, offering_alternatives
from .moving import check_movable, move_many
from .offers import expire_in_the_way, withdraw_held_times
from .placing import NewTime, wish_of
from .rounds_rebooked import check_whole_rounds, hold_the_way
from .travel import lock_rounds_of
from .wish import Wish, locked, locked_many

HELD_FOR = timedelta(hours=48)
AT_LEAST = timedelta(minutes=5)


@dataclass(frozen=True)
class Rebooked:
    """What became of a batch: visits `moved` at once, and times `held` until the patient agrees."""

    moved: tuple[Appointment, ...]
    held: tuple[Appointment, ...]


@offering_alternatives
@transaction.atomic
def rebook_visits(
    *, actor: User | None, moves: Sequence[NewTime], reason: str = "", now: datetime | None = None
) -> Rebooked:
    """Give visits that have lost their time the new ones chosen: all of them, or none.

    `reason` says why, and stands for days outside a window. Only another room on the same minute asks nobody.
    Raises Refused as `move_many` does, and "solved-meanwhile".
    """
    now = now or timezone.now()
    if not moves:
        return Rebooked((), ())
    lock_rounds_of([one.appointment for one in moves])
    locked_many([wish_of(one, one.appointment, now) for one in moves])  # everything at once, in everybody's order
    check_whole_rounds(moves)
    called_for = {one.appointment.round_id for one in moves if one.with_round and _must_agree(one, now)}
    to_hold = [
        one for one in moves if (one.appointment.round_id in called_for if one.with_round else _must_agree(one, now))
    ]
    later = [one.appointment.pk for one in moves if one.starts_at != one.appointment.starts_at]
    moved = move_many(actor=actor, moves=[one for one in moves if one not in to_hold], reason=reason, now=now)
    for visit in moved:
        if visit.pk in later:
            queue_message(actor=actor, appointment=visit, kind=Reminder.Kind.CHANGE, now=now)
    held = [_hold(actor, one, reason, now) for one in to_hold]
    hold_the_way([(one.appointment, time) for one, time in zip(to_hold, held, strict=True) if one.with_round])
    return Rebooked(tuple(moved), tuple(held))


def _must_agree(asked: NewTime, now: datetime) -> bool:
    visit = asked.appointment
    stays = asked.starts_at == visit.starts_at and asked.practitioner in (None, visit.practitioner)
    return not stays and (must_call(visit, now) or is_soon(asked.starts_at, visit.site, now))


@offering_alternatives
@transaction.atomic
def hold_time(*, actor: User | None, asked: NewTime, reason: str = "", now: datetime | None = None) -> Appointment:
    """Hold one other time for a visit, which keeps its own until the patient agrees. Raises Refused as `rebook_visits`."""
    now = now or timezone.now()
    locked_many([wish_of(asked, asked.appointment, now)])
    return _hold(actor, asked, reason, now)


def _hold(actor: User | None, asked: NewTime, reason: str, now: datetime) -> Appointment:
    """Hold a time for a visit, in place of one held before. Another room than its own: that one is not free yet."""
    rows = Appointment.objects.select_for_update(of=("self",), no_key=True)
    visit = rows.select_related("site__clinic", "patient", "planned_session").get(pk=asked.appointment.pk)
    check_movable(visit, asked.seen_moves)
    if visit.status not in MENDABLE:
        raise Refused("solved-meanwhile", _("Somebody has solved this visit meanwhile. Load the page again."))
    withdraw_held_times([visit], now=now, reason=OTHER_OFFERED)
    wish = replace(wish_of(asked, asked.appointment, now), actor=actor, without=(visit.pk,))
    wish = locked(replace(wish, outside_window_reason=wish.outside_window_reason or reason))
    expire_in_the_way(wish)
    check_rules(wish)
    if wish.starts_at < visit.ends_at and visit.starts_at < wish.ends_at and wish.rooms:
        wish = replace(wish, rooms=tuple(room for room in wish.rooms if room.pk != visit.room_id))
        if not wish.rooms:
            raise Refused("no-room", _("No other room is free then. Choose another time."))
    room, squeezed = find_room(wish)
    held = Appointment(
        clinic_id=visit.clinic_id,
        site=visit.site,
        kind=visit.kind,
        patient=wish.patient,
        in_place_of=visit,
        status=Appointment.Status.OFFERED,
        offered_until=max(min(wish.starts_at, now + HELD_FOR), now + AT_LEAST),
        reason=visit.reason,
        created_by=actor,
        status_at=now,
        **time_and_place(replace(wish, planned_session=None), room, squeezed),
    )
    save_guarded(held, wish)
    audit.record(
        actor=actor, verb="appointment.time-held", subject=visit, patient_id=visit.patient_id, reason=_where(held)
    )
    return held


def _where(held: Appointment) -> str:
    when = date_format(timezone.localtime(held.starts_at, held.site.zone), "D j M H:i")
    return f"{when}, {held.practitioner.name}"


@offering_alternatives
@transaction.atomic
def agree_to_held_time(
    *, actor: User | None, appointment: Appointment, note: str = "", now: datetime | None = None
) -> Appointment:
    """The patient agrees: the visit moves to the time held for it, and the call is written down.

    Raises Refused("nothing-held") when the offer ran out or somebody else was quicker, and as `move` does.
    """
    return _agree(actor, [appointment], note, now or timezone.now())[0]


@offering_alternatives
@transaction.atomic
def agree_to_held_round(
    *, actor: User | None, round: Round, note: str = "", now: datetime | None = None
) -> list[Appointment]:
    """Those there agree: the whole round moves to the times held for it. Raises Refused as `agree_to_held_time`."""
    lock_rounds_of([Appointment(round_id=round.pk)])
    visits = Appointment.objects.filter(round=round).live().order_by("starts_at", "pk")
    return _agree(actor, list(visits.select_related(*WITH_NAMES)), note, now or timezone.now())


def _agree(actor: User | None, visits: Sequence[Appointment], note: str, now: datetime) -> list[Appointment]:
    if not visits:
        raise _nothing_held()
    lock_rounds_of(visits)
    held = [_held(visit) for visit in visits]
    moves = [
        NewTime(
            appointment=visit,
            starts_at=time.starts_at,
            minutes=round((time.ends_at - time.starts_at).total_seconds() / 60),
            practitioner=time.practitioner,
            room=time.room,
            place=time.place,
            any_room=False,
        )
        for visit, time in zip(visits, held, strict=True)
    ]
    locked_many([wish_of(one, one.appointment, now) for one in moves])
    for visit, time in zip(visits, held, strict=True):
        _give_up(time, visit)
    why = next((time.exception_reason for time in held if time.exception_reason), "")
    moved = move_many(actor=actor, moves=moves, reason=why or _("The patient agreed to this time."), now=now)
    for visit, time in zip(moved, held, strict=True):
        _say(actor, visit, "offer-agreed", "agreed", _where(time), note, now)
    return moved


def _give_up(held: Appointment, visit: Appointment) -> None:
    """Let the hour held become the visit's; what was offered stands in the audit trail."""
    messages = Reminder.objects.filter(appointment=held)  # what was sent stays, and who was told is not told again
    messages.update(appointment=visit, moves=visit.moved_count)
    _lock(held).delete()


@transaction.atomic
def decline_held_time(
    *, actor: User | None, appointment: Appointment, note: str = "", now: datetime | None = None
) -> Appointment:
    """The patient does not want the time held: it is free again, and the visit still waits for another.

    Raises Refused("nothing-held").
    """
    return _decline(actor, [appointment], note, now or timezone.now())[0]


@transaction.atomic
def decline_held_round(
    *, actor: User | None, round: Round, note: str = "", now: datetime | None = None
) -> list[Appointment]:
    """Those there do not want the times held for the round: all are free again. Raises Refused("nothing-held")."""
    visits = Appointment.objects.filter(round=round).live().order_by("starts_at", "pk")
    return _decline(actor, list(visits.select_related(*WITH_NAMES)), note, now or timezone.now())


def _decline(actor: User | None, visits: Sequence[Appointment], note: str, now: datetime) -> list[Appointment]:
    if not visits:
        raise _nothing_held()
    held = [_held(visit) for visit in visits]
    locked_many([_own_wish(time, now) for time in held])
    for visit, time in zip(visits, held, strict=True):
        fresh = _lock(time)
        fresh.status, fresh.status_at = Appointment.Status.CANCELLED, now
        fresh.cancelled_by, fresh.status_reason = Appointment.CancelledBy.PATIENT, NOT_WANTED
        fresh.save(update_fields=["status", "status_at", "cancelled_by", "status_reason"])
        _say(actor, visit, "offer-declined", "declined", _where(time), note, now)
    return list(visits)


def _own_wish(held: Appointment, now: datetime) -> Wish:
    return wish_of(NewTime(held, held.starts_at, room=held.room, any_room=False), held, now)


def _held(appointment: Appointment) -> Appointment:
    names = ("practitioner", "room", "place", "site__clinic", "patient", "planned_session")
    rows = Appointment.objects.filter(in_place_of=appointment, status=Appointment.Status.OFFERED)
    held = rows.select_related(*names).first()
    if held is None:
        raise _nothing_held()
    return held


def _lock(held: Appointment) -> Appointment:
    """Lock the held time behind the people. Raises Refused("nothing-held") when somebody was quicker."""
    rows = Appointment.objects.select_for_update(of=("self",), no_key=True).select_related("practitioner", "site")
    fresh = rows.filter(pk=held.pk, status=Appointment.Status.OFFERED).first()
    if fresh is None:
        raise _nothing_held()
    return fresh


def _nothing_held() -> Refused:
    return Refused("nothing-held", _("No time is held for this visit any more. Choose one again."))


def _say(actor: User | None, visit: Appointment, deed: str, outcome: str, where: str, note: str, now: datetime) -> None:
    told: dict[str, Any] = {"subject": visit, "patient_id": visit.patient_id, "reason": where}
    audit.record(actor=actor, verb=f"appointment.{deed}", **told)
    record_call_attempt(
        actor=actor, patient=visit.patient, appointment=visit, outcome=outcome, note=note or where, now=now
    )
