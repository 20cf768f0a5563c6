"""`manage.py verify_records`: walk every clinic's chain of signatures; exit 1 naming the first record that is broken."""

import time

from django.core.management.base import BaseCommand, CommandError

from mesoclinic.core.models import Clinic
from sessions.queries.signatures import verify_chain


class Command(BaseCommand):
    help = "Check that no signed record was changed: hashes, links, and the rows behind them."

    def add_arguments(self, parser):
        parser.add_argument("--clinic", type=int, help="only the clinic with this key")

    def handle(self, *args, clinic=None, **options):
        clinics = Clinic.objects.order_by("pk")
        if clinic is not None:
            clinics = clinics.filter(pk=clinic)
            if not clinics:
                raise CommandError(f"There is no clinic {clinic}.", returncode=2)
        broken = False
        for one in clinics:
            broken |= self._verify(one)
        if broken:
            raise CommandError("Signed records were changed behind the program's back.", returncode=1)

    def _verify(self, clinic: Clinic) -> bool:
        began = time.monotonic()
        result = verify_chain(clinic)
        if result.broken is None:
            seconds = time.monotonic() - began
            self.stdout.write(f"{clinic.name}: {result.count} signatures hold ({seconds:.1f} s).")
            return False
        found = result.broken
        record = f", record {found.record}" if found.record else ""
        self.stderr.write(f"{clinic.name}: signature {found.sequence}{record}: {found.problem}.")
        return True
