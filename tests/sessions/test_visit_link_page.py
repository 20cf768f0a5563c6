"""The page behind the link in a message: for whoever holds it, and for those who forge one."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.core.cache import cache
from django.urls import reverse

from mesoclinic.core.models import AuditEvent, Clinic
from mesoclinic.core.refused import Refused
from patients.models import Party, Patient, PatientParty
from sessions.links import ForgedLinkError, VisitLink, read_token
from sessions.models import Appointment, Reply
from sessions.queries import replies as reads
from sessions.services import appointments, reminders, replies
from tests.factories import make_course, make_patient
from tests.sessions.booking_world import MONDAY, NOW, at
from tests.sessions.message_world import open_messaging_clinic, stable_day, visit
from tests.shared import shared

pytestmark = pytest.mark.django_db
TUESDAY = MONDAY + timedelta(days=1)


@pytest.fixture(autouse=True)
def morning():
    cache.clear()  # the rate limit counts over tests
    with time_machine.travel(NOW, tick=False):
        yield


@shared
def world():
    return open_messaging_clinic()


def link_of(world, patient=None, day=TUESDAY) -> VisitLink:
    return VisitLink("patient", (patient or world.patient).pk, world.site.pk, day)


def address(link: VisitLink) -> str:
    return reverse("sessions:visit-link", kwargs={"token": link.token()})


def test_the_link_shows_the_time_and_nothing_of_the_treatment(world, client):
    course = make_course(world.clinic, patient=world.patient, practitioner=world.doctor, start_on=TUESDAY, now=NOW)
    visit(world, planned_session=course.planned_sessions.first(), reason="knee pain", note="allergic to latex")

    page = client.get(address(link_of(world)))

    words = page.content.decode()
    assert page.status_code == 200
    assert "10:00" in words
    assert "Tuesday 3 March 2026" in words
    for secret in ("knee", "latex", str(course.indication), str(course.protocol_version), "Lovelace", "Dr Ada"):
        assert secret not in words
    assert "no-store" in page["Cache-Control"]
    assert page["X-Robots-Tag"] == "noindex"


def test_looking_confirms_nothing(world, client):
    visit(world)

    client.get(address(link_of(world)), {"answer": "confirm"})

    assert not Reply.objects.exists()


def test_a_tap_confirms_once_and_for_all_to_see(world, client):
    booked = visit(world)

    for _again in range(2):
        answer = client.post(address(link_of(world)), {"answer": "confirm"}, follow=True)

    assert "looking forward" in answer.content.decode()
    assert Reply.objects.get().kind == "confirmed"
    assert AuditEvent.objects.filter(verb="appointment.confirmed-by-link", subject_id=booked.pk).count() == 1
    client.force_login(world.desk)
    assert "confirmed" in client.get(reverse("sessions:appointment", args=[booked.public_id])).content.decode()


def test_asking_for_another_time_moves_nothing_and_reaches_the_desk(world, client):
    booked = visit(world)

    client.post(address(link_of(world)), {"answer": "other-time", "words": "Thursday\nafter <b>five</b>"})

    booked.refresh_from_db()
    assert (booked.status, booked.starts_at) == ("booked", at("10:00", 1))
    client.force_login(world.desk)
    today = client.get("/").content.decode()
    assert "Asked for another time" in today
    assert "Thursday after &lt;b&gt;five&lt;/b&gt;" in today

    reply = Reply.objects.get()
    client.post(reverse("sessions:settle-reply", args=[reply.public_id]))
    assert "Thursday" not in client.get("/").content.decode()
    reply.refresh_from_db()
    assert reply.settled_by == world.desk


def test_confirming_after_all_takes_the_wish_from_the_list(world, client):
    visit(world)
    client.post(address(link_of(world)), {"answer": "other-time"})

    client.post(address(link_of(world)), {"answer": "confirm"})

    assert reads.asked_for_another_time(world.clinic, world.site, NOW) == []
    assert Reply.objects.count() == 2


def test_moving_the_visit_answers_the_wish(world, client):
    booked = visit(world)
    client.post(address(link_of(world)), {"answer": "other-time"})

    appointments.move(actor=world.desk, appointment=booked, starts_at=at("14:00", 3), now=NOW)

    assert reads.asked_for_another_time(world.clinic, world.site, NOW) == []


def test_an_owner_answers_for_all_horses_or_for_some(world, client):
    visits = stable_day(world, 3)
    owner = PatientParty.objects.filter(patient=visits[0].patient).get().party
    link = VisitLink("party", owner.pk, world.site.pk, TUESDAY)

    page = client.get(address(link)).content.decode()
    client.post(address(link), {"answer": "other-time", "only": [str(visits[1].public_id)]})
    client.post(address(link), {"answer": "confirm"})

    assert re.findall(r"Horse \d", page)[:3] == ["Horse 1", "Horse 2", "Horse 3"]
    kinds = list(Reply.objects.order_by("pk").values_list("appointment", "kind"))
    assert kinds[0] == (visits[1].pk, "other_time")
    assert sorted(pk for pk, kind in kinds if kind == "confirmed") == [one.pk for one in visits]


def test_a_visit_of_somebody_else_cannot_be_asked_for(world, client):
    stable_day(world, 2)
    mine = visit(world, "16:00")

    client.post(address(link_of(world)), {"answer": "other-time", "only": [str(Appointment.objects.first().public_id)]})

    assert set(Reply.objects.values_list("appointment", flat=True)) <= {mine.pk}


def test_an_offer_is_taken_by_a_tap(world, client):
    offered = visit(world, offered_until=at("17:00"))

    assert "I take this time" in client.get(address(link_of(world))).content.decode()
    client.post(address(link_of(world)), {"answer": "confirm"})

    offered.refresh_from_db()
    assert (offered.status, offered.offered_until) == ("booked", None)
    assert AuditEvent.objects.filter(verb="appointment.offer-accepted", actor=None).count() == 1


def test_an_offer_that_ran_out_cannot_be_taken(world, client):
    offered = visit(world, offered_until=at("09:00"))
    with time_machine.travel(at("09:00"), tick=False):
        answer = client.post(address(link_of(world)), {"answer": "confirm"})

    offered.refresh_from_db()
    assert offered.status == "offered"
    assert answer.status_code == 200
    assert "changed meanwhile" in answer.content.decode()


@pytest.mark.parametrize("deed", ["cancel", "move", "end"])
def test_a_link_to_what_is_no_more_is_friendly(world, client, deed):
    booked = visit(world)
    if deed == "cancel":
        appointments.cancel(actor=world.desk, appointment=booked, cancelled_by="clinic", reason="flu", now=NOW)
    elif deed == "move":
        appointments.move(actor=world.desk, appointment=booked, starts_at=at("14:00", 3), now=NOW)
    else:
        Patient.objects.update(ended_on=MONDAY, end_reason="left")

    page = client.get(address(link_of(world)))
    again = client.post(address(link_of(world)), {"answer": "confirm"})

    assert page.status_code == (200 if deed == "cancel" else 410)
    assert "flu" not in page.content.decode()
    assert again.status_code == page.status_code
    assert not Reply.objects.exists()


def test_a_link_is_over_when_its_day_is(world, client):
    visit(world)
    with time_machine.travel(at("23:59", 1), tick=False):
        assert client.get(address(link_of(world))).status_code == 200
    with time_machine.travel(at("00:00", 2), tick=False):
        page = client.get(address(link_of(world)))
        refused = client.post(address(link_of(world)), {"answer": "confirm"})

    assert (page.status_code, refused.status_code) == (410, 410)
    assert "The day it was for has passed" in page.content.decode()
    assert "10:00" not in page.content.decode()


def forged(token: str) -> list[str]:
    body, signature = token.split(".")
    return [
        body,
        f"{body}.",
        f"{body}.{signature[:-1]}",
        f"{body}.{signature[::-1]}",
        token.replace("p-", "c-", 1),
        f"p-{999999999999999999999:x}-1-20260303.{signature}",
        "." * 300,
        "é" * 50,
        "%00",
        "x" * 5000,
    ]


def test_forged_links_say_nothing_of_any_clinic(world, client):
    visit(world)

    for token in forged(link_of(world).token()):
        page = client.get(f"/visit/{token}/")
        assert page.status_code == 404, token[:60]
        assert "This link does not work" in page.content.decode()
        assert world.clinic.name not in page.content.decode()
        with pytest.raises(ForgedLinkError):
            read_token(token)


@pytest.mark.parametrize("key", ["who", "site", "huge"])
def test_a_signed_link_to_nobody_is_like_a_forged_one(world, client, key):
    link = {
        "who": VisitLink("patient", 999_999, world.site.pk, TUESDAY),
        "site": VisitLink("patient", world.patient.pk, 999_999, TUESDAY),
        "huge": VisitLink("party", 10**30, world.site.pk, TUESDAY),
    }[key]

    assert client.get(address(link)).status_code == 404


def test_a_patient_of_another_clinic_is_not_shown_at_this_site(world, client):
    stranger = make_patient(open_messaging_clinic().clinic)

    assert client.get(address(VisitLink("patient", stranger.pk, world.site.pk, TUESDAY))).status_code == 404


def test_a_guardian_reads_and_answers_until_the_child_is_of_age(world, client):
    mother = Party.objects.create(clinic=world.clinic, name="Mother")
    visits = {}
    for clock, name, years in (("09:00", "Tim Small", 12), ("12:00", "Tom Tall", 20)):
        child = make_patient(world.clinic, name=name, birth_on=MONDAY.replace(year=MONDAY.year - years))
        words = {"role": "guardian", "from_on": MONDAY, "gets_reminders": True}
        PatientParty.objects.create(patient=child, party=mother, **words)
        visits[name] = visit(world, clock, patient=child)
    link = VisitLink("party", mother.pk, world.site.pk, TUESDAY)

    words = client.get(address(link)).content.decode()

    assert "Tim" in words
    assert "Tom" not in words
    assert replies.confirm_visits(link=link, now=NOW) == [visits["Tim Small"]]


def test_who_asks_too_often_waits(world, client):
    visit(world)
    codes = [client.get(address(link_of(world))).status_code for _n in range(61)]

    assert codes == [200] * 60 + [429]


def test_the_page_speaks_the_language_of_its_reader_and_needs_no_cookie_to_show(world, client):
    Patient.objects.filter(pk=world.patient.pk).update(language="fr")
    visit(world)

    page = client.get(address(link_of(world))).content.decode()

    assert '<html lang="fr"' in page
    assert "mardi 3 mars 2026" in page


def test_whose_language_the_program_has_no_words_in_reads_dates_and_words_in_the_clinics(world, client):
    Patient.objects.filter(pk=world.patient.pk).update(language="ro")  # Django could write dates in it
    Clinic.objects.filter(pk=world.clinic.pk).update(language="fr")
    visit(world)

    page = client.get(address(link_of(world)), headers={"accept-language": "en"}).content.decode()

    assert '<html lang="fr"' in page
    assert "mardi 3 mars 2026" in page
    assert "marți" not in page.lower()


def test_a_flood_of_replies_ends_in_a_sentence(world):
    visit(world)
    for number in range(10):
        replies.ask_for_another_time(link=link_of(world), words=f"{number}", now=NOW)

    with pytest.raises(Refused) as refused:
        replies.ask_for_another_time(link=link_of(world), words="again", now=NOW)

    assert refused.value.code == "too-many"


def test_the_calendar_marks_replies(world, client):
    for clock in ("10:00", "11:00", "12:00"):
        visit(world, clock, patient=make_patient(world.clinic, name=f"Visitor {clock}"))
    first, second, _third = Appointment.objects.order_by("starts_at")
    Reply.objects.create(clinic=world.clinic, appointment=first, for_time=first.starts_at, kind="confirmed")
    Reply.objects.create(clinic=world.clinic, appointment=second, for_time=second.starts_at, kind="other_time")
    client.force_login(world.desk)

    feed = client.get(reverse("sessions:calendar-feed"), {"on": TUESDAY.isoformat()}).json()
    day_list = client.get(reverse("sessions:day-list"), {"on": TUESDAY.isoformat()}).content.decode()

    assert [row[8] for row in feed["v"]] == ["c", "o", ""]
    assert day_list.count("asked for another time") == 1


def test_tokens_read_back_what_was_written():
    link = VisitLink("party", 123456, 7, datetime(2026, 3, 3, tzinfo=UTC).date())

    assert read_token(link.token()) == link
    assert len(link.token()) < 80


# A time that is held for a visit that must move (docs/adr/0050)


def held_for(world, visit_, clock="15:00"):
    """The practitioner is away today: the colleague's time is held, and the patient is asked."""
    new = appointments.NewTime(visit_, at(clock), practitioner=world.colleague, room=world.other_room)
    appointments.rebook_visits(actor=world.desk, moves=[new], reason="away", now=NOW)
    return Appointment.objects.get(in_place_of=visit_)


def test_a_held_time_is_agreed_to_by_the_link_and_what_was_sent_stays(world, client):
    booked = visit(world, day_offset=0)
    held = held_for(world, booked)
    reminders.queue_message(actor=world.desk, appointment=held, kind="offer", now=NOW)
    assert reminders.deliver_due_reminders(now=lambda: NOW) == 1

    page = address(link_of(world, day=MONDAY))
    assert "I take this time" in client.get(page).content.decode()
    answer = client.post(page, {"answer": "confirm"}, follow=True)

    booked.refresh_from_db()
    assert (booked.starts_at, booked.status) == (at("15:00"), "booked")
    assert not Appointment.objects.filter(pk=held.pk).exists()
    assert booked.reminders.get().status == "sent"
    assert "looking forward" in answer.content.decode()
    assert reminders.queue_reminders(now=NOW + timedelta(minutes=5)) == 0  # who agreed knows


def test_asking_for_another_time_than_the_held_one_is_about_the_visit(world, client):
    booked = visit(world, day_offset=0)
    held_for(world, booked)

    answer = client.post(address(link_of(world, day=MONDAY)), {"answer": "other-time"}, follow=True)

    assert set(Reply.objects.values_list("appointment", flat=True)) == {booked.pk}
    assert "we will call you" in answer.content.decode()


def test_who_is_moved_while_somebody_is_away_is_written_to(world):
    later = visit(world, day_offset=7)
    new = appointments.NewTime(later, at("15:00", 7), practitioner=world.colleague)
    appointments.rebook_visits(actor=world.desk, moves=[new], reason="away", now=NOW)

    assert reminders.deliver_due_reminders(now=lambda: NOW) == 1
    assert "is now on" in mail.outbox[0].subject
