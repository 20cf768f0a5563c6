"""Give somebody on a list one of the times shown there: book it, or hold it until they agree."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import User
from mesoclinic.core.refused import Refused
from sessions.models import Appointment, Practitioner, WaitingEntry
from sessions.queries.fitting import Line
from sessions.services import waiting
from sessions.services.appointments.booking import book_appointment
from sessions.services.appointments.checks import offering_alternatives
from sessions.services.appointments.held import hold_time
from sessions.services.appointments.moving import move_many
from sessions.services.appointments.placing import NewTime
from sessions.services.reminders import queue_message

OFFER_HOLDS = timedelta(hours=24)
AT_LEAST = timedelta(minutes=5)


@offering_alternatives
@transaction.atomic
def take_time(
    *,
    actor: User | None,
    line: Line,
    starts_at: datetime,
    practitioner: Practitioner,
    seen_moves: int | None = None,
    following: Sequence[NewTime] = (),
    batch: UUID | None = None,
    now: datetime | None = None,
) -> Appointment:
    """Give the line this time: its visit moves there, or one is booked. Who waited for it waits no longer.

    Where a visit moves, those that follow it may move along; the events of one step share a `batch`. Raises Refused as `move` and `book_appointment` do, and "waits-no-longer" | "has-a-time".
    """
    now = now or timezone.now()
    _check_line(line)
    if line.visit is None:
        given = _book(actor, line, starts_at, practitioner, now)
    else:
        first = new_time(line, starts_at, practitioner, seen_moves)
        along = [replace(one, moved_along=True) for one in following]
        given = move_many(actor=actor, moves=[first, *along], batch=batch, now=now)[0]
    if line.entry is not None:
        waiting.mark_placed(actor=actor, entry=line.entry, batch=batch, now=now)
    return given


@offering_alternatives
@transaction.atomic
def offer_time(
    *,
    actor: User | None,
    line: Line,
    starts_at: datetime,
    practitioner: Practitioner,
    seen_moves: int | None = None,
    now: datetime | None = None,
) -> tuple[Appointment, bool]:
    """Hold this time for the line for a while, at most until it begins, and write to the patient.

    A visit keeps its own time until they agree. Gives the offer, and whether a message goes out; when not, somebody has
    to call. Raises Refused as `take_time` does.
    """
    now = now or timezone.now()
    _check_line(line)
    if line.visit is None:
        until = max(min(starts_at, now + OFFER_HOLDS), now + AT_LEAST)
        offer = _book(actor, line, starts_at, practitioner, now, offered_until=until)
    else:
        why = _why_outside(line, starts_at)
        asked = new_time(line, starts_at, practitioner, seen_moves)
        offer = hold_time(actor=actor, asked=asked, reason=why, now=now)
    messages = queue_message(actor=actor, appointment=offer, kind="offer", now=now)
    return offer, bool(messages)


def new_time(line: Line, starts_at: datetime, practitioner: Practitioner, seen_moves: int | None) -> NewTime:
    """Say where the visit of a line would go."""
    assert line.visit is not None
    return NewTime(
        appointment=line.visit,
        starts_at=starts_at,
        practitioner=practitioner,
        any_room=line.place is None,
        outside_window_reason=_why_outside(line, starts_at),
        blocked_day_reason="",
        seen_moves=seen_moves,
    )


def _book(
    actor: User | None,
    line: Line,
    starts_at: datetime,
    practitioner: Practitioner,
    now: datetime,
    offered_until: datetime | None = None,
) -> Appointment:
    return book_appointment(
        actor=actor,
        clinic=line.site.clinic,
        site=line.site,
        kind=line.kind,
        patient=line.patient,
        practitioner=practitioner,
        starts_at=starts_at,
        minutes=line.minutes,
        place=line.place,
        any_room=line.place is None,
        planned_session=line.planned,
        reason=line.reason,
        outside_window_reason=_why_outside(line, starts_at),
        blocked_day_reason="",
        offered_until=offered_until,
        now=now,
    )


def _check_line(line: Line) -> None:
    """Raise Refused when the line has been dealt with since the page was drawn."""
    if line.entry is not None:
        waits = WaitingEntry.objects.filter(pk=line.entry.pk, state=WaitingEntry.State.WAITING)
        if not waits.exists():
            raise Refused("waits-no-longer", _("This patient waits no longer. Load the page again."))
    if line.missed is not None:
        later = Appointment.objects.live().filter(patient=line.patient, starts_at__gt=line.missed.starts_at)
        if later.exists():
            raise Refused("has-a-time", _("This patient has a new time already. Load the page again."))


def _why_outside(line: Line, starts_at: datetime) -> str:
    """Only who waits may be given a day outside the window by one click: that is what they asked for."""
    if line.entry is None or line.need.is_inside(local_day(starts_at, line.site.zone)):
        return ""
    return _("An earlier time was asked for.")
