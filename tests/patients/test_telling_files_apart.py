"""Of any two files it can be said that they are two patients: said once, kept, heeded by merging, and taken back."""

from datetime import date
from html import unescape

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from mesoclinic.core.constraints import violated
from mesoclinic.core.models import AuditEvent
from mesoclinic.core.queries import access_log
from mesoclinic.core.refused import Refused
from mesoclinic.core.roles import Role
from patients.models import Patient, ToldApart
from patients.queries.merging import likely_twins
from patients.queries.search import search
from patients.queries.telling_apart import other_patients
from patients.services import merging
from patients.services.telling_apart import tell_files_apart, undo_tell_files_apart
from tests.factories import make_clinic, make_patient, make_user
from tests.shared import shared

pytestmark = pytest.mark.django_db
BORN = date(1990, 4, 1)


@shared
def clinic():
    return make_clinic()


@shared
def manager(clinic):
    return make_user(clinic, Role.MANAGER)


@shared
def sisters(clinic):
    return make_patient(clinic, name="Ann Berg", birth_on=BORN), make_patient(clinic, name="Anne Berg", birth_on=BORN)


def tell(manager, pair, **how) -> ToldApart:
    patient, other = pair
    return tell_files_apart(actor=manager, patient=patient, other=other, **how)


def undo(manager, pair) -> None:
    patient, other = pair
    undo_tell_files_apart(actor=manager, patient=patient, other=other)


def others_of(patient) -> list[int]:
    return [one.hit.patient_id for one in other_patients(patient)]


def twins_of(patient) -> list[int]:
    return [hit.patient_id for hit in likely_twins(patient, others_of(patient))]


def merge(patient, into):
    return merging.merge_patient(actor=None, patient=patient, into=into)


def test_two_files_told_apart_are_not_offered_as_twins_of_each_other(manager, sisters):
    ann, anne = sisters
    assert (twins_of(ann), twins_of(anne)) == ([anne.pk], [ann.pk])

    tell(manager, sisters, reason="Sisters, both were here")

    assert (twins_of(ann), twins_of(anne)) == ([], [])
    (one,) = other_patients(ann)
    assert (one.hit.patient_id, one.by, one.reason) == (anne.pk, manager, "Sisters, both were here")
    assert others_of(anne) == [ann.pk]


def test_behind_those_told_apart_the_next_ones_like_it_are_offered(clinic, manager, sisters):
    ann, _anne = sisters
    for _one in range(5):
        tell(manager, (ann, make_patient(clinic, name="Ann Berg", birth_on=BORN)))

    assert twins_of(ann) == [sisters[1].pk]


def test_it_is_taken_back_from_either_file(manager, sisters):
    tell(manager, sisters)

    undo(manager, reversed(sisters))

    assert not ToldApart.objects.exists()
    assert twins_of(sisters[0]) == [sisters[1].pk]
    assert merge(*sisters)


def test_both_are_written_down_once_on_both_files_and_name_neither(manager, sisters):
    for deed in (tell, undo):
        for way in (sisters, tuple(reversed(sisters))):
            deed(manager, way)

    for file in sisters:
        events = AuditEvent.objects.filter(patient_id=file.pk, verb__startswith="patient.told-apart").order_by("pk")
        assert [event.verb for event in events] == ["patient.told-apart", "patient.told-apart-undone"]
        assert {event.actor for event in events} == {manager}
        assert {event.subject_text for event in events} == {" ≠ ".join(str(one.number) for one in sisters)}
        assert access_log.words(events[0]) == "Patient's file: said to be another patient"


def test_files_told_apart_are_not_merged_until_it_is_taken_back(manager, sisters):
    tell(manager, sisters)

    for pair in (sisters, tuple(reversed(sisters))):
        with pytest.raises(Refused, match="said to be two patients") as refused:
            merge(*pair)
        assert refused.value.code == "told-apart"

    undo(manager, sisters)
    assert merge(*sisters)


def test_what_is_no_pair_of_files_in_use_is_refused(clinic, manager, sisters):
    ann, anne = sisters
    gone = make_patient(clinic)
    merge(gone, make_patient(clinic))

    for other, code in ((ann, "same-file"), (make_patient(make_clinic()), "same-file"), (gone, "already-merged")):
        for deed in (tell, undo):
            with pytest.raises(Refused) as refused:
                deed(manager, (ann, other))
            assert refused.value.code == code
    with pytest.raises(Refused) as refused:
        tell(manager, (ann, anne), reason="x" * 201)
    assert (refused.value.code, refused.value.field) == ("not-valid", "reason")
    assert not ToldApart.objects.exists()


# Once one of the two is merged into a third


def test_said_of_a_file_it_holds_for_the_one_it_is_merged_into_and_parts_with_it(clinic, manager, sisters):
    ann, anne = sisters
    tell(manager, sisters)
    third = make_patient(clinic, name="Anna Berg", birth_on=BORN)

    done = merge(ann, third)

    assert (others_of(third), others_of(anne)) == ([anne.pk], [third.pk])
    assert twins_of(anne) == []
    with pytest.raises(Refused, match="said to be two patients"):
        merge(third, anne)
    merging.undo_merge(actor=None, merge=done)
    assert (others_of(ann), others_of(third), others_of(anne)) == ([anne.pk], [], [ann.pk])


def test_said_of_both_files_that_are_one_now_it_is_listed_once_and_taken_back_as_one(clinic, manager, sisters):
    ann, anne = sisters
    third = make_patient(clinic)
    for file in (ann, third):
        tell(manager, (file, anne))
    merge(ann, third)

    assert (others_of(third), others_of(anne)) == ([anne.pk], [third.pk])
    assert tell(manager, (third, anne)) in ToldApart.objects.all()
    assert ToldApart.objects.count() == 2
    undo(manager, (anne, third))

    assert not ToldApart.objects.exists()
    assert AuditEvent.objects.filter(verb="patient.told-apart-undone").count() == 2


def test_two_files_each_told_apart_from_a_third_can_be_one(clinic, manager, sisters):
    third = make_patient(clinic)
    for file in sisters:
        tell(manager, (file, third))

    merge(*sisters)

    assert others_of(third) == [sisters[1].pk]


# What the database itself keeps


@pytest.mark.parametrize(
    ("order", "constraint"),
    [((0, 1), "told_apart_once"), ((1, 0), "told_apart_lower_first"), ((0, 0), "told_apart_lower_first")],
)
def test_a_pair_is_one_row_of_two_files(manager, sisters, order, constraint):
    pair = tell(manager, sisters)
    first, second = (sisters[place] for place in order)

    with pytest.raises(IntegrityError) as broken, transaction.atomic():
        ToldApart.objects.create(clinic=pair.clinic, first=first, second=second)

    assert violated(broken.value) == constraint


def test_the_lower_key_comes_first_however_it_is_said(manager, sisters):
    pair = tell(manager, reversed(sisters))

    assert (pair.first, pair.second) == sisters


def test_asking_who_else_a_file_is_not_is_the_same_work_for_many_as_for_one(clinic, manager, sisters):
    ann, anne = sisters
    counts = []
    for others in ([anne], [make_patient(clinic) for _one in range(7)]):
        for other in others:
            tell(manager, (ann, other))
        with CaptureQueriesContext(connection) as asked:
            other_patients(ann)
        counts.append(len(asked))

    assert counts == [5, 5]
    assert len(others_of(ann)) == 8


# The page


@pytest.fixture
def browser(manager):
    client = Client()
    client.force_login(manager)
    return client


def page(patient, **query) -> str:
    return reverse("patients:merge", args=[patient.public_id], query=query or None)


def saying(pair, name="tell-files-apart", **query) -> str:
    return reverse(f"patients:{name}", args=[one.public_id for one in pair], query=query or None)


def words(answer) -> str:
    return " ".join(unescape(answer.text).split())


def test_the_merge_page_offers_it_beside_merging_lists_it_and_takes_it_back(browser, sisters):
    ann, anne = sisters
    assert "Not the same patient" in words(browser.get(page(ann)))

    told = browser.post(saying(sisters), {"reason": " Her  sister "}, follow=True)

    assert told.redirect_chain[0][0] == page(ann)
    shown = words(told)
    assert "No file looks like this one." in shown
    assert "Merge into this file" not in shown
    for pair in (sisters, tuple(reversed(sisters))):
        listed = words(browser.get(page(pair[0])))
        assert "Said to be different patients" in listed
        assert ": Her sister" in listed
        assert saying(pair, "undo-tell-files-apart") in listed
    back = words(browser.post(saying((anne, ann), "undo-tell-files-apart"), follow=True))
    assert "Taken back: perhaps the same patient." in back
    assert "Said to be different patients" not in back
    assert "Merge into this file" in back


def test_a_file_told_apart_that_is_searched_for_says_so_instead_of_being_offered(browser, clinic, sisters):
    ann, anne = sisters
    asked = page(ann, q="berg")
    assert [hit.patient_id for hit in search(clinic, "berg")] == [ann.pk, anne.pk]
    assert f'{saying(sisters, q="berg")}"' in browser.get(asked).text

    told = browser.post(saying(sisters, q="berg"), follow=True)

    assert told.redirect_chain[0][0] == asked
    assert "Said to be another patient" in words(told)
    assert "Merge into this file" not in words(told)


def test_merging_all_the_same_is_answered_with_the_reason(browser, manager, sisters):
    tell(manager, sisters)

    answer = browser.post(page(sisters[0]), {"other": sisters[1].public_id}, follow=True)

    assert "These two files were said to be two patients." in words(answer)
    assert not Patient.objects.exclude(merged_into=None).exists()


def test_a_strangers_file_is_told_apart_from_none(browser, sisters):
    stranger = make_patient(make_clinic())

    for pair in ((sisters[0], stranger), (stranger, sisters[0])):
        for name in ("tell-files-apart", "undo-tell-files-apart"):
            assert browser.post(saying(pair, name)).status_code == 404
