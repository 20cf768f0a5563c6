"""A visit is changed and those that follow it move along: one transaction, one step to take back."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
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
    asked = {"actor": actor, "batch": batch, "now": now}
    return _with(following, cancel, appointment, asked, cancelled_by=cancelled_by, reason=reason)


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
    return _with(following, mark_no_show, appointment, {"actor": actor, "batch": batch, "now": now})


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
    asked = {"actor": actor, "batch": batch, "now": now}
    return _with(following, mark_not_treated, appointment, asked, reason=reason)


def _with(
    following: Sequence[NewTime],
    deed: Callable[..., Appointment],
    appointment: Appointment,
    asked: dict[str, Any],
    **words: str,
) -> Appointment:
    """Lock all that is touched, do the deed to the visit, then move what follows along."""
    lock_rounds_of([appointment])
    lock_for(following, now=asked["now"])
    done = deed(appointment=appointment, **asked, **words)
    move_many(moves=_along(following), **asked)
    return done


def _along(following: Sequence[NewTime]) -> list[NewTime]:
    return [replace(one, moved_along=True) for one in following]
