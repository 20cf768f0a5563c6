"""ReportBatch: many course reports printed in one go by a worker; BatchReport: one of them."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.constraints import one_of
from mesoclinic.core.models import Job

from .courses import Course


class BatchStatus(models.TextChoices):
    QUEUED = "queued", _("Waiting for a worker")
    RUNNING = "running", _("Being printed")
    DONE = "done", _("Ready")
    CANCELLED = "cancelled", _("Cancelled")
    EXPIRED = "expired", _("Deleted, its time was over")


class BatchKind(models.TextChoices):
    PDF = "pdf", _("One PDF, to print")
    ZIP = "zip", _("A folder of PDFs with an index (zip)")


def batch_path(batch: "ReportBatch", _name: str) -> str:
    return f"{batch.folder}/{uuid.uuid4()}.{batch.kind}"


def report_path(report: "BatchReport", _name: str) -> str:
    return f"{report.batch.folder}/{uuid.uuid4()}.pdf"


class ReportBatch(Job):
    """What was asked for, and the file it became until `expires_at`."""

    AT_WORK = (BatchStatus.QUEUED, BatchStatus.RUNNING)
    FOLDER = "batches"

    asked_for = models.CharField(_("what was chosen"), max_length=500, blank=True)
    kind = models.CharField(_("as"), max_length=3, choices=BatchKind, default=BatchKind.PDF)
    printed_on = models.DateField()
    status = models.CharField(_("state"), max_length=9, choices=BatchStatus, default=BatchStatus.QUEUED)
    file = models.FileField(upload_to=batch_path, max_length=200, blank=True)

    class Meta(Job.Meta):
        verbose_name_plural = "report batches"
        indexes = [
            models.Index(fields=["clinic", "-asked_at"], name="batch_by_clinic"),
            models.Index(fields=["free_from"], condition=Q(status__in=["queued", "running"]), name="batch_open"),
            models.Index(fields=["expires_at"], condition=~Q(expires_at=None), name="batch_expiring"),
        ]
        constraints = [
            one_of("status", BatchStatus, name="batch_status_known"),
            one_of("kind", BatchKind, name="batch_kind_known"),
            models.CheckConstraint(
                condition=(Q(status="done") & ~Q(file="") & Q(expires_at__isnull=False))
                | (~Q(status="done") & Q(file="")),
                name="batch_file_when_done",
            ),
        ]

    @property
    def has_file(self) -> bool:
        """Whether there is a file to take: once its time is over there is none, whoever deletes it when."""
        return self.expires_at is not None and self.expires_at > timezone.now() and self.size_bytes is not None

    @property
    def size_bytes(self) -> int | None:
        """Return how large the file is; None where there is none, or the storage has lost it."""
        try:
            return self.file.size if self.file else None
        except OSError:
            return None


class BatchReportStatus(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    MADE = "made", _("Printed")
    FAILED = "failed", _("Failed")


class BatchReport(models.Model):
    """The report of one course in a batch; `file` lives until the whole is put together or deleted."""

    batch = models.ForeignKey(ReportBatch, on_delete=models.CASCADE, related_name="reports")
    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveIntegerField()
    status = models.CharField(max_length=7, choices=BatchReportStatus, default=BatchReportStatus.WAITING)
    file = models.FileField(upload_to=report_path, max_length=200, blank=True)
    file_name = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            one_of("status", BatchReportStatus, name="batch_report_status_known"),
            models.UniqueConstraint(fields=["batch", "course"], name="batch_report_once"),
            models.UniqueConstraint(fields=["batch", "position"], name="batch_report_position_once"),
            models.CheckConstraint(
                condition=Q(status="made") | Q(file="", file_name=""), name="batch_report_file_when_made"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.batch} {self.position}"
