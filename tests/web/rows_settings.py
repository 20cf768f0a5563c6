"""Examples of the settings' URLs for the rights matrix: practitioners, rooms, hours, days away, places, access log."""

from datetime import UTC, date, datetime
from uuid import uuid4

from django.utils import timezone

from mesoclinic.core.models import Clinic
from mesoclinic.core.roles import Role
from patients.models import ErasureRequest, Place
from patients.services.places import create_place
from patients.services.retention import set_retention
from sessions.models import Absence, Closure, Practitioner, Room
from sessions.services import availability
from sessions.services.erasure import record_erasure
from tests.factories import make_patient, make_user, site_of
from tests.web.rights import Row, World


def a_practitioner(clinic: Clinic) -> Practitioner:
    return availability.create_practitioner(actor=None, clinic=clinic, name="Dr Example")


def a_room(clinic: Clinic) -> Room:
    return availability.create_room(actor=None, site=site_of(clinic), name="Example")


def an_absence(clinic: Clinic) -> Absence:
    room = availability.create_room(actor=None, site=site_of(clinic), name="Shut")
    return availability.add_absence(actor=None, room=room, starts_at=datetime(2026, 1, 5, tzinfo=UTC))


def a_closure(clinic: Clinic) -> Closure:
    day = date(2026, 12, 24)
    return availability.add_closure(actor=None, site=site_of(clinic), from_on=day, until_on=day)


def a_place(clinic: Clinic) -> Place:
    return create_place(actor=None, clinic=clinic, name="Example stable")


def an_erasure(clinic: Clinic) -> ErasureRequest:
    """Nothing can be added around its patient, so this is the row, and not the file."""
    patient = make_patient(clinic)
    today = timezone.localdate()
    set_retention(
        actor=None, clinic=clinic, applies_to="people", since_on=date(2026, 1, 1), keep_years=20, source="House rule"
    )
    return record_erasure(
        actor=make_user(clinic, Role.MANAGER),
        patient=patient,
        site=site_of(clinic),
        public_id=uuid4(),
        asked_on=today,
        asked_as="patient",
        asked_by_name="Ann",
        known_by="known",
        language="en",
    )


def named(make):
    return lambda world: {"public_id": world.one(make).public_id}


def of_a_restricted_file(world: World) -> dict:
    return {"public_id": world.one(an_erasure).patient.public_id}


def of_an_erasure(world: World) -> dict:
    return {**of_a_restricted_file(world), "erasure_id": world.one(an_erasure).public_id}


def hours_of_a_practitioner(world: World) -> dict:
    return {"kind": "practitioner", "public_id": world.one(a_practitioner).public_id}


ROWS: dict[str, Row] = {
    "sessions:paper": Row(),
    "sessions:leaflet-texts": Row(),
    "sessions:leaflet-preview": Row(lambda world: {"reader": "animals", "language": "fr"}),
    "sessions:practitioners": Row(),
    "sessions:create-practitioner": Row(),
    "sessions:edit-practitioner": Row(named(a_practitioner)),
    "sessions:rooms": Row(),
    "sessions:create-room": Row(named(site_of)),
    "sessions:edit-room": Row(named(a_room)),
    "sessions:hours": Row(),
    "sessions:edit-hours": Row(hours_of_a_practitioner),
    "sessions:absences": Row(),
    "sessions:add-absence": Row(),
    "sessions:absence": Row(named(an_absence)),
    "sessions:remove-absence": Row(named(an_absence)),
    "sessions:closures": Row(),
    "sessions:add-closure": Row(),
    "sessions:closure": Row(named(a_closure)),
    "sessions:remove-closure": Row(named(a_closure)),
    "sessions:open-holiday": Row(),
    "sessions:access-log": Row(),
    "sessions:patient-access-log": Row(named(make_patient)),
    "sessions:patient-access-log-pdf": Row(named(make_patient)),
    "sessions:retention": Row(),
    "sessions:edit-retention": Row(lambda world: {"applies_to": "people"}),
    "sessions:export-patient": Row(named(make_patient)),
    "sessions:pseudonymise": Row(named(make_patient)),
    "sessions:erase": Row(named(make_patient), typed=lambda world: {"number": str(world.one(make_patient).number)}),
    "sessions:print-erasure": Row(of_an_erasure),
    "sessions:lift-restriction": Row(of_a_restricted_file),
    "patients:open-restricted": Row(of_a_restricted_file),
    "patients:places": Row(),
    "patients:create-place": Row(),
    "patients:edit-place": Row(named(a_place)),
}
