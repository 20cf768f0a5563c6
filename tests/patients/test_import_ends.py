"""Of an import that is done, page and file say of every row what became of it."""

import csv
import io
from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from mesoclinic.core.models import AuditEvent
from patients.models import ImportRow, Patient
from patients.queries.import_ends import EVERY, RowEnd, ended, ends_page, every_row
from patients.queries.patients import page_of
from patients.services import imports, merging
from tests.factories import make_patient
from tests.patients.import_world import ADA, BEN, checked, import_world, imported, run, table
from tests.sessions.erasure_world import restrict

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return import_world()


@pytest.fixture
def browser(world):
    client = Client()
    client.force_login(world[1])
    return client


def ends(one) -> list[tuple[RowEnd, str, list[str]]]:
    return [(row.end, row.beside, [other.name for other in row.others]) for row in ended(one, every_row(one))]


def page(browser, one, show: str = "") -> str:
    return browser.get(reverse("patients:import", args=[one.public_id], query={"show": show} if show else None)).text


def test_new_here_chosen_and_faulty_rows_are_told_apart_in_the_order_of_the_file(world):
    here = make_patient(world[0], name="Ada Exemple", birth_on=date(1968, 3, 31))
    alike = make_patient(world[0], name="Ben Modelle", birth_on=date(1971, 5, 2))

    one = imported(world, table(ADA, BEN, "Cleo Neuve,1990-01-01,,A-3", "Dan Faux,never,,A-4"))

    assert ends(one) == [
        (RowEnd.HERE, "Is this patient", [here.name]),
        (RowEnd.CHOSEN, "Perhaps this patient", [alike.name]),
        (RowEnd.TAKEN, "", []),
        (RowEnd.FAULTY, "", []),
    ]


@pytest.mark.parametrize("which", ["made", "here"])
def test_who_was_merged_since_says_with_whom_whichever_file_was_kept(world, which):
    other = make_patient(world[0], name="Somebody Else")
    one = imported(world, table(ADA))
    made = Patient.objects.get(name="Ada Exemple")
    gone, kept = (made, other) if which == "made" else (other, made)

    merging.merge_patient(actor=world[1], patient=gone, into=kept)

    [row] = ended(one, every_row(one))
    assert (row.end, row.beside, [file.number for file in row.others]) == (
        RowEnd.MERGED,
        "Merged with",
        [other.number],
    )
    assert (row.made.number, row.made.name, row.made.url) == (made.number, "Ada Exemple", page_of(kept))


def test_a_merge_taken_back_leaves_the_row_as_taken(world):
    other = make_patient(world[0], name="Somebody Else")
    one = imported(world, table(ADA))
    merge = merging.merge_patient(actor=world[1], patient=Patient.objects.get(name="Ada Exemple"), into=other)

    merging.undo_merge(actor=world[1], merge=merge)

    assert ends(one) == [(RowEnd.TAKEN, "", [])]


def test_a_row_taken_though_it_looked_like_a_file_says_whether_somebody_told_them_apart(world):
    alike = make_patient(world[0], name="Ben Modelle", birth_on=date(1971, 5, 2))
    one = run(world, checked(world, table(BEN)), with_likely=True)
    assert ends(one) == [(RowEnd.TAKEN, "Perhaps this patient", [alike.name])]

    imports.tell_row_apart(actor=world[1], one=one, position=one.rows.get().position)

    assert ends(one) == [(RowEnd.TAKEN, "Not this patient", [alike.name])]


def test_a_row_twice_in_a_file_says_which_row_says_the_same(world):
    one = imported(world, table(ADA, ADA))

    first, second = ended(one, every_row(one))

    assert (first.end, second.end) == (RowEnd.TAKEN, RowEnd.HERE)
    assert first.position == second.twin_row or [file.name for file in second.others] == ["Ada Exemple"]


def test_the_page_opens_with_every_row_and_calls_the_choice_a_choice(world, browser):
    make_patient(world[0], name="Ben Modelle", birth_on=date(1971, 5, 2))
    ready = checked(world, table(ADA, BEN, "Dan Faux,never,,A-4"))
    before = page(browser, ready)
    one = run(world, ready)

    shown, left_out = page(browser, one), page(browser, one, "likely")

    assert "Every row" not in before
    assert "by choice" not in before
    assert "Every row (3)" in shown
    assert "Left out by choice (1)" in shown
    assert "Ben Modelle" in shown
    for words in ("Taken as new", "Left out by choice", "Left out, wrong"):
        assert f"<td>{words}</td>" in shown
    assert "chose to leave them out" in left_out


def test_the_file_says_the_same_of_every_row_and_who_took_it_is_noted(world, browser):
    alike = make_patient(world[0], name="Ben Modelle", birth_on=date(1971, 5, 2))
    one = imported(world, table(ADA, BEN, "Dan Faux,never,,A-4"))
    made = Patient.objects.get(name="Ada Exemple")

    answer = browser.get(reverse("patients:import-ends", args=[one.public_id]))

    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    heads, *rows = csv.reader(io.StringIO(text))
    assert heads == ["Row", "What became of it", "File", "Patient", "Why", "What it says"]
    assert [row[1] for row in rows] == ["Taken as new", "Left out by choice", "Left out, wrong"]
    assert rows[0][2:4] == [str(made.number), "Ada Exemple"]
    assert rows[1][4] == f"Perhaps this patient: Ben Modelle (File {alike.number})"
    assert rows[1][5].startswith("Ben Modèle")
    assert rows[2][4].startswith("Birth date: ")
    assert AuditEvent.objects.filter(verb="import.rows-exported", subject_id=one.pk).count() == 1


def test_once_left_out_rows_are_deleted_the_page_does_not_call_the_rest_every_row(world, browser):
    one = imported(world, table(ADA, "Dan Faux,never,,A-4"))
    imports.expire(now=one.expires_at)

    shown = page(browser, one)

    assert "Every row" not in shown
    assert "Rows still kept (1)" in shown
    assert "Rows that were left out are deleted by now." in shown


def test_the_file_of_an_import_not_done_is_refused_in_a_sentence(world, browser):
    one = checked(world, table(ADA))

    answer = browser.get(reverse("patients:import-ends", args=[one.public_id]), follow=True)

    assert "known once the import is over" in answer.text
    assert not AuditEvent.objects.filter(verb="import.rows-exported").exists()


def test_of_a_restricted_file_only_the_number_is_told(world, browser):
    alike = make_patient(world[0], name="Ben Modelle", birth_on=date(1971, 5, 2))
    one = imported(world, table(ADA, BEN))
    restrict(alike)

    assert alike.name not in page(browser, one, EVERY)
    assert ends(one)[1][2] == [f"Restricted file {alike.number}"]


def test_who_was_merged_into_a_restricted_file_is_told_by_its_number(world):
    other = make_patient(world[0], name="Somebody Else")
    one = imported(world, table(ADA))
    merging.merge_patient(actor=world[1], patient=Patient.objects.get(name="Ada Exemple"), into=other)
    restrict(other)

    [row] = ended(one, every_row(one))

    assert {row.made.name, *(file.name for file in row.others)} == {f"Restricted file {other.number}"}


def test_every_end_has_its_french():
    with translation.override("fr"):
        french = {str(end.label) for end in RowEnd}
    assert french.isdisjoint({str(end.label) for end in RowEnd})


def test_a_page_of_many_rows_asks_as_often_as_one_of_few(world):
    counts = []
    for number in (1, 40):
        one = imported(world, table(*(f"Name{number} {n},19{n + 10}-01-01,,N{number}-{n}" for n in range(number))))
        with CaptureQueriesContext(connection) as asked:
            ends_page(one, None)
        counts.append(len(asked))

    assert counts[0] == counts[1]
    assert ImportRow.objects.count() == 41
