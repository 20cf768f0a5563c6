"""What every test may rely on."""

import pytest
from django.db import connections
from django.test import TransactionTestCase

from mesoclinic.core import doorbell, freeze

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


@pytest.fixture(autouse=True, scope="session")
def _close_connections():
    yield
    connections.close_all()
