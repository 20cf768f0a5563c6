"""A correction gives one value of a signed record anew: reports show it with its mark, recalls find both lots."""

import io
import re
from datetime import date
from decimal import Decimal
from io import BytesIO

import pypdf
import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from mesoclinic.core.constraints import violated
from mesoclinic.core.refused import Refused
from protocols.services import recalls
from sessions.models import Addendum, SessionRecord, Signature
from sessions.models.signatures import OF_A_LINE
from sessions.printing.document import Amended, Variant
from sessions.printing.variants import for_variant
from sessions.queries import records as reads
from sessions.queries.patients import _last_record
from sessions.queries.reactions import lots_given
from sessions.queries.recalls import find, recall_sheet
from sessions.queries.record_pages import summaries
from sessions.queries.reports import course_report, get_or_404
from sessions.queries.signatures import verify_chain
from sessions.queries.today_clinic import last_lines
from sessions.services import recalls as papers
from sessions.services import records
from sessions.services.records import Correction
from tests.factories import PASSWORD, make_lot, make_substance
from tests.sessions.booking_world import at
from tests.sessions.erasure_world import restrict
from tests.sessions.recall_world import TODAY, given, lot_world
from tests.sessions.record_world import book_session, done, lifted_everywhere, sign, start
from tests.shared import shared

pytestmark = pytest.mark.django_db


@shared
def world():
    """A signed record whose first line holds lot AB 12."""
    return lot_world()


@pytest.fixture
def browser(world):
    browser = Client()
    browser.force_login(world.doctor_user)
    return browser


def line_of(record, position: int = 1):
    return record.administrations.get(position=position)


def correct(world, what="lot_number", value="CD 34", *, record=None, position=1, **words) -> Addendum:
    record = record or world.record
    line = line_of(record, position).pk if what in OF_A_LINE else None
    said = {"kind": "correction", "text": "", "reason": "Read off the vial", "now": at("19:00"), **words}
    return records.add_addendum(
        actor=world.doctor_user, record=record, correction=Correction(what, value, line), **said
    )


def report(world):
    return course_report(get_or_404(world.clinic, world.course.public_id), TODAY)


def page_text(browser, name: str, key) -> str:
    html = browser.get(reverse(f"sessions:{name}", args=[key])).content.decode()
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def pdf_text(browser, world) -> str:
    answer = browser.get(reverse("sessions:course-report-pdf", args=[world.course.public_id]))
    pages = pypdf.PdfReader(io.BytesIO(answer.content)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


# Signed, and only ever added to


def test_a_correction_of_a_lot_is_signed_into_the_chain_and_says_both_numbers(world):
    held = make_lot(world.clinic, world.lidocaine, number="CD34")

    one = correct(world, text="Two vials lay there.")

    assert one.text == "Lidocaine: AB 12 → CD 34. Two vials lay there."
    assert (one.field, one.value, one.line, one.lot) == ("Lot", "CD 34", line_of(world.record), held)
    assert '"value":"CD 34"' in Signature.objects.get(addendum=one).canonical_text
    assert verify_chain(world.clinic).broken is None
    assert line_of(world.record).lot == world.lot


def test_the_lot_is_tied_only_where_the_stock_knows_exactly_one_of_that_substance(world):
    make_lot(world.clinic, make_substance(world.clinic), number="CD 34")
    assert correct(world).lot is None

    for maker in ("Arvensis", "Boiron"):
        make_lot(world.clinic, world.lidocaine, number="EF 56", manufacturer=maker)
    assert correct(world, value="EF 56").lot is None


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"kind": "addendum"}, "not-a-correction"),
        ({"value": "  "}, "value-needed"),
        ({"value": "ab12"}, "same-value"),
        ({"reason": " "}, "reason-needed"),
    ],
)
def test_a_correction_that_corrects_nothing_is_refused(world, fields, code):
    with pytest.raises(Refused, check=lambda no: no.code == code):
        correct(world, **fields)

    assert not Addendum.objects.exists()


def test_the_line_is_one_of_this_record(world):
    other = done(world, 2)
    foreign = Correction("lot_number", "CD 34", line_of(other).pk)

    with pytest.raises(Refused, check=lambda no: no.code == "no-such-line"):
        records.add_addendum(
            actor=world.doctor_user, record=world.record, kind="correction", text="", reason="x", correction=foreign
        )


def test_a_second_click_is_one_correction_and_there_and_back_are_three(world):
    assert correct(world) == correct(world)

    correct(world, value="AB 12", now=at("19:01"))
    correct(world, now=at("19:02"))

    said = list(Addendum.objects.order_by("at").values_list("text", flat=True))
    assert said == ["Lidocaine: AB 12 → CD 34", "Lidocaine: CD 34 → AB 12", "Lidocaine: AB 12 → CD 34"]


def test_other_words_about_the_same_value_are_no_second_click(world):
    correct(world, text="Read with a lens")

    for words in ({"text": "Another word"}, {"reason": "Another reason"}, {}):
        with pytest.raises(Refused, check=lambda no: no.code == "same-value"):
            correct(world, **words)

    assert correct(world, text="Read with a lens") == Addendum.objects.get()


def test_the_value_before_and_after_count_in_the_longest_text(world):
    with pytest.raises(Refused, check=lambda no: (no.code, no.field) == ("too-long", "text")):
        correct(world, text="x" * 4990)

    assert correct(world, text="x" * 4900).text.endswith("x")


@pytest.mark.parametrize("column", ["corrects", "value", "line", "lot"])
def test_what_a_correction_says_is_frozen_and_a_change_behind_the_triggers_is_found(world, column):
    other = make_lot(world.clinic, world.lidocaine, number="CD 34")
    changed = {"corrects": "", "value": "XX", "line": line_of(world.record, 2), "lot": world.lot}
    one = correct(world)
    assert one.lot == other

    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        Addendum.objects.filter(pk=one.pk).update(**{column: changed[column]})
    assert violated(refusal.value) == "treatment_sessions_addendum_f_update"
    with lifted_everywhere():
        values = {column: changed[column]} | ({"value": "", "line": None, "lot": None} if column == "corrects" else {})
        Addendum.objects.filter(pk=one.pk).update(**values)
        assert verify_chain(world.clinic).broken.record == str(world.record.public_id)


def test_words_signed_before_values_could_be_corrected_never_become_a_value(world, monkeypatch):
    with monkeypatch.context() as earlier:
        earlier.setattr("sessions.canonical.CURRENT_FORMAT", 2)
        words = {"kind": "correction", "text": "Lot CD 34", "reason": "Slip"}
        one = records.add_addendum(actor=world.doctor_user, record=world.record, **words, now=at("19:00"))
    assert verify_chain(world.clinic).broken is None

    with lifted_everywhere():
        Addendum.objects.filter(pk=one.pk).update(corrects="depth_mm", value="9")

        assert verify_chain(world.clinic).broken.record == str(world.record.public_id)


@pytest.mark.parametrize(
    "columns",
    [
        {"corrects": "lot_number", "value": "CD 34"},
        {"corrects": "depth_mm", "value": ""},
        {"corrects": "", "value": "3"},
        {"corrects": "depth_mm", "value": "3", "kind": "addendum"},
    ],
)
def test_the_database_takes_no_half_correction(world, columns):
    row = {"kind": "correction", "text": "x", "reason": "y", "by": world.doctor, "at": at("19:00"), **columns}

    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        Addendum.objects.create(record=world.record, **row)

    assert violated(refusal.value) == "addendum_corrects_one_value"


# Reports show the right value with its mark, and the original


def test_the_report_has_the_right_lot_and_the_one_signed(world):
    make_lot(world.clinic, world.lidocaine, number="CD 34", expires_on=date(2028, 1, 31))
    correct(world)

    line, other = report(world).sessions[0].mix
    assert (line.lot, line.lot_signed, line.expires_on) == ("CD 34", "AB 12", date(2028, 1, 31))
    assert other.lot_signed == ""


def test_the_date_of_the_wrong_pack_is_not_shown_for_the_right_lot(world):
    correct(world)

    assert report(world).sessions[0].mix[0].expires_on is None


def test_the_last_correction_of_a_value_holds(world):
    correct(world)
    correct(world, value="EF 56", now=at("20:00"))

    line = report(world).sessions[0].mix[0]
    assert (line.lot, line.lot_signed) == ("EF 56", "AB 12")


def test_page_and_pdf_mark_the_right_value_and_keep_the_original_readable(world, browser):
    correct(world)
    correct(world, "depth_mm", "3.5")
    correct(world, "sedation", "Detomidine 1 mL")

    for text in (page_text(browser, "course-report", world.course.public_id), pdf_text(browser, world)):
        assert "CD 34 (amended, signed as AB 12)" in text
        assert "3.5 mm (amended, signed as –)" in text
        assert "Detomidine 1 mL (amended, signed as –)" in text
    text = page_text(browser, "record-view", world.record.public_id)
    for words in ("CD 34 amended, signed as AB 12", "3.5 mm amended, signed as –", "Detomidine 1 mL amended"):
        assert words in text


def test_numbers_of_the_session_are_the_right_ones_and_say_what_was_signed(world):
    for what, value in (("weight_kg", "71.5"), ("shots", "30"), ("needle", "6 mm 30G"), ("device_number", "G-7")):
        correct(world, what, value)

    session = report(world).sessions[0]
    assert (session.weight_kg, session.shots, session.needle, session.device) == (
        *(Decimal("71.5"), 30),
        *("6 mm 30G", "Syringe and single needle, G-7"),
    )
    assert set(session.amended) == {
        Amended(what="weight_used", signed="70 kg"),
        Amended(what="shots", signed="–"),
        Amended(what="needle", signed="4 mm 27G"),
        Amended(what="device", signed="–"),
    }


def test_a_weight_signed_as_estimated_stays_so_beside_the_right_one(world, browser):
    record = done(world, 2, weight_kg=Decimal(50), weight_is_estimated=True)
    sign(world, record)
    correct(world, "weight_kg", "55", record=record, now=at("19:00", 7))

    text = page_text(browser, "record-view", record.public_id)
    assert report(world).sessions[1].weight_estimated
    assert "55 kg amended, signed as 50 (estimated)" in text


@pytest.mark.parametrize("signed", [50, 70])
def test_the_weight_of_the_file_follows_a_corrected_one_and_the_next_record_begins_with_it(world, signed):
    """70 kg stood in the file before, so signing that again noted no row."""
    record = done(world, 2, weight_kg=Decimal(signed), depth_mm=Decimal(2))
    sign(world, record)

    correct(world, "weight_kg", "60", record=record, now=at("19:00", 7))
    correct(world, "weight_kg", "61", record=record, now=at("19:01", 7))
    correct(world, "depth_mm", "4", record=record, now=at("19:02", 7))

    begun = reads.content(start(world, book_session(world, 3)))
    assert [row.weight_kg for row in world.patient.weights.all()] == [61, 70]
    assert (begun.weight_kg, begun.depth_mm) == (61, 4)
    assert (
        course_report(get_or_404(world.clinic, world.course.public_id), at("19:00", 8).date()).patient.weight_kg == 61
    )


def test_no_weight_is_noted_in_a_sealed_file_nor_for_a_withdrawn_record(world):
    correct(world, "weight_kg", "60")
    records.add_addendum(
        actor=world.doctor_user, record=world.record, kind="withdrawal", text="x", reason="x", now=at("19:01")
    )
    correct(world, "weight_kg", "61", now=at("19:02"))
    assert [row.weight_kg for row in world.patient.weights.all()] == [70]

    other = done(world, 2)
    sign(world, other)
    restrict(world.patient)
    correct(world, "weight_kg", "62", record=other, now=at("19:00", 7))
    assert [row.weight_kg for row in world.patient.weights.all()] == [70]


def test_the_last_session_is_told_in_its_right_values(world):
    correct(world, "shots", "30")
    correct(world, "depth_mm", "4")
    record = SessionRecord.objects.get(pk=world.record.pk)

    told = [last_lines(record), summaries([record])[record.pk], _last_record([world.patient.pk]).lines]

    assert all("30 shots" in str(lines) for lines in told)
    assert "4 mm" in str(told[0])


def test_who_is_not_given_the_mix_is_not_given_its_lots(world):
    correct(world)

    for variant in (Variant.PATIENT, Variant.REFERRAL, Variant.INSURER):
        (session,) = for_variant(report(world), variant).sessions
        assert not any(line.lot or line.lot_signed for line in session.mix)
    assert "AB 12" not in str(for_variant(report(world), Variant.INSURER))


# Who received a lot


def test_a_recall_finds_the_patient_by_the_right_lot_and_by_the_one_signed(world):
    correct(world)

    for number in ("cd34", "AB12"):
        held = recalls.recall_lots(actor=world.doctor_user, clinic=world.clinic, number=number, reason="Particles")
        sheet = recall_sheet(held, TODAY)
        assert [one.record_id for one in sheet.sessions] == [world.record.pk]
        assert [person.key for person in sheet.people] == [f"patient-{world.patient.pk}"]
        assert sheet.sessions[0].lots_corrected == [("AB 12", "CD 34")]
        assert sheet.sessions[0].lines == ["Lidocaine"]


def test_a_recall_finds_every_number_a_record_ever_named(world):
    correct(world)
    correct(world, value="EF 56", now=at("20:00"))

    for number in ("AB12", "CD34", "EF56"):
        assert [one.lots_corrected for one in find(world.clinic, number).sessions] == [[("AB 12", "EF 56")]]
    assert find(world.clinic, "GH78").sessions == []


def test_a_lot_of_the_same_number_by_another_maker_is_told_apart(world):
    make_lot(world.clinic, world.lidocaine, number="CD 34", manufacturer="Arvensis")
    correct(world)

    assert len(find(world.clinic, "CD34", "Arvensis").sessions) == 1
    assert find(world.clinic, "CD34", "Boiron").sessions == []


def test_pages_and_list_of_a_recall_mark_a_corrected_lot(world, browser):
    correct(world)
    held = recalls.recall_lots(actor=world.doctor_user, clinic=world.clinic, number="CD34", reason="Particles")

    assert "lot corrected: AB 12 → CD 34" in page_text(browser, "recall", held.public_id)
    handed = papers.export_list(actor=world.doctor_user, recall=held, today=TODAY)
    sheet = load_workbook(BytesIO(handed.content))["Sessions"]
    assert sheet["H2"].value == "Signed; lot corrected: AB 12 → CD 34"


def test_a_reaction_may_be_blamed_on_the_right_lot(world):
    right = make_lot(world.clinic, world.lidocaine, number="CD 34")
    correct(world)

    assert list(lots_given(world.record)) == [world.lot, right]


def test_a_lot_nobody_noted_is_added_by_a_correction(world):
    record = given(world, 2)
    sign(world, record)
    record.refresh_from_db()

    correct(world, record=record, now=at("19:00", 7))

    assert [one.record_id for one in find(world.clinic, "CD34").sessions] == [record.pk]


# The page


def send(browser, record, **data):
    words = {"kind": "correction", "reason": "Read off the vial", "password": PASSWORD, **data}
    return browser.post(reverse("sessions:addendum", args=[record.public_id]), words)


def test_the_page_offers_each_lot_of_the_mix_and_reads_a_scanned_pack(world, browser):
    make_lot(world.clinic, world.lidocaine, number="CD34")
    line = line_of(world.record)
    asked = browser.get(reverse("sessions:addendum", args=[world.record.public_id])).content.decode()
    assert f'value="lot_number-{line.pk}"' in asked
    assert "Lot: Lidocaine AB 12" in asked

    send(browser, world.record, corrects=f"lot_number-{line.pk}", value="(01)03400930000120(10)CD34(17)280131")

    assert Addendum.objects.get().value == "CD34"
    again = browser.get(reverse("sessions:addendum", args=[world.record.public_id])).content.decode()
    assert "Lot: Lidocaine CD34" in again, "the lot that stands, not the one signed"


@pytest.mark.parametrize(("typed", "kept"), [("3,5", "3.5"), ("4.0", "4")])
def test_a_number_is_read_as_on_a_record(world, browser, typed, kept):
    send(browser, world.record, corrects="depth_mm", value=typed)

    assert Addendum.objects.get().value == kept


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"corrects": "depth_mm", "value": "40"}, "Enter 13 or less."),
        ({"corrects": "depth_mm", "value": "deep"}, "Enter a number, like 1.5."),
        ({"corrects": "depth_mm"}, "Please fill this in."),
        ({"corrects": "weight_kg", "value": "7000"}, "This weight does not fit"),
        ({"value": "3"}, "Choose which value this is."),
        ({}, "Please fill this in."),
        ({"corrects": "depth_mm", "value": "3", "kind": "late_entry"}, "A value is given anew by a correction"),
        ({"corrects": "depth_mm", "value": "3", "field": "Depth of the neck"}, "leave this empty"),
        ({"corrects": "lot_number-999999", "value": "3"}, "Choose one from the list"),
    ],
)
def test_what_does_not_fit_is_said_and_kept(world, browser, data, words):
    html = send(browser, world.record, **data).content.decode()

    assert words in html
    assert "Read off the vial" in html
    assert not Addendum.objects.exists()
