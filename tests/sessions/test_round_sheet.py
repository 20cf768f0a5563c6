"""The sheet of a round: everybody in order with two identifiers and blanks, and the lots to bring."""

import io
from datetime import date
from decimal import Decimal

import pypdf
import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.roles import Role
from protocols.services.protocols import DraftLine
from sessions.queries.round_sheet import round_sheet
from sessions.services import appointments
from tests.factories import make_course, make_horse, make_lot, make_protocol_version, make_substance, make_user
from tests.sessions.booking_world import MONDAY, NOW
from tests.sessions.round_world import book_round, open_stable
from tests.shared import shared

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True, scope="module")
def _monday_at_eight():
    with time_machine.travel(NOW, tick=False):
        yield


@shared
def world():
    """Two horses on one protocol of 5 mL and 2.5 mL; of the second only 4 mL are in stock, in two lots."""
    world = open_stable(address="Oak Lane 3\nMilton", phone="+33 6 12 34 56 78", note="Ring at the house first.")
    base = make_substance(world.clinic, "Mepivacaine")
    other = make_substance(world.clinic, "Pentoxifylline", categories=["vasodilator"])
    version = make_protocol_version(
        world.clinic,
        name="Sore back",
        lines=[DraftLine(base, "base", Decimal(5)), DraftLine(other, "vasodilator", Decimal("2.5"))],
    )
    make_lot(world.clinic, base, number="LATE", expires_on=date(2028, 1, 31), volume_ml=50)
    make_lot(world.clinic, base, number="SOON", expires_on=date(2026, 4, 30), volume_ml=6)
    make_lot(world.clinic, base, number="GONE", expires_on=date(2026, 3, 1), volume_ml=50)
    make_lot(world.clinic, other, number="PX1", expires_on=date(2026, 5, 31), volume_ml=4)
    for name in ("Zephyr", "Yarrow"):
        horse = make_horse(
            world.clinic,
            name=name,
            owner=f"Owner of {name}",
            place=world.stable,
            stall_note=f"Box of {name}",
            identifiers=[("microchip", "250269812345678")] if name == "Zephyr" else [],
        )
        world.horses[name] = horse
        world.courses[name] = make_course(
            world.clinic,
            patient=horse,
            practitioner=world.vet,
            protocol_version=version,
            cadence="4x1w@20",
            start_on=MONDAY.replace(day=3),
            now=NOW,
        )
        world.planned[name] = world.courses[name].planned_sessions.get(number=1)
    world.round = book_round(world, "10:00", "Zephyr", "Yarrow", note="Back by noon")
    world.vet_user = make_user(world.clinic, Role.PRACTITIONER)
    return world


def text_of(answer):
    pages = pypdf.PdfReader(io.BytesIO(answer.content)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def test_the_sheet_says_whom_where_what_and_what_to_bring(world):
    sheet, patients = round_sheet(world.round, printed_by=world.vet_user, today=MONDAY)

    first, second = sheet.stops
    assert [patient.name for patient in patients] == ["Zephyr", "Yarrow"]
    assert (first.starts, first.minutes, first.name, first.stall) == ("10:00", 20, "Zephyr", "Box of Zephyr")
    assert first.identifiers == ("Microchip 250269812345678", "Owner Owner of Zephyr")
    assert len(second.identifiers) == 2
    assert "session 1, phase 1" in first.what
    assert "Sore back" in first.what
    assert [(line.substance, line.volume_ml) for line in first.mix] == [
        ("Mepivacaine", Decimal(5)),
        ("Pentoxifylline", Decimal("2.5")),
    ]
    assert (sheet.leave, sheet.there, sheet.until, sheet.back) == ("09:30", "10:00", "10:40", "11:10")


def test_lots_are_added_up_and_taken_first_to_expire_first(world):
    sheet, _patients = round_sheet(world.round, printed_by=world.vet_user, today=MONDAY)

    mepivacaine, pentoxifylline = sheet.supplies
    assert (mepivacaine.substance, mepivacaine.needed_ml, mepivacaine.short_ml) == ("Mepivacaine", 10, 0)
    assert [(lot.lot, lot.take_ml) for lot in mepivacaine.lots] == [("SOON", 6), ("LATE", 4)]
    assert [(lot.lot, lot.take_ml) for lot in pentoxifylline.lots] == [("PX1", 4)]
    assert pentoxifylline.short_ml == 1


def test_who_fell_out_is_not_on_the_sheet(world):
    visit = world.round.visits.get(patient__name="Zephyr")
    appointments.cancel(actor=None, appointment=visit, cancelled_by="patient", reason="lame", now=NOW)

    sheet, _patients = round_sheet(world.round, printed_by=world.vet_user, today=MONDAY)

    assert [stop.name for stop in sheet.stops] == ["Yarrow"]
    assert sheet.supplies[0].needed_ml == 5


def test_the_pdf_prints_and_each_file_on_it_is_written_down(world, client):
    client.force_login(world.vet_user)

    answer = client.get(reverse("sessions:round-sheet", args=[world.round.public_id]))

    assert answer["Content-Type"] == "application/pdf"
    assert "2026-03-03_round_Oakfield.pdf" in answer["Content-Disposition"]
    words = text_of(answer)
    for said in ("Oakfield", "Zephyr", "250269812345678", "Box of Yarrow", "Mepivacaine 5 mL", "SOON", "1 mL short"):
        assert said in words, words
    for said in (
        "Oak Lane 3, Milton",
        "Ring at the house first.",
        "Back by noon",
        "leave 09:30",
        "given (mL)",
        "Time, given by",
    ):
        assert said in words, words
    printed = AuditEvent.objects.filter(verb="round.printed")
    assert set(printed.values_list("patient_id", flat=True)) == {world.horses[n].pk for n in ("Zephyr", "Yarrow")}


def test_the_desk_prints_it_without_mixes_and_lots(world, client):
    client.force_login(world.desk)

    words = text_of(client.get(reverse("sessions:round-sheet", args=[world.round.public_id])))

    assert "Zephyr" in words
    for hidden in ("Mepivacaine", "SOON", "Sore back", "To bring"):
        assert hidden not in words


def test_an_empty_round_prints_an_empty_sheet(world, client):
    client.force_login(world.vet_user)
    for visit in world.round.visits.all():
        appointments.cancel(actor=None, appointment=visit, cancelled_by="clinic", reason="snow", now=NOW)

    assert "Oakfield" in text_of(client.get(reverse("sessions:round-sheet", args=[world.round.public_id])))


def test_the_sheet_asks_as_often_for_many_as_for_few(world):
    def count(one):
        with CaptureQueriesContext(connection) as queries:
            round_sheet(one, printed_by=world.vet_user, today=MONDAY)
        return len(queries)

    count(world.round)  # the rights of the user are read once
    few = count(world.round)
    more = book_round(world, "14:00")
    more.visits.update(round=world.round)
    assert count(world.round) == few <= 8
