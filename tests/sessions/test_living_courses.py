"""Courses that live: longer, lapsed, stopped at a review; and a plan that says why it looks as it does."""

from datetime import date, timedelta
from types import SimpleNamespace

import pytest
import time_machine
from django.urls import reverse

from mesoclinic.core.refused import Refused
from mesoclinic.core.roles import Role
from sessions.models import Appointment
from sessions.queries import courses as reads
from sessions.queries.plan_reasons import plan_reasons
from sessions.queries.today_desk import desk_day
from sessions.services import appointments, courses, plans
from tests.factories import done_session, make_course, make_user
from tests.sessions.booking_world import MONDAY, NOW, at, book, open_clinic
from tests.shared import shared

pytestmark = pytest.mark.django_db


@shared
def world() -> SimpleNamespace:
    world = open_clinic()
    world.doctor_user = make_user(world.clinic, Role.PRACTITIONER)
    return world


def course_of(world, cadence: str):
    return make_course(
        world.clinic, cadence=cadence, start_on=MONDAY, now=NOW, patient=world.patient, practitioner=world.doctor
    )


def extend(world, course, *, now=NOW, **asked):
    return courses.extend_course(actor=world.doctor_user, course=course, reason="still improving", now=now, **asked)


def days(course) -> list[date]:
    return list(course.planned_sessions.order_by("number").values_list("due_on", flat=True))


# Longer


def test_more_sessions_follow_the_last_gap_and_nothing_before_them_moves(world):
    course = course_of(world, "2x1w@30, 2x2w@15")
    before = days(course)
    done_session(course, 1, on=MONDAY)

    row = extend(world, course, sessions=2)

    assert (row.kind, row.from_number, row.cadence) == ("extended", 2, "1x1w@30, 4x2w@15")
    assert days(course)[:4] == before
    assert days(course)[4:] == [MONDAY + timedelta(weeks=7), MONDAY + timedelta(weeks=9)]
    assert {one.minutes for one in course.planned_sessions.filter(number__gte=3)} == {15}


def test_maintenance_goes_on_after_the_series_without_end(world):
    course = course_of(world, "2x1w@30")

    row = extend(world, course, maintenance="4-6w")

    assert row.cadence == "2x1w@30, *x4-6w"
    assert len(days(course)) > 4
    assert course.planned_sessions.get(number=3).minutes == 30


def test_a_course_whose_last_session_is_done_is_active_again(world):
    course = course_of(world, "2x1w@20")
    done_session(course, 1, on=MONDAY)
    done_session(course, 2, on=MONDAY + timedelta(days=7))
    assert course.status == "completed"

    row = extend(world, course, sessions=1, now=at("18:00", 7))

    course.refresh_from_db()
    assert (course.status, row.cadence, row.from_number) == ("active", "1x1w@20", 3)
    assert days(course)[2] == MONDAY + timedelta(days=14)


def test_sessions_added_behind_a_review_are_held_until_it_is_recorded(world):
    course = course_of(world, "2x1w!")

    row = extend(world, course, sessions=2)

    assert row.cadence == "2x1w!, 2x1w"
    assert [one.is_held for one in course.planned_sessions.order_by("number")] == [False, False, True, True]


@pytest.mark.parametrize(
    ("cadence", "asked", "code"),
    [
        ("*x4w", {"sessions": 2}, "endless"),
        ("2x1w, *x4w", {"maintenance": "6w"}, "endless"),
        ("1x", {"sessions": 2}, "no-gap"),
        ("2x1w", {"sessions": 0}, "bad-number"),
        ("2x1w", {"sessions": 100}, "bad-number"),
        ("2x1w", {"maintenance": "often"}, "bad-cadence"),
        ("2x1w", {"maintenance": "4w, 2x1w"}, "bad-cadence"),
        ("2x1w", {"maintenance": "@30"}, "bad-cadence"),
    ],
    ids=["endless", "maintained", "no gap", "none", "too many", "no gap said", "several", "minutes alone"],
)
def test_what_cannot_be_longer_says_why_and_changes_nothing(world, cadence, asked, code):
    course = course_of(world, cadence)

    with pytest.raises(Refused) as refused:
        extend(world, course, **asked)

    assert refused.value.code == code
    assert course.revisions.count() == 1


def test_a_review_that_is_due_comes_before_more_sessions(world):
    course = course_of(world, "1x!, 2x1w")
    done_session(course, 1, on=MONDAY)

    with pytest.raises(Refused) as refused:
        extend(world, course, sessions=2)

    assert refused.value.code == "review-first"


def test_a_stopped_course_is_not_extended(world):
    course = course_of(world, "2x1w")
    courses.stop_course(actor=world.doctor_user, course=course, reason="moved away", now=NOW)

    with pytest.raises(Refused) as refused:
        extend(world, course, sessions=2)

    assert refused.value.code == "not-open"


# A stop at a review


def test_a_stop_at_a_review_calls_off_the_visits_ticked_and_no_others(world):
    course = course_of(world, "1x!, 2x1w")
    done_session(course, 1, on=MONDAY)
    second, third = (
        book(world, "10:00", day_offset=day, planned_session=course.planned_sessions.get(number=number))
        for number, day in ((2, 7), (3, 14))
    )

    courses.record_review(
        actor=world.doctor_user,
        course=course,
        after_number=1,
        decision="stop",
        note="no effect",
        cancel=[second],
        now=NOW,
    )

    second.refresh_from_db()
    third.refresh_from_db()
    course.refresh_from_db()
    assert (course.status, second.status, third.status) == ("stopped", "cancelled", "booked")
    assert second.status_reason == "no effect"


# A course that stands still


def test_while_a_course_is_paused_nothing_is_missed_or_called_for_and_resumed_it_is_due_from_that_day(world):
    course = course_of(world, "4x1w")
    done_session(course, 1, on=MONDAY)
    before = days(course)
    courses.pause_course(actor=world.doctor_user, course=course, reason="on holiday", now=at("18:00"))

    plans.flag_overdue(now=at("02:00", 21))
    plans.plan_sessions(course.pk, now=at("02:00", 21))

    course.refresh_from_db()
    assert (course.status, course.lapsed_on, days(course)) == ("paused", None, before)
    assert desk_day(world.site, at("08:00", 21)).calls == []
    courses.resume_course(actor=world.doctor_user, course=course, now=at("08:00", 21))
    plans.plan_sessions(course.pk, now=at("08:00", 21))
    assert days(course) == [MONDAY + timedelta(days=one) for one in (0, 21, 28, 36)], "Easter Monday is closed"
    second = course.planned_sessions.get(number=2)
    assert (second.is_late, second.latest_on < second.due_on) == (True, True), "its window is what it was"
    assert [one.planned for one in desk_day(world.site, at("08:00", 21)).calls] == [second]


# Why the plan looks like this


def test_every_change_of_the_plan_says_why(world):
    course = course_of(world, "4x1w")
    visit = book(world, "10:00", day_offset=7, planned_session=course.planned_sessions.get(number=2))
    done_session(course, 1, on=MONDAY)
    appointments.move(actor=world.desk, appointment=visit, starts_at=at("10:00", 9), now=NOW)
    courses.skip_session(actor=world.doctor_user, course=course, number=3, reason="on holiday", now=NOW)
    courses.change_cadence(
        actor=world.doctor_user, course=course, cadence="3x2w", reason="tired after each session", now=NOW
    )

    told = plan_reasons(reads.plan(course, MONDAY))

    words = [reason.words for reason in told]
    assert words[0] == "Mesoclinic prescribed this on 2 Mar 2026: 4 sessions, 1 week apart."
    assert words[1].startswith("From session 2 on another series, by ")
    assert told[1].because == "tired after each session"
    assert any(one.startswith("Session 2 was moved by ") for one in words)


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (7, None),
        (8, "Session 2 was done on Tue 10 Mar, 1 day later than aimed at: what follows is counted from then."),
        (6, "Session 2 was done on Sun 8 Mar, 1 day earlier than aimed at: what follows is counted from then."),
        (12, "Session 2 was done on Sat 14 Mar, 5 days later than aimed at: what follows is counted from then."),
    ],
)
def test_a_session_done_off_its_day_says_that_the_rest_is_counted_from_it(world, day, said):
    course = course_of(world, "4x1w")
    done_session(course, 1, on=MONDAY)
    done_session(course, 2, on=MONDAY + timedelta(days=day))

    told = [one.words for one in plan_reasons(reads.plan(course, MONDAY + timedelta(days=day)))[1:]]

    assert course.planned_sessions.get(number=3).ideal_on == MONDAY + timedelta(days=day + 7)
    assert [one for one in told if "was done on" in one] == ([said] if said else [])


def test_what_begins_again_is_not_counted_from_the_session_before(world):
    course = course_of(world, "4x1w")
    done_session(course, 1, on=MONDAY + timedelta(days=2))
    start_on = MONDAY + timedelta(days=21)
    courses.restart_course(
        actor=world.doctor_user, course=course, start_on=start_on, reason="long break", now=at("08:00", 3)
    )

    told = [one.words for one in plan_reasons(reads.plan(course, MONDAY))]

    assert not [one for one in told if "was done on" in one]


def test_a_pause_a_resumption_a_lapse_and_a_stop_say_why(world):
    course = course_of(world, "4x1w")
    by = {"actor": world.doctor_user, "course": course}
    courses.pause_course(**by, reason="on holiday", now=NOW)
    courses.resume_course(**by, now=at("08:00", 3))
    done_session(course, 1, on=MONDAY + timedelta(days=3))
    plans.plan_sessions(course.pk, now=at("08:00", 60))  # nobody came for eight weeks
    courses.stop_course(**by, reason="moved away", now=at("09:00", 60))

    told = plan_reasons(reads.plan(course, MONDAY))[1:5]

    words = [one.words.partition(" on ")[0].replace(str(world.doctor_user), "Dr Ada") for one in told]
    assert words == ["Paused by Dr Ada", "Resumed by Dr Ada", "Paused by Mesoclinic", "Stopped by Dr Ada"]
    assert [one.because.partition(":")[0] for one in told] == ["on holiday", "", "Lapsed", "moved away"]


def test_a_course_extended_after_its_end_is_not_called_resumed(world):
    course = course_of(world, "1x1w@20")
    done_session(course, 1, on=MONDAY)
    extend(world, course, sessions=1, now=at("18:00", 7))

    told = [one.words for one in plan_reasons(reads.plan(course, MONDAY))]

    assert any(one.startswith("Extended from session 2") for one in told)
    assert not any(one.startswith("Resumed") for one in told)


def test_a_session_late_because_of_a_closed_day_and_one_left_out_say_so(world):
    course = make_course(  # Easter Monday is closed
        world.clinic, cadence="4x1w", start_on=date(2026, 3, 30), now=NOW, patient=world.patient,
        practitioner=world.doctor,
    )  # fmt: skip
    courses.skip_session(actor=world.doctor_user, course=course, number=4, reason="on holiday", now=NOW)

    told = plan_reasons(reads.plan(course, MONDAY))

    assert [(one.words, one.because) for one in told[1:]] == [
        ("Session 2, Tue 7 Apr: The usual day is closed.", ""),
        ("Session 4 is left out.", "on holiday"),
    ]


# The pages


def show(client, user, course, name="course", data=None):
    client.force_login(user)
    url = reverse(f"sessions:{name}", args=[course.public_id])
    with time_machine.travel(NOW, tick=False):
        return client.post(url, data) if data is not None else client.get(url)


def test_the_plan_page_says_why_and_the_form_extends_it(client, world):
    course = course_of(world, "2x1w")

    answer = show(client, world.doctor_user, course, "extend-course", {"sessions": "2", "reason": "going well"})
    html = show(client, world.doctor_user, course).content.decode()

    assert answer.status_code == 302
    assert "Why the plan looks like this" in html
    assert "Extended from session 1 on" in html
    assert "Because: going well" in html


@pytest.mark.parametrize(
    "data", [{}, {"sessions": "2", "maintenance": "4w"}, {"sessions": "-1"}, {"sessions": "x"}, {"maintenance": "x"}]
)
def test_a_form_that_makes_no_sense_is_shown_again_in_words(client, world, data):
    course = course_of(world, "2x1w")

    answer = show(client, world.doctor_user, course, "extend-course", {"reason": "well", **data})

    assert answer.status_code == 200
    assert b"is-invalid" in answer.content
    assert course.revisions.count() == 1


def test_a_lapsed_course_shows_the_four_ways_on_together(client, world):
    course = course_of(world, "4x1w")
    course.status, course.status_reason, course.lapsed_on = "paused", "lapsed", MONDAY
    course.save(update_fields=["status", "status_reason", "lapsed_on"])

    html = show(client, world.doctor_user, course).content.decode()
    seen_by_desk = show(client, world.desk, course).content.decode()

    panel = html[html.index("how does it go on?") :]
    for way in ("resume-course", "step-back", "restart-course", "stop-course"):
        assert reverse(f"sessions:{way}", args=[course.public_id]) in panel
    assert "how does it go on?" not in seen_by_desk


def test_the_review_on_the_page_asks_which_visits_a_stop_cancels(client, world):
    course = course_of(world, "1x!, 2x1w")
    done_session(course, 1, on=MONDAY)
    visit = book(world, "10:00", day_offset=7, planned_session=course.planned_sessions.get(number=2))
    assert "If the course stops, cancel these visits too" in show(client, world.doctor_user, course).content.decode()

    client.force_login(world.doctor_user)
    with time_machine.travel(NOW, tick=False):
        client.post(
            reverse("sessions:record-review", args=[course.public_id, 1]),
            {"decision": "stop", "note": "no effect", "visits": [str(visit.public_id)]},
        )

    assert Appointment.objects.get(pk=visit.pk).status == "cancelled"
