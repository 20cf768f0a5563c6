"""The pages that show what follows: nothing is saved before the choice, and it can be taken back for a minute."""

import json
import re

import pytest
import time_machine
from django.urls import reverse

from mesoclinic.core.roles import Role
from sessions.models import Appointment
from tests.factories import make_course, make_user
from tests.sessions.booking_world import MONDAY, NOW, at, book, open_clinic
from tests.shared import shared

pytestmark = pytest.mark.django_db


@shared
def world():
    with time_machine.travel(NOW):
        yield open_clinic()


@pytest.fixture
def desk(client, world):
    client.force_login(world.desk)
    return client


@pytest.fixture
def visits(world):
    """A course of five weekly sessions from today, all booked at ten."""
    course = make_course(
        world.clinic, cadence="5x1w", patient=world.patient, practitioner=world.doctor, start_on=MONDAY
    )
    rows = list(course.planned_sessions.all())
    return [book(world, day_offset=(row.due_on - MONDAY).days, planned_session=row) for row in rows]


def url(name, visit) -> str:
    return reverse(f"sessions:{name}", args=[visit.public_id])


def asked_move(world, visit, on="2026-03-11", clock="10:00") -> dict:
    return {
        "slot": "",
        "on": on,
        "at": clock,
        "minutes": "30",
        "with_whom": str(world.doctor.public_id),
        "where": f"room-{world.room.public_id}",
        "seen_moves": visit.moved_count,
    }


def following(response, code) -> str:
    return next(choice.value for choice in response.context["choices"] if choice.code == code)


def times() -> list:
    return list(Appointment.objects.live().order_by("planned_session__number").values_list("starts_at", flat=True))


def test_a_move_first_shows_old_and_new_dates_and_saves_nothing(desk, world, visits):
    before = times()

    response = desk.post(url("move", visits[1]), asked_move(world, visits[1]))

    page = response.content.decode()
    assert response.status_code == 200
    assert "What about the visits that follow?" in page
    assert re.search(r"Mon 16 Mar 10:00.*?Wed 18 Mar 10:00", page, re.DOTALL)
    assert times() == before


def test_the_chosen_future_is_done_and_can_be_taken_back(desk, world, visits):
    before = times()
    asked = asked_move(world, visits[1])
    shown = desk.post(url("move", visits[1]), asked)

    done = desk.post(
        url("move", visits[1]), {**asked, "future": "shift", "following-shift": following(shown, "shift")}, follow=True
    )

    assert times() == [before[0], *(at("10:00", day) for day in (9, 16, 23, 30))]
    assert "moved to Wed 11 Mar, 10:00, and 3 more along with it." in done.content.decode()
    batch = desk.session["undo"]["batch"]
    undone = desk.post(reverse("sessions:undo", args=[batch]), follow=True)
    assert "Taken back." in undone.content.decode()
    assert times() == before


def test_only_this_one_leaves_the_others(desk, world, visits):
    before = times()

    desk.post(url("move", visits[1]), {**asked_move(world, visits[1]), "future": "only", "following-only": "[]"})

    assert times() == [before[0], at("10:00", 9), *before[2:]]


def test_a_move_onto_the_next_session_offers_to_shift_but_not_to_move_it_alone(desk, world, visits):
    asked = asked_move(world, visits[1], "2026-03-16") | {"outside_window_reason": "on holiday"}

    response = desk.post(url("move", visits[1]), asked)

    only = response.context["choices"][0]
    assert only.refused in ("That time has just been taken.", "Ada Lovelace already has an appointment then.")
    done = desk.post(
        url("move", visits[1]), {**asked, "future": "shift", "following-shift": following(response, "shift")}
    )
    assert done.status_code == 302
    assert times()[1] == at("10:00", 14)


def test_a_move_that_no_future_allows_is_refused_at_once(desk, world, visits):
    response = desk.post(url("move", visits[1]), asked_move(world, visits[1], clock="07:00"))

    assert response.status_code == 409
    assert "does not work then" in response.content.decode()


def test_moving_within_the_day_asks_nothing(desk, world, visits):
    response = desk.post(url("move", visits[1]), asked_move(world, visits[1], "2026-03-09", "14:00"))

    assert response.status_code == 302
    assert times()[1] == at("14:00", 7)


def test_a_drag_gets_the_question_for_its_dialog(desk, world, visits):
    asked = {
        "starts": "2026-03-11T10:00",
        "minutes": 30,
        "practitioner": str(world.doctor.public_id),
        "seen_moves": 0,
    }

    answer = desk.post(url("move", visits[1]), asked).json()

    assert "Shift the following" in answer["ask"]
    assert times()[1] == at("10:00", 7)
    ghosts = json.loads(re.search(r'value="shift"\s+data-ghosts="([^"]*)"', answer["ask"])[1].replace("&quot;", '"'))
    where = [str(world.doctor.public_id), str(world.room.public_id)]
    names = [world.doctor.name, world.room.name]
    assert ghosts[:2] == [
        [*where, "2026-03-11T10:00", "2026-03-11T10:30", 2, str(visits[1].public_id), *names],
        [*where, "2026-03-18T10:00", "2026-03-18T10:30", 3, str(visits[2].public_id), *names],
    ]
    desk.post(url("move", visits[1]), {**asked, "future": "only"})
    assert times()[1] == at("10:00", 9)


def test_a_drag_that_nothing_follows_is_done_and_says_how_to_take_it_back(desk, world, visits):
    asked = {"starts": "2026-03-31T10:00", "minutes": 30, "practitioner": str(world.doctor.public_id), "seen_moves": 0}

    answer = desk.post(url("move", visits[4]), asked).json()

    assert answer["words"] == "Ada Lovelace moved to Tue 31 Mar, 10:00."
    headers = {"accept": "application/json"}
    undone = desk.post(reverse("sessions:undo", args=[answer["undo"]]), headers=headers).json()
    assert undone == {"done": True, "words": "Taken back."}
    again = desk.post(reverse("sessions:undo", args=[answer["undo"]]), headers=headers).json()
    assert again["done"] is False


def test_cancelling_asks_and_then_does_both(desk, world, visits):
    asked = {"cancelled_by": "patient", "reason": "Ill"}

    shown = desk.post(url("cancel", visits[1]), asked)
    assert visits[1].status == "booked"
    desk.post(url("cancel", visits[1]), {**asked, "future": "shift", "following-shift": following(shown, "shift")})

    visits[1].refresh_from_db()
    assert visits[1].status == "cancelled"
    assert times() == [at("10:00"), *(at("10:00", day) for day in (21, 28, 36))]


def test_a_no_show_asks_and_then_does_both(desk, world, visits):
    with time_machine.travel(at("11:00")):
        desk.force_login(world.desk)
        shown = desk.post(url("no-show", visits[0]))
        desk.post(url("no-show", visits[0]), {"future": "shift", "following-shift": following(shown, "shift")})

    visits[0].refresh_from_db()
    assert visits[0].status == "no_show"
    assert times() == [at("10:00", day) for day in (14, 21, 28, 36)]


def test_who_goes_untreated_is_asked_about_what_follows_and_it_is_taken_back(desk, world, visits):
    before = times()
    with time_machine.travel(at("10:05")):
        desk.force_login(world.desk)
        desk.post(url("start", visits[0]))
        shown = desk.post(url("not-treated", visits[0]), {"reason": "Fever"})
        assert "Nothing is saved yet." in shown.content.decode()
        visits[0].refresh_from_db()
        assert visits[0].status == "in_progress"
        answered = {"reason": "Fever", "future": "shift", "following-shift": following(shown, "shift")}
        desk.post(url("not-treated", visits[0]), answered)

        visits[0].refresh_from_db()
        assert (visits[0].status, visits[0].status_reason) == ("not_treated", "Fever")
        assert times() == [at("10:00", day) for day in (14, 21, 28, 36)]
        undone = desk.post(reverse("sessions:undo", args=[desk.session["undo"]["batch"]]), follow=True)

    assert "Taken back." in undone.content.decode()
    visits[0].refresh_from_db()
    assert visits[0].status == "in_progress"
    assert times() == before


def test_leaving_a_session_out_asks_too(client, world):
    doctor = make_user(world.clinic, Role.PRACTITIONER)
    client.force_login(doctor)
    course = make_course(
        world.clinic, cadence="4x1w", patient=world.patient, practitioner=world.doctor, start_on=MONDAY
    )
    rows = list(course.planned_sessions.all())
    for n in (2, 3):
        book(world, day_offset=7 * n, planned_session=rows[n])
    address = reverse("sessions:skip-session", args=[course.public_id, 2])

    shown = client.post(address, {"reason": "much better"})
    assert "Nothing is saved yet." in shown.content.decode()
    client.post(address, {"reason": "much better", "future": "only", "following-only": "[]"})

    assert course.planned_sessions.get(number=2).status == "skipped"
    assert times() == [at("10:00", 14), at("10:00", 21)]


@pytest.mark.parametrize("value", ["", "nonsense", "[[1]]", '[["x","y","z",0]]', "[" * 5000])
def test_a_forged_or_broken_answer_is_refused_in_words(desk, world, visits, value):
    before = times()

    response = desk.post(
        url("move", visits[1]), {**asked_move(world, visits[1]), "future": "shift", "following-shift": value}
    )

    assert "Something has changed meanwhile." in response.content.decode()
    assert times() == before


def test_a_visit_of_another_course_is_never_moved_along(desk, world, visits):
    stranger = book(world, "14:00", patient=world.horse, practitioner=world.vet, room=world.other_room)
    moves = [[str(stranger.public_id), at("15:00", 3).isoformat(), str(world.vet.public_id), 0]]

    response = desk.post(
        url("move", visits[1]),
        {**asked_move(world, visits[1]), "future": "shift", "following-shift": json.dumps(moves)},
    )

    assert "Something has changed meanwhile." in response.content.decode()
    stranger.refresh_from_db()
    assert stranger.starts_at == at("14:00")


def test_a_screen_gone_stale_moves_nothing(desk, world, visits):
    asked = asked_move(world, visits[1])
    shown = desk.post(url("move", visits[1]), asked)
    Appointment.objects.filter(pk=visits[3].pk).update(moved_count=1)
    before = times()

    response = desk.post(
        url("move", visits[1]), {**asked, "future": "shift", "following-shift": following(shown, "shift")}
    )

    assert response.status_code == 409
    assert "Somebody has moved this visit meanwhile." in response.content.decode()
    assert times() == before
