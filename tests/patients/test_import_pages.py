"""The pages of an import: from the template to the patients, and nothing but sentences for what is no table."""

import csv
import io
import re
from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from mesoclinic.core.models import Heartbeat
from mesoclinic.core.roles import Role
from patients.models import Patient, PatientImport
from patients.queries.erasure import import_rows
from patients.queries.imports import DOUBLES, doubles, rows_page
from patients.services import imports, merging
from patients.services.pseudonymising import forget_import_rows
from tests.factories import make_clinic, make_import, make_patient, make_species, make_user
from tests.sessions.erasure_world import restrict
from tests.shared import shared

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@shared
def clinic():
    make_species()
    return make_clinic()


@pytest.fixture
def manager(clinic):
    browser = Client()
    browser.force_login(make_user(clinic, Role.MANAGER))
    return browser


def send(manager, content: bytes, name="patients.csv", **changes):
    species = make_species()["human"]
    form = {"file": SimpleUploadedFile(name, content), "species": species.pk, "date_order": "day_first", **changes}
    return manager.post(reverse("patients:upload-import"), form)


def page_of(one: PatientImport, show: str = "") -> str:
    return reverse("patients:import", args=[one.public_id], query={"show": show} if show else None)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_template_can_be_uploaded_as_it_is(clinic, manager, kind, language):
    manager.cookies["django_language"] = language
    answer = manager.get(reverse("patients:import-template"), {"as": kind})
    content = b"".join(answer.streaming_content)
    assert f".{kind}" in answer["Content-Disposition"]

    sent = send(manager, content, name=f"patients.{kind}")

    one = PatientImport.objects.get()
    assert sent["Location"] == page_of(one)
    imports.go_on(one.pk)
    assert [(row.state, row.faults) for row in one.rows.all()] == [("new", []), ("new", [])]
    if kind == "xlsx":
        assert load_workbook(io.BytesIO(content)).active.max_row == 3


def test_from_the_file_to_the_patients(clinic, manager):
    make_patient(clinic, name="Zoé Ancienne", birth_on=date(1950, 1, 1))
    content = b"Name,Birth date,Shoe size\nAda,1968-03-31,38\nZo\xc3\xa9 Ancienne,1950-01-01,39\nBen,soon,40\n"

    where = send(manager, content)["Location"]
    one = PatientImport.objects.get()
    assert "data-poll" in manager.get(where).text
    imports.go_on(one.pk)
    shown = manager.get(where)

    assert "Import 1 patient" in shown.text
    assert "Shoe size" in shown.text
    assert "is not a date" in shown.text
    assert "no-store" in shown["Cache-Control"]
    assert "Zoé Ancienne" in manager.get(page_of(one, "here")).text
    for _click in range(2):
        assert manager.post(reverse("patients:run-import", args=[one.public_id]))["Location"] == where
    assert "data-poll" in manager.get(where).text
    imports.go_on(one.pk)
    assert Patient.objects.filter(name="Ada").count() == 1
    assert "data-poll" not in manager.get(where).text
    assert "Ada" in manager.get(page_of(one, "imported")).text
    assert manager.get(reverse("patients:imports")).text.count("patients.csv") == 1


def test_the_faulty_rows_come_back_corrected(clinic, manager):
    one = make_import(clinic, ["Ada,1968-03-31"])
    answer = manager.get(reverse("patients:import-faults", args=[one.public_id]))
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    heads, _row = csv.reader(io.StringIO(text))
    assert heads == ["Name", "Birth date", "Reason"]
    assert answer["Cache-Control"] == "no-store"

    send(manager, text.replace("31/02/1970", "28/02/1970").encode("utf-8-sig"))

    again = PatientImport.objects.latest("pk")
    imports.go_on(again.pk)
    assert [row.state for row in again.rows.all()] == ["new"]
    assert "Not imported, because" not in manager.get(page_of(again)).text


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"Name\n", "nothing below the headings"),
        (b"Shoe size,Hat\n38,L\n", "No column is called"),
        (b"PK\x03\x04", "damaged"),
        (b"\0\1\2", "neither a CSV nor an XLSX"),
        (b"Name" + b",x" * 200_000, "more than 100 columns"),
        (b'Name,Note\n"' + b"a" * 300_000, "cannot be read"),
    ],
)
def test_what_is_no_list_of_patients_is_told_beside_the_file(clinic, manager, content, words):
    answer = send(manager, content)

    assert answer.status_code == 422
    assert words in answer.text
    assert not PatientImport.objects.exists()


def test_too_large_a_file_is_refused(clinic, manager):
    assert "larger than 20 MB" in send(manager, b"Name\n" + b"A" * (20 * 1024 * 1024)).text


@pytest.mark.parametrize("change", [{"file": ""}, {"species": "99999999999999999999"}, {"date_order": "x"}])
def test_a_form_with_anything_missing_or_wrong_is_shown_again(clinic, manager, change):
    assert send(manager, b"Name\nAda\n", **change).status_code == 422


def test_a_file_that_turns_out_broken_later_says_why(clinic, manager):
    content = b"Name,Note\nAda,x\n" + b'Ben,"' + b"a" * 200_000 + b"\n"
    where = send(manager, content)["Location"]

    imports.go_on(PatientImport.objects.get().pk)

    assert "cannot be read after row" in manager.get(where).text
    assert PatientImport.objects.get().rows.count() == 0


def test_what_cannot_be_done_is_said_on_the_page(clinic, manager):
    one = make_import(clinic)
    imports.cancel_import(actor=one.asked_by, one=one)
    for name in ("run-import", "cancel-import"):
        answer = manager.post(reverse(f"patients:{name}", args=[one.public_id]), follow=True)
        assert "notice-error" in answer.text or "notice-danger" in answer.text
    answer = manager.get(reverse("patients:import-faults", args=[one.public_id]), follow=True)

    assert "no faulty rows" in answer.text


def test_nothing_in_a_file_becomes_part_of_the_page(clinic, manager):
    one = make_import(clinic, ["<script>alert(1)</script>,x"])

    assert "<script>alert" not in manager.get(page_of(one, "faulty")).text


def test_who_was_imported_though_perhaps_here_is_offered_for_merging_until_that_is_done(clinic, manager):
    here = make_patient(clinic, name="Ada Exempel", birth_on=date(1968, 3, 31))
    one = make_import(clinic, ["Ada Exemple,1968-03-31", "Ben Modèle,1971-05-02"])
    imports.run_import(actor=one.asked_by, one=one, with_likely=True)
    imports.go_on(one.pk)
    made = Patient.objects.get(name="Ada Exemple")

    page = manager.get(page_of(one, "doubles")).text

    link = f"{reverse('patients:merge', args=[here.public_id])}?q={made.number}"
    assert "Perhaps twice now (1)" in page
    assert link in page
    assert "Ben Modèle" not in page
    assert "Ada Exemple" in manager.get(link).text
    merging.merge_patient(actor=one.asked_by, patient=made, into=here)
    assert "Perhaps twice now" not in manager.get(page_of(one)).text


def with_a_double(clinic) -> tuple[PatientImport, Patient, Patient]:
    """An import of Ada Exemple, the file made of it, and the one it may be: of another name, as after a wedding."""
    here = make_patient(clinic, name="Zoé Martin")
    one = make_import(clinic, ["Ada Exemple,1968-03-31"])
    imports.run_import(actor=one.asked_by, one=one)
    imports.go_on(one.pk)
    made = Patient.objects.get(name="Ada Exemple")
    one.rows.filter(patient=made).update(twin=here)
    return one, made, here


def test_the_way_to_merge_leads_to_the_other_file_whatever_its_name(clinic, manager):
    one, made, here = with_a_double(clinic)

    address = re.search(r'href="(/[^"]*merge/[^"]*)"', manager.get(page_of(one, "doubles")).text)[1]

    page = manager.get(address)
    assert page.context["patient"] == here
    assert [hit.patient_id for hit, _form in page.context["hits"]] == [made.pk]


@pytest.mark.parametrize("which", ["made", "here"])
def test_two_files_stay_offered_for_merging_when_one_of_them_is_merged_into_a_third(clinic, manager, which):
    one, made, here = with_a_double(clinic)
    third = make_patient(clinic, name="Third")
    merged, other = (made, here) if which == "made" else (here, made)

    merging.merge_patient(actor=one.asked_by, patient=merged, into=third)

    [row] = doubles(one)
    assert {row.kept_made, row.kept_twin} == {other.pk, third.pk}
    page = manager.get(page_of(one, "doubles")).text
    assert "Third" in page
    assert other.name in page
    merging.merge_patient(actor=one.asked_by, patient=other, into=third)
    assert not doubles(one).exists()


def test_of_a_restricted_file_the_page_says_the_number_only(clinic, manager):
    one, _made, here = with_a_double(clinic)

    restrict(here)

    [shown] = rows_page(one, DOUBLES, None)
    assert (shown.twin.name, shown.twin.facts, shown.twin.phone) == (f"Restricted file {here.number}", (), "")
    assert here.name not in manager.get(page_of(one, "doubles")).text


def test_when_lists_are_forgotten_for_one_file_whoever_was_imported_beside_it_stays_imported(clinic):
    here = make_patient(clinic, name="Ada Exempel", birth_on=date(1968, 3, 31))
    one = make_import(clinic, ["Ada Exemple,1968-03-31"])
    imports.run_import(actor=one.asked_by, one=one, with_likely=True)
    imports.go_on(one.pk)
    row = one.rows.get(patient__name="Ada Exemple")
    assert row.twin == here
    assert not import_rows([here.pk]).exists()  # what the preview of an erasure counts

    forget_import_rows([here.pk])

    row.refresh_from_db()
    assert (row.state, row.twin) == ("imported", None)


@pytest.mark.parametrize("show", ["faulty", "here", "likely", "new", "nonsense"])
def test_the_page_asks_the_database_as_often_for_a_thousand_rows_as_for_ten(
    clinic, manager, show, django_assert_num_queries
):
    known = [make_patient(clinic, name=f"Known {n}") for n in range(3)]
    pages = []
    for count in (10, 1000):
        one = make_import(clinic)
        rows = [row for state in ("faulty", "here", "likely", "new") for row in _rows(one, state, count, known)]
        one.rows.bulk_create(rows)
        pages.append(page_of(one, show))
    manager.get(pages[0])

    with django_assert_num_queries(_queries(manager, pages[0])):
        manager.get(pages[1])


def _rows(one: PatientImport, state: str, count: int, known: list[Patient]):
    first = {"faulty": 10_000, "here": 20_000, "likely": 30_000, "new": 40_000}[state]
    for n in range(count):
        twin = known[n % 3] if state in ("here", "likely") else None
        faults = [["Name", "wrong"]] if state == "faulty" else []
        yield one.rows.model(
            of=one, position=first + n, state=state, cells=["Name", "x"], faults=faults, twin=twin, fingerprint="x"
        )


def _queries(manager, page: str) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as asked:
        manager.get(page)
    return len(asked)


def test_readyz_says_when_nobody_goes_on_with_an_import(client, clinic):
    Heartbeat.objects.create(name="beat", at=timezone.now())
    one = make_import(clinic)
    imports.run_import(actor=one.asked_by, one=one)
    assert client.get("/readyz").status_code == 200

    PatientImport.objects.filter(pk=one.pk).update(free_from=timezone.now() - timedelta(minutes=6))

    assert client.get("/readyz").json()["work"].startswith("an import of patients waits since")


def test_a_pseudonymised_patient_leaves_no_row_of_the_file_behind(clinic):
    from patients.services.pseudonymising import clear_identity

    one = make_import(clinic, ["Ada,1968-03-31"])
    imports.run_import(actor=one.asked_by, one=one)
    imports.go_on(one.pk)
    ada = Patient.objects.get(name="Ada")
    assert one.rows.filter(patient=ada).exists()

    clear_identity([ada], timezone.now(), timezone.localdate())

    assert not one.rows.filter(patient=ada).exists()


def test_the_list_of_patients_leads_to_the_import_whoever_may(clinic, manager):
    link = reverse("patients:imports")
    desk = Client()
    desk.force_login(make_user(clinic, Role.RECEPTION))

    assert link in manager.get(reverse("patients:list")).text
    assert link not in desk.get(reverse("patients:list")).text
