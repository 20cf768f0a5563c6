"""Whom to call and what to rebook as files: everybody, as the pages have them, without names where a page has none."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from mesoclinic.core import exports
from mesoclinic.core.models import AuditEvent
from mesoclinic.core.roles import Role
from sessions.queries import call_lists
from sessions.queries.call_lists import whole_call_lists
from sessions.services import appointments, availability
from sessions.services.appointments import NewTime
from sessions.services.calls import record_call_attempt
from tests.factories import done_session, make_course, make_horse, make_user
from tests.sessions.booking_world import MONDAY, NOW, at, book, open_clinic, patient
from tests.sessions.round_world import book_round, open_stable
from tests.sessions.today_world import TEN, page
from tests.shared import shared
from tests.web.test_exports import rows_of

pytestmark = pytest.mark.django_db


@shared
def world() -> SimpleNamespace:
    return open_clinic()


def file_of(world, name: str, role: Role = Role.PRACTITIONER, now=TEN) -> list[dict[str, str]]:
    browser = Client()
    browser.force_login(make_user(world.clinic, role))
    with time_machine.travel(now, tick=False):
        return rows_of(browser, f"sessions:{name}")


def everything_to_call(world) -> None:
    """A late session and one due, somebody who did not come, a lapsed course, and a visit that lost its time."""
    make_course(
        world.clinic,
        start_on=MONDAY - timedelta(days=20),
        now=NOW - timedelta(days=20),
        patient=patient(world.clinic, "Late"),
    )
    make_course(world.clinic, start_on=MONDAY, now=NOW, patient=patient(world.clinic, "Due"))
    theirs = {"practitioner": world.colleague, "room": world.other_room}
    missed = book(world, "09:00", patient=patient(world.clinic, "Missed"), **theirs)
    appointments.mark_no_show(actor=world.desk, appointment=missed, now=TEN)
    lapsed = make_course(world.clinic, start_on=MONDAY, now=NOW, patient=patient(world.clinic, "Lapsed"))
    lapsed.status, lapsed.status_reason, lapsed.lapsed_on = "paused", "lapsed", MONDAY
    lapsed.save(update_fields=["status", "status_reason", "lapsed_on"])
    world.lost = book(world, "11:00", patient=patient(world.clinic, "Lost"))
    availability.add_absence(actor=None, practitioner=world.doctor, starts_at=at("00:00"), ends_at=at("00:00", 1))


def test_the_file_of_calls_has_everybody_in_the_order_of_the_page_however_short_that_is(world, monkeypatch):
    everything_to_call(world)
    whole = call_lists.call_lists(world.site, TEN)
    monkeypatch.setattr(call_lists, "MOST_LINES", 1)
    monkeypatch.setattr(exports, "ROWS_A_PIECE", 2)

    rows = file_of(world, "to-call")

    assert [row["Patient"] for row in rows] == [one.patient.name for one in (*whole.calls, *whole.rebook)]
    assert [row["Patient"] for row in rows] == ["Late", "Missed", "Lapsed", "Due", "Lost"]
    assert {row["What to do"] for row in rows[:4]} == {"To call"}
    assert (rows[4]["What to do"], rows[4]["Why"], rows[4]["Booked"]) == (
        *("To rebook", "Dr Ada is away"),
        "2026-03-02 11:00",
    )


def test_a_line_to_call_says_whom_by_which_number_why_and_what_came_of_it(world):
    horse = make_horse(world.clinic, name="=Galant", owner="Anne Lefèvre")
    course = make_course(world.clinic, patient=horse, start_on=MONDAY, now=NOW)
    with time_machine.travel(at("09:00"), tick=False):
        record_call_attempt(actor=world.desk, patient=horse, outcome="no_answer")

    [row] = file_of(world, "to-call")

    assert (row["Patient"], row["File"], row["Kind"]) == ("'=Galant", str(horse.number), "Horse")
    assert row["Whom to call"] == "Anne Lefèvre (owner)"
    assert row["Phone"].lstrip("'").startswith("+33 6 39 98")
    assert (row["Why"], row["For"]) == ("Session 1 is due today", str(course.indication))
    assert (row["Last call"], row["What came of it"]) == ("2026-03-02 09:00", "No answer")
    assert row["By"] == str(world.desk)


def test_a_visit_the_plan_moved_away_from_is_in_the_file_of_calls(world):
    told = {"patient": world.patient, "practitioner": world.doctor, "cadence": "4x1w"}
    course = make_course(world.clinic, start_on=MONDAY, now=NOW, **told)
    book(world, "10:00", day_offset=7, planned_session=course.planned_sessions.get(number=2))
    done_session(course, 1, on=MONDAY + timedelta(days=4))

    [row] = [row for row in file_of(world, "to-call", now=at("18:00", 4)) if row["What to do"] == "To rebook"]

    assert row["Why"].startswith("Too early for session 2")
    assert (row["Booked"], row["With"]) == ("2026-03-09 10:00", "Dr Ada")
    assert row["For"] == str(course.indication)


def test_the_file_to_rebook_says_what_is_held_and_what_came_of_the_last_call(world):
    everything_to_call(world)
    new = NewTime(world.lost, at("12:00"), practitioner=world.colleague)
    appointments.rebook_visits(actor=None, moves=[new], now=TEN)
    about = {"actor": world.desk, "appointment": world.lost, "patient": world.lost.patient}
    record_call_attempt(outcome="message_left", note="after six", **about)

    [row] = file_of(world, "rebook")

    assert (row["Patient"], row["Booked"], row["Why"]) == ("Lost", "2026-03-02 11:00", "Dr Ada is away")
    assert row["Time held"] == "2026-03-02 12:00"
    assert (row["What came of it"], row["Note"], row["By"]) == ("Message left", "after six", str(world.desk))


def test_the_file_to_rebook_names_nobody_to_those_whose_page_names_nobody(world):
    everything_to_call(world)

    [row] = file_of(world, "rebook", Role.ADMIN)

    assert (row["With"], row["Why"]) == ("Dr Ada", "Dr Ada is away")
    assert not {"Patient", "File", "Phone", "Whom to call", "Note"} & row.keys()
    assert "Lost" not in row.values()


def test_the_visits_of_a_broken_round_are_a_line_each():
    stable = open_stable()
    book_round(stable)
    availability.add_absence(actor=None, practitioner=stable.vet, starts_at=at("00:00", 1), ends_at=at("00:00", 2))

    for name in ("to-call", "rebook"):
        rows = [row for row in file_of(stable, name, now=NOW) if row["Why"].endswith("is away")]
        assert sorted(row["Patient"] for row in rows) == ["Amber", "Bijou", "Corsair"]


def test_who_took_whom_to_call_or_to_rebook_is_written_down(world):
    everything_to_call(world)

    for name in ("to-call", "rebook"):
        file_of(world, name)

    told = AuditEvent.objects.filter(verb__endswith="list-exported").order_by("pk")
    rows = [(event.verb, event.changes[0]["new"]) for event in told]
    assert rows == [("call.list-exported", 5), ("rebooking.list-exported", 1)]


def test_the_desk_is_offered_no_file_of_its_calls(client, world):
    everything_to_call(world)

    assert "as=csv" not in page(client, world.desk, "to-call")
    assert "as=csv" in page(client, make_user(world.clinic, Role.PRACTITIONER), "to-call")


def test_a_piece_of_many_lines_asks_as_often_as_one_of_few(world):
    everything_to_call(world)
    assert world.site.clinic == world.clinic  # every page has read it by then
    counts = []
    for more in (0, 12):
        for number in range(more):
            make_course(world.clinic, start_on=MONDAY, now=NOW, patient=patient(world.clinic, f"P {number}"))
        whole = whole_call_lists(world.site, TEN)
        with CaptureQueriesContext(connection) as asked:
            lines = whole.lines(whole.keys)
        assert len(lines) == len(whole.keys) == 5 + more
        counts.append(len(asked))

    assert counts == [7, 7]
