"""Every page asks the database as often for many rows as for ten: each URL of the rights matrix is asked, none is chosen.

The lists are asked with a thousand rows too. `make bench` does that with every page.
"""

import pytest

from tests.bench.pages import count_pages
from tests.web.rights import all_rows

pytestmark = pytest.mark.django_db

# These must be longer where there is more to list, or the crowd does not reach them and the count proves nothing.
LISTS = {
    *("core:users", "patients:list", "patients:places", "patients:duplicates", "patients:merge", "patients:edit-party"),
    *("protocols:list", "protocols:detail", "protocols:substances", "protocols:stock", "protocols:lot"),
    "protocols:pairs",
    *("sessions:today", "sessions:close-day", "sessions:day-list", "sessions:calendar-feed", "sessions:appointment"),
    *("sessions:book-planned", "sessions:new-caller", "sessions:patient", "sessions:patient-access-log"),
    *("sessions:courses", "sessions:course", "sessions:prescribe", "sessions:reports", "sessions:course-report"),
    *("sessions:records-unsigned", "sessions:record-view", "sessions:record-edit", "sessions:access-log"),
    *("sessions:practitioners", "sessions:rooms", "sessions:hours", "sessions:edit-hours", "sessions:absences"),
    *("sessions:closures", "sessions:waiting", "sessions:outbox", "sessions:rounds", "sessions:to-call"),
    *("sessions:rebook", "sessions:overview", "sessions:overview-part", "sessions:calendar", "sessions:book-round"),
    *("sessions:batches", "sessions:follow-ups", "sessions:recalls", "sessions:retention", "patients:imports"),
    "protocols:competition-rules",
    *("sessions:course-progress", "sessions:course-card", "sessions:patient-card", "sessions:day-list-pdf"),
}
# One event for each patient on the paper: of a hundred, SQLite takes some in a second statement, PostgreSQL none.
PRINTED_ROW_BY_ROW = {"sessions:day-list-pdf"}
# A URL that only takes a POST; one that leads on to another page; one that has nothing new to say.
NO_PAGE = {"405", "302", "204"}


@pytest.mark.once
def test_every_page_asks_as_often_for_many_rows_as_for_ten():
    counted = count_pages(few=10, many=150)

    assert counted.uneven.keys() <= PRINTED_ROW_BY_ROW
    assert counted.grown >= LISTS
    assert set(counted.no_page.values()) <= NO_PAGE, counted.no_page
    assert {name.split()[0] for name in counted.queries} | counted.no_page.keys() == all_rows().keys()


@pytest.mark.postgres  # SQLite takes at most 999 keys in a statement
def test_every_list_asks_as_often_for_a_thousand_rows_as_for_ten():
    counted = count_pages(few=10, many=1000, only=LISTS)

    assert not counted.uneven
    assert counted.grown >= LISTS
    assert {name.split()[0] for name in counted.queries} == LISTS
