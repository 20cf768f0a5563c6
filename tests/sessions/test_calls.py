"""The log of calls: what came of each, and the last word about a patient or a visit."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.refused import Refused
from sessions.models import Appointment
from sessions.queries import calls as reads
from sessions.services.calls import record_call_attempt
from tests.sessions.booking_world import NOW, at, book, open_clinic, patient
from tests.shared import shared

pytestmark = pytest.mark.django_db


@shared
def world():
    return open_clinic()


def call(world, outcome, minutes_later=0, **fields):
    now = NOW + timedelta(minutes=minutes_later)
    return record_call_attempt(
        **{"actor": world.desk, "patient": world.patient, "outcome": outcome, "now": now, **fields}
    )


def test_the_last_outcome_of_each_patient_is_told(world, django_assert_num_queries):
    bob = patient(world.clinic, "Bob")
    call(world, "no_answer")
    call(world, "message_left", 5, note="with the daughter")
    call(world, "reached", 3, patient=bob)

    with django_assert_num_queries(1):
        last = reads.last_outcomes([world.patient, bob, world.horse])
        said = {key: (row.outcome, row.note, row.by) for key, row in last.items()}

    assert said == {
        world.patient.pk: ("message_left", "with the daughter", world.desk),
        bob.pk: ("reached", "", world.desk),
    }


def test_old_attempts_may_be_left_out(world):
    call(world, "no_answer")

    assert reads.last_outcomes([world.patient], since=NOW + timedelta(minutes=1)) == {}


def test_attempts_about_a_visit_are_listed_latest_first(world, django_assert_num_queries):
    visit = book(world)
    call(world, "no_answer", appointment=visit)
    call(world, "reached", 9, appointment=visit)

    with django_assert_num_queries(1):
        assert [row.outcome for row in reads.attempts_about([visit])[visit.pk]] == ["reached", "no_answer"]


def test_a_call_is_in_the_audit_trail(world):
    attempt = call(world, "reached")

    event = AuditEvent.objects.get(verb="call.recorded")
    assert (event.subject_id, event.patient_id, event.actor) == (attempt.pk, world.patient.pk, world.desk)


def test_an_outcome_nobody_knows_is_refused(world):
    with pytest.raises(Refused, match="Say what came of the call"):
        call(world, "sang")


def test_a_call_about_the_visit_of_somebody_else_is_refused(world):
    with pytest.raises(Refused) as refused:
        call(world, "reached", patient=world.horse, appointment=book(world))
    assert refused.value.code == "other-patient"


def hold(visit, clock, **fields):
    plain = {name: getattr(visit, name) for name in ("clinic", "site", "patient", "practitioner", "room")}
    own = {"status": "offered", "offered_until": at("09:00", 1), "in_place_of": visit}
    times = {"starts_at": at(clock, 1), "ends_at": at(clock, 1) + timedelta(minutes=30)}
    return Appointment.objects.create(**{**plain, **own, **times, **fields})


def test_one_time_at_most_is_held_for_a_visit(world):
    visit = book(world)
    hold(visit, "10:00")

    with pytest.raises(IntegrityError), transaction.atomic():
        hold(visit, "11:00")


def test_a_held_time_is_never_a_visit_of_its_own(world):
    visit = book(world)

    with pytest.raises(IntegrityError), transaction.atomic():
        hold(visit, "10:00", status="booked")
