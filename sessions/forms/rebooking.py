"""What the rebooking page sends: for each visit one of the times proposed, or none."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django import forms
from django.http import QueryDict
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mesoclinic.core.forms import Form
from mesoclinic.core.models import Clinic
from mesoclinic.core.refused import Refused
from sessions.models import Appointment, CallAttempt, Practitioner, Room
from sessions.queries.broken import MOST_AT_ONCE
from sessions.queries.lost_rounds import rounds_by_id
from sessions.services.appointments import NewTime

PREFIX = "visit-"
ROUND_PREFIX = "round-"


@dataclass(frozen=True)
class _Chosen:
    visit: UUID
    starts_at: datetime
    practitioner: UUID
    room: UUID | None
    seen_moves: int


@dataclass(frozen=True)
class _ChosenRound:
    round: UUID
    starts_at: datetime
    practitioner: UUID
    mark: str


def new_times_asked(post: QueryDict, clinic: Clinic) -> list[NewTime]:
    """Read the times chosen: of all visits and rounds, or of the one whose own button was pressed. Six SQL statements.

    Raises Refused("bad-choice") for what no such page sends, and "moved-meanwhile" for a round that has changed since.
    """
    only = post.get("only", "")
    names = [name for name in post if name.startswith((PREFIX, ROUND_PREFIX)) and only in ("", name)]
    if len(names) > MOST_AT_ONCE:
        raise _unreadable()
    visits = [_read(name, post[name]) for name in names if post[name] and name.startswith(PREFIX)]
    rounds = [_read_round(name, post[name]) for name in names if post[name] and name.startswith(ROUND_PREFIX)]
    return [*_moves(visits, clinic), *_round_moves(rounds, clinic)]


def _read(name: str, value: str) -> _Chosen:
    try:
        starts, practitioner, room, seen = value.split("~")
        starts_at = parse_datetime(starts)
        if starts_at is None or starts_at.tzinfo is None or not 0 <= int(seen) <= 32767:
            raise ValueError(value)
        return _Chosen(
            UUID(name.removeprefix(PREFIX)), starts_at, UUID(practitioner), UUID(room) if room else None, int(seen)
        )
    except (ValueError, OverflowError) as exc:
        raise _unreadable() from exc


def _read_round(name: str, value: str) -> _ChosenRound:
    try:
        starts, practitioner, mark = value.split("~")
        starts_at = parse_datetime(starts)
        if starts_at is None or starts_at.tzinfo is None:
            raise ValueError(value)
        return _ChosenRound(UUID(name.removeprefix(ROUND_PREFIX)), starts_at, UUID(practitioner), mark)
    except (ValueError, OverflowError) as exc:
        raise _unreadable() from exc


def _round_moves(chosen: list[_ChosenRound], clinic: Clinic) -> list[NewTime]:
    """Give every visit of these rounds the time that follows from the round's new beginning."""
    people = _by_id(Practitioner.objects.all(), clinic, [one.practitioner for one in chosen])
    known = rounds_by_id(clinic, [one.round for one in chosen])
    moves = []
    for one in chosen:
        if one.round not in known or one.practitioner not in people:
            raise _unreadable()
        lost = known[one.round]
        if lost.mark != one.mark:
            raise Refused("moved-meanwhile", _("Somebody has changed this round meanwhile. Look again, then move it."))
        for visit in lost.visits:
            starts_at = one.starts_at + (visit.starts_at - lost.starts_at)
            moved = {"practitioner": people[one.practitioner], "seen_moves": visit.moved_count}
            moves.append(NewTime(visit, starts_at, **moved, with_round=True))
    return moves


def _moves(chosen: list[_Chosen], clinic: Clinic) -> list[NewTime]:
    names = ("site", "practitioner", "room", "place", "patient", "planned_session__course")
    visits = _by_id(Appointment.objects.select_related(*names), clinic, [one.visit for one in chosen])
    people = _by_id(Practitioner.objects.all(), clinic, [one.practitioner for one in chosen])
    rooms = _by_id(Room.objects.all(), clinic, [one.room for one in chosen if one.room])
    try:
        return [
            NewTime(
                visits[one.visit],
                one.starts_at,
                practitioner=people[one.practitioner],
                room=rooms[one.room] if one.room else None,
                any_room=False,
                seen_moves=one.seen_moves,
            )
            for one in chosen
        ]
    except KeyError as exc:
        raise _unreadable() from exc


def _by_id(rows, clinic: Clinic, ids: Iterable[UUID]) -> dict:
    return {row.public_id: row for row in rows.filter(clinic=clinic, public_id__in=list(ids))}


def _unreadable() -> Refused:
    return Refused("bad-choice", _("This choice could not be read. Load the page again and choose anew."))


class CallForm(Form):
    """What came of a call."""

    outcome = forms.ChoiceField(
        choices=CallAttempt.Outcome.choices, error_messages={"required": gettext_lazy("Say what came of the call.")}
    )
    note = forms.CharField(max_length=300, required=False)
