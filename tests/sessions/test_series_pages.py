"""The pages of a series and of a patient's wishes: plain forms, bad input, and what the second one sees."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from mesoclinic.core.roles import Role
from sessions.models import Appointment, BlockedDay, BookingPreference, Course
from tests.factories import make_clinic, make_course, make_patient, make_practitioner, make_room, make_user, work_week
from tests.sessions.booking_world import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _monday():
    """A day with a morning and an afternoon still to come; late at night a course that begins today has no time left."""
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def course(client):
    clinic = make_clinic()
    make_room(clinic)
    client.force_login(make_user(clinic, Role.RECEPTION))
    hours = work_week("00:00", "23:59", days=range(1, 8))
    return make_course(clinic, patient=make_patient(clinic), practitioner=make_practitioner(clinic, hours=hours))


def address(course, query="") -> str:
    return reverse("sessions:book-series", kwargs={"public_id": course.public_id}) + query


def shown(answer) -> list[str]:
    return answer.context["all_keys"]


def accept(client, course, keys, **more):
    return client.post(address(course), {"time": keys, "token": str(uuid4()), **more})


def test_the_page_proposes_and_a_plain_form_books_all(client, course):
    page = client.get(address(course))
    answer = accept(client, course, shown(page))

    assert "Book all 4 sessions" in page.content.decode()
    assert answer.status_code == 302
    assert Appointment.objects.filter(planned_session__course=course, status="booked").count() == 4


def test_the_second_gets_a_sentence_and_fresh_times_and_nothing_half_booked(client, course):
    keys = shown(client.get(address(course)))
    other = make_course(course.clinic, patient=make_patient(course.clinic), practitioner=course.lead_practitioner)
    others = shown(client.get(address(other)))
    accept(client, course, keys)

    answer = accept(client, other, others)

    assert answer.status_code == 409
    assert "Nothing was booked" in answer.content.decode()
    assert len(shown(answer)) == 4
    assert set(shown(answer)) & set(others) == set(), "fresh times"
    assert not Appointment.objects.filter(planned_session__course=other).exists()


def test_the_second_to_book_a_whole_series_is_led_to_its_plan(client, course):
    keys = shown(client.get(address(course)))
    accept(client, course, keys)

    words = accept(client, course, keys).content.decode()

    assert "Nothing was booked" in words
    assert "The times below" not in words
    assert reverse("sessions:course", args=[course.public_id]) in words.split('class="empty"')[1]


def test_a_booked_session_put_outside_its_window_is_said_on_the_page(client, course):
    keys = shown(client.get(address(course)))
    accept(client, course, [key for key in keys if key.startswith("2~")])

    def first_days_late(days):
        with time_machine.travel(NOW + timedelta(days=days), tick=False):
            client.force_login(make_user(course.clinic, Role.RECEPTION))
            return client.get(address(course))

    assert first_days_late(0).context["is_perfect"]
    late = first_days_late(5)
    assert not late.context["is_perfect"]
    assert "then comes too early" in late.content.decode()


def test_a_second_click_books_nothing_more(client, course):
    keys = shown(client.get(address(course)))
    token = str(uuid4())

    answers = [client.post(address(course), {"time": keys, "token": token}) for _click in range(2)]

    assert [answer.status_code for answer in answers] == [302, 302]
    assert Appointment.objects.count() == 4


@pytest.mark.parametrize(
    "keys", [["x"], ["1~2~3~4"], ["1~2026-03-02T09:00:00Z~nobody~-"], ["99999~~~"], []], ids=range(5)
)
def test_forged_times_are_refused_in_words(client, course, keys):
    answer = accept(client, course, keys)

    assert answer.status_code == 409
    assert "Nothing was booked" in answer.content.decode()
    assert Appointment.objects.count() == 0


@pytest.mark.parametrize(
    "query",
    [
        "?swap=abc&pin=rubbish&pin=1~2~3~4",
        "?swap=9999&asked=1",
        "?asked=1&count=-3",
        "?asked=1&count=500",
        "?asked=1&weekdays=9&from_time=25:00",
        "?asked=1&practitioner=nobody&room=nowhere",
        "?asked=1&from_time=12:00&until_time=09:00",
        "?asked=1&weekdays_are=always",
    ],
    ids=range(8),
)
def test_a_bad_address_is_answered_with_a_page(client, course, query):
    assert client.get(address(course, query)).status_code == 200


def test_a_chosen_time_is_kept_and_shown_as_chosen(client, course):
    page = client.get(address(course, "?swap=2"))
    other = page.context["alternatives"][0]

    chosen = client.get(address(course, f"?{other.pin_query}"))

    assert "chosen by you" in chosen.content.decode()
    assert chosen.context["lines"][1].line.starts_at == other.line.starts_at


def test_a_chosen_time_that_was_taken_meanwhile_is_said(client, course):
    other = client.get(address(course, "?swap=2")).context["alternatives"][0]
    chosen = client.get(address(course, f"?{other.pin_query}"))
    rival = make_course(course.clinic, patient=make_patient(course.clinic), practitioner=course.lead_practitioner)
    key = next(key for key in shown(chosen) if key.startswith("2~"))
    accept(client, rival, [key])

    again = client.get(address(course, f"?{other.pin_query}"))

    assert "has just been taken" in again.content.decode()
    assert "chosen by you" not in again.content.decode()


def test_the_part_that_fits_is_a_choice_of_its_own(client, course):
    today = timezone.localdate()
    BlockedDay.objects.create(
        clinic=course.clinic, patient=course.patient, from_on=today + timedelta(5), until_on=today + timedelta(19)
    )

    page = client.get(address(course))
    answer = accept(client, course, page.context["fitting_keys"])

    assert "that fit" in page.content.decode() or "the one that fits" in page.content.decode()
    assert 0 < len(page.context["fitting_keys"]) < 4
    assert answer.status_code == 302
    booked = Appointment.objects.filter(planned_session__course=course).count()
    assert booked == len(page.context["fitting_keys"])


@pytest.mark.parametrize("status", ["paused", "completed", "stopped"])
def test_a_course_that_does_not_run_leads_back_with_the_reason(client, course, status):
    Course.objects.filter(pk=course.pk).update(status=status, status_reason="why")

    answer = client.get(address(course), follow=True)

    assert answer.redirect_chain[0][0] == reverse("sessions:course", args=[course.public_id])
    assert "This course" in answer.content.decode()


def test_wishes_kept_for_the_patient_are_where_the_search_begins(client, course):
    url = reverse("sessions:set-preference", args=[course.patient.public_id])
    today = timezone.localdate()
    tomorrow = (today + timedelta(1)).isoweekday()

    saved = client.post(url, {"weekdays": [tomorrow], "weekdays_are": "only"})
    page = client.get(address(course))

    assert saved.status_code == 302
    assert BookingPreference.objects.get(patient=course.patient).weekdays == {tomorrow}
    days = {shown.line.choice.on.isoweekday() for shown in page.context["lines"] if shown.line.starts_at}
    assert days == {tomorrow}


def test_blocked_days_are_noted_and_taken_away(client, course):
    day = timezone.localdate() + timedelta(3)
    url = reverse("sessions:block-days", args=[course.patient.public_id])

    assert client.post(url, {"from_on": day.isoformat(), "reason": "Trip"}).status_code == 302
    wrong = client.post(url, {"from_on": day.isoformat(), "until_on": "2020-01-01"})
    blocked = BlockedDay.objects.get(patient=course.patient)
    gone = client.post(reverse("sessions:unblock-days", args=[course.patient.public_id, blocked.public_id]))

    assert "The last day is before the first." in wrong.content.decode()
    assert gone.status_code == 302
    assert not BlockedDay.objects.exists()
