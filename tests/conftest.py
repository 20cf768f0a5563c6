"""What every test may rely on."""

import os
from collections import Counter
from contextlib import ExitStack
from copy import deepcopy
from unittest.mock import patch

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection, connections, transaction
from django.test import TransactionTestCase
from django.utils import timezone, translation
from hypothesis import settings as hypothesis_settings

from mesoclinic.core import doorbell, freeze
from tests.chromium import NoChromiumError, find_chromium
from tests.migrated import migrated
from tests.shared import all_made

# A busy machine is no fault of an example.
hypothesis_settings.register_profile("unhurried", parent=hypothesis_settings(), deadline=None)
hypothesis_settings.load_profile("unhurried")

_empty_database = TransactionTestCase._fixture_teardown


def _empty_frozen_database(self):
    """Django empties the tables after a transactional test; signed rows refuse that, so the triggers step aside."""
    flush = _deleting if connection.vendor == "postgresql" else connection.ops.sql_flush
    with freeze.lifted(), patch.object(connection.ops, "sql_flush", flush):
        _empty_database(self)


def _deleting(_style, tables, **_options):
    """PostgreSQL takes seconds to truncate a hundred tables, as each gets new files; their few rows go at once."""
    frozen = sorted({name.rpartition("_f_")[0] for name in freeze.installed_triggers()})
    steps = [f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE"]
    steps += [f'ALTER TABLE "{table}" DISABLE TRIGGER USER' for table in frozen]
    steps += [f'DELETE FROM "{table}"' for table in tables]
    steps += ["SET CONSTRAINTS ALL IMMEDIATE"]
    steps += [f'ALTER TABLE "{table}" ENABLE TRIGGER USER' for table in frozen]
    return ["; ".join(steps)]


TransactionTestCase._fixture_teardown = _empty_frozen_database


@pytest.fixture(autouse=True)
def bells(request, monkeypatch):
    """The rings for a worker, as (task name, ids); nobody hears them, unless a test kills real workers."""
    rung: list[tuple[str, tuple[int, ...]]] = []
    if not request.node.get_closest_marker("faults"):
        monkeypatch.setattr(doorbell, "send", lambda name, *ids: rung.append((name, ids)))
    return rung


@pytest.fixture(scope="module")
def made_once(request, django_db_setup, django_db_blocker):
    """What the file's `shared` fixtures make, in a transaction around those of its tests."""
    with django_db_blocker.unblock(), transaction.atomic(), patch.object(doorbell, "send"):
        with all_made(request.module) as made:
            yield made
        transaction.set_rollback(True)


@pytest.fixture
def own_copies(made_once):
    """All of that for one test, which may change its objects as it likes; they stay one another's.

    A cache that no transaction takes back knows of the same user, whose wrong passwords it counts.
    """
    cache.clear()
    return deepcopy(made_once)


@pytest.fixture(autouse=True)
def _own_language():
    """A request leaves its language and time zone to the thread; no test begins in those of the one before."""
    translation.deactivate()
    timezone.deactivate()


@pytest.fixture(scope="session")
def django_db_keepdb():
    """On SQLite the database is a copy in a folder that goes away by itself; `tests.servers` drops all of its run."""
    return connection.vendor == "sqlite" or "TEST_REDIS_URLS" in os.environ


@pytest.fixture(scope="session")
def _migrated_once(request, django_db_modify_db_settings_parallel_suffix):
    taking = ExitStack()
    taking.enter_context(migrated(request.config.cache.mkdir("migrated")))
    return taking


@pytest.fixture(scope="session")
def django_db_modify_db_settings(_migrated_once):
    """What comes before the database is made: a migrated one may be kept."""


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, _migrated_once, django_db_blocker):
    """What comes after: it is kept where none was."""
    with django_db_blocker.unblock():
        _migrated_once.close()


@pytest.fixture(autouse=True, scope="session")
def _empty_cache():
    """What the runs before this one kept on the same server."""
    if settings.REDIS_URL:
        cache.clear()


@pytest.fixture(autouse=True, scope="session")
def _close_connections():
    yield
    connections.close_all()


def pytest_report_header():
    broker = "Redis" if settings.REDIS_URL else "a folder"
    return f"mesoclinic: {settings.DATABASES['default']['ENGINE']}, broker: {broker}"


# Files of few tests that take minutes: begun first, else one process is left alone with the last of them.
LONG = (
    *("test_query_counts.py", "test_hostile_deeds.py", "test_booking_machine.py", "test_demo.py"),
    *("test_reminders_killed.py", "test_run_command.py"),
)


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
