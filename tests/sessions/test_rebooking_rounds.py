"""A round that loses its time is given another as one: proposed, accepted, held and agreed whole; or said why not."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from mesoclinic.core.refused import Refused
from sessions.models import Appointment, CallAttempt, PlannedSession
from sessions.queries.broken import Cause, broken_visits
from sessions.queries.lost_rounds import lost_rounds
from sessions.queries.reassignment import new_times
from sessions.queries.rebook_page import rebook_page
from sessions.services import appointments, availability
from sessions.services.appointments import NewTime
from tests.factories import make_practitioner, make_room, work_week
from tests.sessions.booking_world import MONDAY, NOW, at, book, species
from tests.sessions.round_world import book_round, lines, open_stable, stops
from tests.shared import shared

pytestmark = pytest.mark.django_db

RADIO = re.compile(r'name="(round-[0-9a-f]+)"\s+value="([^"]+)"\s+checked')


@shared
def world():
    with time_machine.travel(NOW, tick=False):
        world = open_stable()
        week = {"earliest_on": MONDAY, "due_on": MONDAY + timedelta(days=3), "latest_on": MONDAY + timedelta(days=4)}
        PlannedSession.objects.filter(pk__in=[one.pk for one in world.planned.values()]).update(**week)
        world.planned = {name: course.planned_sessions.get(number=1) for name, course in world.courses.items()}
        world.room = make_room(world.clinic, name="Barn")
        yield world


def away(world, day=3, days=1, **of):
    of = of or {"practitioner": world.vet}
    return availability.add_absence(actor=world.desk, starts_at=at("00:00", day), ends_at=at("00:00", day + days), **of)


def book_today(world, clock):
    today = [replace(one, outside_window_reason="the vet is near") for one in stops(world)]
    return book_round(world, clock, day=0, stops=today)


def other_vet(world):
    return make_practitioner(world.clinic, name="Vet Zoe", species=[species("horse")])


def solved(world, absence=None):
    cause = Cause("absence", absence) if absence else Cause()
    visits = [one.visit for one in broken_visits(world.site, cause, now=NOW).visits]
    lost = lost_rounds(visits)
    return new_times(visits, now=NOW, rounds=lost), lost


def starts(choice, zone):
    return f"{choice.free.starts_at.astimezone(zone):%a %H:%M} {choice.free.practitioner.name}"


def test_a_round_that_lost_its_day_is_proposed_whole_with_a_colleague_at_the_same_hour(world):
    other_vet(world)
    booked = book_round(world, day=3)

    found, lost = solved(world, away(world))

    choices = found[lost[0].key]
    assert [one.round for one in lost] == [booked]
    assert starts(choices.proposed, world.site.zone) == "Thu 10:00 Vet Zoe"
    assert choices.proposed.words == "same time; with Vet Zoe; leaves 09:30, back 11:35"
    assert all(found[visit.pk] == type(choices)() for visit in lost[0].visits)


def test_without_a_colleague_it_goes_to_another_day_inside_all_windows(world):
    book_round(world, day=3)

    found, lost = solved(world, away(world))

    choices = found[lost[0].key]
    assert starts(choices.proposed, world.site.zone) == "Wed 10:00 Vet Bo"
    assert not choices.proposed.is_outside


def test_the_way_keeps_it_away_from_another_visit_of_the_one_who_drives(world):
    colleague = other_vet(world)
    book_round(world, day=3)
    book(world, "11:45", day_offset=3, patient=world.horse, practitioner=colleague)  # back at 11:35: still fits
    found, lost = solved(world, away(world))
    assert starts(found[lost[0].key].proposed, world.site.zone) == "Thu 10:00 Vet Zoe"

    book(world, "09:15", day_offset=3, patient=world.horse, practitioner=colleague, minutes=20)  # she leaves at 9:30
    found, lost = solved(world)

    assert starts(found[lost[0].key].proposed, world.site.zone) != "Thu 10:00 Vet Zoe"


def test_a_round_and_single_visits_do_not_take_each_others_time(world):
    other_vet(world)
    book_round(world, day=3)
    single = book(world, "11:40", day_offset=3, patient=world.horse, practitioner=world.vet, room=world.room)

    found, lost = solved(world, away(world))

    of_round, of_single = found[lost[0].key].proposed, found[single.pk].proposed
    zoe = [one.free for one in (of_round, of_single) if one.free.practitioner.name == "Vet Zoe"]
    assert [f"{one.starts_at.astimezone(world.site.zone):%a %H:%M}" for one in zoe] == ["Thu 10:00", "Thu 11:40"]
    book(
        world,
        "11:20",
        day_offset=3,
        patient=world.horses["Ember"],
        practitioner=zoe[0].practitioner,
        room=world.other_room,
    )
    again, lost = solved(world)
    assert again[lost[0].key].proposed.free.ends_at != of_round.free.ends_at


def test_a_round_nobody_has_time_for_is_torn_and_says_why(world):
    book_round(world, day=3)
    hours = work_week("09:00", "09:50", days=range(1, 8))
    availability.set_working_hours(actor=None, site=world.site, practitioner=world.vet, blocks=hours)

    found, lost = solved(world)

    choices = found[lost[0].key]
    assert choices.proposed is None
    assert "has 65 minutes in one piece" in choices.why_torn
    assert all(found[visit.pk].proposed for visit in lost[0].visits)


def test_a_round_that_has_begun_is_torn_and_says_why(world):
    booked = book_today(world, "10:00")
    first = booked.visits.order_by("starts_at").first()
    appointments.check_in(actor=world.desk, appointment=first, now=NOW)
    away(world, day=0)

    found, lost = solved(world)

    assert found[lost[0].key].why_torn.startswith("It has begun (Amber: arrived)")


def test_part_of_a_round_that_lost_its_time_takes_the_rest_along(world):
    book_round(world, "14:00", day=3)
    absence = availability.add_absence(
        actor=world.desk, practitioner=world.vet, starts_at=at("14:40", 3), ends_at=at("18:00", 3)
    )

    page = rebook_page(world.site, Cause("absence", absence), now=NOW)

    (row,) = page.rows
    assert (row.visits, len(row.lost.lost), page.proposed) == (3, 2, 3)
    assert starts(row.choices.proposed, world.site.zone).startswith("Thu")


def test_the_page_accepts_the_whole_round_and_its_way(world, client):
    other_vet(world)
    booked = book_round(world, day=3)
    away(world)
    client.force_login(world.desk)
    page = client.get(reverse("sessions:rebook")).content.decode()

    chosen = dict(RADIO.findall(page))
    answer = client.post(reverse("sessions:accept-new-times"), chosen, follow=True)

    assert "Accept all 3 new times" in page
    assert "Round at Oakfield" in page
    assert "3 visits have their new times." in answer.content.decode()
    booked.refresh_from_db()
    assert (booked.practitioner.name, booked.on) == ("Vet Zoe", MONDAY + timedelta(days=3))
    assert lines(booked) == [
        ("Amber", "10:00", "10:30", 30, 0),
        ("Bijou", "10:30", "10:50", 0, 0),
        ("Corsair", "10:50", "11:05", 0, 30),
    ]


def test_a_round_changed_since_it_was_shown_moves_nobody(world, client):
    other_vet(world)
    booked = book_round(world, day=3)
    away(world)
    client.force_login(world.desk)
    chosen = dict(RADIO.findall(client.get(reverse("sessions:rebook")).content.decode()))
    last = booked.visits.order_by("starts_at").last()
    appointments.cancel(actor=world.desk, appointment=last, cancelled_by="clinic", reason="Sold", now=NOW)

    answer = client.post(reverse("sessions:accept-new-times"), chosen, follow=True)

    assert "Somebody has changed this round meanwhile." in answer.content.decode()
    booked.refresh_from_db()
    assert booked.practitioner == world.vet


def test_a_visit_nobody_was_shown_is_not_left_behind(world):
    booked = book_round(world, day=3)
    visits = list(booked.visits.select_related("round", "site", "patient").order_by("starts_at"))
    moves = [NewTime(one, one.starts_at + timedelta(days=1), with_round=True) for one in visits[:2]]

    with pytest.raises(Refused, match="changed this round") as no:
        appointments.rebook_visits(actor=world.desk, moves=moves, now=NOW)

    assert no.value.code == "moved-meanwhile"


@pytest.fixture
def held(world, client):
    """A round of today, held whole with a colleague."""
    other_vet(world)
    world.booked = book_today(world, "14:00")
    away(world, day=0, days=5)
    client.force_login(world.desk)
    page = client.get(reverse("sessions:rebook")).content.decode()
    client.post(reverse("sessions:accept-new-times"), dict(RADIO.findall(page)))
    return world


def held_times(world):
    return Appointment.objects.filter(in_place_of__round=world.booked, status="offered").order_by("starts_at")


def test_a_round_of_today_is_held_whole_with_its_way_and_moves_when_agreed(held, client):
    times = list(held_times(held))
    assert [(one.travel_before_min, one.travel_after_min) for one in times] == [(30, 0), (0, 0), (0, 30)]
    assert {one.practitioner.name for one in times} == {"Vet Zoe"}
    assert "The whole round is held" in client.get(reverse("sessions:rebook")).content.decode()
    held.booked.refresh_from_db()
    assert held.booked.practitioner == held.vet

    client.post(reverse("sessions:record-round-call", args=[held.booked.public_id]), {"outcome": "agreed"})

    held.booked.refresh_from_db()
    assert held.booked.practitioner.name == "Vet Zoe"
    assert [line[3:] for line in lines(held.booked)] == [(30, 0), (0, 0), (0, 30)]
    assert not held_times(held).exists()
    assert CallAttempt.objects.filter(outcome="agreed").count() == 3


def test_a_declined_round_frees_all_it_held_and_is_proposed_another_beginning(held, client):
    was = held_times(held).first().starts_at

    client.post(reverse("sessions:record-round-call", args=[held.booked.public_id]), {"outcome": "declined"})

    assert not held_times(held).exists()
    (row,) = rebook_page(held.site, Cause(), now=NOW).to_call
    assert row.choices.proposed.free.starts_at != was


def test_a_call_about_a_round_stands_in_the_file_of_each(held, client):
    url = reverse("sessions:record-round-call", args=[held.booked.public_id])

    client.post(url, {"outcome": "message_left", "note": "yard manager"})

    assert CallAttempt.objects.filter(outcome="message_left", note="yard manager").count() == 3
    assert held_times(held).count() == 3


def test_the_page_of_rounds_asks_as_often_for_many_stops_as_for_few(world, django_assert_max_num_queries):
    book_round(world, day=3)
    away(world)

    with django_assert_max_num_queries(38):
        rebook_page(world.site, Cause(), now=NOW)
