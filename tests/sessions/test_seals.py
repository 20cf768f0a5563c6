"""The code on a printed report: it leads to a page that says whether the signatures hold, and nothing medical."""

import json
import re
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
import qrcode
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from sessions.models import Signature
from sessions.printing.document import Variant
from sessions.printing.layout import course_data
from sessions.printing.qr import ANY_MASK, QUIET, qr_svg
from sessions.printing.variants import for_variant
from sessions.queries.reports import course_report, get_or_404
from sessions.queries.seals import ForgedSealError, check_seal
from sessions.services import records
from tests.sessions.booking_world import NOW, at
from tests.sessions.record_world import lifted_everywhere, record_world, signed
from tests.shared import shared

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def morning():
    cache.clear()  # the rate limit counts over tests
    with time_machine.travel(NOW, tick=False):
        yield


@shared
def world():
    return record_world()


def seal(world):
    return course_report(get_or_404(world.clinic, world.course.public_id), NOW.date()).seal


def token(world) -> str:
    return seal(world).address.rstrip("/").rsplit("/", 1)[1]


def add(world, record, kind="addendum"):
    records.add_addendum(
        actor=world.doctor_user, record=record, kind=kind, text="Slept", reason="Phone", now=at("19:00")
    )


def test_a_course_without_signatures_has_no_seal(world):
    assert seal(world) is None


def test_anybody_is_told_whether_the_signatures_hold_and_nothing_medical(world, client):
    record = signed(world)

    answer = client.get(seal(world).address)

    html = answer.content.decode()
    assert answer.status_code == 200
    assert "The signatures hold" in html
    assert world.clinic.name in html
    assert Signature.objects.get(record=record).sha256[:12] in html
    for private in (world.patient.name, "Mepivacaine", world.course.indication.name, world.doctor.name):
        assert private not in html
    assert (answer["X-Robots-Tag"], "no-store" in answer["Cache-Control"]) == ("noindex", True)


@pytest.mark.parametrize("variant", [Variant.FULL, Variant.PATIENT, Variant.REFERRAL, Variant.INSURER])
@pytest.mark.parametrize("kind", ["addendum", "withdrawal"])
def test_every_signature_the_page_counts_is_printed(world, client, variant, kind):
    add(world, signed(world), kind)
    report = for_variant(course_report(get_or_404(world.clinic, world.course.public_id), NOW.date()), variant)
    client.force_login(world.doctor_user)

    on_page = client.get(reverse("sessions:course-report", args=[world.course.public_id]), {"for": str(variant)})
    on_paper = json.dumps(course_data(report))

    hashes = check_seal(token(world)).hashes
    assert len(hashes) == 2
    for one in hashes:
        assert one in on_paper
        assert one in on_page.content.decode()


def test_an_addendum_later_leaves_the_paper_valid_and_says_there_is_more(world):
    record = signed(world)
    printed = token(world)

    add(world, record)

    found = check_seal(printed)
    assert (found.holds, found.has_more, len(found.hashes)) == (True, True, 1)
    assert len(check_seal(token(world)).hashes) == 2


def test_what_was_changed_behind_the_programs_back_is_said(world, client):
    record = signed(world)
    with lifted_everywhere():
        type(record).objects.filter(pk=record.pk).update(notes="Never said")

    assert not check_seal(token(world)).holds
    assert "The signatures do not hold" in client.get(seal(world).address).content.decode()


@pytest.mark.parametrize(
    "change",
    [
        lambda token: "x",
        lambda token: token[:-1] + ("0" if token[-1] != "0" else "1"),
        lambda token: token.replace(".1.", ".2."),
        lambda token: token.replace(".1.", ".0."),
        lambda token: "A" * 22 + token[22:],
        lambda token: token + "0",
        lambda token: "é" * 22 + token[22:],
        lambda token: token.upper(),
        lambda token: "🐴" * 40,
        lambda token: "a" * 4000,
    ],
)
def test_a_forged_code_is_a_sentence(world, client, change):
    signed(world)
    forged = change(token(world))

    answer = client.get(reverse("sessions:verify-report", args=[forged]))

    assert answer.status_code == 404
    assert "No report with this code was printed here" in answer.content.decode()
    with pytest.raises(ForgedSealError):
        check_seal(forged)


def test_trying_codes_is_slowed_down(world, client):
    answers = [client.get(reverse("sessions:verify-report", args=["x"])).status_code for _n in range(32)]

    assert answers[:30] == [404] * 30
    assert answers[-1] == 429


def test_as_many_statements_for_one_signature_as_for_many(world):
    record = signed(world)
    one = token(world)
    for _n in range(4):
        add(world, record)

    counts = []
    for printed in (one, token(world)):
        with CaptureQueriesContext(connection) as queries:
            check_seal(printed)
        counts.append(len(queries))

    assert counts[0] <= counts[1] <= 11


def test_the_code_drawn_is_that_of_the_address_and_its_address_is_the_page_that_checks(world, client):
    signed(world)
    address = seal(world).address

    drawn = ElementTree.fromstring(qr_svg(address, "Check"))
    side = int(drawn.get("viewBox").split()[2])
    dark = set()
    for x, y, length in re.findall(r"M(\d+) (\d+)h(\d+)v1", drawn.find("{*}path").get("d")):
        dark |= {(int(x) + step, int(y)) for step in range(int(length))}

    code = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_M, border=QUIET, mask_pattern=ANY_MASK)
    code.add_data(address)
    matrix = code.get_matrix()
    assert side == len(matrix)
    assert dark == {(x, y) for y, row in enumerate(matrix) for x, is_dark in enumerate(row) if is_dark}
    assert client.get(urlsplit(address).path).status_code == 200
