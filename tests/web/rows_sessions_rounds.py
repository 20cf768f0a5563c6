"""Examples of the URLs of rounds for the rights matrix."""

from datetime import date

from django.http import QueryDict

from patients.services import places
from sessions.models import Round
from sessions.services import rounds
from sessions.services.rounds import Stop
from tests.factories import make_horse, make_patient, make_practitioner, site_of
from tests.sessions.booking_world import NOW, at
from tests.web.rights import Row


def make_round(clinic) -> Round:
    stable = places.create_place(actor=None, clinic=clinic, kind="stable", name="Oakfield", travel_min=20)
    horse = make_horse(clinic, place=stable)
    return rounds.book_round(
        actor=None,
        clinic=clinic,
        site=site_of(clinic),
        place=stable,
        practitioner=make_practitioner(clinic),
        starts_at=at("10:00"),
        stops=[Stop(horse, 20, reason="teeth")],
        now=NOW,
    )


def a_stop(world) -> dict:
    return {"public_id": world.one(make_round).visits.first().public_id}


def one(world) -> dict:
    return {"public_id": world.one(make_round).public_id}


def a_couple(world) -> QueryDict:
    pair = QueryDict(mutable=True)
    pair.setlist("with", [str(world.one(make).public_id) for make in (make_patient, make_horse)])
    return pair


ROWS = {
    "sessions:rounds": Row(),
    "sessions:book-round": Row(query={"on": date(2026, 3, 2).isoformat()}),
    "sessions:round-times": Row(),
    "sessions:round": Row(one),
    "sessions:reorder-round": Row(one),
    "sessions:close-gaps": Row(one),
    "sessions:move-round": Row(one),
    "sessions:cancel-round": Row(one),
    "sessions:round-sheet": Row(one),
    "sessions:round-records": Row(one),
    "sessions:start-round-records": Row(one),
    "sessions:leave-out-of-round": Row(a_stop),
    "sessions:book-together": Row(query=a_couple),
    "sessions:together-times": Row(),
    "sessions:add-to-round": Row(one),
}
