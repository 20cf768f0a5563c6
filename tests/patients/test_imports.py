"""Patients from another program's file: what would happen is shown first, then done once."""

import io
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone, translation
from openpyxl import Workbook

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.refused import Refused
from mesoclinic.core.roles import Role
from patients.models import Flag, ImportRow, Party, Patient, PatientImport, Place
from patients.services import imports
from patients.services.imports import importing, reading
from patients.services.imports.holding import Turn
from protocols.models import Substance
from tests.factories import make_clinic, make_patient, make_species, make_substance, make_user

pytestmark = pytest.mark.django_db

HEADS = "Name,Birth date,Phone,Former file number"
ADA = "Ada Exemple,1968-03-31,06 39 98 00 01,A-1"
BEN = "Ben Modèle,1971-05-02,06 39 98 00 02,A-2"


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def world():
    make_species()
    clinic = make_clinic()
    return clinic, make_user(clinic, Role.MANAGER)


def upload(world, content, *, species="human", date_order="day_first", name="patients.csv") -> PatientImport:
    clinic, manager = world
    content = content.encode() if isinstance(content, str) else content
    species = make_species()[species]
    file = SimpleUploadedFile(name, content)
    return imports.upload_import(actor=manager, clinic=clinic, file=file, species=species, date_order=date_order)


def checked(world, content, **how) -> PatientImport:
    one = upload(world, content, **how)
    imports.go_on(one.pk)
    one.refresh_from_db()
    return one


def run(world, one, **how) -> PatientImport:
    imports.run_import(actor=world[1], one=one, **how)
    imports.go_on(one.pk)
    one.refresh_from_db()
    return one


def imported(world, content, **how) -> PatientImport:
    return run(world, checked(world, content, **how))


def table(*rows: str) -> str:
    return "\n".join([HEADS, *rows])


def workbook(*rows) -> bytes:
    book, made = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(made)
    return made.getvalue()


def states(one) -> list[str]:
    return list(one.rows.values_list("state", flat=True))


def faults(one) -> dict[int, list]:
    return {row.position: row.faults for row in one.rows.filter(state="faulty")}


# The way of a file


def test_nothing_is_saved_before_somebody_says_so(world):
    one = checked(world, table(ADA, BEN))

    assert one.status == "ready"
    assert states(one) == ["new", "new"]
    assert not Patient.objects.exists()
    assert not AuditEvent.objects.filter(verb="patient.registered").exists()


def test_patients_are_registered_as_by_the_form_and_written_down(world):
    one = imported(world, table(ADA, BEN))

    ada = Patient.objects.get(name="Ada Exemple")
    assert (ada.birth_on, ada.phone, ada.created_by) == (date(1968, 3, 31), "06 39 98 00 01", world[1])
    assert list(ada.identifiers.values_list("scheme", "value")) == [("mrn", "A-1")]
    assert ada.search_words.filter(word=b"exemple").exists()
    assert AuditEvent.objects.filter(verb="patient.registered", patient_id=ada.pk, actor=world[1]).count() == 1
    assert sorted(Patient.objects.values_list("number", flat=True)) == [1, 2]
    assert one.status == "done"
    for verb in ("uploaded", "started", "done"):
        assert AuditEvent.objects.filter(verb=f"import.{verb}", subject_id=one.pk).count() == 1


def test_a_worker_is_rung_for_each_step(world, bells, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        one = upload(world, table(ADA))
    reading.read_rows(Turn(one.pk))
    with django_capture_on_commit_callbacks(execute=True):
        imports.run_import(actor=world[1], one=one)

    assert bells == [("patients.go_on_with_import", (one.pk,))] * 2


def test_pressed_twice_it_is_done_once(world):
    one = checked(world, table(ADA, BEN))
    for _click in range(2):
        imports.run_import(actor=world[1], one=one)
        imports.go_on(one.pk)

    imports.run_import(actor=world[1], one=one)

    assert Patient.objects.count() == 2
    assert AuditEvent.objects.filter(verb="import.started").count() == 1


def test_the_same_file_sent_twice_is_one_import_until_that_is_over(world):
    first = upload(world, table(ADA))
    assert upload(world, table(ADA)) == first
    imports.go_on(first.pk)
    assert upload(world, table(ADA)) == first
    run(world, first)

    again = upload(world, table(ADA))

    assert again != first
    imports.go_on(again.pk)
    assert states(again) == ["here"]


@pytest.mark.parametrize(
    "row",
    [
        "Ada Exemple,1968-03-31,,",  # by name and birth date
        "Ada Exemple,,06 39 98 00 01,A-1",  # by number and name
        "Ada Exemple,,,",  # by nothing but that it is the same row
    ],
)
def test_a_file_imported_twice_doubles_nobody_not_even_where_likely_ones_are_taken_too(world, row):
    imported(world, table(row))

    again = checked(world, table(row, BEN))
    run(world, again, with_likely=True)

    assert sorted(Patient.objects.values_list("name", flat=True)) == ["Ada Exemple", "Ben Modèle"]
    assert again.rows.get(position=2).twin.name == "Ada Exemple"


def test_two_dry_runs_of_the_same_people_import_them_once(world):
    first = checked(world, table(ADA))
    second = checked(world, table(ADA, BEN))
    assert states(second) == ["new", "new"]

    run(world, first)
    run(world, second)

    assert Patient.objects.count() == 2
    assert states(second) == ["here", "imported"]


def test_rows_that_may_be_here_already_are_left_out_unless_somebody_says_so(world):
    make_patient(world[0], name="Ada Exempel", birth_on=date(1968, 3, 31))
    content = table(ADA, BEN)

    one = imported(world, content)
    assert states(one) == ["likely", "imported"]
    assert Patient.objects.count() == 2

    run(world, checked(world, content + "\n"), with_likely=True)
    assert Patient.objects.count() == 3


def test_a_number_of_another_house_is_no_proof_without_the_same_name(world):
    make_patient(world[0], name="Zoé Autre", identifiers=[("mrn", "A-1")])
    make_patient(world[0], name="Yves Autre", identifiers=[("national", "268033500112345")])

    one = checked(world, "Name,ID,NSS\nAda Exemple,A-1,\nBen Modèle,,2 68 03 35 001 123 45\n")

    assert states(one) == ["likely", "here"]


def test_a_patient_twice_in_one_file_is_imported_once_and_says_where(world):
    one = imported(world, table(ADA, BEN, "ADA EXEMPLE,31/03/1968,,", "Somebody Else,,,A-2"))

    assert states(one) == ["imported", "imported", "here", "here"]
    assert list(one.rows.filter(state="here").values_list("twin_row", flat=True)) == [2, 3]


def test_somebody_of_the_same_name_born_on_another_day_is_new(world):
    make_patient(world[0], name="Ada Exemple", birth_on=date(1990, 1, 1))

    assert states(checked(world, table(ADA))) == ["new"]


def test_another_clinics_patients_are_nobodys_twins(world):
    make_patient(make_clinic(), name="Ada Exemple", birth_on=date(1968, 3, 31))

    assert states(checked(world, table(ADA))) == ["new"]


# What a row says


def test_horses_come_with_owner_stable_chip_and_weight(world):
    heads = "Cheval;Espèce;Sexe;Né le;Race;Puce;Écurie;Propriétaire;Téléphone;Poids;Entraîneur"
    rows = [
        "Quartz;cheval;jument;02/05/2015;SF;250 259 600 000 001;Les Sources;Paul Exemple;0639980002;520,5 kg;Anne",
        "Rubis;Chevaux;Hongre;2016-05-02;;;les sources;Paul Exemple;06 39 98 00 02;;Anne",
    ]

    one = imported(world, "\n".join([heads, *rows]).encode("cp1252"))

    assert states(one) == ["imported", "imported"]
    quartz, rubis = Patient.objects.order_by("name")
    assert (quartz.species.code, quartz.sex, rubis.sex) == ("horse", "mare", "gelding")
    assert quartz.place == rubis.place == Place.objects.get(name="Les Sources", kind="stable")
    assert quartz.identifiers.get().value == "250259600000001"
    assert quartz.weights.get().weight_kg == Decimal("520.5")
    assert quartz.food_chain == "not_asked"
    assert sorted(Party.objects.values_list("name", "phone")) == [("Anne", ""), ("Paul Exemple", "0639980002")]
    assert {link.role for link in quartz.party_links.all()} == {"owner", "trainer"}
    assert quartz.phone == ""


def test_a_contact_the_clinic_knows_is_taken_only_when_phone_or_mail_prove_it(world):
    imported(world, "Horse,Owner,Owner phone\nA,Jean Dupont,0639980001\n", species="horse")

    imported(
        world,
        "Horse,Owner,Owner phone\nB,Jean Dupont,+33639980001\nC,Jean Dupont,0639980009\nD,Jean Dupont,\n",
        species="horse",
    )

    owners = {one.name: one.party_links.get().party_id for one in Patient.objects.all()}
    assert owners["A"] == owners["B"] != owners["C"]
    assert owners["D"] != owners["C"]  # named by this file, but not who this file's other number is


def test_allergies_become_flags_and_none_counts_only_with_its_day(world):
    make_substance(world[0], name="Procaine")
    rows = ["A;latex, Procaine / pollen;;", "B;aucune;;needle phobia", "C;none;2025-01-02;"]

    imported(world, "\n".join(["Name;Allergies;Allergies asked on;Alerts", *rows]))

    a, b, c = Patient.objects.order_by("name")
    flags = {(flag.kind, flag.value or getattr(flag.substance, "name", "")) for flag in a.flags.all()}
    assert flags == {("allergy_material", "latex"), ("allergy_substance", "Procaine"), ("allergy_class", "pollen")}
    assert (a.allergy_status, b.allergy_status, c.allergy_status) == ("listed", "not_asked", "none_known")
    assert c.allergy_asked_on == date(2025, 1, 2)
    assert Flag.objects.get(patient=b).text == "needle phobia"


def test_first_and_last_name_and_the_parts_of_an_address_are_put_together(world):
    imported(world, "Nom,Prénom,Adresse,CP,Ville,Langue\nDupont,Marie,1 rue X,35000,Rennes,Français\n")

    marie = Patient.objects.get()
    assert (marie.name, marie.address, marie.language) == ("Marie Dupont", "1 rue X\n35000 Rennes", "fr")


def test_month_first_is_read_as_said(world):
    imported(world, "Name,DOB\nA,03/04/1980\n", date_order="month_first")

    assert Patient.objects.get().birth_on == date(1980, 3, 4)


@pytest.mark.parametrize(
    ("head", "cell", "words"),
    [
        ("Name", "", "no name"),
        ("Birth date", "31/13/1968", "no day"),
        ("Birth date", "12/05/63", "century"),
        ("Birth date", "soon", "not a date"),
        ("Birth date", "2999-01-01", "year between"),
        ("Birth date", "2099-01-01", "still to come"),
        ("Birth date", "1800-01-01", "year between"),
        ("Sex", "blue", "no sex we know"),
        ("Kind", "unicorn", "no kind of patient"),
        ("Phone", "12", "too short"),
        ("Phone", "3,36E+10", "shortened"),
        ("E-mail", "nobody", "valid email"),
        ("Language", "elvish", "no language"),
        ("May be texted", "perhaps", "neither yes nor no"),
        ("Weight", "4000", "Enter 2000"),
        ("Weight", "heavy", "number"),
        ("Weight", "520", "does not fit"),
        ("Microchip", "250259600000001", "animals only"),
        ("NSS", "=1+1", "formula"),
        ("Note", "a" * 5000, "more than 4000 characters"),
        ("Unheard of", "a" * 10_000, "more than 4000 characters"),
        ("Note", "a\x07b", "invisible character"),
        ("Former file number", "9" * 61, "at most 60"),
        ("Allergies", "pollen " * 20, "one allergy after the other"),
        ("Guardian's phone", "06 39 98 00 01", "whose this is"),
    ],
)
def test_a_fault_names_row_column_and_what_is_wrong(world, head, cell, words):
    heads = {"Name": "Ada", head: cell}
    content = ",".join(heads) + "\nBen" + "," * (len(heads) - 1) + "\n" + ",".join(f'"{c}"' for c in heads.values())
    if head == "Name":
        content = "Name,Note\nBen,\n,something"

    one = checked(world, content)

    assert states(one) == ["new", "faulty"]
    (fault, *_rest) = faults(one)[3]
    assert fault[0] == head
    assert words in fault[1]


@pytest.mark.parametrize(
    ("head", "cell", "words"),
    [
        ("Chip", "123", "exactly 15 digits"),
        ("Chip", "2,50E+14", "shortened"),
        ("UELN", "12", "exactly 15"),
        ("NSS", "1", "people only"),
        ("Phone", "06 39 98 00 01", "whose this is"),
        ("Sex", "male", "no sex we know"),
    ],
)
def test_a_horses_faults_are_told_in_its_words(world, head, cell, words):
    one = checked(world, f"Horse;{head}\nQuartz;{cell}\n", species="horse")

    assert faults(one)[2][0][0] == head
    assert words in faults(one)[2][0][1]


def test_every_fault_of_a_row_is_told_and_the_others_are_imported(world):
    one = imported(world, "Name,Birth date,Sex,Phone\nAda,x,y,1\nBen,,,\n")

    assert [fault[0] for fault in faults(one)[2]] == ["Birth date", "Sex", "Phone"]
    assert Patient.objects.get().name == "Ben"


def test_faults_are_told_in_the_language_of_who_uploaded(world):
    with translation.override("fr"):
        one = upload(world, "Nom,Date de naissance\nAda,demain\n")
    imports.go_on(one.pk)

    assert "date" in faults(one)[2][0][1]
    assert "is not a date" not in faults(one)[2][0][1]


def test_the_faulty_rows_leave_as_they_came_with_the_reason(world):
    one = checked(world, "Nom,Toto,Tél\nAda,+1,1\n\nBen,x,06 39 98 00 02\nCarl,y,2\n")

    heads, rows = imports.take_faults(actor=world[1], one=one)

    rows = list(rows)
    assert heads == ["Nom", "Toto", "Tél", "Reason"]
    assert [row[:3] for row in rows] == [["Ada", "+1", "1"], ["Carl", "y", "2"]]
    assert all("too short" in row[3] for row in rows)
    assert AuditEvent.objects.filter(verb="import.faults-exported", subject_id=one.pk).count() == 1


def test_a_workbook_says_the_same_as_a_csv(world):
    rows = [["Name", "DOB", "Phone", "ID"], ["Ada", date(1968, 3, 31), 639980001, 1042.0], [None, None], ["Ben", "x"]]

    one = checked(world, workbook(*rows), name="patients.xlsx")

    assert one.rows.get(position=2).cells == ["Ada", "1968-03-31", "639980001", "1042"]
    assert list(faults(one)) == [4]


# What is kept, and how long


def test_the_uploaded_file_is_gone_once_it_is_read_and_cells_once_they_are_imported(world, folder):
    one = upload(world, table(ADA, "Carl,x,,"))
    assert [path for path in folder.rglob("*") if path.is_file()]

    with transaction_done():
        imports.go_on(one.pk)
    assert not [path for path in folder.rglob("*") if path.is_file()]
    one.refresh_from_db()
    run(world, one)

    assert [row.cells for row in one.rows.all()] == [[], ["Carl", "x"]]


def transaction_done():
    from django.test import TestCase

    return TestCase.captureOnCommitCallbacks(execute=True)


@pytest.mark.parametrize("run_first", [False, True])
def test_after_seven_days_nothing_of_the_file_is_kept(world, run_first):
    one = checked(world, table(ADA, "Carl,x,,"))
    if run_first:
        run(world, one)
    assert imports.expire(now=timezone.now() + timedelta(days=6)) == 0

    assert imports.expire(now=timezone.now() + timedelta(days=7, minutes=1)) == 1

    one.refresh_from_db()
    assert one.status == ("done" if run_first else "expired")
    assert (one.file_name, one.heads, one.expires_at) == ("", [], None)
    assert states(one) == (["imported"] if run_first else [])
    assert Patient.objects.count() == int(run_first)
    assert imports.expire(now=timezone.now() + timedelta(days=30)) == 0


def test_cancelling_forgets_the_file_and_cannot_be_done_once_it_is_over(world):
    one = checked(world, table(ADA))

    imports.cancel_import(actor=world[1], one=one)

    one.refresh_from_db()
    assert (one.status, one.heads, states(one)) == ("cancelled", [], [])
    for deed in (imports.cancel_import, imports.run_import):
        with pytest.raises(Refused):
            deed(actor=world[1], one=one)
    assert not Patient.objects.exists()


def test_cancelled_while_a_worker_is_at_it_no_further_row_is_imported(world, monkeypatch):
    monkeypatch.setattr(importing, "ROWS_A_STEP", 1)
    one = checked(world, table(ADA, BEN, "Carl Tiers,,,"))
    imports.run_import(actor=world[1], one=one)
    real, steps = importing._step, []

    def cancel_between(turn, reader):
        steps.append(1)
        if len(steps) == 3:
            imports.cancel_import(actor=world[1], one=one)
        return real(turn, reader)

    monkeypatch.setattr(importing, "_step", cancel_between)
    imports.go_on(one.pk)

    one.refresh_from_db()
    assert one.status == "cancelled"
    assert sorted(Patient.objects.values_list("name", flat=True)) == ["Ada Exemple", "Ben Modèle"]


# Workers


def test_another_worker_takes_up_what_a_killed_one_left_and_nobody_is_doubled(world, monkeypatch):
    monkeypatch.setattr(reading, "ROWS_A_STEP", 2)
    monkeypatch.setattr(importing, "ROWS_A_STEP", 2)
    rows = [f"Person {n},,,N-{n}" for n in range(6)]
    one = upload(world, table(*rows, "Person 0,,,N-0"))
    die_in(monkeypatch, reading, reading.read_rows, one)
    assert states(one) == ["new"] * 2
    imports.sweep(now=timezone.now() + timedelta(seconds=30))
    one.refresh_from_db()
    assert one.status == "ready"
    assert states(one) == ["new"] * 6 + ["here"]
    imports.run_import(actor=world[1], one=one)
    die_in(monkeypatch, importing, importing.import_rows, one)
    assert Patient.objects.count() == 2
    imports.sweep(now=timezone.now() + timedelta(seconds=30))

    one.refresh_from_db()
    assert one.status == "done"
    assert Patient.objects.count() == 6


def die_in(monkeypatch, module, step, one) -> None:
    """Let a worker die at its second step, and its time run out."""
    calls = []
    real = module.known_files

    def killed(*args):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(*args)

    with monkeypatch.context() as patch:
        patch.setattr(module, "known_files", killed)
        turn = Turn(one.pk)
        with pytest.raises(KeyboardInterrupt):
            step(turn)
    PatientImport.objects.filter(pk=one.pk).update(free_from=timezone.now())


def test_a_worker_leaves_alone_what_another_one_holds(world):
    one = upload(world, table(ADA))
    assert Turn(one.pk).hold("checking") is not None

    imports.go_on(one.pk)
    imports.sweep(now=timezone.now())

    one.refresh_from_db()
    assert (one.status, states(one)) == ("checking", [])


def test_a_turn_that_is_over_rings_for_the_next_one(world, monkeypatch, bells, django_capture_on_commit_callbacks):
    monkeypatch.setattr(reading, "ROWS_A_STEP", 1)
    monkeypatch.setattr("patients.services.imports.holding.ONE_TURN", -1.0)
    one = upload(world, table(ADA, BEN))

    with django_capture_on_commit_callbacks(execute=True):
        imports.go_on(one.pk)

    assert states(one) == ["new"]
    assert bells[-1] == ("patients.go_on_with_import", (one.pk,))
    imports.go_on(one.pk)
    assert states(one) == ["new", "new"]


def test_a_row_nobody_thought_of_keeps_no_other_from_being_imported(world, monkeypatch, caplog):
    one = checked(world, table(ADA, BEN))
    real = importing._register

    def broken(asked, what):
        if what.name == "Ada Exemple":
            raise RuntimeError("nobody thought of this")
        return real(asked, what)

    monkeypatch.setattr(importing, "_register", broken)
    run(world, one)

    assert states(one) == ["faulty", "imported"]
    assert "by hand" in faults(one)[2][0][1]
    assert "nobody thought" in caplog.text


def test_who_is_refused_at_the_last_moment_is_told_as_faulty(world):
    content = "Horse,Chip\nQuartz,250259600000001\n"
    one = checked(world, content, species="horse")
    ended = make_patient(world[0], "horse", name="Other", identifiers=[("microchip", "250259600000001")])

    run(world, one)

    assert states(one) == ["here"]
    assert one.rows.get().twin == ended


def test_reading_asks_the_database_as_often_for_many_rows_as_for_few(world, django_assert_max_num_queries):
    rows = [f"Person {n},19{n % 90 + 10}-01-01,,N-{n}" for n in range(90)]
    one = upload(world, table(*rows))
    make_patient(make_clinic())

    with django_assert_max_num_queries(20):
        reading.read_rows(Turn(one.pk))

    assert ImportRow.objects.count() == 90
    assert Substance.objects.count() == 0
