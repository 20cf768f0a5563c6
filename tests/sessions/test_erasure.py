"""A request for erasure: what no law keeps goes, what is kept is restricted, and what is signed holds."""

import uuid
from datetime import date, timedelta
from io import StringIO

import pytest
import time_machine
from django.apps import apps
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.refused import Refused
from patients.models import Consent, ErasureRequest, Identifier, Party, Patient, PatientParty
from patients.queries.erasure import in_force
from patients.queries.search import duplicates, search
from patients.services import consents, parties, patients
from patients.services.erasing import lift_restriction
from patients.services.telling_apart import tell_files_apart
from sessions.models import Appointment, Course, Reminder
from sessions.queries import erasure as reads
from sessions.queries import retention as retention_reads
from sessions.queries.recipients import recipients, settings_of
from sessions.services import competitions, erasure, feeds
from sessions.services.retention import pseudonymise_patient
from tests.factories import PDF_SCAN, make_clinic, make_consent, make_course, make_horse, make_patient, site_of
from tests.sessions.booking_world import book
from tests.sessions.erasure_world import NOW, erase, erasure_world, keep, restrict
from tests.sessions.record_world import record_world
from tests.shared import shared

pytestmark = pytest.mark.django_db


@shared
def world():
    with time_machine.travel(NOW, tick=False):
        yield erasure_world()


def test_what_the_page_says_is_what_is_deleted_and_nothing_of_it_is_left(world):
    said = reads.preview(world.patient, site_of(world.clinic), NOW, NOW.date())

    request = erase(world)

    assert {row["code"] for row in request.deleted} == {part.code for part in reads.DELETED} - {"imports"}
    assert reads.lines(request.deleted) == said.deleted
    assert reads.lines(request.kept) == said.kept
    assert reads.counted(reads.DELETED, [world.patient.pk]) == []


def test_every_part_that_is_said_to_go_has_a_deed():
    assert list(erasure.DEEDS) == [part.code for part in reads.DELETED]


def test_the_old_numbers_are_found_nowhere_but_in_the_log(world):
    erase(world)

    left = set()
    for table in connection.introspection.table_names():
        with connection.cursor() as cursor:
            cursor.execute(f'SELECT * FROM "{table}"')
            said = str([[bytes(one) if isinstance(one, memoryview) else one for one in row] for row in cursor])
        if any(one in said.replace(" ", "") for one in ("39987766", "ann@example.org", "39981122")):
            left.add(table)
    assert left <= {"core_auditevent"}


def test_records_consents_and_signatures_are_kept_and_hold(world):
    kept = {row["code"]: row["count"] for row in erase(world).kept}

    world.signed.refresh_from_db()
    call_command("verify_records", stdout=StringIO())
    assert world.signed.administrations.count() == 2
    assert kept["records"] >= 1
    assert Consent.objects.filter(patient=world.patient).count() == kept["consents"]
    standing = Consent.objects.filter(patient=world.patient, withdrawn_on__isnull=True)
    assert set(standing.values_list("text__kind", flat=True)) == {"general"}


def test_the_answer_says_until_when_by_which_rule_and_where_that_is_written(world):
    request = erase(world)

    assert request.kept_until_on == retention_reads.years_after(request.last_entry_on, 20)
    assert request.rule == {"keep_years": 20, "until_birthday": None, "after_death_years": None}
    assert request.source == "Code de la santé publique"
    event = AuditEvent.objects.get(verb="erasure.recorded")
    assert (event.patient_id, event.actor) == (world.patient.pk, world.manager)


def test_who_came_along_goes_and_who_treats_too_stays(world):
    erase(world)

    assert set(PatientParty.objects.filter(patient=world.patient).values_list("role", flat=True)) == {"referrer"}
    assert not Party.objects.filter(name="Bea").exists()
    assert Party.objects.get(name="Dr Ref").phone == ""


def test_a_contact_of_another_patient_keeps_name_and_number(world):
    other = make_patient(world.clinic)
    family = Party.objects.get(name="Bea")
    parties.add_party(actor=None, patient=other, role="family", party=family)

    erase(world)

    family.refresh_from_db()
    assert (family.name, family.phone) == ("Bea", "0639981122")


def test_the_file_is_restricted_closed_and_reaches_nobody(world):
    erase(world)

    world.patient.refresh_from_db()
    assert (world.patient.is_restricted, world.patient.is_ended) == (True, True)
    told = recipients(world.clinic, settings_of(world.clinic), [world.patient], NOW.date())
    assert told.get(world.patient.pk, []) == []


def test_a_second_click_is_one_request(world):
    key = uuid.uuid4()

    first, second = erase(world, public_id=key), erase(world, public_id=key)

    assert first == second
    assert ErasureRequest.objects.count() == 1


def test_a_restricted_file_is_not_asked_for_again(world):
    erase(world)

    with pytest.raises(Refused) as refused:
        erase(world)

    assert refused.value.code == "restricted"


@pytest.mark.parametrize(
    "add",
    [
        lambda w: patients.update_patient(actor=None, patient=w.patient, phone="0639981122"),
        lambda w: patients.reopen_patient(actor=None, patient=w.patient),
        lambda w: parties.add_party(actor=None, patient=w.patient, role="family", name="Cy"),
        lambda w: make_consent(w.patient),
        lambda w: consents.add_scan(actor=None, consent=Consent.objects.filter(patient=w.patient)[0], content=PDF_SCAN),
        lambda w: book(w, "15:00", patient=w.patient),
        lambda w: make_course(w.clinic, patient=w.patient),
        lambda w: feeds.make_feed(actor=None, owner=w.patient),
        lambda w: tell_files_apart(actor=None, patient=w.patient, other=make_patient(w.clinic)),
    ],
)
def test_nothing_is_added_booked_or_told_without_lifting(world, add):
    erase(world)
    world.patient.refresh_from_db()

    with pytest.raises(Refused) as refused:
        add(world)

    assert refused.value.code in ("restricted", "patient-ended")


def test_no_competition_is_entered_for_a_restricted_horse():
    horse = make_horse(make_clinic())
    restrict(horse)
    horse.refresh_from_db()
    asked = {"name": "Spring show", "from_on": NOW.date(), "until_on": NOW.date()}

    with pytest.raises(Refused) as refused:
        competitions.enter_competition(actor=None, patient=horse, today=NOW.date(), **asked)

    assert refused.value.code == "restricted"


@pytest.mark.parametrize(
    "change",
    [
        {"phone": "0639981122"},
        {"email": "ann@example.org"},
        {"may_text": True},
        {"ended_on": None, "end_reason": ""},
    ],
)
def test_the_database_keeps_a_restricted_file_closed_and_unreachable(world, change):
    erase(world)

    with pytest.raises(DatabaseError, match="patient_restricted_is_closed"), transaction.atomic():
        Patient.objects.filter(pk=world.patient.pk).update(**change)


def test_the_database_takes_no_visit_course_or_number_for_a_restricted_file(world):
    visit = Appointment.objects.filter(patient=world.patient).values().first()
    course = Course.objects.filter(patient=world.patient).values().first()
    erase(world)

    for model, row in ((Appointment, visit), (Course, course)):
        with pytest.raises(DatabaseError, match=f"frozen {model._meta.db_table}_f_insert"), transaction.atomic():
            model.objects.create(**{**row, "id": None, "public_id": uuid.uuid4()})
    with pytest.raises(DatabaseError, match="frozen patients_identifier_f_insert"), transaction.atomic():
        Identifier.objects.create(patient=world.patient, scheme="other", value="1")


def test_the_database_changes_no_answer_and_deletes_none(world):
    request = erase(world)

    with pytest.raises(DatabaseError, match="frozen patients_erasurerequest_f_update"), transaction.atomic():
        ErasureRequest.objects.update(kept=[])
    with pytest.raises(DatabaseError, match="frozen patients_erasurerequest_f_update"), transaction.atomic():
        ErasureRequest.objects.update(kept_until_on=date(2027, 1, 1))
    with pytest.raises(DatabaseError, match="frozen patients_erasurerequest_f_delete"), transaction.atomic():
        request.delete()
    with pytest.raises(DatabaseError, match="erasure_lifted_says_why"), transaction.atomic():
        ErasureRequest.objects.update(lifted_at=NOW)


def test_lifting_says_why_and_lets_the_file_be_opened_again(world):
    erase(world)

    lift_restriction(actor=world.manager, patient=world.patient, reason="Comes back", now=NOW)

    patients.reopen_patient(actor=None, patient=world.patient)
    assert in_force(world.patient) is None
    assert AuditEvent.objects.get(verb="erasure.lifted").reason == "Comes back"
    with pytest.raises(Refused) as refused:
        lift_restriction(actor=world.manager, patient=world.patient, reason="Twice")
    assert refused.value.code == "not-restricted"


def test_searching_finds_a_restricted_file_only_when_asked_to(world):
    erase(world)
    name = world.patient.name

    assert search(world.clinic, name) == []
    assert world.patient.pk not in {hit.patient_id for hit in duplicates(world.clinic, name)}
    assert [hit.is_restricted for hit in search(world.clinic, name, restricted=True)] == [True]


def test_visits_to_come_or_a_course_under_way_are_ended_first():
    with time_machine.travel(NOW, tick=False):
        world = record_world()
        keep(world.clinic)
        world.manager = world.desk

        with pytest.raises(Refused) as refused:
            erase(world)
        assert refused.value.code == "course-open"
        Course.objects.update(status="completed")
        with pytest.raises(Refused) as refused:
            erase(world)

    assert refused.value.code == "visits-to-come"
    assert not ErasureRequest.objects.exists()


def test_without_a_period_or_past_it_nothing_is_answered():
    clinic = make_clinic()
    patient = make_patient(clinic)
    site = site_of(clinic)

    assert reads.preview(patient, site, NOW, NOW.date()).problem[0] == "no-period"
    keep(clinic, keep_years=1)
    late = NOW + timedelta(800)
    assert reads.preview(patient, site, late, late.date()).problem[0] == "period-over"


def test_an_owner_asks_for_a_horse_and_only_their_own_numbers_go():
    with time_machine.travel(NOW, tick=False):
        world = erasure_world("horse")
        horse = make_horse(world.clinic, owner="Ann Own")
        owner = horse.party_links.get().party
        parties.update_party(actor=None, party=owner, phone="0639981124", address="1 lane")

        request = erase(world, horse, asked_as="owner")

    owner.refresh_from_db()
    assert (owner.name, owner.phone, owner.address) == ("Ann Own", "", "1 lane")
    assert "ways" in {row["code"] for row in request.deleted}


def test_once_the_period_is_over_it_heads_the_list_and_is_pseudonymised(world):
    old = make_patient(world.clinic, registered_on=date(2001, 1, 1), now=NOW - timedelta(9000), weight_kg=None)
    request = erase(world)
    over = NOW.replace(year=request.kept_until_on.year + 1)

    listed = list(retention_reads.past_retention(world.clinic, site_of(world.clinic), over.date()))

    assert listed[0] == world.patient
    assert listed[0].asked_on == NOW.date()
    assert old in listed[1:]
    pseudonymise_patient(
        actor=world.manager, patient=world.patient, site=site_of(world.clinic), reason="Period over", now=over
    )
    request.refresh_from_db()
    assert (request.asked_by_name, request.address) == ("—", "")
    world.patient.refresh_from_db()
    assert (world.patient.is_pseudonymised, world.patient.is_restricted) == (True, False)


DELETED = {
    *("Reminder", "Reply", "CallAttempt", "WaitingEntry", "BookingPreference", "BlockedDay", "CalendarFeed"),
    *("FeedLine", "SearchWord", "BatchReport", "PatientParty", "ImportRow", "ToldApart"),
}
# The treatment, who it was given to, what proves it, and who had access.
STAYS = {
    *("Patient", "Identifier", "Weight", "Flag", "Consent", "ConsentScan", "ConsentSignature", "ErasureRequest"),
    *("Merge", "Course", "CourseRevision", "CourseFigures", "PlannedSession", "Review", "Appointment"),
    *("SessionRecord", "Administration", "InjectionSite", "Score", "Override", "AdverseEvent", "AdverseEventUpdate"),
    *("Addendum", "Signature", "FollowUp", "ReportHandout", "RecallNotice", "CompetitionEvent"),
}
TO_PATIENT = {
    "patient",
    "course",
    "record",
    "appointment",
    "planned_session",
    "event",
    "consent",
    "kept",
    "feed",
    "first",
}


def test_every_table_about_a_patient_is_deleted_or_kept_for_a_reason():
    found = set()
    for label in ("patients", "treatment_sessions"):
        for model in apps.get_app_config(label).get_models():
            links = TO_PATIENT & {field.name for field in model._meta.concrete_fields if field.is_relation}
            if (model is Patient or links) and not model.__name__.startswith("Historical"):
                found.add(model.__name__)

    assert found == DELETED | STAYS


def test_messages_to_come_go_with_those_that_were_sent(world):
    assert Reminder.objects.filter(appointment__patient=world.patient).exists()

    erase(world)

    assert not Reminder.objects.exists()


def test_a_consent_given_today_is_taken_back_today(world):
    erase(world)

    photo = Consent.objects.get(patient=world.patient, text__kind="photo")
    with pytest.raises(Refused):
        consents.withdraw_consent(actor=None, consent=photo)
    assert photo.withdrawn_on >= photo.given_on
