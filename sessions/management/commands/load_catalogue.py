"""Load the shipped catalogue and consent texts into every clinic: once for a new one, again after an update."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from mesoclinic.core.models import Clinic
from patients.services.shipped_texts import load_consent_texts
from protocols.catalogue.errors import CatalogueError
from protocols.services.catalogue import load_catalogue, load_shared


class Command(BaseCommand):
    help = "Load the shipped catalogue into every clinic. What a clinic changed is left as it is; twice does no harm."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            load_shared()
        except CatalogueError as error:
            raise CommandError(str(error)) from error
        for clinic in Clinic.objects.order_by("pk"):
            loaded = load_catalogue(clinic=clinic)
            texts = load_consent_texts(clinic=clinic)
            if options["verbosity"]:
                line = _(
                    "%(clinic)s: %(added)d added, %(updated)d brought up to date, %(kept)d left as you changed them"
                )
                counts = {"added": loaded.added + texts, "updated": loaded.updated, "kept": loaded.kept}
                self.stdout.write(line % {"clinic": clinic.name, **counts})
