"""Every page that offers to be printed, printed by the browser on either paper: no sheet is blank, nothing is cut off, and
every sheet after the first says whose it is.
"""

import re
from io import BytesIO

import pytest
from django.urls import reverse
from pypdf import PdfReader

from sessions.services.figures import count_courses
from tests.sessions.booking_world import at
from tests.sessions.report_world import full_world, planned

WIDTHS = {"A4": 794, "Letter": 816}  # CSS pixels
LONG = "Bartholomäus von der Ångströmhöhe " * 5
BEYOND = """width => [...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > width)
    .map((one) => `${one.tagName}.${one.className}`).slice(0, 5)"""


@pytest.mark.once
def test_pages_to_print_are_neither_blank_nor_cut_off(look):
    world = full_world(name=LONG[:170].strip())
    on = planned(world, 3).due_on
    count_courses(now=at("02:00", 60))
    looker = look(world.manager)
    course = [world.course.public_id]
    month = {"period": "own", "from_on": "2026-03-01", "until_on": "2026-03-31"}
    pages = {
        reverse("sessions:course-report", args=course): "Mepivacaine",
        reverse("sessions:course", args=course): "Bartholomäus",
        reverse("sessions:day-list", query={"on": on.isoformat()}): "Bartholomäus",
        reverse("sessions:overview", query=month): "booked",
        reverse("sessions:overview-part", args=["courses"], query=month): "sessions done",
        reverse("sessions:overview-part", args=["outcomes"], query=month): "As counted on",
        reverse("sessions:overview-part", args=["safety"], query=month): "expire soon",
        reverse("sessions:patient-access-log", args=[world.patient.public_id]): "printed or changed",
    }
    assert at("12:00", 13).date() < on

    longest = 0
    for address, said in pages.items():
        page = looker.go(address)
        page.emulate_media(media="print")
        for paper, width in WIDTHS.items():
            page.set_viewport_size({"width": width, "height": 1000})
            page.evaluate("document.fonts.ready.then(() => true)")
            wide = page.evaluate("document.documentElement.scrollWidth")
            sheets = [sheet.extract_text() for sheet in PdfReader(BytesIO(page.pdf(format=paper))).pages]
            assert wide <= width, (address, paper, page.evaluate(BEYOND, width))
            assert said in " ".join(" ".join(sheets).split()), (address, paper)
            running = page.evaluate("JSON.parse(document.documentElement.style.getPropertyValue('--running'))")
            bodies = [re.sub(rf"\d+ / {len(sheets)}", "", " ".join(sheet.split())) for sheet in sheets]
            assert all(running in body for body in bodies[1:]), (address, paper, running)
            assert all(body.replace(running, "").strip() for body in bodies), (address, paper)
            assert len(sheets) < 12, (address, paper)
            longest = max(longest, len(sheets))
        page.emulate_media(media="screen")
    assert longest > 1
