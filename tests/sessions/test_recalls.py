"""A recall locks every lot of a number at once, and finds everybody who received it, then and now."""

from dataclasses import replace
from datetime import date, timedelta
from io import BytesIO

import pytest
from openpyxl import load_workbook

from mesoclinic.core.models import AuditEvent, Site
from mesoclinic.core.refused import Refused
from patients.models import Patient
from patients.services.merging import merge_patient
from protocols.models import Lot, Recall
from protocols.queries import lots as stock
from protocols.queries import recalls as recall_reads
from protocols.services import lots, recalls
from sessions.queries import records as reads
from sessions.queries.recall_papers import letters, list_of
from sessions.queries.recalls import find, recall_sheet
from sessions.recall_workbook import Sheet, recall_workbook
from sessions.services import recalls as services
from sessions.services.records import Typed, save_draft
from tests.factories import make_clinic, make_lot, make_patient, make_substance
from tests.sessions.recall_world import TODAY, given, lot_world, owner
from tests.sessions.record_world import book_session, filled, finish, save, sign, start
from tests.shared import shared

pytestmark = pytest.mark.django_db


@shared
def world():
    return lot_world()


def recall(world, number="ab12", **fields) -> Recall:
    said = {"reason": "Particles seen", **fields}
    return recalls.recall_lots(actor=world.doctor_user, clinic=world.clinic, number=number, **said)


def names(people) -> list[str]:
    return [person.who.name for person in people]


def test_every_lot_of_the_number_is_locked_at_all_sites_at_once(world):
    elsewhere = Site.objects.create(clinic=world.clinic, name="Annexe")
    other_substance = make_lot(world.clinic, number="AB 12", manufacturer="ARVENSIS", site=elsewhere)
    no_maker = make_lot(world.clinic, number="ab12", site=world.site)
    other_maker = make_lot(world.clinic, number="AB12", manufacturer="Boiron", site=world.site)
    stranger = make_lot(make_clinic(), number="AB12", manufacturer="Arvensis")

    held = recall(world, manufacturer="Arvensis")

    assert set(held.lots.all()) == {world.lot, other_substance, no_maker}
    assert set(Lot.objects.filter(status="recalled")) == {world.lot, other_substance, no_maker}
    for lot in (world.lot, other_substance, no_maker):
        assert stock.pickable(world.clinic, world.site, lot.substance, date(2026, 3, 2)) == []
        assert AuditEvent.objects.filter(verb="lot.recalled", subject_id=lot.pk).count() == 1
    assert {other_maker.status, stranger.status} == {"active"}


def test_without_a_maker_every_lot_of_the_number_is_locked_and_twice_is_one_recall(world):
    other_maker = make_lot(world.clinic, number="AB12", manufacturer="Boiron")

    first, again = recall(world), recall(world)

    assert first == again
    assert set(first.lots.all()) == {world.lot, other_maker}
    assert AuditEvent.objects.filter(verb="recall.begun").count() == 1


@pytest.mark.parametrize(("number", "reason", "code"), [(" ", "x", "number"), ("A", " ", "reason-missing")])
def test_a_recall_says_what_and_why(world, number, reason, code):
    with pytest.raises(Refused, check=lambda no: no.code == code):
        recall(world, number, reason=reason)


def test_no_more_of_a_recalled_number_comes_in(world):
    recall(world, manufacturer="Arvensis")

    for maker in ("Arvensis", ""):
        with pytest.raises(Refused, check=lambda no: no.code == "lot-recalled"):
            make_lot(world.clinic, make_substance(world.clinic), number="ab 12", manufacturer=maker)
    assert make_lot(world.clinic, number="AB12", manufacturer="Boiron").status == "active"


def test_a_recall_taken_back_puts_its_lots_back_into_use(world):
    held = recall(world)

    for _ in range(2):
        recalls.take_back(actor=world.doctor_user, recall=held, reason="Another number")

    held.refresh_from_db()
    assert (held.end_reason, held.lots.get().status) == ("Another number", "active")
    assert make_lot(
        world.clinic, world.lidocaine, number="AB 12", manufacturer="Arvensis", expires_on=world.lot.expires_on
    )
    assert recall(world) != held


def test_a_lot_that_two_recalls_mean_is_on_both_lists_and_stays_locked_until_both_are_taken_back(world):
    """First the maker's letter, then word that whoever sold it had the number wrong: the first is taken back."""
    first = recall(world, manufacturer="Arvensis")
    second = recall(world)
    assert second != first
    assert {one.record_id for one in recall_sheet(second, TODAY).sessions} == {world.record.pk}

    recalls.take_back(actor=world.doctor_user, recall=first, reason="The other letter counts")

    world.lot.refresh_from_db()
    assert (world.lot.status, world.lot.recall) == ("recalled", second)
    assert AuditEvent.objects.filter(verb="lot.recalled", subject_id=world.lot.pk).count() == 2
    assert stock.pickable(world.clinic, world.site, world.lidocaine, date(2026, 3, 2)) == []
    recalls.take_back(actor=world.doctor_user, recall=second, reason="Neither does")
    world.lot.refresh_from_db()
    assert world.lot.status == "active"
    for one in (first, second):
        one.refresh_from_db()
        assert {given.record_id for given in recall_sheet(one, TODAY).sessions} == {world.record.pk}


def test_the_list_of_recalls_counts_the_lots_each_page_lists(world, django_assert_num_queries):
    """Of one number: two by makers known, one by nobody knows whom, one that came when the first was over."""
    make_lot(world.clinic, make_substance(world.clinic), number="ab 12", manufacturer="ARVENSIS")
    make_lot(world.clinic, make_substance(world.clinic), number="AB12", manufacturer="")
    make_lot(world.clinic, make_substance(world.clinic), number="AB12", manufacturer="Brume_1")
    make_lot(make_clinic(), number="AB12", manufacturer="Arvensis")
    first = recall(world, manufacturer="Arvensis")
    recalls.take_back(actor=world.doctor_user, recall=first, reason="A slip")
    make_lot(world.clinic, make_substance(world.clinic), number="AB12", manufacturer="Arvensis")
    recall(world)
    recall(world, number="NONE")

    with django_assert_num_queries(1):
        counts = [one.lot_count for one in recall_reads.recalls(world.clinic)]

    assert counts == [len(recall_reads.lots_of(one)) for one in recall_reads.recalls(world.clinic)] == [0, 5, 3]


def test_sessions_open_records_and_vials_that_hold_it_are_found(world):
    vial = lots.open_vial(actor=world.doctor_user, lot=world.lot, site=world.site, beyond_use_on=date(2027, 1, 1))
    typed = given(world, 2, typed="ab 12 ")
    other = given(world, 3, typed="AB123")
    draft = start(world, book_session(world, 4))
    words = Typed(raw={"lines": [{"lot": "typed", "lot_number": "Ab12"}]}, edit_count=draft.edit_count)
    save_draft(actor=world.doctor_user, record=draft, typed=words)

    sheet = recall_sheet(recall(world), TODAY)

    assert sheet.vials == [vial]
    assert {one.record_id for one in sheet.sessions} == {world.record.pk, typed.pk, draft.pk}
    assert {one.record_id for one in sheet.open_sessions} == {typed.pk, draft.pk}
    assert other.pk not in {one.record_id for one in sheet.sessions}
    assert [person.key for person in sheet.people] == [f"patient-{world.patient.pk}"]
    assert len(find(world.clinic, "AB-12").sessions) == 0


def test_a_draft_alone_tells_nobody_and_a_lot_of_another_clinic_finds_nobody(world):
    stranger = make_clinic()
    make_lot(stranger, number="AB 12", manufacturer="Arvensis")
    held = recalls.recall_lots(actor=None, clinic=stranger, number="AB12", reason="Letter")

    assert recall_sheet(held, TODAY).people == []
    assert recall_sheet(held, TODAY).sessions == []


def test_the_owner_of_then_and_the_owner_of_now_are_both_called():
    world = lot_world(species="horse")
    day = world.record.performed_at.date()
    owner(world, "Then", from_on=date(2020, 1, 1), until_on=day)
    owner(world, "Between", from_on=day + timedelta(days=1), until_on=day + timedelta(days=5))
    owner(world, "Now", from_on=day + timedelta(days=6))
    owner(world, "Trainer", from_on=date(2020, 1, 1), role="trainer")

    people = recall_sheet(recall(world), TODAY).people

    assert names(people) == ["Now", "Then"]
    assert [(about.was, about.is_now) for person in people for about in person.about] == [(False, True), (True, False)]


def test_a_horse_whose_owner_is_not_known_today_is_on_the_list_itself():
    world = lot_world(species="horse")
    owner(world, "Then", from_on=date(2020, 1, 1), until_on=world.record.performed_at.date())

    assert names(recall_sheet(recall(world), TODAY).people) == sorted([world.patient.name, "Then"], key=str.casefold)


def test_a_merged_file_is_called_once_under_the_file_that_is_kept(world):
    kept = make_patient(world.clinic, name="Kept")
    merge_patient(actor=None, patient=world.patient, into=kept)

    sheet = recall_sheet(recall(world), TODAY)

    assert names(sheet.people) == ["Kept"]
    assert [one.patient for one in sheet.sessions] == [kept]


def test_the_phone_of_a_merged_file_is_on_the_list_beside_the_one_kept(world):
    kept = make_patient(world.clinic, name="Kept", phone="0611111111")
    Patient.objects.filter(pk=world.patient.pk).update(
        phone="0622222222", phone_search="0622222222", email="a@b.example"
    )
    merge_patient(actor=None, patient=Patient.objects.get(pk=world.patient.pk), into=kept)

    sheet = recall_sheet(recall(world), TODAY)

    assert [way.phone for way in sheet.people[0].other_ways] == ["0622222222"]
    assert list_of(sheet)[0].rows[0][1:3] == ["0611111111\n0622222222", "a@b.example"]


def test_the_last_notice_says_how_it_stands_and_who_was_not_reached_comes_first(world):
    held = recall(world)
    second = make_patient(world.clinic, name="Zoe")
    note = {"actor": world.doctor_user, "recall": held}

    services.note_recall_notice(**note, person=world.patient, outcome="no_answer")
    services.note_recall_notice(**note, person=world.patient, outcome="reached", note="Well so far")
    services.note_recall_notice(**note, person=second, outcome="reached")

    (person,) = recall_sheet(held, TODAY).people
    assert (person.outcome, person.is_told, len(person.notices)) == ("reached", True, 2)
    assert recall_sheet(held, TODAY).still_to_tell == 0


@pytest.mark.parametrize(("outcome", "known", "code"), [("sung", True, "bad-outcome"), ("reached", False, "nobody")])
def test_a_notice_says_what_came_of_it_and_goes_to_somebody(world, outcome, known, code):
    person = world.patient if known else make_patient(make_clinic())

    with pytest.raises(Refused, check=lambda no: no.code == code):
        services.note_recall_notice(actor=world.doctor_user, recall=recall(world), person=person, outcome=outcome)


def test_letters_and_list_are_written_down_for_every_file_on_them(world):
    held = recall(world, message="Come to us on Monday.")

    printed = services.print_letters(actor=world.doctor_user, recall=held, today=TODAY)
    handed = services.export_list(actor=world.doctor_user, recall=held, today=TODAY)

    assert printed.content.startswith(b"%PDF")
    book = load_workbook(BytesIO(handed.content))
    assert [sheet.title for sheet in book] == ["People", "Sessions"]
    assert book["People"]["A2"].value == world.patient.name
    assert book["Sessions"]["E2"].value == world.record.administrations.get(position=1).given_ml
    for verb in ("recall.letters-printed", "recall.list-exported"):
        assert AuditEvent.objects.get(verb=verb).patient_id == world.patient.pk


def test_everybody_gets_the_letter_in_a_language_they_read_whoever_prints_it(world):
    Patient.objects.filter(pk=world.patient.pk).update(language="fr")
    sheet = recall_sheet(recall(world, message="Come to us on Monday."), TODAY)

    (letter,) = letters(sheet, TODAY, printed_by=world.doctor_user).letters

    assert (letter.language, letter.subject) == ("fr", "Rappel d’un produit utilisé lors d’un traitement")
    assert letter.day == "1er juin 2026"
    assert letter.paragraphs[0].startswith("Un produit injecté dans notre cabinet")
    assert "Lidocaïne" in letter.paragraphs[0]
    assert letter.paragraphs[1] == "Come to us on Monday."


def test_a_letter_says_where_to_call_though_only_the_site_has_a_telephone(world):
    Site.objects.filter(clinic=world.clinic).update(phone="+33 1 99 00 41 33", address="7 rue X")
    sheet = recall_sheet(recall(world), TODAY)

    made = letters(sheet, TODAY, printed_by=world.doctor_user)

    assert (made.clinic.phone, made.clinic.address) == ("+33 1 99 00 41 33", ("7 rue X",))
    assert made.letters[0].paragraphs[-1] == "Please call us: +33 1 99 00 41 33."


@pytest.mark.parametrize("text", ["=1+1", "+33 1 23", "-2", "@SUM(A1)", "=cmd|' /C calc'!A0", "\t=1"])
def test_what_looks_like_a_formula_stays_text_in_the_list(text):
    book = load_workbook(BytesIO(recall_workbook([Sheet("S", ["Name"], [[text]])])))

    cell = book["S"]["A2"]
    assert (cell.value, cell.data_type, cell.quotePrefix) == (text, "s", True)


def test_a_list_of_nobody_is_refused(world):
    held = recalls.recall_lots(actor=None, clinic=world.clinic, number="OTHER", reason="Letter")

    for make in (services.print_letters, services.export_list):
        with pytest.raises(Refused, check=lambda no: no.code == "nobody"):
            make(actor=world.doctor_user, recall=held, today=TODAY)


@pytest.mark.parametrize("sessions", [1, 4])
def test_a_recall_takes_the_same_statements_whatever_its_size(world, sessions, django_assert_num_queries):
    for number in range(2, sessions + 1):
        given(world, number, lot=world.lot)
    held = recall(world)

    with django_assert_num_queries(10):
        recall_sheet(held, TODAY)


def test_a_typed_number_that_was_recalled_is_a_block_but_can_be_recorded(world):
    recall(world)
    record = start(world, book_session(world, 2))
    first, second = reads.content(record).lines
    save(world, record, filled(record, lines=(replace(first, lot_id=None, lot_number="ab 12"), second)))

    with pytest.raises(Refused) as refusal:
        finish(world, record)

    assert [finding.rule for finding in refusal.value.details["findings"]] == ["lot.recalled"]


def test_an_opened_vial_past_its_use_is_a_block_and_one_in_use_is_drawn_from(world):
    at = world.visit.starts_at
    until = at.date() + timedelta(days=28)
    vial = lots.open_vial(actor=world.doctor_user, lot=world.lot, site=world.site, at=at, beyond_use_on=until)
    record = start(world, book_session(world, 2))
    first, second = reads.content(record).lines
    line = replace(first, lot_id=world.lot.pk, lot_number=world.lot.number, expires_on=world.lot.expires_on)
    save(world, record, filled(record, lines=(line, second)))
    finish(world, record)

    sign(world, record)

    assert record.administrations.get(position=1).stock_movement.vial == vial


def test_a_vial_past_its_use_blocks_until_it_is_thrown_away(world):
    day = world.visit.starts_at.date()
    vial = lots.open_vial(
        actor=world.doctor_user, lot=world.lot, site=world.site, at=world.visit.starts_at, beyond_use_on=day
    )
    record = start(world, book_session(world, 2))
    first, second = reads.content(record).lines
    line = replace(first, lot_id=world.lot.pk, lot_number=world.lot.number, expires_on=world.lot.expires_on)
    save(world, record, filled(record, lines=(line, second)))

    with pytest.raises(Refused) as refusal:
        finish(world, record)
    lots.discard_vial(actor=None, vial=vial)

    assert [finding.rule for finding in refusal.value.details["findings"]] == ["lot.beyond_use"]
    assert finish(world, record).status == "done"
