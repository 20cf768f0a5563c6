"""Triggers that make rows unchangeable on both engines. Each is one migration operation; the migrations are the list.

A trigger is named `<table>_f_<event>`: the SQLite backend keeps triggers of that name through table rebuilds.
"""

from contextlib import contextmanager
from functools import cache

from django.db import connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation

SQLITE = "CREATE TRIGGER {name} BEFORE {event} ON {table} WHEN {when} BEGIN SELECT RAISE(ABORT, 'frozen {name}'); END"
POSTGRESQL = """
CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF {when} THEN
    RAISE EXCEPTION 'frozen {name}' USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = '{name}';
  END IF;
  IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}();
"""


class Freeze(Operation):
    """Refuse `event` (INSERT, UPDATE or DELETE) on rows of `table` for which the SQL condition `when` holds.

    `when` speaks of OLD and NEW and must mean the same on both engines.
    """

    reversible = True

    def __init__(self, table: str, event: str, when: str = "TRUE") -> None:
        self.table, self.event, self.when = table, event, when

    @property
    def trigger_name(self) -> str:
        return f"{self.table}_f_{self.event.lower()}"

    def state_forwards(self, app_label, state):
        pass

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        template = POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE
        parts = {"name": self.trigger_name, "event": self.event, "table": self.table, "when": self.when}
        # Deferred SQL (foreign keys, indexes) of this migration comes later: a trigger may name a table made just now.
        schema_editor.execute(template.format(**parts), params=None)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"DROP FUNCTION {self.trigger_name}() CASCADE", params=None)
        else:
            schema_editor.execute(f"DROP TRIGGER {self.trigger_name}", params=None)

    def describe(self):
        return f"Freeze {self.table} against {self.event}"


class Refreeze(Freeze):
    """Put another condition in place of the one a trigger of the same name has; `before` is that one, to go back to."""

    def __init__(self, table: str, event: str, when: str, before: str = "TRUE") -> None:
        super().__init__(table, event, when)
        self.before = before

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        super().database_backwards(app_label, schema_editor, from_state, to_state)
        super().database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        super().database_backwards(app_label, schema_editor, from_state, to_state)
        Freeze(self.table, self.event, self.before).database_forwards(app_label, schema_editor, from_state, to_state)

    def describe(self):
        return f"Freeze {self.table} against {self.event}, under another condition"


def frozen_children(child: str, parent: str, key: str, when: str) -> list[Freeze]:
    """Return the three operations that close a child table once its parent row is frozen.

    `when` is a condition on the parent under the alias `p`; a row can neither enter, change, leave nor move.
    """

    def of(*rows: str) -> str:
        keys = ", ".join(f"{row}.{key}" for row in rows)
        return f"EXISTS (SELECT 1 FROM {parent} p WHERE p.id IN ({keys}) AND {when})"  # noqa: S608 - only names from migrations

    return [
        Freeze(child, "INSERT", of("NEW")),
        Freeze(child, "UPDATE", of("OLD", "NEW")),
        Freeze(child, "DELETE", of("OLD")),
    ]


def append_only(table: str) -> list[Freeze]:
    """Return the two operations that let rows of a table only be added."""
    return [Freeze(table, "UPDATE"), Freeze(table, "DELETE")]


@cache
def expected_triggers() -> frozenset[str]:
    """Name every freeze trigger the migrations install."""
    loader = MigrationLoader(None)
    return frozenset(
        operation.trigger_name
        for migration in loader.disk_migrations.values()
        for operation in migration.operations
        if isinstance(operation, Freeze)
    )


def installed_triggers(using: str = "default") -> frozenset[str]:
    """Name every freeze trigger that stands in the database and is enabled. One SQL statement."""
    connection = connections[using]
    if connection.vendor == "postgresql":
        sql = (
            "SELECT t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
            " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = current_schema()"
            " AND t.tgname LIKE '%!_f!_%' ESCAPE '!' AND t.tgenabled <> 'D' AND NOT t.tgisinternal"
        )
    else:
        sql = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%!_f!_%' ESCAPE '!'"
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return frozenset(name for (name,) in cursor.fetchall())


@contextmanager
def lifted(using: str = "default"):
    """Drop SQLite's freeze triggers and put them back: only for emptying a test database."""
    connection = connections[using]
    if connection.vendor != "sqlite":
        yield  # a flush truncates, which asks no row trigger
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%!_f!_%' ESCAPE '!'")
        kept = cursor.fetchall()
        for name, _ in kept:
            cursor.execute(f'DROP TRIGGER "{name}"')
        try:
            yield
        finally:
            for _, sql in kept:
                cursor.execute(sql)
