"""Examples of the calendar's and the appointments' URLs for the rights matrix."""

from uuid import UUID

from sessions.models import Appointment
from tests.factories import make_appointment, make_course, make_patient, make_practitioner, make_room
from tests.sessions.booking_world import at
from tests.web.rights import Row


def make_visit(clinic) -> Appointment:
    return make_appointment(
        clinic,
        patient=make_patient(clinic),
        practitioner=make_practitioner(clinic),
        room=make_room(clinic),
        starts_at=at("10:00"),
    )


def visit(world) -> dict:
    return {"public_id": world.one(make_visit).public_id}


def make_planned(clinic):
    return make_course(clinic).planned_sessions.first()


ONE_TAP = (
    *(
        "arrive",
        "back",
        "start",
        "undo-start",
        "done",
        "undo-done",
        "undo-not-treated",
        "no-show",
        "undo-no-show",
        "undo-cancel",
        "accept-offer",
        "change-kind",
    ),
    *("appointment", "move", "cancel", "not-treated", "entered-in-error"),
)

ROWS = {
    "sessions:calendar": Row(),
    "sessions:calendar-feed": Row(),
    "sessions:day-list": Row(),
    "sessions:day-list-pdf": Row(),
    "sessions:book": Row(),
    "sessions:new-caller": Row(),
    "sessions:likely-known": Row(),
    "sessions:walk-in": Row(),
    "sessions:walk-in-new-caller": Row(),
    "sessions:book-planned": Row(lambda world: {"public_id": world.one(make_planned).public_id}),
    "sessions:undo": Row(lambda world: {"batch": UUID(int=7)}),
    **{f"sessions:{name}": Row(visit) for name in ONE_TAP},
}
