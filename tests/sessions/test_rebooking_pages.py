"""The rebooking page as people use it: enter an absence, see what it breaks, accept, call."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from mesoclinic.core.roles import Role
from sessions.models import Absence, Appointment, CallAttempt, Closure, WorkingHours
from sessions.services import availability
from tests.factories import make_user
from tests.sessions.booking_world import MONDAY, NOW, at, book, open_clinic, patient

pytestmark = pytest.mark.django_db

RADIO = re.compile(r'name="(visit-[0-9a-f-]+)"\s+value="([^"]+)"\s+checked')


@pytest.fixture
def world(client):
    world = open_clinic()
    world.client = client
    with time_machine.travel(NOW, tick=False):
        client.force_login(world.desk)
        yield world


def away(world, from_day=7, until_day=8, **of):
    of = of or {"practitioner": world.doctor}
    return availability.add_absence(
        actor=world.desk, starts_at=at("00:00", from_day), ends_at=at("00:00", until_day), **of
    )


def page_of(world, absence=None):
    name, args = ("sessions:rebook-because", ["absence", absence.public_id]) if absence else ("sessions:rebook", [])
    answer = world.client.get(reverse(name, args=args))
    assert answer.status_code == 200
    return answer.content.decode()


def proposed(page):
    return {name: value.replace("&#x27;", "'") for name, value in RADIO.findall(page)}


def post(world, name, data=None, *args):
    return world.client.post(reverse(f"sessions:{name}", args=args), data or {}, follow=True)


def said(answer):
    return " ".join(str(one) for one in answer.context["messages"])


def test_who_may_not_book_is_told_that_reception_finds_the_new_times(world):
    book(world, day_offset=7)
    absence = away(world)
    assert "until you accept a new one" in page_of(world, absence)

    world.client.force_login(make_user(world.clinic, Role.MANAGER))

    assert "until reception accepts a new one" in page_of(world, absence)


ABSENCE = {"from_on": "2026-03-09", "until_on": "2026-03-09", "reason": "Course"}
AFTERNOONS = {"weekday": "1-5", "kind": "open", "start_time": "13:00", "end_time": "17:00", "every_weeks": "1"}
HOURS = {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "0"} | {
    f"form-0-{name}": AFTERNOONS[name] for name in AFTERNOONS
}
LEAVER = {"name": "Dr Ada", "profession": "", "colour": "1", "position": "1", "last_day_on": "2026-03-06"}


def changes_of(world):
    """Each page that may break visits, with what is sent to it and the row it would change."""
    return {
        "add-absence": ([], {"who": world.doctor.public_id, **ABSENCE}),
        "add-closure": ([], {"from_on": "2026-03-09"}),
        "edit-hours": (["practitioner", world.doctor.public_id], HOURS),
        "edit-room": ([world.room.public_id], {"name": "Room 1", "position": "1"}),
        "edit-practitioner": ([world.doctor.public_id], LEAVER),
    }


def saved_so_far(world):
    world.doctor.refresh_from_db()
    world.room.refresh_from_db()
    hours = WorkingHours.objects.filter(practitioner=world.doctor).order_by("weekday").first().start_time
    days = (Absence.objects.count(), Closure.objects.count())
    return (*days, hours, world.room.is_active, world.doctor.last_day_on)


def mark_in(page):
    return re.search(r'name="seen" value="([^"]+)"', page).group(1)


@pytest.mark.parametrize("name", ["add-absence", "add-closure", "edit-hours", "edit-room", "edit-practitioner"])
def test_what_a_change_breaks_is_said_before_it_is_saved(world, name):
    visit = book(world, "09:00", day_offset=7)
    book(world, "14:00", patient=patient(world.clinic, "Bob Before"), room=world.other_room)
    world.client.force_login(make_user(world.clinic, Role.ADMIN, Role.MANAGER, Role.RECEPTION))
    before = saved_so_far(world)
    args, form = changes_of(world)[name]

    page = post(world, name, form, *args).content.decode()
    asked = world.client.post(
        reverse(f"sessions:{name}", args=args), {**form, "seen": mark_in(page)}, headers={"HX-Request": "true"}
    ).content.decode()

    assert "Not saved yet: this breaks 1 visit" in page
    assert visit.patient.name in page
    assert "Bob Before" not in page
    assert "This breaks 1 visit" in asked
    assert saved_so_far(world) == before
    answer = post(world, name, {**form, "seen": mark_in(page)}, *args)
    assert saved_so_far(world) != before
    if name != "edit-practitioner":  # its page shows all that a last day leaves open
        assert "1 visit no longer fits." in said(answer)
        assert "/rebook/" in answer.redirect_chain[-1][0]


def test_what_is_booked_on_a_holiday_worked_all_the_same_is_said_before_it_is_closed_after_all(world):
    day = MONDAY + timedelta(days=7)
    opened = availability.add_closure(
        actor=None, site=world.site, from_on=day, until_on=day, is_open=True, reason="Fair"
    )
    availability.add_closure(actor=None, site=world.site, from_on=day, until_on=day, reason="Holiday")
    visit = book(world, "09:00", day_offset=7)
    away_then = book(world, "15:00", day_offset=7, patient=patient(world.clinic, "Bob Before"), room=world.other_room)
    availability.add_absence(
        actor=None, practitioner=world.doctor, starts_at=at("14:00", 7), ends_at=at("17:00", 7), reason="Course"
    )
    world.client.force_login(make_user(world.clinic, Role.ADMIN, Role.MANAGER, Role.RECEPTION))

    shown = world.client.get(reverse("sessions:closure", args=[opened.public_id])).content.decode()
    page = post(world, "remove-closure", {}, opened.public_id).content.decode()

    assert "Close on these days after all?" in shown
    assert "Not saved yet: this breaks 1 visit" in page
    assert visit.patient.name in page
    assert away_then.patient.name not in page, "it has lost its time already"
    assert "closed that day (Holiday)" in page
    assert Closure.objects.filter(pk=opened.pk).exists()
    stale = post(world, "remove-closure", {"seen": "0-0"}, opened.public_id).content.decode()
    assert "Not saved yet" in stale
    answer = post(world, "remove-closure", {"seen": mark_in(page)}, opened.public_id)
    assert not Closure.objects.filter(pk=opened.pk).exists()
    assert "no longer fit" in said(answer)
    assert "/rebook/" in answer.redirect_chain[-1][0]


def test_closed_days_are_taken_away_at_once_since_that_breaks_nothing(world):
    day = MONDAY + timedelta(days=7)
    book(world, "09:00", day_offset=7)
    closed = availability.add_closure(actor=None, site=world.site, from_on=day, until_on=day, reason="Flood")
    world.client.force_login(make_user(world.clinic, Role.ADMIN))

    post(world, "remove-closure", {}, closed.public_id)

    assert not Closure.objects.exists()


def test_a_visit_booked_meanwhile_is_shown_before_anything_is_saved(world):
    book(world, day_offset=7)
    form = {"who": world.doctor.public_id, **ABSENCE}
    page = post(world, "add-absence", form).content.decode()
    book(world, "11:00", day_offset=7, patient=patient(world.clinic, "Bob"))

    again = post(world, "add-absence", {**form, "seen": mark_in(page)}).content.decode()

    assert "Not saved yet: this breaks 2 visits" in again
    assert not Absence.objects.exists()


def test_a_change_that_breaks_nothing_is_saved_at_once(world):
    book(world, day_offset=8)

    post(world, "add-absence", {"who": world.doctor.public_id, **ABSENCE})

    assert Absence.objects.exists()


def test_a_change_of_name_does_not_ask_about_what_is_broken_already(world):
    book(world, "09:00", day_offset=7)
    away(world)
    world.client.force_login(make_user(world.clinic, Role.ADMIN))

    post(world, "edit-practitioner", {**LEAVER, "name": "Dr Ada Moreau", "last_day_on": ""}, world.doctor.public_id)

    world.doctor.refresh_from_db()
    assert world.doctor.name == "Dr Ada Moreau"


def test_all_are_accepted_together(world):
    visits = [book(world, day_offset=7), book(world, "11:00", day_offset=7, patient=patient(world.clinic, "Bob"))]
    absence = away(world)
    page = page_of(world, absence)
    assert "Accept all 2 new times" in page

    answer = post(world, "accept-new-times", {**proposed(page), "because": "Dr Ada is away"})

    assert "2 visits have their new times." in said(answer)
    assert {one.practitioner for one in Appointment.objects.filter(pk__in=[v.pk for v in visits])} == {world.colleague}
    assert "Every visit to come still stands." in page_of(world, absence)


def test_one_is_accepted_and_the_other_stays_listed(world):
    first = book(world, day_offset=7)
    book(world, "11:00", day_offset=7, patient=patient(world.clinic, "Bob"))
    absence = away(world)

    answer = post(
        world, "accept-new-times", {**proposed(page_of(world, absence)), "only": f"visit-{first.public_id.hex}"}
    )

    assert "1 visit has its new time." in said(answer)
    page = page_of(world, absence)
    assert "Bob" in page
    assert first.patient.name not in page


def test_nothing_chosen_says_that_nothing_changed(world):
    visit = book(world, day_offset=7)
    away(world)

    answer = post(world, "accept-new-times", {f"visit-{visit.public_id}": ""})

    assert "nothing changed" in said(answer)


def test_who_accepts_second_hears_why_nothing_was_changed(world):
    visit = book(world, day_offset=7)
    chosen = proposed(page_of(world, away(world)))
    post(world, "accept-new-times", chosen)

    answer = post(world, "accept-new-times", chosen)

    assert "Nothing was changed." in said(answer)
    visit.refresh_from_db()
    assert visit.moved_count == 1


@pytest.mark.parametrize(
    "value",
    [
        "x",
        "~~~",
        "2026-03-09T10:00~x~~0",
        "2026-03-09T10:00:00+01:00~00000000-0000-0000-0000-000000000000~~0",
        "9" * 400,
    ],
)
def test_a_choice_no_page_sends_is_refused_in_words(world, value):
    visit = book(world, day_offset=7)

    answer = post(world, "accept-new-times", {f"visit-{visit.public_id}": value})

    assert "could not be read" in said(answer)


def test_a_visit_of_another_clinic_is_no_choice(world):
    other = open_clinic()
    theirs = book(other, day_offset=7)
    value = f"{at('12:00', 7).isoformat()}~{world.colleague.public_id}~~0"

    answer = post(world, "accept-new-times", {f"visit-{theirs.public_id}": value})

    assert "could not be read" in said(answer)


# The call list


@pytest.fixture
def sick(world):
    world.visit = book(world, "10:00")
    world.absence = away(world, from_day=0, until_day=1)
    return world


def hold(world):
    return post(world, "accept-new-times", proposed(page_of(world, world.absence)))


def call(world, outcome, **data):
    return post(world, "record-call", {"outcome": outcome, **data}, world.visit.public_id)


def test_a_visit_of_today_is_held_and_called(sick):
    assert "To call" in page_of(sick, sick.absence)

    answer = hold(sick)

    assert "1 time is held: call now." in said(answer)
    assert "Held:" in page_of(sick, sick.absence)
    sick.visit.refresh_from_db()
    assert sick.visit.starts_at == at("10:00")


def test_every_attempt_is_logged_on_the_page(sick):
    hold(sick)
    call(sick, "no_answer")
    call(sick, "message_left", note="with the son")

    page = page_of(sick, sick.absence)

    assert "No answer" in page
    assert "Message left, with the son" in page
    assert CallAttempt.objects.count() == 2


def test_agreed_books_it_and_the_list_is_empty(sick):
    hold(sick)

    assert "agreed" in said(call(sick, "agreed"))

    sick.visit.refresh_from_db()
    assert sick.visit.practitioner == sick.colleague
    assert "Every visit to come still stands." in page_of(sick, sick.absence)


def test_declined_frees_it_and_another_is_proposed(sick):
    hold(sick)
    before = Appointment.objects.get(in_place_of=sick.visit).starts_at

    call(sick, "declined")

    again = proposed(page_of(sick, sick.absence))[f"visit-{sick.visit.public_id.hex}"]
    assert before.astimezone(sick.site.zone).isoformat() not in again


def test_an_answer_when_nothing_is_held_says_so(sick):
    assert "No time is held" in said(call(sick, "agreed"))


def test_an_outcome_nobody_knows_is_refused_in_words(sick):
    assert "Say what came of the call." in said(call(sick, "sang"))


# Who sees what, and what settings lead to


@pytest.mark.parametrize("role", [Role.ADMIN, Role.MANAGER])
def test_who_does_not_book_sees_the_list_and_no_buttons(world, role):
    visit = book(world, day_offset=7)
    absence = away(world)
    world.client.force_login(make_user(world.clinic, role))

    page = page_of(world, absence)

    assert "Accept" not in page
    assert (visit.patient.name in page) == (role == Role.MANAGER)


def test_a_last_day_leads_to_what_it_leaves_open(world):
    book(world, "09:00", day_offset=7)
    availability.update_practitioner(actor=None, practitioner=world.doctor, last_day_on=MONDAY)

    page = world.client.get(reverse("sessions:leaving", args=[world.doctor.public_id])).content.decode()

    assert "Last day: Monday 2 March 2026" in page
    assert reverse("sessions:rebook-because", args=["practitioner", world.doctor.public_id]) in page


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"from_on": "2026-03-10", "until_on": "2026-03-09"}, "The end is not after the beginning."),
        ({"from_on": "2026-03-09", "until_on": "2036-03-09"}, "This is longer than three years."),
    ],
)
def test_an_absence_that_makes_no_sense_is_refused_in_words(world, fields, words):
    answer = world.client.post(reverse("sessions:add-absence"), {"who": world.doctor.public_id, **fields})

    assert words in answer.content.decode()
    assert not Absence.objects.exists()


def test_an_absence_over_another_names_the_other(world):
    away(world, from_day=7, until_day=12)
    fields = {"who": world.doctor.public_id, "from_on": "2026-03-10", "until_on": "2026-03-10"}

    answer = world.client.post(reverse("sessions:add-absence"), fields)

    assert "Dr Ada is away already, from 9 Mar 2026 until 13 Mar 2026." in answer.content.decode()
    assert Absence.objects.count() == 1


def test_an_absence_of_whole_days_is_told_by_its_first_and_last_day(world):
    fields = {"who": world.doctor.public_id, "from_on": "2026-03-10", "until_on": "2026-03-12"}
    world.client.post(reverse("sessions:add-absence"), fields)
    hours = {"from_on": "2026-03-20", "from_time": "14:00", "until_on": "2026-03-20", "until_time": "16:30"}
    world.client.post(reverse("sessions:add-absence"), {"who": world.doctor.public_id, **hours})

    days, part = Absence.objects.order_by("starts_at")

    with timezone.override(world.site.zone):
        assert (days.first_words, days.last_words) == ("10 Mar 2026", "12 Mar 2026")
        assert (part.first_words, part.last_words) == ("20 Mar 2026, 14:00", "20 Mar 2026, 16:30")


def test_the_page_asks_as_often_for_many_rows_as_for_few(world, django_assert_max_num_queries):
    for n in range(10):
        book(world, f"{9 + n // 2:02}:{30 * (n % 2):02}", day_offset=7, patient=patient(world.clinic, f"P {n}"))
    absence = away(world)
    page_of(world, absence)

    with django_assert_max_num_queries(35):
        page_of(world, absence)
