"""Reminders go out at the hour they should, and never at night, whatever the clocks do."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.scheduling.reminding import Night, due_at, nearest_due

pytestmark = pytest.mark.engine

PARIS = ZoneInfo("Europe/Paris")
ZONES = [PARIS, ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Asia/Tokyo")]
NIGHT = Night(time(20), time(8))
DAY = 24 * 60


def local(text: str, zone=PARIS) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("starts", "lead_min", "due"),
    [
        ("2026-03-10 10:00", DAY, "2026-03-09 10:00"),
        ("2026-03-29 10:00", DAY, "2026-03-28 10:00"),  # the clocks go forward in the night between
        ("2026-10-25 10:00", DAY, "2026-10-24 10:00"),  # and back
        ("2026-03-10 10:00", 90, "2026-03-10 08:30"),
        ("2026-03-10 10:00", 180, "2026-03-10 08:00"),  # 7:00 is night: in the morning
        ("2026-03-10 08:30", 120, "2026-03-09 19:30"),  # the morning is too late: before the night begins
        ("2026-03-10 07:00", DAY, "2026-03-09 08:00"),
    ],
)
def test_a_reminder_is_due_at_a_decent_hour(starts, lead_min, due):
    assert due_at(local(starts), lead_min, PARIS, NIGHT) == local(due)


def test_without_a_night_every_hour_will_do():
    never = Night(time(0), time(0))

    assert not never.holds(local("2026-03-10 03:00"), PARIS)
    assert due_at(local("2026-03-10 08:30"), 120, PARIS, never) == local("2026-03-10 06:30")


def test_a_night_that_does_not_cross_midnight():
    siesta = Night(time(0, 30), time(7))

    assert siesta.holds(local("2026-03-10 00:30"), PARIS)
    assert not siesta.holds(local("2026-03-10 07:00"), PARIS)
    assert siesta.end_after(local("2026-03-10 02:00"), PARIS) == local("2026-03-10 07:00")


def test_of_several_reminders_the_nearest_that_is_due_goes_out():
    starts, leads = local("2026-03-10 15:00"), [7 * DAY, DAY, 120]

    chosen = [nearest_due(starts, leads, PARIS, NIGHT, local(now)) for now in
              ("2026-03-03 14:59", "2026-03-03 15:00", "2026-03-09 15:00", "2026-03-10 13:00")]  # fmt: skip

    assert chosen == [None, 7 * DAY, DAY, 120]


times = st.times().map(lambda one: one.replace(second=0, microsecond=0))
instants = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))


@given(instants, st.integers(1, 10 * DAY), st.sampled_from(ZONES), times, st.integers(0, 16 * 60))
def test_nothing_is_ever_due_at_night_or_too_late(starts_at, lead_min, zone, from_time, night_min):
    until = (datetime.combine(datetime(2026, 1, 1), from_time) + timedelta(minutes=night_min)).time()
    night = Night(from_time, until)

    due = due_at(starts_at, lead_min, zone, night)

    assert not night.holds(due, zone)
    assert due < starts_at
    assert due > starts_at - timedelta(minutes=lead_min) - timedelta(hours=18)


@given(instants, st.sampled_from(ZONES), times, times)
def test_the_morning_after_is_the_first_moment_that_is_not_night(at, zone, from_time, until_time):
    night = Night(from_time, until_time)

    morning = night.end_after(at, zone)

    assert not night.holds(morning, zone)
    if morning > at:
        assert night.holds(morning - timedelta(minutes=1), zone) or morning - at < timedelta(minutes=1)
        assert morning - at <= timedelta(hours=25)
