"""Recall: a lot number of a maker, taken out of use over all sites of a clinic, whatever the substance and site."""

from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Replace, Upper
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.models import ClinicOwned, User


def folded(column: str) -> Upper:
    """A column of lot numbers without blanks, in capitals: how numbers are compared, and what their index holds."""
    return Upper(Replace(F(column), Value(" "), Value("")))


def fold_number(number: str) -> str:
    """Write a lot number as recalls compare it."""
    return "".join(number.split()).upper()


class Recall(ClinicOwned):
    """Open until it is taken back. `number` is folded; an empty manufacturer means whoever made it."""

    manufacturer = models.CharField(_("maker"), max_length=120, blank=True)
    number = models.CharField(_("lot number"), max_length=60)
    reason = models.TextField(_("why"), max_length=1000)
    message = models.TextField(_("what to tell the people"), max_length=2000, blank=True)
    at = models.DateTimeField(_("since"), default=timezone.now, editable=False)
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", editable=False)
    ended_at = models.DateTimeField(null=True, blank=True, editable=False)
    ended_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", editable=False)
    end_reason = models.CharField(max_length=300, blank=True, editable=False)

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "number", "manufacturer"],
                condition=Q(ended_at__isnull=True),
                name="recall_once",
                violation_error_message=_("This lot is being recalled already."),
            ),
            models.CheckConstraint(
                condition=~Q(number="") & ~Q(reason=""),
                name="recall_says_what_and_why",
                violation_error_message=_("Type the lot number, and why it is recalled."),
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, end_reason="") | (Q(ended_at__isnull=False) & ~Q(end_reason="")),
                name="recall_end_says_why",
                violation_error_message=_("Say why the recall is taken back."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.manufacturer} {self.number}".strip()

    @property
    def is_open(self) -> bool:
        return self.ended_at is None
