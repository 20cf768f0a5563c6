"""The calendar's feed and pages: columns of practitioners or rooms, filters, sessions to drag in, small and bounded."""

import json
import re
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from sessions.models import Appointment
from sessions.queries import calendar as feeds
from sessions.services import appointments, availability
from tests.factories import make_course, make_patient, make_room
from tests.sessions.booking_world import MONDAY, NOW, at, book, open_clinic, patient
from tests.shared import shared

pytestmark = pytest.mark.django_db


@shared
def world():
    with time_machine.travel(NOW):
        yield open_clinic()


@pytest.fixture
def desk(client, world):
    client.force_login(world.desk)
    return client


def feed(world, view="day", by="practitioner"):
    return feeds.feed(world.site, feeds.Span.of(view, MONDAY), by)


def test_room_columns_carry_each_visit_in_its_room_or_in_none(world):
    book(world, "10:00", room=world.other_room)
    book(world, "11:00", room=None, place=None, any_room=False, patient=patient(world.clinic, "Bea"))

    found = feed(world, by="room")

    assert [name for _id, name in found["r"]] == ["Room 1", "Room 2"]
    assert [(row[5], row[10]) for row in found["v"]] == [("Ada Lovelace", 1), ("Bea", -1)]


def test_a_room_out_of_use_is_shaded_in_its_column(world):
    make_room(world.clinic, name="Room 3")
    availability.add_absence(
        actor=None, room=world.other_room, starts_at=at("12:00"), ends_at=at("14:00"), reason="paint"
    )

    assert [1, "2026-03-02T12:00", "2026-03-02T14:00"] in feed(world, by="room")["s"]


@pytest.mark.parametrize("by", ["practitioner", "room"])
def test_who_has_left_is_shown_while_visits_are_booked_with_them(world, by):
    book(world, "10:00", day_offset=2)
    availability.update_practitioner(actor=None, practitioner=world.doctor, last_day_on=MONDAY)
    wednesday = feeds.Span.of("day", MONDAY + timedelta(days=2))

    found = feeds.feed(world.site, wednesday, by)

    assert [row[5] for row in found["v"]] == ["Ada Lovelace"]
    assert found["p"][found["v"][0][1]][1] == "Dr Ada"


def test_the_days_after_a_last_day_are_shaded(world):
    availability.update_practitioner(actor=None, practitioner=world.doctor, last_day_on=MONDAY + timedelta(days=2))

    shut = [row[1:] for row in feed(world, view="week")["s"] if row[0] == 0]

    assert ["2026-03-04T00:00", "2026-03-04T09:00"] in shut
    assert ["2026-03-05T00:00", "2026-03-06T00:00"] in shut
    assert ["2026-03-06T00:00", "2026-03-07T00:00"] in shut


def test_a_week_of_three_hundred_visits_stays_small_and_asks_seven_times(world, django_assert_num_queries):
    people = [make_patient(world.clinic, name=f"Marguerite de la Rochefoucauld {n}") for n in range(60)]
    rows = [
        Appointment(
            clinic=world.clinic,
            site=world.site,
            patient=people[n % 60],
            practitioner=(world.doctor, world.colleague, world.vet)[n % 3],
            starts_at=at("09:00", n // 60) + timedelta(minutes=20 * (n % 60 // 3)),
            ends_at=at("09:20", n // 60) + timedelta(minutes=20 * (n % 60 // 3)),
            created_at=NOW,
        )
        for n in range(300)
    ]
    Appointment.objects.bulk_create(rows)
    site = type(world.site).objects.select_related("clinic").get(pk=world.site.pk)

    with django_assert_num_queries(7):
        found = feeds.feed(site, feeds.Span.of("week", MONDAY))

    assert len(found["v"]) == 300
    assert len(json.dumps(found)) < 100_000


def test_the_list_of_sessions_to_book_is_bounded_and_says_there_are_more(world, monkeypatch):
    monkeypatch.setattr(feeds, "MOST_DUE", 2)
    for name in ("Ada", "Bea", "Cem"):
        make_course(
            world.clinic,
            patient=patient(world.clinic, name),
            practitioner=world.doctor,
            start_on=MONDAY,
            cadence="1x1w",
        )

    found, more = feeds.due_sessions(world.site, MONDAY)

    assert [one.planned.course.patient.name for one in found] == ["Ada", "Bea"]
    assert more


def test_what_is_booked_held_or_not_due_yet_is_not_in_the_list(world):
    course = make_course(
        world.clinic, cadence="1x!, 2x1w", patient=world.patient, practitioner=world.doctor, start_on=MONDAY
    )
    first = course.planned_sessions.first()
    assert [one.planned for one in feeds.due_sessions(world.site, MONDAY)[0]] == [first]

    book(world, planned_session=first)

    assert feeds.due_sessions(world.site, MONDAY + timedelta(days=30)) == ([], False)


def test_the_day_list_shows_what_is_asked_for(desk, world):
    visit = book(world, "10:00")
    book(world, "11:00", patient=patient(world.clinic, "Bea"), room=world.other_room, practitioner=world.colleague)
    appointments.cancel(actor=None, appointment=visit, cancelled_by="clinic", reason="ill", now=NOW)

    def names(**query):
        page = desk.get(reverse("sessions:day-list", query={"on": MONDAY.isoformat(), **query})).content.decode()
        return [name for name in ("Ada Lovelace", "Bea") if name in page]

    assert names() == ["Ada Lovelace", "Bea"]
    assert names(status="cancelled") == ["Ada Lovelace"]
    assert names(room=world.other_room.public_id) == ["Bea"]
    assert names(practitioner=world.colleague.public_id) == ["Bea"]
    assert names(kind="review") == []
    assert names(status="nonsense", room="x", practitioner="y") == ["Ada Lovelace", "Bea"]


TAPS = re.compile(r'(?:action|href)="/appointments/[^"/]*/([a-z-]+)/')


@pytest.mark.parametrize(
    ("status", "clock", "first", "others"),
    [
        ("booked", "09:00", ["arrive"], ["move", "cancel"]),
        ("booked", "10:30", ["arrive"], ["no-show", "move", "cancel"]),
        ("arrived", "10:30", ["start"], ["kind", "back", "not-treated", "move"]),
        ("in_progress", "10:30", ["undo-start"], ["kind", "not-treated"]),
        ("no_show", "10:30", ["undo-no-show"], []),
    ],
)
def test_the_day_list_has_one_thing_to_tap_for_each_visit_and_the_rest_folded(
    desk, world, status, clock, first, others
):
    visit = book(world, "10:00")
    Appointment.objects.filter(pk=visit.pk).update(status=status)
    with time_machine.travel(at(clock), tick=False):
        desk.force_login(world.desk)  # days after the fixture signed in
        page = desk.get(reverse("sessions:day-list", query={"on": MONDAY.isoformat()})).content.decode()

    row = page[page.index(' class="visit-row') :]
    row, _fold, folded = row[: row.index("</tr>")].partition('<details class="more-taps">')

    assert TAPS.findall(row) == first
    assert TAPS.findall(folded) == others


@pytest.mark.parametrize("query", ["by=room", "by=nonsense", "view=week&by=room&status=booked", "practitioner=%00"])
def test_the_calendar_opens_with_whatever_the_address_says(desk, query):
    assert desk.get(f"{reverse('sessions:calendar')}?{query}").status_code == 200
    assert desk.get(f"{reverse('sessions:calendar-feed')}?{query}").status_code == 200


def test_the_history_says_who_moved_it_when_from_where_to_where(desk, world):
    visit = book(world, "10:00")
    appointments.move(
        actor=world.desk,
        appointment=visit,
        starts_at=at("14:00", 1),
        practitioner=world.colleague,
        room=world.other_room,
        now=NOW,
    )

    page = desk.get(reverse("sessions:appointment", args=[visit.public_id])).content.decode()

    assert "Mon 2 Mar 10:00 → Tue 3 Mar 14:00" in page
    assert "Dr Ada → Dr Cy" in page
    assert "Room 1 → Room 2" in page
    assert str(world.desk) in page
