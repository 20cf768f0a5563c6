"""Imports a worker should have taken up: what the readiness page asks of this app."""

from datetime import datetime

from django.utils.translation import gettext_noop

from mesoclinic.core.queries import readiness
from patients.models import PatientImport


def announce() -> None:
    readiness.DUE_WORK[gettext_noop("an import of patients waits")] = oldest_import_to_go_on_with


def oldest_import_to_go_on_with(before: datetime) -> datetime | None:
    """Since when an import has been in no worker's hands. One SQL statement."""
    return readiness.oldest(PatientImport.objects.at_work(), "free_from", before)
