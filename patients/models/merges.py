"""Merge: two files of one patient made one, with all it takes to undo it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.models import ClinicOwned, User

from .patients import Patient


class Merge(ClinicOwned):
    """`moved` lists the keys of the rows that changed files, by model; `before` what the kept file held.

    `after` is what it held once they were one: what has changed since was changed by somebody, and stays when they part.
    Merges of before it was written down have none.
    """

    kept = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="merges_kept")
    merged = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="merges_away")
    moved = models.JSONField(default=dict)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("merged at"), auto_now_add=True)
    undone_at = models.DateTimeField(_("undone at"), null=True, blank=True)
    undone_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["merged"],
                condition=models.Q(undone_at__isnull=True),
                name="merge_once",
                violation_error_message=_("This file has already been merged into another."),
            ),
            models.CheckConstraint(
                condition=~models.Q(kept=models.F("merged")),
                name="merge_of_two",
                violation_error_message=_("A file cannot be merged into itself."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.merged} → {self.kept}"
