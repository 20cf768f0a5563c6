"""Eight at one freed time, eight times for one who waits, eight who put the same visit on the list: one of each."""

from collections import Counter

import pytest

from sessions.models import Appointment, WaitingEntry
from sessions.services.waiting import wait_for_earlier_time
from tests.factories import make_appointment, make_clinic, make_patient, make_practitioner, make_room, work_week
from tests.races.test_booking_races import MINUTES, PROCESSES, double_booked, run, times
from tests.sessions.booking_world import NOW

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]

CONTESTS = 6


@pytest.fixture
def waiting():
    """Eight patients a contest, each with a visit far away that waits for an earlier time; one practitioner for all."""
    clinic = make_clinic()
    doctor = make_practitioner(clinic, hours=work_week("08:00", "20:00"))
    for _ in range(PROCESSES):
        make_room(clinic)
    starts = times(400)
    visits = [
        make_appointment(
            clinic, patient=make_patient(clinic), practitioner=doctor, starts_at=starts_at, minutes=MINUTES
        )
        for starts_at in starts[-CONTESTS * PROCESSES :]
    ]
    entries = [wait_for_earlier_time(actor=None, appointment=visit, now=NOW) for visit in visits]
    groups = [entries[first : first + PROCESSES] for first in range(0, len(entries), PROCESSES)]
    return doctor, starts, groups


def asked(deed, doctor, entry, starts_at) -> dict:
    return {
        "deed": deed,
        "practitioner": doctor.pk,
        "entry": entry.pk,
        "appointment": entry.appointment_id,
        "starts_at": starts_at.isoformat(),
        "now": NOW.isoformat(),
    }


@pytest.mark.parametrize("deed", ["take", "offer"])
def test_of_eight_who_wait_for_one_freed_time_one_gets_it_and_seven_wait_on(waiting, deed):
    doctor, starts, groups = waiting
    contests = [
        [asked(deed, doctor, entry, starts_at) for entry in group]
        for group, starts_at in zip(groups, starts, strict=False)
    ]

    outcomes = run(contests, "waiting")

    assert {Counter(kind for kind, _ in contest)["won"] for contest in outcomes} == {1}
    assert {code for contest in outcomes for kind, (code, *_) in _refused(contest)} == {"just-taken"}
    placed = CONTESTS if deed == "take" else 0
    assert WaitingEntry.objects.filter(state="placed").count() == placed
    assert Appointment.objects.filter(in_place_of__isnull=False).count() == CONTESTS - placed
    assert double_booked() == 0


def test_of_eight_times_given_at_once_to_one_who_waits_one_is_taken(waiting):
    doctor, starts, groups = waiting
    contests = [
        [asked("take", doctor, group[0], starts_at) for starts_at in starts[number * 8 : number * 8 + PROCESSES]]
        for number, group in enumerate(groups)
    ]

    outcomes = run(contests, "waiting")

    assert {Counter(kind for kind, _ in contest)["won"] for contest in outcomes} == {1}
    losers = {code for contest in outcomes for kind, (code, *_) in _refused(contest)}
    assert losers <= {"moved-meanwhile", "waits-no-longer"}
    assert set(Appointment.objects.values_list("moved_count", flat=True)) == {0, 1}
    assert WaitingEntry.objects.filter(state="placed").count() == CONTESTS


def test_a_visit_put_on_the_list_by_eight_at_once_is_on_it_once(waiting):
    doctor, starts, groups = waiting
    WaitingEntry.objects.all().delete()
    contests = [[asked("wait", doctor, group[0], starts[0]) for _ in range(PROCESSES)] for group in groups]

    outcomes = run(contests, "waiting")

    assert {Counter(kind for kind, _ in contest)["won"] for contest in outcomes} == {PROCESSES}
    assert WaitingEntry.objects.count() == CONTESTS


def _refused(contest):
    return [(kind, detail) for kind, detail in contest if kind == "refused"]
