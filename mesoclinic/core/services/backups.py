"""Make a consistent copy of the running database, and prove that a copy can be restored."""

import contextlib
import os
import secrets
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from django.db import DatabaseError, connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.utils.translation import gettext as _

from ..freeze import expected_triggers, installed_triggers
from ..queries.backups import STAMP, Backup, all_backups, backup_folder
from ..refused import Refused

SCRATCH = "restore_check"


def make_backup(*, now: datetime, keep: int) -> Backup:
    """Copy the database while others go on working, and keep only the newest `keep` copies.

    Raises Refused("backup_failed") when the copy could not be made; nothing half-made stays.
    """
    folder = backup_folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    suffix = ".dump" if connection.vendor == "postgresql" else ".sqlite3"
    final = folder / f"{now.strftime(STAMP)}{suffix}"
    part = final.with_suffix(".part")
    part.touch(mode=0o600)  # it holds health data from the first byte on
    try:
        (_dump_postgresql if connection.vendor == "postgresql" else _copy_sqlite)(part)
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.rename(final)
    finally:
        part.unlink(missing_ok=True)
    for backup in all_backups()[keep:]:
        backup.path.unlink(missing_ok=True)
    return Backup(final, now)


def check_backup(path: Path) -> list[str]:
    """Restore a backup beside the real database and return what was found, line by line.

    Raises Refused("backup_broken") with the first fault.
    """
    restored = _restored_postgresql if path.suffix == ".dump" else _restored_sqlite
    with restored(path) as name:
        connections.databases[SCRATCH] = {**connections.databases["default"], "NAME": name}
        try:
            _check_integrity()
            return [*_check_migrations(), *_check_triggers(), *_check_rows()]
        except DatabaseError as error:
            raise Refused("backup_broken", _("The file is damaged: %(why)s") % {"why": error}) from error
        finally:
            connections[SCRATCH].close()
            del connections[SCRATCH]
            del connections.databases[SCRATCH]


def _copy_sqlite(target: Path) -> None:
    connection.ensure_connection()
    try:
        with contextlib.closing(sqlite3.connect(target)) as copy:
            connection.connection.backup(copy)
    except sqlite3.Error as error:
        raise Refused("backup_failed", _("The copy could not be made: %(why)s") % {"why": error}) from error


def _dump_postgresql(target: Path) -> None:
    _run_tool("pg_dump", "--format=custom", "--no-owner", f"--file={target}", code="backup_failed")


def _run_tool(name: str, *arguments: str, code: str, database: str | None = None) -> None:
    """Run a PostgreSQL tool on our database; the password goes by the environment, where no process list shows it."""
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda p: int(p.parts[4]), reverse=True)
    program = installed[0] if installed else shutil.which(name)
    if not program:
        text = _("%(name)s is not on this machine; install PostgreSQL's client programs.")
        raise Refused(code, text % {"name": name})
    where = connection.get_connection_params()
    keys = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE"}
    keys |= {"sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT"}
    environment = os.environ | {variable: str(where[key]) for key, variable in keys.items() if where.get(key)}
    if database:
        environment["PGDATABASE"] = database
        arguments = (*arguments, f"--dbname={database}")
    done = subprocess.run([program, *arguments], env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise Refused(code, done.stderr.strip() or f"{name}: {done.returncode}")


@contextlib.contextmanager
def _restored_sqlite(path: Path) -> Iterator[str]:
    if connection.vendor != "sqlite":
        raise Refused("backup_broken", _("This backup is a SQLite file, but the clinic runs on PostgreSQL."))
    with tempfile.TemporaryDirectory(prefix="mesoclinic-restore-") as folder:
        yield shutil.copy(path, folder)


@contextlib.contextmanager
def _restored_postgresql(path: Path) -> Iterator[str]:
    if connection.vendor != "postgresql":
        raise Refused("backup_broken", _("This backup is from PostgreSQL, but the clinic runs on a SQLite file."))
    name = f"{connection.settings_dict['NAME'][:40]}_restore_{secrets.token_hex(4)}"
    quoted = connection.ops.quote_name(name)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {quoted} TEMPLATE template0")
        try:
            _run_tool("pg_restore", "--exit-on-error", "--no-owner", str(path), code="backup_broken", database=name)
            yield name
        finally:
            cursor.execute(f"DROP DATABASE IF EXISTS {quoted} WITH (FORCE)")


def _check_integrity() -> None:
    """Read every page of a SQLite file; PostgreSQL checks all of it while restoring."""
    if connections[SCRATCH].vendor != "sqlite":
        return
    with connections[SCRATCH].cursor() as cursor:
        cursor.execute("PRAGMA integrity_check")
        faults = [row[0] for row in cursor.fetchall() if row[0] != "ok"]
        cursor.execute("PRAGMA foreign_key_check")
        faults += [f"{row[0]} → {row[2]}" for row in cursor.fetchall()]
    if faults:
        raise Refused("backup_broken", _("The file is damaged: %(why)s") % {"why": "; ".join(faults[:3])})


def _check_migrations() -> list[str]:
    executor = MigrationExecutor(connections[SCRATCH])
    unknown = set(executor.loader.applied_migrations) - set(executor.loader.disk_migrations)
    if unknown:
        names = ", ".join(sorted(".".join(key) for key in unknown))
        text = _("The backup comes from a newer Mesoclinic (%(names)s). Upgrade before you restore it.")
        raise Refused("backup_broken", text % {"names": names})
    waiting = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    applied = len(executor.loader.applied_migrations)
    if not applied:
        raise Refused("backup_broken", _("The backup holds no Mesoclinic database."))
    later = _(", %(count)d to apply after restoring") % {"count": waiting} if waiting else ""
    return [_("migrations: %(count)d applied") % {"count": applied} + later]


def _check_triggers() -> list[str]:
    """A restored database without its freeze triggers would let signed records be rewritten."""
    installed = installed_triggers(SCRATCH)
    executor = MigrationExecutor(connections[SCRATCH])
    current = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    missing = sorted(expected_triggers() - installed)
    if missing and current:
        text = _("Triggers that keep signed records unchanged are missing: %(names)s")
        raise Refused("backup_broken", text % {"names": ", ".join(missing)})
    return [_("triggers: %(count)d stand") % {"count": len(installed)}]


def _check_rows() -> list[str]:
    scratch = connections[SCRATCH]
    with scratch.cursor() as cursor:
        tables = scratch.introspection.table_names(cursor)
        count = 0
        for table in tables:
            cursor.execute(f"SELECT COUNT(*) FROM {scratch.ops.quote_name(table)}")  # noqa: S608
            count += cursor.fetchone()[0]
    return [_("content: %(rows)d rows in %(tables)d tables") % {"rows": count, "tables": len(tables)}]
