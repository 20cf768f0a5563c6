"""PatientImport: a file of patients from another program, checked, then imported; ImportRow: one row of it."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.constraints import one_of
from mesoclinic.core.models import Job, User
from protocols.models import Species

from .patients import Patient


class ImportStatus(models.TextChoices):
    CHECKING = "checking", _("Being read")
    READY = "ready", _("Checked, not imported")
    REFUSED = "refused", _("Cannot be read")
    IMPORTING = "importing", _("Being imported")
    DONE = "done", _("Imported")
    CANCELLED = "cancelled", _("Cancelled")
    UNDOING = "undoing", _("Being taken back")
    UNDONE = "undone", _("Taken back")
    EXPIRED = "expired", _("Deleted, its time was over")


OVER = (ImportStatus.DONE, ImportStatus.CANCELLED, ImportStatus.UNDONE)


class DateOrder(models.TextChoices):
    DAY_FIRST = "day_first", _("Day first, 31/12/1980")
    MONTH_FIRST = "month_first", _("Month first, 12/31/1980")


def import_path(one: "PatientImport", _name: str) -> str:
    return f"{one.folder}/{uuid.uuid4()}"


class PatientImport(Job):
    """The file until it is read, then its rows; after `expires_at` nothing is kept but who was imported."""

    AT_WORK = (ImportStatus.CHECKING, ImportStatus.IMPORTING, ImportStatus.UNDOING)
    FOLDER = "imports"

    file_name = models.CharField(_("file"), max_length=200, blank=True)
    file = models.FileField(upload_to=import_path, max_length=200, blank=True)
    sha256 = models.CharField(max_length=64, blank=True, editable=False)
    species = models.ForeignKey(Species, on_delete=models.PROTECT, related_name="+")
    date_order = models.CharField(_("dates"), max_length=11, choices=DateOrder, default=DateOrder.DAY_FIRST)
    heads = models.JSONField(default=list)
    fields = models.JSONField(default=list)
    status = models.CharField(_("state"), max_length=10, choices=ImportStatus, default=ImportStatus.CHECKING)
    why_refused = models.CharField(max_length=300, blank=True)
    taken_back = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    taken_back_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", editable=False)
    with_likely = models.BooleanField(default=False)

    class Meta(Job.Meta):
        indexes = [
            models.Index(fields=["clinic", "-asked_at"], name="import_by_clinic"),
            models.Index(
                fields=["free_from"],
                condition=Q(status__in=["checking", "importing", "undoing"]),
                name="import_at_work",
            ),
            models.Index(fields=["expires_at"], condition=~Q(expires_at=None), name="import_expiring"),
        ]
        constraints = [
            one_of("status", ImportStatus, name="import_status_known"),
            one_of("date_order", DateOrder, name="import_date_order_known"),
            models.CheckConstraint(condition=Q(status="checking") | Q(file=""), name="import_file_while_read"),
        ]


class RowState(models.TextChoices):
    NEW = "new", _("New")
    LIKELY = "likely", _("Perhaps here already")
    HERE = "here", _("Here already")
    FAULTY = "faulty", _("Faulty")
    IMPORTED = "imported", _("Imported")


class ImportRow(models.Model):
    """`cells` are emptied as the row is imported; `twin` is the file it is, or may be, already in.

    `not_twin` is the file somebody looked at and said to be another patient's. Once the row is a file too, the two are told
    apart as any two files are (`ToldApart`), and that file is its `twin` again.
    `audited_to` is the last event of the trail that the import itself wrote about the patient: what follows was done since.
    """

    of = models.ForeignKey(PatientImport, on_delete=models.CASCADE, related_name="rows")
    position = models.PositiveIntegerField()
    state = models.CharField(max_length=8, choices=RowState)
    cells = models.JSONField(default=list)
    faults = models.JSONField(default=list)
    fingerprint = models.CharField(max_length=64, db_index=True)
    twin = models.ForeignKey(Patient, on_delete=models.CASCADE, null=True, related_name="+")
    not_twin = models.ForeignKey(Patient, on_delete=models.SET_NULL, null=True, related_name="+")
    twin_row = models.PositiveIntegerField(null=True)
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, null=True, related_name="import_rows")
    audited_to = models.BigIntegerField(null=True, editable=False)

    class Meta:
        ordering = ["position"]
        indexes = [models.Index(fields=["of", "state", "position"], name="import_row_by_state")]
        constraints = [
            one_of("state", RowState, name="import_row_state_known"),
            models.UniqueConstraint(fields=["of", "position"], name="import_row_once"),
            models.CheckConstraint(
                condition=~Q(state="imported") | Q(patient__isnull=False), name="import_row_says_whom"
            ),
            models.CheckConstraint(
                condition=~Q(state="imported") | Q(not_twin__isnull=True), name="import_row_told_as_files"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.of} {self.position}"
