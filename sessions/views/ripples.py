"""The question what becomes of the visits that follow, how it is answered, and the bar that takes a step back."""

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from mesoclinic.core.refused import Refused
from sessions.models import Appointment, PlannedSession, Practitioner, Room
from sessions.queries.ripples import MOVED_ALONG, Deed, Line, Outcome, question
from sessions.scheduling.ripple import Future
from sessions.services import appointments
from sessions.services.appointments import NewTime
from sessions.services.undoing import FOR

NOT_SENT_ON = ("csrfmiddlewaretoken", "future")
MOST_FOLLOWING = 200


@dataclass(frozen=True)
class Choice:
    """One future on the page: what it would move, as the form sends it back, and as ghosts for the calendar."""

    outcome: Outcome
    value: str
    ghosts: str
    leaving: str
    refused: str = ""

    @property
    def code(self) -> str:
        return self.outcome.future.value


def ask(
    request: HttpRequest,
    planned: PlannedSession | None,
    deed: Deed,
    *,
    visit: Appointment | None = None,
    first: NewTime | None = None,
) -> HttpResponse | None:
    """Give the page that shows what follows, before anything is saved; None when nothing does.

    A move is tried first: raises Refused when it is not possible in any future.
    """
    visit = first.appointment if first else visit
    now = timezone.now()
    found = planned and question(planned, deed, visit=visit, starts_at=first.starts_at if first else None, now=now)
    if planned is None or not found:
        return None
    only_refused = _why_not_alone(request, first, found.futures) if first else ""
    choices = [_choice(one, visit, first) for one in found.futures]
    choices[0] = replace(choices[0], refused=only_refused)
    context = {
        "deed": deed.value,
        "planned": planned,
        "visit": visit,
        "first": first,
        "who": (first and first.practitioner) or (visit and visit.practitioner),
        "choices": choices,
        "rows": _rows(found.futures),
        "action": request.path,
        "kept": [(name, value) for name in request.POST for value in request.POST.getlist(name) if _is_kept(name)],
        "next": request.POST.get("next", ""),
        "is_dialog": bool(request.POST.get("starts") or request.htmx),
    }
    template = "sessions/ripples/_ripple.html" if context["is_dialog"] else "sessions/ripples/ripple.html"
    return render(request, template, context)


def _rows(futures: tuple[Outcome, ...]) -> list[tuple[Line, list[Line | None]]]:
    """Put the futures side by side: each session as it is now, and what becomes of it in each."""
    by_number = [{line.number: line for line in one.lines} for one in futures]
    numbers = sorted({number for lines in by_number for number in lines})
    cells = [[lines.get(number) for lines in by_number] for number in numbers]
    return [(next(line for line in row if line), row) for row in cells]


def _is_kept(name: str) -> bool:
    return name not in NOT_SENT_ON and not name.startswith("following-")


def _why_not_alone(request: HttpRequest, first: NewTime, futures: tuple[Outcome, ...]) -> str:
    """Say why the visit cannot be moved alone, when it can with those that follow. Raises Refused when it never can."""
    try:
        appointments.check_move(actor=request.user, asked=first)
    except Refused as no:
        along = [line.visit.pk for one in futures for line in one.moved if line.visit]
        if no.code not in ("patient-busy", "just-taken") or not along:
            raise
        appointments.check_move(actor=request.user, asked=first, aside=along)
        return no.message
    return ""


def _value(outcome: Outcome) -> str:
    moves = [
        [str(line.visit.public_id), line.new_at.isoformat(), str(line.new_who.public_id), line.visit.moved_count]
        for line in outcome.moved
        if line.visit and line.new_at and line.new_who
    ]
    return json.dumps(moves)


def _choice(outcome: Outcome, visit: Appointment | None, first: NewTime | None) -> Choice:
    """Give a future with what the calendar draws: [practitioner, room, from, until, number, visit, names] in wall time."""
    moved = [(line.visit, line.new_who, line.new_at, line.minutes, line.number) for line in outcome.moved]
    if first and visit and visit.planned_session:
        who, number = first.practitioner or visit.practitioner, visit.planned_session.number
        moved.insert(0, (visit, who, first.starts_at, first.minutes, number))
    ghosts = [_ghost(*one, room=first.room if first and index == 0 else None) for index, one in enumerate(moved)]
    leaving = [str(one.public_id) for one in (visit, *(line.visit for line in outcome.moved)) if one]
    return Choice(outcome, _value(outcome), json.dumps(ghosts), json.dumps(leaving))


def _ghost(
    visit: Appointment, who: Practitioner, starts_at: datetime, minutes: int | None, number: int, room: Room | None
) -> list:
    zone = visit.site.zone
    ends_at = starts_at + (timedelta(minutes=minutes) if minutes else visit.ends_at - visit.starts_at)
    walls = [at.astimezone(zone).strftime("%Y-%m-%dT%H:%M") for at in (starts_at, ends_at)]
    where = room or visit.room
    keys = str(who.public_id), str(where.public_id) if where else ""
    return [*keys, *walls, number, str(visit.public_id), who.name, where.name if where else ""]


def answer(request: HttpRequest, planned: PlannedSession | None) -> list[NewTime] | None:
    """Give the moves somebody chose to make along; None when nobody was asked yet. Raises Refused("stale-answer")."""
    code = request.POST.get("future")
    if code is None or planned is None:
        return None
    if code == Future.ONLY:
        return []
    try:
        asked = json.loads(request.POST.get(f"following-{code}", ""))
        moves = [(UUID(one), parse_datetime(at), UUID(who), int(seen)) for one, at, who, seen in asked]
    except (ValueError, TypeError, RecursionError):
        raise _stale() from None
    return _moves(planned, moves)


def _moves(planned: PlannedSession, asked: list) -> list[NewTime]:
    if len(asked) > MOST_FOLLOWING or any(
        at is None or at.tzinfo is None or not 2000 <= at.year <= 2100 for _i, at, _w, _s in asked
    ):
        raise _stale()
    try:
        visits = Appointment.objects.filter(
            planned_session__course=planned.course_id, status__in=MOVED_ALONG, public_id__in=[one[0] for one in asked]
        )
        people = Practitioner.objects.filter(clinic=planned.course.clinic_id, public_id__in=[one[2] for one in asked])
        found = {one.public_id: one for one in visits}
        named = {one.public_id: one for one in people}
        return [
            NewTime(found[one], at, practitioner=named[who], seen_moves=seen, moved_along=True)
            for one, at, who, seen in asked
        ]
    except (KeyError, ValidationError):
        raise _stale() from None


def _stale() -> Refused:
    return Refused("stale-answer", _("Something has changed meanwhile. Look again at what follows, then choose."))


def offer_undo(request: HttpRequest, batch: UUID, words: str) -> None:
    """Show a bar with Undo on every page for a minute; the server counts it."""
    until = timezone.now() + FOR
    request.session["undo"] = {"batch": str(batch), "words": words, "until": until.timestamp()}
