"""Rows as the database sees them: multi-row INSERTs without models, the floor under every writing row of the bench."""

import contextlib
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from django.apps import apps
from django.db import connection, models
from django.utils import timezone

MOST_PARAMETERS = 30_000  # SQLite takes 32,766


class Insert:
    """A multi-row INSERT, prepared: `run` only sends it, and gives the new keys.

    `rows` are {attname: value}; what is left out takes the field's default.
    """

    def __init__(self, model: type[models.Model], rows: Iterable[dict[str, Any]]) -> None:
        rows = list(rows)
        key = model._meta.pk
        self.fields = [
            one for one in model._meta.concrete_fields if one is not key or (rows and key.attname in rows[0])
        ]
        self.places = {one.attname: place for place, one in enumerate(self.fields)}
        self.rows = [[_prepared(one, row) for one in self.fields] for row in rows]
        quote = connection.ops.quote_name
        columns = ", ".join(quote(one.column) for one in self.fields)
        self.head = f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES "
        self.tail = f" RETURNING {quote(key.column)}"

    def fill(self, name: str, values: Sequence[Any]) -> None:
        """Set one column of every row, for keys known only now."""
        place = self.places[name]
        for row, value in zip(self.rows, values, strict=True):
            row[place] = value

    def run(self) -> list[int]:
        if not self.rows:
            return []
        keys: list[int] = []
        step = max(1, MOST_PARAMETERS // len(self.fields))
        one = "(" + ", ".join(["%s"] * len(self.fields)) + ")"
        with connection.cursor() as cursor:
            for start in range(0, len(self.rows), step):
                rows = self.rows[start : start + step]
                sql = self.head + ", ".join([one] * len(rows)) + self.tail
                cursor.execute(sql, [value for row in rows for value in row])
                keys += [row[0] for row in cursor.fetchall()]
        return keys


def _prepared(field: models.Field, row: dict[str, Any]) -> Any:
    if field.attname in row:
        value = row[field.attname]
    elif getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
        value = timezone.now()
    else:
        value = field.get_default()
    return field.get_db_prep_save(value, connection)


def lock(row: models.Model) -> None:
    """Keep others from one row until the end of the transaction, where the engine locks rows."""
    if connection.features.has_select_for_update:
        table = connection.ops.quote_name(row._meta.db_table)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT id FROM {table} WHERE id = %s FOR NO KEY UPDATE", [row.pk])


def values(row: models.Model, **changed: Any) -> dict[str, Any]:
    """Give a row as {attname: value} without its key, some of it changed, with a public id of its own."""
    kept = {one.attname: getattr(row, one.attname) for one in row._meta.concrete_fields if not one.primary_key}
    if "public_id" in kept:
        kept["public_id"] = uuid.uuid4()
    return kept | changed


def clones(row: models.Model, count: int, change: Callable[[int], dict[str, Any]]) -> list[int]:
    """Insert `count` copies of a row, each changed by its number; give their keys."""
    insert = Insert(type(row), [values(row)])
    (example,) = insert.rows
    fields = {one.attname: one for one in insert.fields}
    insert.rows = [_changed(example, insert.places, fields, change(number)) for number in range(count)]
    return insert.run()


def _changed(example: list, places: dict[str, int], fields: dict[str, models.Field], change: dict[str, Any]) -> list:
    row = example.copy()
    if "public_id" in places:
        change = {"public_id": uuid.uuid4(), **change}
    for name, value in change.items():
        row[places[name]] = fields[name].get_db_prep_save(value, connection)
    return row


@contextlib.contextmanager
def without_indexes(model: type[models.Model]) -> Iterator[None]:
    """Drop a table's indexes, keys and exclusions on PostgreSQL for a flood of rows, and build them anew behind it.

    So every new row is looked at all the same. Outside a transaction only.
    """
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE conrelid = %s::regclass AND contype IN ('f', 'u', 'x')",
            [table],
        )
        constraints = cursor.fetchall()
        cursor.execute(
            "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
            " WHERE indrelid = %s::regclass"
            " AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conrelid = indrelid AND conindid = indexrelid)",
            [table],
        )
        indexes = cursor.fetchall()
        for name, _definition in constraints:
            cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
        for name, _definition in indexes:
            cursor.execute(f"DROP INDEX {name}")
        yield
        cursor.execute("SET maintenance_work_mem = '256MB'")
        for _name, definition in indexes:
            cursor.execute(definition)
        for name, definition in constraints:
            cursor.execute(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')
        cursor.execute("RESET maintenance_work_mem")


def analyze() -> None:
    """Let the planner know the tables as they are, as the database does by itself after a while."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def row_counts() -> dict[str, int]:
    """Count the rows of every table, to see what a service wrote."""
    return {model._meta.label: model._base_manager.count() for model in apps.get_models() if model._meta.managed}


def grown(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    return {label: after[label] - before[label] for label in after if after[label] != before[label]}
