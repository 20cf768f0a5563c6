"""A weekly series of nine months, over both changes of the clocks: the hour on the wall stays, on every page and in every feed."""

from collections import Counter
from datetime import date, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.cache import cache
from django.urls import reverse
from icalendar import Calendar

from mesoclinic.core.localtime import instant, local_day
from sessions.models import Appointment, BookingPreference
from sessions.queries.proposals import find_series
from sessions.scheduling.reminding import Night, due_at
from sessions.services import appointments, feeds
from sessions.services.appointments import SeriesTime
from tests.factories import make_course
from tests.sessions.booking_world import open_clinic
from tests.strict_ical import parse, read

pytestmark = pytest.mark.django_db
WEEKS = 40
ZONES = ["Europe/Paris", "America/New_York", "Australia/Lord_Howe"]
HOURS = time(14), time(14, 30)


def nine_months(key: str, start_on: date):
    """A series with the same half hour every week, proposed from real availability and booked as it was proposed."""
    world = open_clinic(time_zone=key)
    world.zone = ZoneInfo(key)
    world.now = instant(start_on, time(5), world.zone)
    world.course = make_course(
        world.clinic,
        patient=world.patient,
        practitioner=world.doctor,
        start_on=start_on,
        cadence=f"{WEEKS}x1w@30",
        now=world.now,
    )
    wish = BookingPreference(
        patient=world.patient, clinic=world.clinic, from_time=HOURS[0], until_time=HOURS[1], times_are="only"
    )
    lines = find_series(world.course, wish, now=world.now).lines()
    world.visits = appointments.book_series(
        actor=world.desk,
        clinic=world.clinic,
        course=world.course,
        times=[SeriesTime(line.number, line.starts_at, line.practitioner, line.room) for line in lines],
        now=world.now,
    )
    return world


@pytest.fixture(params=[date(2026, 2, 9), date(2026, 8, 17)], ids=["from winter", "from summer"])
def start_on(request):
    return request.param


@pytest.fixture(params=ZONES)
def world(request, start_on):
    cache.clear()
    return nine_months(request.param, start_on)


def test_the_hour_on_the_wall_stays_over_both_changes_of_the_clocks(world, client):
    local = [visit.starts_at.astimezone(world.zone) for visit in world.visits]

    assert len(local) == WEEKS
    offsets = [one.utcoffset() for one in local]
    assert sum(one != other for one, other in pairwise(offsets)) == 2, "both changes lie on the way"
    assert {one.time() for one in local} == {HOURS[0]}
    sessions = world.course.planned_sessions.order_by("number")
    assert all(row.earliest_on <= one.date() <= row.latest_on for row, one in zip(sessions, local, strict=True))

    check_feed(world, client)
    check_reminders(world)
    check_moves(world)


def check_feed(world, client) -> None:
    """The feed as the library reads it, and as the three calendar programs do."""
    _feed, secret = feeds.make_feed(actor=None, owner=world.doctor)
    with time_machine.travel(world.now, tick=False):
        body = client.get(reverse("sessions:read-feed", kwargs={"secret": secret})).content
    told = {one.uid: (one.starts_at, one.ends_at) for one in read(body)}
    wanted = {f"{visit.public_id}@mesoclinic": (visit.starts_at, visit.ends_at) for visit in world.visits}
    assert told == wanted
    theirs = {
        str(event["uid"]): (event["dtstart"].dt, event["dtend"].dt) for event in Calendar.from_ical(body).walk("VEVENT")
    }
    assert theirs == wanted
    (zone,) = parse(body).of("VTIMEZONE")
    assert Counter(one.kind for one in zone.parts) == {"STANDARD": 1, "DAYLIGHT": 1}
    walls = {event.one("DTSTART")[9:] for event in parse(body).of("VEVENT")}
    assert walls == {"140000"}


def check_reminders(world) -> None:
    """A day before by the clock on the wall, though that day has 23, 23½, 24, 24½ or 25 hours."""
    night, hours = Night(time(20), time(8)), set()
    for visit in world.visits:
        due = due_at(visit.starts_at, 24 * 60, world.zone, night)
        assert due.astimezone(world.zone).time() == HOURS[0]
        assert due.astimezone(world.zone).date() == local_day(visit.starts_at, world.zone) - timedelta(days=1)
        hours.add(visit.starts_at - due)
    assert hours <= {timedelta(hours=24) + timedelta(minutes=minutes) for minutes in (-60, -30, 0, 30, 60)}


def check_moves(world) -> None:
    """All of it an hour later at once: the same hour on the wall again, nothing overlaps."""
    later = time(15)
    moves = [
        appointments.NewTime(visit, instant(local_day(visit.starts_at, world.zone), later, world.zone))
        for visit in world.visits
    ]
    appointments.move_many(actor=world.desk, moves=moves, now=world.now)
    rows = list(Appointment.objects.order_by("starts_at").values_list("starts_at", "ends_at"))
    assert {start.astimezone(world.zone).time() for start, _end in rows} == {later}
    assert all(end <= start for (_start, end), (start, _end) in pairwise(rows))
