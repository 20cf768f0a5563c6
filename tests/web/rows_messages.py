"""Examples of the URLs of messages for the rights matrix: outbox, replies, settings."""

from django.utils import timezone

from mesoclinic.core.models import Clinic
from sessions.models import Reminder, Reply
from tests.web.rights import Row, World
from tests.web.rows_sessions_appointments import make_visit


def a_message(clinic: Clinic) -> Reminder:
    visit = make_visit(clinic)
    told = {"kind": "reminder", "sent_for": visit.starts_at, "channel": "email", "due_at": timezone.now()}
    return Reminder.objects.create(clinic=clinic, appointment=visit, status="failed", **told)


def a_reply(clinic: Clinic) -> Reply:
    visit = make_visit(clinic)
    return Reply.objects.create(clinic=clinic, appointment=visit, for_time=visit.starts_at, kind="other_time")


def message(world: World) -> dict:
    return {"public_id": world.one(a_message).public_id}


def text(world: World) -> dict:
    return {"kind": "reminder", "language": "en"}


ROWS = {
    "sessions:outbox": Row(),
    "sessions:message": Row(message),
    "sessions:retry-message": Row(message),
    "sessions:settle-reply": Row(lambda world: {"public_id": world.one(a_reply).public_id}),
    "sessions:reminder-settings": Row(),
    "sessions:message-text": Row(text),
    "sessions:message-preview": Row(text),
}
