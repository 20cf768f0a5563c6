"""Change a round as one: another order, closed gaps, another time, called off. Each all or nothing."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from mesoclinic.core import audit
from mesoclinic.core.models import User
from mesoclinic.core.refused import Refused
from sessions.models import Appointment, Practitioner, Round
from sessions.scheduling.rounds import retimed
from sessions.scheduling.walltime import instant_of, minute_after, minute_of
from sessions.services.appointments.attendance import cancel
from sessions.services.appointments.moving import MOVABLE, move_many
from sessions.services.appointments.placing import NewTime

from .booking import locked_round

CANCELLABLE = (Appointment.Status.OFFERED, Appointment.Status.BOOKED, Appointment.Status.ARRIVED)


@transaction.atomic
def reorder_round(
    *, actor: User | None, visit: Appointment, step: int, seen_moves: int | None = None, now: datetime | None = None
) -> list[Appointment]:
    """Let a visit change places with the one before (`step` -1) or after it (1). At an end nothing happens.

    Raises Refused("not-in-round" | "moved-meanwhile" | "not-movable" | "patient-busy" …).
    """
    _fresh, live = _live(visit)
    place = _place_of(visit, live)
    other = place + step
    if not 0 <= other < len(live):
        return []
    return _change_places(actor, live, place, other, seen_moves, now)


@transaction.atomic
def swap_in_round(
    *,
    actor: User | None,
    visit: Appointment,
    other: Appointment,
    seen_moves: int | None = None,
    now: datetime | None = None,
) -> list[Appointment]:
    """Let two visits of one round change places; those between them shift by the difference. Raises as `reorder_round`."""
    _fresh, live = _live(visit)
    return _change_places(actor, live, _place_of(visit, live), _place_of(other, live), seen_moves, now)


def _live(visit: Appointment) -> tuple[Round, list[Appointment]]:
    if visit.round is None:
        raise _not_in_round()
    fresh, visits = locked_round(visit.round)
    return fresh, [one for one in visits if one.is_live]


def _place_of(visit: Appointment, live: Sequence[Appointment]) -> int:
    for place, one in enumerate(live):
        if one.pk == visit.pk:
            return place
    raise _not_in_round()


def _not_in_round() -> Refused:
    return Refused("not-in-round", _("This visit is no longer part of the round. Load the page again."))


def _change_places(
    actor: User | None,
    live: Sequence[Appointment],
    place: int,
    other: int,
    seen_moves: int | None,
    now: datetime | None,
) -> list[Appointment]:
    first, last = sorted((place, other))
    part = list(live[first : last + 1])
    order = list(range(len(part)))
    order[0], order[-1] = order[-1], order[0]
    if seen_moves is not None and live[place].moved_count != seen_moves:
        raise Refused("moved-meanwhile", _("Somebody has changed this round meanwhile. Look again, then move it."))
    _check_movable(part)
    times = retimed([(minute_of(one.starts_at), minute_after(one.ends_at)) for one in part], order)
    moves = [NewTime(one, instant_of(start)) for one, (start, _end) in zip(part, times, strict=True)]
    return move_many(actor=actor, moves=moves, now=now)


def _check_movable(visits: Sequence[Appointment]) -> None:
    for visit in visits:
        if visit.status not in MOVABLE:
            words = _("%(name)s is being treated or done (%(status)s), so nobody can change places with that visit.")
            names = {"name": visit.patient.name, "status": visit.get_status_display()}
            raise Refused("not-movable", words % names)


@transaction.atomic
def close_gaps(
    *,
    actor: User | None,
    round: Round,
    now: datetime | None = None,
) -> list[Appointment]:
    """Let every visit begin when the one before it ends, none before the present minute. The first keeps its time."""
    now = now or timezone.now()
    _fresh, visits = locked_round(round)
    live = [visit for visit in visits if visit.is_live]
    moves, free_at = [], None
    for visit in live:
        if visit.status not in MOVABLE or free_at is None:
            free_at = visit.ends_at
            continue
        starts_at = min(visit.starts_at, max(free_at, now.replace(second=0, microsecond=0)))
        if starts_at != visit.starts_at:
            moves.append(NewTime(visit, starts_at))
        free_at = starts_at + (visit.ends_at - visit.starts_at)
    return move_many(actor=actor, moves=moves, now=now)


@transaction.atomic
def move_round(
    *,
    actor: User | None,
    round: Round,
    starts_at: datetime,
    practitioner: Practitioner | None = None,
    reason: str = "",
    now: datetime | None = None,
) -> Round:
    """Give the whole round another beginning, perhaps another practitioner: every visit and the way, or nothing.

    `reason` stands for every visit that lies outside its window then. Raises Refused("round-empty" | "round-begun" |
    "no-time-for-the-way") and as `move_many` does.
    """
    now = now or timezone.now()
    fresh, visits = locked_round(round)
    live = [visit for visit in visits if visit.is_live]
    if not live:
        raise Refused("round-empty", _("Nobody is left in this round. Cancel it and plan another one."))
    for visit in live:
        if visit.status not in MOVABLE:
            words = _("%(name)s is being treated or done, so the round can no longer be moved as a whole.")
            raise Refused("round-begun", words % {"name": visit.patient.name})
    shift: timedelta = starts_at.replace(second=0, microsecond=0) - live[0].starts_at
    moves = [NewTime(visit, visit.starts_at + shift, practitioner=practitioner) for visit in live]
    move_many(actor=actor, moves=moves, reason=reason, now=now)
    fresh.refresh_from_db()
    return fresh


@transaction.atomic
def cancel_round(
    *,
    actor: User | None,
    round: Round,
    cancelled_by: str,
    reason: str,
    now: datetime | None = None,
) -> int:
    """Call off every visit of the round that has not begun; return how many. The sessions are due again.

    When some have been treated already the round stays, with them alone. Raises Refused("reason-needed" |
    "who-cancelled" | "round-cancelled").
    """
    now = now or timezone.now()
    if not reason.strip():
        raise Refused("reason-needed", _("Say why."), field="reason")
    fresh, visits = locked_round(round)
    waiting = [visit for visit in visits if visit.status in CANCELLABLE]
    for visit in waiting:
        cancel(actor=actor, appointment=visit, cancelled_by=cancelled_by, reason=reason, now=now)
    if not any(visit.is_live and visit not in waiting for visit in visits):
        fresh.status, fresh.status_reason = Round.Status.CANCELLED, reason.strip()[:300]
        fresh.save(update_fields=["status", "status_reason"])
    audit.record(actor=actor, verb="round.cancelled", subject=fresh, reason=reason.strip())
    return len(waiting)
