"""A migrated database is kept: each process of a test run begins with a copy of it instead of migrating its own.

On SQLite it is a file in pytest's cache whose name says what the code of the product was; on PostgreSQL a database beside
the one the run was given, dropped with it. Of several processes one migrates, the others wait for it.
"""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import psycopg2
from django.conf import settings
from django.db import connection

PRODUCT = ("mesoclinic", "patients", "protocols", "sessions")
READ_BY_MIGRATIONS = (".py", ".toml")


def code_digest() -> str:
    """Say in sixteen letters what migrating comes to: a digest of the product's code and of what is installed for it."""
    digest = sha256((settings.BASE_DIR / "constraints.txt").read_bytes())
    for path in sorted(path for top in PRODUCT for path in (settings.BASE_DIR / top).rglob("*")):
        if path.suffix in READ_BY_MIGRATIONS:
            digest.update(f"{path.relative_to(settings.BASE_DIR)}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


@contextlib.contextmanager
def migrated(folder: Path) -> Iterator[None]:
    """Let the test database be made from the kept one; where there is none, keep the one that is made meanwhile."""
    take, keep = (_take_file, _keep_file) if connection.vendor == "sqlite" else (_take_database, _keep_database)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        is_kept = take(folder)
        if is_kept:
            fcntl.flock(lock, fcntl.LOCK_UN)
        yield
        if not is_kept:
            keep(folder)


def _kept_file(folder: Path) -> Path:
    return folder / f"{code_digest()}.sqlite3"


def _take_file(folder: Path) -> bool:
    kept, wanted = _kept_file(folder), Path(connection.creation._get_test_db_name())
    wanted.unlink(missing_ok=True)
    if is_kept := kept.exists():
        shutil.copyfile(kept, wanted)
    return is_kept


def _keep_file(folder: Path) -> None:
    kept = _kept_file(folder)
    for old in folder.glob("*.sqlite3"):
        old.unlink()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(kept)])


@contextlib.contextmanager
def _server() -> Iterator[psycopg2.extensions.cursor]:
    with contextlib.closing(psycopg2.connect(os.environ["DATABASE_URL"])) as server, server.cursor() as cursor:
        server.autocommit = True
        yield cursor


def _kept_database() -> str:
    with _server() as cursor:
        cursor.execute("SELECT current_database()")
        return f"{cursor.fetchone()[0]}_{code_digest()}"


def _take_database(_folder: Path) -> bool:
    name = _kept_database()
    with _server() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        is_kept = cursor.fetchone() is not None
    if is_kept:
        connection.settings_dict["TEST"]["TEMPLATE"] = name
    return is_kept


def _keep_database(_folder: Path) -> None:
    made = connection.settings_dict["NAME"]
    connection.close()  # nobody may be there while it is copied
    with _server() as cursor:
        cursor.execute(f'CREATE DATABASE "{_kept_database()}" TEMPLATE "{made}"')
