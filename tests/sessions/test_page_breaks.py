"""Where a printed report breaks: no row of a table alone on a page, and nothing cut off for that."""

import pytest

from sessions.printing.pdf import course_pdf
from sessions.printing.pieces import table
from tests.sessions.test_pdf import a_plan, a_report, read

pytestmark = pytest.mark.engine


def test_no_row_of_a_table_stands_alone_on_a_page():
    """The plan breaks over two pages; whatever its length, two rows at least stand on each, under their heads."""
    for count in range(12, 30):
        pages = [page.extract_text() for page in read(course_pdf(a_report(plan=a_plan(count)))).pages]
        rows = [text.count("2 days late") for text in pages]

        assert sum(rows) == count
        assert all(some != 1 for some in rows), (count, rows)
        assert all("Timing" in text for text, some in zip(pages, rows, strict=True) if some)


def test_a_row_higher_than_a_page_is_not_held_together():
    rows = [[str(n), "A long text. " * 400] for n in range(1, 5)]
    block = table([("No.", "right", "auto"), ("Note", "left", "1fr")], rows)[0]

    assert block["keep"] == {"first": 0, "last": 0}
