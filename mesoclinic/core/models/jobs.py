"""Job: long work somebody asked for. Heartbeat: when something that must keep running was last seen."""

from typing import ClassVar, Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .base import ClinicOwned


class JobQuerySet(models.QuerySet):
    def at_work(self) -> Self:
        """Those a worker has to go on with."""
        return self.filter(status__in=self.model.AT_WORK)


class Job(ClinicOwned):
    """How far it is. A worker that holds it moves `free_from` ahead; from then on another may go on.

    After `expires_at` its files are deleted. What it makes, its states and its `file` are its own.
    """

    AT_WORK: ClassVar[tuple[str, ...]]  # the states a worker leads on from
    FOLDER: ClassVar[str]
    status: str

    asked_by = models.ForeignKey("core.User", on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now, editable=False)
    language = models.CharField(_("language"), max_length=5)
    held_by = models.UUIDField(null=True, editable=False)
    free_from = models.DateTimeField(default=timezone.now, editable=False)
    done_at = models.DateTimeField(null=True, editable=False)
    expires_at = models.DateTimeField(null=True, editable=False)

    objects = JobQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ["-asked_at", "-id"]

    def __str__(self) -> str:
        return f"{self.asked_at:%Y-%m-%d %H:%M}"

    @property
    def is_at_work(self) -> bool:
        return self.status in self.AT_WORK

    @property
    def folder(self) -> str:
        """Where its files lie in the storage: nothing of whom they are about."""
        return f"{self.FOLDER}/{self.clinic_id}/{self.public_id}"


class Heartbeat(models.Model):
    """The last sign of life of a named part of the system (`beat`, `worker`, `backup`)."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
