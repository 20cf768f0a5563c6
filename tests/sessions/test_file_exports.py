"""The whole file of a patient as a zip: all that is held, readable, logged, and kept nowhere."""

import json
import zipfile
from datetime import timedelta
from io import BytesIO

import pytest
import time_machine
from django.apps import apps
from django.test import Client
from django.urls import reverse

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.roles import Role
from patients.models import Patient
from patients.services import consents, merging, parties
from sessions.models import Reminder
from sessions.queries.whole_file import TABLES, whole_file
from sessions.services.handouts import hand_out_report
from tests.factories import PDF_SCAN, make_consent, make_patient, make_user
from tests.sessions.booking_world import MONDAY, at, book
from tests.sessions.record_world import done, record_world, signed

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path
    with time_machine.travel(at("10:15"), tick=False):
        world = record_world()
        world.signed = signed(world)
        consents.add_scan(actor=None, consent=make_consent(world.patient, "photo"), content=PDF_SCAN)
        world.twin = make_patient(world.clinic, name="Twin", note="of the merged file")
        merging.merge_patient(actor=None, patient=world.twin, into=world.patient)
        yield world


def taken(world, patient=None) -> zipfile.ZipFile:
    browser = Client()
    browser.force_login(make_user(world.clinic, Role.MANAGER))
    patient = patient or world.patient
    answer = browser.post(reverse("sessions:export-patient", args=[patient.public_id]))
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    return zipfile.ZipFile(BytesIO(b"".join(answer.streaming_content)))


def test_the_zip_holds_the_data_a_report_of_each_course_and_the_scans(world):
    archive = taken(world)

    assert archive.testzip() is None
    names = archive.namelist()
    assert [name for name in names if name.startswith("courses/") and name.endswith(".pdf")]
    assert archive.read(next(name for name in names if name.startswith("consents/"))) == PDF_SCAN
    assert archive.read(next(name for name in names if name.startswith("courses/"))).startswith(b"%PDF")
    assert world.patient.name in archive.read("index.txt").decode()


@pytest.mark.parametrize(("language", "said"), [("en", "Taken on 2 March 2026."), ("fr", "Copié le 2 mars 2026.")])
def test_what_the_zip_holds_is_said_in_the_patients_language(world, language, said):
    Patient.objects.filter(pk=world.patient.pk).update(language=language)

    assert said in taken(world).read("index.txt").decode()


def test_the_data_name_what_was_injected_and_hold_merged_files(world):
    rows = json.loads(taken(world).read("file.json"))

    assert [line["substance"] for line in rows["mix_lines"]] == ["Lidocaine", "Pentoxifylline"]
    assert {one["name"] for one in rows["patient"]} == {world.patient.name, "Twin"}
    assert rows["signatures"][0]["canonical_text"]
    assert rows["records"][0]["performed_by"] == "Dr Ada"
    assert {event["verb"] for event in rows["who_did_what"]} >= {"patient.registered", "patient.exported"}


def test_taking_a_file_away_is_written_down_with_who_did(world):
    taken(world)

    event = AuditEvent.objects.get(verb="patient.exported")
    assert event.patient_id == world.patient.pk
    assert event.actor is not None


def test_a_missing_scan_is_said_and_stops_nothing(world):
    scan = world.patient.consents.exclude(scans=None).get().scans.get()
    scan.file.storage.delete(scan.file.name)

    assert "missing" in taken(world).read("index.txt").decode()


def test_the_file_is_read_with_as_many_questions_for_many_sessions_as_for_one(world, django_assert_max_num_queries):
    with django_assert_max_num_queries(60) as few:
        whole_file(world.patient, MONDAY)
    done(world, 2)
    done(world, 3)
    with django_assert_max_num_queries(60) as many:
        whole_file(world.patient, MONDAY)

    assert len(many) == len(few)


def test_every_table_that_points_at_a_patient_is_in_the_file():
    models = {model for rows_of in TABLES.values() for model in [rows_of([]).model]}
    pointing = {
        model.__name__
        for label in ("patients", "treatment_sessions")
        for model in apps.get_app_config(label).get_models()
        for field in model._meta.concrete_fields
        if field.is_relation and field.related_model is Patient and not model.__name__.startswith("Historical")
    }

    # Search words, merges and who else a file is not are of the program; a calendar address is a secret of whoever holds it; a row of an import
    # has given its words to the file.
    own = {"SearchWord", "Merge", "ToldApart", "CalendarFeed", "ImportRow"}
    assert pointing - {model.__name__ for model in models} == own


def test_a_horse_sold_meanwhile_takes_no_former_owners_contacts_with_it(tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path
    with time_machine.travel(at("10:15"), tick=False):
        world = record_world(species="horse")
        owners = {
            "phone": "06 11 11 11 11",
            "email": "anna@alt.example",
            "address": "1 Old Lane",
            "note": "by phone only",
        }
        alt = parties.link(
            actor=None, patient=world.patient, role="owner", name="Anna Alt", from_on=MONDAY, **owners
        ).party
        given = make_consent(world.patient, "photo", given_by_party=alt, given_by_name="Anna Alt", given_as="owner")
        consents.add_scan(actor=None, consent=given, content=PDF_SCAN)
        visit = book(world, "15:00", practitioner=world.doctor)
        Reminder.objects.create(
            clinic=world.clinic,
            appointment=visit,
            party=alt,
            sent_for=visit.starts_at,
            due_at=visit.starts_at,
            kind="reminder",
            channel="email",
            sent_to=alt.email,
            text="Dear Anna Alt, of 1 Old Lane",
        )
        hand_out_report(
            actor=world.doctor_user,
            course=world.course,
            variant="patient",
            language="en",
            recipient="Anna Alt",
            purpose="asked for it",
            basis="request",
        )
    with time_machine.travel(at("10:15", 3), tick=False):
        before = taken(world)
        parties.transfer_ownership(actor=None, patient=world.patient, on=MONDAY + timedelta(days=3), name="Nora Neu")

        archive = taken(world)

    rows = archive.read("file.json").decode()
    for theirs in ("06 11 11 11 11", "anna@alt.example", "1 Old Lane", "by phone only"):
        assert theirs in before.read("file.json").decode()
        assert theirs not in rows
    assert [one["name"] for one in json.loads(rows)["contacts"]] == ["Anna Alt", "Nora Neu"]
    assert {name.split("/")[0] for name in before.namelist()} - {name.split("/")[0] for name in archive.namelist()} == {
        "consents",
        "handed-out",
    }
    assert "earlier contact's: 2." in archive.read("index.txt").decode()
