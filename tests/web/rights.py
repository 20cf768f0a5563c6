"""How the rights matrix builds its examples: one `Row` for each URL, in `rows_*.py` beside this file.

To add a row for your URL, put it into the ROWS of your app's file (`rows_patients.py`, `rows_sessions_courses.py` …):

    ROWS = {
        "patients:list": Row(),
        "patients:edit": Row(lambda world: {"public_id": world.one(make_patient).public_id}),
        "patients:end-flag": Row(lambda world: {"public_id": world.one(make_patient).public_id,
                                                "flag_id": world.one(make_flag).public_id}),
        "sessions:free-times": Row(query={"minutes": "20"}),
    }

`world.one(make)` calls `make(clinic)` once a clinic and remembers, so rows share objects. The matrix builds every
row in two clinics and asks each role for its own object and for the other clinic's: one at a time where a URL names
several. The right is the one the view wears; nothing about roles is written in a row. Views without a right stand in
`test_rights.OPEN`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from django.db import transaction
from django.http import QueryDict
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from mesoclinic.core.models import Clinic, User
from mesoclinic.core.roles import Role
from tests.factories import make_clinic, make_user


class World:
    """A clinic, a user of every role, and the objects the rows made in it."""

    def __init__(self) -> None:
        self.clinic: Clinic = make_clinic()
        self.users: dict[Role, User] = {role: make_user(self.clinic, role) for role in Role}
        self._made: dict[Callable, Any] = {}

    def one(self, make: Callable[[Clinic], Any]) -> Any:
        """Return what `make(clinic)` gave, made once."""
        if make not in self._made:
            with transaction.atomic():
                self._made[make] = make(self.clinic)
        return self._made[make]


@dataclass(frozen=True)
class Row:
    """How to ask for one URL: the keywords of its path, the query it needs to answer at all, and what its form wants to
    be typed or chosen that does not stand on its page.
    """

    kwargs: Callable[[World], dict[str, Any]] | None = None
    query: dict[str, str] | Callable[[World], QueryDict] = field(default_factory=dict)
    typed: Callable[[World], dict[str, str | bytes]] = lambda world: {}

    def asked(self, world: World) -> dict[str, str] | QueryDict:
        return self.query(world) if callable(self.query) else self.query

    def address(self, name: str, world: World) -> str:
        return reverse(name, kwargs=self.kwargs(world) if self.kwargs else {}, query=self.asked(world) or None)


def all_rows() -> dict[str, Row]:
    """Collect the rows of every `rows_*.py`; the same URL in two files is a mistake."""
    rows: dict[str, Row] = {}
    for path in sorted(Path(__file__).parent.glob("rows_*.py")):
        own = import_module(f"tests.web.{path.stem}").ROWS
        assert not (twice := rows.keys() & own.keys()), f"{path.name} repeats {twice}"
        rows |= own
    return rows


def all_views(resolver: URLResolver | None = None, namespace: str = "") -> dict[str, Callable]:
    """Walk the resolver: {"patients:edit": view}. A URL without a name is listed by its pattern.

    Two URLs of one name are a mistake: one of them would go unasked.
    """
    found: dict[str, Callable] = {}
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLPattern):
            own = {namespace + (entry.name or f"unnamed {entry.pattern}"): entry.callback}
        else:
            own = all_views(entry, f"{namespace}{entry.namespace}:" if entry.namespace else namespace)
        assert not (twice := found.keys() & own.keys()), f"two URLs are called {twice}"
        found |= own
    return found
