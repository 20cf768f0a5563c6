"""Examples of the URLs of series and wishes for the rights matrix."""

from datetime import timedelta

from django.utils import timezone

from mesoclinic.core.models import Clinic
from sessions.models import BlockedDay, CompetitionEvent
from sessions.services import competitions, preferences
from tests.factories import make_course, make_horse, make_patient
from tests.web.rights import Row, World


def _blocked(clinic: Clinic) -> BlockedDay:
    today = timezone.localdate()
    day = today + timedelta(days=3)
    return preferences.block_days(
        actor=None, patient=make_patient(clinic), from_on=day, until_on=day, today=today, reason="Away"
    )


def _blocked_row(world: World) -> dict:
    blocked = world.one(_blocked)
    return {"public_id": blocked.patient.public_id, "blocked_id": blocked.public_id}


def _patient(world: World) -> dict:
    return {"public_id": world.one(make_patient).public_id}


def _event(clinic: Clinic) -> CompetitionEvent:
    today = timezone.localdate()
    day = today + timedelta(days=30)
    return competitions.enter_competition(
        actor=None, patient=make_horse(clinic), today=today, name="Spring show", from_on=day, until_on=day
    )


def _event_row(world: World) -> dict:
    event = world.one(_event)
    return {"public_id": event.patient.public_id, "event_id": event.public_id}


ROWS: dict[str, Row] = {
    "sessions:book-series": Row(lambda world: {"public_id": world.one(make_course).public_id}),
    "sessions:set-preference": Row(_patient),
    "sessions:block-days": Row(_patient),
    "sessions:unblock-days": Row(_blocked_row),
    "sessions:enter-competition": Row(lambda world: {"public_id": world.one(make_horse).public_id}),
    "sessions:change-competition": Row(_event_row),
    "sessions:remove-competition": Row(_event_row),
}
