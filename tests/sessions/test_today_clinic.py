"""Today of practitioners, managers and administrators: each role sees its own work and nothing else."""

import re
from datetime import timedelta
from types import SimpleNamespace

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.roles import Role
from patients.models import PatientImport
from patients.services import imports
from sessions.models import BatchReport, Course, ReportBatch, SessionRecord
from sessions.queries.today_clinic import manager_day, practitioner_day
from sessions.queries.unmade_plans import unmade_plans
from sessions.services import appointments, batches
from tests.factories import make_clinic, make_course, make_lot, make_species, make_user
from tests.sessions.booking_world import MONDAY, NOW, at, book, open_clinic, patient
from tests.sessions.report_world import add_record, book_third, report_world
from tests.sessions.today_world import TEN, page
from tests.shared import shared

pytestmark = pytest.mark.django_db


@shared
def world() -> SimpleNamespace:
    return open_clinic()


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
        "Lumbar left, Lumbar right · 50 shots · 3.5 mm",
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


def test_a_visit_whose_record_is_left_for_the_evening_keeps_nobody_who_waits_from_sight(world):
    begun = book(world, "09:00")
    appointments.start(actor=world.desk, appointment=begun, now=at("09:00"))
    waiting = book(world, "09:30", patient=patient(world.clinic, "Bo"))

    def next_visit(clock):
        return practitioner_day(world.doctor, world.desk, world.site, at(clock)).next_patient.visit

    alone = next_visit("10:00")
    appointments.check_in(actor=world.desk, appointment=waiting, now=at("09:20"))

    assert (alone, next_visit("09:25"), next_visit("09:30")) == (begun, begun, waiting)


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
    assert "<code>make backup</code>" in html


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


# Plans that are not there


def test_a_plan_that_could_not_be_made_is_told_to_its_practitioner_and_the_manager(client, world):
    lead = make_user(world.clinic, Role.PRACTITIONER)
    world.vet.user = lead
    world.vet.save(update_fields=["user"])
    mine = make_course(world.clinic, patient=patient(world.clinic, "Bo Ek"), practitioner=world.vet)
    other = make_course(world.clinic, patient=patient(world.clinic, "Cy Ek"), practitioner=world.doctor)
    for course in (mine, other, make_course(make_clinic(name="Elsewhere"))):
        Course.objects.filter(pk=course.pk).update(plan_problem="No open day within a year.")

    told = page(client, make_user(world.clinic, Role.MANAGER), now=NOW)
    shown = page(client, lead, now=NOW)

    assert [one.course for one in manager_day(world.clinic, world.site, NOW).unmade] == [mine, other]
    assert told.count("No open day within a year.") == 2
    assert all(reverse("sessions:course", args=[course.public_id]) in told for course in (mine, other))
    assert shown.count("No open day within a year.") == 1
    assert "Bo Ek" in shown
    assert reverse("sessions:course", args=[mine.public_id]) in shown


def test_why_a_plan_is_missing_is_told_in_the_language_of_who_reads_it(client, world):
    manager = make_user(world.clinic, Role.MANAGER)
    course = make_course(world.clinic, patient=patient(world.clinic, "Bo Ek"))
    Course.objects.filter(pk=course.pk).update(plan_problem="no-open-day 2026-03-02")
    told = {}

    for language in ("en", "fr"):
        type(manager).objects.filter(pk=manager.pk).update(language=language)
        told[language] = page(client, manager, now=NOW)

    assert "has no open day within a year from 2 Mar 2026." in told["en"]
    assert "n’a aucun jour ouvert dans l’année qui suit le 2 mars 2026." in told["fr"]


@pytest.mark.parametrize("status", ["paused", "stopped"])
def test_of_a_course_that_is_not_going_on_no_plan_is_missing(world, status):
    course = make_course(world.clinic)
    Course.objects.filter(pk=course.pk).update(plan_problem="No open day.", status=status, status_reason="Moved away")

    assert manager_day(world.clinic, world.site, NOW).unmade == []


def test_background_work_that_waits_is_told_in_the_readers_words_and_the_sites_time(client, world):
    manager = make_user(world.clinic, Role.MANAGER)
    manager.language = "fr"
    manager.save(update_fields=["language"])
    course = make_course(world.clinic, patient=patient(world.clinic, "Bo Ek"), plan=False)
    Course.objects.filter(pk=course.pk).update(plan_wanted_at=at("09:12"))
    cache.delete("today-unready")

    told = page(client, manager, now=at("10:00"))

    work = re.search(r"Les tâches de fond attendent[^<]*", told)
    assert "une cure attend son plan depuis" in work[0]
    assert "09:12" in work[0]
    assert "+00:00" not in told
    assert "jamais vue" in told
    assert "Bo Ek" in told
    assert reverse("sessions:course", args=[course.public_id]) in told
    assert "09:12" in told.split("Bo Ek")[1][:600]


def test_a_plan_that_is_being_made_just_now_is_not_missing(world):
    course = make_course(world.clinic, plan=False)
    Course.objects.filter(pk=course.pk).update(plan_wanted_at=NOW - timedelta(minutes=1))

    assert manager_day(world.clinic, world.site, NOW).unmade == []


def test_two_statements_tell_of_plans_however_many_are_missing_and_one_of_none(world):
    for count, asked in ((0, 1), (1, 2), (4, 2)):
        for _one in range(count):
            course = make_course(world.clinic)
            Course.objects.filter(pk=course.pk).update(plan_problem="No open day.")
        with CaptureQueriesContext(connection) as queries:
            list(unmade_plans(world.clinic, world.site, NOW))
        assert len(queries) == asked


def test_the_numbers_of_today_are_those_of_the_day(world):
    visit = book(world, "09:00")
    book(world, "10:00", day_offset=1)
    appointments.mark_no_show(actor=world.desk, appointment=visit, now=TEN)

    figures = {label: value for value, label in manager_day(world.clinic, world.site, TEN).figures}

    assert (figures["visit today"], figures["did not come"]) == (1, 1)


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
