"""ToldApart: two files somebody said to be two patients'."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.models import ClinicOwned, User

from .patients import Patient


class ToldApart(ClinicOwned):
    """The file of the lower key is `first`, so a pair is one row. It stays with the files it was said of when they are merged.

    Names are kept in no trail of the other file: a pair is called by the numbers of its files.
    """

    first = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="+")
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("said at"), auto_now_add=True)

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["first", "second"],
                name="told_apart_once",
                violation_error_message=_("These two files were said to be two patients already."),
            ),
            models.CheckConstraint(
                condition=models.Q(first__lt=models.F("second")),
                name="told_apart_lower_first",
                violation_error_message=_("A file cannot be told apart from itself."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first.number} ≠ {self.second.number}"
