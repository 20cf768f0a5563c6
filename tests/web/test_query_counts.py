"""Every page asks the database as often for a thousand rows as for ten."""

import pytest

from tests.bench.pages import queries_per_page

pytestmark = pytest.mark.django_db


def test_no_page_asks_more_of_the_database_when_there_are_more_rows():
    summary, *uneven = queries_per_page(few=10, many=1000)

    assert uneven == []
    assert summary.value == "1.00"
