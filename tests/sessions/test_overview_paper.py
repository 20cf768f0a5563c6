"""The overview as PDF says what the page says; charts hold what they are given and nothing else."""

import re
from io import BytesIO
from xml.etree import ElementTree

import pytest
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from mesoclinic.core.roles import Role
from sessions.printing.overview_charts import Bar, bar_chart, heat_map
from sessions.queries.overview import PARTS
from tests.factories import make_clinic, make_user
from tests.sessions.overview_world import FIRST, LAST
from tests.sessions.test_overview_courses import course_world

ASKED = {"period": "own", "from_on": FIRST, "until_on": LAST}


def text_of(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages).split())


@pytest.mark.django_db
def test_the_pdf_says_every_number_of_every_part():
    world = course_world(0)
    client = Client()
    client.force_login(world.manager)

    pdf = client.get(reverse("sessions:overview-pdf"), ASKED)

    printed = text_of(pdf.content)
    assert pdf.headers["Content-Disposition"] == 'inline; filename="2026-03-01_2026-04-30_overview.pdf"'
    told = 0
    for key in PARTS:
        part = client.get(reverse("sessions:overview-part", args=[key]), ASKED).context["part"]
        for block in part.blocks:
            for figure in block.figures:
                assert f"{figure.cell.text} {figure.label}" in printed
            for row in block.rows:
                # A name may be broken over lines; the numbers of a row stand in their order, whatever is between them.
                numbers = [re.escape(cell.text) for cell in row[1:] if cell.text]
                assert row[0].text.split()[0] in printed
                assert re.search(r"\s(?:[^\s]+\s)*?".join(numbers), printed), row
                told += len(numbers)
    assert told > 100


@pytest.mark.django_db
def test_an_empty_clinic_prints_sentences_and_a_wrong_period_leads_back():
    client = Client()
    client.force_login(make_user(make_clinic(), Role.MANAGER))
    url = reverse("sessions:overview-pdf")

    assert "No visit was booked on these days" in text_of(client.get(url).content)
    sent = client.get(url, {"period": "own", "from_on": "2026-03-02", "until_on": "2026-03-01"})
    assert sent.status_code == 302
    assert "The last day is before the first." in client.get(sent.url).content.decode()


@pytest.mark.engine
def test_a_bar_is_as_long_as_its_share_and_never_longer_than_the_whole():
    svg = bar_chart([Bar("<b>A</b>", 0.5, "50 %", 0.2, 0.8), Bar("B", 3.0, "300 %")], title="T", name="n")

    drawn = ElementTree.fromstring(svg)
    widths = [float(one.get("width")) for one in drawn.iter() if one.get("class") == "chart-bar"]
    assert widths[1] == 2 * widths[0]
    assert "<b>" not in svg
    assert bar_chart([], title="T", name="n") == ""


@pytest.mark.engine
def test_a_fuller_hour_is_darker_and_a_shut_one_is_blank():
    shares = {(1, 9): 0.2, (1, 10): 0.9, (2, 9): None}
    svg = heat_map(shares, weekdays=[(1, "Mon"), (2, "Tue")], hours=[9, 10], title="T", name="n")

    drawn = ElementTree.fromstring(svg)
    fields = [float(one.get("fill-opacity")) for one in drawn.iter() if one.get("class") == "chart-heat"]
    assert len(fields) == 3
    assert fields[0] < fields[2]
    assert ">90 %<" in svg
    assert ">+<" in svg
