"""Copy the database while the clinic goes on working."""

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from mesoclinic.core.refused import Refused
from mesoclinic.core.services.backups import make_backup


class Command(BaseCommand):
    help = "Write a consistent copy of the database into the folder backups of the data folder."

    def add_arguments(self, parser):
        parser.add_argument("--keep", type=int, default=30, help="how many copies stay; the oldest go (default 30)")

    def handle(self, *, keep, **options):
        if keep < 1:
            raise CommandError("Keep at least one copy: --keep 1")
        try:
            backup = make_backup(now=timezone.now(), keep=keep)
        except Refused as refused:
            raise CommandError(str(refused)) from None
        self.stdout.write(f"{backup.path} ({backup.path.stat().st_size / 1e6:.1f} MB)")
