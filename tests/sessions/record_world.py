"""A clinic with a course of four weekly sessions, its first visit here on Monday 2 March 2026 at ten, in Paris."""

from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace

from django.db import connection

from mesoclinic.core import freeze
from mesoclinic.core.models import Clinic
from mesoclinic.core.roles import Role
from protocols.models import Indication, Technique
from protocols.services.protocols import DraftLine
from sessions.models import Appointment, PlannedSession, SessionRecord
from sessions.queries import records as reads
from sessions.recording import RecordContent, ScoreGiven, SiteTreated
from sessions.services import appointments, courses, plans, records
from sessions.services.records import Typed
from tests.factories import (
    make_clinic,
    make_consent,
    make_lot,
    make_patient,
    make_practitioner,
    make_protocol_version,
    make_room,
    make_substance,
    make_user,
    site_of,
)
from tests.sessions.booking_world import MONDAY, NOW, at

CLEAR = {"clear": True, "yes": [], "note": "", "asked": ["fever"]}


def record_world(*, cadence: str = "4x1w", species: str = "human", clinic: Clinic | None = None) -> SimpleNamespace:
    clinic = clinic or make_clinic()
    site = site_of(clinic)
    doctor_user = make_user(clinic, Role.PRACTITIONER)
    doctor = make_practitioner(clinic, name="Dr Ada", user=doctor_user)
    colleague = make_practitioner(clinic, name="Dr Cy")
    room = make_room(clinic)
    patient = make_patient(clinic, species)
    consent = make_consent(patient)
    lidocaine = make_substance(clinic, "Lidocaine", species=("human", "horse", "dog"))
    vessel = make_substance(clinic, "Pentoxifylline", categories=("vasodilator",), species=("human", "horse", "dog"))
    technique = Technique.objects.create(clinic=clinic, code="papule", name="Papule")
    version = make_protocol_version(
        clinic,
        cadence=cadence,
        technique=technique,
        device="needle",
        needle="4 mm 27G",
        lines=[DraftLine(lidocaine, "base", Decimal(2)), DraftLine(vessel, "vasodilator", Decimal(1))],
    )
    indication = Indication.objects.create(
        clinic=clinic, code="neck", name="Neck pain", field="pain", duration="chronic", region="Neck"
    )
    course = courses.prescribe_course(
        actor=doctor_user,
        clinic=clinic,
        patient=patient,
        protocol_version=version,
        indication=indication,
        lead_practitioner=doctor,
        site=site,
        start_on=MONDAY,
        cadence=cadence,
        side="left",
        now=NOW,
    )
    plans.plan_sessions(course.pk, now=NOW)
    world = SimpleNamespace(**{name: value for name, value in locals().items() if name != "world"})
    world.desk = make_user(clinic, Role.RECEPTION)
    world.visit = book_session(world, 1)
    return world


def session(world, number: int) -> PlannedSession:
    return PlannedSession.objects.get(course=world.course, number=number)


def book_session(world, number: int, clock: str = "10:00", *, practitioner=None) -> Appointment:
    planned = session(world, number)
    return appointments.book_appointment(
        actor=world.desk,
        clinic=world.clinic,
        site=world.site,
        kind="session",
        patient=world.patient,
        practitioner=practitioner or world.doctor,
        room=world.room,
        starts_at=at(clock, (planned.due_on - MONDAY).days),
        minutes=30,
        planned_session=planned,
        now=NOW,
    )


def start(world, visit: Appointment | None = None) -> SessionRecord:
    visit = visit or world.visit
    return records.start_record(actor=world.doctor_user, appointment=visit, now=visit.starts_at)


def filled(record: SessionRecord, **changes) -> RecordContent:
    """What the record holds, with the questions answered."""
    return replace(reads.content(record), **{"checklist": CLEAR, **changes})


def save(world, record: SessionRecord, content: RecordContent, **seen) -> SessionRecord:
    record.refresh_from_db()
    typed = Typed(raw={}, content=content, **{"edit_count": record.edit_count, **seen})
    return records.save_draft(actor=world.doctor_user, record=record, typed=typed)


def finish(world, record: SessionRecord, *, minutes: int = 20, **fields) -> SessionRecord:
    given_at = fields.pop("performed_at", None) or record.appointment.starts_at + timedelta(minutes=minutes)
    fields = {
        "actor": world.doctor_user,
        "performed_by": world.doctor,
        "now": given_at + timedelta(minutes=1),
        **fields,
    }
    return records.mark_done(record=record, performed_at=given_at, **fields)


def done(world, number: int = 1, **changes) -> SessionRecord:
    """The record of a session, filled in and done."""
    visit = world.visit if number == 1 else book_session(world, number)
    record = start(world, visit)
    save(world, record, filled(record, **changes))
    return finish(world, record)


def signed(world, number: int = 1, **changes) -> SessionRecord:
    """A signed record with a row in every table that belongs to it."""
    changes = {
        "scores": (
            ScoreGiven("pain", "before", Decimal(7), "patient"),
            ScoreGiven("pain", "after", Decimal(3), "patient"),
        ),
        "sites": (SiteTreated("Neck", "left", points=12, volume_per_point_ml=Decimal("0.2")),),
        **changes,
    }
    record = done(world, number, **changes)
    sign(world, record)
    record.refresh_from_db()
    return record


def sign(world, *rows: SessionRecord, actor=None):
    return records.sign_records(actor=actor or world.doctor_user, records=rows, now=at("18:00"))


def lot_of(world, **fields):
    return make_lot(world.clinic, world.lidocaine, **fields)


@contextmanager
def lifted_everywhere():
    """Lift the triggers on both engines, as only the owner of the database can."""
    if connection.vendor == "sqlite":
        with freeze.lifted():
            yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        yield
        cursor.execute("SET session_replication_role = DEFAULT")
