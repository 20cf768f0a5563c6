"""Taking back, for a minute, a move, a cancellation, a no-show, a session left out, and many of them at once."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.refused import Refused
from mesoclinic.core.roles import Role
from sessions.models import Appointment
from sessions.services import appointments, availability, courses
from sessions.services.appointments import NewTime
from sessions.services.undoing import undo
from tests.factories import make_course, make_user
from tests.sessions.booking_world import MONDAY, NOW, at, book, open_clinic, patient
from tests.shared import shared

pytestmark = pytest.mark.django_db


@shared
def world():
    return open_clinic()


def take_back(world, batch, **fields):
    return undo(actor=world.desk, clinic=world.clinic, batch=batch, **{"now": NOW, **fields})


def book_course(world):
    course = make_course(
        world.clinic, cadence="4x1w", patient=world.patient, practitioner=world.doctor, start_on=MONDAY
    )
    rows = list(course.planned_sessions.all())
    return course, rows, [book(world, day_offset=7 * n, planned_session=row) for n, row in enumerate(rows)]


def facts():
    fields = ("pk", "starts_at", "ends_at", "status", "practitioner", "room", "exception_reason", "is_squeezed_in")
    return list(Appointment.objects.order_by("pk").values_list(*fields))


def test_a_move_to_another_day_room_and_practitioner_is_taken_back(world):
    visit = book(world)
    before, batch = facts(), uuid4()
    appointments.move(
        actor=world.desk,
        appointment=visit,
        starts_at=at("14:00", 1),
        minutes=60,
        practitioner=world.colleague,
        room=world.other_room,
        batch=batch,
        now=NOW,
    )

    assert take_back(world, batch) == 1

    assert facts() == before
    assert AuditEvent.objects.filter(verb="appointment.move-undone", subject_id=visit.pk).count() == 1


def test_who_was_here_before_the_move_is_here_after_it_is_taken_back(world):
    visit, batch = book(world), uuid4()
    appointments.check_in(actor=world.desk, appointment=visit, now=NOW)
    appointments.move(actor=world.desk, appointment=visit, starts_at=at("14:00", 1), batch=batch, now=NOW)

    take_back(world, batch)

    visit.refresh_from_db()
    assert (visit.starts_at, visit.status, visit.arrived_at) == (at("10:00"), "arrived", NOW)


def test_a_move_away_from_a_day_outside_the_window_brings_its_reason_back(world):
    _course, rows, visits = book_course(world)
    appointments.cancel(actor=None, appointment=visits[1], cancelled_by="clinic", reason="ill", now=NOW)
    late = book(world, day_offset=18, planned_session=rows[1], outside_window_reason="on holiday", clock="11:00")
    before, batch = facts(), uuid4()
    appointments.move(actor=world.desk, appointment=late, starts_at=at("10:00", 7), batch=batch, now=NOW)

    take_back(world, batch)

    assert facts() == before


def test_a_step_of_many_is_taken_back_whole(world):
    _course, _rows, visits = book_course(world)
    before, batch = facts(), uuid4()
    following = [NewTime(one, at("10:00", 7 * n + 9)) for n, one in enumerate(visits[2:], start=1)]
    appointments.cancel_with_following(
        actor=world.desk,
        appointment=visits[1],
        cancelled_by="patient",
        reason="ill",
        following=following,
        batch=batch,
        now=NOW,
    )
    assert facts() != before

    assert take_back(world, batch) == 3

    assert facts() == before


def test_nothing_of_many_is_taken_back_when_one_time_is_taken(world):
    first, second = book(world, "10:00"), book(world, "11:00", patient=patient(world.clinic, "Bea"))
    batch = uuid4()
    appointments.move_many(
        actor=world.desk,
        moves=[NewTime(first, at("14:00")), NewTime(second, at("15:00"))],
        batch=batch,
        now=NOW,
    )
    book(world, "11:00", patient=patient(world.clinic, "Cem"), room=world.other_room)
    before = facts()

    with pytest.raises(Refused) as refusal:
        take_back(world, batch)

    assert refusal.value.code == "just-taken"
    assert refusal.value.message.startswith("Bea, Mon 2 Mar 15:00: That time has just been taken.")
    assert facts() == before


@pytest.mark.parametrize("deed", ["cancel", "no-show"])
def test_a_misclick_on_cancelled_and_on_did_not_come_is_taken_back(world, deed):
    visit = book(world)
    batch, later = uuid4(), at("11:00")
    if deed == "cancel":
        words = {"cancelled_by": "clinic", "reason": "ill"}
        appointments.cancel(actor=world.desk, appointment=visit, batch=batch, now=later, **words)
    else:
        appointments.mark_no_show(actor=world.desk, appointment=visit, batch=batch, now=later)

    take_back(world, batch, now=later)

    visit.refresh_from_db()
    assert (visit.status, visit.status_reason) == ("booked", "")


def test_a_session_left_out_with_what_follows_is_taken_back_by_whom_may(world):
    course = make_course(
        world.clinic, cadence="3x1w", patient=world.patient, practitioner=world.doctor, start_on=MONDAY
    )
    rows = list(course.planned_sessions.all())
    visit = book(world, day_offset=14, planned_session=rows[2])
    doctor, batch = make_user(world.clinic, Role.PRACTITIONER), uuid4()
    courses.skip_session_with_following(
        actor=doctor,
        course=course,
        number=2,
        reason="away",
        following=[NewTime(visit, at("10:00", 7))],
        batch=batch,
        now=NOW,
    )
    visit.refresh_from_db()
    assert (visit.starts_at, visit.exception_reason) == (at("10:00", 7), "moved along with another session")

    undo(actor=doctor, clinic=world.clinic, batch=batch, now=NOW)

    visit.refresh_from_db()
    assert visit.starts_at == at("10:00", 14)
    assert course.planned_sessions.get(number=2).status == "planned"


def test_after_a_minute_nothing_is_taken_back(world):
    visit, batch = book(world), uuid4()
    appointments.move(actor=world.desk, appointment=visit, starts_at=at("14:00"), batch=batch, now=NOW)

    with time_machine.travel(timezone.now() + timedelta(seconds=61)), pytest.raises(Refused) as refusal:
        take_back(world, batch)

    assert refusal.value.code == "too-late"


def test_what_changed_since_is_not_taken_back(world):
    visit, batch = book(world), uuid4()
    appointments.move(actor=world.desk, appointment=visit, starts_at=at("14:00"), batch=batch, now=NOW)
    appointments.move(actor=world.desk, appointment=visit, starts_at=at("15:00"), now=NOW)

    with pytest.raises(Refused) as refusal:
        take_back(world, batch)

    assert refusal.value.code == "changed-meanwhile"


def test_a_second_click_takes_nothing_back_twice(world):
    visit, batch = book(world), uuid4()
    appointments.move(actor=world.desk, appointment=visit, starts_at=at("14:00"), batch=batch, now=NOW)
    take_back(world, batch)

    with pytest.raises(Refused) as refusal:
        take_back(world, batch)

    assert refusal.value.code == "changed-meanwhile"


def test_nobody_takes_back_what_another_did_or_what_never_was(world):
    visit, batch = book(world), uuid4()
    appointments.move(actor=None, appointment=visit, starts_at=at("14:00"), batch=batch, now=NOW)

    for one in (batch, uuid4()):
        with pytest.raises(Refused) as refusal:
            take_back(world, one)
        assert refusal.value.code == "nothing-to-undo"


def test_a_cancelled_move_back_into_an_absence_says_so(world):
    visit, batch = book(world), uuid4()
    appointments.move(actor=world.desk, appointment=visit, starts_at=at("14:00"), batch=batch, now=NOW)
    availability.add_absence(
        actor=None, practitioner=world.doctor, starts_at=at("09:00"), ends_at=at("11:00"), reason="dentist"
    )

    with pytest.raises(Refused) as refusal:
        take_back(world, batch)

    assert (refusal.value.code, refusal.value.message) == ("away", "Dr Ada is away then.")


def hold(world, visit, day_offset: int = 3) -> Appointment:
    """Another time held for a visit until the patient agrees."""
    return appointments.hold_time(actor=world.desk, asked=NewTime(visit, at("15:00", day_offset)), now=NOW)


@pytest.mark.parametrize("deed", ["move", "cancel", "no-show"])
def test_a_time_held_for_the_visit_is_held_again(world, deed):
    visit = book(world)
    held, batch, later = hold(world, visit), uuid4(), at("10:30")
    if deed == "move":
        appointments.move(actor=world.desk, appointment=visit, starts_at=at("14:00", 1), batch=batch, now=later)
    elif deed == "cancel":
        words = {"cancelled_by": "patient", "reason": "ill"}
        appointments.cancel(actor=world.desk, appointment=visit, batch=batch, now=later, **words)
    else:
        appointments.mark_no_show(actor=world.desk, appointment=visit, batch=batch, now=later)
    held.refresh_from_db()
    assert held.status == "cancelled"

    take_back(world, batch, now=later)

    held.refresh_from_db()
    visit.refresh_from_db()
    assert (visit.status, visit.starts_at) == ("booked", at("10:00"))
    assert (held.status, held.cancelled_by, held.status_reason) == ("offered", "", "")


def test_nothing_is_taken_back_when_the_time_held_has_been_given_away(world):
    visit, batch = book(world), uuid4()
    hold(world, visit)
    appointments.move(actor=world.desk, appointment=visit, starts_at=at("14:00", 1), batch=batch, now=NOW)
    book(world, "15:00", day_offset=3, patient=patient(world.clinic, "Bea"))
    before = facts()

    with pytest.raises(Refused) as refusal:
        take_back(world, batch)

    assert refusal.value.code == "held-time-taken"
    assert facts() == before


def test_a_held_time_that_has_run_out_is_no_hindrance(world):
    visit, batch = book(world), uuid4()
    held = hold(world, visit)
    appointments.move(actor=world.desk, appointment=visit, starts_at=at("14:00", 1), batch=batch, now=NOW)

    take_back(world, batch, now=held.offered_until)

    held.refresh_from_db()
    visit.refresh_from_db()
    assert (held.status, visit.starts_at) == ("cancelled", at("10:00"))


def test_what_was_done_for_somebody_else_does_not_stand_above_the_next_step(world, client):
    first, second = book(world, day_offset=1), book(world, "11:00", day_offset=1, patient=patient(world.clinic, "Bea"))
    steps = [
        reverse("sessions:walk-in"),
        reverse("sessions:new-caller"),
        reverse("sessions:book", query={"patient": second.patient.public_id}),
        reverse("sessions:move", args=[second.public_id]),
        reverse("sessions:cancel", args=[second.public_id]),
    ]
    client.force_login(world.desk)
    with time_machine.travel(NOW, tick=False):
        client.post(reverse("sessions:cancel", args=[first.public_id]), {"cancelled_by": "patient", "reason": "ill"})
        undo = reverse("sessions:undo", args=[client.session["undo"]["batch"]])
        shown = {url: undo in client.get(url).content.decode() for url in steps}
        desk = [
            reverse("sessions:today"),
            reverse("sessions:calendar"),
            reverse("sessions:patient", args=[first.patient.public_id]),
        ]
        there = {url: undo in client.get(url).content.decode() for url in desk}

    assert not any(shown.values()), shown
    assert all(there.values()), there


def test_another_tab_after_the_minute_gets_a_sentence_and_the_bar_of_a_later_step_stays(world, client):
    first, second = book(world, day_offset=1), book(world, "11:00", day_offset=1, patient=patient(world.clinic, "Bea"))
    client.force_login(world.desk)
    with time_machine.travel(NOW, tick=False) as clock:
        batches = []
        for visit in (first, second):
            cancel = {"cancelled_by": "patient", "reason": "ill"}
            client.post(reverse("sessions:cancel", args=[visit.public_id]), cancel)
            batches.append(client.session["undo"]["batch"])
            clock.shift(timedelta(seconds=40))

        page = client.post(reverse("sessions:undo", args=[batches[0]]), follow=True)
        assert "More than a minute has passed, so this stands." in page.content.decode()
        assert client.session["undo"]["batch"] == batches[1]
        assert reverse("sessions:undo", args=[batches[1]]) in page.content.decode()
        page = client.post(reverse("sessions:undo", args=[batches[1]]), follow=True)

    assert "Taken back." in page.content.decode()
    assert "undo" not in client.session
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, second.status) == ("cancelled", "booked")
