"""What every test may rely on."""

import os
from collections import Counter

import pytest
from django.conf import settings
from django.db import connection, connections
from django.test import TransactionTestCase
from django.utils import timezone, translation
from hypothesis import settings as hypothesis_settings

from mesoclinic.core import doorbell, freeze
from tests.chromium import NoChromiumError, find_chromium

# A busy machine is no fault of an example.
hypothesis_settings.register_profile("unhurried", parent=hypothesis_settings(), deadline=None)
hypothesis_settings.load_profile("unhurried")

_empty_database = TransactionTestCase._fixture_teardown


def _empty_frozen_database(self):
    """Django empties the tables after a transactional test; signed rows refuse that, so the triggers step aside."""
    with freeze.lifted():
        _empty_database(self)


TransactionTestCase._fixture_teardown = _empty_frozen_database


@pytest.fixture(autouse=True)
def bells(request, monkeypatch):
    """The rings for a worker, as (task name, ids); nobody hears them, unless a test kills real workers."""
    rung: list[tuple[str, tuple[int, ...]]] = []
    if not request.node.get_closest_marker("faults"):
        monkeypatch.setattr(doorbell, "send", lambda name, *ids: rung.append((name, ids)))
    return rung


@pytest.fixture(autouse=True)
def _own_language():
    """A request leaves its language and time zone to the thread; no test begins in those of the one before."""
    translation.deactivate()
    timezone.deactivate()


@pytest.fixture(autouse=True, scope="session")
def _close_connections():
    yield
    connections.close_all()


def pytest_report_header():
    broker = "Redis" if settings.REDIS_URL else "a folder"
    return f"mesoclinic: {settings.DATABASES['default']['ENGINE']}, broker: {broker}"


# Files of few tests that take minutes: begun first, else one process is left alone with the last of them.
LONG = ("test_query_counts.py", "test_hostile_deeds.py", "test_booking_machine.py", "test_demo.py")


@pytest.hookimpl(tryfirst=True)  # before -m looks at the marks
def pytest_collection_modifyitems(items):
    many = Counter(item.path for item in items)
    place = {name: number for number, name in enumerate(LONG)}
    items.sort(key=lambda item: (place.get(item.path.name, len(LONG)), -many[item.path]))
    if connection.vendor != "postgresql":
        elsewhere = pytest.mark.skip(reason="only on PostgreSQL and Redis; make test runs it there")
        for item in items:
            if item.get_closest_marker("postgres"):
                item.add_marker(elsewhere)


@pytest.fixture(scope="session")
def chromium_path():
    """A Chromium to drive; where none can be had the test is skipped in the open, and fails when CI=true."""
    try:
        return find_chromium()
    except NoChromiumError as reason:
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail(str(reason))
        pytest.skip(str(reason))
