"""A horse's course with one session of every kind: signed and amended, withdrawn, done but not signed, and to come."""

import hashlib
from datetime import datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

from mesoclinic.core.roles import Role
from patients.services import flags, parties
from protocols.models import Technique
from protocols.services.protocols import DraftLine
from sessions.models import (
    Addendum,
    Administration,
    AdverseEvent,
    InjectionSite,
    Override,
    PlannedSession,
    Score,
    SessionRecord,
    Signature,
)
from sessions.services import appointments, courses, plans
from tests.factories import (
    make_clinic,
    make_course,
    make_horse,
    make_indication,
    make_lot,
    make_patient,
    make_practitioner,
    make_protocol_version,
    make_room,
    make_substance,
    make_user,
    site_of,
)
from tests.sessions.booking_world import MONDAY, NOW, PARIS, at


def report_world(*, species: str = "horse", name: str = "Galant", cadence: str = "2x1w!, 2x2w") -> SimpleNamespace:
    """One prescribed and planned course on Monday 2 March 2026, nothing recorded yet."""
    clinic = make_clinic(name="Clinique des Deux Rives")
    user = make_user(clinic, Role.PRACTITIONER)
    vet = make_practitioner(clinic, name="Dr Camille Roux", user=user)
    numbers = {"identifiers": [("microchip", "250259600123456")]}
    if species == "horse":
        patient = make_horse(clinic, name=name, owner="Anne Lefèvre", registered_name="Galant de l’Étang", **numbers)
    else:
        patient = make_patient(clinic, species, name=name)
    base = make_substance(clinic, "Mepivacaine", strength=Decimal(20))
    vessel = make_substance(clinic, "Pentoxifylline", categories=("vasodilator",))
    technique = Technique.objects.create(clinic=clinic, code="papule", name="Papule")
    version = make_protocol_version(
        clinic,
        name="Equine back",
        cadence=cadence,
        technique=technique,
        source="Denoix 2002",
        lines=[DraftLine(base, "base", Decimal(5)), DraftLine(vessel, "vasodilator", Decimal("2.5"))],
    )
    course = make_course(
        clinic,
        cadence=cadence,
        start_on=MONDAY,
        patient=patient,
        protocol_version=version,
        practitioner=vet,
        indication=make_indication(clinic, name="Back pain"),
        actor=user,
        now=NOW,
        side="left",
        complaint="Short in the left rein",
        tried_before="Rest, shoeing",
        combined_with="Physiotherapy",
    )
    lot = make_lot(clinic, base, number="MV2291")
    world = SimpleNamespace(**{key: value for key, value in locals().items() if key != "world"})
    world.site, world.desk, world.room = site_of(clinic), make_user(clinic, Role.RECEPTION), make_room(clinic)
    world.manager = make_user(clinic, Role.MANAGER)
    return world


def planned(world, number: int) -> PlannedSession:
    return PlannedSession.objects.get(course=world.course, number=number)


def add_record(world, number: int, *, days_late: int = 0, pain: tuple = (7, 4), attempt: int = 1) -> SessionRecord:
    """A record that is done, with a row of every kind."""
    session = planned(world, number)
    given_at = at("10:20", (session.due_on - MONDAY).days + days_late)
    record = SessionRecord.objects.create(
        clinic=world.clinic,
        course=world.course,
        planned_session=session,
        patient=world.patient,
        status="done",
        performed_at=given_at,
        performed_by=world.vet,
        checklist={"clear": True, "yes": [], "note": ""},
        weight_kg=Decimal(512),
        weight_is_estimated=True,
        technique=world.technique,
        device="injector",
        device_number="gun 3",
        needle="27G",
        needle_length_mm=Decimal(4),
        depth_mm=Decimal("3.5"),
        shots=50,
        relief_seconds=45,
        effect_duration=Decimal("5.0"),
        effect_unit="days",
        sedation="Detomidine 0.3 mL",
        aftercare="Walk for two days.",
        notes="Stood well.\nSecond line.",
        attempt=attempt,
    )
    _fill(world, record, pain)
    session.status, session.performed_on = "done", given_at.astimezone(PARIS).date()
    session.save(update_fields=["status", "performed_on"])
    return record


def _fill(world, record: SessionRecord, pain: tuple) -> None:
    given = {"record": record, "strength_unit": "mg/mL"}
    Administration.objects.create(
        **given,
        position=1,
        role="base",
        substance=world.base,
        strength=Decimal(20),
        prepared_ml=Decimal("5.5"),
        given_ml=Decimal(5),
        wasted_ml=Decimal("0.5"),
        lot=world.lot,
        lot_number="MV2291",
        expires_on=world.lot.expires_on,
    )
    Administration.objects.create(
        **given,
        position=2,
        role="vasodilator",
        substance=world.vessel,
        strength=Decimal(20),
        syringe="B",
        prepared_ml=Decimal("2.5"),
        given_ml=Decimal("2.5"),
        lot_number="PX-88104",
    )
    for place, (side, points) in enumerate((("left", 24), ("right", 22)), start=1):
        view = {"horse": side, "human": "back"}.get(world.patient.species.code, side)
        InjectionSite.objects.create(
            record=record,
            position=place,
            region="Lumbar",
            side=side,
            row=place,
            technique=world.technique,
            depth_mm=Decimal("3.5"),
            points=points,
            volume_per_point_ml=Decimal("0.1"),
            is_reactive=side == "left",
            map_points=[[view, 320 + 9 * n, 150 + place * 12] for n in range(points)],
        )
    for moment, value in zip(("before", "after"), pain, strict=True):
        Score.objects.create(record=record, scale="pain", moment=moment, value=Decimal(value), rated_by="clinician")
    Score.objects.create(record=record, scale="behaviour", moment="after", value=Decimal(2), rated_by="owner")


def sign_record(world, record: SessionRecord, *, sequence: int = 1) -> Signature:
    """Sign as the service leaves it: the record frozen, one link in the chain."""
    signed_at = record.performed_at + timedelta(hours=8)
    SessionRecord.objects.filter(pk=record.pk).update(status="signed", signed_at=signed_at, signed_by=world.vet)
    return Signature.objects.create(
        clinic=world.clinic,
        sequence=sequence,
        record=record,
        format=1,
        canonical_text="…",
        sha256=hashlib.sha256(str(sequence).encode()).hexdigest(),
        signed_by=world.vet,
        signed_at=signed_at,
    )


def add_addendum(world, record: SessionRecord, kind: str, text: str) -> Addendum:
    return Addendum.objects.create(
        record=record,
        kind=kind,
        text=text,
        reason="Seen on the vial",
        by=world.vet,
        at=record.performed_at + timedelta(days=1),
    )


def full_world(**given) -> SimpleNamespace:
    """Session 1 withdrawn and recorded again, signed and amended; 2 late and not signed; 3 booked behind a review."""
    world = report_world(**given)
    wrong = add_record(world, 1)
    sign_record(world, wrong, sequence=1)
    add_addendum(world, wrong, "withdrawal", "Written in the file of the wrong horse.")
    right = add_record(world, 1, pain=(7, 5), attempt=2)
    Override.objects.create(record=right, rule="window", finding="Before its window.", reason="competes", by=world.user)
    AdverseEvent.objects.create(
        patient=world.patient, record=right, kind="Small haematoma", severity="mild", action="cold pack"
    )
    sign_record(world, right, sequence=2)
    add_addendum(world, right, "correction", "The lot is PX-88105.")
    add_record(world, 2, days_late=5, pain=(5, 2))
    Override.objects.create(
        course=world.course, rule="dose", finding="Dose above the ceiling.", reason="large horse", by=world.user
    )
    plans.replan_course(course=world.course, now=at("18:00", 12))
    courses.record_review(
        actor=world.user, course=world.course, after_number=2, decision="continue", note="Better", now=at("18:00", 12)
    )
    book_third(world)
    flags.add_flag(actor=world.user, patient=world.patient, kind="behaviour", text="Kicks", since_on=MONDAY)
    new_owner = parties.add_party(
        actor=world.user, patient=world.patient, role="trainer", name="Paul Martin", from_on=MONDAY
    )
    world.wrong, world.right, world.trainer = wrong, right, new_owner
    return world


def book_third(world):
    third = planned(world, 3)
    return appointments.book_appointment(
        actor=world.desk,
        clinic=world.clinic,
        site=world.site,
        kind="session",
        patient=world.patient,
        practitioner=world.vet,
        room=world.room,
        starts_at=at("09:30", (third.due_on - MONDAY).days),
        minutes=30,
        planned_session=third,
        now=at("18:00", 12),
    )


LATER: datetime = at("12:00", 13)
