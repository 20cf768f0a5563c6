"""What is known of the backups: the files themselves, whose names carry the time."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

STAMP = "mesoclinic-%Y%m%dT%H%M%SZ"
SUFFIXES = (".sqlite3", ".dump")


@dataclass(frozen=True)
class Backup:
    path: Path
    made_at: datetime


def backup_folder() -> Path:
    return settings.DATA_DIR / "backups"


def all_backups() -> list[Backup]:
    """Return every finished backup, the newest first."""
    found = []
    for path in backup_folder().glob("mesoclinic-*"):
        try:
            made_at = datetime.strptime(path.stem, STAMP).replace(tzinfo=UTC)
        except ValueError:
            continue
        if path.suffix in SUFFIXES:
            found.append(Backup(path, made_at))
    return sorted(found, key=lambda backup: backup.made_at, reverse=True)


def latest_backup() -> Backup | None:
    return next(iter(all_backups()), None)
