"""What the product itself gives as a reason is told in the reader's language, whoever planned; what is typed stays as typed."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from mesoclinic.core import audit
from mesoclinic.core.models import AuditEvent
from mesoclinic.core.roles import Role
from sessions.queries import courses as reads
from sessions.queries.access_log_lines import worded
from sessions.queries.own_reasons import AGREED_ON, LAPSED, LEFT_OUT, OWN, RAN_OUT, reason_words
from sessions.queries.plan_reasons import plan_reasons
from sessions.queries.reports import course_report, get_or_404
from sessions.services import appointments, courses, plans
from sessions.services.appointments import SeriesTime
from tests.factories import done_session, make_appointment, make_clinic, make_course, make_user
from tests.shared import shared

pytestmark = pytest.mark.django_db

PARIS = ZoneInfo("Europe/Paris")
MONDAY = date(2026, 3, 2)
LATER = date(2026, 3, 23)


def at(day: date) -> datetime:
    return datetime.combine(day, time(8), tzinfo=PARIS)


@shared
def clinic():
    return make_clinic()


@shared
def lapsed(clinic):
    course = make_course(clinic, cadence="4x1w", start_on=MONDAY)
    done_session(course)
    with translation.override("fr"):
        plans.flag_overdue(now=at(LATER))
    course.refresh_from_db()
    assert course.status == "paused"
    return course


def because(course, today: date) -> list[str]:
    return [one.because for one in plan_reasons(reads.plan(course, today)) if one.because]


def test_every_reason_of_the_product_has_its_french():
    with translation.override("fr"):
        assert all(reason_words(one) != one for one in OWN)
        assert reason_words("Paused") == "Paused"
        assert reason_words("") == ""


def test_a_lapse_planned_in_french_is_told_in_english_and_in_french(clinic, lapsed):
    reader = Client()
    reader.force_login(make_user(clinic, Role.PRACTITIONER))
    page = reader.get(reverse("sessions:course", args=[lapsed.public_id])).content.decode()

    assert lapsed.status_reason == LAPSED
    assert page.count(LAPSED) >= 2  # the notice, and why the plan looks as it does
    assert because(lapsed, LATER) == [LAPSED]
    for language, begins in (("en", "Lapsed: too long"), ("fr", "Interrompue")):
        with translation.override(language):
            assert because(lapsed, LATER)[0].startswith(begins)
            report = course_report(get_or_404(clinic, lapsed.public_id), today=LATER)
            assert report.state_reason.startswith(begins)


def test_a_session_that_fell_out_of_the_plan_says_so_in_the_readers_language(clinic):
    doctor = make_user(clinic)
    course = make_course(clinic, cadence="6x1w", start_on=MONDAY)
    session = course.planned_sessions.get(number=6)
    visit = make_appointment(
        clinic,
        patient=course.patient,
        practitioner=course.lead_practitioner,
        starts_at=at(session.due_on) + timedelta(hours=2),
        planned_session=session,
        outside_window_reason="asked for",
    )
    appointments.cancel(actor=doctor, appointment=visit, cancelled_by="patient", reason="ill", now=at(MONDAY))
    with translation.override("fr"):
        courses.change_cadence(actor=doctor, course=course, cadence="3x2w", reason="mieux", now=at(MONDAY))

    session.refresh_from_db()
    assert session.skip_reason == LEFT_OUT
    for language, said in (("en", LEFT_OUT), ("fr", "Ne fait plus partie du plan.")):
        with translation.override(language):
            report = course_report(get_or_404(clinic, course.public_id), today=MONDAY)
            assert [day.note for day in report.plan if said in day.note]


def test_an_offer_that_ran_out_and_a_series_agreed_on_are_told_in_the_readers_language(clinic):
    course = make_course(clinic, cadence="4x1w", start_on=MONDAY)
    first = course.planned_sessions.get(number=1)
    with translation.override("fr"):
        (agreed,) = appointments.book_series(
            actor=make_user(clinic),
            clinic=clinic,
            course=course,
            times=[SeriesTime(1, at(first.due_on) + timedelta(days=2, hours=2), course.lead_practitioner)],
            now=at(MONDAY),
        )
    offer = make_appointment(
        clinic,
        patient=course.patient,
        practitioner=course.lead_practitioner,
        starts_at=at(MONDAY) + timedelta(days=1, hours=2),
        offered_until=at(MONDAY) + timedelta(hours=1),
        now=at(MONDAY),
    )
    appointments.expire_offers(now=at(MONDAY) + timedelta(hours=2))  # by a worker, who speaks English
    offer.refresh_from_db()

    assert agreed.exception_reason == AGREED_ON
    assert offer.status_reason == RAN_OUT
    user = make_user(clinic, Role.RECEPTION)
    user.language = "fr"
    user.save(update_fields=["language"])
    reader = Client()
    reader.force_login(user)
    page = reader.get(reverse("sessions:appointment", args=[offer.public_id])).content.decode()
    assert "La proposition a expiré." in page
    assert RAN_OUT not in page


def test_the_access_log_says_them_in_the_readers_language_on_page_file_and_paper(clinic):
    course = make_course(clinic, cadence="4x1w", start_on=MONDAY)
    manager = make_user(clinic, Role.MANAGER)
    audit.record(
        actor=manager, verb="appointment.booked", subject=course, patient_id=course.patient_id, reason=AGREED_ON
    )
    manager.language = "fr"
    manager.save(update_fields=["language"])
    reader = Client()
    reader.force_login(manager)
    with translation.override("fr"):
        french = reason_words(AGREED_ON)
        (paper,) = worded(clinic, list(AuditEvent.objects.filter(reason=AGREED_ON)))

    page = reader.get(reverse("sessions:access-log")).content.decode()
    sent = reader.get(reverse("sessions:access-log"), {"as": "csv"})
    file = b"".join(sent.streaming_content if sent.streaming else [sent.content]).decode("utf-8-sig")

    assert french != AGREED_ON
    assert paper.reason == french
    assert french in page
    assert french in file
