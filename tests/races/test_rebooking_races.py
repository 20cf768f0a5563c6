"""Eight receptionists accept the same new times, or hear the same patient agree, in the same second."""

from collections import Counter

import pytest

from sessions.models import Appointment, CallAttempt
from tests.factories import make_appointment, make_clinic, make_patient, make_practitioner, make_room, work_week
from tests.races.test_booking_races import PROCESSES, double_booked, run
from tests.sessions.booking_world import NOW, at

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]

BATCHES, VISITS = 12, 3


@pytest.fixture
def crowd():
    clinic = make_clinic()
    hours = work_week("08:00", "20:00")
    return {
        "clinic": clinic,
        "away": make_practitioner(clinic, hours=hours),
        "colleagues": [make_practitioner(clinic, hours=hours) for _ in range(VISITS)],
        "rooms": [make_room(clinic) for _ in range(VISITS)],
        "patients": [make_patient(clinic) for _ in range(VISITS)],
    }


def batches(crowd, first_day):
    """Three visits an hour apart, each with the same new time for everybody: three hours of the afternoon at once."""
    made = []
    for batch in range(BATCHES):
        day = first_day + batch + 2 * ((first_day % 7 + batch) // 5)  # no weekends
        visits = [
            make_appointment(
                crowd["clinic"],
                patient=crowd["patients"][n],
                practitioner=crowd["away"],
                room=crowd["rooms"][n],
                starts_at=at(f"{9 + n:02}:00", day),
                now=NOW,
            )
            for n in range(VISITS)
        ]
        made.append(
            {
                "now": NOW.isoformat(),
                "moves": [
                    {
                        "visit": visit.pk,
                        "starts_at": at("15:00", day).isoformat(),
                        "practitioner": crowd["colleagues"][n].pk,
                        "room": crowd["rooms"][n].pk,
                    }
                    for n, visit in enumerate(visits)
                ],
            }
        )
    return made


def test_a_proposal_is_accepted_once_and_wholly(crowd):
    asked = batches(crowd, first_day=7)
    # every second process names the visits the other way round: nobody may wait for the other
    turned = [{**one, "moves": one["moves"][::-1]} for one in asked]

    outcomes = run(
        [[(one, other)[number % 2] for number in range(PROCESSES)] for one, other in zip(asked, turned, strict=True)],
        "accepting",
    )

    assert {Counter(kind for kind, _ in contest)["won"] for contest in outcomes} == {1}
    codes = {detail[0] for contest in outcomes for kind, detail in contest if kind == "refused"}
    assert codes <= {"moved-meanwhile", "just-taken"}
    assert set(Appointment.objects.values_list("moved_count", flat=True)) == {1}
    assert double_booked() == 0


def test_a_patient_agrees_once(crowd):
    (batch,) = batches(crowd, first_day=0)[:1]
    visits = list(Appointment.objects.filter(pk__in=[one["visit"] for one in batch["moves"]]).order_by("pk"))
    held = run([[batch] * PROCESSES], "accepting")
    # each of the eight offers anew in place of the one before: one stands for each visit
    assert {kind for contest in held for kind, _ in contest} <= {"won", "refused"}
    assert Appointment.objects.filter(in_place_of__isnull=False, status="offered").count() == VISITS

    outcomes = run([[{"visit": visit.pk, "now": NOW.isoformat()}] * PROCESSES for visit in visits], "agreeing")

    assert {Counter(kind for kind, _ in contest)["won"] for contest in outcomes} == {1}
    codes = {detail[0] for contest in outcomes for kind, detail in contest if kind == "refused"}
    assert codes == {"nothing-held"}
    assert {visit.practitioner_id for visit in Appointment.objects.filter(pk__in=[v.pk for v in visits])} == {
        one.pk for one in crowd["colleagues"]
    }
    assert CallAttempt.objects.filter(outcome="agreed").count() == VISITS
    assert double_booked() == 0
