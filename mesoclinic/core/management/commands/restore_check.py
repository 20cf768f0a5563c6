"""Prove that a backup can be restored: into a scratch database, never into the real one."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from mesoclinic.core.queries.backups import latest_backup
from mesoclinic.core.refused import Refused
from mesoclinic.core.services.backups import check_backup


class Command(BaseCommand):
    help = "Restore a backup (the newest unless one is named) into a scratch database and check it."

    def add_arguments(self, parser):
        parser.add_argument("path", nargs="?", type=Path)

    def handle(self, *, path, **options):
        newest = latest_backup()
        path = path or (newest and newest.path)
        if path is None:
            raise CommandError("There is no backup yet; make one with: make backup")
        if not path.is_file():
            raise CommandError(f"There is no file {path}.")
        try:
            findings = check_backup(path)
        except Refused as refused:
            raise CommandError(f"{path}: {refused}") from None
        self.stdout.write(f"{path} can be restored.")
        for line in findings:
            self.stdout.write(f"  {line}")
