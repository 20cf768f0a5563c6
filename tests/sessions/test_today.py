"""Today at the desk: who is here, whom to call and why, what is left to close, and how often it asks."""

from datetime import time, timedelta
from types import SimpleNamespace

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from mesoclinic.core.roles import Role
from sessions.models import Appointment, SessionRecord
from sessions.queries.call_lists import MOST_LINES, call_lists
from sessions.queries.to_rebook import to_rebook
from sessions.queries.today_clinic import manager_day, open_ends
from sessions.queries.today_desk import desk_day
from sessions.services import appointments, availability, preferences
from sessions.services.appointments import NewTime
from tests.factories import done_session, make_course, make_horse, make_user, site_of
from tests.sessions.booking_world import MONDAY, NOW, PARIS, at, book, open_clinic, patient
from tests.sessions.report_world import add_record, book_third, report_world
from tests.sessions.today_world import TEN, page
from tests.shared import shared

pytestmark = pytest.mark.django_db


@shared
def world() -> SimpleNamespace:
    return open_clinic()


def names(calls) -> list[str]:
    return [call.patient.name for call in calls]


# The desk


def test_who_is_here_stands_first_with_the_minutes_waited(world):
    waiting, coming = book(world, "09:30"), book(world, "11:00", patient=patient(world.clinic, "Bo"))
    appointments.check_in(actor=world.desk, appointment=waiting, now=at("09:45"))

    day = desk_day(world.site, TEN)

    assert [(one.visit.pk, one.waits_min) for one in day.here] == [(waiting.pk, 25)]
    assert [one.visit.pk for one in day.to_come] == [coming.pk]


def test_who_should_be_here_by_now_is_shown_as_late(world):
    book(world, "10:00")

    assert [one.late_min for one in desk_day(world.site, TEN).to_come] == [10]


def test_one_tap_says_that_somebody_arrived_and_leads_back_to_today(client, world):
    visit = book(world, "10:30")
    html = page(client, world.desk)

    assert reverse("sessions:arrive", args=[visit.public_id]) in html
    with time_machine.travel(TEN, tick=False):
        answer = client.post(reverse("sessions:arrive", args=[visit.public_id]), {"next": "/"})

    assert answer["Location"] == "/"
    visit.refresh_from_db()
    assert visit.status == "arrived"


def test_a_session_due_and_not_booked_is_to_be_called_with_the_owners_phone(world):
    horse = make_horse(world.clinic, name="Galant", owner="Anne Lefèvre")
    course = make_course(world.clinic, patient=horse, start_on=MONDAY, now=NOW)

    (call,) = desk_day(world.site, TEN).calls

    assert (call.patient.name, call.planned.course) == ("Galant", course)
    assert call.reason == "session 1 is due today"
    assert call.contact.who == "Anne Lefèvre (owner)"
    assert call.contact.phone.startswith("+33 6 39 98")


def test_the_times_on_a_line_to_call_are_what_the_patients_file_says_will_do_only(world):
    course = make_course(world.clinic, start_on=MONDAY + timedelta(days=2), now=NOW, practitioner=world.doctor)
    (before,) = desk_day(world.site, TEN).calls

    preferences.set_preference(
        actor=None,
        patient=course.patient,
        from_time=time(15),
        times_are="only",
        practitioner=world.colleague,
        practitioner_is="only",
    )

    (call,) = desk_day(world.site, TEN).calls
    assert {free.practitioner for free in before.times} == {world.doctor}
    assert len(call.times) == 3
    assert {free.practitioner for free in call.times} == {world.colleague}
    assert all(free.starts_at.astimezone(PARIS).hour >= 15 for free in call.times)


def test_a_session_of_the_coming_days_is_called_for_and_a_later_one_is_not(world):
    course = make_course(world.clinic, start_on=MONDAY, now=NOW)
    done_session(course, 1, on=MONDAY)

    assert desk_day(world.site, at("18:00")).calls == []
    assert [call.reason for call in desk_day(world.site, at("18:00", 2)).calls] == ["session 2 is due on Mon 9 Mar"]


def test_an_overdue_session_comes_before_one_that_is_only_due(world):
    late = make_course(world.clinic, start_on=MONDAY, now=NOW, patient=patient(world.clinic, "Late"))
    make_course(world.clinic, start_on=MONDAY + timedelta(days=4), now=NOW, patient=patient(world.clinic, "Due"))

    calls = desk_day(world.site, at("10:00", 4)).calls

    assert names(calls) == ["Late", "Due"]
    assert calls[0].status == "overdue"
    assert late.planned_sessions.get(number=1).latest_on < MONDAY + timedelta(days=4)


def test_who_did_not_come_is_called_until_there_is_a_new_time(world):
    visit = book(world, "09:00", kind="first_visit")
    appointments.mark_no_show(actor=world.desk, appointment=visit, now=TEN)

    (call,) = desk_day(world.site, TEN).calls
    book(world, "09:00", day_offset=1)

    assert (call.reason, call.status, call.last) == ("did not come on Mon 2 Mar", "no_show", "Mon 2 Mar: did not come")
    assert desk_day(world.site, TEN).calls == []


def test_a_lapsed_course_is_shown_and_left_to_a_practitioner(world):
    course = make_course(world.clinic, start_on=MONDAY, now=NOW)
    course.status, course.status_reason, course.lapsed_on = "paused", "lapsed", MONDAY
    course.save(update_fields=["status", "status_reason", "lapsed_on"])

    (call,) = desk_day(world.site, TEN).calls

    assert call.for_practitioner
    assert "lapsed on Mon 2 Mar" in call.reason


def test_a_visit_outside_its_new_window_is_to_be_rebooked(world):
    course = make_course(
        world.clinic, start_on=MONDAY, now=NOW, patient=world.patient, practitioner=world.doctor, cadence="4x1w"
    )
    second = course.planned_sessions.get(number=2)
    visit = book(world, "10:00", day_offset=7, planned_session=second)
    done_session(course, 1, on=MONDAY + timedelta(days=4))

    (one,) = desk_day(world.site, at("18:00", 4)).rebook

    assert one.visit == visit
    assert one.reason.startswith("too early for session 2")


def test_a_visit_of_an_earlier_day_nobody_closed_is_asked_about(world):
    visit = book(world, "10:00")

    assert desk_day(world.site, at("18:00")).unclosed == []
    assert desk_day(world.site, at("08:00", 1)).unclosed == [visit]


def test_the_desk_sees_no_mix(client):
    world = report_world()
    add_record(world, 1)
    visit = book_third(world)

    html = page(client, world.desk, now=visit.starts_at)

    assert "Galant" in html
    assert "Mepivacaine" not in html


# Refreshing and closing


def test_the_page_asks_only_for_its_blocks_and_keeps_nobody_signed_in(client, world):
    html = page(client, world.desk, **{"HX-Request": "true", "X-Background": "1"})

    assert "<html" not in html
    assert "Arrivals" in html
    world.desk.refresh_from_db()
    assert world.desk.last_seen_at is None


def test_everything_not_final_is_on_the_list_that_closes_the_day(client):
    world = report_world()
    unsigned, draft = add_record(world, 1), add_record(world, 2)
    SessionRecord.objects.filter(pk=draft.pk).update(status="draft", performed_at=None, performed_by=None)
    visit = book_third(world)

    before = open_ends(world.site, visit.starts_at - timedelta(minutes=1), sees_records=True)
    after = open_ends(world.site, visit.ends_at, sees_records=True)
    desk = open_ends(world.site, visit.ends_at, sees_records=False)

    assert (before.visits, before.still_to_come) == ([], [visit])
    assert (after.visits, after.drafts, after.unsigned) == ([visit], [draft], [unsigned])
    assert (desk.visits, desk.drafts, desk.unsigned) == ([visit], [], [])
    no_show, arrive = (reverse(f"sessions:{name}", args=[visit.public_id]) for name in ("no-show", "arrive"))
    early = page(client, world.desk, "close-day", visit.starts_at - timedelta(minutes=1))
    assert arrive in early
    assert no_show not in early  # nobody fails to come before the hour
    assert no_show in page(client, world.desk, "close-day", visit.ends_at)
    sign = reverse("sessions:records-unsigned")
    assert sign in page(client, world.vet.user, "close-day", visit.ends_at)
    assert sign not in page(client, world.desk, "close-day", visit.ends_at)


def test_a_held_time_is_nothing_to_close_nor_a_visit_of_the_day(world):
    visit = lost_and_held(world)

    early, late = (open_ends(world.site, at(clock), sees_records=False) for clock in ("10:30", "18:00"))
    planned, words = manager_day(world.clinic, world.site, TEN).figures[0]

    assert (early.visits, early.still_to_come) == ([], [visit])
    assert (late.visits, late.still_to_come) == ([visit], [])
    assert desk_day(world.site, at("08:00", 1)).unclosed == [visit]
    assert (planned, words) == (1, "visit today")


@pytest.mark.parametrize("role", [Role.RECEPTION, Role.PRACTITIONER, Role.MANAGER])
def test_that_every_record_is_signed_is_said_of_a_closed_day_to_those_who_may_know(client, role):
    world = report_world()
    user = make_user(world.clinic, role)
    sees_records = user.has_perm("sessions.view_record")

    closed = page(client, user, "close-day")
    add_record(world, 1)
    unsigned = page(client, user, "close-day")

    assert ("every record is signed. Good evening." in closed) == sees_records
    assert ("Done, not signed" in unsigned) == sees_records
    assert "every record is signed. Good evening." not in unsigned
    assert ("Every visit is final." in closed, "Every visit is final." in unsigned) == (not sees_records,) * 2
    assert ("Everything that is not final yet" in closed) == sees_records


def test_in_a_clinic_without_a_site_no_day_is_closed(client, world):
    world.site.is_active = False
    world.site.save(update_fields=["is_active"])

    html = page(client, world.desk, "close-day")

    assert "no site in use" in html
    assert "Every visit is final." not in html


# Speed


def _fill(world, count: int, first_hour: int) -> None:
    """Visits of today, sessions to call for, and records, all with different patients."""
    for number in range(count):
        who = make_horse(world.clinic, name=f"Horse {first_hour} {number}")
        course = make_course(
            world.clinic, patient=who, start_on=MONDAY, now=NOW, practitioner=world.vet, protocol_version=world.version,
            indication=world.course.indication,
        )  # fmt: skip
        assert course.pk
        book(
            SimpleNamespace(**{**vars(world), "doctor": world.vet}),
            f"{first_hour + number // 4:02}:{number % 4 * 15:02}",
            patient=who,
            room=None,
            minutes=15,
        )


def test_as_many_statements_for_a_full_day_as_for_a_quiet_one(client):
    world = report_world()
    add_record(world, 1)
    everything = make_user(world.clinic, *Role)
    world.vet.user = everything
    world.vet.save(update_fields=["user"])
    counts = []
    for count, hour in ((1, 9), (12, 11)):
        _fill(world, count, hour)
        cache.delete("today-unready")  # kept for a minute: it must not run out between the two pages of a slow machine
        page(client, everything, now=at("08:30"))
        with time_machine.travel(at("08:30"), tick=False), CaptureQueriesContext(connection) as queries:
            client.get(reverse("sessions:today"))
        counts.append(len(queries))

    assert counts[0] == counts[1]
    assert Appointment.objects.filter(site=site_of(world.clinic)).count() == 13


def lost_and_held(world) -> Appointment:
    """A visit at eleven that lost its time, for which noon is held with a colleague."""
    visit = book(world, "11:00")
    availability.add_absence(actor=None, practitioner=world.doctor, starts_at=at("00:00"), ends_at=at("00:00", 1))
    new = NewTime(visit, at("12:00"), practitioner=world.colleague)
    appointments.rebook_visits(actor=None, moves=[new], now=TEN)
    return visit


def test_a_visit_that_lost_its_time_is_to_be_rebooked_and_a_held_time_is_no_arrival(world):
    visit = lost_and_held(world)

    day = desk_day(world.site, TEN)

    assert [(one.visit, one.reason, one.is_lost) for one in day.rebook] == [(visit, "Dr Ada is away", True)]
    assert [one.visit for one in day.to_come] == [visit]
    assert day.lost == 1


def fill_the_rare_lists(world) -> None:
    """Somebody who did not come, a visit of yesterday nobody closed, and a course that lapsed."""
    theirs = {"practitioner": world.colleague, "room": world.other_room}
    missed = book(world, "09:00", patient=patient(world.clinic, "Cy"), **theirs)
    appointments.mark_no_show(actor=world.desk, appointment=missed, now=TEN)
    left = book(world, "10:00", patient=patient(world.clinic, "Di"), **theirs)
    Appointment.objects.filter(pk=left.pk).update(starts_at=at("10:00", -1), ends_at=at("10:30", -1))
    lapsed = make_course(world.clinic, start_on=MONDAY, now=NOW)
    lapsed.status, lapsed.status_reason, lapsed.lapsed_on = "paused", "lapsed", MONDAY
    lapsed.save(update_fields=["status", "status_reason", "lapsed_on"])


def test_the_desk_is_asked_as_often_as_it_says(world):
    book(world, "11:00")
    bea = patient(world.clinic, "Bea")
    make_course(world.clinic, start_on=MONDAY, now=NOW, patient=bea, practitioner=world.doctor)
    assert world.site.clinic == world.clinic  # every page has read it by then
    fill_the_rare_lists(world)
    availability.add_absence(actor=None, practitioner=world.doctor, starts_at=at("00:00"), ends_at=at("00:00", 1))

    with CaptureQueriesContext(connection) as desk:
        desk_day(world.site, TEN)
    with CaptureQueriesContext(connection) as lists:
        call_lists(world.site, TEN)
    with CaptureQueriesContext(connection) as rebook:
        to_rebook(world.site, TEN, MOST_LINES)

    asked = {desk_day: len(desk), call_lists: len(lists), to_rebook: len(rebook)}
    assert list(asked.values()) == [27, 24, 7]
    for read, words in zip(asked, ("twenty-seven", "twenty-four", "Seven"), strict=True):
        assert f"{words} SQL statements" in read.__doc__
