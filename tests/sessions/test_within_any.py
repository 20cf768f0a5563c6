"""The lookup `within_any`: the same rows as one range after the other, by a seek on both engines."""

from datetime import time, timedelta
from itertools import pairwise

import pytest
from django.db import connection
from django.utils import timezone

from mesoclinic.core.localtime import instant
from sessions.models import Appointment
from tests.factories import make_appointment, make_clinic, make_patient, make_practitioner, next_workday, site_of

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def _visits(count: int) -> list[Appointment]:
    """Visits of one practitioner half an hour apart, in order."""
    clinic = make_clinic()
    shared = {"practitioner": make_practitioner(clinic), "patient": make_patient(clinic)}
    zone = site_of(clinic).zone
    first = instant(next_workday(site_of(clinic), timezone.now().date() + 7 * DAY), time(9), zone)
    return [make_appointment(clinic, starts_at=first + n * timedelta(minutes=30), **shared) for n in range(count)]


def test_finds_what_lies_in_one_of_the_spans_both_ends_included():
    visits = _visits(6)
    times = [one.starts_at for one in visits]

    found = Appointment.objects.filter(starts_at__within_any=[(times[0], times[1]), (times[4], times[4])])

    assert sorted(found.values_list("starts_at", flat=True)) == [times[0], times[1], times[4]]


def test_nothing_between_the_spans_is_found():
    visits = _visits(3)
    minute = timedelta(minutes=1)
    gaps = [(a.starts_at + minute, b.starts_at - minute) for a, b in pairwise(visits)]

    assert not Appointment.objects.filter(starts_at__within_any=gaps).exists()


def test_the_index_of_an_owner_is_sought_by_time():
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL chooses its plan by the size of the table")
    (visit,) = _visits(1)
    spans = [(visit.starts_at + n * DAY, visit.ends_at + n * DAY) for n in range(5)]
    wanted = Appointment.objects.filter(practitioner_id__in=[visit.practitioner_id], starts_at__within_any=spans)

    plan = wanted.order_by().explain()

    assert "appointment_by_practitioner (practitioner_id=? AND starts_at>? AND starts_at<?)" in plan
