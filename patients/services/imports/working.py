"""What workers do by themselves: go on with an import, find those nobody is at, delete what was kept long enough."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from mesoclinic.core.services import jobs
from mesoclinic.core.services.jobs import Turn
from patients.models import PatientImport
from patients.models.imports import ImportStatus
from patients.services.imports.importing import import_rows
from patients.services.imports.reading import read_rows
from patients.services.imports.taking_back import take_back_rows
from patients.services.imports.uploading import GO_ON, forget_rows


def _go_on(turn: Turn[PatientImport]) -> bool:
    return read_rows(turn) or import_rows(turn) or take_back_rows(turn)


def go_on(import_id: int) -> None:
    """Take a turn at an import."""
    jobs.take_turn(Turn(PatientImport, import_id), _go_on, GO_ON)


def sweep(*, now: datetime | None = None) -> None:
    """Go on with what no worker holds."""
    for import_id in jobs.left(PatientImport, now or timezone.now()):
        go_on(import_id)


def expire(*, now: datetime | None = None) -> int:
    """Delete what files said whose time is over: of those never imported, and the rows left out of others."""
    over = PatientImport.objects.filter(expires_at__lte=now or timezone.now()).exclude(status=ImportStatus.IMPORTING)
    count = 0
    for one in over:
        with transaction.atomic():
            if not over.filter(pk=one.pk).update(expires_at=None, held_by=None):
                continue
            unfinished = PatientImport.objects.filter(pk=one.pk).exclude(status=ImportStatus.DONE)
            unfinished.update(status=ImportStatus.EXPIRED, file="")
            forget_rows(one)
            count += 1
    return count
