"""Fill an empty database with a clinic to click through; nowhere else."""

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from mesoclinic.core import freeze
from sessions.demo.building import build_demo, built_at, is_empty
from sessions.demo.house import PASSWORD, STAFF


class Command(BaseCommand):
    help = "Make the demo clinic in an empty database, and print who can sign in. Twice does no harm."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--fresh", action="store_true", help="throw a demo made earlier away and make it anew")
        parser.add_argument("--password", default="", help="of every login; needed with production settings")

    def handle(self, *args: Any, fresh: bool, password: str, **options: Any) -> None:
        if settings.PRODUCTION and not password:
            raise CommandError(_("Choose a password with --password: the usual one is known to everybody."))
        made_at = built_at()
        if made_at is None and not is_empty():
            raise CommandError(
                _("This database holds a clinic that is not the demo. The demo is made in an empty one only.")
            )
        if made_at is not None and fresh:
            self._empty()
            made_at = None
        if made_at is None:
            self.stdout.write(_("Making the demo clinic: a year of its life, in about half a minute …"))
            build_demo(now=timezone.now(), password=password or PASSWORD)
        else:
            words = _("The demo clinic is there already, made on %(day)s. With --fresh it is made anew as of today.")
            self.stdout.write(words % {"day": timezone.localtime(made_at).date().isoformat()})
        self.stdout.write(logins(password or PASSWORD))

    def _empty(self) -> None:
        with freeze.lifted():
            call_command("flush", interactive=False, verbosity=0)


def logins(password: str) -> str:
    """Say who can sign in, one a line."""
    rows = [f"  {username:<12} {full_name:<22} {role.label}" for username, full_name, role in STAFF]
    return "\n".join(["", _("Sign in as one of these, each with the password %s") % password, *rows])
