"""A file with something of everything that is deleted or kept when somebody asks for it to be erased."""

import uuid
from datetime import date, datetime, timedelta
from types import SimpleNamespace

from mesoclinic.core.roles import Role
from patients.models import ErasureRequest, Patient
from patients.services import parties, patients
from patients.services.retention import set_retention
from patients.services.telling_apart import tell_files_apart
from sessions.models import BatchReport, Reminder, Reply
from sessions.services import appointments, calls, courses, feeds, preferences, waiting
from sessions.services.erasure import record_erasure
from tests.factories import make_batch, make_consent, make_patient, make_user, site_of
from tests.sessions.booking_world import at
from tests.sessions.record_world import book_session, record_world, signed

NOW = at("10:15")


def keep(clinic, **more) -> None:
    fields = {"keep_years": 20, "source": "Code de la santé publique", "until_birthday": None, **more}
    for applies_to in ("people", "animals"):
        set_retention(
            actor=None,
            clinic=clinic,
            applies_to=applies_to,
            since_on=date(2026, 1, 1),
            after_death_years=None,
            **fields,
        )


def erasure_world(species: str = "human") -> SimpleNamespace:
    """A treated patient whose course is over, with messages, feeds, calls, wishes, a family and two permissions."""
    world = record_world(species=species)
    keep(world.clinic)
    world.manager = make_user(world.clinic, Role.MANAGER)
    patients.update_patient(
        actor=None, patient=world.patient, phone="+33 6 39 98 77 66", email="ann@example.org", address="1 rue X\nParis"
    )
    world.signed = signed(world)
    visit = book_session(world, 3)
    waiting.wait_for_earlier_time(actor=world.desk, appointment=visit, now=NOW)
    Reminder.objects.create(
        clinic=world.clinic,
        appointment=visit,
        kind="reminder",
        sent_for=visit.starts_at,
        channel="email",
        due_at=NOW,
        sent_to="ann@example.org",
        text="Please come",
    )
    Reply.objects.create(
        clinic=world.clinic, appointment=visit, for_time=visit.starts_at, kind="confirmed", words="Yes"
    )
    calls.record_call_attempt(actor=world.desk, patient=world.patient, outcome="no_answer", note="rang")
    away = NOW.date() + timedelta(40)
    preferences.block_days(actor=world.desk, patient=world.patient, from_on=away, until_on=away, today=NOW.date())
    feeds.make_feed(actor=world.desk, owner=world.patient, now=NOW)
    parties.add_party(actor=None, patient=world.patient, role="family", name="Bea", phone="0639981122")
    parties.add_party(actor=None, patient=world.patient, role="referrer", name="Dr Ref", phone="0639981123")
    tell_files_apart(actor=world.manager, patient=world.patient, other=make_patient(world.clinic, species))
    for kind in ("general", "photo", "insurer"):
        make_consent(world.patient, kind)
    BatchReport.objects.filter(batch=make_batch(world.clinic)).update(course=world.course)
    appointments.cancel(actor=world.desk, appointment=visit, cancelled_by="patient", reason="over", now=NOW)
    courses.stop_course(actor=world.doctor_user, course=world.course, reason="Asked to be erased", now=NOW)
    world.patient.refresh_from_db()
    return world


def asked(**more) -> dict:
    return {
        "asked_on": NOW.date(),
        "asked_as": "patient",
        "asked_by_name": "Ann Example",
        "known_by": "document",
        "note": "",
        "address": "1 rue X\nParis",
        "language": "fr",
        **more,
    }


def erase(world, patient: Patient | None = None, *, now: datetime = NOW, public_id=None, **more) -> ErasureRequest:
    return record_erasure(
        actor=world.manager,
        patient=patient or world.patient,
        site=site_of(world.clinic),
        public_id=public_id or uuid.uuid4(),
        now=now,
        **asked(**more),
    )


def restrict(patient: Patient) -> None:
    """Set only the row restricted, with what stands around it as it is."""
    kept = {"ended_on": NOW.date(), "end_reason": "left", "phone": "", "email": ""}
    kept |= dict.fromkeys(("may_email", "may_text", "may_call"), False)
    Patient.objects.filter(pk=patient.pk).update(restricted_at=NOW, **kept)
