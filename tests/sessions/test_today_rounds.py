"""Today's list to rebook never takes a round apart: a broken one is one line that leads to where it moves as one."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from mesoclinic.core.roles import Role
from sessions.models import PlannedSession
from sessions.queries import call_lists
from sessions.queries.to_rebook import RebookRound
from sessions.queries.today_desk import desk_day
from sessions.services import availability
from tests.factories import make_user
from tests.sessions.booking_world import MONDAY, NOW, at, book
from tests.sessions.round_world import book_round, open_stable
from tests.shared import shared

pytestmark = pytest.mark.django_db


@shared
def world():
    with time_machine.travel(NOW, tick=False):
        yield open_stable()


def away(world, who, day):
    availability.add_absence(actor=None, practitioner=who, starts_at=at("00:00", day), ends_at=at("00:00", day + 1))


def rebook_part(client, world, name="today"):
    client.force_login(make_user(world.clinic, Role.RECEPTION))
    html = client.get(reverse(f"sessions:{name}")).content.decode()
    return html[html.index('id="rebook-title"') :]


def test_a_broken_round_is_one_line_with_the_names_of_its_visits(world):
    booked = book_round(world)
    away(world, world.vet, 1)

    day = desk_day(world.site, NOW)

    (one,) = day.rebook
    assert isinstance(one, RebookRound)
    assert (one.round, one.reason) == (booked, "Vet Bo is away")
    assert [visit.patient.name for visit in one.visits] == ["Amber", "Bijou", "Corsair"]
    assert day.lost == 3


@pytest.mark.parametrize("name", ["today", "to-call"])
def test_a_broken_round_leads_to_its_row_on_the_rebooking_page_and_offers_no_single_time(client, world, name):
    booked = book_round(world)
    away(world, world.vet, 1)

    shown = rebook_part(client, world, name)

    there = f"{reverse('sessions:rebook')}#round-{booked.public_id.hex}"
    assert there in shown
    assert 'name="slot"' not in shown
    for visit in booked.visits.all():
        assert str(visit.public_id) not in shown
    assert f'id="round-{booked.public_id.hex}"' in client.get(reverse("sessions:rebook")).content.decode()


def test_a_visit_that_belongs_to_no_round_keeps_its_times_beside_a_broken_round(client, world):
    book_round(world)
    alone = book(world, "15:00", day_offset=1)
    away(world, world.vet, 1)
    away(world, world.doctor, 1)

    shown = rebook_part(client, world)

    assert [len(one.visits) for one in desk_day(world.site, NOW).rebook] == [3, 1]
    assert reverse("sessions:take-time", args=["visit", alone.public_id]) in shown


def test_the_last_round_of_a_long_list_names_all_its_horses(world, monkeypatch):
    book(world, "09:00", day_offset=1)
    book_round(world)
    later = book(world, "15:00", day_offset=1)
    away(world, world.vet, 1)
    away(world, world.doctor, 1)
    monkeypatch.setattr(call_lists, "MOST_LINES", 2)

    day = desk_day(world.site, NOW)

    alone, broken = day.rebook
    assert [visit.patient.name for visit in broken.visits] == ["Amber", "Bijou", "Corsair"]
    assert len(alone.visits) == 1
    assert later not in [visit for one in day.rebook for visit in one.visits]
    assert day.lost == 5


def test_every_arrival_of_a_broken_round_says_why_its_time_is_gone(world):
    book_round(world)
    away(world, world.vet, 1)

    day = desk_day(world.site, at("08:00", 1))

    assert [one.lost for one in day.to_come] == ["Vet Bo is away"] * 3


def test_a_visit_the_plan_moved_away_from_its_round_says_that_a_new_time_takes_it_out(client, world):
    book_round(world)
    later = {"earliest_on": MONDAY + timedelta(days=2), "latest_on": MONDAY + timedelta(days=6)}
    PlannedSession.objects.filter(pk=world.planned["Bijou"].pk).update(due_on=MONDAY + timedelta(days=3), **later)

    shown = rebook_part(client, world)

    (one,) = desk_day(world.site, NOW).rebook
    assert one.patient.name == "Bijou"
    assert "A new time takes it out of the round at Oakfield" in " ".join(shown.split())


def test_as_many_statements_for_two_broken_rounds_as_for_one(world):
    book_round(world, "10:00", "Amber")
    book_round(world, "14:00", "Bijou", "Corsair")
    assert world.site.clinic == world.clinic  # every page has read it by then
    counts, lines = [], []
    for first, last in (("09:00", "11:00"), ("13:00", "16:00")):
        availability.add_absence(actor=None, practitioner=world.vet, starts_at=at(first, 1), ends_at=at(last, 1))
        with CaptureQueriesContext(connection) as asked:
            lines.append(len(desk_day(world.site, NOW).rebook))
        counts.append(len(asked))

    assert lines == [1, 2]
    assert counts[0] == counts[1]
