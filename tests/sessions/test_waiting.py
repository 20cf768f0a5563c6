"""The waiting list: who may wait, whom a freed time suits, and what one tap does."""

from datetime import time, timedelta
from types import SimpleNamespace
from uuid import uuid4

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.http import Http404
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.refused import Refused
from sessions.models import Appointment, WaitingEntry
from sessions.queries.fitting import line_of_entry, line_of_planned
from sessions.queries.waiting import entry_or_404, open_entries, waiting_for_time, wishes_in_words
from sessions.queries.waiting_page import waiting_page
from sessions.services import appointments, availability, lines, preferences, undoing, waiting
from tests.factories import make_clinic, make_course, make_practitioner
from tests.sessions.booking_world import MONDAY, NOW, at, book, open_clinic, patient
from tests.shared import shared

pytestmark = pytest.mark.django_db


@shared
def world() -> SimpleNamespace:
    return open_clinic()


def wait(world, visit, *, now=NOW, **wishes) -> WaitingEntry:
    return waiting.wait_for_earlier_time(actor=world.desk, appointment=visit, now=now, **wishes)


def cancel(world, visit, now=NOW) -> Appointment:
    return appointments.cancel(actor=world.desk, appointment=visit, cancelled_by="patient", reason="ill", now=now)


def line_of(entry: WaitingEntry):
    return line_of_entry(entry_or_404(entry.clinic, entry.public_id), MONDAY)


def take(world, entry, starts_at, **more) -> Appointment:
    asked = {"practitioner": world.doctor, "now": NOW, **more}
    return lines.take_time(actor=world.desk, line=line_of(entry), starts_at=starts_at, **asked)


# Who waits


def test_a_visit_waits_once_and_asking_again_keeps_the_place_in_the_queue(world):
    visit = book(world, day_offset=9)
    first = wait(world, visit)

    again = wait(world, visit, now=NOW + timedelta(hours=2), from_time=time(9), note="school run")

    assert again == first
    assert (again.since, again.from_time, again.note) == (NOW, time(9), "school run")
    assert list(open_entries(world.site, NOW)) == [first]


def test_the_database_holds_one_open_entry_a_visit_and_one_target_an_entry(world):
    entry = wait(world, book(world, day_offset=9))
    values = {name: getattr(entry, name) for name in ("clinic", "site", "patient", "appointment", "earlier_than")}

    with pytest.raises(IntegrityError), transaction.atomic():
        WaitingEntry.objects.create(**values)
    with pytest.raises(IntegrityError), transaction.atomic():
        WaitingEntry.objects.filter(pk=entry.pk).update(appointment=None)
    with pytest.raises(IntegrityError), transaction.atomic():
        WaitingEntry.objects.filter(pk=entry.pk).update(weekdays=0)


def test_a_visit_that_moved_to_an_earlier_time_waits_no_longer_and_one_moved_later_still_does(world):
    visit = book(world, day_offset=9)
    entry = wait(world, visit)

    appointments.move(actor=world.desk, appointment=visit, starts_at=at("10:00", 10), now=NOW)
    assert list(open_entries(world.site, NOW)) == [entry]
    appointments.move(actor=world.desk, appointment=visit, starts_at=at("10:00", 8), now=NOW)

    assert list(open_entries(world.site, NOW)) == []


def test_nobody_waits_for_what_is_over_called_off_or_past_the_day_said(world):
    visit, other = book(world, day_offset=9), book(world, "12:00", day_offset=9, patient=patient(world.clinic, "Bo"))
    wait(world, visit)
    wait(world, other, until_on=MONDAY + timedelta(days=2))

    cancel(world, visit)

    assert [one.appointment for one in open_entries(world.site, NOW)] == [other]
    assert list(open_entries(world.site, at("08:00", 3))) == []


@pytest.mark.parametrize(
    ("wishes", "code"),
    [
        ({"weekdays": []}, "no-weekday"),
        ({"weekdays": [9]}, "no-weekday"),
        ({"from_time": time(12), "until_time": time(12)}, "bad-hours"),
        ({"until_on": MONDAY - timedelta(days=1)}, "bad-day"),
    ],
    ids=["no day", "no such day", "no hours", "a day that has passed"],
)
def test_wishes_that_make_no_sense_are_refused_in_words(world, wishes, code):
    visit = book(world, day_offset=9)

    with pytest.raises(Refused) as refused:
        wait(world, visit, **wishes)

    assert refused.value.code == code
    assert not WaitingEntry.objects.exists()


def test_a_visit_that_is_over_cannot_wait(world):
    visit = cancel(world, book(world, day_offset=9))

    with pytest.raises(Refused) as refused:
        wait(world, visit)

    assert refused.value.code == "nothing-to-wait-for"


def test_a_practitioner_of_another_clinic_is_not_there(world):
    with pytest.raises(Http404):
        wait(world, book(world, day_offset=9), practitioner=make_practitioner(make_clinic()))


def test_a_session_not_booked_yet_can_wait_and_no_longer_once_it_is(world):
    course = make_course(world.clinic, start_on=MONDAY, now=NOW, patient=world.patient, practitioner=world.doctor)
    planned = course.planned_sessions.get(number=1)
    waiting.wait_for_earlier_time(actor=world.desk, planned_session=planned, now=NOW)
    assert [one.planned_session for one in open_entries(world.site, NOW)] == [planned]

    book(world, planned_session=planned)

    assert list(open_entries(world.site, NOW)) == []


def test_wishes_are_said_in_words(world):
    entry = wait(world, book(world, day_offset=9), weekdays=[2, 4], until_time=time(12), practitioner=world.doctor)

    assert wishes_in_words(entry) == "Tue, Thu · over by 12:00 · Dr Ada"


# Freed times


def test_a_cancelled_time_lists_those_it_suits_the_longest_waiting_first(world):
    gone = book(world, "10:00", day_offset=1)
    later, first = (
        book(world, clock, day_offset=9, patient=patient(world.clinic, name))
        for clock, name in (("09:00", "Later"), ("11:00", "First"))
    )
    wednesdays = book(world, "14:00", day_offset=9, patient=patient(world.clinic, "Wednesdays"))
    wait(world, first, now=NOW - timedelta(days=3))
    wait(world, later, now=NOW - timedelta(days=1))
    wait(world, wednesdays, weekdays=[3])
    cancel(world, gone)

    fits = waiting_for_time(gone, gone.starts_at, gone.ends_at, NOW)

    assert [fit.line.patient.name for fit in fits] == ["First", "Later"]
    assert {fit.time.starts_at for fit in fits} == {at("10:00", 1)}


def test_a_freed_time_suits_nobody_whose_file_says_that_only_another_will_do(world):
    gone = book(world, "10:00", day_offset=1)
    for hour, name, wished in (
        (9, "Cy only", {"practitioner": world.colleague, "practitioner_is": "only"}),
        (10, "Fridays only", {"weekdays": [5], "weekdays_are": "only"}),
        (11, "afternoons only", {"from_time": time(13), "times_are": "only"}),
        (12, "Room 2 only", {"room": world.other_room, "room_is": "only"}),
        (13, "rather Fridays", {"weekdays": [5]}),
    ):
        who = patient(world.clinic, name)
        preferences.set_preference(actor=None, patient=who, **wished)
        wait(world, book(world, f"{hour:02}:00", day_offset=9, patient=who))
    book(world, day_offset=1, patient=patient(world.clinic), room=world.other_room, practitioner=world.colleague)
    cancel(world, gone)

    fits = waiting_for_time(gone, gone.starts_at, gone.ends_at, NOW)

    assert [fit.line.patient.name for fit in fits] == ["rather Fridays"]


def test_what_is_asked_for_on_the_list_comes_before_what_the_file_says(world):
    gone = book(world, "10:00", day_offset=1)
    preferences.set_preference(actor=None, patient=world.patient, weekdays=[5], weekdays_are="only")
    later = book(world, "09:00", day_offset=11)
    entry = wait(world, later, weekdays=[2])
    cancel(world, gone)

    assert [fit.line.entry for fit in waiting_for_time(gone, gone.starts_at, gone.ends_at, NOW)] == [entry]


def test_a_freed_session_is_given_to_nobody_without_a_licence(world):
    gone = book(world, "10:00", day_offset=1, practitioner=world.colleague)
    wait(world, book(world, day_offset=9, patient=patient(world.clinic, "Bo")))
    cancel(world, gone)
    assert waiting_for_time(gone, gone.starts_at, gone.ends_at, NOW)

    availability.update_practitioner(actor=None, practitioner=world.colleague, may_inject=False)

    assert not waiting_for_time(gone, gone.starts_at, gone.ends_at, NOW)


def test_a_time_taken_again_or_too_short_suits_nobody(world):
    gone = cancel(world, book(world, "10:00", day_offset=1))
    wait(world, book(world, "09:00", day_offset=9, patient=patient(world.clinic, "Long"), minutes=60))
    book(world, "10:30", day_offset=1, patient=patient(world.clinic, "Next"))
    assert waiting_for_time(gone, gone.starts_at, gone.ends_at, NOW) == ()

    wait(world, book(world, "11:00", day_offset=9, patient=patient(world.clinic, "Short")))
    assert len(waiting_for_time(gone, gone.starts_at, gone.ends_at, NOW)) == 1
    book(world, "10:00", day_offset=1, patient=patient(world.clinic, "Quick"))

    assert waiting_for_time(gone, gone.starts_at, gone.ends_at, NOW) == ()


def test_a_time_left_behind_by_a_move_is_freed_too(world):
    gone = book(world, "10:00", day_offset=1)
    wait(world, book(world, day_offset=9, patient=patient(world.clinic, "Bo")))
    appointments.move(actor=world.desk, appointment=gone, starts_at=at("15:00", 2), now=NOW)

    (one,) = waiting_page(world.site, NOW).freed

    assert (one.freed.starts_at, one.freed.why, one.practitioner) == (at("10:00", 1), "moved", world.doctor)
    assert [fit.line.patient.name for fit in one.fits] == ["Bo"]


def test_inside_its_window_comes_before_who_waits_longer(world):
    gone = cancel(world, book(world, "10:00", day_offset=1))
    course = make_course(world.clinic, start_on=MONDAY + timedelta(days=1), now=NOW, practitioner=world.doctor)
    inside = waiting.wait_for_earlier_time(actor=None, planned_session=course.planned_sessions.get(number=1), now=NOW)
    late = make_course(world.clinic, start_on=MONDAY + timedelta(days=8), now=NOW, practitioner=world.doctor)
    outside = waiting.wait_for_earlier_time(
        actor=None, planned_session=late.planned_sessions.get(number=1), now=NOW - timedelta(days=9)
    )

    fits = waiting_for_time(gone, gone.starts_at, gone.ends_at, NOW)

    assert [(fit.line.entry, fit.is_inside) for fit in fits] == [(inside, True), (outside, False)]


# One tap


def test_one_tap_moves_the_same_row_and_the_patient_waits_no_longer(world):
    cancel(world, book(world, "10:00", day_offset=1))
    visit = book(world, day_offset=9, patient=patient(world.clinic, "Bo"))
    entry = wait(world, visit)

    given = take(world, entry, at("10:00", 1), seen_moves=0)

    entry.refresh_from_db()
    assert (given.pk, given.starts_at, given.status) == (visit.pk, at("10:00", 1), "booked")
    assert entry.state == "placed"
    assert AuditEvent.objects.filter(verb="waiting.placed").count() == 1


def test_a_second_tap_is_refused_and_moves_nothing(world):
    entry = wait(world, book(world, day_offset=9))
    take(world, entry, at("10:00", 1))

    with pytest.raises(Refused) as refused:
        take(world, entry, at("11:00", 1))

    assert refused.value.code == "waits-no-longer"
    assert entry.appointment.waiting.get().state == "placed"


def test_a_time_taken_meanwhile_is_refused_with_others_and_the_patient_still_waits(world):
    entry = wait(world, book(world, day_offset=9))
    book(world, "10:00", day_offset=1, patient=patient(world.clinic, "Quick"))

    with pytest.raises(Refused) as refused:
        take(world, entry, at("10:00", 1))

    entry.refresh_from_db()
    assert refused.value.code == "just-taken"
    assert len(refused.value.details["alternatives"]) == 3
    assert entry.state == "waiting"


def test_a_session_that_waits_may_be_booked_before_its_window_and_says_why(world):
    course = make_course(
        world.clinic, start_on=MONDAY + timedelta(days=8), now=NOW, patient=world.patient, practitioner=world.doctor
    )
    planned = course.planned_sessions.get(number=1)
    entry = waiting.wait_for_earlier_time(actor=None, planned_session=planned, now=NOW)

    given = take(world, entry, at("10:00", 1))

    planned.refresh_from_db()
    assert (given.planned_session, planned.status) == (planned, "booked")
    assert given.exception_reason == "An earlier time was asked for."


def test_an_offer_holds_the_time_for_a_day_at_most_until_it_begins(world):
    course = make_course(world.clinic, start_on=MONDAY, now=NOW, patient=world.patient, practitioner=world.doctor)
    line = line_of_planned(course.planned_sessions.get(number=1), MONDAY)

    offer, is_told = lines.offer_time(
        actor=world.desk, line=line, starts_at=at("15:00"), practitioner=world.doctor, now=NOW
    )

    assert (offer.status, offer.offered_until) == ("offered", at("15:00"))
    assert is_told is bool(offer.reminders.exists())


def test_an_offer_that_ran_out_lets_the_session_wait_again(world):
    course = make_course(world.clinic, start_on=MONDAY, now=NOW, patient=world.patient, practitioner=world.doctor)
    entry = waiting.wait_for_earlier_time(actor=None, planned_session=course.planned_sessions.get(number=1), now=NOW)
    offer, _told = lines.offer_time(
        actor=None, line=line_of(entry), starts_at=at("10:00", 1), practitioner=world.doctor, now=NOW
    )
    (held,) = waiting_page(world.site, NOW).waiting
    assert (held.offer, held.times) == (offer, ())

    appointments.expire_offers(now=at("09:00", 1))

    (waits,) = waiting_page(world.site, at("09:00", 1)).waiting
    assert (waits.offer, len(waits.times)) == (None, 3)


def test_a_visit_keeps_its_time_until_the_patient_agrees_to_the_one_held(client, world):
    visit = book(world, day_offset=9)
    entry = wait(world, visit)
    offer, _told = lines.offer_time(
        actor=world.desk,
        line=line_of(entry),
        starts_at=at("10:00", 1),
        practitioner=world.doctor,
        seen_moves=0,
        now=NOW,
    )
    visit.refresh_from_db()
    assert (visit.starts_at, offer.in_place_of, offer.status) == (at("10:00", 9), visit, "offered")
    assert "is held for them until" in get(client, world, "waiting")

    post(client, world, "record-call", visit.public_id, outcome="agreed")

    visit.refresh_from_db()
    assert (visit.starts_at, visit.status) == (at("10:00", 1), "booked")
    assert list(open_entries(world.site, NOW)) == []


def test_one_tap_books_an_offered_session_the_patient_agrees_to(client, world):
    course = make_course(world.clinic, start_on=MONDAY, now=NOW, patient=world.patient, practitioner=world.doctor)
    line = line_of_planned(course.planned_sessions.get(number=1), MONDAY)
    offer, _told = lines.offer_time(actor=None, line=line, starts_at=at("15:00"), practitioner=world.doctor, now=NOW)
    accept = reverse("sessions:accept-offer", args=[offer.public_id])
    assert accept in get(client, world, "appointment", offer.public_id)

    post(client, world, "accept-offer", offer.public_id)

    offer.refresh_from_db()
    assert (offer.status, offer.offered_until) == ("booked", None)
    assert accept not in get(client, world, "appointment", offer.public_id)


# The pages


def post(client, world, name, *args, now=NOW, **data):
    client.force_login(world.desk)
    with time_machine.travel(now, tick=False):
        return client.post(reverse(f"sessions:{name}", args=args), data)


def get(client, world, name, *args, now=NOW, **query) -> str:
    client.force_login(world.desk)
    with time_machine.travel(now, tick=False):
        answer = client.get(reverse(f"sessions:{name}", args=args), query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_page_of_a_visit_leads_onto_the_list_and_off_it(client, world):
    visit = book(world, day_offset=9)
    assert reverse("sessions:wait-with-visit", args=[visit.public_id]) in get(
        client, world, "appointment", visit.public_id
    )

    answer = post(client, world, "wait-with-visit", visit.public_id, weekdays=["1", "2"], until_time="12:00")

    entry = WaitingEntry.objects.get()
    assert answer["Location"] == reverse("sessions:appointment", args=[visit.public_id])
    assert (entry.days, entry.until_time) == ({1, 2}, time(12))
    assert "Waits for an earlier time" in get(client, world, "appointment", visit.public_id)
    post(client, world, "withdraw-waiting", entry.public_id)
    assert "Nobody waits." in get(client, world, "waiting")


def test_a_form_without_a_day_says_so(client, world):
    answer = post(client, world, "wait-with-visit", book(world, day_offset=9).public_id)

    assert "Choose at least one day of the week." in answer.content.decode()


def test_after_a_cancel_a_bar_says_how_many_wait_for_a_time_like_this(client, world):
    gone = book(world, "10:00", day_offset=1)
    visit = book(world, day_offset=9, patient=patient(world.clinic, "Bo Lin"))
    entry = wait(world, visit)

    answer = post(client, world, "cancel", gone.public_id, cancelled_by="patient", reason="ill")
    html = get(client, world, "appointment", gone.public_id)
    listed = get(client, world, "waiting-for-time", gone.public_id)

    assert answer.status_code == 302
    assert "1 patient is waiting for a time like this." in html
    assert "Bo Lin" in listed
    slot = f"{at('10:00', 1).isoformat()}~{world.doctor.public_id}"
    post(client, world, "take-time", "waiting", entry.public_id, slot=slot, seen_moves="0")
    visit.refresh_from_db()
    assert visit.starts_at == at("10:00", 1)
    assert "Nobody waits for a time like this" in get(client, world, "waiting-for-time", gone.public_id)


def test_a_visit_given_a_freed_time_asks_what_follows_and_can_be_taken_back(client, world):
    course = make_course(
        world.clinic, cadence="4x1w", patient=world.patient, practitioner=world.doctor, start_on=MONDAY
    )
    rows = list(course.planned_sessions.all())
    first, second, third = (book(world, day_offset=7 * n, planned_session=rows[n]) for n in (1, 2, 3))
    entry = wait(world, first)
    slot = f"{at('10:00', 4).isoformat()}~{world.doctor.public_id}"
    given = {"slot": slot, "seen_moves": "0", "next": "/waiting/"}

    asked = post(client, world, "take-time", "waiting", entry.public_id, **given)
    shift = next(one for one in asked.context["choices"] if one.code == "shift")
    first.refresh_from_db()
    assert first.starts_at == at("10:00", 7), "nothing is saved before the choice"
    moved = post(
        client,
        world,
        "take-time",
        "waiting",
        entry.public_id,
        **given,
        future="shift",
        **{"following-shift": shift.value},
    )

    assert (moved.status_code, moved.headers["Location"]) == (302, "/waiting/")
    assert starts(first, second, third) == [at("10:00", 4), at("10:00", 11), at("10:00", 18)]
    entry.refresh_from_db()
    assert entry.state == WaitingEntry.State.PLACED
    with time_machine.travel(NOW, tick=False):
        batch = client.session["undo"]["batch"]
        undone = client.post(reverse("sessions:undo", args=[batch]), headers={"accept": "application/json"})
    assert undone.json()["done"], undone.json()["words"]
    assert starts(first, second, third) == [at("10:00", day) for day in (7, 14, 21)]
    entry.refresh_from_db()
    assert entry.state == WaitingEntry.State.WAITING


def test_a_time_given_is_not_taken_back_for_whoever_waits_anew(world):
    visit = book(world, day_offset=9)
    entry = wait(world, visit)
    batch = uuid4()
    with time_machine.travel(NOW, tick=False):
        take(world, entry, at("10:00", 1), batch=batch)
    visit.refresh_from_db()
    waiting.wait_for_earlier_time(actor=None, appointment=visit, now=NOW)

    with time_machine.travel(NOW, tick=False), pytest.raises(Refused) as refused:
        undoing.undo(actor=world.desk, clinic=world.clinic, batch=batch)

    assert refused.value.code == "changed-meanwhile"
    assert starts(visit) == [at("10:00", 1)]


def starts(*visits) -> list:
    for one in visits:
        one.refresh_from_db()
    return [one.starts_at for one in visits]


def test_a_cancel_nobody_waits_for_says_nothing(client, world):
    gone = book(world, "10:00", day_offset=1)

    post(client, world, "cancel", gone.public_id, cancelled_by="patient", reason="ill")

    assert "waiting for a time" not in get(client, world, "appointment", gone.public_id)


@pytest.mark.parametrize("starts", ["", "yesterday", "2026-03-03", "9999-12-31T23:59+00:00", "2026-13-01T10:00Z"])
def test_a_time_nobody_can_read_is_the_time_of_the_visit(client, world, starts):
    visit = book(world, day_offset=1)

    assert "Tuesday 3 March, 10:00" in get(client, world, "waiting-for-time", visit.public_id, starts=starts)


@pytest.mark.parametrize("slot", ["", "nonsense", "2026-03-03T10:00:00~x", "2026-03-03T10:00:00Z~"])
def test_a_time_that_is_none_is_refused_in_words(client, world, slot):
    entry = wait(world, book(world, day_offset=9))

    for deed in ("take-time", "offer-time"):
        answer = post(client, world, deed, "waiting", entry.public_id, slot=slot)
        assert answer.status_code == 302

    assert Appointment.objects.get().starts_at == at("10:00", 9)
    assert "Choose one of the times shown." in get(client, world, "waiting")


def test_the_page_asks_as_often_for_thirty_as_for_three(world):
    counts = []
    assert world.site.clinic == world.clinic  # read before it is counted
    for first in (0, 3):
        for number in range(first, first * 9 + 3):
            clock, who = f"{9 + number % 8:02}:{number // 8 * 10:02}", patient(world.clinic, f"P{number}")
            wait(world, book(world, clock, day_offset=9, minutes=10, patient=who))
        cancel(world, book(world, "10:00", day_offset=1 + first))
        with CaptureQueriesContext(connection) as asked:
            page = waiting_page(world.site, NOW)
        counts.append(len(asked))
        assert page.count == first * 9 + 3
        assert page.waiting[0].times

    assert counts[0] == counts[1] <= 29
