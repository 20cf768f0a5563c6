"""Planning a round and running it, page by page, and what bad input gets."""

import uuid
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from patients.services import places
from sessions.models import Appointment, Round
from tests.factories import make_course, make_horse, make_patient
from tests.sessions.booking_world import MONDAY, NOW, at, book, open_clinic
from tests.sessions.round_world import book_round, lines, open_stable
from tests.shared import shared

pytestmark = pytest.mark.django_db

TUESDAY = MONDAY + timedelta(days=1)


@pytest.fixture(autouse=True, scope="module")
def _monday_at_eight():
    with time_machine.travel(NOW, tick=False):
        yield


@shared
def world():
    return open_stable()


@pytest.fixture
def desk(world, client):
    client.force_login(world.desk)
    return client


def plan_url(world, on=TUESDAY, **query):
    return reverse("sessions:book-round", query={"place": world.stable.public_id, "on": on.isoformat(), **query})


def posted(world, *names, start=None, **fields):
    keys = {f"take-s{world.planned[name].public_id.hex}": "on" for name in names}
    first = {"practitioner": str(world.vet.public_id), "travel_before_min": 30, "travel_after_min": 30}
    start = {"start": start if isinstance(start, str) else start.isoformat()} if start else {}
    return {"booking_token": str(uuid.uuid4()), **first, **keys, **start, **fields}


def text(answer):
    return " ".join(answer.content.decode().split())


def test_the_page_ticks_who_is_due_and_proposes_a_start_with_the_way_inside_the_hours(world, desk):
    answer = desk.get(plan_url(world))

    due = [line["candidate"].patient.name for line in answer.context["due"]]
    others = [line["candidate"].patient.name for line in answer.context["others"]]
    times = answer.context["times"]
    assert (due, others) == (["Amber", "Bijou", "Corsair"], ["Dandy", "Ember"])
    assert times.total_min == 65
    assert times.times[0].starts_at == at("09:30", 1)
    assert times.times[0].leaves_at == at("09:00", 1)
    assert "not due yet" in text(answer)
    assert "no session to book" in text(answer)


def test_a_round_is_booked_by_one_click_as_proposed(world, desk):
    answer = desk.post(plan_url(world), posted(world, "Amber", "Bijou", "Corsair", start=at("09:30", 1)), follow=True)

    booked = Round.objects.get()
    assert answer.redirect_chain[-1][0] == reverse("sessions:round", args=[booked.public_id])
    assert lines(booked) == [
        ("Amber", "09:30", "10:00", 30, 0),
        ("Bijou", "10:00", "10:20", 0, 0),
        ("Corsair", "10:20", "10:35", 0, 30),
    ]
    assert "Box 2" in text(answer)


def test_a_double_click_leads_to_the_one_round(world, desk):
    asked = posted(world, "Amber", start=at("09:30", 1))
    there = {desk.post(plan_url(world), asked).headers["Location"] for _click in range(2)}
    assert there == {reverse("sessions:round", args=[Round.objects.get().public_id])}


def test_the_times_follow_the_ticks_and_nothing_is_booked(world, desk):
    url = reverse("sessions:round-times", query={"place": world.stable.public_id, "on": TUESDAY.isoformat()})
    minutes = {f"minutes-s{world.planned['Amber'].public_id.hex}": "45"}

    answer = desk.post(url, posted(world, "Amber", **minutes))

    assert answer.context["times"].total_min == 45
    assert not Appointment.objects.exists()


def test_a_typed_time_and_one_who_is_not_due_with_a_reason(world, desk):
    dandy = world.planned["Dandy"].public_id.hex
    ember = world.horses["Ember"].public_id.hex
    asked = posted(world, "Amber", "Dandy", start=None, at="14:00")
    refused = desk.post(plan_url(world), {**asked, f"take-p{ember}": "on"})
    assert "Say why, because the session is not due that day." in text(refused)

    desk.post(
        plan_url(world),
        {**asked, f"take-p{ember}": "on", f"reason-s{dandy}": "on the way", f"reason-p{ember}": "teeth"},
    )

    assert [line[:2] for line in lines(Round.objects.get())] == [
        ("Amber", "14:00"),
        ("Dandy", "14:30"),
        ("Ember", "14:50"),
    ]


@pytest.mark.parametrize(
    ("names", "fields", "words"),
    [
        ((), {"at": "10:00"}, "Tick at least one to visit."),
        (("Amber",), {}, "Choose one of the times shown"),
        (("Amber",), {"start": "nonsense"}, "Choose one of the times shown"),
        (("Amber",), {"start": "other"}, "Choose one of the times shown"),
        (("Amber",), {"at": "23:00"}, "does not work then"),
        (("Amber",), {"at": "10:00", "travel_before_min": "9999"}, "600"),
        (("Amber",), {"at": "10:00", "practitioner": "x"}, "Choose one from the list"),
    ],
)
def test_bad_input_gets_a_sentence_and_books_nothing(world, desk, names, fields, words):
    answer = desk.post(plan_url(world), posted(world, *names, **fields))

    assert words in text(answer)
    assert not Appointment.objects.exists()


def test_a_start_in_the_past_gets_a_sentence(world, desk):
    answer = desk.get(plan_url(world, MONDAY - timedelta(days=1)))
    assert "This day has passed. Choose a later one." in text(answer)
    asked = posted(world, start=at("07:00"), **{f"take-p{world.horses['Ember'].public_id.hex}": "on"})
    assert "This time has passed. Choose a later one." in text(desk.post(plan_url(world, MONDAY), asked))


def test_an_empty_stable_says_what_would_help(world, desk):
    empty = places.create_place(actor=None, clinic=world.clinic, kind="stable", name="Empty yard", travel_min=5)
    answer = desk.get(reverse("sessions:book-round", query={"place": empty.public_id}))
    assert "Nobody is registered at Empty yard. Say in the files of the horses that they live there" in text(answer)


def test_a_clinic_that_goes_nowhere_is_told_to_add_a_place(client):
    world = open_clinic()
    client.force_login(world.desk)
    for name in ("book-round", "rounds"):
        assert "New place" in text(client.get(reverse(f"sessions:{name}")))


def test_nobody_due_says_so_and_a_full_day_names_the_next_time(world, desk):
    sunday = desk.get(plan_url(world, MONDAY + timedelta(days=13)))
    assert "Vet Bo does not work that day." in text(sunday)
    book(world, "09:00", day_offset=1, minutes=470, patient=world.horse, practitioner=world.vet)
    full = text(desk.get(plan_url(world)))
    assert "has no 65 minutes in one piece that day; the longest free time is 10 minutes" in full
    assert "Next time that fits: Wednesday 4 March, 09:30" in full
    friday = desk.get(plan_url(world, MONDAY + timedelta(days=4)))
    assert "Nobody at Oakfield is due that day" in text(friday)


def test_two_receptionists_accept_the_same_round_and_the_second_is_told(world, desk):
    book_round(world)
    answer = desk.post(plan_url(world), posted(world, "Amber", start=at("14:00", 1)))
    assert Round.objects.count() == 1
    assert "Choose" in text(answer) or "Tick at least one" in text(answer)


def test_a_horse_sold_since_the_page_was_loaded_is_simply_not_there(world, desk):
    type(world.horse).objects.filter(pk=world.horses["Amber"].pk).update(ended_on=MONDAY, end_reason="sold")
    answer = desk.post(plan_url(world), posted(world, "Amber", start=at("14:00", 1)))
    assert "Tick at least one to visit." in text(answer)


def test_not_caught_is_not_offered_before_the_day_of_the_round_and_refused_in_words(world, desk):
    one = book_round(world)
    visit = one.visits.get(patient__name="Bijou")

    shown = desk.get(reverse("sessions:round", args=[one.public_id]))
    answer = desk.post(reverse("sessions:not-treated", args=[visit.public_id]), {"reason": "Not caught"})

    assert "Not caught" not in text(shown)
    assert "This visit is on a later day. Until then, move it or cancel it." in text(answer)
    visit.refresh_from_db()
    assert visit.status == "booked"


def test_not_caught_is_one_tap_and_can_be_taken_back(world, desk):
    one = book_round(world)
    page = reverse("sessions:round", args=[one.public_id])
    visit = one.visits.get(patient__name="Bijou")

    with time_machine.travel(at("09:30", 1), tick=False):
        desk.force_login(world.desk)
        assert "Not caught" in text(desk.get(page))
        answer = desk.post(
            reverse("sessions:not-treated", args=[visit.public_id]), {"reason": "Not caught", "next": page}, follow=True
        )

    assert answer.redirect_chain[-1][0] == page
    visit.refresh_from_db()
    assert (visit.status, visit.status_reason) == ("not_treated", "Not caught")
    world.planned["Bijou"].refresh_from_db()
    assert world.planned["Bijou"].status == "planned"
    assert "20 minutes free" in text(answer)
    desk.post(reverse("sessions:undo-not-treated", args=[visit.public_id]), {"next": page})
    visit.refresh_from_db()
    assert visit.status == "arrived"


def test_up_swap_and_close_the_gaps_are_one_step_each(world, desk):
    one = book_round(world)
    visits = {visit.patient.name: visit for visit in one.visits.select_related("patient")}
    url = reverse("sessions:reorder-round", args=[one.public_id])

    desk.post(url, {"visit": visits["Bijou"].public_id, "step": "up", "seen_moves": 0})
    assert [line[0] for line in lines(one)] == ["Bijou", "Amber", "Corsair"]
    desk.post(url, {"visit": visits["Bijou"].public_id, "other": visits["Corsair"].public_id, "seen_moves": 1})
    assert [line[0] for line in lines(one)] == ["Corsair", "Amber", "Bijou"]
    late = desk.post(url, {"visit": visits["Bijou"].public_id, "step": "up", "seen_moves": 0}, follow=True)
    assert "Somebody has changed this round meanwhile" in text(late)
    for nonsense in ({}, {"visit": "x"}, {"visit": visits["Bijou"].public_id, "other": "y"}):
        assert "Choose a visit of this round." in text(desk.post(url, nonsense, follow=True))

    desk.post(
        reverse("sessions:cancel", args=[visits["Amber"].public_id]), {"cancelled_by": "patient", "reason": "lame"}
    )
    desk.post(reverse("sessions:close-gaps", args=[one.public_id]))
    assert lines(one) == [("Corsair", "10:00", "10:15", 30, 0), ("Bijou", "10:15", "10:35", 0, 30)]


def test_the_whole_round_is_moved_and_cancelled_from_its_page(world, desk):
    one = book_round(world)
    book(world, "14:30", day_offset=1, patient=world.horse, practitioner=world.vet)
    move = reverse("sessions:move-round", args=[one.public_id])
    asked = {"on": TUESDAY.isoformat(), "at": "14:00", "practitioner": world.vet.public_id}

    refused = desk.post(move, asked)
    assert "just been taken" in refused.context["form"].errors["at"][0]
    assert desk.post(move, {**asked, "at": "15:30"}).status_code == 302
    assert lines(one)[0][1] == "15:30"
    cancel = reverse("sessions:cancel-round", args=[one.public_id])
    assert "fill this in" in text(desk.post(cancel, {"cancelled_by": "clinic"}))
    answer = desk.post(cancel, {"cancelled_by": "clinic", "reason": "snow"}, follow=True)
    assert "This round was cancelled: snow" in text(answer)


def test_one_more_from_those_there_or_found(world, desk):
    one = book_round(world)
    url = reverse("sessions:add-to-round", args=[one.public_id])
    shown = text(desk.get(url))
    assert "Ember" in shown
    assert world.horse.name in text(desk.get(url, {"q": world.horse.name}))

    for_ember = f"{url}?patient={world.horses['Ember'].public_id}"
    assert "no session to book" in text(desk.get(for_ember))
    desk.post(for_ember, {"minutes": 20, "reason": "teeth"})

    assert lines(one)[-1] == ("Ember", "11:05", "11:25", 0, 30)


def test_a_care_home_has_residents_with_their_own_words(client):
    world = open_clinic()
    home = places.create_place(actor=None, clinic=world.clinic, kind="care_home", name="Linden house", travel_min=10)
    person = make_patient(world.clinic, name="Edda Brandt", place=home)
    course = make_course(world.clinic, patient=person, practitioner=world.doctor, start_on=TUESDAY, now=NOW)
    client.force_login(world.desk)
    page = client.get(reverse("sessions:book-round", query={"place": home.public_id, "on": TUESDAY.isoformat()}))
    assert page.context["desk"].practitioner == world.doctor
    world.stable, world.planned, world.vet = home, {"Edda": course.planned_sessions.get(number=1)}, world.doctor

    client.post(plan_url(world), posted(world, "Edda", start=at("10:00", 1)))
    with time_machine.travel(at("09:30", 1), tick=False):
        client.force_login(world.desk)
        answer = client.get(reverse("sessions:round", args=[Round.objects.get().public_id]))

    assert "One more resident" in text(answer)
    assert "Not there" in text(answer)
    assert "caught" not in text(answer)


def test_the_pages_ask_as_often_for_many_horses_as_for_few(world, desk):
    one = book_round(world)
    urls = [plan_url(world, MONDAY + timedelta(days=8)), reverse("sessions:round", args=[one.public_id])]
    urls += [reverse("sessions:rounds"), reverse("sessions:add-to-round", args=[one.public_id])]

    def counts():
        found = []
        for url in urls:
            desk.get(url)
            with CaptureQueriesContext(connection) as queries:
                desk.get(url)
            found.append(len(queries))
        return found

    few = counts()
    for number in range(6):
        horse = make_horse(world.clinic, name=f"Horse {number}", place=world.stable)
        make_course(world.clinic, patient=horse, practitioner=world.vet, start_on=MONDAY + timedelta(days=8), now=NOW)
    assert counts() == few


def test_today_shows_a_round_as_one_group_and_the_calendar_the_way(world, desk):
    one = book_round(world)
    with time_machine.travel(at("08:00", 1), tick=False):
        desk.force_login(world.desk)
        page = text(desk.get(reverse("sessions:today")))
    assert "Rounds today" in page
    assert reverse("sessions:round", args=[one.public_id]) in page
    assert "3 visits until 11:05" in page

    feed = desk.get(reverse("sessions:calendar-feed"), {"on": TUESDAY.isoformat()}).json()

    column = [name for _key, name in feed["p"]].index("Vet Bo")
    assert feed["w"] == [
        [column, "2026-03-03T09:30", "2026-03-03T10:00"],
        [column, "2026-03-03T11:05", "2026-03-03T11:35"],
    ]
    assert all("g" in visit[8] for visit in feed["v"])
