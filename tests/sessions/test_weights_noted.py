"""A weight typed at a session is the file's newest from then on, until the record is taken back or withdrawn."""

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from patients.models import Patient, Weight
from patients.queries.patients import mix_patients
from sessions.queries import records as reads
from sessions.services import records
from tests.sessions.booking_world import MONDAY, at
from tests.sessions.record_world import book_session, done, filled, finish, record_world, save, signed, start
from tests.shared import shared

pytestmark = pytest.mark.django_db


@shared
def world():
    return record_world()


def weights(world) -> list[tuple[Decimal, bool]]:
    return [(row.weight_kg, row.is_estimated) for row in world.patient.weights.all()]


def test_the_next_record_and_the_next_prescription_go_by_the_weight_of_the_last_session(world):
    """Else somebody who lost twenty kilograms is given doses for the weight before."""
    done(world, 1, weight_kg=Decimal("50.5"), weight_is_estimated=True)

    next_one = reads.content(start(world, book_session(world, 2)))

    assert (next_one.weight_kg, next_one.weight_is_estimated) == (Decimal("50.5"), True)
    assert mix_patients([world.patient], MONDAY)[world.patient.pk].weight_kg == Decimal("50.5")
    assert weights(world) == [(Decimal("50.5"), True), (Decimal(70), False)]


def test_the_weight_of_the_file_is_not_noted_again_and_none_notes_none(world):
    done(world, 1)
    done(world, 2, weight_kg=None)

    assert weights(world) == [(Decimal(70), False)]


def test_a_record_taken_back_takes_its_weight_along(world):
    record = done(world, 1, weight_kg=Decimal(50))

    records.undo_done(actor=world.doctor_user, record=record, now=at("11:00"))

    assert weights(world) == [(Decimal(70), False)]


def test_a_record_of_the_wrong_patient_takes_its_weight_along(world):
    record = signed(world, 1, weight_kg=Decimal(50))

    records.add_addendum(
        actor=world.doctor_user,
        record=record,
        kind="withdrawal",
        text="Another patient.",
        reason="Taken for her sister.",
        now=at("19:00"),
    )

    assert weights(world) == [(Decimal(70), False)]


def test_a_weight_the_desk_noted_stays_when_the_record_is_taken_back(world):
    Weight.objects.create(patient=world.patient, weight_kg=Decimal(50), weighed_on=MONDAY)
    record = done(world, 1, weight_kg=Decimal(50))

    records.undo_done(actor=world.doctor_user, record=record, now=at("11:00"))

    assert weights(world) == [(Decimal(50), False), (Decimal(70), False)]


@pytest.mark.parametrize(("typed", "fits"), [("70", True), ("700", False), ("0.7", False), ("", True)])
def test_a_slip_in_a_weight_is_asked_about_beside_its_field(world, typed, fits):
    """Ten times the weight is ten times the ceiling."""
    record = start(world)
    browser = Client()
    browser.force_login(world.doctor_user)

    answer = browser.post(
        reverse("sessions:record-save", args=[record.public_id]), {"weight_kg": typed}, headers={"X-Autosave": "1"}
    )

    assert ("weight_kg" not in answer.json()["errors"]) is fits


def test_a_restricted_file_keeps_its_weight_and_the_session_is_done_all_the_same(world):
    record = start(world)
    save(world, record, filled(record, weight_kg=Decimal(50)))
    unreached = dict.fromkeys(("phone", "email"), "") | dict.fromkeys(("may_email", "may_text", "may_call"), False)
    closed = {"restricted_at": at("10:05"), "ended_on": MONDAY, "end_reason": "other"}
    Patient.objects.filter(pk=world.patient.pk).update(**closed, **unreached)

    finish(world, record)

    record.refresh_from_db()
    assert record.status == "done"
    assert weights(world) == [(Decimal(70), False)]
