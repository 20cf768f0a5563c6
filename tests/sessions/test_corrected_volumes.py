"""A volume given anew by a correction holds wherever it counts: the report, last time, doses of a day and a course, a recall."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from mesoclinic.core.constraints import violated
from mesoclinic.core.refused import Refused
from protocols.models import Substance
from protocols.services import recalls
from sessions.models import Addendum, SessionRecord
from sessions.printing.document import Variant
from sessions.printing.variants import for_variant
from sessions.queries import record_facts
from sessions.queries.patients import _last_record
from sessions.queries.recalls import recall_sheet
from sessions.queries.record_checks import check_record
from sessions.queries.record_pages import summaries
from sessions.queries.records import content
from sessions.queries.signatures import verify_chain
from sessions.queries.today_clinic import last_lines
from tests.factories import PASSWORD
from tests.sessions.booking_world import at
from tests.sessions.recall_world import TODAY, lot_world
from tests.sessions.record_world import book_session, start
from tests.sessions.test_corrections import browser, correct, line_of, page_text, pdf_text, report
from tests.shared import shared

__all__ = ["browser"]
pytestmark = pytest.mark.django_db


@shared
def world():
    """A signed record whose first line is 2 mL of lidocaine at 10 mg/mL, of lot AB 12."""
    return lot_world()


def given(world, value="4", **words) -> Addendum:
    return correct(world, "given_ml", value, **words)


def test_it_is_signed_into_the_chain_and_says_both_volumes_and_the_stock_stays(world):
    movements = list(world.lot.movements.values_list("volume_ml", flat=True))

    one = given(world)

    assert (one.text, one.field, one.value) == ("Lidocaine: 2 mL → 4 mL", "Given (mL)", "4")
    assert (one.line, one.lot) == (line_of(world.record), None)
    assert verify_chain(world.clinic).broken is None
    assert line_of(world.record).given_ml == 2
    assert list(world.lot.movements.values_list("volume_ml", flat=True)) == movements


def test_the_same_volume_however_written_is_refused(world):
    with pytest.raises(Refused, check=lambda no: no.code == "same-value"):
        given(world, "2")


@pytest.mark.parametrize("columns", [{}, {"line": True, "value": ""}, {"line": True, "lot": True}])
def test_the_database_takes_a_volume_only_of_a_line_and_of_no_lot(world, columns):
    row = {"kind": "correction", "text": "x", "reason": "y", "by": world.doctor, "at": at("19:00"), "value": "4"}
    row |= columns
    row |= {"line": line_of(world.record)} if columns.get("line") else {}
    row |= {"lot": world.lot} if columns.get("lot") else {}

    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        Addendum.objects.create(record=world.record, corrects="given_ml", **row)

    assert violated(refusal.value) == "addendum_corrects_one_value"


def test_the_report_counts_the_right_volume_in_every_variant_and_marks_what_was_signed(world):
    given(world)

    told = [for_variant(report(world), variant).sessions[0].mix for variant in Variant]
    assert [bool(mix) for mix in told].count(False) == 1, "an insurer reads no mix"
    for line in (mix[0] for mix in told if mix):
        assert (line.given_ml, line.given_signed_ml, line.dose) == (4, 2, "40 mg")


def test_page_and_pdf_show_it_with_its_mark(world, browser):
    given(world)

    for text in (page_text(browser, "course-report", world.course.public_id), pdf_text(browser, world)):
        assert "4 mL (amended, signed as 2 mL)" in text.replace("\u00a0", " ")
    text = page_text(browser, "record-view", world.record.public_id)
    assert "4 mL amended, signed as 2 mL" in text
    assert "40" in text


def test_the_last_session_is_told_with_it(world):
    given(world)
    record = SessionRecord.objects.get(pk=world.record.pk)

    for lines in (last_lines(record), summaries([record])[record.pk], _last_record([world.patient.pk]).lines):
        assert "Lidocaine 4 mL" in str(lines)


def test_the_next_session_draws_up_what_was_drawn_up(world):
    """As last time goes by what was prepared: what was given of it is another matter."""
    given(world)

    assert content(start(world, book_session(world, 2))).lines[0].prepared_ml == 2


@pytest.mark.parametrize(("value", "total"), [("4", "60"), ("0", "20")])
def test_doses_of_a_course_count_it(world, value, total):
    Substance.objects.filter(pk=world.lidocaine.pk).update(max_mg_per_course=Decimal(19))
    given(world, value)
    record = start(world, book_session(world, 2))

    found = check_record(record, content(record), record.appointment.starts_at).findings

    (said,) = [finding for finding in found if finding.rule == "dose.over_course_ceiling"]
    assert total in said.text


def test_what_was_signed_as_nothing_and_was_given_counts(world):
    given(world, "0")
    given(world, "3", now=at("20:00"))
    record = start(world, book_session(world, 2))
    facts = record_facts.record_facts({record: content(record)}, world.site, record.appointment.starts_at)

    assert [row.given_ml for row in facts.others[record.pk] if row.substance_id == world.lidocaine.pk] == [3]


def test_a_recall_adds_up_what_was_given(world):
    given(world)
    held = recalls.recall_lots(actor=world.doctor_user, clinic=world.clinic, number="AB 12", reason="Particles")

    assert [one.given_ml for one in recall_sheet(held, TODAY).sessions] == [4]


@pytest.mark.parametrize(("typed", "kept"), [("1,5", ["1.5"]), ("-1", []), ("1000000", []), ("much", []), ("", [])])
def test_it_is_typed_on_the_page_of_addenda(world, browser, typed, kept):
    data = {
        "kind": "correction",
        "corrects": f"given_ml-{line_of(world.record).pk}",
        "value": typed,
        "text": "",
        "reason": "Read off the syringe",
        "password": PASSWORD,
    }

    answer = browser.post(reverse("sessions:addendum", args=[world.record.public_id]), data, follow=True)

    assert list(Addendum.objects.filter(corrects="given_ml").values_list("value", flat=True)) == kept
    if not kept:
        assert set(answer.context["form"].errors) == {"value"}
        assert f'value="{typed}"' in answer.content.decode()
