"""Files past the clinic's own period, and how one is pseudonymised: nothing names anybody, and every signature holds."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import StringIO

import pytest
import time_machine
from django.apps import apps
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import DatabaseError, connection, models, transaction

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.refused import Refused
from mesoclinic.core.roles import Role
from patients.models import Consent, ConsentScan, Identifier, Patient
from patients.queries.search import search
from patients.services import consents, flags, identifiers, merging, parties, patients, places
from patients.services.retention import set_retention
from patients.services.telling_apart import tell_files_apart
from sessions.models import Signature
from sessions.queries import retention as reads
from sessions.services import appointments, records
from sessions.services.retention import pseudonymise_patient
from tests.factories import PDF_SCAN, make_clinic, make_consent, make_horse, make_patient, make_user, site_of
from tests.sessions.booking_world import at
from tests.sessions.record_world import book_session, done, record_world, signed

pytestmark = pytest.mark.django_db

MARK = "Zorglub"
LATER = datetime(2047, 6, 1, 9, 0, tzinfo=UTC)


def keep(clinic, *, applies_to="people", since_on=date(2026, 1, 1), keep_years=20, **more):
    fields = {"source": "House rule", "until_birthday": None, "after_death_years": None, **more}
    return set_retention(
        actor=None, clinic=clinic, applies_to=applies_to, since_on=since_on, keep_years=keep_years, **fields
    )


def past(clinic, today: date) -> list[Patient]:
    return list(reads.past_retention(clinic, site_of(clinic), today))


def registered(clinic, on: date, species: str = "human", **fields) -> Patient:
    at_nine = datetime(on.year, on.month, on.day, 9, tzinfo=UTC)
    fields = {"weight_kg": None, **fields}
    return make_patient(clinic, species, registered_on=on, now=at_nine, **fields)


def pseudonymise(clinic, patient, *, now=LATER, reason="Period over"):
    actor = make_user(clinic, Role.MANAGER)
    return pseudonymise_patient(actor=actor, patient=patient, site=site_of(clinic), reason=reason, now=now)


# Which files


def test_what_was_entered_is_read_once_for_all_files_not_once_for_each():
    clinic = make_clinic()
    keep(clinic)
    registered(clinic, date(1990, 1, 1))

    plan = reads.past_retention(clinic, site_of(clinic), date(2047, 6, 1)).explain()

    read_once = {"sqlite": "LIST SUBQUERY", "postgresql": "(hashed SubPlan"}[connection.vendor]
    assert plan.count(read_once) == len(reads.ENTRIES) + 1  # and the files merged into others


def test_without_a_period_of_its_own_a_clinic_has_no_file_past_it():
    clinic = make_clinic()
    registered(clinic, date(1990, 1, 1))

    assert past(clinic, date(2026, 11, 28)) == []


def test_a_file_is_past_its_period_on_the_very_day_the_years_are_over():
    clinic = make_clinic()
    keep(clinic, keep_years=20)
    patient = registered(clinic, date(2000, 5, 17))

    assert past(clinic, date(2020, 5, 16)) == []
    assert past(clinic, date(2026, 5, 16)) == [patient]
    line = reads.lines([patient], site_of(clinic), date(2026, 5, 17))[0]
    assert (line.held.last_entry_on, line.held.until_on) == (date(2000, 5, 17), date(2020, 5, 17))


@pytest.mark.parametrize("before", [0, 1])
def test_list_and_service_agree_on_the_first_day_a_file_need_not_be_kept(before):
    clinic = make_clinic()
    keep(clinic, keep_years=6)
    patient = registered(clinic, date(2024, 2, 29))  # 6 years on there is no such day: the 1st of March
    first = date(2030, 3, 1)
    today = first - timedelta(days=before)

    listed = past(clinic, today) == [patient]

    assert listed is (before == 0)
    assert (reads.held_now(patient, site_of(clinic), today).until_on <= today) is listed


def test_the_newest_entry_counts_also_one_of_a_file_merged_into_it():
    clinic = make_clinic()
    keep(clinic, keep_years=10)
    kept, merged = registered(clinic, date(2000, 1, 1)), registered(clinic, date(2001, 1, 1))
    merging.merge_patient(actor=None, patient=merged, into=kept)
    consent = make_consent(kept, given_on=date(2008, 3, 3))
    Consent.objects.filter(pk=consent.pk).update(patient=merged)

    assert past(clinic, date(2018, 3, 2)) == []
    assert past(clinic, date(2018, 3, 3)) == []  # the rule holds from 2026 on
    assert past(clinic, date(2026, 3, 3)) == [kept]
    assert reads.held_now(kept, site_of(clinic), date(2026, 3, 3)).last_entry_on == date(2008, 3, 3)


def test_minors_and_the_dead_are_kept_until_the_latest_of_the_ends():
    clinic = make_clinic()
    keep(clinic, keep_years=20, until_birthday=28, after_death_years=10)
    child = registered(clinic, date(2000, 1, 1), birth_on=date(1999, 6, 1))
    dead = registered(clinic, date(2000, 1, 1), birth_on=date(1950, 6, 1))
    patients.end_patient(actor=None, patient=dead, on=date(2019, 1, 1), reason="died")

    assert past(clinic, date(2027, 5, 31)) == []
    assert past(clinic, date(2027, 6, 1)) == [child]
    assert past(clinic, date(2029, 1, 1)) == [child, dead]


def test_animals_have_their_own_period_and_a_new_one_holds_from_its_day_on():
    clinic = make_clinic()
    keep(clinic, applies_to="animals", keep_years=5)
    keep(clinic, applies_to="animals", keep_years=3, since_on=date(2027, 1, 1))
    horse, _person = registered(clinic, date(2023, 1, 1), "horse"), registered(clinic, date(2023, 1, 1))

    assert past(clinic, date(2026, 12, 31)) == []
    assert past(clinic, date(2027, 1, 1)) == [horse]


def test_a_file_of_another_clinic_is_not_listed():
    clinic, other = make_clinic(), make_clinic()
    keep(clinic)
    registered(other, date(1990, 1, 1))

    assert past(clinic, date(2026, 11, 28)) == []


@pytest.mark.django_db
def test_the_list_asks_the_database_as_often_for_many_files_as_for_one(django_assert_num_queries):
    clinic = make_clinic()
    keep(clinic, keep_years=5)
    site = site_of(clinic)
    files = [registered(clinic, date(2010, 1, day)) for day in range(1, 12)]

    for rows in (files[:1], files):
        with django_assert_num_queries(12):
            reads.lines(rows, site, date(2026, 11, 28))


# Pseudonymising


@pytest.fixture
def marked(tmp_path, settings):
    """A file that says who it is in every place people can type, with signed records, and a merged twin."""
    settings.MEDIA_ROOT = tmp_path
    with time_machine.travel(at("10:15"), tick=False):
        world = record_world()
        patients.update_patient(
            actor=None,
            patient=world.patient,
            name=f"{MARK} Ann",
            phone="+33 6 39 98 77 66",
            email=f"{MARK}@example.org",
            address=f"1 {MARK} street",
            note=f"{MARK} note",
            colour=f"{MARK} spots",
        )
        world.signed = signed(world)
        records.report_reaction(
            actor=world.doctor_user, record=world.signed, kind="Lump", severity="mild", description=f"{MARK} wrote"
        )
        world.done = done(world, 2, notes=f"{MARK} was well")
        visit = book_session(world, 3)
        reason = f"{MARK} rang"
        appointments.cancel(actor=world.desk, appointment=visit, cancelled_by="patient", reason=reason, now=at("10:15"))
        identifiers.add_identifier(actor=None, patient=world.patient, scheme="other", value=f"{MARK}-1")
        flags.add_flag(actor=None, patient=world.patient, kind="other", text=f"{MARK} faints", source=f"{MARK} said")
        parties.add_party(actor=None, patient=world.patient, role="family", name=f"{MARK} Bea", phone="0639981122")
        parties.update_party(
            actor=None, party=world.patient.party_links.get().party, name=f"{MARK} Béa", note=f"{MARK} too"
        )
        home = places.create_place(
            actor=None, clinic=world.clinic, kind="home", name=f"{MARK} home", address=f"{MARK} lane"
        )
        patients.update_patient(actor=None, patient=world.patient, place=home)
        consent = make_consent(world.patient, given_by_name=f"{MARK} Ann")
        consents.add_scan(actor=None, consent=consent, content=PDF_SCAN)
        twin = make_patient(world.clinic, name=f"{MARK} A.", note=MARK, phone="+33 6 39 98 77 66")
        sister = make_patient(world.clinic, name="Bea")
        tell_files_apart(actor=None, patient=sister, other=twin, reason=f"Sister of {MARK}")
        merging.merge_patient(actor=None, patient=twin, into=world.patient)
        world.patient.refresh_from_db()
        keep(world.clinic)
    return world


def everything_stored() -> str:
    """All the database holds, but what is signed: the chain keeps that."""
    said = []
    for table in connection.introspection.table_names():
        if table != Signature._meta.db_table and not table.startswith("django_"):
            with connection.cursor() as cursor:
                cursor.execute(f'SELECT * FROM "{table}"')
                said += [f"{table}: {row}" for row in cursor.fetchall()]
    return "\n".join(bytes(part).decode() if isinstance(part, memoryview) else part for part in said)


def test_nothing_stored_says_any_more_whose_file_it_was(marked, django_capture_on_commit_callbacks):
    scan = ConsentScan.objects.get()
    assert MARK in everything_stored()

    with django_capture_on_commit_callbacks(execute=True):
        pseudonymise(marked.clinic, marked.patient)

    left = [line for line in everything_stored().splitlines() if MARK.lower() in line.lower()]
    assert left == []
    assert "39987766" not in everything_stored().replace(" ", "")
    assert not default_storage.exists(scan.file.name)
    assert search(marked.clinic, MARK) == []


def test_every_signature_holds_after_pseudonymising(marked):
    before = list(Signature.objects.order_by("pk").values_list("canonical_text", "sha256"))

    pseudonymise(marked.clinic, marked.patient)

    call_command("verify_records", stdout=StringIO())
    assert list(Signature.objects.order_by("pk").values_list("canonical_text", "sha256")) == before
    marked.signed.refresh_from_db()
    assert marked.signed.administrations.count() == 2


def test_the_trail_still_says_who_did_what_when_and_who_pseudonymised_and_why(marked):
    kept = {row.pk: (row.actor_id, row.verb, row.at) for row in AuditEvent.objects.all()}

    pseudonymise(marked.clinic, marked.patient, reason="Asked for by the board")

    assert {row.pk: (row.actor_id, row.verb, row.at) for row in AuditEvent.objects.filter(pk__in=kept)} == kept
    done = AuditEvent.objects.get(verb="patient.pseudonymised")
    assert (done.reason, done.patient_id) == ("Asked for by the board", marked.patient.pk)
    assert done.actor is not None


def test_the_trail_lets_go_of_nothing_else(marked):
    pseudonymise(marked.clinic, marked.patient)
    done = AuditEvent.objects.filter(verb="patient.pseudonymised")
    old = AuditEvent.objects.filter(patient_id=marked.patient.pk).exclude(verb="patient.pseudonymised")
    other = AuditEvent.objects.filter(patient_id=None)

    for rows, change in (
        (done, {"reason": "", "subject_text": "", "changes": []}),
        (old, {"verb": "x"}),
        (old, {"subject_text": "Somebody"}),
        (other, {"subject_text": "", "reason": "", "changes": []}),
    ):
        with pytest.raises(DatabaseError, match="frozen core_auditevent_f_update"), transaction.atomic():
            rows.update(**change)


def test_a_file_still_kept_is_refused_and_nothing_is_changed(marked):
    with pytest.raises(Refused, match="is kept until") as refused:
        pseudonymise(marked.clinic, marked.patient, now=at("10:15"))

    assert refused.value.code == "still-kept"
    marked.patient.refresh_from_db()
    assert marked.patient.name == f"{MARK} Ann"


def test_without_a_period_nothing_is_pseudonymised():
    clinic = make_clinic()
    patient = registered(clinic, date(1990, 1, 1))

    with pytest.raises(Refused) as refused:
        pseudonymise(clinic, patient)

    assert refused.value.code == "no-period"


def test_an_owner_of_another_horse_stays_who_they_are():
    clinic = make_clinic()
    keep(clinic, applies_to="animals", keep_years=5)
    old = make_horse(clinic, owner="Ann Shared", now=datetime(2026, 1, 1, tzinfo=UTC), weight_kg=None)
    owner = old.party_links.get().party
    other = make_horse(clinic)
    parties.add_party(actor=None, patient=other, role="owner", party=owner)

    pseudonymise(clinic, old)

    owner.refresh_from_db()
    assert owner.name == "Ann Shared"
    assert owner.pseudonymised_at is None
    assert not old.party_links.exists()


@pytest.mark.parametrize(
    "add",
    [
        lambda one: patients.update_patient(actor=None, patient=one, name="Ann"),
        lambda one: patients.reopen_patient(actor=None, patient=one),
        lambda one: patients.record_weight(
            actor=None, patient=one, weight_kg=Decimal(70), weighed_on=date(2026, 11, 1)
        ),
        lambda one: parties.add_party(actor=None, patient=one, role="family", name="Bea"),
        lambda one: identifiers.add_identifier(actor=None, patient=one, scheme="other", value="1"),
        lambda one: flags.add_flag(actor=None, patient=one, kind="heart"),
        lambda one: make_consent(one),
        lambda one: merging.merge_patient(actor=None, patient=make_patient(one.clinic), into=one),
        lambda one: tell_files_apart(actor=None, patient=make_patient(one.clinic), other=one),
        lambda one: pseudonymise(one.clinic, one),
    ],
)
def test_nothing_is_added_to_a_file_that_is_nobodys(add):
    clinic = make_clinic()
    keep(clinic)
    patient = pseudonymise(clinic, registered(clinic, date(1990, 1, 1)))

    with pytest.raises(Refused) as refused:
        add(patient)

    assert refused.value.code == "pseudonymised"


def test_the_database_itself_keeps_a_pseudonymised_file_nameless():
    clinic = make_clinic()
    keep(clinic)
    patient = pseudonymise(clinic, registered(clinic, date(1990, 1, 1)))

    with pytest.raises(DatabaseError, match="patient_nobody_has_no_contact"), transaction.atomic():
        Patient.objects.filter(pk=patient.pk).update(phone="0639981122")
    with pytest.raises(DatabaseError, match="frozen patients_identifier"), transaction.atomic():
        Identifier.objects.create(patient=patient, scheme="other", value="1")


# What is cleared, column by column

TO_PATIENT = {"patient", "course", "record", "appointment", "planned_session", "event", "consent", "kept", "first"}
KEPT = {
    # signed or append-only: held by triggers, and of nobody once the file has no name
    *("SessionRecord.findings", "SessionRecord.device_number", "SessionRecord.needle", "SessionRecord.edit_token"),
    *("CourseRevision.cadence", "CourseRevision.reason", "Review.note", "Administration.syringe"),
    *("Administration.lot_number", "InjectionSite.region", "InjectionSite.syringe", "InjectionSite.map_points"),
    *("Addendum.text", "Addendum.reason", "Addendum.field", "Addendum.value", "Addendum.findings"),
    *("Signature.canonical_text", "Signature.previous_sha256", "Signature.sha256"),
    *("Override.rule", "Override.key", "Override.finding", "Override.sentence"),
    # chosen from lists, or counted
    *("Flag.value", "Consent.classes", "CompetitionEvent.body", "Course.cadence", "PlannedSession.why"),
    *("Patient.sex", "Merge.moved"),
    # gone with their rows
    *("Identifier.value", "Identifier.note", "ConsentScan.file", "ConsentScan.suffix", "ConsentScan.sha256"),
    *("Reminder.sent_to", "Reminder.text", "Reminder.error", "CalendarFeed.secret_hash", "CalendarFeed.content_hash"),
    *("SearchWord.word", "ConsentSignature.strokes", "ConsentSignature.typed_name", "ConsentSignature.text_sha256"),
    *("BatchReport.file", "BatchReport.file_name"),
    *("ImportRow.cells", "ImportRow.faults", "ImportRow.fingerprint", "ToldApart.reason"),
    *("ReportHandout.language", "ReportHandout.sha256"),
    # what was answered, in codes and numbers, and the clinic's own rule
    *("ErasureRequest.language", "ErasureRequest.deleted", "ErasureRequest.kept"),
    *("ErasureRequest.rule", "ErasureRequest.source"),
}
CLEARED = {
    *("Consent.given_by_name", "Flag.text", "Flag.source", "Merge.before", "Merge.after", "SessionRecord.draft"),
    *("SessionRecord.checklist", "Patient.name", "ReportHandout.content"),
    *("ErasureRequest.asked_by_name", "ErasureRequest.address", "ErasureRequest.note", "ErasureRequest.lift_reason"),
}


def test_every_column_people_type_into_is_cleared_or_kept_for_a_reason():
    from patients.services.pseudonymising import EMPTIED
    from sessions.services.pseudonymised_rows import COURSE_TEXTS, TYPED

    cleared = CLEARED | {f"Patient.{name}" for name in EMPTIED} | {f"Course.{name}" for name in COURSE_TEXTS}
    cleared |= {f"{rows_of([]).model.__name__}.{name}" for rows_of, names in TYPED for name in names}
    texts = (models.CharField, models.TextField, models.JSONField, models.FileField, models.BinaryField)
    found = set()
    for model in [
        *apps.get_app_config("patients").get_models(),
        *apps.get_app_config("treatment_sessions").get_models(),
    ]:
        fields = model._meta.concrete_fields
        if model.__name__.startswith("Historical"):
            continue  # of a patient's, flag's and course's all rows are deleted
        if model is Patient or TO_PATIENT & {field.name for field in fields if field.is_relation}:
            found |= {f"{model.__name__}.{f.name}" for f in fields if isinstance(f, texts) and not f.choices}

    assert found == cleared | KEPT
