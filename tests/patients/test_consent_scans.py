"""Scans of signed forms: told by content, bounded, kept once, downloaded by the right people only, and always noted."""

import struct
import zlib
from datetime import UTC, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.refused import Refused
from mesoclinic.core.roles import Role
from patients import scans
from patients.models import ConsentScan
from patients.services import consents
from tests.factories import PDF_SCAN, make_clinic, make_consent, make_patient, make_user
from tests.shared import shared

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
JPEG = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x05\x08\x00\x01\xff\xda\x00\x02picture\xff\xd9"


def chunk(name: bytes, data: bytes = b"") -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


PNG = scans.PNG_START + chunk(b"IHDR", bytes(13)) + chunk(b"IDAT", b"x") + chunk(b"IEND")
HTML = b"<!doctype html><script>alert(1)</script>"


@pytest.mark.parametrize(("content", "kind"), [(PDF_SCAN, scans.PDF), (JPEG, scans.JPEG), (PNG, scans.PNG)])
def test_a_whole_scan_is_told_by_its_content(content, kind):
    assert scans.kind_of(content) is kind


WRONG = {
    "nothing": b"",
    "a page": HTML,
    "a page after a comment": b"GIF89a/*" + HTML,
    "a PDF's name only": b"%PDF",
    "half a PDF": PDF_SCAN[:-10],
    "a PDF behind a page": HTML + PDF_SCAN,
    "half a photograph": JPEG[:-2],
    "a JPEG's first bytes only": b"\xff\xd8\xff" + HTML,
    "a JPEG without a picture": b"\xff\xd8\xff\xda\x00\x02\xff\xd9",
    "half a PNG": PNG[:-4],
    "a changed PNG": PNG.replace(b"IDATx", b"IDATy"),
    "a PNG's first bytes only": scans.PNG_START + HTML,
    "a program": b"MZ" + bytes(200),
}


@pytest.mark.parametrize("content", WRONG.values(), ids=WRONG)
def test_what_is_no_scan_is_refused_whatever_its_name(content):
    assert scans.kind_of(content) is None


@pytest.mark.parametrize("whole", [JPEG, PNG])
def test_no_cut_off_scan_breaks_the_reader(whole):
    assert [scans.kind_of(whole[:length]) for length in range(len(whole))] == [None] * len(whole)


@shared
def consent():
    return make_consent(make_patient(make_clinic()))


def browser_of(consent, role=Role.RECEPTION) -> Client:
    browser = Client()
    browser.force_login(make_user(consent.patient.clinic, role))
    return browser


def send(browser, consent, content, name="form.pdf", content_type="application/pdf"):
    address = reverse("patients:add-scan", args=[consent.patient.public_id, consent.public_id])
    return browser.post(address, {"scan": SimpleUploadedFile(name, content, content_type)})


def ask(browser, scan):
    return browser.get(reverse("patients:read-scan", args=[scan.consent.patient.public_id, scan.public_id]))


def test_a_scan_is_sent_shown_and_read_back(consent):
    desk = browser_of(consent)

    sent = send(desk, consent, PDF_SCAN)
    page = desk.get(sent["Location"]).content.decode()
    scan = ConsentScan.objects.get()
    answer = ask(desk, scan)

    assert reverse("patients:read-scan", args=[consent.patient.public_id, scan.public_id]) in page
    assert answer.content == PDF_SCAN
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["Cache-Control"] == "no-store"
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_sending_and_reading_are_noted(consent):
    desk = browser_of(consent)
    send(desk, consent, PDF_SCAN)

    ask(desk, ConsentScan.objects.get())

    verbs = AuditEvent.objects.filter(patient_id=consent.patient_id, verb__startswith="consent.scan")
    assert list(verbs.order_by("pk").values_list("verb", flat=True)) == ["consent.scan-added", "consent.scan-read"]


def test_a_page_that_calls_itself_a_pdf_is_refused_in_words(consent):
    answer = send(browser_of(consent), consent, HTML)

    assert "no whole PDF, JPEG or PNG" in answer.content.decode()
    assert not ConsentScan.objects.exists()


def test_the_storage_learns_neither_the_senders_name_nor_the_patients(consent):
    send(browser_of(consent), consent, PNG, name="../../Ada Lovelace.html", content_type="text/html")

    scan = ConsentScan.objects.get()

    assert "Ada" not in scan.file.name
    assert scan.file.name.endswith(".png")
    assert scan.file.name.startswith(f"consents/{consent.patient.clinic_id}/")


def test_a_file_that_is_too_large_is_refused(consent, monkeypatch):
    monkeypatch.setattr(consents, "MOST_BYTES", 40)

    with pytest.raises(Refused) as refused:
        consents.add_scan(actor=None, consent=consent, content=PDF_SCAN, now=NOW)

    assert refused.value.code == "too-large"


def test_the_same_scan_is_kept_once(consent):
    consents.add_scan(actor=None, consent=consent, content=PDF_SCAN, now=NOW)

    with pytest.raises(Refused) as refused:
        consents.add_scan(actor=None, consent=consent, content=PDF_SCAN, now=NOW)

    assert refused.value.code == "already-there"


@pytest.mark.parametrize("fault", ["gone", "changed"])
def test_a_file_lost_or_changed_in_the_storage_is_told_and_not_sent(consent, fault):
    scan = consents.add_scan(actor=None, consent=consent, content=PDF_SCAN, now=NOW)
    if fault == "gone":
        scan.file.storage.delete(scan.file.name)
    else:
        with scan.file.storage.open(scan.file.name, "wb") as file:
            file.write(HTML)

    answer = ask(browser_of(consent), scan)

    assert answer.status_code == 302


def test_nobody_of_another_clinic_reads_it(consent):
    scan = consents.add_scan(actor=None, consent=consent, content=PDF_SCAN, now=NOW)
    stranger = Client()
    stranger.force_login(make_user(make_clinic(), Role.RECEPTION))

    assert ask(stranger, scan).status_code == 404
    assert ask(browser_of(consent, Role.ADMIN), scan).status_code == 403
