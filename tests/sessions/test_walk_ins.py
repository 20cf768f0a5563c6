"""Who is here without a time, or before it: the visit is the session that is due, and there is never a second one."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import translation

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.refused import Refused
from mesoclinic.core.roles import Role
from sessions.models import Appointment
from sessions.queries import walk_ins
from sessions.queries.own_reasons import WALK_IN, reason_words
from sessions.services import appointments, courses, plans
from tests.factories import make_course, make_patient, make_practitioner, make_user
from tests.sessions.booking_world import MONDAY, NOW, at, book, open_clinic, patient
from tests.shared import shared

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True, scope="module")
def _monday_at_ten():
    with time_machine.travel(at("10:00"), tick=False):
        yield


@shared
def world():
    world = open_clinic()
    world.course = course(world)
    return world


@pytest.fixture
def desk(world, client):
    client.force_login(world.desk)
    return client


def course(world, *, start=0, cadence="3x1w@25", **fields):
    asked = {"patient": world.patient, "practitioner": world.doctor, "now": NOW, **fields}
    return make_course(world.clinic, start_on=MONDAY + timedelta(days=start), cadence=cadence, **asked)


def planned(course, number=1):
    return course.planned_sessions.get(number=number)


def here(world, desk, **fields):
    form = {"patient": world.patient.public_id, "practitioner": world.doctor.public_id, **fields}
    return desk.post(reverse("sessions:walk-in"), form, follow=True)


def words(answer) -> list[str]:
    return [str(one) for one in answer.context["messages"]]


def test_a_walk_in_is_the_session_that_is_due(world, desk):
    answer = here(world, desk)

    visit = Appointment.objects.get()
    assert (visit.planned_session, visit.status, visit.starts_at) == (planned(world.course), "arrived", at("10:00"))
    assert visit.ends_at - visit.starts_at == timedelta(minutes=25)
    assert planned(world.course).status == "booked"
    assert words(answer) == [f"{world.patient.name} is here, with Dr Ada, for session 1 of {world.course.indication}."]


def taps(desk, **query) -> list[list[tuple[str, str]]]:
    """What each button of the page that looks for who is here sends."""
    html = desk.get(reverse("sessions:walk-in", query=query)).content.decode()
    forms = re.findall(rf'<form method="post" action="{reverse("sessions:walk-in")}".*?</form>', html, re.S)
    return [re.findall(r'name="(?!csrf)([a-z]+)"\s+value="([^"]*)"', form) for form in forms]


def test_a_desk_taps_the_doctor_who_takes_them(world, desk):
    found = taps(desk, q=world.patient.name)

    keys = [world.doctor.public_id, world.colleague.public_id]
    assert found == [[("patient", str(world.patient.public_id)), ("practitioner", str(key))] for key in keys]
    desk.post(reverse("sessions:walk-in"), dict(found[1]))
    assert Appointment.objects.get().practitioner == world.colleague


def test_of_many_doctors_one_is_asked_for_on_a_page_of_its_own(world, desk):
    for name in ("Dr Di", "Dr Ed"):
        make_practitioner(world.clinic, name=name)

    (tap,) = taps(desk, q=world.patient.name)

    assert tap == [("patient", str(world.patient.public_id))]
    assert "Dr Ed" in desk.post(reverse("sessions:walk-in"), dict(tap)).content.decode()
    assert not Appointment.objects.exists()


def test_who_treats_taps_for_themselves(world, client):
    world.doctor.user = make_user(world.clinic, Role.PRACTITIONER)
    world.doctor.save()
    client.force_login(world.doctor.user)

    ((_patient, practitioner),) = taps(client, q=world.patient.name)

    assert practitioner == ("practitioner", str(world.doctor.public_id))


def test_that_somebody_walked_in_is_told_in_the_readers_language(world, desk):
    appointments.book_appointment(
        actor=world.desk,
        clinic=world.clinic,
        site=world.site,
        kind="session",
        patient=make_patient(world.clinic),
        practitioner=world.doctor,
        starts_at=at("09:45"),
        minutes=30,
        now=NOW,
    )
    with translation.override("fr"):
        visit = appointments.walk_in(
            actor=world.desk,
            clinic=world.clinic,
            site=world.site,
            patient=world.patient,
            practitioner=world.doctor,
            minutes=20,
        )

    page = desk.get(reverse("sessions:appointment", args=[visit.public_id])).content.decode()
    assert (visit.exception_reason, page.count(">walk-in<")) == (WALK_IN, 2)  # what it is, and what happened
    assert reason_words(f"{WALK_IN} · asked for") == "walk-in · asked for"
    with translation.override("fr"):
        assert reason_words(f"{WALK_IN} · asked for").endswith(" · asked for")
        assert not reason_words(WALK_IN).startswith("walk")


def test_who_walks_in_only_to_talk_is_closed_in_two_taps(world, desk):
    here(world, desk, patient=patient(world.clinic, "Bea").public_id)
    visit = Appointment.objects.get()
    talk, done = (reverse(f"sessions:{name}", args=[visit.public_id]) for name in ("change-kind", "done"))
    pages = [
        reverse("sessions:today"),
        reverse("sessions:close-day"),
        reverse("sessions:appointment", args=[visit.public_id]),
    ]

    before = [desk.get(page).content.decode() for page in pages]
    answer = desk.post(talk, {"kind": "other", "next": pages[0]}, follow=True)
    after = answer.content.decode()
    desk.post(done)

    visit.refresh_from_db()
    assert all(talk in page and "Only a talk" in page and done not in page for page in before)
    assert "the visit counts as “Other” now." in words(answer)[0]
    assert done in after
    assert talk not in after
    assert (visit.kind, visit.status) == ("other", "fulfilled")
    assert talk not in desk.get(pages[2]).content.decode()


def test_of_a_session_of_a_course_nobody_says_that_it_was_a_talk(world, desk):
    page = here(world, desk).content.decode()

    visit = Appointment.objects.get()
    talk = reverse("sessions:change-kind", args=[visit.public_id])
    assert visit.planned_session == planned(world.course)
    assert talk not in page
    assert "a session of a course" in words(desk.post(talk, {"kind": "other"}, follow=True))[-1]


def test_a_late_session_is_taken_and_what_follows_is_planned_from_that_day(world, desk):
    with time_machine.travel(at("10:00", 9), tick=False):
        desk.force_login(world.desk)
        assert planned(world.course).latest_on < MONDAY + timedelta(days=9)
        here(world, desk)
        plans.plan_sessions(world.course.pk, now=at("10:00", 9))

    assert Appointment.objects.get().planned_session == planned(world.course)
    assert planned(world.course, 2).due_on == MONDAY + timedelta(days=16)


@pytest.mark.parametrize("start", [14, 30])
def test_a_session_whose_window_is_not_open_is_left_alone(world, desk, start):
    later = course(world, start=start, patient=patient(world.clinic, "Bea"))

    here(world, desk, patient=later.patient.public_id)

    assert Appointment.objects.get().planned_session is None
    assert planned(later).status == "planned"


def test_a_paused_course_is_left_alone(world, desk):
    courses.pause_course(actor=None, course=world.course, reason="holiday", now=NOW)

    here(world, desk)

    assert Appointment.objects.get().planned_session is None


def test_two_courses_are_asked_about_and_the_one_chosen_is_taken(world, desk):
    other = course(world, cadence="2x2w@40")

    asked = here(world, desk)
    assert not Appointment.objects.exists()
    page = asked.content.decode()
    assert page.count("Here for this session") == 2
    assert "Not part of a course" in page
    here(world, desk, session=planned(other).public_id)

    assert Appointment.objects.get().planned_session == planned(other)
    assert planned(world.course).status == "planned"


def test_not_part_of_a_course_leaves_the_plan_as_it_is(world, desk):
    course(world)

    here(world, desk, session="none")

    assert Appointment.objects.get().planned_session is None
    assert planned(world.course).status == "planned"


def test_a_session_booked_for_later_is_moved_to_now_not_booked_twice(world, desk):
    visit = book(world, "15:00", planned_session=planned(world.course), minutes=25, note="bring the X-ray")

    asked = here(world, desk)
    assert "booked for Mon 2 Mar, 15:00 with Dr Ada" in asked.content.decode()
    assert "Move that visit to now" in asked.content.decode()
    assert Appointment.objects.get().starts_at == at("15:00")
    here(world, desk, session=planned(world.course).public_id)

    visit = Appointment.objects.get(pk=visit.pk)
    assert Appointment.objects.count() == 1
    assert (visit.starts_at, visit.ends_at, visit.status) == (at("10:00"), at("10:25"), "arrived")
    assert (visit.note, visit.planned_session) == ("bring the X-ray", planned(world.course))
    verbs = AuditEvent.objects.filter(subject_id=visit.pk).order_by("pk").values_list("verb", flat=True)
    assert list(verbs)[-2:] == ["appointment.moved", "appointment.checked-in"]


@pytest.mark.parametrize("day_offset", [0, 1])
def test_a_visit_moved_to_now_goes_back_where_it_stood_with_one_click(world, desk, day_offset):
    asked = {"planned_session": planned(world.course), "minutes": 25, "outside_window_reason": "asked for it"}
    visit = book(world, "15:00", day_offset=day_offset, room=world.other_room, **asked)
    fields = ["starts_at", "ends_at", "status", "arrived_at", "practitioner", "room", "exception_reason"]
    before = Appointment.objects.values(*fields).get()
    page = here(world, desk, session=planned(world.course).public_id, practitioner=world.colleague.public_id)
    assert Appointment.objects.get().status == "arrived"
    assert "for session 1 of" in page.context["request"].session["undo"]["words"]

    undone = desk.post(reverse("sessions:undo", args=[desk.session["undo"]["batch"]]), follow=True)

    assert words(undone) == ["Taken back."]
    assert Appointment.objects.values(*fields).get() == before
    visit.refresh_from_db()
    assert visit.planned_session == planned(world.course)


def test_a_visit_moved_to_now_and_begun_since_is_not_taken_back(world, desk):
    visit = book(world, "15:00", planned_session=planned(world.course))
    here(world, desk, session=planned(world.course).public_id)
    appointments.start(actor=world.desk, appointment=visit, now=at("10:00"))

    undone = desk.post(reverse("sessions:undo", args=[desk.session["undo"]["batch"]]), follow=True)

    visit.refresh_from_db()
    assert (visit.status, visit.starts_at) == ("in_progress", at("10:00"))
    assert "has been changed since" in words(undone)[-1]


def test_a_session_booked_for_another_day_moves_and_may_be_left_for_that_day(world, desk):
    asked = {"planned_session": planned(world.course), "minutes": 25, "outside_window_reason": "asked for it"}
    visit = book(world, "15:00", day_offset=1, **asked)

    here(world, desk, session="none")
    assert Appointment.objects.get(starts_at=at("10:00")).planned_session is None
    visit.refresh_from_db()

    assert visit.starts_at == at("15:00", 1)


def test_a_visit_moved_to_now_is_squeezed_in_where_somebody_else_is_booked(world, desk):
    visit = book(world, "15:00", planned_session=planned(world.course))
    book(world, "10:00", patient=patient(world.clinic, "Bea"))

    here(world, desk, session=planned(world.course).public_id)

    visit.refresh_from_db()
    assert (visit.starts_at, visit.is_squeezed_in, visit.room) == (at("10:00"), True, world.other_room)


def test_a_visit_moved_since_the_page_was_read_is_not_moved_again(world):
    visit = book(world, "15:00", planned_session=planned(world.course))
    appointments.move(actor=world.desk, appointment=visit, starts_at=at("16:00"), now=NOW)

    with pytest.raises(Refused) as no:
        appointments.come_now(
            actor=world.desk, appointment=visit, practitioner=world.doctor, seen_moves=0, now=at("10:00")
        )

    assert no.value.code == "moved-meanwhile"


@pytest.mark.parametrize("session", ["", "named", "none"])
def test_a_second_click_makes_no_second_visit_and_shows_the_first(world, desk, session):
    session = planned(world.course).public_id if session == "named" else session
    here(world, desk, session=session)

    again = here(world, desk, session=session)

    visit = Appointment.objects.get()
    assert again.redirect_chain[-1][0] == reverse("sessions:appointment", args=[visit.public_id])
    assert words(again)[-1] == f"{world.patient.name} is here already, with Dr Ada."


def test_a_second_click_on_move_to_now_shows_the_visit_that_moved(world, desk):
    book(world, "15:00", planned_session=planned(world.course))
    form = {"session": planned(world.course).public_id}
    here(world, desk, **form)

    again = here(world, desk, **form)

    visit = Appointment.objects.get()
    assert (visit.starts_at, visit.moved_count) == (at("10:00"), 1)
    assert again.redirect_chain[-1][0] == reverse("sessions:appointment", args=[visit.public_id])


def test_a_choice_that_holds_no_more_is_asked_anew(world, desk):
    stale = here(world, desk, session="6a3f6dbd-5d8f-4f4d-a5d4-3c5bb5a10d5e")

    assert stale.status_code == 409
    assert "has been booked, moved or done meanwhile" in stale.content.decode()
    assert not Appointment.objects.exists()


def test_what_is_due_takes_two_statements_whatever_is_due(world, django_assert_num_queries):
    for _ in range(3):
        course(world)
    book(world, "15:00", planned_session=planned(world.course))

    with django_assert_num_queries(2):
        due = walk_ins.due_sessions(world.site, world.patient, at("10:00"))
        found = [(one.planned.course.indication.name, one.visit and one.visit.practitioner.name) for one in due]

    assert [who for _name, who in found].count("Dr Ada") == 1
    assert len(found) == 4
