"""The booking pages as a receptionist uses them, and what bad input gets."""

import html
import json
import re
import uuid
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from mesoclinic.core.roles import Role
from patients.models import Party, Patient
from patients.services import parties, places
from sessions.models import Appointment, Room
from sessions.services.availability import add_absence
from tests.factories import make_course, make_user
from tests.sessions.booking_world import MONDAY, NOW, at, book, open_clinic, patient
from tests.shared import shared

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True, scope="module")
def _monday_at_eight():
    with time_machine.travel(NOW, tick=False):
        yield


@shared
def world():
    return open_clinic()


@pytest.fixture
def desk(world, client):
    client.force_login(world.desk)
    return client


def slot(when, practitioner) -> str:
    return f"{when.isoformat()}~{practitioner.public_id}"


def book_url(world) -> str:
    return reverse("sessions:book", query={"patient": world.patient.public_id})


def posted(**fields) -> dict:
    return {"booking_token": str(uuid.uuid4()), **fields}


def test_a_free_time_shown_is_booked_by_one_click_and_book(world, desk):
    page = desk.get(book_url(world)).content.decode()
    assert f"2026-03-02T10:00:00+01:00~{world.doctor.public_id}" in page

    answer = desk.post(book_url(world), posted(slot=slot(at("10:00"), world.doctor), reason="neck"), follow=True)

    visit = Appointment.objects.get()
    assert (visit.starts_at, visit.room, visit.reason) == (at("10:00"), world.room, "neck")
    assert answer.redirect_chain[-1][0] == reverse("sessions:appointment", args=[visit.public_id])


def test_the_first_days_list_their_times_and_any_other_day_is_one_link_away(world, desk):
    tuesday = f"2026-03-03T10:00:00+01:00~{world.doctor.public_id}"
    page = desk.get(book_url(world))
    assert [day.is_open for day in page.context["days"][:3]] == [True, False, False]
    assert tuesday not in page.content.decode()

    link = re.search(r'href="(\?[^"]*open_on=2026-03-03)#day-2026-03-03"', page.content.decode()).group(1)
    unfolded = desk.get(reverse("sessions:book") + html.unescape(link))

    assert tuesday in unfolded.content.decode()
    assert [day.is_open for day in unfolded.context["days"][:3]] == [False, True, False]
    assert unfolded.context["days"][1].count == sum(len(times) for _who, times in unfolded.context["days"][1].people)
    assert [day.count for day in unfolded.context["days"]] == [day.count for day in page.context["days"]]


@pytest.mark.parametrize("name", ["sessions:book", "sessions:new-caller"])
def test_only_the_free_times_are_answered_when_only_they_are_asked_for_anew(world, desk, name):
    url = reverse(name, query={"patient": world.patient.public_id, "open_on": MONDAY.isoformat()})
    page = desk.get(url).content.decode()

    with CaptureQueriesContext(connection) as asked:
        times = desk.get(url, headers={"HX-Request": "true"}).content.decode()
    back_again = desk.get(url, headers={"HX-Request": "true", "HX-History-Restore-Request": "true"}).content.decode()

    assert times.partition('<div class="field-errors"')[0].strip() in page
    assert times.count('id="free-times"') == 1
    assert 'name="at"' not in times
    assert "</html>" not in times
    assert f"~{world.doctor.public_id}" in times
    assert not [one["sql"] for one in asked if "patients_identifier" in one["sql"] or "patients_flag" in one["sql"]]
    assert "</html>" in back_again


def test_the_time_chosen_is_still_chosen_when_the_form_comes_back(world, desk):
    tuesday = f"2026-03-03T10:00:00+01:00~{world.doctor.public_id}"

    page = desk.post(reverse("sessions:new-caller"), posted(slot=tuesday, phone="+33 6 39 98 00 01"))

    assert page.context["form"].errors.keys() == {"name", "reason"}
    assert f'value="{tuesday}" checked' in page.content.decode()


def test_a_time_that_is_not_shown_can_be_typed(world, desk):
    typed = {"slot": "other", "on": "2026-03-02", "at": "10:07", "with_whom": str(world.doctor.public_id)}

    desk.post(book_url(world), posted(**typed))

    assert Appointment.objects.get().starts_at == at("10:07")


def test_a_time_the_clocks_jump_over_is_refused_in_words(world, desk):
    typed = {"slot": "other", "on": "2026-03-29", "at": "02:30", "with_whom": str(world.doctor.public_id)}

    page = desk.post(book_url(world), posted(**typed)).content.decode()

    assert "The clocks jump over this time" in page
    assert not Appointment.objects.exists()


def test_a_lost_race_shows_three_other_times_and_keeps_what_was_typed(world, desk):
    book(world, "10:00", patient=patient(world.clinic, "Bea"))

    answer = desk.post(book_url(world), posted(slot=slot(at("10:00"), world.doctor), reason="neck pain"))

    page = answer.content.decode()
    assert answer.status_code == 409
    assert "That time has just been taken." in page
    assert len(answer.context["alternatives"]) == 3
    assert "neck pain" in page


def test_a_double_click_books_once(world, desk):
    form = posted(slot=slot(at("10:00"), world.doctor))

    first, second = (desk.post(book_url(world), form) for _ in range(2))

    assert Appointment.objects.count() == 1
    assert first["Location"] == second["Location"]


@pytest.mark.parametrize(
    "bad",
    [
        {},
        {"slot": "nonsense"},
        {"slot": "2026-03-02T10:00:00+01:00~nobody"},
        {"slot": "9999-12-31T23:59:00+00:00~f1d1de47-13eb-4636-9c1b-875c85b95707"},
        {"slot": "other", "on": "2026-02-31", "at": "10:00"},
        {"slot": "other", "on": "9999-12-31", "at": "10:00"},
        {"slot": "other", "on": "2026-03-02", "at": "25:61"},
        {"slot": "other", "on": "2026-03-02", "at": "10:00", "with_whom": "-1"},
        {"slot": "\x00"},
        {"reason": "x" * 10_000, "slot": "other"},
        {"note": "a\x00b", "slot": "other"},
        {"booking_token": "again"},
    ],
)
def test_bad_input_gets_words_and_books_nothing(world, desk, bad):
    answer = desk.post(book_url(world), {**posted(), **bad})

    assert answer.status_code == 200
    assert answer.context["form"].errors
    assert not Appointment.objects.exists()


@pytest.mark.parametrize(
    "query",
    [
        {"minutes": "-5"},
        {"minutes": "1000000"},
        {"minutes": "0"},
        {"from_on": "9999-12-31"},
        {"from_on": "2100-12-31"},
        {"from_on": "0001-01-01"},
        {"practitioner": "nobody"},
        {"practitioner": "f1d1de47-13eb-4636-9c1b-875c85b95707"},
        {"where": "room-1"},
        {"kind": "party"},
        {"kind": "clinic"},
        {"on": "nonsense", "at": "\x00"},
    ],
)
def test_nonsense_in_the_filters_is_never_a_fault(world, desk, query):
    for url in (book_url(world) + "&", reverse("sessions:new-caller") + "?"):
        address = url + "&".join(f"{name}={value}" for name, value in query.items())
        assert desk.get(address).status_code == 200
        assert desk.post(address, posted(slot=slot(at("10:00"), world.doctor))).status_code in (200, 302, 409)


@pytest.mark.parametrize(
    ("query", "field", "words"),
    [
        ({"minutes": "-5"}, "minutes", "Enter 1 or more."),
        ({"minutes": "1000000"}, "minutes", "Enter 999 or less."),
        ({"from_on": "2026-02-31"}, "from_on", "Enter a real date"),
    ],
)
@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_what_is_wrong_with_a_filter_stands_beside_it_whichever_way_it_is_asked(
    world, desk, query, field, words, headers
):
    page = desk.get(reverse("sessions:new-caller", query=query), headers=headers).content.decode()

    beside = page.partition(f'id="id_{field}_error"')[2].partition("</div>")[0]
    assert words in beside
    assert ('hx-swap-oob="true"' in beside) == bool(headers)
    assert "Free times of  minutes" not in " ".join(page.split("\n"))
    assert f'aria-describedby="id_{field}_error"' in desk.get(reverse("sessions:new-caller")).content.decode()


def test_a_filter_that_is_put_right_loses_its_words(world, desk):
    times = desk.get(reverse("sessions:new-caller", query={"minutes": "30"}), headers={"HX-Request": "true"})

    beside = times.content.decode().partition('id="id_minutes_error"')[2].partition("</div>")[0]
    assert 'hx-swap-oob="true"' in beside
    assert "<p>" not in beside


def looked_for(page) -> dict:
    """What the form above the times sends next, as the page or an answer to it has filled it."""
    return dict(re.findall(r'<input [^>]*name="(minutes|proposed)" value="(\d*)"', page.content.decode()))


@pytest.mark.parametrize("name", ["sessions:book", "sessions:new-caller"])
@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["page", "answer"])
def test_the_minutes_proposed_go_with_what_the_visit_is_for(world, desk, name, headers):
    query = {"patient": world.patient.public_id}
    first = looked_for(desk.get(reverse(name, query=query)))
    changed = reverse(name, query=query | first | {"kind": "review"})

    page = desk.get(changed, headers=headers)
    desk.post(
        changed, posted(slot=slot(at("10:00"), world.doctor), name="Cleo", phone="+33 6 39 98 00 01", reason="neck")
    )

    assert first["minutes"] == first["proposed"]
    assert looked_for(page) == {"minutes": "15", "proposed": "15"}
    assert "Free times of 15 minutes" in " ".join(page.content.decode().split())
    put_right = re.findall(r'<input [^>]*name="(\w+)"[^>]* hx-swap-oob="true"', page.content.decode())
    assert put_right == (["proposed", "minutes"] if headers else [])
    visit = Appointment.objects.get()
    assert (visit.kind, visit.ends_at - visit.starts_at) == ("review", timedelta(minutes=15))


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["page", "answer"])
def test_minutes_that_were_typed_stay_when_the_visit_is_for_something_else(world, desk, headers):
    query = {"patient": world.patient.public_id, "kind": "review", "minutes": "45", "proposed": "20"}

    page = desk.get(reverse("sessions:book", query=query), headers=headers)

    assert page.context["desk"].chosen["minutes"] == 45
    assert looked_for(page) == {"proposed": "15"} | ({} if headers else {"minutes": "45"})


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("2020-01-01", "Wednesday 1 January 2020 is over: the times shown begin today."),
        ("2031-01-01", "Times are shown until 4 March 2029. Choose a day before."),
    ],
)
def test_a_first_day_without_times_is_said_in_words(world, desk, day, words):
    assert words in desk.get(reverse("sessions:new-caller", query={"from_on": day})).content.decode()
    for query in ({}, {"from_on": day, "minutes": "-5"}):
        assert words not in desk.get(reverse("sessions:new-caller", query=query)).content.decode()


def test_a_typed_time_without_a_name_is_with_the_practitioner_looked_for(world, desk):
    typed = {"slot": "other", "on": "2026-03-02", "at": "10:07", "with_whom": ""}

    refused = desk.post(book_url(world), posted(**typed))
    desk.post(f"{book_url(world)}&practitioner={world.doctor.public_id}", posted(**typed))

    assert refused.context["form"].errors.keys() == {"with_whom"}
    assert Appointment.objects.get().practitioner == world.doctor


@pytest.mark.parametrize("field", ["on", "at", "with_whom"])
def test_what_another_time_needs_is_not_called_optional(world, desk, field):
    label = desk.get(book_url(world)).content.decode().partition(f'for="id_{field}"')[2].partition("</label>")[0]

    assert "optional" not in label


def test_emoji_are_kept(world, desk):
    desk.post(book_url(world), posted(slot=slot(at("10:00"), world.doctor), note="😀 knocks twice"))

    assert Appointment.objects.get().note == "😀 knocks twice"


def test_a_new_caller_is_registered_and_booked_in_one_go(world, desk):
    before = Patient.objects.count()
    caller = {"name": "Zoë New", "phone": "06 39 98 11 22", "reason": "knee"}
    form = posted(slot=slot(at("10:00"), world.doctor), **caller)

    answer = desk.post(reverse("sessions:new-caller"), form, follow=True)
    desk.post(reverse("sessions:new-caller"), form)

    visit = Appointment.objects.get()
    assert "Booked: Zoë New, Mon 2 Mar, 10:00" in answer.content.decode()
    assert (visit.patient.name, visit.kind, visit.reason) == ("Zoë New", "first_visit", "knee")
    assert Patient.objects.count() == before + 1


def test_a_new_caller_whose_time_is_taken_is_not_registered(world, desk):
    book(world, "10:00")
    before = Patient.objects.count()
    caller = {"name": "Zoë New", "phone": "06 39 98 11 22", "reason": "knee"}

    answer = desk.post(reverse("sessions:new-caller"), posted(slot=slot(at("10:00"), world.doctor), **caller))

    assert answer.status_code == 409
    assert "Zoë New" in answer.content.decode()
    assert Patient.objects.count() == before


def test_the_owner_of_a_new_horse_gets_the_phone(world, desk):
    url = reverse("sessions:new-caller", query={"species": "horse"})
    caller = {"name": "Storm", "owner_name": "Olga Owner", "phone": "06 39 98 11 22", "reason": "back"}

    page = desk.post(url, posted(slot=slot(at("10:00"), world.vet), **caller), follow=True).content.decode()

    assert 'href="tel:0639981122"' in page, "the visit's page says whom to call"
    storm = Appointment.objects.get().patient
    link = storm.party_links.select_related("party").get()
    assert (link.role, link.party.name, link.party.phone) == ("owner", "Olga Owner", "06 39 98 11 22")


TYPED = {"name": "Bijou", "phone": "06 39 98 11 22", "reason": "stiff back", "note": "kicks", "on": "2026-03-04"}


def test_another_species_keeps_all_that_was_typed_and_chosen_and_saves_nothing(world, desk):
    chosen = {"kind": "review", "minutes": "45", "proposed": "20", "from_on": "2026-03-04", "on": "2026-03-04"}
    place = places.create_place(actor=None, clinic=world.clinic, name="Oakfield stables")
    chosen |= {"where": f"place-{place.public_id}", "at": "10:10", "species": "human"}
    at_eleven = f"2026-03-04T11:00:00+01:00~{world.vet.public_id}"
    typed = posted(**TYPED, at="10:10", slot=at_eleven, for_species="horse")
    before = Patient.objects.count()

    answer = desk.post(reverse("sessions:new-caller", query=chosen), typed, follow=True)

    form, looked = answer.context["form"], answer.context["filters"]
    assert answer.redirect_chain == [(reverse("sessions:new-caller", query=chosen | {"species": "horse"}), 307)]
    assert {name: form[name].value() for name in TYPED} == TYPED
    assert {name: str(looked[name].value()) for name in ("kind", "minutes", "where", "from_on")} == {
        name: chosen[name] for name in ("kind", "minutes", "where", "from_on")
    }
    assert f'value="{at_eleven}" checked' in answer.content.decode()
    assert 'value="other"\n               checked' not in answer.content.decode()
    assert not form.errors
    assert (Patient.objects.count(), Appointment.objects.count()) == (before, 0)


def test_a_time_clicked_in_the_calendar_stays_when_the_species_changes(world, desk):
    clicked = {"on": "2026-03-04", "at": "10:10", "practitioner": str(world.vet.public_id)}
    first = desk.get(reverse("sessions:new-caller", query=clicked))
    assert first.context["species"].code == "horse", "the vet whose column it was treats no people"

    typed = {"on": "2026-03-04", "at": "10:10", "slot": "other", "with_whom": str(world.vet.public_id)}
    asked = reverse("sessions:new-caller", query=clicked | {"species": "human"})
    page = desk.post(asked, posted(**typed, for_species="horse"), follow=True)

    assert {name: page.context["form"][name].value() for name in typed} == typed
    assert page.context["desk"].chosen["practitioner"] == world.vet
    assert " ".join(page.content.decode().split()).count('value="other" checked') == 1


def test_who_does_not_treat_the_other_species_is_looked_for_no_more(world, desk):
    asked = reverse("sessions:new-caller", query={"practitioner": world.doctor.public_id, "kind": "review"})

    page = desk.post(asked, posted(**TYPED, for_species="horse"), follow=True)

    assert page.redirect_chain == [(reverse("sessions:new-caller", query={"kind": "review", "species": "horse"}), 307)]
    assert page.context["filters"].errors == {}


@pytest.mark.parametrize("asked", ["dragon", "", "\x00"])
def test_a_species_that_is_none_leaves_the_page_as_it_is(world, desk, asked):
    page = desk.post(reverse("sessions:new-caller"), posted(**TYPED, for_species=asked))

    assert (page.status_code, page.context["species"].code) == (200, "human")
    assert page.context["form"]["name"].value() == "Bijou"


def test_who_is_known_already_shows_while_typing(world, desk):
    page = desk.get(reverse("sessions:likely-known"), {"name": "Ada Lovelace", "species": "human"}).content.decode()

    assert str(world.patient.public_id) in page


def test_who_is_known_already_still_shows_when_the_form_comes_back(world, desk):
    url, shows_at_once = reverse("sessions:new-caller"), 'hx-trigger="load, input delay:300ms"'

    fresh = desk.get(url).content.decode()
    returned = desk.post(url, posted(name=world.patient.name)).content.decode()

    assert shows_at_once not in fresh
    assert shows_at_once in returned


def test_a_missing_time_is_said_beside_the_times_along_with_all_else_that_is_missing(world, desk):
    answer = desk.post(reverse("sessions:new-caller"), posted(name="Zoë New"))

    assert {"phone", "reason", "slot"} <= set(answer.context["form"].errors)
    times = answer.content.decode().partition('id="free-times"')[2]
    assert "Choose a time." in times


def test_a_walk_in_is_one_tap(world, desk):
    form = {"patient": world.patient.public_id, "practitioner": world.doctor.public_id}

    desk.post(reverse("sessions:walk-in"), form)

    visit = Appointment.objects.get()
    assert (visit.status, visit.starts_at, visit.patient) == ("arrived", NOW, world.patient)


def test_the_planned_session_page_marks_the_target_day_and_proposes_the_minutes(world, desk):
    course = make_course(
        world.clinic,
        patient=world.patient,
        practitioner=world.doctor,
        cadence="1x@30, 3x1w@15",
        start_on=MONDAY + timedelta(days=1),
        now=NOW,
    )
    second = course.planned_sessions.get(number=2)
    url = reverse("sessions:book-planned", args=[second.public_id])

    answer = desk.get(url)

    assert [day.day for day in answer.context["days"] if day.is_target] == [second.due_on]
    assert answer.context["desk"].chosen["minutes"] == 15
    desk.post(url, posted(slot=slot(at("10:00", (second.due_on - MONDAY).days), world.doctor)))
    visit = Appointment.objects.get()
    assert (visit.planned_session, visit.ends_at - visit.starts_at) == (second, timedelta(minutes=15))


@pytest.mark.parametrize("minutes", ["15", "45"])
def test_a_planned_session_keeps_its_minutes_whatever_it_is_called(world, desk, minutes):
    facts = {"patient": world.patient, "practitioner": world.doctor, "start_on": MONDAY + timedelta(days=1)}
    first = make_course(world.clinic, cadence="4x1w@15", now=NOW, **facts).planned_sessions.get(number=1)
    query = {"kind": "first_visit", "minutes": minutes, "proposed": "15"}

    page = desk.get(reverse("sessions:book-planned", args=[first.public_id], query=query))

    assert page.context["desk"].chosen["minutes"] == int(minutes)


def test_a_planned_session_is_booked_for_the_minutes_chosen(world, desk):
    facts = {"patient": world.patient, "practitioner": world.doctor, "start_on": MONDAY + timedelta(days=1)}
    course = make_course(world.clinic, cadence="4x1w@15", now=NOW, **facts)
    first = course.planned_sessions.get(number=1)
    url = reverse("sessions:book-planned", args=[first.public_id], query={"minutes": "45"})

    desk.post(url, posted(slot=slot(at("10:00", 1), world.doctor)))

    visit = Appointment.objects.get()
    assert (visit.planned_session, visit.starts_at) == (first, at("10:00", 1))
    assert visit.ends_at - visit.starts_at == timedelta(minutes=45)


def drag(client, visit, **fields):
    sent = {
        "starts": "2026-03-02T11:00",
        "minutes": "30",
        "practitioner": str(visit.practitioner.public_id),
        "seen_moves": str(visit.moved_count),
        **fields,
    }
    return client.post(reverse("sessions:move", args=[visit.public_id]), sent, headers={"accept": "application/json"})


def test_a_drag_in_the_calendar_moves_the_visit(world, desk):
    visit = book(world, "10:00")

    answer = drag(desk, visit, practitioner=str(world.colleague.public_id))

    visit.refresh_from_db()
    assert (answer.status_code, answer.json()["moves"]) == (200, 1)
    assert (visit.starts_at, visit.practitioner) == (at("11:00"), world.colleague)


def test_a_drag_onto_a_taken_time_is_answered_in_words_with_other_times(world, desk):
    visit = book(world, "10:00")
    book(world, "11:00", patient=patient(world.clinic, "Bea"))

    answer = drag(desk, visit)

    visit.refresh_from_db()
    assert (answer.status_code, visit.starts_at) == (409, at("10:00"))
    assert answer.json()["words"].startswith("That time has just been taken. Free: Mon 2 Mar ")


def test_a_refused_drag_names_other_times_in_the_readers_language_and_with_whom(world, desk):
    visit = book(world, "12:00")
    book(world, "09:00", minutes=170, patient=patient(world.clinic, "Bea"))
    add_absence(actor=world.desk, practitioner=world.doctor, starts_at=at("12:30"), ends_at=at("18:00", 10))
    world.desk.language = "fr"
    world.desk.save(update_fields=["language"])

    said = drag(desk, visit).json()["words"]

    assert said.endswith(" : lun 2 mars 10:25 (Dr Cy), lun 2 mars 10:55 (Dr Cy), lun 2 mars 11:50.")


@pytest.mark.parametrize("starts", ["2026-03-29T02:30", "nonsense", "9999-12-31T23:59", "2026-02-31T10:00", "\x00"])
def test_a_drag_to_an_impossible_time_is_answered_in_words(world, desk, starts):
    visit = book(world, "10:00")

    answer = drag(desk, visit, starts=starts)

    assert answer.status_code in (409, 422)
    assert answer.json()["words"]


def test_the_move_form_moves_and_says_so_in_the_history(world, desk):
    visit = book(world, "10:00")
    url = reverse("sessions:move", args=[visit.public_id])
    form = {
        "on": "2026-03-03",
        "at": "11:00",
        "minutes": "45",
        "with_whom": str(world.doctor.public_id),
        "where": "",
        "seen_moves": "0",
    }

    page = desk.post(url, form, follow=True).content.decode()

    visit.refresh_from_db()
    assert (visit.starts_at, visit.ends_at) == (at("11:00", 1), at("11:45", 1))
    assert "Mon 2 Mar 10:00 → Tue 3 Mar 11:00" in page


def test_one_tap_and_back_again(world, desk):
    visit = book(world, "10:00")
    here = reverse("sessions:day-list", query={"on": "2026-03-02"})

    for action, status in (
        ("arrive", "arrived"),
        ("back", "booked"),
        ("start", "in_progress"),
        ("undo-start", "arrived"),
    ):
        answer = desk.post(reverse(f"sessions:{action}", args=[visit.public_id]), {"next": here})
        visit.refresh_from_db()
        assert (visit.status, answer["Location"]) == (status, here)


def test_booking_by_the_form_reads_no_place_and_no_room_before_it_locks_them(world, desk):
    form = posted(slot="other", on="2026-03-03", at="10:00", with_whom=world.doctor.public_id)
    desk.get(book_url(world))  # what is read once a process

    with CaptureQueriesContext(connection) as asked:
        assert desk.post(book_url(world), form).status_code == 302

    def reads(table):
        return [one["sql"] for one in asked.captured_queries if f'FROM "{table}"' in one["sql"]]

    assert (len(reads("patients_place")), len(reads("treatment_sessions_room"))) == (0, 1)
    assert len(asked) <= 21, "the two savepoints of a test are among them"


def test_a_site_without_rooms_books_without_one(client):
    world = open_clinic()
    Room.objects.update(is_active=False)
    client.force_login(world.desk)
    form = posted(slot="other", on="2026-03-03", at="10:00", with_whom=world.doctor.public_id)

    assert "No room needed" in client.get(book_url(world)).content.decode()
    assert client.post(book_url(world), form).status_code == 302
    assert Appointment.objects.get().room is None


@pytest.mark.parametrize("day_offset", [0, 1])
def test_arrived_is_offered_on_the_day_itself(world, desk, day_offset):
    visit = book(world, "10:00", day_offset=day_offset)
    arrive = reverse("sessions:arrive", args=[visit.public_id])
    on = (MONDAY + timedelta(days=day_offset)).isoformat()

    pages = [desk.get(reverse("sessions:day-list", query={"on": on}))]
    page_of_visit = reverse("sessions:appointment", args=[visit.public_id])
    pages += [desk.get(page_of_visit), desk.get(page_of_visit, headers={"HX-Request": "true"})]

    assert [arrive in page.content.decode() for page in pages] == [day_offset == 0] * 3


def test_a_page_of_another_site_is_never_gone_to(world, desk):
    visit = book(world, "10:00")

    answer = desk.post(reverse("sessions:arrive", args=[visit.public_id]), {"next": "https://evil.example/"})

    assert answer["Location"] == reverse("sessions:appointment", args=[visit.public_id])


def test_cancelling_asks_who_and_why(world, desk):
    visit = book(world, "10:00")
    url = reverse("sessions:cancel", args=[visit.public_id])

    assert desk.post(url, {"reason": "", "cancelled_by": "cat"}).context["form"].errors.keys() == {
        "reason",
        "cancelled_by",
    }
    desk.post(url, {"reason": "ill", "cancelled_by": "patient"})

    visit.refresh_from_db()
    assert (visit.status, visit.cancelled_by, visit.status_reason) == ("cancelled", "patient", "ill")


def test_a_manager_sees_the_calendar_but_books_nothing(world, client):
    client.force_login(make_user(world.clinic, Role.MANAGER))
    visit = book(world, "10:00")

    assert client.get(reverse("sessions:day-list")).status_code == 200
    assert client.post(reverse("sessions:arrive", args=[visit.public_id])).status_code == 403


def test_the_day_list_shows_and_prints_the_day(world, desk):
    book(world, "10:00", reason="neck pain")
    book(world, "11:00", practitioner=world.colleague, patient=patient(world.clinic, "Bea"))

    page = desk.get(reverse("sessions:day-list", query={"on": "2026-03-02"})).content.decode()
    only = desk.get(
        reverse("sessions:day-list", query={"on": "2026-03-02", "practitioner": world.colleague.public_id})
    ).content.decode()

    assert "10:00–10:30" in page
    assert "neck pain" in page
    assert "Ada Lovelace" not in only
    assert "Bea" in only


def test_the_day_list_says_whom_to_call_about_an_animal(world, desk):
    owner = {"name": "Olga Owner", "phone": "06 39 98 11 22"}
    link = parties.link(actor=None, patient=world.horse, role="owner", from_on=MONDAY, **owner)
    book(world, "10:00", practitioner=world.vet, patient=world.horse)

    page = " ".join(desk.get(reverse("sessions:day-list", query={"on": "2026-03-02"})).content.decode().split())
    Party.objects.filter(pk=link.party_id).update(may_call=False)
    quiet = desk.get(reverse("sessions:day-list", query={"on": "2026-03-02"})).content.decode()

    assert 'Olga Owner (owner) · <span class="nowrap">06 39 98 11 22</span>' in page
    assert "06 39 98 11 22" not in quiet


def test_the_feed_is_compact_and_in_wall_time(world, desk):
    visit = book(world, "10:00")

    feed = desk.get(reverse("sessions:calendar-feed", query={"on": "2026-03-02"})).json()

    assert feed["v"] == [
        [
            *(str(visit.public_id), 0, "2026-03-02T10:00", "2026-03-02T10:30"),
            *("booked", "Ada Lovelace", "Room 1", 0, "", 0, 0, "session"),
        ]
    ]
    assert [0, "2026-03-02T00:00", "2026-03-02T09:00"] in feed["s"]
    assert len(json.dumps(feed["v"][0])) < 300


def test_the_feed_names_closed_days(world, desk):
    feed = desk.get(reverse("sessions:calendar-feed", query={"on": "2026-04-06", "view": "week"})).json()

    assert list(feed["d"]) == ["2026-04-06"]


@pytest.mark.parametrize("query", ["on=nonsense", "on=9999-12-31", "on=0001-01-01&view=year", "on=2026-02-31"])
@pytest.mark.parametrize("name", ["calendar", "calendar-feed", "day-list"])
def test_a_nonsense_day_is_today(world, desk, name, query):
    assert desk.get(f"{reverse(f'sessions:{name}')}?{query}").status_code == 200
