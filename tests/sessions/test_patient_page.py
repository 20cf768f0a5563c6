"""The one page that tells a patient's story, with courses, visits and records in it."""

from datetime import time, timedelta
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mesoclinic.core.localtime import instant
from mesoclinic.core.refused import Refused
from patients.services import merging
from sessions.models import Appointment, SessionRecord
from sessions.queries import patients as queries
from tests.factories import make_appointment, make_course, make_horse, make_patient, next_workday
from tests.sessions.booking_world import NOW
from tests.sessions.report_world import add_addendum, add_record, report_world, sign_record
from tests.shared import shared

pytestmark = pytest.mark.django_db


@shared
def world():
    return report_world()


def story(world, patient=None, *, sees_records=True):
    patient = patient or world.patient
    return queries.story(patient, today=NOW.date(), now=NOW, zone=world.site.zone, sees_records=sees_records)


def page(user, patient, query=""):
    browser = Client()
    browser.force_login(user)
    answer = browser.get(reverse("sessions:patient", args=[patient.public_id]) + query)
    return answer.status_code, " ".join(unescape(answer.content.decode()).split())


def test_the_story_tells_how_far_a_course_has_come_and_what_is_due(world):
    add_record(world, 1)

    (course,) = story(world).courses

    assert (course.done_count, course.planned_count) == (1, 4)
    assert course.sessions_to_do[0].number == 2


def test_a_course_without_an_end_is_told_without_a_total(world):
    endless = make_course(world.clinic, patient=world.patient, cadence="4x1w, *x4-6w")

    _status, shown = page(world.manager, world.patient)

    assert {course.pk: course.goes_on for course in story(world).courses} == {world.course.pk: False, endless.pk: True}
    assert "0 of 4 sessions done" in shown
    assert "· 0 sessions done" in shown


def test_the_last_session_is_told_in_lines(world):
    sign_record(world, add_record(world, 1))

    last = story(world).last_record

    assert "Mepivacaine" in last.lines[0]
    assert "50 shots" in last.lines[1]
    assert "7 → 4" in last.lines[2]
    assert "relief after 45 s" in last.lines[2]
    assert "Behaviour after: more relaxed" in last.lines[2]


def test_a_record_withdrawn_as_another_patients_is_not_the_last_session(world):
    first, second = add_record(world, 1), add_record(world, 2)
    for sequence, record in enumerate((first, second), 1):
        sign_record(world, record, sequence=sequence)
    add_addendum(world, second, "withdrawal", "Written for the wrong horse.")

    assert story(world).last_record.record == first


def test_reception_reads_neither_mixes_nor_records(world):
    sign_record(world, add_record(world, 1))

    assert story(world, sees_records=False).last_record is None
    status, words = page(world.desk, world.patient)
    assert status == 200
    assert "Mepivacaine" not in words
    assert "Back pain" in words
    assert "Mepivacaine" in page(world.manager, world.patient)[1]


def test_who_stands_at_the_desk_is_here_now_from_the_file(world):
    here = reverse("sessions:walk-in", query={"patient": world.patient.public_id})

    _status, seen = page(world.desk, world.patient)

    assert f'href="{here}"' in seen


def test_who_is_here_can_be_recorded_and_prescribed_for_from_the_file(world):
    day = next_workday(world.room.site, timezone.localdate() - timedelta(days=7))
    visit = make_appointment(
        world.clinic,
        patient=world.patient,
        practitioner=world.vet,
        starts_at=instant(day, time(10), world.room.site.zone),
        room=world.room,
        kind="first_visit",
        now=instant(day, time(9), world.room.site.zone),
    )
    prescribe = reverse("sessions:prescribe", args=[world.patient.public_id])
    begins_now, record = (
        f"{prescribe}?appointment={visit.public_id}",
        reverse("sessions:record", args=[visit.public_id]),
    )

    assert begins_now not in page(world.vet.user, world.patient)[1]
    Appointment.objects.filter(pk=visit.pk).update(status="arrived")

    seen = page(world.vet.user, world.patient)[1]
    assert begins_now in seen, "who runs late is here still, though the time booked is over"
    assert record in seen
    assert record not in page(world.desk, world.patient)[1]


def test_visits_to_come_are_listed_and_asked_about_when_the_file_is_closed(world):
    day = next_workday(world.room.site, timezone.localdate() + timedelta(days=1))
    make_appointment(
        world.clinic,
        patient=world.patient,
        practitioner=world.vet,
        starts_at=instant(day, time(10), world.room.site.zone),
        room=world.room,
        kind="review",
        now=timezone.now(),
    )
    world.patient.ended_on, world.patient.end_reason = NOW.date(), "died"
    world.patient.save(update_fields=["ended_on", "end_reason"])

    words = page(world.desk, world.patient)[1]

    assert "Dr Camille Roux" in words
    assert "There are still appointments" in words


def test_a_long_story_says_that_it_is_cut_and_shows_all_of_it_when_asked(world, monkeypatch):
    monkeypatch.setattr(queries, "MOST_VISITS", 2)
    monkeypatch.setattr(queries, "MOST_TO_COME", 2)
    rows = {"clinic": world.clinic, "site": world.room.site, "patient": world.patient, "practitioner": world.vet}
    for days in (-4, -3, -2, 2, 3, 4):
        starts_at = timezone.now() + timedelta(days=days)
        status = "fulfilled" if days < 0 else "booked"
        ends_at = starts_at + timedelta(minutes=20)
        Appointment.objects.create(**rows, kind="review", starts_at=starts_at, ends_at=ends_at, status=status)
    link = 'href="?visits=all"'

    _code, cut = page(world.desk, world.patient)
    _code, whole = page(world.desk, world.patient, "?visits=all")

    assert (cut.count("Review · Dr Camille Roux"), whole.count("Review · Dr Camille Roux")) == (4, 6)
    assert (cut.count(link), whole.count(link)) == (2, 0)


def test_what_is_booked_takes_no_line_of_what_was(world, monkeypatch):
    monkeypatch.setattr(queries, "MOST_VISITS", 1)
    rows = {"clinic": world.clinic, "site": world.room.site, "patient": world.patient, "practitioner": world.vet}
    for days, status in ((-2, "fulfilled"), (2, "booked"), (3, "booked")):
        starts_at = NOW + timedelta(days=days)
        ends_at = starts_at + timedelta(minutes=20)
        Appointment.objects.create(**rows, starts_at=starts_at, ends_at=ends_at, status=status)

    told = story(world)

    assert [event.on for event in told.events if event.icon == "calendar-event"] == [(NOW - timedelta(days=2)).date()]
    assert (len(told.next_appointments), told.more_to_come, told.more_before) == (2, False, False)


def test_a_merged_files_signed_record_is_read_in_the_kept_file_and_stays_as_signed(world):
    record = add_record(world, 1)
    sign_record(world, record)
    kept = make_horse(world.clinic, name="Galant")

    merging.merge_patient(actor=None, patient=world.patient, into=kept)

    assert SessionRecord.objects.get(pk=record.pk).patient_id == world.patient.pk
    told = story(world, kept)
    assert told.last_record.record == record
    assert [course.pk for course in told.courses] == [world.course.pk]


def test_unsigned_records_move_with_the_file_and_back(world):
    record, kept = add_record(world, 1), make_horse(world.clinic, name="Galant")

    merge = merging.merge_patient(actor=None, patient=world.patient, into=kept)
    assert SessionRecord.objects.get(pk=record.pk).patient == kept

    merging.undo_merge(actor=None, merge=merge)
    assert SessionRecord.objects.get(pk=record.pk).patient == world.patient


def test_the_phone_of_a_merged_file_stands_beside_the_one_kept(world):
    kept = make_horse(world.clinic, name="Kept", phone="0611111111")
    same, other = (make_horse(world.clinic, phone=phone) for phone in ("06 11 11 11 11", "0622222222"))
    merging.merge_patient(actor=None, patient=same, into=kept)
    merging.merge_patient(actor=None, patient=other, into=kept)

    _status, shown = page(world.manager, kept)

    assert shown.count("also known by") == 1
    assert 'href="tel:0622222222"' in shown


def test_two_files_with_visits_at_one_time_are_not_merged_half(world):
    other = make_horse(world.clinic, name="Galant")
    start = NOW + timedelta(days=2)
    for patient in (world.patient, other):
        make_appointment(
            world.clinic,
            patient=patient,
            practitioner=world.vet,
            starts_at=start.replace(hour=9, minute=0),
            squeeze_reason="twins" if patient is other else "",
            room=None,
            kind="other",
            now=NOW,
        )

    with pytest.raises(Refused) as refused:
        merging.merge_patient(actor=None, patient=other, into=world.patient)

    assert refused.value.code == "rows-clash"
    other.refresh_from_db()
    assert other.merged_into is None
    assert other.appointments.count() == 1


def test_the_story_asks_as_often_for_three_courses_as_for_one(world, django_assert_num_queries):
    add_record(world, 1)
    with django_assert_num_queries(25) as few:
        story(world)
    for _number in range(2):
        make_course(world.clinic, patient=world.patient, protocol_version=world.version, practitioner=world.vet)
    add_record(world, 2)

    with django_assert_num_queries(len(few)):
        story(world)


def test_who_is_known_by_a_call_alone_has_the_phone_as_second_identifier(world):
    caller = make_patient(world.clinic, birth_on=None, phone="06 12 34 56 78")
    born = make_patient(world.clinic, phone="06 12 34 56 79")

    assert [(one.label, one.value) for one in story(world, caller).banner.identifiers[:2]] == [
        ("Phone", caller.phone),
        ("File", str(caller.number)),
    ]
    assert story(world, born).banner.identifiers[0].label == "Born"


def test_what_is_rarely_done_with_a_file_is_behind_more(world):
    _code, text = page(world.user, world.patient)

    shown, _fold, folded = text.partition('<details class="more-taps">')
    assert reverse("patients:end", args=[world.patient.public_id]) in folded
    assert reverse("patients:end", args=[world.patient.public_id]) not in shown
    assert reverse("sessions:prescribe", args=[world.patient.public_id]) in shown
