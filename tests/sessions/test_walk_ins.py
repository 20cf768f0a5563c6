"""Who is here without a time, or before it: the visit is the session that is due, and there is never a second one."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.refused import Refused
from sessions.models import Appointment
from sessions.queries import walk_ins
from sessions.services import appointments, courses, plans
from tests.factories import make_course
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
