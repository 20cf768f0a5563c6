"""Where pages end: no row of a table, no heading and no signature stands alone, and nothing leaves the page."""

import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pypdf
import pytest

from sessions.printing.document import Addendum, ClinicPart, MixLine, Seal, Signature, Variant
from sessions.printing.overview_paper import OverviewPaper, overview_pdf, table_block
from sessions.printing.pdf import course_pdf
from tests.sessions.test_pdf import START, a_report, a_session, read

pytestmark = pytest.mark.engine

LEFT_AND_RIGHT = (("Name", "left"), ("Count", "right"))
BOTTOM_MM, MM = 19, 72 / 25.4


def a_paper(tables: Sequence[Sequence[Sequence[str]]], paper: str = "a4") -> bytes:
    """Each table under a heading of its own, one after the other."""
    sections = [(f"Heading {n:02}", table_block(LEFT_AND_RIGHT, rows)) for n, rows in enumerate(tables, 1)]
    return overview_pdf(
        OverviewPaper(
            title="Overview",
            days="March",
            filters="",
            clinic=ClinicPart(name="Clinic"),
            printed="Printed",
            page_of="Page {page} of {pages}",
            printed_on=START,
            sections=sections,
            paper=paper,
        )
    )


def rows_by_page(pages: Sequence[str], pattern: str) -> list[int]:
    """How many different rows each page has, leaving out those without any."""
    return [count for count in (len(set(re.findall(pattern, page))) for page in pages) if count]


def texts(pdf: bytes) -> list[str]:
    return [page.extract_text() for page in read(pdf).pages]


@pytest.mark.parametrize("paper", ["a4", "us-letter"])
def test_no_table_of_any_length_leaves_a_row_or_its_heading_alone_on_a_page(paper):
    lengths = range(1, 81)

    pages = texts(a_paper([[[f"t{n:02}-{row:02}", "1"] for row in range(n)] for n in lengths], paper))

    broken = 0
    for n in lengths:
        counts = rows_by_page(pages, rf"t{n:02}-\d\d")
        assert sum(counts) == n
        assert n == 1 or min(counts) > 1, f"{n} rows as {counts}"
        first = next(page for page in pages if f"t{n:02}-00" in page)
        assert f"Heading {n:02}" in first
        broken += len(counts) > 1
    assert broken > 40, "hardly a table met the end of a page"


def test_a_head_is_on_each_page_that_has_rows_and_on_no_other():
    pages = texts(a_paper([[[f"row-{n:03}", "1"] for n in range(200)]]))

    assert len(pages) > 3
    for page in pages:
        assert ("Count" in page) == ("row-" in page)


@pytest.mark.parametrize("paper", ["a4", "us-letter"])
@pytest.mark.parametrize("letters", [100, 190, 2_500])
def test_rows_of_any_height_stay_on_the_page(paper, letters):
    cell = " ".join("word" for _ in range(letters // 5))
    rows = [[f"first {cell}", cell] for _ in range(3)]

    reader = read(a_paper([rows] * 7, paper))

    found = [at for page in reader.pages for at in heights_mm(page)]
    assert sum(page.extract_text().count("word") for page in reader.pages) == 7 * sum(
        one.count("word") for row in rows for one in row
    )
    assert min(found) >= BOTTOM_MM


def heights_mm(page: pypdf.PageObject) -> list[float]:
    """How far above the paper's edge each piece of a table's text stands."""
    found: list[float] = []

    def visit(text: str, at: Sequence[float], inside: Sequence[float], *_font: object) -> None:
        if "word" in text:
            found.append((at[5] + inside[5] * at[3]) / MM)

    page.extract_text(visitor_text=visit)
    return found


@pytest.mark.parametrize("lines", [40, 41, 43])
@pytest.mark.parametrize("addenda", [0, 2])
def test_who_signed_stands_on_a_page_with_what_was_signed(lines, addenda):
    mix = tuple(MixLine(substance=f"Substance {n}", given_ml=Decimal("0.25"), lot=f"LOT-{n:02}") for n in range(lines))
    added = tuple(
        Addendum(kind="Correction", text=f"added-{n:02}", by="Dr. Camille Roux", on=START) for n in range(addenda)
    )
    session = a_session(1, mix=mix, addenda=added, sites=a_session(1).sites * 11)

    pages = texts(course_pdf(a_report(sessions=(session,))))

    assert min(rows_by_page(pages, r"LOT-\d\d")) > 1
    signed = next(page for page in pages if "Signed by Dr. Camille Roux" in page)
    assert ("added-01" if addenda else "Seconds to relief") in signed or "45 s" in signed


@pytest.mark.parametrize("count", [1, 2, 3, 17, 18, 31, 36, 43])
def test_the_signatures_break_over_pages_and_their_code_stands_below_the_last_of_them(count):
    sessions = tuple(
        replace(
            a_session(n), mix=(), sites=(), scores=(), signature=Signature(by="Dr. Roux", at="", short_hash=f"h-{n:02}")
        )
        for n in range(1, count + 1)
    )
    seal = Seal(address="https://clinic.example/verify/abc/", count=count)

    pages = texts(course_pdf(a_report(sessions=sessions, variant=Variant.INSURER, seal=seal)))

    with_rows = [page for page in pages if "h-" in page]
    assert "/verify/abc/" in with_rows[-1]
    assert count == 1 or min(rows_by_page(pages, r"h-\d\d")) > 1
    assert len(with_rows) == len(pages) or len(pages) - len(with_rows) == 1
