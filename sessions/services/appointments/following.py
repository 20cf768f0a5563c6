"""A visit is changed and those that follow it move along: one transaction, one step to take back."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db import transaction

from mesoclinic.core.models import User
from sessions.models import Appointment

from .attendance import cancel, mark_no_show, mark_not_treated
from .checks import offering_alternatives
from .moving import lock_for, move_many
from .placing import NewTime
from .travel import lock_rounds_of


@offering_alternatives
@transaction.atomic
def move_with_following(
    *,
    actor: User | None,
    first: NewTime,
    following: Sequence[NewTime],
    batch: UUID | None = None,
    now: datetime | None = None,
) -> Appointment:
    """Move a visit, and others along with it. Raises Refused as `move_many` does; then nothing is moved."""
    moves = [first, *_along(following)]
    return move_many(actor=actor, moves=moves, batch=batch, now=now)[0]


@offering_alternatives
@transaction.atomic
def cancel_with_following(
    *,
    actor: User | None,
    appointment: Appointment,
    cancelled_by: str,
    reason: str,
    following: Sequence[NewTime],
    batch: UUID | None = None,
    now: datetime | None = None,
) -> Appointment:
    """Call a visit off and move others along. Raises Refused as `cancel` and `move_many` do; then nothing is done."""
    lock_rounds_of([appointment])
    lock_for(following, now=now)
    words = {"cancelled_by": cancelled_by, "reason": reason}
    done = cancel(actor=actor, appointment=appointment, batch=batch, now=now, **words)
    move_many(actor=actor, moves=_along(following), batch=batch, now=now)
    return done


@offering_alternatives
@transaction.atomic
def mark_no_show_with_following(
    *,
    actor: User | None,
    appointment: Appointment,
    following: Sequence[NewTime],
    batch: UUID | None = None,
    now: datetime | None = None,
) -> Appointment:
    """The patient did not come, and what follows moves along. Raises Refused as both do; then nothing is done."""
    lock_rounds_of([appointment])
    lock_for(following, now=now)
    done = mark_no_show(actor=actor, appointment=appointment, batch=batch, now=now)
    move_many(actor=actor, moves=_along(following), batch=batch, now=now)
    return done


@offering_alternatives
@transaction.atomic
def mark_not_treated_with_following(
    *,
    actor: User | None,
    appointment: Appointment,
    reason: str,
    following: Sequence[NewTime],
    batch: UUID | None = None,
    now: datetime | None = None,
) -> Appointment:
    """The patient went untreated, and what follows moves along. Raises Refused as both do; then nothing is done."""
    lock_rounds_of([appointment])
    lock_for(following, now=now)
    done = mark_not_treated(actor=actor, appointment=appointment, reason=reason, batch=batch, now=now)
    move_many(actor=actor, moves=_along(following), batch=batch, now=now)
    return done


def _along(following: Sequence[NewTime]) -> list[NewTime]:
    return [replace(one, moved_along=True) for one in following]
