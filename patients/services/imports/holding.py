"""Who is at an import: a worker holds it for two minutes at a time, and when it is killed another takes it up."""

from contextlib import suppress
from datetime import timedelta
from functools import partial
from time import monotonic
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from patients.models import PatientImport
from patients.models.imports import AT_WORK

HELD = timedelta(minutes=2)
KEPT = timedelta(days=7)
ONE_TURN = 120.0  # seconds; then the worker lets others have a turn


class Turn:
    """One worker's turn at an import."""

    def __init__(self, import_id: int) -> None:
        self.import_id, self.worker = import_id, uuid4()
        self._until = monotonic() + ONE_TURN

    @property
    def is_over(self) -> bool:
        return monotonic() > self._until

    def hold(self, status: str) -> PatientImport | None:
        """Keep the import for this worker and lock its row; None when it is not at that any more, or in other hands."""
        now = timezone.now()
        if not _free(self.import_id, self.worker, status, now).update(held_by=self.worker, free_from=now + HELD):
            return None
        rows = PatientImport.objects.select_related("clinic", "asked_by", "species")
        return rows.get(pk=self.import_id)

    def let_go(self) -> None:
        """Give the import out of hand, to go on with at once."""
        mine = PatientImport.objects.filter(pk=self.import_id, held_by=self.worker)
        mine.update(held_by=None, free_from=timezone.now())


def _free(import_id: int, worker: UUID, status: str, now):
    free = Q(held_by=None) | Q(held_by=worker) | Q(free_from__lt=now)
    return PatientImport.objects.filter(free, pk=import_id, status__in=set(AT_WORK) & {status})


def forget_file(one: PatientImport) -> None:
    """Delete the uploaded file once the transaction holds, what a killed upload left behind too."""
    transaction.on_commit(partial(_empty, f"imports/{one.clinic_id}/{one.public_id}"))


def _empty(folder: str) -> None:
    storage = PatientImport._meta.get_field("file").storage
    with suppress(FileNotFoundError):
        for name in storage.listdir(folder)[1]:
            storage.delete(f"{folder}/{name}")
