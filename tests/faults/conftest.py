"""Fixtures of the tests that kill things: a real database, real brokers, real workers."""

from contextlib import ExitStack

import pytest

from tests.processes import celery_worker, empty_broker


def pytest_collection_modifyitems(items):
    for item in items:
        if "tests/faults/" in item.path.as_posix():
            item.add_marker("faults")


@pytest.fixture
def broker():
    """An empty broker before and after; the one the settings name, never a memory broker."""
    empty_broker()
    yield
    empty_broker()


@pytest.fixture
def start_worker(transactional_db, broker):
    """Start real prefork workers on the committed data of this test; they are gone when the test ends."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(celery_worker(**options))
