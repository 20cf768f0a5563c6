"""The clinic's paper: its size, the logo at the head of all that is printed, and what is no logo."""

import struct
import zlib
from types import SimpleNamespace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.refused import Refused
from mesoclinic.core.roles import Role
from sessions.models import PaperSettings
from sessions.printing.logo import MOST_BYTES, logo_svg
from sessions.printing.pdf import course_pdf
from sessions.queries.paper import paper_of, paper_size
from sessions.queries.reports import course_report, get_or_404
from sessions.services.paper import set_paper
from tests.factories import make_clinic, make_user
from tests.sessions.report_world import LATER, full_world
from tests.sessions.test_pdf import read
from tests.shared import shared

pytestmark = pytest.mark.django_db


def png(width: int = 40, height: int = 20, *, dots: bytes = b"") -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = b"".join(b"\0" + b"\x80\x20\x40" * width for _row in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", dots or zlib.compress(rows)) + chunk(b"IEND", b"")
    )


@shared
def world():
    clinic = make_clinic(country="US")
    return SimpleNamespace(clinic=clinic, admin=make_user(clinic, Role.ADMIN))


def sent(client, world, **fields):
    client.force_login(world.admin)
    return client.post(reverse("sessions:paper"), {"size": "", **fields})


@pytest.mark.parametrize(
    ("country", "chosen", "paper"), [("US", "", "us-letter"), ("FR", "", "a4"), ("US", "a4", "a4")]
)
def test_the_size_is_that_of_the_country_unless_the_clinic_says_another(country, chosen, paper):
    clinic = make_clinic(country=country)
    set_paper(actor=None, clinic=clinic, size=chosen)

    assert paper_size(clinic, paper_of(clinic)) == paper


def test_the_logo_is_on_paper_and_page_and_can_be_taken_off(client, world):
    answer = sent(client, world, logo=SimpleUploadedFile("x.png", png()))

    assert answer.status_code == 302
    assert bytes(PaperSettings.objects.get().logo) == png()
    assert "data:image/png;base64" in client.get(reverse("sessions:paper")).content.decode()
    assert AuditEvent.objects.filter(verb="clinic.paper-set").exists()
    sent(client, world, without_logo="on")
    assert PaperSettings.objects.get().logo is None


def test_the_report_has_the_logo_with_its_alternative_text(client):
    world = full_world()
    set_paper(actor=world.user, clinic=world.clinic, size="us-letter", logo=png())

    report = course_report(get_or_404(world.clinic, world.course.public_id), LATER.date())
    client.force_login(world.user)
    html = client.get(reverse("sessions:course-report", args=[world.course.public_id])).content.decode()

    pdf = read(course_pdf(report))
    assert "data:image/png;base64" in html
    assert any(len(page.images) for page in pdf.pages[:1])
    assert round(float(pdf.pages[0].mediabox.width)) == 612


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("logo.png", png() + b"\0" * MOST_BYTES, "larger than 1 MB"),
        (
            "logo.svg",
            b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
            "no whole PNG or JPEG",
        ),
        ("logo.png", b"<svg><script>alert(1)</script></svg>", "no whole PNG or JPEG"),
        ("logo.png", png()[:-20], "no whole PNG or JPEG"),
        ("logo.png", png(dots=b"no dots at all"), "no whole PNG or JPEG"),
        ("logo.jpg", b"\xff\xd8\xff\xe0", "no whole PNG or JPEG"),
        ("logo.pdf", b"%PDF-1.7 %%EOF", "no whole PNG or JPEG"),
        ("logo.png", png(4001, 1), "more than 4000 dots"),
        ("logo.png", b"x" * (50 * 1024 * 1024), "larger than 1 MB"),
    ],
)
def test_what_is_no_logo_is_refused_in_a_sentence_at_its_field(client, world, name, content, words):
    answer = sent(client, world, logo=SimpleUploadedFile(name, content))

    assert answer.status_code == 200
    assert words in str(answer.context["form"].errors["logo"])
    assert not PaperSettings.objects.exists()


def test_an_unknown_size_is_refused(world):
    with pytest.raises(Refused) as refused:
        set_paper(actor=world.admin, clinic=world.clinic, size="a3")

    assert refused.value.field == "size"


def test_the_logo_keeps_its_proportions_within_its_room():
    assert 'viewBox="0 0 120 60"' in logo_svg(png(400, 200), "Clinic")
    assert 'viewBox="0 0 240 12"' in logo_svg(png(400, 20), "Clinic")
