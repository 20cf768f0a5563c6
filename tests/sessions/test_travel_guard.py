"""The database keeps the practitioner free on the way to a round and back."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from mesoclinic.core.constraints import violated
from sessions.models import Appointment
from tests.sessions.booking_world import at, open_clinic
from tests.shared import shared

pytestmark = pytest.mark.django_db


@shared
def world():
    return open_clinic()


def visit(world, clock, minutes=30, *, before=0, after=0, **fields):
    starts_at = at(clock)
    return Appointment(
        clinic=world.clinic,
        site=world.site,
        patient=fields.pop("patient", world.horse),
        practitioner=world.vet,
        starts_at=starts_at,
        ends_at=starts_at + (at("00:01") - at("00:00")) * minutes,
        travel_before_min=before,
        travel_after_min=after,
        **fields,
    )


def refused(row):
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        row.save()
    return violated(caught.value)


@pytest.mark.parametrize(
    ("clock", "fits"),
    [("09:29", False), ("09:00", True), ("09:01", False), ("10:30", False), ("11:29", False), ("11:30", True)],
)
def test_a_visit_on_the_way_there_or_back_is_refused_by_the_database(world, clock, fits):
    visit(world, "10:00", 60, before=30, after=30).save()
    other = visit(world, clock, patient=world.patient)

    if fits:
        other.validate_constraints()
        other.save()
    else:
        with pytest.raises(ValidationError):
            other.validate_constraints()
        assert refused(other) == "appointment_practitioner_free"


@pytest.mark.parametrize(
    ("clock", "before", "after", "fits"),
    [("11:20", 20, 0, True), ("11:20", 21, 0, False), ("08:40", 0, 50, True), ("08:40", 0, 51, False)],
)
def test_the_way_to_a_round_may_not_meet_what_is_booked(world, clock, before, after, fits):
    visit(world, "10:00", 60, patient=world.patient).save()
    row = visit(world, clock, before=before, after=after)

    if fits:
        row.save()
    else:
        assert refused(row) == "appointment_practitioner_free"


def test_the_way_there_is_guarded_when_it_is_added_later(world):
    visit(world, "10:00", patient=world.patient).save()
    row = visit(world, "10:40")
    row.save()

    rows = Appointment.objects.filter(pk=row.pk)

    rows.update(travel_before_min=10)
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(travel_before_min=11)


def test_a_way_over_midnight_is_kept_too(world):
    visit(world, "00:20", before=60).save()

    late = visit(world, "23:30", 60, patient=world.patient)
    late.starts_at, late.ends_at = (
        moment - (at("00:00", 1) - at("00:00")) for moment in (late.starts_at, late.ends_at)
    )

    assert refused(late) == "appointment_practitioner_free"


def test_a_cancelled_round_keeps_no_way(world):
    row = visit(world, "10:00", 60, before=30)
    row.status, row.cancelled_by, row.status_reason = "cancelled", "clinic", "snow"
    row.save()

    visit(world, "09:30", patient=world.patient).save()
