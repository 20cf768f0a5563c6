"""The bench runs: every row once, tiny, so that it measures what it says when somebody wants to know."""

import pytest

from tests.bench import (
    booking,
    checking,
    overview,
    pages,
    paper,
    plans,
    reading,
    recalls,
    records,
    searching,
    series,
    serving,
)
from tests.bench.timing import Ratio, Times, WrongResultError, exit_code, interleaved

pytestmark = pytest.mark.django_db(transaction=False)


def test_booking_writes_what_its_floor_writes():
    assert booking.plan_and_book(rounds=1, cadence="2x1w@20").ratio > 0


def test_a_proposal_is_what_the_engine_alone_gives():
    assert series.propose_series(series.busy_clinic(practitioners=2, visits_a_day=2), rounds=1).ratio > 0


def test_reading_finds_what_its_floor_finds_however_many_visits():
    world = reading.big_clinic(practitioners=2, days=7, visits_a_day=3)

    assert reading.free_times(world, rounds=1).ratio > 0
    assert reading.free_times_page(world, rounds=1).ratio > 0
    assert [row.code for row in reading.growth(world, more=20, rounds=1)] == ["P11 P3", "P11 P4"]


def test_nightly_plans_what_its_floor_plans():
    world = plans.open_courses(3)

    assert plans.nightly(world, rounds=1).ratio > 0
    assert plans.planned_anew(world, count=1).p50_ms > 0
    assert plans.quiet_night(world, count=1).p50_ms > 0


def test_records_and_reports_are_the_same_as_their_floors():
    assert records.report_pdf(rounds=1).ratio > 0
    assert records.save_record(rounds=2).ratio > 0


def test_checks_find_what_is_wrong_and_a_chain_that_holds():
    lines = checking.checks(signed=3, rounds=1)

    assert len(lines) == 3


def test_searching_finds_only_what_was_typed():
    found = searching.searches(searching.crowd(300), count=1)

    assert all(isinstance(line, Times) for line in found)


def test_a_recall_finds_everybody_and_nobody_else():
    found = recalls.recall_found(recalls.lots_given(200, received=20), count=1)

    assert all(isinstance(line, Times) for line in found)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)  # indexes are taken off for a flood of rows
def test_the_overview_is_asked_in_a_clinic_of_years():
    lines = overview.parts(overview.years_of_sessions(400, practitioners=2), count=1)

    assert len(lines) == 8 + 4 + 1


def test_requests_are_answered():
    world = serving.clinic_with(appointments=20, visits_a_day=1)
    world.server = None

    lines = serving.requests(world, serving.in_process, count=1)

    assert {"open a patient", "course report as PDF"} <= {line.what for line in lines}


def test_a_wrong_result_is_never_a_time():
    with pytest.raises(WrongResultError):
        interleaved("X", "", lambda _n: lambda: 1, lambda _n: lambda: 2, same=int.__eq__, rounds=1, bound=1, aim=1)


@pytest.mark.parametrize(("counts", "verdict"), [([4, 4], "aim met"), ([4, 5], "FAILED"), ([5, 4], "FAILED")])
def test_a_page_that_asks_more_often_for_more_rows_fails_the_run(monkeypatch, counts, verdict):
    letters = {f"page {number}": [0, 1000] for number in range(11)}
    counted = pages.Counted(queries={"sessions:today": counts}, letters=letters)
    monkeypatch.setattr(pages, "count_pages", lambda **_sizes: counted)

    lines = pages.queries_per_page()

    assert {line.verdict for line in lines} == {verdict}
    assert exit_code({"PostgreSQL": lines}) == (verdict == "FAILED")


def test_the_paper_says_whether_a_bound_was_met():
    over = Ratio("P0", "one / other", 5, 1, 5, 5, 5, 3, bound=4, aim=2)

    page = paper.page({"PostgreSQL": [over]}, {"commit": "abc", "machine": "2 cores"})

    assert "| P0 | one / other | 5.0 | 1.0 | **5.00** | 5.00–5.00 | 4 | 2 | OVER BOUND |" in page
