"""Protocols from a table: read row by row, shown before anything is saved, imported as drafts, all or none."""

import csv
import io
import json
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.db.models import Value
from django.db.models.functions import Concat
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from mesoclinic.core.roles import Role
from protocols.importing import columns
from protocols.models import Protocol
from protocols.queries.imports import Outcome, import_plan
from protocols.services import protocols
from protocols.services.catalogue import load_catalogue
from protocols.services.imports import import_protocols
from tests.factories import make_clinic, make_substance, make_user
from tests.shared import shared

pytestmark = pytest.mark.django_db

HEADS = ["Protocol", "For", "Series", "Substance", "Role", "Volume (mL)"]


@shared
def clinic():
    clinic = make_clinic()
    for name in ("Lidotest", "Pentotest"):
        make_substance(clinic, name)
    return clinic


@shared
def actor(clinic):
    return make_user(clinic, Role.PRACTITIONER)


def rows(*lines: list[str]) -> list[tuple[int, list[str]]]:
    return list(enumerate(lines, start=2))


NECK = rows(["Neck", "human", "4x1w!, 4x2w", "Lidotest", "Base anaesthetic", "1,5"], ["", "", "", "Pentotest", "", "2"])


def plan_of(clinic, *lines, heads=HEADS):
    return import_plan(clinic, heads, rows(*lines))


def faults_of(clinic, *lines, heads=HEADS):
    return [
        (one.row, one.head, one.words)
        for planned in plan_of(clinic, *lines, heads=heads).protocols
        for one in planned.faults
    ]


def run(clinic, actor, table=NECK, heads=HEADS, seen=None):
    seen = seen or import_plan(clinic, heads, table).digest
    return import_protocols(actor=actor, clinic=clinic, heads=heads, rows=table, seen=seen)


def upload(client, text: str, **how):
    file = SimpleUploadedFile("protocols.csv", text.encode())
    return client.post(reverse("protocols:upload-import"), {"file": file}, **how)


def test_rows_without_a_name_are_lines_of_the_protocol_above(clinic, actor):
    (version,) = run(clinic, actor)

    lines = [(line.substance.name, line.role, line.volume_ml) for line in version.lines.order_by("position")]
    assert lines == [("Lidotest", "base", Decimal("1.5")), ("Pentotest", "add_in", Decimal(2))]
    assert (version.protocol.name, version.cadence, version.status) == ("Neck", "4x1w!, 4x2w", "draft")
    assert [one.code for one in version.species.all()] == ["human"]


def test_nothing_is_saved_by_looking(clinic):
    assert import_plan(clinic, HEADS, NECK).count(Outcome.NEW) == 1
    assert not Protocol.objects.filter(clinic=clinic).exists()


@pytest.mark.parametrize(("language", "separator"), [("en", ","), ("fr", ";")])
def test_the_list_taken_as_a_file_is_here_already_and_new_in_another_clinic(client, language, separator):
    clinic, other = make_clinic(), make_clinic()
    for one in (clinic, other):
        load_catalogue(clinic=one)
    Protocol.objects.filter(clinic=other).update(name=Concat(Value("Old: "), "name"))
    client.force_login(make_user(clinic, Role.MANAGER))

    answer = client.get(reverse("protocols:list"), {"as": "csv"}, headers={"accept-language": language})
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    heads, *lines = csv.reader(io.StringIO(text), delimiter=separator)
    here, there = (import_plan(one, heads, rows(*lines)) for one in (clinic, other))

    assert columns.unused(heads) == []
    assert [(one.read.name, one.faults) for one in here.protocols if one.outcome != Outcome.HERE] == []
    assert here.count(Outcome.HERE) == Protocol.objects.filter(clinic=clinic).count()
    assert there.count(Outcome.NEW) == len(here.protocols)


def test_a_table_is_compared_in_as_many_statements_however_long_it_is(clinic, actor, django_assert_num_queries):
    table = [(number, [f"P {number}", "human", "4x1w", "Lidotest", "base", "1"]) for number in range(2, 42)]
    run(clinic, actor, table)
    with CaptureQueriesContext(connection) as few:
        import_plan(clinic, HEADS, table[:2])

    with django_assert_num_queries(len(few)):
        plan = import_plan(clinic, HEADS, table)

    assert plan.count(Outcome.HERE) == 40


def test_importing_twice_is_importing_once(clinic, actor):
    seen = import_plan(clinic, HEADS, NECK).digest
    run(clinic, actor, seen=seen)

    with pytest.raises(Exception, match="Look again") as second:
        run(clinic, actor, seen=seen)

    assert second.value.code == "changed-meanwhile"
    assert [one.outcome for one in import_plan(clinic, HEADS, NECK).protocols] == [Outcome.HERE]
    assert Protocol.objects.filter(clinic=clinic).count() == 1


def test_a_published_protocol_gets_its_next_version_as_a_draft(clinic, actor):
    (first,) = run(clinic, actor)
    protocols.publish_version(actor=actor, version=first)
    changed = rows(["neck", "human", "4x1w!, 4x2w, *x4w", "Lidotest", "base", "1.5"])

    (second,) = run(clinic, actor, changed)

    first.refresh_from_db()
    assert (first.number, first.cadence, first.is_published) == (1, "4x1w!, 4x2w", True)
    assert (second.number, second.cadence, second.is_published) == (2, "4x1w!, 4x2w, *x4w", False)
    assert second.protocol_id == first.protocol_id


def test_a_draft_somebody_works_on_is_left_alone(clinic, actor):
    run(clinic, actor)

    (planned,) = plan_of(clinic, ["Neck", "human", "4x1w", "Lidotest", "", "1"]).protocols

    assert planned.outcome == Outcome.FAULTY
    assert "draft" in planned.faults[0].words


def test_a_protocol_off_the_list_is_put_back_first(clinic, actor):
    (version,) = run(clinic, actor)
    protocols.publish_version(actor=actor, version=version)
    protocols.archive(actor=actor, protocol=version.protocol)

    (planned,) = plan_of(clinic, ["Neck", "human", "4x1w", "Lidotest", "", "1"]).protocols

    assert "off the list" in planned.faults[0].words


def test_a_faulty_protocol_is_left_out_and_the_others_are_imported(clinic, actor):
    table = [*NECK, (4, ["Back", "human", "4x1w", "Lidotest", "base", "-1"]), (5, ["", "", "", "Nosuchthing", "", ""])]

    plan = import_plan(clinic, HEADS, table)
    made = run(clinic, actor, table)

    assert [one.outcome for one in plan.protocols] == [Outcome.NEW, Outcome.FAULTY]
    assert [(one.row, one.head) for one in plan.protocols[1].faults] == [(4, "Volume (mL)"), (5, "Substance")]
    assert [one.protocol.name for one in made] == ["Neck"]


@pytest.mark.parametrize(
    ("line", "head", "words"),
    [
        (["", "human", "4x1w", "Lidotest", "base", "1"], "Protocol", "fill this in"),
        (["N" * 201, "human", "4x1w", "Lidotest", "base", "1"], "Protocol", "200 characters"),
        (["Neck\0", "human", "4x1w", "Lidotest", "base", "1"], "Protocol", ""),
        (["Neck", "unicorn", "4x1w", "Lidotest", "base", "1"], "For", "Write one of"),
        (["Neck", "human", "", "Lidotest", "base", "1"], "Series", "4x1w"),
        (["Neck", "human", "weekly", "Lidotest", "base", "1"], "Series", ""),
        (["Neck", "human", "4x1w", "Lidotets", "base", "1"], "Substance", "Lidotest"),
        (["Neck", "human", "4x1w", "", "base", "1"], "Substance", "remove the row"),
        (["Neck", "human", "4x1w", "Lidotest", "boss", "1"], "Role", "Base anaesthetic"),
        (["Neck", "human", "4x1w", "Lidotest", "base", "0"], "Volume (mL)", "above 0"),
        (["Neck", "human", "4x1w", "Lidotest", "base", "1000000"], "Volume (mL)", ""),
        (["Neck", "human", "4x1w", "Lidotest", "base", "=1+1"], "Volume (mL)", "formula"),
    ],
)
def test_what_is_wrong_is_said_of_the_cell(clinic, line, head, words):
    found = faults_of(clinic, line)

    assert any(one[0] == 2 and one[1] == head and words in one[2] for one in found), found


def test_two_rows_that_disagree_about_a_protocol_are_a_fault(clinic):
    found = faults_of(
        clinic, ["Neck", "human", "4x1w", "Lidotest", "", "1"], ["Neck", "human", "4x2w", "Pentotest", "", "1"]
    )

    assert [one[:2] for one in found] == [(3, "Series")]
    assert "Row 2" in found[0][2]


def test_an_indication_is_that_of_the_species_and_else_asked_for_by_code(clinic):
    load_catalogue(clinic=clinic)
    heads = [*HEADS, "Indications"]

    horse = plan_of(clinic, ["Back", "horse", "4x1w", "Lidotest", "", "1", "Chronic spinal pain"], heads=heads)
    either = faults_of(clinic, ["Back", "", "4x1w", "Lidotest", "", "1", "Chronic spinal pain"], heads=heads)

    assert [one.code for one in horse.protocols[0].read.draft.indications] == ["animal-chronic-spinal-pain"]
    assert "animal-chronic-spinal-pain" in either[0][2]


def test_a_foreign_clinics_lists_stand_for_nothing(clinic):
    make_substance(make_clinic(), "Othertest")

    assert faults_of(clinic, ["Neck", "human", "4x1w", "Othertest", "", "1"])[0][1] == "Substance"


def test_the_pages_show_then_import(clinic, actor, client):
    client.force_login(actor)
    text = (
        "Protocol;For;Series;Substance;Volume (mL);Colour\nNeck;human;4x1w;Lidotest;1,5;red\nBack;human;x;Lidotest;1;\n"
    )

    shown = upload(client, text)
    page = shown.content.decode()
    form = shown.context["form"]
    sent = {"table": form["table"].value(), "seen": form["seen"].value()}
    done = client.post(reverse("protocols:run-import"), sent, follow=True)
    again = client.post(reverse("protocols:run-import"), sent)

    assert shown.status_code == 200
    assert "Import 1 draft" in page
    assert "Colour" in page
    assert "Row 3" in page
    assert "1 draft is made" in done.content.decode()
    assert again.status_code == 409
    assert Protocol.objects.get(clinic=clinic).name == "Neck"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"Protocol\n", "nothing below"),
        (b"Thing,Series\nNeck,4x1w\n", "No column is called"),
        (b"\xd0\xcf\x11\xe0", "old Excel"),
        (b"Protocol,Series\n" + b"Neck,4x1w\n" * 1001, "more than 1000 rows"),
        (b"Protocol,Series\n" + b"Neck," + b"x" * 1_100_000, "larger than 1 MB"),
        (b"Protocol,Series\n" + b"".join(b"P %d,4x1w\n" % number for number in range(101)), "101 protocols; 100 can"),
        (b"\x00\x01\x02", "neither a CSV"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_words(clinic, actor, client, content, words):
    client.force_login(actor)

    answer = client.post(reverse("protocols:upload-import"), {"file": SimpleUploadedFile("x.csv", content)})

    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_a_table_sent_with_more_protocols_than_the_page_showed_is_refused(clinic, actor, client):
    client.force_login(actor)
    rows = [[number, [f"P {number}", "4x1w"]] for number in range(2, 103)]

    answer = client.post(
        reverse("protocols:run-import"),
        {"table": json.dumps({"heads": ["Protocol", "Series"], "rows": rows}), "seen": "x"},
    )

    assert answer.status_code == 422
    assert "101 protocols" in answer.content.decode()
    assert not Protocol.objects.filter(clinic=clinic).exists()


@pytest.mark.parametrize(
    "table",
    [
        "",
        "{",
        "[]",
        '{"heads": 1, "rows": []}',
        '{"heads": ["Protocol"], "rows": [[1]]}',
        '{"heads": [], "rows": [["a", []]]}',
    ],
)
def test_a_table_that_did_not_arrive_whole_is_refused(clinic, actor, client, table):
    client.force_login(actor)

    answer = client.post(reverse("protocols:run-import"), {"table": table, "seen": "x"})

    assert answer.status_code == 422
    assert "Choose the file again" in answer.content.decode()
