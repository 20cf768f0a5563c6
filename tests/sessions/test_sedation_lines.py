"""A sedation is a line beside the mix: its lot is drawn, found, checked and signed as any other, the mix stays as it is."""

import json
from datetime import date
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse

from mesoclinic.core.refused import Refused
from protocols.models import StockMovement
from protocols.queries import lots as stock
from protocols.services import recalls
from sessions.models import Administration, Signature
from sessions.queries.labels import syringe_labels
from sessions.queries.overview import PARTS
from sessions.queries.overview_scope import Scope
from sessions.queries.reactions import suspected_counts
from sessions.queries.recalls import find
from sessions.queries.record_checks import check_record
from sessions.queries.record_pages import summaries
from sessions.queries.records import content
from sessions.queries.reports import course_report, get_or_404
from sessions.queries.signatures import verify_chain
from sessions.recording import LineGiven, as_last_time
from sessions.services.records import Correction, add_addendum, report_reaction
from tests.factories import make_consent, make_lot, make_substance
from tests.sessions.booking_world import at
from tests.sessions.record_world import filled, finish, lifted_everywhere, record_world, save, sign, start
from tests.sessions.test_record_pages import page_data, signed_in, url
from tests.shared import shared

pytestmark = pytest.mark.django_db


@shared
def world():
    world = record_world(species="horse")
    make_consent(world.patient, "sedation")
    world.sedative = make_substance(world.clinic, "Detomidine", categories=("sedative",), species=("horse",))
    world.vial = make_lot(world.clinic, world.sedative, number="DET 9", volume_ml=20)
    return world


def sedation(world, **changes) -> LineGiven:
    given = {"lot_id": world.vial.pk, "lot_number": "DET 9", "expires_on": world.vial.expires_on, **changes}
    half = {"prepared_ml": Decimal("0.5"), "given_ml": Decimal("0.5")}
    strong = {"strength": Decimal(10), "strength_unit": "mg/mL"}
    return LineGiven(**{"substance_id": world.sedative.pk, "role": "sedation", **half, **strong, **given})


def sedated(world, **changes):
    record = start(world)
    return record, filled(record, lines=(*content(record).lines, sedation(world, **changes)))


@pytest.fixture
def record(world):
    record, what = sedated(world)
    save(world, record, what)
    record = finish(world, record)
    sign(world, record)
    record.refresh_from_db()
    return record


def test_it_is_drawn_from_its_lot_at_signing_and_stands_in_the_signed_text(world, record):
    line = record.administrations.get(role="sedation")

    assert stock.stock_of(world.vial, world.site) == Decimal("19.5")
    assert line.stock_movement == StockMovement.objects.get(lot=world.vial, kind="drawn")
    signed = json.loads(Signature.objects.get(record=record, addendum=None).canonical_text)
    assert [(one["role"], one["lot_id"]) for one in signed["administrations"]][-1] == ("sedation", world.vial.pk)
    assert verify_chain(world.clinic).broken is None
    with pytest.raises(DatabaseError), transaction.atomic():
        Administration.objects.filter(pk=line.pk).update(lot_number="other")
    with lifted_everywhere():
        Administration.objects.filter(pk=line.pk).update(role="add_in")
    assert verify_chain(world.clinic).broken is not None


def test_a_recall_of_its_lot_finds_the_horse(world, record):
    found = find(world.clinic, "det9")

    assert [(one.patient, one.lines) for one in found.sessions] == [(world.patient, ["Detomidine"])]


def test_a_reaction_counts_for_its_lot_and_may_be_blamed_on_it(world, record):
    report_reaction(actor=world.doctor_user, record=record, kind="swelling", severity="mild", suspected_lot=world.vial)
    day = record.performed_at.astimezone(world.site.zone).date()
    scope = Scope(clinic=world.clinic, sites=(world.site,), from_on=day, until_on=day, today=day)

    table = next(block for block in PARTS["safety"][1](scope).blocks if block.kind == "table")

    told = {row[0].text: (row[1].text, row[2].text) for row in table.rows}
    assert told["Detomidine · DET 9"] == ("1", "1")
    assert suspected_counts([world.vial.pk]) == {world.vial.pk: 1}


@pytest.mark.parametrize("typed", [False, True])
def test_its_lot_is_stopped_as_one_of_the_mix(world, typed):
    recalls.recall_lots(actor=world.doctor_user, clinic=world.clinic, number="DET 9", reason="Particles")
    record, what = sedated(world, **({"lot_id": None} if typed else {}))

    rules = {one.rule for one in check_record(record, what, at("10:20")).blocks}

    assert "lot.recalled" in rules


def test_without_its_lot_it_is_asked_for_and_an_expired_one_is_a_block(world):
    record, what = sedated(world, lot_id=None, lot_number="", expires_on=None)
    bare = [one for one in check_record(record, what, at("10:20")).findings if one.rule == "lot.missing"]
    assert "Detomidine" in str(bare[0].numbers["substances"])

    what = filled(record, lines=(sedation(world, lot_id=None, lot_number="X", expires_on=date(2026, 3, 1)),))
    assert "lot.expired" in {one.rule for one in check_record(record, what, at("10:20")).blocks}


def test_the_mix_is_neither_larger_nor_other_by_it(world):
    record = start(world)
    mix = filled(record)
    with_it = filled(record, lines=(*mix.lines, sedation(world)))

    before, after = (check_record(record, one, at("10:20")) for one in (mix, with_it))

    assert before.totals.volume_ml == after.totals.volume_ml == Decimal(3)
    new = {one.rule for one in after.findings} - {one.rule for one in before.findings}
    assert not [rule for rule in new if rule.startswith(("pair.", "mix.", "base.", "volume."))]


def test_it_asks_for_consent_to_sedation(world):
    world.patient.consents.filter(text__kind="sedation").delete()
    record, what = sedated(world)

    assert "consent.sedation" in {one.rule for one in check_record(record, what, at("10:20")).blocks}


def test_a_record_with_a_sedation_alone_is_not_whole(world):
    record = start(world)
    save(world, record, filled(record, lines=(sedation(world),)))

    with pytest.raises(Refused, check=lambda no: no.code == "incomplete"):
        finish(world, record)


def test_it_has_no_syringe_label_and_is_not_taken_over_next_time(world, record):
    labels = syringe_labels(record, printed_by=world.doctor_user, now=at("10:30"))

    assert [line.substance for label in labels for line in label.lines] == ["Lidocaine", "Pentoxifylline"]
    assert [line.role for line in as_last_time(content(record)).lines] == ["base", "vasodilator"]
    assert "Sedation: Detomidine 0.5 mL" in summaries([record])[record.pk]


def test_record_and_report_say_it_with_its_lot_and_a_correction_of_it(world, record):
    browser = signed_in(world.doctor_user)
    line = record.administrations.get(role="sedation")
    said = {"kind": "correction", "text": "", "reason": "Read wrong", "now": at("19:00")}
    correction = Correction("lot_number", "DET 8", line.pk)
    add_addendum(actor=world.doctor_user, record=record, correction=correction, **said)

    page = " ".join(browser.get(url("record-view", record)).content.decode().split())
    report = course_report(get_or_404(world.clinic, world.course.public_id), date(2026, 6, 1))
    text = " ".join(
        browser.get(reverse("sessions:course-report", args=[world.course.public_id])).content.decode().split()
    )

    assert "Detomidine" in page
    assert "DET 8" in page
    [said] = report.sessions[0].sedation_lines
    assert [one.substance for one in report.sessions[0].mix] == ["Lidocaine", "Pentoxifylline"]
    assert (said.lot, said.lot_signed) == ("DET 8", "DET 9")
    assert "DET 8 (amended, signed as DET 9)" in text


def test_a_line_beside_the_mix_is_added_by_its_button_for_animals(world):
    record, browser = start(world), signed_in(world.doctor_user)
    data = page_data(browser, record)

    page = browser.post(url("record-compose", record), {**data, "compose": "sedate"}).content.decode()

    assert 'value="sedate"' in page
    assert 'value="sedation" selected' in page
    people = record_world()
    page = signed_in(people.doctor_user).get(url("record-edit", start(people))).content.decode()
    assert 'value="saline"' in page
    assert 'value="sedate"' not in page
