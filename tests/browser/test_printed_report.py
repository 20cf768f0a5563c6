"""The page of a report printed by the browser: no row stands alone on a sheet, and no session is torn."""

import re
from io import BytesIO

import pytest
from pypdf import PdfReader

from tests.sessions.report_world import add_record, report_world

HEIGHTS_MM = range(240, 300, 6)  # a sheet that ends a few rows earlier each time
DONE, PLANNED = 6, 30
PLAN_ROW = re.compile(r"^\d+ 1.*(?:on time|missed|to come)", re.MULTILINE)  # number, phase, days, how it went


@pytest.mark.once
def test_a_printed_report_ends_its_sheets_where_a_reader_would(look):
    world = report_world(cadence=f"{PLANNED}x1w")
    for number in range(1, DONE + 1):
        add_record(world, number)
    looker = look(world.manager)
    page = looker.go(f"/courses/{world.course.public_id}/report/")

    for height in HEIGHTS_MM:
        sheets = [
            sheet.extract_text() for sheet in PdfReader(BytesIO(page.pdf(width="210mm", height=f"{height}mm"))).pages
        ]

        assert all(f"{n} / {len(sheets)}" in sheet for n, sheet in enumerate(sheets, 1))
        rows = [len(PLAN_ROW.findall(sheet)) for sheet in sheets]
        assert sum(rows) == PLANNED
        assert 1 not in rows
        begun = [len(re.findall(r"^Session \d", sheet, re.MULTILINE)) for sheet in sheets]
        ended = [len(re.findall(r"^Not signed yet$", sheet, re.MULTILINE)) for sheet in sheets]
        assert sum(begun) == DONE
        assert begun == ended
