"""A small clinic to book in: one doctor, one vet, two rooms, on Monday 2 March 2026 at eight in the morning in Paris."""

from datetime import datetime, time, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

from mesoclinic.core.localtime import instant
from mesoclinic.core.roles import Role
from patients.models import Patient
from protocols.models import Species
from sessions.services import appointments
from tests.factories import make_clinic, make_patient, make_practitioner, make_room, make_species, make_user, site_of

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 3, 2, 8, tzinfo=PARIS)
MONDAY = NOW.date()


def species(code: str) -> Species:
    return make_species()[code]


def patient(clinic, name="Ada Lovelace", code="human") -> Patient:
    return make_patient(clinic, code, name=name)


def open_clinic(**clinic_fields) -> SimpleNamespace:
    """Both practitioners work Monday to Friday from nine to five; the vet treats horses only."""
    clinic = make_clinic(**clinic_fields)
    return SimpleNamespace(
        clinic=clinic,
        site=site_of(clinic),
        doctor=make_practitioner(clinic, name="Dr Ada", species=[species("human")]),
        vet=make_practitioner(clinic, name="Vet Bo", species=[species("horse")]),
        colleague=make_practitioner(clinic, name="Dr Cy", species=[species("human")]),
        room=make_room(clinic, name="Room 1"),
        other_room=make_room(clinic, name="Room 2"),
        desk=make_user(clinic, Role.RECEPTION),
        patient=patient(clinic),
        horse=patient(clinic, "Bijou", "horse"),
    )


def at(clock: str, day_offset: int = 0, zone=PARIS) -> datetime:
    """The instant of a wall time on the first Monday, or so many days later."""
    return instant(MONDAY + timedelta(days=day_offset), time.fromisoformat(clock), zone)


def book(world, clock: str = "10:00", *, day_offset: int = 0, **fields):
    asked = {
        "actor": world.desk,
        "clinic": world.clinic,
        "site": world.site,
        "kind": "session",
        "patient": world.patient,
        "practitioner": world.doctor,
        "room": world.room,
        "starts_at": at(clock, day_offset),
        "minutes": 30,
        "now": NOW,
    }
    return appointments.book_appointment(**{**asked, **fields})
