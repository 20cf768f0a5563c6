"""Who is booked for later is here now: the visit itself comes to this minute, instead of a second one."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone

from mesoclinic.core.models import User
from patients.models import Place
from sessions.models import Appointment, Practitioner
from sessions.queries.own_reasons import WALK_IN

from .attendance import check_in
from .moving import move_many
from .placing import NewTime


@transaction.atomic
def come_now(
    *,
    actor: User | None,
    appointment: Appointment,
    practitioner: Practitioner,
    place: Place | None = None,
    seen_moves: int | None = None,
    batch: UUID | None = None,
    now: datetime | None = None,
) -> Appointment:
    """Move a visit to this minute, already arrived; notes, links and history stay. Both are one step to take back.

    Nobody is turned away by the calendar: see `walk_in`. Raises Refused("patient-busy" | "moved-meanwhile" |
    "not-movable" | …).
    """
    now, batch = now or timezone.now(), batch or uuid4()
    asked = NewTime(
        appointment=appointment,
        starts_at=now.replace(second=0, microsecond=0),
        practitioner=practitioner,
        place=place,
        any_room=place is None,
        seen_moves=seen_moves,
        is_walk_in=True,
    )
    asked = replace(asked, outside_window_reason=WALK_IN, blocked_day_reason=WALK_IN, squeeze_reason=WALK_IN)
    (moved,) = move_many(actor=actor, moves=[asked], batch=batch, now=now)
    return check_in(actor=actor, appointment=moved, batch=batch, now=now)
