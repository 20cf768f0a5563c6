"""A row of an import that looks like a file may be somebody else: said row by row, kept, written down, undone."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from mesoclinic.core.constraints import violated
from mesoclinic.core.models import AuditEvent
from mesoclinic.core.queries import access_log
from mesoclinic.core.refused import Refused
from patients.models import ImportRow, Patient, ToldApart
from patients.models.imports import ImportStatus
from patients.queries.imports import doubles, told_apart
from patients.queries.merging import likely_twins
from patients.queries.taking_back import fate_of
from patients.queries.telling_apart import other_patients
from patients.services import imports, merging
from patients.services.pseudonymising import forget_import_rows, forget_told_apart
from patients.services.telling_apart import tell_files_apart, undo_tell_files_apart
from tests.factories import make_patient
from tests.patients.import_world import ADA, BEN, checked, import_world, imported, run, table
from tests.shared import shared

pytestmark = pytest.mark.django_db


@shared
def world():
    return import_world()


@pytest.fixture
def here(world):
    """A file that the row of Ada Exemple looks like."""
    return make_patient(world[0], name="Ada Exempel", birth_on=date(1968, 3, 31))


def apart(world, one, position=2):
    imports.tell_row_apart(actor=world[1], one=one, position=position)


def undone(world, one, position=2):
    imports.undo_tell_row_apart(actor=world[1], one=one, position=position)


def twins_of(patient) -> list[int]:
    others = [one.hit.patient_id for one in other_patients(patient)]
    return [hit.patient_id for hit in likely_twins(patient, others)]


def verbs() -> list[str]:
    said = AuditEvent.objects.filter(verb__startswith="import.told-apart").order_by("pk")
    return list(said.values_list("verb", flat=True))


def test_who_is_said_to_be_somebody_else_is_registered_and_the_pair_not_offered_again(world, here):
    one = checked(world, table(ADA, BEN))

    apart(world, one)
    run(world, one)

    made = Patient.objects.get(name="Ada Exemple")
    assert [row.state for row in one.rows.all()] == ["imported", "imported"]
    assert not doubles(one).exists()
    assert [row.patient for row in told_apart(one)] == [made]
    assert (twins_of(made), twins_of(here)) == ([], [])
    pair = ToldApart.objects.get()
    assert (pair.first, pair.second, pair.by) == (here, made, world[1])
    assert AuditEvent.objects.get(patient_id=made.pk, verb="patient.told-apart").actor == world[1]


def test_other_rows_that_look_like_files_stay_as_they_are(world, here):
    make_patient(world[0], name="Ben Modèl", birth_on=date(1971, 5, 2))
    one = checked(world, table(ADA, BEN))

    apart(world, one)

    assert [row.state for row in one.rows.all()] == ["new", "likely"]
    assert [row.patient.name for row in run(world, one).rows.filter(state="imported")] == ["Ada Exemple"]


def test_it_can_be_undone_before_the_import(world, here):
    one = checked(world, table(ADA))
    apart(world, one)

    undone(world, one)

    row = one.rows.get()
    assert (row.state, row.twin, row.not_twin) == ("likely", here, None)


def test_of_a_row_already_imported_it_is_said_and_undone_too(world, here):
    one = run(world, checked(world, table(ADA)), with_likely=True)
    made = Patient.objects.get(name="Ada Exemple")
    assert twins_of(made) == [here.pk]

    apart(world, one)
    assert (doubles(one).count(), twins_of(made)) == (0, [])
    undone(world, one)

    assert doubles(one).get().patient == made
    assert twins_of(made) == [here.pk]
    assert one.rows.get().state == "imported"


def test_what_is_said_of_the_two_files_elsewhere_the_import_lists_too(world, here):
    one = run(world, checked(world, table(ADA)), with_likely=True)
    pair = {"actor": world[1], "patient": here, "other": Patient.objects.get(name="Ada Exemple")}

    tell_files_apart(**pair)
    assert (doubles(one).count(), told_apart(one).count()) == (0, 1)
    undo_tell_files_apart(**pair)

    assert (doubles(one).count(), told_apart(one).count()) == (1, 0)


def test_a_file_the_one_it_is_not_was_merged_into_is_not_it_either(world, here):
    one = checked(world, table(ADA))
    apart(world, one)
    third = make_patient(world[0], name="Adah Exempel", birth_on=date(1968, 3, 31))
    merging.merge_patient(actor=world[1], patient=here, into=third)

    run(world, one)

    made = Patient.objects.get(name="Ada Exemple")
    assert twins_of(made) == []
    assert [row.patient for row in told_apart(one)] == [made]
    assert not doubles(one).exists()


def test_both_are_written_down_once_in_the_trail_of_the_file_it_looked_like(world, here):
    one = checked(world, table(ADA))

    for _twice in range(2):
        apart(world, one)
    for _twice in range(2):
        undone(world, one)

    events = AuditEvent.objects.filter(patient_id=here.pk, verb__startswith="import.")
    assert verbs() == ["import.told-apart", "import.told-apart-undone"]
    assert [event.actor for event in events] == [world[1]] * 2
    assert access_log.words(events.earliest("pk")) == "Import of patients: said to be another patient"


@pytest.mark.parametrize("status", ["checking", "importing", "undoing"])
def test_while_a_worker_is_at_it_nothing_is_said(world, here, status):
    one = checked(world, table(ADA))
    type(one).objects.filter(pk=one.pk).update(status=status)

    with pytest.raises(Refused, match="being worked on"):
        apart(world, one)

    assert one.rows.get().state == "likely"


@pytest.mark.parametrize("position", [3, 99])
def test_of_a_row_that_looks_like_nobody_there_is_nothing_to_say(world, here, position):
    one = checked(world, table(ADA, BEN))

    for deed in (apart, undone):
        with pytest.raises(Refused, match="does not look like another file"):
            deed(world, one, position)

    assert verbs() == []


def test_a_row_left_out_of_an_import_that_is_over_cannot_become_new(world, here):
    one = imported(world, table(ADA, BEN))

    with pytest.raises(Refused, match="does not look like another file"):
        apart(world, one)

    assert one.rows.get(position=2).state == "likely"


def test_that_somebody_else_was_said_keeps_no_import_from_being_taken_back(world):
    first = imported(world, table("Ada Exempel,1968-03-31,,A-7"))
    second = checked(world, table(ADA))
    apart(world, second)

    assert fate_of(first).going_count == 1
    imports.take_back_import(actor=world[1], one=first)
    imports.go_on(first.pk)

    row = second.rows.get()
    assert (row.state, row.not_twin) == ("new", None)
    assert not told_apart(second).exists()


def test_that_two_files_are_two_patients_keeps_none_of_them_from_being_taken_back(world, here):
    one = run(world, checked(world, table(ADA)), with_likely=True)
    apart(world, one)

    assert fate_of(one).going_count == 1
    imports.take_back_import(actor=world[1], one=one)
    imports.go_on(one.pk)

    assert not ToldApart.objects.exists()
    assert list(Patient.objects.filter(clinic=world[0])) == [here]


def test_a_file_that_is_forgotten_is_named_by_no_row(world, here):
    one = run(world, checked(world, table(ADA)), with_likely=True)
    apart(world, one)

    forget_import_rows([here.pk])
    forget_told_apart([here.pk])

    assert not told_apart(one).exists()
    assert ImportRow.objects.get(of=one).twin is None
    assert not ToldApart.objects.exists()


def test_two_files_told_apart_are_merged_once_that_is_undone_and_listed_no_more(world, here):
    one = checked(world, table(ADA))
    apart(world, one)
    run(world, one)
    made = Patient.objects.get(name="Ada Exemple")

    with pytest.raises(Refused, match="said to be two patients"):
        merging.merge_patient(actor=world[1], patient=made, into=here)
    undone(world, one)
    merging.merge_patient(actor=world[1], patient=made, into=here)

    assert not told_apart(one).exists()
    assert not doubles(one).exists()


def test_an_imported_row_is_told_apart_as_files_are(world, here):
    one = run(world, checked(world, table(ADA)), with_likely=True)

    with pytest.raises(IntegrityError) as broken, transaction.atomic():
        one.rows.update(not_twin=here)

    assert violated(broken.value) == "import_row_told_as_files"


def test_the_page_offers_it_beside_the_row_and_the_way_back(world, here):
    browser = Client()
    browser.force_login(world[1])
    one = checked(world, table(ADA, BEN))
    page = reverse("patients:import", args=[one.public_id])
    tell, undo = (
        reverse(f"patients:{name}", args=[one.public_id, 2]) for name in ("tell-row-apart", "undo-tell-row-apart")
    )

    shown = browser.get(f"{page}?show=likely").text
    told = browser.post(f"{tell}?show=likely&page=1", follow=True)
    listed = browser.get(f"{page}?show=apart").text
    back = browser.post(f"{undo}?show=apart&page=1", follow=True)

    assert f"{tell}?show=likely&amp;page=1" in shown
    assert told.redirect_chain[0][0] == f"{page}?show=likely&page=1"
    assert "Row 2 is another patient." in told.text
    assert "Said to be another patient (1)" in told.text
    assert "Perhaps here already (1)" not in told.text
    assert "Ada Exempel" in listed
    assert f"{undo}?show=apart&amp;page=1" in listed
    assert "Perhaps here already (1)" in back.text


def test_a_row_that_can_no_longer_be_told_has_no_button(world, here):
    browser = Client()
    browser.force_login(world[1])
    one = imported(world, table(ADA, BEN))
    assert one.status == ImportStatus.DONE

    shown = browser.get(reverse("patients:import", args=[one.public_id]) + "?show=likely").text

    assert "Ada Exempel" in shown
    assert "apart/" not in shown
