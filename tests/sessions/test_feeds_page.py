"""Calendar feeds: right in every calendar program, secret, taken back in a moment, and saying nothing medical."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.cache import cache
from django.urls import reverse
from icalendar import Calendar

from mesoclinic.core.models import AuditEvent
from patients.models import Patient, PatientParty
from sessions.ical import Entry, write
from sessions.models import Appointment, CalendarFeed, Practitioner
from sessions.queries import feeds as reads
from sessions.services import appointments, feeds
from tests import strict_ical
from tests.factories import make_course, make_horse, make_patient
from tests.sessions.booking_world import MONDAY, NOW, at, book, open_clinic
from tests.shared import shared

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def morning():
    cache.clear()  # the rate limit counts over tests
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@shared
def world():
    return open_clinic()


def read(client, secret: str, **headers):
    return client.get(reverse("sessions:read-feed", kwargs={"secret": secret}), headers=headers)


def events(client, secret: str) -> list:
    return Calendar.from_ical(read(client, secret).content).walk("VEVENT")


def test_a_practitioner_reads_the_own_visits_only(world, client):
    mine = book(world, day_offset=1)
    book(world, patient=world.horse, practitioner=world.vet, room=world.other_room)
    _feed, secret = feeds.make_feed(actor=None, owner=world.doctor)

    (event,) = events(client, secret)

    assert event["uid"] == f"{mine.public_id}@mesoclinic"
    assert event["summary"] == f"A. L. ({world.patient.number}) · Session"
    assert event["location"] == "Room 1"
    assert event["status"] == "CONFIRMED"
    assert event["dtstart"].params["TZID"] == "Europe/Paris"


def test_nothing_medical_and_no_full_name_is_told(world, client):
    course = make_course(world.clinic, patient=world.patient, practitioner=world.doctor, start_on=MONDAY, now=NOW)
    book(world, planned_session=course.planned_sessions.first(), reason="knee pain", note="latex")
    for owner in (world.doctor, world.patient):
        text = read(client, feeds.make_feed(actor=None, owner=owner)[1]).content.decode()
        for secret in ("knee", "latex", str(course.indication), str(course.protocol_version), "Lovelace"):
            assert secret not in text


def test_a_moved_visit_keeps_its_uid_and_its_sequence_rises_whatever_happens(world, client):
    booked = book(world, day_offset=1)
    _feed, secret = feeds.make_feed(actor=None, owner=world.doctor)
    cancel = {"cancelled_by": "patient", "reason": "flu"}
    deeds = [
        lambda: appointments.move(actor=None, appointment=booked, starts_at=at("14:00", 2), now=NOW),
        lambda: appointments.cancel(actor=None, appointment=booked, now=NOW, **cancel),
        lambda: appointments.undo_cancel(actor=None, appointment=booked, now=NOW),
        lambda: appointments.cancel(actor=None, appointment=booked, now=NOW, **cancel),
    ]
    told = [events(client, secret)[0]]
    for deed in deeds:
        deed()
        told.append(events(client, secret)[0])

    assert len({str(event["uid"]) for event in told}) == 1
    assert [event["sequence"] for event in told] == [0, 1, 2, 3, 4]
    assert [event["status"] for event in told] == ["CONFIRMED", "CONFIRMED", "CANCELLED", "CONFIRMED", "CANCELLED"]
    assert told[1]["dtstart"].dt == at("14:00", 2)
    assert "flu" not in told[2].to_ical().decode()


def test_an_offer_is_tentative(world, client):
    book(world, offered_until=at("17:00"), day_offset=1)
    _feed, secret = feeds.make_feed(actor=None, owner=world.patient)

    assert [event["status"] for event in events(client, secret)] == ["TENTATIVE"]


def test_an_owner_reads_all_own_horses_by_name_and_nobody_elses(world, client):
    horse = make_horse(world.clinic, name="Cassis", owner="Olga Owner")
    owner = PatientParty.objects.get(patient=horse).party
    PatientParty.objects.create(
        patient=world.horse, party=owner, role="owner", from_on=date(2026, 1, 1), gets_reminders=True
    )
    stranger = make_horse(world.clinic, name="Stranger")
    for clock, one in (("10:00", horse), ("11:00", world.horse), ("12:00", stranger)):
        book(world, clock, patient=one, practitioner=world.vet)
    _feed, secret = feeds.make_feed(actor=None, owner=owner, about=horse)

    summaries = [str(event["summary"]) for event in events(client, secret)]

    assert summaries == [f"{name}: Appointment at {world.clinic}" for name in ("Cassis", "Bijou")]


def test_an_ended_file_tells_nothing(world, client):
    book(world)
    _feed, secret = feeds.make_feed(actor=None, owner=world.patient)
    Patient.objects.update(ended_on=MONDAY, end_reason="died")

    assert events(client, secret) == []


def test_the_range_is_bounded(world, client):
    kept = book(world, day_offset=7)
    for days in (-32, 367):
        other = book(world, day_offset=1, patient=make_patient(world.clinic))
        start = NOW + timedelta(days=days)
        Appointment.objects.filter(pk=other.pk).update(starts_at=start, ends_at=start + timedelta(minutes=5))
    _feed, secret = feeds.make_feed(actor=None, owner=world.doctor)

    assert [str(event["uid"]) for event in events(client, secret)] == [f"{kept.public_id}@mesoclinic"]


def test_the_number_of_statements_does_not_grow(world, client, django_assert_num_queries):
    feed, _secret = feeds.make_feed(actor=None, owner=world.doctor)
    feed = CalendarFeed.objects.select_related("clinic", "practitioner__user").get(pk=feed.pk)
    for hour in range(9, 15):
        book(world, f"{hour:02}:00", day_offset=1, patient=make_patient(world.clinic))
    with django_assert_num_queries(3):
        reads.telling(feed, NOW)


def test_an_unchanged_feed_is_not_sent_again(world, client, morning):
    booked = book(world, day_offset=1)
    _feed, secret = feeds.make_feed(actor=None, owner=world.doctor)
    first = read(client, secret)
    morning.move_to(NOW + timedelta(minutes=30))

    assert first["Cache-Control"].startswith("private")
    assert first["Content-Type"] == "text/calendar; charset=utf-8"
    assert read(client, secret, if_none_match=first["ETag"]).status_code == 304
    assert read(client, secret, if_modified_since=first["Last-Modified"]).status_code == 304

    appointments.move(actor=None, appointment=booked, starts_at=at("15:00", 1), now=NOW)
    again = read(client, secret, if_none_match=first["ETag"])
    assert again.status_code == 200
    assert again["ETag"] != first["ETag"]
    assert read(client, secret, if_modified_since=first["Last-Modified"]).status_code == 200


def test_a_visit_that_goes_to_a_colleague_is_news_too(world, client, morning):
    booked = book(world, day_offset=1)
    _feed, secret = feeds.make_feed(actor=None, owner=world.doctor)
    first = read(client, secret)
    morning.move_to(NOW + timedelta(minutes=30))

    appointments.move(actor=None, appointment=booked, starts_at=booked.starts_at, practitioner=world.colleague, now=NOW)

    assert read(client, secret, if_modified_since=first["Last-Modified"]).status_code == 200
    assert [event["status"] for event in events(client, secret)] == ["CANCELLED"]


def test_the_secret_is_not_kept_and_a_new_one_takes_the_old_one_back(world, client):
    first, old = feeds.make_feed(actor=world.desk, owner=world.patient)
    _second, new = feeds.make_feed(actor=world.desk, owner=world.patient)

    assert old not in str(CalendarFeed.objects.filter(pk=first.pk).values()[0])
    assert len(old) >= 40
    assert read(client, old).status_code == 404
    assert read(client, new).status_code == 200
    verbs = AuditEvent.objects.filter(patient_id=world.patient.pk, verb__startswith="calendar-feed")
    assert list(verbs.order_by("pk").values_list("verb", flat=True)) == [
        "calendar-feed.made",
        "calendar-feed.revoked",
        "calendar-feed.made",
    ]


@pytest.mark.parametrize("secret", ["x", "é" * 40, "%00", "x" * 5000, "' OR 1=1 --", "..%2f"])
def test_a_guessed_address_says_nothing(world, client, secret):
    answer = client.get(f"/feed/{secret}.ics")

    assert answer.status_code == 404
    assert world.clinic.name not in answer.content.decode()


@pytest.mark.parametrize("reason", ["last day", "deactivated"])
def test_the_feed_of_who_has_left_is_silent(world, client, reason):
    world.doctor.user = world.desk
    world.doctor.save(update_fields=["user"])
    _feed, secret = feeds.make_feed(actor=None, owner=world.doctor)
    assert read(client, secret).status_code == 200
    if reason == "last day":
        Practitioner.objects.update(last_day_on=MONDAY - timedelta(days=1))
    else:
        type(world.desk).objects.filter(pk=world.desk.pk).update(is_active=False)

    assert read(client, secret).status_code == 404


def test_use_is_noted_once_an_hour(world, client, morning):
    feed, secret = feeds.make_feed(actor=None, owner=world.doctor)
    read(client, secret)
    morning.move_to(NOW + timedelta(minutes=59))
    read(client, secret)
    feed.refresh_from_db()
    assert feed.last_used_at == NOW
    morning.move_to(NOW + timedelta(minutes=61))
    read(client, secret)
    feed.refresh_from_db()
    assert feed.last_used_at == NOW + timedelta(minutes=61)


def test_the_desk_makes_shows_once_and_takes_back(world, client):
    client.force_login(world.desk)
    page = reverse("sessions:patient-feeds", args=[world.patient.public_id])

    shown = client.post(reverse("sessions:make-patient-feed", args=[world.patient.public_id])).content.decode()
    feed = CalendarFeed.objects.get()
    address = shown.split('data-copy="')[1].split('"')[0]
    assert client.get(address).status_code == 200
    assert address.rsplit("/", 1)[1] not in client.get(page).content.decode()

    client.post(reverse("sessions:revoke-patient-feed", args=[world.patient.public_id, feed.public_id]))
    assert client.get(address).status_code == 404


def test_a_contact_of_another_patient_gets_no_feed_here(world, client):
    client.force_login(world.desk)
    horse = make_horse(world.clinic)
    party = PatientParty.objects.get(patient=horse).party
    make = reverse("sessions:make-patient-feed", args=[world.patient.public_id])

    assert client.post(make, {"party": str(party.public_id)}).status_code == 404
    assert client.post(make, {"party": "nonsense"}).status_code == 404
    assert not CalendarFeed.objects.exists()


def test_a_practitioner_keeps_the_own_address(world, client):
    client.force_login(world.desk)
    make, page = reverse("sessions:make-my-feed"), reverse("sessions:my-calendar")
    assert "not linked to a practitioner" in client.get(page).content.decode()
    assert client.post(make).status_code == 302
    world.doctor.user = world.desk
    world.doctor.save(update_fields=["user"])

    assert "webcal://" in client.post(make).content.decode()
    assert "never read yet" in client.get(page).content.decode()
    client.post(reverse("sessions:revoke-my-feed"))
    assert "No address is in use" in client.get(page).content.decode()


# What a calendar program makes of it: the wall time put through our own VTIMEZONE, nothing else


DST_DAYS = [
    ("Europe/Paris", [(2026, 3, 28), (2026, 3, 29), (2026, 3, 30), (2026, 10, 24), (2026, 10, 25), (2026, 10, 26)]),
    ("America/New_York", [(2026, 3, 7), (2026, 3, 8), (2026, 3, 9), (2026, 10, 31), (2026, 11, 1), (2026, 11, 2)]),
    ("Australia/Lord_Howe", [(2026, 4, 4), (2026, 4, 5), (2026, 4, 6), (2026, 10, 3), (2026, 10, 4), (2026, 10, 5)]),
]


@pytest.mark.parametrize(("key", "days"), DST_DAYS)
def test_a_calendar_program_gets_the_instant_back_across_clock_changes(key, days):
    zone = ZoneInfo(key)
    starts = [datetime(*day, hour, 30, tzinfo=zone).astimezone(UTC) for day in days for hour in (0, 4, 9, 23)]
    starts += [at + timedelta(minutes=30 * n) for at in starts for n in range(8)]  # through the change itself
    starts = sorted(set(starts))
    entries = [
        Entry(str(n), 0, NOW, one, one + timedelta(minutes=20), zone, "Visit", "", "", "CONFIRMED")
        for n, one in enumerate(starts)
    ]

    body = write("Visits", entries, years=(2026, 2026))
    assert [one.starts_at for one in strict_ical.read(body)] == starts
    calendar = Calendar.from_ical(body)

    (component,) = calendar.walk("VTIMEZONE")
    theirs = component.to_tz(lookup_tzid=False)
    for event, start in zip(calendar.walk("VEVENT"), starts, strict=True):
        for field, wanted in (("dtstart", start), ("dtend", start + timedelta(minutes=20))):
            text = event[field].to_ical().decode()
            naive = datetime.fromisoformat(text.rstrip("Z"))
            instant = naive.replace(tzinfo=UTC if text.endswith("Z") else theirs)
            assert instant.astimezone(UTC) == wanted, (key, text)


def test_lines_are_folded_and_end_as_the_standard_says(world, client):
    Patient.objects.filter(pk=world.horse.pk).update(name="Бижу; with, commas\\ and ünïcode " * 4)
    book(world, patient=world.horse, practitioner=world.vet)
    _feed, secret = feeds.make_feed(actor=None, owner=world.vet)

    (told,) = strict_ical.read(read(client, secret).content)

    assert told.summary.startswith("Бижу; with, commas\\ and")
    assert "Бижу; with, commas\\ and" in str(events(client, secret)[0]["summary"])
