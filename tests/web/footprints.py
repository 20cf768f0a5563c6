"""What a request left in the database: the rows that are new, gone or other than before, whatever wrote them."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import connection, models

from mesoclinic.core.forms import CONTROL_CHARACTER
from mesoclinic.core.models import AuditEvent

WRITES = re.compile(r'^\s*(?:INSERT(?: OR \w+)? INTO|UPDATE|DELETE FROM) "(\w+)"', re.IGNORECASE)
# Signing in, being seen, limits and messages are no content; nor is the note that somebody opened a file.
NO_CONTENT = {"django_session", "django_cache", "usersessions_usersession", "account_emailaddress"}
UNCOUNTED = {"last_seen_at", "last_login"}
OPENING = (".opened", ".printed", ".exported", ".viewed")
# A draft of a record keeps the very words typed, wrong ones too, beside its content: that loses nothing.
UNCOUNTED |= {"draft", "edit_count", "edit_token", "edited_by", "updated_at"}
OPENING += ("record.edited",)
TABLES = {model._meta.db_table: model for model in apps.get_models(include_auto_created=True)}

_kept: dict[str, dict] = {}  # the rows of each table before anything was sent; whatever is sent is undone


def kept_rows(table: str) -> dict:
    return _kept[table]


def forget() -> None:
    """Begin with another database."""
    _kept.clear()


@dataclass
class Footprints:
    tables: set[str] = field(default_factory=set)
    changed: dict[str, list] = field(default_factory=dict)

    def look(self) -> None:
        """Compare the tables written to with what they held. Called while the writing still stands."""
        for table in sorted(self.tables):
            before, after = _kept[table], _rows(table)
            keys = [key for key in {**before, **after} if before.get(key) != after.get(key)]
            if keys:
                self.changed[table] = keys
        self._faults = list(self._find_faults())

    def rows_now(self) -> dict[str, dict]:
        """The rows of every table written to."""
        return {table: _rows(table) for table in self.tables}

    def __bool__(self) -> bool:
        return bool(self.changed)

    @property
    def faults(self) -> list[str]:
        """What the stored rows say of themselves: rules of their own that they break."""
        return getattr(self, "_faults", [])

    def _find_faults(self) -> Iterator[str]:
        for table, keys in self.changed.items():
            model = TABLES[table]
            for row in model._base_manager.filter(pk__in=keys):
                yield from _faults_of(row)


def _faults_of(row: models.Model) -> Iterator[str]:
    for one in row._meta.concrete_fields:
        value = getattr(row, one.attname)
        if isinstance(value, str) and CONTROL_CHARACTER.search(value) and not isinstance(one, models.JSONField):
            yield f"{row._meta.label}.{one.name} holds a control character"
    try:
        row.full_clean(validate_unique=False, validate_constraints=False)  # the database keeps its own
    except ValidationError as error:
        # What the code fills in is not blank in any form, and may be so in the row.
        for name, faults in error.error_dict.items():
            yield from (f"{row._meta.label}.{name}: {one.messages[0]}" for one in faults if one.code != "blank")


def _rows(table: str) -> dict:
    model = TABLES[table]
    names = [one.attname for one in model._meta.concrete_fields if one.name not in UNCOUNTED]
    rows = model._base_manager.all()
    if model is AuditEvent:
        for ending in OPENING:
            rows = rows.exclude(verb__endswith=ending)
    return {values[0]: values[1:] for values in rows.order_by().values_list("pk", *names)}


def keep_all() -> None:
    """Remember what every table holds."""
    for table in TABLES:
        if table not in NO_CONTENT and TABLES[table]._meta.managed:
            _kept[table] = _rows(table)


@contextmanager
def footprints() -> Iterator[Footprints]:
    """Note which tables are written to; `look` says what came of it."""
    left = Footprints()

    def note(execute, sql, params, many, context):
        if (found := WRITES.match(sql)) and found[1] in _kept:
            left.tables.add(found[1])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield left
