"""Today: each role sees its own work and nothing else, whom to call and why, and what is left to close."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import AuditEvent
from mesoclinic.core.roles import Role
from patients.models import PatientImport
from patients.services import imports
from sessions.models import Appointment, BatchReport, ReportBatch, SessionRecord
from sessions.queries.today_clinic import manager_day, open_ends, practitioner_day
from sessions.queries.today_desk import call_lists, desk_day, to_rebook
from sessions.services import appointments, availability, batches
from sessions.services.appointments import NewTime
from tests.factories import done_session, make_course, make_horse, make_lot, make_species, make_user, site_of
from tests.sessions.booking_world import MONDAY, NOW, at, book, open_clinic, patient
from tests.sessions.report_world import add_record, book_third, report_world

pytestmark = pytest.mark.django_db
TEN = at("10:10")


@pytest.fixture
def world() -> SimpleNamespace:
    return open_clinic()


def page(client, user, name: str = "today", now=TEN, **headers) -> str:
    client.force_login(user)
    with time_machine.travel(now, tick=False):
        answer = client.get(reverse(f"sessions:{name}"), headers=headers)
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    return answer.content.decode()


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


# The practitioner


def test_the_next_patient_comes_with_flags_and_last_time_in_three_lines():
    world = report_world()
    add_record(world, 1)
    visit = book_third(world)

    day = practitioner_day(world.vet, world.user, world.site, visit.starts_at - timedelta(minutes=5))

    assert day.next_patient.visit == visit
    assert day.next_patient.banner.name == "Galant"
    assert day.next_patient.last_lines == [
        "Mepivacaine 5 mL + Pentoxifylline 2.5 mL",
        "Lumbar Left, Lumbar Right · 46 shots · 3.5 mm",
        "Pain (0–10): 7 → 4 · held 5 days",
    ]


def test_showing_last_time_is_noted_once_a_day_however_often_the_page_refreshes(client):
    world = report_world()
    record = add_record(world, 1)
    visit = book_third(world)
    openings = AuditEvent.objects.filter(verb="record.opened", patient_id=record.patient_id, actor=world.user)

    for minutes in (0, 1, 2):
        page(client, world.user, now=visit.starts_at - timedelta(minutes=5 - minutes))
    once = openings.count()
    page(client, world.user, now=visit.starts_at + timedelta(minutes=1))

    assert (once, openings.count()) == (1, 1)


def test_who_is_in_treatment_or_has_waited_longest_comes_next(world):
    book(world, "09:30")
    waiting = book(world, "11:00", patient=patient(world.clinic, "Bo"))
    appointments.check_in(actor=world.desk, appointment=waiting, now=at("09:50"))

    day = practitioner_day(world.doctor, world.desk, world.site, TEN)

    assert day.next_patient.visit == waiting
    assert day.next_patient.last is None


def test_a_practitioner_sees_own_records_to_sign_drafts_and_reviews(client):
    world = report_world()
    done, draft = add_record(world, 1), add_record(world, 2)
    SessionRecord.objects.filter(pk=draft.pk).update(
        status="draft", performed_at=None, performed_by=None, created_by=world.user
    )

    day = practitioner_day(world.vet, world.user, world.site, TEN)

    assert (day.unsigned, day.drafts) == ([done], [draft])
    assert [(review.plan.course, review.after_number) for review in day.reviews] == [(world.course, 2)]
    html = page(client, world.user)
    assert "To sign" in html
    assert "after session 2, Back pain" in html


def test_a_practitioner_without_a_person_is_told_what_to_do(client, world):
    assert "not linked to a practitioner" in page(client, make_user(world.clinic, Role.PRACTITIONER))


# The manager and the administrator


def test_a_manager_sees_stock_old_backups_and_long_unsigned_records(client, world):
    full = report_world()
    add_record(full, 1)
    make_lot(full.clinic, full.base, number="OLD", expires_on=MONDAY + timedelta(days=20))

    day = manager_day(full.clinic, full.site, at("12:00", 2))
    html = page(client, full.manager, now=at("12:00", 2))

    assert [lot.number for lot in day.expiring] == ["OLD"]
    assert [(row["performed_by__name"], row["count"]) for row in day.unsigned] == [("Dr Camille Roux", 1)]
    assert day.backup_is_late
    assert "Mepivacaine" in html


def test_a_manager_sees_what_could_not_be_printed_or_read_until_that_is_dealt_with(client, world):
    manager = make_user(world.clinic, Role.MANAGER)
    asked = {"clinic": world.clinic, "asked_by": manager, "language": "en"}
    batch = ReportBatch.objects.create(**asked, printed_on=MONDAY, status="done", file="x", expires_at=NOW)
    BatchReport.objects.create(batch=batch, course=make_course(world.clinic), position=1, status="failed")
    human = make_species()["human"]
    refused = PatientImport.objects.create(**asked, species=human, status="refused", why_refused="No table.")
    day = manager_day(world.clinic, world.site, NOW)
    assert not day.is_calm

    html = page(client, manager, now=NOW)
    assert reverse("sessions:batch", args=[batch.public_id]) in html
    assert reverse("patients:import", args=[refused.public_id]) in html
    assert "1 failed" in html
    assert "No table." in html

    batches.retry_failed(actor=manager, batch=batch)
    imports.cancel_import(actor=manager, one=refused)
    day = manager_day(world.clinic, world.site, NOW)

    assert (day.failed_batches, day.refused_imports) == ([], [])


def test_the_numbers_of_today_are_those_of_the_day(world):
    visit = book(world, "09:00")
    book(world, "10:00", day_offset=1)
    appointments.mark_no_show(actor=world.desk, appointment=visit, now=TEN)

    figures = {label: value for value, label in manager_day(world.clinic, world.site, TEN).figures}

    assert (figures["visits today"], figures["did not come"]) == (1, 1)


def test_an_administrator_sees_ways_to_settings_and_no_patient(client, world):
    book(world, "10:30")

    html = page(client, make_user(world.clinic, Role.ADMIN))

    assert reverse("core:users") in html
    assert world.patient.name not in html


def test_somebody_of_several_roles_sees_several_blocks(client):
    world = report_world()
    html = page(client, make_user(world.clinic, Role.RECEPTION, Role.MANAGER, Role.ADMIN))

    assert all(words in html for words in ("Arrivals", "Stock to look at", "Users and roles"))


def test_a_review_is_closed_by_one_tap_and_offers_no_record(client, world):
    visit = book(world, "09:30", kind="review")
    appointments.check_in(actor=world.desk, appointment=visit, now=at("09:30"))
    done = reverse("sessions:done", args=[visit.public_id])
    assert done in page(client, world.desk)
    assert done in page(client, world.desk, "close-day")

    client.force_login(world.desk)
    with time_machine.travel(TEN, tick=False):
        client.post(done)
        client.force_login(make_user(world.clinic, Role.PRACTITIONER))
        html = client.get(reverse("sessions:appointment", args=[visit.public_id])).content.decode()

    visit.refresh_from_db()
    assert visit.status == "fulfilled"
    assert reverse("sessions:record", args=[visit.public_id]) not in html
    assert reverse("sessions:undo-done", args=[visit.public_id]) in html


def test_who_closes_the_day_can_record_a_visit_that_is_still_open(client, world):
    visit = book(world, "09:30")
    appointments.check_in(actor=world.desk, appointment=visit, now=at("09:30"))
    record = reverse("sessions:record", args=[visit.public_id])

    assert record in page(client, make_user(world.clinic, Role.PRACTITIONER), "close-day")
    assert record not in page(client, world.desk, "close-day")


def test_who_may_not_book_is_offered_nothing_to_do_with_a_visit(client, world):
    waiting, coming = book(world, "09:30"), book(world, "10:00", patient=patient(world.clinic, "Bo"))
    appointments.check_in(actor=world.desk, appointment=waiting, now=at("09:30"))

    html = page(client, make_user(world.clinic, Role.MANAGER), "close-day")

    assert waiting.patient.name in html
    assert coming.patient.name in html
    for visit in (waiting, coming):
        assert f"/appointments/{visit.public_id}/" not in html


def test_a_clinic_without_a_site_is_told_so(client, world):
    world.site.is_active = False
    world.site.save(update_fields=["is_active"])

    assert "no site in use" in page(client, world.desk)


def test_another_clinic_sees_nothing_of_it(client, world):
    book(world, "10:30")
    stranger = open_clinic().desk

    assert world.patient.name not in page(client, stranger)


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

    assert (before.visits, before.still_to_come) == ([], 1)
    assert (after.visits, after.drafts, after.unsigned) == ([visit], [draft], [unsigned])
    assert (desk.visits, desk.drafts, desk.unsigned) == ([visit], [], [])
    assert reverse("sessions:no-show", args=[visit.public_id]) in page(client, world.desk, "close-day", visit.ends_at)
    sign = reverse("sessions:records-unsigned")
    assert sign in page(client, world.vet.user, "close-day", visit.ends_at)
    assert sign not in page(client, world.desk, "close-day", visit.ends_at)


def test_a_closed_day_says_so(client, world):
    assert "The day is closed." in page(client, world.desk, "close-day")


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
        cache.delete("today-problems")  # kept for a minute: it must not run out between the two pages of a slow machine
        page(client, everything, now=at("08:30"))
        with time_machine.travel(at("08:30"), tick=False), CaptureQueriesContext(connection) as queries:
            client.get(reverse("sessions:today"))
        counts.append(len(queries))

    assert counts[0] == counts[1]
    assert Appointment.objects.filter(site=site_of(world.clinic)).count() == 13


def test_a_visit_that_lost_its_time_is_to_be_rebooked_and_a_held_time_is_no_arrival(world):
    visit = book(world, "11:00")
    availability.add_absence(actor=None, practitioner=world.doctor, starts_at=at("00:00"), ends_at=at("00:00", 1))
    new = NewTime(visit, at("12:00"), practitioner=world.colleague)
    appointments.rebook_visits(actor=None, moves=[new], now=TEN)

    day = desk_day(world.site, TEN)

    assert [(one.visit, one.reason, one.is_lost) for one in day.rebook] == [(visit, "Dr Ada is away", True)]
    assert [one.visit for one in day.to_come] == [visit]
    assert day.lost == 1


def test_the_desk_is_asked_as_often_as_it_says(world):
    book(world, "11:00")
    bea = patient(world.clinic, "Bea")
    make_course(world.clinic, start_on=MONDAY, now=NOW, patient=bea, practitioner=world.doctor)
    assert world.site.clinic == world.clinic  # every page has read it by then
    availability.add_absence(actor=None, practitioner=world.doctor, starts_at=at("00:00"), ends_at=at("00:00", 1))

    with CaptureQueriesContext(connection) as desk:
        desk_day(world.site, TEN)
    with CaptureQueriesContext(connection) as lists:
        call_lists(world.site, TEN)
    with CaptureQueriesContext(connection) as rebook:
        to_rebook(world.site, local_day(TEN, world.site.zone), TEN)

    asked = {desk_day: len(desk), call_lists: len(lists), to_rebook: len(rebook)}
    assert list(asked.values()) == [22, 20, 6]
    for read, words in zip(asked, ("twenty-two", "twenty", "Six"), strict=True):
        assert f"{words} SQL statements" in read.__doc__
