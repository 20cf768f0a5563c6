"""A session without a course has its sheet to take home: one page, handed out, kept and frozen as any other."""

import zipfile
from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.refused import Refused
from mesoclinic.core.roles import Role
from patients.services.pseudonymising import clear_identity
from sessions.models import ReportHandout, SessionRecord
from sessions.queries import records as reads
from sessions.queries.record_sheets import record_sheet
from sessions.services import appointments, competitions, records
from sessions.services.file_exports import export_patient
from sessions.services.handouts import hand_out_sheet
from sessions.services.pseudonymised_rows import clear_sessions
from tests.factories import make_competition_rule, make_handout, make_user
from tests.sessions.booking_world import MONDAY, NOW, at
from tests.sessions.record_world import done, record_world, sign
from tests.sessions.test_pdf import read
from tests.shared import shared

pytestmark = pytest.mark.django_db
SAID = {"recipient": "Ida Holt", "purpose": "To take home", "basis": "request", "language": "en"}


@shared
def world():
    """A horse that competes was treated on Monday without a course, and comes again on Thursday."""
    world = record_world(species="horse")
    make_competition_rule(world.clinic, body="USEF", name="GR414", amount=48)
    first = MONDAY + timedelta(days=9)
    given = {"name": "Spring show", "from_on": first, "until_on": first, "body": "USEF"}
    competitions.enter_competition(actor=None, patient=world.patient, today=MONDAY, **given)
    record = done(world, aftercare="Walk her in hand.")
    SessionRecord.objects.filter(pk=record.pk).update(course=None, planned_session=None)
    record.refresh_from_db()
    sign(world, record)
    appointments.book_appointment(
        actor=world.desk,
        clinic=world.clinic,
        site=world.site,
        kind="review",
        patient=world.patient,
        practitioner=world.doctor,
        room=world.room,
        starts_at=at("15:00", 3),
        minutes=30,
        now=NOW,
    )
    world.record = reads.get_or_404(world.clinic, record.public_id)
    return world


def hand_out(world) -> ReportHandout:
    return hand_out_sheet(actor=world.doctor_user, record=world.record, now=at("19:00"), **SAID)


def browser_of(user) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


@pytest.mark.parametrize("is_withdrawn", [False, True])
def test_the_whole_file_has_the_sheet_of_a_session_without_a_course_unless_it_was_somebody_elses(world, is_withdrawn):
    if is_withdrawn:
        said = {"kind": "withdrawal", "text": "Another horse.", "reason": "Wrong file", "now": at("19:00")}
        records.add_addendum(actor=world.doctor_user, record=world.record, **said)

    made = export_patient(actor=world.desk, patient=world.patient, site=world.site, now=at("20:00"))

    with zipfile.ZipFile(made.content) as archive:
        sheets = [name for name in archive.namelist() if name.startswith("sessions/")]
        assert len(sheets) == (0 if is_withdrawn else 1)
        for name in sheets:
            assert "Lidocaine" in read(archive.read(name)).pages[0].extract_text()
            assert name in archive.read("index.txt").decode()


def test_the_sheet_says_what_was_given_rest_the_rules_and_the_next_visit_on_one_page(world):
    paper = hand_out(world)

    pages = read(bytes(paper.content)).pages
    text = " ".join(pages[0].extract_text().split())
    assert len(pages) == 1
    for words in (
        "Lidocaine",
        "Neck",
        "Walk her in hand.",
        "USEF, GR414",
        "4 Mar 2026",
        "Spring show",
        "15:00",
        "Ida Holt",
    ):
        assert words in text, words
    for words in ("Course", "Session 0", "clear to compete"):
        assert words not in text, words
    assert paper.file_name == f"2026-03-02_{world.patient.name.replace(' ', '-')}-sheet.pdf"


def test_the_sheet_of_a_session_not_signed_yet_says_so_with_its_day(world):
    other = record_world(species="horse")
    record = done(other)
    SessionRecord.objects.filter(pk=record.pk).update(course=None, planned_session=None)
    record = reads.get_or_404(other.clinic, record.public_id)

    paper = hand_out_sheet(actor=other.doctor_user, record=record, now=at("19:00"), **SAID)

    text = " ".join(read(bytes(paper.content)).pages[0].extract_text().split())
    assert "Not signed yet: session 2 Mar 2026." in text


def test_it_is_handed_out_from_the_records_page_and_written_down(world):
    browser, page = browser_of(world.doctor_user), reverse("sessions:hand-out-sheet", args=[world.record.public_id])
    view = reverse("sessions:record-view", args=[world.record.public_id])
    assert page in browser.get(view).content.decode()
    assert 'value="To take home"' in browser.get(page).content.decode()

    answer = browser.post(page, SAID)

    paper = ReportHandout.objects.get()
    assert answer["Location"] == f"{view}#handed-out"
    event = AuditEvent.objects.get(verb="report.handed-out")
    assert (event.subject_id, event.patient_id) == (world.record.pk, world.patient.pk)
    opened = reverse("sessions:handed-out-pdf", args=[paper.public_id])
    for where in (view, reverse("sessions:patient", args=[world.patient.public_id])):
        assert opened in browser.get(where).content.decode()
    assert browser.get(opened).content == bytes(paper.content)


def test_who_reads_no_reports_hands_out_none(world):
    page = reverse("sessions:hand-out-sheet", args=[world.record.public_id])

    assert browser_of(make_user(world.clinic, Role.ADMIN)).get(page).status_code == 403


def test_a_record_of_a_course_or_a_withdrawn_one_has_no_sheet_of_its_own(world):
    records.add_addendum(
        actor=world.doctor_user, record=world.record, kind="withdrawal", text="Wrong horse", reason="x", now=at("18:30")
    )
    with pytest.raises(Refused, check=lambda no: no.code == "no-sheet"):
        hand_out(world)
    of_a_course = done(record_world())
    with pytest.raises(Refused, check=lambda no: no.code == "no-sheet"):
        hand_out_sheet(actor=world.doctor_user, record=of_a_course, **SAID)


def test_it_is_frozen_until_the_names_go(world):
    paper = hand_out(world)
    for change in ({"recipient": "—"}, {"record": None, "course": world.course}, {"content": b""}):
        with pytest.raises(DatabaseError), transaction.atomic():
            ReportHandout.objects.filter(pk=paper.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        ReportHandout.objects.filter(pk=paper.pk).delete()

    clear_identity([world.patient], NOW, MONDAY)
    clear_sessions([world.patient.pk])

    paper.refresh_from_db()
    assert (paper.recipient, bytes(paper.content)) == ("—", b"")


@pytest.mark.parametrize("change", [{"variant": "full"}, {"course": True}, {"record": None}])
def test_a_handout_is_of_a_course_or_of_a_record_and_then_a_sheet(world, change):
    given = {"record": world.record, "course": None, "variant": "sheet", **change}
    given["course"] = world.course if given["course"] else None

    with pytest.raises(IntegrityError), transaction.atomic():
        make_handout(world.clinic, **{"course": None, **given})


def test_the_sheet_takes_a_fixed_number_of_statements(world, django_assert_max_num_queries):
    with django_assert_max_num_queries(30):
        record_sheet(world.record, MONDAY)
