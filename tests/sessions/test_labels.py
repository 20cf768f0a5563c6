"""Syringe labels: one a syringe, everything on it, nothing stale, and written down."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from mesoclinic.core.models import AuditEvent, Clinic
from mesoclinic.core.refused import Refused
from mesoclinic.core.services import clinics
from sessions.printing.labels import LabelLine, SyringeLabel, labels_data
from sessions.printing.pdf import print_data
from sessions.queries import records as reads
from sessions.queries.labels import initials, syringe_labels
from sessions.services import records
from sessions.services.records import Typed, save_draft
from tests.sessions.booking_world import at
from tests.sessions.record_world import filled, lot_of, record_world, save, start
from tests.sessions.test_pdf import read
from tests.sessions.test_record_pages import page_data


@pytest.fixture
def world():
    return record_world()


@pytest.fixture
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
    assert (first.at, first.initials) == ("2 Mar 2026 10:05", initials(world.doctor_user))
    assert second.total_ml == Decimal(1)


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


@pytest.mark.django_db
def test_the_records_button_saves_first_so_that_no_label_is_older_than_the_screen(world, draft):
    browser = Client()
    browser.force_login(world.doctor_user)
    data = page_data(browser, draft) | {"lines-0-prepared_ml": "4", "then": "label"}

    answer = browser.post(reverse("sessions:record-save", args=[draft.public_id]), data)

    assert answer["Location"] == reverse("sessions:record-label", args=[draft.public_id])
    assert draft.administrations.get(position=1).prepared_ml == 4


@pytest.mark.django_db
def test_a_label_has_the_size_the_clinic_set(world, draft):
    clinics.update_clinic(actor=None, clinic=world.clinic, label_size="38x25")
    draft = reads.get_or_404(world.clinic, draft.public_id)

    pages = read(records.print_labels(actor=world.doctor_user, record=draft)).pages

    sizes = {tuple(round(float(side) / 72 * 25.4) for side in page.mediabox[2:]) for page in pages}
    assert sizes == {(38, 25)}


@pytest.mark.django_db
def test_only_sizes_there_are_labels_of_are_kept(world):
    with pytest.raises(Refused):
        clinics.update_clinic(actor=None, clinic=world.clinic, label_size="1x1")
    with pytest.raises(IntegrityError), transaction.atomic():
        Clinic.objects.filter(pk=world.clinic.pk).update(label_size="9x9")


@pytest.mark.parametrize("size", [one.value for one in Clinic.LabelSize])
@pytest.mark.parametrize("count", [1, 4, 12])
def test_however_many_lines_and_whatever_the_size_each_label_is_one_page(count, size):
    lines = tuple(
        LabelLine(
            substance=f"Substance {n} of a long name", strength="12.5 mg/mL", volume_ml=Decimal("0.125"), lot="L" * 20
        )
        for n in range(count)
    )
    label = SyringeLabel(
        patient="X" * 200,
        identifier="Born 1 Jan 1980 · File 12",
        syringe="A",
        lines=lines,
        at="2 Mar 2026",
        initials="A",
    )
    data = labels_data(
        [label, label], title="Labels", language="en", lot_word="Lot", size_mm=Clinic(label_size=size).label_mm
    )

    pdf = print_data(data, datetime(2026, 3, 2, tzinfo=UTC), template="label.typ")

    pages = read(pdf).pages
    assert len(pages) == 2
    said = " ".join(pages[0].extract_text().split())
    assert all(f"Substance {n} of" in said for n in range(count))
