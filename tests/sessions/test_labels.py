"""Syringe labels: one a syringe, everything on it, nothing stale, and written down."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from urllib.parse import unquote

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import AuditEvent, Clinic
from mesoclinic.core.refused import Refused
from mesoclinic.core.services import clinics
from mesoclinic.core.wording import initials
from sessions.printing.file_names import file_part
from sessions.printing.labels import LabelLine, SyringeLabel, labels_data
from sessions.printing.pdf import print_data
from sessions.queries import records as reads
from sessions.queries.labels import syringe_labels
from sessions.services import records
from sessions.services.records import Typed, save_draft
from tests.sessions.booking_world import at
from tests.sessions.record_world import filled, lot_of, record_world, save, start
from tests.sessions.test_pdf import read
from tests.sessions.test_record_pages import page_data
from tests.shared import shared


@shared
def world():
    return record_world()


@shared
def draft(world):
    """A draft whose second substance is in syringe B, the first from a lot."""
    record = start(world)
    first, second = reads.content(record).lines
    lot = lot_of(world, number="L 77")
    lines = (replace(first, lot_id=lot.pk, lot_number=lot.number), replace(second, syringe="B"))
    return save(world, record, filled(record, lines=lines))


@pytest.mark.django_db
def test_each_syringe_has_a_label_with_whom_what_when_and_by_whom(world, draft):
    first, second = syringe_labels(draft, printed_by=world.doctor_user, now=at("10:05"))

    assert (first.patient, first.syringe, second.syringe) == (world.patient.name, "A", "B")
    assert [(line.substance, line.volume_ml, line.lot) for line in first.lines] == [("Lidocaine", Decimal(2), "L 77")]
    assert (first.at, first.initials) == ("2 Mar 2026 10:05", initials(str(world.doctor_user)))
    assert second.total_ml == Decimal(1)


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Dr Ada Byron", "AB"),
        ("Dr. med. vet. Ada M Byron", "AMB"),
        ("Pr Élodie de la Tour", "ÉDLT"),
        ("M. Dupont", "D"),
        ("M Dupont", "MD"),
        ("ada", "A"),
        ("Dr", "D"),
        ("Doc Doe", "D"),
        ("Drake Moor", "DM"),
    ],
)
def test_initials_are_those_of_the_names_without_titles(name, letters):
    assert initials(name) == letters


@pytest.mark.django_db
def test_printing_labels_is_written_down(world, draft):
    assert records.print_labels(actor=world.doctor_user, record=draft).startswith(b"%PDF")
    assert AuditEvent.objects.get(verb="record.label-printed").patient_id == world.patient.pk


@pytest.mark.django_db
def test_words_that_are_no_mix_yet_and_a_dry_session_have_no_label(world, draft):
    save_draft(actor=world.doctor_user, record=draft, typed=Typed(raw={"lines": []}, edit_count=draft.edit_count))
    draft.refresh_from_db()
    with pytest.raises(Refused, check=lambda no: no.code == "not-whole"):
        records.print_labels(actor=world.doctor_user, record=draft)

    save(world, draft, filled(draft, lines=(), is_dry=True))
    draft.refresh_from_db()
    with pytest.raises(Refused, check=lambda no: no.code == "no-mix"):
        records.print_labels(actor=world.doctor_user, record=draft)


@pytest.mark.django_db
def test_the_page_opens_the_label_as_a_pdf(world, draft):
    browser = Client()
    browser.force_login(world.doctor_user)

    answer = browser.get(reverse("sessions:record-label", args=[draft.public_id]))

    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")
    name = file_part(draft.patient.name, "patient")
    today = local_day(timezone.now(), draft.appointment.site.zone)
    assert f"{today}_{name}_syringe-labels.pdf" in unquote(answer["Content-Disposition"])


@pytest.mark.django_db
def test_the_records_button_saves_first_so_that_no_label_is_older_than_the_screen(world, draft):
    browser = Client()
    browser.force_login(world.doctor_user)
    data = page_data(browser, draft) | {"lines-0-prepared_ml": "4", "then": "label"}

    answer = browser.post(reverse("sessions:record-save", args=[draft.public_id]), data)

    label = reverse("sessions:record-label", args=[draft.public_id])
    assert answer["Location"] == label
    data = page_data(browser, draft) | {"then": "label-fr"}
    saved_in_french = browser.post(reverse("sessions:record-save", args=[draft.public_id]), data)
    assert saved_in_french["Location"] == f"{label}?language=fr"
    assert draft.administrations.get(position=1).prepared_ml == 4


@pytest.mark.django_db
def test_a_label_has_the_size_the_clinic_set(world, draft):
    clinics.update_clinic(actor=None, clinic=world.clinic, label_size="38x25")
    draft = reads.get_or_404(Clinic.objects.get(pk=world.clinic.pk), draft.public_id)

    pages = read(records.print_labels(actor=world.doctor_user, record=draft)).pages

    sizes = {tuple(round(float(side) / 72 * 25.4) for side in page.mediabox[2:]) for page in pages}
    assert sizes == {(38, 25)}


@pytest.mark.django_db
def test_only_sizes_there_are_labels_of_are_kept(world):
    with pytest.raises(Refused):
        clinics.update_clinic(actor=None, clinic=world.clinic, label_size="1x1")
    with pytest.raises(IntegrityError), transaction.atomic():
        Clinic.objects.filter(pk=world.clinic.pk).update(label_size="9x9")


READABLE_PT = 6


USUAL = {"patient": "Ada Byron", "substance": "Lidocaine", "lot": "LD2291"}


def printed(
    size: str, count: int, labels: int = 1, *, patient="X" * 200, substance="Substance of a long name", lot="L" * 20
):
    lines = tuple(
        LabelLine(substance=f"{substance} {n}", strength="12.5 mg/mL", volume_ml=Decimal("0.125"), lot=lot)
        for n in range(count)
    )
    label = SyringeLabel(
        patient=patient,
        identifier="Born 1 Jan 1980 · File 12",
        syringe="A",
        lines=lines,
        at="2 Mar 2026",
        initials="A",
    )
    words = {"lot_word": "Lot", "part_words": "%(n)s of %(total)s"}
    data = labels_data(
        [label] * labels, title="Labels", language="en", size_mm=Clinic(label_size=size).label_mm, **words
    )
    return read(print_data(data, datetime(2026, 3, 2, tzinfo=UTC), template="label.typ")).pages


def said(page) -> str:
    return " ".join(page.extract_text().split())


def least_type(page) -> float:
    """The size of the smallest letters of a page, in points."""
    found = set()
    page.extract_text(visitor_text=lambda text, _cm, tm, _font, size: text.strip() and found.add(size * abs(tm[3])))
    return min(found)


@pytest.mark.parametrize("size", [one.value for one in Clinic.LabelSize])
@pytest.mark.parametrize("count", [1, 4, 12])
def test_however_many_lines_and_whatever_the_size_nothing_is_cut(count, size):
    pages = printed(size, count)

    together = " ".join(said(page) for page in pages)
    assert all(f"long name {n}" in together for n in range(count))
    for number, page in enumerate(pages, start=1):
        assert "Born 1 Jan 1980" in said(page), "each says whose it is"
        assert (f"{number} of {len(pages)}" in said(page)) == (len(pages) > 1)


def test_what_fits_in_readable_type_is_one_label_each():
    assert len(printed("62x29", 4, labels=2, **USUAL)) == 2


@pytest.mark.parametrize("size", ["62x29", "57x32"])
def test_many_lines_go_on_on_a_second_label_in_type_that_can_be_read(size):
    pages = printed(size, 12, **USUAL)

    assert len(pages) == 2
    assert min(least_type(page) for page in pages) >= READABLE_PT
