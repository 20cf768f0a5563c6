"""Job: progress of long work. Heartbeat: when something that must keep running was last seen."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.constraints import one_of

from .base import ClinicOwned


class JobStatus(models.TextChoices):
    QUEUED = "queued", _("Waiting")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


class Job(ClinicOwned):
    """Long work somebody waits for. `due_at` is when a worker may take it; the sweep finds what the bell missed."""

    Status = JobStatus

    kind = models.CharField(_("kind"), max_length=40)
    status = models.CharField(_("status"), max_length=10, choices=JobStatus, default=JobStatus.QUEUED)
    requested_by = models.ForeignKey("core.User", on_delete=models.PROTECT, null=True, related_name="+")
    requested_at = models.DateTimeField(auto_now_add=True)
    due_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    done_count = models.PositiveIntegerField(default=0)
    total_count = models.PositiveIntegerField(default=0)
    arguments = models.JSONField(default=dict)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["-requested_at"]
        indexes = [models.Index(fields=["status", "due_at"], name="job_by_due")]
        constraints = [
            one_of("status", JobStatus, name="job_status_known"),
            models.CheckConstraint(
                condition=Q(done_count__lte=F("total_count")),
                name="job_done_within_total",
                violation_error_message=_("A job cannot have done more than there is."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.status}"


class Heartbeat(models.Model):
    """The last sign of life of a named part of the system (`beat`, `worker`, `backup`)."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
