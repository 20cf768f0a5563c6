"""Patients from another program's file: what would happen is shown first, then done once."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.refused import Refused
from mesoclinic.core.services.jobs import Turn
from patients.models import ImportRow, Patient, PatientImport
from patients.services import imports
from patients.services.imports import importing, reading
from protocols.models import Substance
from tests.factories import make_clinic, make_patient
from tests.patients.import_world import (
    ADA,
    BEN,
    checked,
    faults,
    import_world,
    imported,
    run,
    states,
    table,
    upload,
)
from tests.shared import shared

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@shared
def world():
    return import_world()


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
    reading.read_rows(Turn(PatientImport, one.pk))
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


def test_a_row_that_may_be_somebody_registered_since_it_was_checked_says_whom(world):
    one = checked(world, table(ADA))
    since = make_patient(world[0], name="Zoé Martin", identifiers=[("mrn", "A-1")])

    run(world, one)

    row = one.rows.get()
    assert (row.state, row.twin, row.patient.name) == ("imported", since, "Ada Exemple")


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
        turn = Turn(PatientImport, one.pk)
        with pytest.raises(KeyboardInterrupt):
            step(turn)
    PatientImport.objects.filter(pk=one.pk).update(free_from=timezone.now())


def test_a_worker_leaves_alone_what_another_one_holds(world):
    one = upload(world, table(ADA))
    assert Turn(PatientImport, one.pk).hold("checking") is not None

    imports.go_on(one.pk)
    imports.sweep(now=timezone.now())

    one.refresh_from_db()
    assert (one.status, states(one)) == ("checking", [])


def test_a_turn_that_is_over_rings_for_the_next_one(world, monkeypatch, bells, django_capture_on_commit_callbacks):
    monkeypatch.setattr(reading, "ROWS_A_STEP", 1)
    monkeypatch.setattr("mesoclinic.core.services.jobs.ONE_TURN", -1.0)
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
        reading.read_rows(Turn(PatientImport, one.pk))

    assert ImportRow.objects.count() == 90
    assert Substance.objects.count() == 0
