"""Long work is done in turns: a worker holds a job for two minutes at a time, and when it is killed another takes it up."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from time import monotonic
from typing import Any, Generic, TypeVar
from uuid import uuid4

from django.core.files.storage import Storage
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from mesoclinic.core import doorbell
from mesoclinic.core.models import Job

HELD = timedelta(minutes=2)
HEARD_WITHIN = timedelta(seconds=20)
KEPT = timedelta(days=7)
ONE_TURN = 120.0  # seconds; then the worker lets others have a turn

OneJob = TypeVar("OneJob", bound=Job)


class Turn(Generic[OneJob]):
    """One worker's turn at a job."""

    def __init__(self, kind: type[OneJob], job_id: int) -> None:
        self.kind, self.job_id, self.worker = kind, job_id, uuid4()
        self._until = monotonic() + ONE_TURN

    @property
    def is_over(self) -> bool:
        return monotonic() > self._until

    def hold(self, *states: str, **changes: Any) -> OneJob | None:
        """Keep the job for this worker and lock its row; None when it is in no such state, or in other hands."""
        now = timezone.now()
        free = Q(held_by=None) | Q(held_by=self.worker) | Q(free_from__lt=now)
        mine = self.kind.objects.filter(free, pk=self.job_id, status__in=states)
        if not mine.update(held_by=self.worker, free_from=now + HELD, **changes):
            return None
        return self.kind.objects.select_related("clinic", "asked_by").get(pk=self.job_id)

    def let_go(self) -> None:
        """Give the job out of hand, to go on with at once."""
        mine = self.kind.objects.filter(pk=self.job_id, held_by=self.worker)
        mine.update(held_by=None, free_from=timezone.now())


def take_turn(turn: Turn[OneJob], work: Callable[[Turn[OneJob]], bool], bell: str) -> None:
    """Do the work, which says whether there is more of it; then ring for the next turn. Safe twice and to be killed."""
    try:
        more = work(turn)
    finally:
        turn.let_go()
    if more:
        doorbell.ring(bell, turn.job_id)


def left(kind: type[Job], now: datetime) -> list[int]:
    """The keys of the jobs no worker holds, their bell not being heard any more. One SQL statement."""
    waiting = kind.objects.at_work().filter(free_from__lte=now - HEARD_WITHIN)
    return list(waiting.values_list("pk", flat=True))


def forget_files(job: Job) -> None:
    """Delete every file of a job once the transaction holds, what a killed worker left behind too."""
    transaction.on_commit(partial(_empty, job.file.storage, job.folder))


def _empty(storage: Storage, folder: str) -> None:
    with suppress(FileNotFoundError):
        for name in storage.listdir(folder)[1]:
            storage.delete(f"{folder}/{name}")
