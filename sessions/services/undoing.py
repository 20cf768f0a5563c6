"""Take back, for a minute, what one step did: a move, a visit that fell through, a session left out, or many at once."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from mesoclinic.core.models import AuditEvent, Clinic, User
from mesoclinic.core.refused import Refused
from patients.models import Place
from sessions.models import Appointment, Course, Practitioner, Room, WaitingEntry
from sessions.services import appointments, courses, waiting

FOR = timedelta(minutes=1)
MOVED, CHECKED_IN = "appointment.moved", "appointment.checked-in"
RIGHT_TO_UNSKIP = "sessions.change_course"


@transaction.atomic
def undo(*, actor: User, clinic: Clinic, batch: UUID, now: datetime | None = None) -> int:
    """Take back all that one step of this person did less than a minute ago, or nothing of it; return how many.

    Raises Refused("nothing-to-undo" | "too-late" | "changed-meanwhile" | "no-right" | "just-taken" | …).
    """
    events = list(AuditEvent.objects.filter(clinic=clinic, batch=batch, actor=actor).order_by("pk"))
    if not events:
        raise Refused("nothing-to-undo", _("There is nothing to take back."))
    if timezone.now() - events[0].at > FOR:
        raise Refused(
            "too-late",
            _("More than a minute has passed, so this stands. Change it on the page of the visit or of its plan."),
        )
    for event in [event for event in events if event.verb == CHECKED_IN]:  # who stands nowhere else before they do so
        _take_back(event, actor, clinic, now)
    moved = [event for event in events if event.verb == MOVED]
    appointments.move_back(actor=actor, moves=_moves_back(clinic, moved), batch=uuid4(), now=now)
    for event in reversed([event for event in events if event.verb not in (MOVED, CHECKED_IN)]):
        _take_back(event, actor, clinic, now)
    return len(events)


def _moves_back(clinic: Clinic, events: Sequence[AuditEvent]) -> list[appointments.NewTime]:
    visits = Appointment.objects.filter(clinic=clinic).in_bulk([event.subject_id for event in events])
    named = _named(clinic, events)
    return [_move_back(visits[event.subject_id], _values(event), named) for event in events]


def _values(event: AuditEvent) -> dict[str, tuple[Any, Any]]:
    return {change["field"]: (change.get("old"), change.get("new")) for change in event.changes}


def _move_back(
    visit: Appointment, values: Mapping[str, tuple[Any, Any]], named: Mapping[tuple[str, int], Any]
) -> appointments.NewTime:
    def was(field: str) -> Any:
        return values[field][0] if field in values else getattr(visit, field)

    for field, (_old, new) in values.items():
        if not _is_still(getattr(visit, field), new):
            raise Refused("changed-meanwhile", _changed_words(visit))
    starts_at, ends_at = _instant(was("starts_at")), _instant(was("ends_at"))
    reason = was("exception_reason")
    return appointments.NewTime(
        appointment=visit,
        starts_at=starts_at,
        minutes=round((ends_at - starts_at).total_seconds() / 60),
        practitioner=named.get(("practitioner_id", was("practitioner_id"))) or visit.practitioner,
        room=named.get(("room_id", was("room_id"))) or (visit.room if "room_id" not in values else None),
        place=named.get(("place_id", was("place_id"))) or (visit.place if "place_id" not in values else None),
        seen_moves=visit.moved_count,
        outside_window_reason=reason,
        blocked_day_reason=reason if was("is_on_blocked_day") else "",
        squeeze_reason=reason if was("is_squeezed_in") else "",
        into_round=values["round_id"][0] if "round_id" in values else None,
        arrived_at=_instant(values["arrived_at"][0]) if "arrived_at" in values else None,
        travel_min=(was("travel_before_min"), was("travel_after_min")),
    )


def _named(clinic: Clinic, events: Sequence[AuditEvent]) -> dict[tuple[str, int], Any]:
    """Read the practitioners, rooms and places the visits come back to. At most three SQL statements."""
    wanted: dict[str, set[int]] = defaultdict(set)
    models: dict[str, Any] = {"practitioner_id": Practitioner, "room_id": Room, "place_id": Place}
    for event in events:
        for field, (old, _new) in _values(event).items():
            if field in models and old is not None:
                wanted[field].add(old)
    return {
        (field, pk): row
        for field, keys in wanted.items()
        for pk, row in models[field].objects.filter(clinic=clinic).in_bulk(keys).items()
    }


def _take_back(event: AuditEvent, actor: User, clinic: Clinic, now: datetime | None) -> None:
    values = _values(event)
    if event.verb == "course.session-skipped":
        if not actor.has_perm(RIGHT_TO_UNSKIP):
            raise Refused("no-right", _("You may not take a session back into the plan. Ask a practitioner."))
        course = Course.objects.get(clinic=clinic, pk=event.subject_id)
        courses.unskip_session(actor=actor, course=course, number=values["number"][1], now=now)
        return
    if event.verb == "waiting.placed":
        waiting.undo_placed(actor=actor, entry=WaitingEntry.objects.get(clinic=clinic, pk=event.subject_id), now=now)
        return
    if event.verb == "appointment.offer-withdrawn":
        held = Appointment.objects.get(clinic=clinic, pk=event.subject_id)
        appointments.hold_again(actor=actor, held=held, now=now)
        return
    deeds = {
        CHECKED_IN: appointments.undo_check_in,
        "appointment.cancelled": appointments.undo_cancel,
        "appointment.no-show": appointments.undo_no_show,
        "appointment.not-treated": appointments.undo_not_treated,
    }
    visit = Appointment.objects.get(clinic=clinic, pk=event.subject_id)
    if event.verb not in deeds or visit.status != values["status"][1]:
        raise Refused("changed-meanwhile", _changed_words(visit))
    deeds[event.verb](actor=actor, appointment=visit, status=values["status"][0], now=now)


def _changed_words(visit: Appointment) -> str:
    words = _("The visit of %(name)s has been changed since, so this cannot be taken back. Look at it first.")
    return words % {"name": visit.patient.name}


def _instant(value: Any) -> datetime:
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def _is_still(value: Any, new: Any) -> bool:
    if isinstance(value, datetime):
        return isinstance(new, str) and datetime.fromisoformat(new) == value
    return value == new
