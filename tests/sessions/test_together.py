"""Visits booked together: one after another, side by side, as a series; all of them or none."""

import uuid
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from mesoclinic.core.refused import Refused
from sessions.models import Appointment
from sessions.queries.together import Table, Wanted, Way, relatives, why_none
from sessions.services import availability
from sessions.services.appointments.together import book_together
from sessions.services.preferences import block_days, set_preference
from sessions.services.rounds import Stop
from tests.factories import make_course, make_horse, make_patient
from tests.sessions.booking_world import MONDAY, NOW, at, book, open_clinic
from tests.shared import shared

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True, scope="module")
def _monday_at_eight():
    with time_machine.travel(NOW, tick=False):
        yield


@shared
def world():
    """A couple, Ida and Noor, with a course each: weekly from Tuesday on."""
    world = open_clinic()
    world.couple, world.courses = [], []
    for name, minutes in (("Ida Roux", 30), ("Noor Roux", 20)):
        person = make_patient(
            world.clinic, name=name, parties=[{"role": "family", "name": "Roux", "phone": "+33612345678"}]
        )
        world.couple.append(person)
        world.courses.append(course(world, person, f"4x1w@{minutes}"))
    world.stops = tuple(stop_of(one) for one in world.courses)
    return world


def course(world, patient, cadence, days=1):
    start_on = MONDAY + timedelta(days=days)
    return make_course(
        world.clinic, patient=patient, practitioner=world.doctor, cadence=cadence, start_on=start_on, now=NOW
    )


def stop_of(one):
    planned = one.planned_sessions.get(number=1)
    return Stop(one.patient, planned.minutes or 20, planned)


def wanted(world, way=Way.ONE_AFTER_ANOTHER, **fields):
    asked = {
        "site": world.site,
        "stops": world.stops,
        "way": way,
        "people": (world.doctor, world.colleague),
        "rooms": (world.room, world.other_room),
        "on": MONDAY + timedelta(days=1),
        "now": NOW,
    }
    return Wanted(**{**asked, **fields})


def booked(world, sittings, **fields):
    return book_together(actor=world.desk, clinic=world.clinic, site=world.site, sittings=sittings, now=NOW, **fields)


def seen(visits):
    zone = visits[0].site.zone
    return [
        (
            one.patient.name.split()[0],
            f"{one.starts_at.astimezone(zone):%d %H:%M}",
            one.practitioner.name,
            one.room.name,
        )
        for one in visits
    ]


def test_one_after_the_other_with_one_practitioner_in_one_room(world):
    sitting = Table(wanted(world)).choices()[0]
    visits = booked(world, [sitting])

    assert seen(visits) == [("Ida", "03 09:00", "Dr Ada", "Room 1"), ("Noor", "03 09:30", "Dr Ada", "Room 1")]
    assert all(one.planned_session.status == "planned" for one in world.stops)
    for stop in world.stops:
        stop.planned_session.refresh_from_db()
        assert stop.planned_session.status == "booked"


def test_side_by_side_each_with_somebody_else_and_in_another_room(world):
    visits = booked(world, [Table(wanted(world, Way.AT_ONCE)).at(at("11:00", 1))])

    assert [one.starts_at for one in visits] == [at("11:00", 1)] * 2
    assert {one.practitioner for one in visits} == {world.doctor, world.colleague}
    assert {one.room for one in visits} == {world.room, world.other_room}


def test_who_may_not_inject_is_seated_for_no_session_they_do_not_lead(world):
    world.colleague.may_inject = False
    assert Table(wanted(world, Way.AT_ONCE)).at(at("11:00", 1)) is None

    world.stops[0].planned_session.course.lead_practitioner = world.colleague
    assert Table(wanted(world, Way.AT_ONCE)).at(at("11:00", 1)) is not None


def test_nobody_is_seated_for_a_session_outside_the_licence(world):
    world.colleague.licence_until_on = MONDAY
    assert Table(wanted(world, Way.AT_ONCE)).at(at("11:00", 1)) is None
    world.colleague.licence_until_on = MONDAY + timedelta(days=1)
    assert Table(wanted(world, Way.AT_ONCE)).at(at("11:00", 1)) is not None

    world.doctor.licence_from_on = MONDAY + timedelta(days=2)
    assert Table(wanted(world)).at(at("11:00", 1)).seats[0].practitioner == world.colleague
    assert Table(wanted(world, people=(world.doctor,))).at(at("11:00", 1)) is not None, "the desk says so"


def test_a_time_is_offered_only_while_everybody_is_free(world):
    book(world, "10:00", day_offset=1, patient=world.couple[1], minutes=60)
    book(world, "14:00", day_offset=1, patient=world.patient, room=world.other_room, minutes=30)

    at_once = Table(wanted(world, Way.AT_ONCE))
    after = Table(wanted(world))

    assert at_once.at(at("10:30", 1)) is None
    assert at_once.at(at("14:00", 1)) is None
    assert after.at(at("10:30", 1)) is not None  # Ida until eleven, then Noor
    assert after.at(at("09:45", 1)) is None
    assert after.at(at("13:45", 1)).seats[0].practitioner == world.colleague


def test_two_courses_of_one_patient_follow_each_other(world):
    ida = world.couple[0]
    stops = (world.stops[0], stop_of(course(world, ida, "4x1w@15")))

    visits = booked(world, [Table(wanted(world, stops=stops)).choices()[0]])

    assert [one.patient for one in visits] == [ida, ida]
    assert visits[1].starts_at == visits[0].ends_at
    asked = wanted(world, Way.AT_ONCE, stops=stops)
    assert Table(asked).choices() == []
    assert "Nobody can be seen twice at the same time" in why_none(asked)


def test_at_a_stable_no_room_is_needed(world):
    horses = [make_horse(world.clinic, name=name) for name in ("Amber", "Bijou")]
    stops = tuple(Stop(horse, 20, reason="teeth") for horse in horses)

    sitting = Table(wanted(world, stops=stops, people=(world.vet,), rooms=None)).choices()[0]

    assert [seat.room for seat in sitting.seats] == [None, None]
    assert [seat.practitioner for seat in sitting.seats] == [world.vet] * 2


@pytest.mark.parametrize("way", list(Way))
def test_a_series_is_on_common_days_inside_everybodys_windows(world, way):
    table = Table(wanted(world, way, sittings=4))
    series = table.series(table.at(at("10:00", 1)))

    assert series.problem == ""
    assert [one.starts_at for one in series.sittings] == [at("10:00", day) for day in (1, 8, 15, 22)]
    visits = booked(world, series.sittings)
    assert len(visits) == 8
    assert not any(one.exception_reason for one in visits)


def test_a_series_shifts_with_the_day_chosen_before(world):
    book(world, "09:00", day_offset=8, patient=world.patient, minutes=480)
    book(world, "09:00", day_offset=8, patient=make_patient(world.clinic), practitioner=world.colleague,
         room=world.other_room, minutes=480)  # fmt: skip
    table = Table(wanted(world, sittings=4))
    series = table.series(table.at(at("10:00", 1)))

    days = [one.starts_at for one in series.sittings]
    assert days[:2] == [at("10:00", 1), at("10:00", 7)]
    assert len(booked(world, series.sittings)) == 8


def test_a_series_gives_up_the_nearest_day_when_it_leads_nowhere(world):
    """After the 13th everybody is away but on the 19th, which is eight days, and so inside the window, from the 11th only."""
    couple = [make_patient(world.clinic, name=name) for name in ("Ugo Lenz", "Vera Lenz")]
    stops = tuple(stop_of(course(world, one, "3x1w[6-8d]@20")) for one in couple)
    for first, last in ((12, 17), (18, 27)):
        for person in (world.doctor, world.colleague):
            availability.add_absence(
                actor=None, practitioner=person, starts_at=at("00:00", first), ends_at=at("00:00", last)
            )
    table = Table(wanted(world, stops=stops, sittings=3))

    series = table.series(table.at(at("10:00", 1)))

    assert [one.starts_at for one in series.sittings] == [at("10:00", day) for day in (1, 9, 17)]
    assert series.problem == ""
    assert len(booked(world, series.sittings)) == 6


def test_who_saw_them_first_sees_them_again_where_a_colleague_is_free_too(world):
    table = Table(wanted(world, sittings=3, people=(world.colleague, world.doctor)))
    first = table.at(at("10:00", 1))

    series = table.series(first)

    assert {seat.practitioner for one in series.sittings for seat in one.seats} == {first.seats[0].practitioner}


def test_a_day_away_of_one_of_them_is_no_common_day(world):
    away_on = MONDAY + timedelta(days=8)
    block_days(actor=world.desk, patient=world.couple[1], from_on=away_on, until_on=away_on, today=MONDAY)

    series = (table := Table(wanted(world, sittings=2))).series(table.at(at("10:00", 1)))

    assert [one.starts_at for one in series.sittings] == [at("10:00", 1), at("10:00", 7)]


def test_a_wish_for_one_practitioner_only_that_excludes_everybody_is_said(world):
    set_preference(actor=world.desk, patient=world.couple[0], practitioner=world.vet, practitioner_is="only")

    table = Table(wanted(world))

    assert table.choices() == []
    assert "wishes that must be kept" in why_none(table.wanted)


def test_the_series_stops_before_a_session_that_is_booked_already(world):
    third = world.courses[0].planned_sessions.get(number=3)
    book(world, "10:00", day_offset=15, patient=world.couple[0], planned_session=third)

    series = (table := Table(wanted(world, sittings=4))).series(table.at(at("10:00", 1)))

    assert len(series.sittings) == 2
    assert "only 2 sessions" in series.problem


def test_a_series_without_a_common_day_says_so(world):
    other = make_patient(world.clinic, name="Odd One")
    stops = (world.stops[0], stop_of(course(world, other, "1x@20, 3x4w@20")))
    table = Table(wanted(world, stops=stops, sittings=3))

    series = table.series(table.at(at("10:00", 1)))

    assert len(series.sittings) == 1
    assert "The 2. time together has no day inside the windows of all" in series.problem


def test_more_times_than_sessions_says_how_many_there_are(world):
    table = Table(wanted(world, sittings=9))
    assert "only 4 sessions" in table.series(table.at(at("10:00", 1))).problem


def test_all_or_none_when_one_of_them_was_booked_meanwhile(world):
    table = Table(wanted(world, sittings=4))
    series = table.series(table.at(at("10:00", 1)))
    book(world, "10:30", day_offset=22, patient=world.patient)

    with pytest.raises(Refused) as no:
        booked(world, series.sittings)

    assert no.value.code in ("just-taken", "no-room")
    assert Appointment.objects.count() == 1


def test_relatives_share_a_contact(world):
    assert [one.name for one in relatives(world.couple[:1], MONDAY)] in ([], ["Noor Roux"])
    party = world.couple[0].party_links.get().party
    world.couple[1].party_links.update(party=party)
    assert [one.name for one in relatives(world.couple[:1], MONDAY)] == ["Noor Roux"]


# The page


@pytest.fixture
def desk(world, client):
    client.force_login(world.desk)
    return client


def url(world, *patients, name="sessions:book-together", **query):
    asked = {"with": [one.public_id for one in patients], "on": (MONDAY + timedelta(days=1)).isoformat(), **query}
    return reverse(name, query=asked)


def posted(world, **fields):
    ticks = {f"take-s{stop.planned_session.public_id.hex}": "on" for stop in world.stops}
    return {"booking_token": str(uuid.uuid4()), "way": "one_after_another", "sittings": 1, **ticks, **fields}


def text(answer):
    return " ".join(answer.content.decode().split())


def test_a_couple_is_booked_from_the_page(world, desk):
    page = desk.get(url(world, *world.couple))
    first = page.context["choices"][0].starts_at
    assert "Session 1" in text(page)

    answer = desk.post(url(world, *world.couple), posted(world, start=first.isoformat()), follow=True)

    assert "Booked together: 2 visits." in text(answer)
    assert Appointment.objects.count() == 2


def test_a_series_is_shown_before_it_is_booked_and_a_double_click_books_once(world, desk):
    asked = posted(world, way="at_once", sittings=4, at="10:00")
    shown = desk.post(url(world, *world.couple, name="sessions:together-times"), asked)
    assert len(shown.context["series"].sittings) == 4
    assert not Appointment.objects.exists()

    for _click in range(2):
        answer = desk.post(url(world, *world.couple), asked)
        assert answer.headers["Location"] == reverse("sessions:patient", args=[world.couple[0].public_id])

    assert Appointment.objects.count() == 8


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "Choose one of the times shown"),
        ({"at": "03:00"}, "This time is not free for all of them."),
        ({"at": "10:00", "sittings": 0}, "1"),
        ({"at": "10:00", "sittings": 9}, "only 4 sessions"),
        ({"at": "10:00", "way": "x"}, "Choose one from the list"),
        ({"start": "nonsense"}, "Choose one of the times shown"),
    ],
)
def test_bad_input_gets_a_sentence(world, desk, fields, words):
    answer = desk.post(url(world, *world.couple), posted(world, **fields))
    assert words in text(answer)
    assert not Appointment.objects.exists()


@pytest.mark.parametrize(
    ("start", "words"),
    [
        ("nonsense", "Choose one of the times shown"),
        ("9" * 90, "Choose one of the times shown"),
        ("2026-03-03T03:00:00+01:00", "This time is not free for all of them."),
    ],
)
def test_a_forged_time_is_refused_beside_the_times_shown(world, desk, start, words):
    answer = desk.post(url(world, *world.couple), posted(world, start=start))

    html = text(answer)
    assert answer.context["form"].errors.keys() == {"start"}
    assert words in answer.context["form"].errors["start"][0]
    assert all(part in html for part in ('<a href="#id_start">', 'id="id_start"', 'id="id_start_error"'))
    assert html.count('aria-invalid="true" aria-describedby="id_start_error"') == len(answer.context["choices"]) > 0
    assert not Appointment.objects.exists()


def test_a_time_typed_counts_whatever_was_sent_of_those_shown(world, desk):
    desk.post(url(world, *world.couple), posted(world, start="nonsense", at="10:00"))

    assert Appointment.objects.count() == 2


def test_nobody_chosen_yet_and_one_alone(world, desk):
    assert "Look for the first patient above" in text(desk.get(reverse("sessions:book-together")))
    assert "Tick at least two visits" in text(desk.get(url(world, world.couple[0])))
    assert desk.get(reverse("sessions:book-together", query={"with": "x", "on": "y", "q": "Noor"})).status_code == 200


def test_the_page_asks_as_often_for_many_as_for_few(world, desk):
    def count(*patients):
        desk.get(url(world, *patients))
        with CaptureQueriesContext(connection) as queries:
            desk.get(url(world, *patients))
        return len(queries)

    few = count(*world.couple)
    more = [make_patient(world.clinic, name=f"Child {n}") for n in range(3)]
    for one in more:
        course(world, one, "4x1w@10")
    assert count(*world.couple, *more) == few
