"""Days blocked after a visit was booked: it stays booked, is listed to rebook with the cause, and finds another time."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from sessions.models import Appointment
from sessions.queries.broken import Cause, broken_visits
from sessions.queries.rebook_page import rebook_page
from sessions.queries.today_desk import desk_day
from sessions.services import appointments, availability, competitions, preferences
from sessions.services.undoing import undo
from tests.factories import make_competition_rule, make_course
from tests.sessions import round_world
from tests.sessions.booking_world import MONDAY, NOW, at, book, open_clinic, patient
from tests.shared import shared

pytestmark = pytest.mark.django_db


@shared
def world():
    return open_clinic()


def block(world, days: int = 0, who=None, length: int = 1):
    first = MONDAY + timedelta(days=days)
    return preferences.block_days(
        actor=None,
        patient=who or world.patient,
        from_on=first,
        until_on=first + timedelta(days=length - 1),
        today=MONDAY,
        reason="On holiday",
    )


def show(world, days: int):
    day = MONDAY + timedelta(days=days)
    fields = {"name": "Spring show", "body": "USEF", "from_on": day, "until_on": day}
    return competitions.enter_competition(actor=None, patient=world.horse, today=MONDAY, **fields)


def to_rebook(world):
    return [(one.visit.pk, one.reason) for one in desk_day(world.site, NOW).rebook if one.is_lost]


WHY = "the patient cannot come on 4 March (On holiday)"


def test_a_visit_on_days_noted_later_is_to_rebook_with_the_cause_in_words(world):
    visit = book(world, day_offset=2)
    book(world, day_offset=3)
    block(world, 2)

    assert to_rebook(world) == [(visit.pk, WHY)]
    visit.refresh_from_db()
    assert (visit.status, visit.starts_at) == ("booked", at("10:00", 2))


def test_a_visit_on_a_rule_day_before_a_competition_entered_later_is_to_rebook(world):
    make_competition_rule(world.clinic, body="USEF", name="GR414")
    visit = book(world, "14:00", day_offset=2, patient=world.horse, practitioner=world.vet)
    show(world, 3)

    assert to_rebook(world) == [
        (visit.pk, "competes on 5 March (Spring show); rule USEF, GR414 counts from 4 Mar, 12:00")
    ]


def test_the_times_proposed_for_it_are_on_days_the_patient_can_come(world):
    visit = book(world, day_offset=2)
    block(world, 1, length=3)

    [row] = rebook_page(world.site, Cause(), now=NOW).rows

    assert (row.visit.pk, row.why) == (visit.pk, "the patient cannot come 3–5 March (On holiday)")
    assert row.choices.proposed
    assert {choice.free.starts_at.date().day for choice in row.options}.isdisjoint({3, 4, 5})
    [line] = desk_day(world.site, NOW).rebook
    assert len(line.times) == 3
    assert {free.starts_at.date().day for free in line.times}.isdisjoint({3, 4, 5})


def test_who_was_put_on_a_blocked_day_knowingly_stays_there_quietly(world):
    block(world, 2)
    visit = book(world, day_offset=2, outside_window_reason="Comes back for it")
    assert to_rebook(world) == []

    appointments.move(actor=world.desk, appointment=visit, starts_at=at("14:00", 2), now=NOW)

    assert to_rebook(world) == []


def test_a_reason_given_for_something_else_does_not_hide_a_day_blocked_later(world):
    course = make_course(
        world.clinic, cadence="4x1w", patient=world.patient, practitioner=world.doctor, start_on=MONDAY
    )
    late = book(
        world, day_offset=2, planned_session=course.planned_sessions.get(number=1), outside_window_reason="Train strike"
    )
    assert late.exception_reason
    block(world, 2)

    assert to_rebook(world) == [(late.pk, WHY)]


def test_a_visit_moved_within_the_day_blocked_later_is_still_to_rebook(world):
    visit = book(world, day_offset=2)
    block(world, 2)

    appointments.move(actor=world.desk, appointment=visit, starts_at=at("15:00", 2), now=NOW)

    assert to_rebook(world) == [(visit.pk, WHY)]


def test_a_move_off_a_blocked_day_taken_back_is_known_again(world):
    block(world, 2)
    visit = book(world, day_offset=2, outside_window_reason="Comes back for it")
    batch = uuid4()
    appointments.move(actor=world.desk, appointment=visit, starts_at=at("10:00", 3), batch=batch, now=NOW)
    undo(actor=world.desk, clinic=world.clinic, batch=batch, now=NOW)

    assert to_rebook(world) == []
    visit.refresh_from_db()
    assert (visit.is_on_blocked_day, visit.exception_reason) == (True, "Comes back for it")


def test_days_taken_away_again_leave_nothing_to_rebook(world):
    book(world, day_offset=2)
    preferences.unblock_days(actor=None, blocked=block(world, 2))

    assert to_rebook(world) == []


def test_an_absence_lists_what_it_breaks_and_not_what_a_patient_cannot_keep(world):
    block(world, 2)
    book(world, day_offset=1)
    other = book(world, "11:00", day_offset=2, patient=patient(world.clinic, "Bea"))
    block(world, 1)
    absence = availability.add_absence(
        actor=None, practitioner=world.doctor, starts_at=at("00:00", 2), ends_at=at("00:00", 3)
    )

    found = broken_visits(world.site, Cause("absence", absence), now=NOW)

    assert [(one.visit, one.why) for one in found.visits] == [(other, "Dr Ada is away")]


def test_a_horse_that_cannot_come_leaves_its_round_and_the_round_stays():
    stable = round_world.open_stable()
    visits = list(round_world.book_round(stable).visits.order_by("starts_at"))
    block(stable, 1, who=visits[1].patient)

    [line] = desk_day(stable.site, NOW).rebook
    [row] = rebook_page(stable.site, Cause(), now=NOW).rows

    assert line.visit == row.visit == visits[1]
    assert row.choices.proposed
    assert row.stands_in == visits[1].round
    appointments.rebook_visits(
        actor=None,
        moves=[appointments.NewTime(row.visit, row.choices.proposed.free.starts_at)],
        reason="Away",
        now=NOW,
    )
    appointments.agree_to_held_time(actor=None, appointment=row.visit, now=NOW)
    left = Appointment.objects.live().filter(round=visits[0].round)
    assert set(left) == {visits[0], *visits[2:]}


def test_the_page_says_that_a_new_time_takes_a_visit_out_of_its_round():
    stable = round_world.open_stable()
    visits = list(round_world.book_round(stable).visits.order_by("starts_at"))
    book(stable, "16:00", day_offset=2, patient=stable.patient, practitioner=stable.doctor)
    block(stable, 1, who=visits[1].patient)
    block(stable, 2, who=stable.patient)
    client = Client()
    client.force_login(stable.desk)

    with time_machine.travel(NOW, tick=False):
        page = client.get(reverse("sessions:rebook")).content.decode()

    said = f"A new time takes it out of the round at {visits[1].round.place}"
    assert page.count(said) == 1, "said of the visit in a round, not of the other"


def test_as_many_statements_for_many_visits_as_for_one(world):
    assert world.site.clinic == world.clinic  # every page has read it by then
    counts = []
    for number in range(9):
        who = patient(world.clinic, f"Patient {number}")
        book(world, f"{9 + number // 4:02}:{number % 4 * 15:02}", day_offset=2, minutes=15, patient=who)
        block(world, 2, who=who)
        with CaptureQueriesContext(connection) as queries:
            assert len(to_rebook(world)) == number + 1
        counts.append(len(queries))

    assert counts[0] == counts[-1]


def test_who_notes_the_days_is_told_which_visits_stand_on_them(world):
    visit = book(world, day_offset=2)
    browser = Client()
    browser.force_login(world.desk)

    with time_machine.travel(NOW, tick=False):
        day = (MONDAY + timedelta(days=2)).isoformat()
        address = reverse("sessions:block-days", args=[world.patient.public_id])
        page = browser.post(address, {"from_on": day, "until_on": day}, follow=True)

    words = page.content.decode()
    assert "1 visit already stands in blocked time: it is in the list to rebook." in words
    assert [one for one, _words in page.context["clashes"]] == [visit]
    assert f'href="{reverse("sessions:rebook")}"' in words
