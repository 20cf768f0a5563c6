"""Every list leaves as CSV and XLSX: with the page's filters, nothing a spreadsheet would run, noted, and in little memory."""

import csv
import re
import tracemalloc
from datetime import timedelta
from decimal import Decimal
from io import BytesIO, StringIO

import pytest
import time_machine
from django.test import Client, RequestFactory
from django.urls import reverse
from openpyxl import load_workbook

from mesoclinic.core import exports
from mesoclinic.core.exports import Column, exported, harmless
from mesoclinic.core.models import AuditEvent
from mesoclinic.core.roles import RIGHTS, Role
from patients.services import patients, places
from sessions.services import waiting
from tests.factories import (
    make_clinic,
    make_competition_rule,
    make_course,
    make_lot,
    make_pair,
    make_patient,
    make_practitioner,
    make_user,
)
from tests.sessions import round_world
from tests.sessions.booking_world import MONDAY, NOW, book
from tests.sessions.record_world import done, record_world
from tests.shared import shared
from tests.web.rights import World, all_rows, all_views

pytestmark = pytest.mark.django_db

LISTS = (
    *("patients:list", "protocols:stock", "protocols:substances", "protocols:list", "sessions:courses"),
    *("sessions:reports", "sessions:outbox", "sessions:access-log", "sessions:retention", "sessions:follow-ups"),
    *("sessions:rounds", "sessions:day-list", "patients:places", "protocols:pairs", "protocols:competition-rules"),
    *("sessions:batches", "sessions:absences", "sessions:closures", "protocols:rules"),
    "sessions:rebook",
)
OF_OTHERS = (
    *(("sessions:records-unsigned", Role.PRACTITIONER), ("sessions:waiting", Role.PRACTITIONER)),
    *(("core:users", Role.ADMIN), ("patients:places", Role.ADMIN)),
    *(("sessions:practitioners", Role.ADMIN), ("sessions:rooms", Role.ADMIN), ("sessions:hours", Role.ADMIN)),
    *(("patients:imports", Role.MANAGER), ("patients:consent-texts", Role.MANAGER)),
    *(("sessions:recalls", Role.MANAGER), ("sessions:to-call", Role.PRACTITIONER), ("sessions:rebook", Role.ADMIN)),
)
EMPTY = {"sessions:outbox", "sessions:retention", "sessions:follow-ups", "sessions:rounds", "sessions:day-list"}
EMPTY |= {"sessions:batches", "sessions:absences", "sessions:rebook"}


@shared
def clinic():
    return make_clinic()


@pytest.fixture
def manager(clinic):
    browser = Client()
    browser.force_login(make_user(clinic, Role.MANAGER))
    return browser


def table(answer) -> list[list[str]]:
    assert answer.status_code == 200, answer
    assert answer["Cache-Control"] == "no-store"
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.reader(StringIO(text)))


@pytest.mark.parametrize("name", LISTS)
def test_every_list_leaves_as_csv_and_as_xlsx_with_the_same_heads(clinic, manager, name):
    make_course(clinic)
    make_lot(clinic)

    in_both_alike(manager, name)


@pytest.mark.parametrize(("name", "role"), OF_OTHERS)
def test_the_lists_of_other_roles_leave_too(clinic, name, role):
    browser = Client()
    browser.force_login(make_user(clinic, role))

    in_both_alike(browser, name)


def in_both_alike(browser, name):
    heads = table(browser.get(reverse(name), {"as": "csv"}))[0]
    answer = browser.get(reverse(name), {"as": "xlsx"})
    sheet = load_workbook(BytesIO(b"".join(answer.streaming_content))).active

    assert [cell.value for cell in sheet[1]] == heads
    assert all(heads)


# Pages at an address of their own that are no list of what is kept, each with what it is instead.
NO_LISTS = {
    "to fill in": (
        *("core:account", "core:ask-passkey", "core:clinic", "core:create-site", "core:create-user", "core:settings"),
        *("core:tolerances", "patients:create-place", "patients:register", "patients:upload-import"),
        *("patients:write-consent-text", "protocols:create", "protocols:create-competition-rule"),
        *(
            "protocols:create-country-note",
            "protocols:create-pair",
            "protocols:create-substance",
            "protocols:create-technique",
        ),
        *("protocols:receive-lot", "protocols:upload-import", "sessions:add-absence", "sessions:add-closure"),
        *("sessions:ask-batch", "sessions:book", "sessions:book-round", "sessions:create-practitioner"),
        *("sessions:leaflet-texts", "sessions:my-calendar", "sessions:new-caller", "sessions:paper"),
        *("sessions:reminder-settings", "sessions:walk-in", "sessions:walk-in-new-caller", "sessions:book-together"),
    ),
    "pieces of a form, and what is found while somebody types": (
        *("patients:duplicates", "patients:find-parties", "patients:search", "protocols:cadence-rows"),
        "sessions:cadence-preview",
        *("sessions:likely-known", "sessions:round-times", "sessions:together-times"),
    ),
    "views over lists of visits, courses and calls, which leave at addresses of their own": (
        *("sessions:today", "sessions:close-day", "sessions:calendar"),
    ),
    "numbers; each opens a list that leaves": ("sessions:overview",),
}


@shared
def full_world() -> World:
    """A clinic with an example of everything there is an address of."""
    world = World()
    for name, row in all_rows().items():
        row.address(name, world)
    return world


@pytest.mark.once
def test_every_list_at_an_address_of_its_own_offers_its_export(full_world):
    """Not asked: lists within one file, course or lot, and those that are empty here, whose file is asked for above."""
    without = {name for names in NO_LISTS.values() for name in names}
    views, missing, needless = all_views(), set(), set()
    for name, row in sorted(all_rows().items()):
        roles = sorted(RIGHTS[views[name].right] & RIGHTS[exports.RIGHT]) or sorted(RIGHTS[views[name].right])
        if row.kwargs or name in EMPTY:
            continue
        browser = Client()
        browser.force_login(full_world.users[roles[0]])
        answer = browser.get(row.address(name, full_world))
        if answer.status_code != 200 or "html" not in answer["Content-Type"]:
            continue
        offers = re.search(r"href=\"\?[^\"]*as=csv", answer.text) is not None
        if not offers and name not in without:
            missing.add(name)
        if offers and name in without:
            needless.add(name)
    assert missing == set()
    assert needless == set()
    assert {*LISTS} >= EMPTY, "what is empty here is asked for its file by its address"


@pytest.mark.parametrize("name", sorted(set(LISTS) - EMPTY))
def test_a_list_page_with_rows_offers_its_export(clinic, manager, name):
    make_course(clinic)
    make_lot(clinic)
    places.create_place(actor=None, clinic=clinic, name="Hill Farm", kind="stable", travel_min=20)
    make_competition_rule(clinic)
    make_pair(clinic)

    assert "as=csv" in manager.get(reverse(name)).text


def test_a_whole_list_leaves_not_one_page_of_it(clinic, manager, monkeypatch):
    monkeypatch.setattr(exports, "ROWS_A_PIECE", 7)
    for number in range(20):
        make_patient(clinic, name=f"Ann {number:02}", weight_kg=None)

    rows = table(manager.get(reverse("patients:list"), {"as": "csv", "page": "2"}))

    assert [row[1] for row in rows[1:]] == [f"Ann {number:02}" for number in range(20)]


def test_the_filters_of_the_page_hold_and_a_search_too(clinic, manager):
    kept, closed = make_patient(clinic, name="Ann Open"), make_patient(clinic, name="Bea Closed")
    patients.end_patient(actor=None, patient=closed, on=closed.created_at.date(), reason="left")
    address = reverse("patients:list")

    ended = table(manager.get(address, {"as": "csv", "state": "ended"}))
    found = table(manager.get(address, {"as": "csv", "q": "ann"}))

    assert [row[1] for row in ended[1:]] == ["Bea Closed"]
    assert [row[1] for row in found[1:]] == [kept.name]


def test_another_clinics_rows_never_leave(manager):
    make_patient(make_clinic(), name="Foreign")

    assert len(table(manager.get(reverse("patients:list"), {"as": "csv"}))) == 1


def test_what_stands_in_the_lists_of_the_desk_leaves_as_it_stands():
    """The day, those who wait, a round and a record to sign: a line each, with its names and times."""
    stable = round_world.open_stable()
    round_world.book_round(stable)
    visit = book(stable, "16:00", day_offset=2, patient=stable.patient, practitioner=stable.doctor)
    waiting.wait_for_earlier_time(actor=stable.desk, appointment=visit, now=NOW, note="school run")
    browser = Client()
    browser.force_login(make_user(stable.clinic, Role.PRACTITIONER))

    with time_machine.travel(NOW, tick=False):
        [day] = rows_of(browser, "sessions:day-list", on=(MONDAY + timedelta(days=2)).isoformat())
        [waits] = rows_of(browser, "sessions:waiting")
        [one] = rows_of(browser, "sessions:rounds")

    assert day["Begins"] == "2026-03-04 16:00"
    assert (day["Patient"], day["With"], day["Status"]) == (visit.patient.name, stable.doctor.name, "Booked")
    assert (waits["Patient"], waits["Booked"], waits["Note"]) == (visit.patient.name, "2026-03-04 16:00", "school run")
    assert one["Where"] == stable.stable.name
    assert len(one["Patients"].split(", ")) == len(round_world.stops(stable))


def test_records_to_sign_leave_as_the_page_shows_them_mine_or_everybodys():
    world = record_world()
    record = done(world)
    other = Client()
    other.force_login(make_practitioner(world.clinic, user=make_user(world.clinic, Role.PRACTITIONER)).user)
    own = Client()
    own.force_login(world.doctor_user)

    [mine] = rows_of(own, "sessions:records-unsigned")

    assert (mine["Patient"], mine["Given by"]) == (record.patient.name, world.doctor.name)
    assert rows_of(other, "sessions:records-unsigned") == []
    assert len(rows_of(other, "sessions:records-unsigned", of="all")) == 1


def rows_of(browser, name, **query) -> list[dict[str, str]]:
    heads, *rows = table(browser.get(reverse(name), {"as": "csv", **query}))
    return [dict(zip(heads, row, strict=True)) for row in rows]


@pytest.mark.parametrize("typed", ['=HYPERLINK("http://x")', "+1", "-1+2", "@SUM(A1)", "\tx", " =1", "＝1"])
def test_what_a_spreadsheet_would_run_leaves_as_text(typed):
    assert harmless(typed) == f"'{typed}"


def test_a_name_that_is_a_formula_is_text_in_both(clinic, manager):
    make_patient(clinic, name="=1+1")
    address = reverse("patients:list")

    rows = table(manager.get(address, {"as": "csv"}))
    answer = manager.get(address, {"as": "xlsx"})
    cell = load_workbook(BytesIO(b"".join(answer.streaming_content))).active.cell(2, 2)

    assert rows[1][1] == "'=1+1"
    assert (cell.value, cell.data_type) == ("=1+1", "s")


def test_who_took_which_list_with_which_filters_is_written_down(clinic, manager):
    make_patient(clinic)

    table(manager.get(reverse("patients:list"), {"as": "csv", "state": "all"}))

    event = AuditEvent.objects.get(verb="patient.list-exported")
    assert {change["field"]: change["new"] for change in event.changes} == {"rows": 1, "filters": "state=all"}
    assert event.actor is not None


@pytest.mark.parametrize("role", [Role.RECEPTION])
def test_the_desk_sees_lists_but_takes_none_away(clinic, role):
    browser = Client()
    browser.force_login(make_user(clinic, role))
    make_patient(clinic)

    assert browser.get(reverse("patients:list"), {"as": "csv"}).status_code == 403
    assert "as=csv" not in browser.get(reverse("patients:list")).text
    assert not AuditEvent.objects.filter(verb="patient.list-exported").exists()


def test_a_french_reader_gets_semicolons_and_commas(clinic):
    user = make_user(clinic, Role.MANAGER)
    user.language = "fr"
    user.save(update_fields=["language"])
    browser = Client()
    browser.force_login(user)
    make_lot(clinic, volume_ml=Decimal("12.5"))

    answer = browser.get(reverse("protocols:stock"), {"as": "csv"}, headers={"accept-language": "fr"})
    rows = list(csv.reader(StringIO(b"".join(answer.streaming_content).decode("utf-8-sig")), delimiter=";"))

    assert len(rows[0]) == len(rows[1]) == 7
    assert rows[1][4].startswith("12,5")


def test_a_long_list_takes_no_more_memory_than_a_short_one(clinic):
    request = RequestFactory().get("/", {"as": "csv"})
    request.user, request.clinic = make_user(clinic, Role.MANAGER), clinic
    columns = [Column("n", lambda row: "x" * 100 + str(row))]

    def peak(count: int) -> int:
        answer = exported(request, "patient", range(count), columns)
        tracemalloc.start()
        for _piece in answer.streaming_content:
            pass
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    peak(10)
    assert peak(100_000) < peak(2_000) + 500_000
