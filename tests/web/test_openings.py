"""No page and no paper shows a file without a trace: whoever is shown one patient's file, by any address, is in its log."""

import io
import json
import re
import zipfile
from collections.abc import Callable

import pypdf
import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from openpyxl import Workbook, load_workbook

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.roles import RIGHTS
from patients.models import Patient
from tests.web.rights import World, all_rows, all_views

pytestmark = [pytest.mark.django_db, pytest.mark.once]
ROWS, VIEWS = all_rows(), all_views()
# Lists, and what is proposed while somebody looks for a file: no file is opened. Records on a round's page are written
# down each.
LISTS = {
    *("patients:search", "patients:duplicates", "patients:merge", "patients:find-parties", "sessions:overview-list"),
    *("sessions:round", "sessions:move-round", "sessions:cancel-round", "sessions:round-records"),
    *("sessions:book-together", "patients:import-ends"),
}
# The door itself: who opens it is written down with the reason given there.
DOOR = {"patients:open-restricted"}
# Papers whose example holds no words: a scan, and a report handed out, both kept as they came. Each is of one patient.
WORDLESS = {"patients:read-scan", "sessions:handed-out-pdf"}
ADDRESSED = {name for name, row in ROWS.items() if row.kwargs or row.query} - LISTS - DOOR


@pytest.fixture(scope="module")
def clinic(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), transaction.atomic():
        world = World()
        world.addresses = {name: row.address(name, world) for name, row in ROWS.items()}
        world.browsers = {role: Client() for role in world.users}
        for role, browser in world.browsers.items():
            browser.force_login(world.users[role])
        yield world
        transaction.set_rollback(True)


def shown_in(world, text: str) -> set[int]:
    """The patients whose names are said."""
    names = Patient.objects.filter(clinic=world.clinic).values_list("pk", "name")
    return {key for key, name in names if re.search(rf"\b{re.escape(name)}\b", text)}


def words_of_pdf(content: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages).split())


def words_of_workbook(content: bytes) -> str:
    sheets = load_workbook(io.BytesIO(content), read_only=True).worksheets
    return "\n".join(str(value) for sheet in sheets for row in sheet.iter_rows(values_only=True) for value in row)


def words_of_zip(content: bytes) -> str:
    """What every file in it says; by the ends of their names."""
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        return "\n".join(READERS[name.rpartition(".")[2]](packed.read(name)) for name in packed.namelist())


READERS: dict[str, Callable[[bytes], str]] = {
    "html": lambda content: re.sub(r"<[^>]+>", " ", content.decode()),
    "json": lambda content: json.dumps(json.loads(content), ensure_ascii=False),
    "calendar": lambda content: content.decode().replace("\r\n ", ""),
    **dict.fromkeys(("csv", "txt", "plain"), bytes.decode),
    "pdf": words_of_pdf,
    **dict.fromkeys(("xlsx", "vnd.openxmlformats-officedocument.spreadsheetml.sheet"), words_of_workbook),
    "zip": words_of_zip,
    **dict.fromkeys(("png", "jpg", "jpeg"), lambda content: ""),
}


def words_of(answer) -> str:
    kind = answer["Content-Type"].partition(";")[0].rpartition("/")[2]
    return READERS[kind](answer.getvalue())


def test_every_kind_of_paper_is_read():
    made, sheet = io.BytesIO(), io.BytesIO()
    book = Workbook()
    book.active.append(["Ada", 1])
    book.save(sheet)
    with zipfile.ZipFile(made, "w") as packed:
        packed.writestr("a.xlsx", sheet.getvalue())
        packed.writestr("b.json", json.dumps({"name": "Zoë"}))

    assert "Ada" in words_of_zip(made.getvalue())
    assert "Zoë" in words_of_zip(made.getvalue())


@pytest.mark.parametrize("name", sorted(ROWS))
def test_no_browser_and_no_proxy_keeps_a_page(clinic, name):
    role = sorted(RIGHTS[VIEWS[name].right])[0]
    with transaction.atomic():
        answer = clinic.browsers[role].get(clinic.addresses[name])
        transaction.set_rollback(True)
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("name", sorted(ADDRESSED))
def test_who_is_shown_one_file_is_written_down(clinic, name):
    for role in sorted(RIGHTS[VIEWS[name].right]):
        cache.clear()
        newest = AuditEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        with transaction.atomic():
            answer = clinic.browsers[role].get(clinic.addresses[name])
            if answer.status_code != 200:
                transaction.set_rollback(True)
                continue
            shown = set() if name in WORDLESS else shown_in(clinic, words_of(answer))
            written = AuditEvent.objects.filter(pk__gt=newest, actor=clinic.users[role])
            noted = set(written.values_list("patient_id", flat=True))
            transaction.set_rollback(True)
        assert shown <= noted, role
        assert name not in WORDLESS or noted - {None}, role


def test_pages_of_one_file_one_after_another_are_one_opening_of_it(clinic):
    cache.clear()
    role = "reception"
    with transaction.atomic():
        before = AuditEvent.objects.count()
        for name in ("sessions:patient", "patients:edit", "patients:record-weight", "patients:edit"):
            clinic.browsers[role].get(clinic.addresses[name])
        assert AuditEvent.objects.count() == before + 1
        transaction.set_rollback(True)
