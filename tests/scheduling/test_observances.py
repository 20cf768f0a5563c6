"""The rules written for calendar programs say what the zone database says, at every hour."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.scheduling.observances import observances

pytestmark = pytest.mark.engine
ZONES = (
    *("Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Tokyo", "Africa/Casablanca"),
    *("Pacific/Auckland", "Asia/Kolkata", "America/Santiago", "Asia/Jerusalem", "America/Asuncion"),
)


@pytest.mark.parametrize(
    ("zone", "rules"),
    [
        ("Europe/Paris", {(3, "-1SU"), (10, "-1SU")}),
        ("America/New_York", {(3, "2SU"), (11, "1SU")}),
        ("Australia/Lord_Howe", {(4, "1SU"), (10, "1SU")}),
        ("Asia/Tokyo", set()),
        ("Africa/Casablanca", set()),  # follows the moon: no yearly rule
    ],
)
def test_a_zone_with_yearly_rules_is_told_by_them(zone, rules):
    assert {one.rule for one in observances(ZoneInfo(zone), 2026, 2027) if one.rule} == rules


def test_a_change_begins_at_the_wall_time_of_the_offset_before():
    summer = next(one for one in observances(ZoneInfo("Europe/Paris"), 2026, 2026) if one.rule and one.is_summer)

    assert summer.starts == datetime(2025, 3, 30, 2)
    assert (summer.offset_from, summer.offset_to) == (timedelta(hours=1), timedelta(hours=2))


@given(st.sampled_from(ZONES).map(ZoneInfo), st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)))
def test_every_hour_has_the_offset_of_the_zone(zone, at):
    instant = at.replace(tzinfo=UTC, minute=0, second=0, microsecond=0)

    begun = [
        (onset, one.offset_to)
        for one in observances(zone, 2026, 2027)
        for onset in onsets(one, range(2025, 2029))
        if onset <= instant
    ]

    assert max(begun)[1] == instant.astimezone(zone).utcoffset()


def onsets(one, years):
    """Expand an observance the way a calendar program does."""
    if one.rule is None:
        return [(one.starts - one.offset_from).replace(tzinfo=UTC)]
    month, day = one.rule
    found = []
    for year in years:
        days = [
            datetime.combine(first, one.starts.time())
            for first in (datetime(year, month, 1) + timedelta(days=n) for n in range(31))
            if first.month == month and first.weekday() == ("MO", "TU", "WE", "TH", "FR", "SA", "SU").index(day[-2:])
        ]
        week = int(day[:-2])
        wall = days[week if week < 0 else week - 1]
        if wall >= one.starts:
            found.append((wall - one.offset_from).replace(tzinfo=UTC))
    return found
