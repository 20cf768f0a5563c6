"""Rows that all tests of a file begin with, made once for the file instead of once for each test.

    @shared
    def world():
        return full_world()

is a fixture like any other: each test gets a copy of its own, of the objects and, in a transaction inside the file's, of
the rows. It may ask for other shared fixtures of its file, and yield inside a moment that is to last as long as the
file's tests do. Not for tests that commit (`transaction=True`).
"""

import inspect
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import ModuleType
from typing import Any

import pytest


def shared(make: Callable[..., Any]):
    """Decorate a fixture that makes rows and needs nothing but the database and other shared ones."""

    @pytest.fixture(name=make.__name__)
    def given(db, own_copies):
        return own_copies[make.__name__]

    given.makes_rows = make
    return given


@contextmanager
def all_made(module: ModuleType) -> Iterator[dict[str, Any]]:
    """Call every maker of a module, in the order they stand there; what they give by the name of its fixture."""
    made: dict[str, Any] = {}
    with ExitStack() as stack:
        for name, fixture in vars(module).items():
            if make := getattr(fixture, "makes_rows", None):
                asked = [made[other] for other in inspect.signature(make).parameters]
                lasts = inspect.isgeneratorfunction(make)
                made[name] = stack.enter_context(contextmanager(make)(*asked)) if lasts else make(*asked)
        yield made
