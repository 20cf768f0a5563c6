"""A backup is consistent, private, and can be restored; one that cannot is told from one that can."""

import contextlib
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.utils import timezone

from mesoclinic.core.freeze import expected_triggers
from mesoclinic.core.queries.backups import all_backups, latest_backup
from mesoclinic.core.services.backups import make_backup
from tests.processes import process_environment

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def manage(transactional_db, settings, tmp_path):
    """Run manage.py as an administrator would, on this test's database and a data folder of its own."""
    settings.DATA_DIR = tmp_path
    Session.objects.create(session_key="kept", session_data="", expire_date=timezone.now())

    def run(*arguments):
        command = [sys.executable, "manage.py", *map(str, arguments)]
        return subprocess.run(command, env=process_environment(), capture_output=True, text=True, timeout=120)

    return run


def test_backup_can_be_restored_with_migrations_triggers_and_rows(manage):
    made = manage("backup")

    checked = manage("restore_check")

    assert made.returncode == 0, made.stderr
    assert checked.returncode == 0, checked.stderr
    assert str(latest_backup().path) in checked.stdout
    assert "migrations:" in checked.stdout
    assert f"triggers: {len(expected_triggers())} stand" in checked.stdout


@pytest.mark.usefixtures("manage")
def test_backup_is_closed_to_other_users():
    backup = make_backup(now=NOW, keep=3)

    assert backup.path.stat().st_mode & 0o077 == 0
    assert backup.path.parent.stat().st_mode & 0o077 == 0


@pytest.mark.usefixtures("manage")
def test_only_the_newest_backups_stay():
    for day in (1, 2, 3, 4):
        make_backup(now=NOW.replace(day=day), keep=2)

    assert [backup.made_at.day for backup in all_backups()] == [4, 3]


def test_damaged_backup_is_refused_in_one_line(manage):
    backup = make_backup(now=NOW, keep=3)
    content = backup.path.read_bytes()
    backup.path.write_bytes(content[:200] + b"\x00" * (len(content) - 400))

    checked = manage("restore_check", backup.path)

    assert checked.returncode == 1
    assert backup.path.name in checked.stderr
    assert "Traceback" not in checked.stderr


def test_backup_without_a_freeze_trigger_is_refused(manage):
    if connection.vendor != "sqlite":
        pytest.skip("a dump is not a database one can drop a trigger from")
    backup = make_backup(now=NOW, keep=3)
    name = min(expected_triggers())
    with contextlib.closing(sqlite3.connect(backup.path)) as copy:
        copy.execute(f'DROP TRIGGER "{name}"')

    checked = manage("restore_check")

    assert checked.returncode == 1
    assert name in checked.stderr


def test_restore_check_without_a_backup_says_what_to_do(manage):
    checked = manage("restore_check")

    assert checked.returncode == 1
    assert "make backup" in checked.stderr
