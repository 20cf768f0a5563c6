"""Round: the visits of one practitioner at one stable or home on one day, one behind the other, with the way there."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.constraints import one_of
from mesoclinic.core.models import ClinicOwned, Site, User
from patients.models import Place

from .availability import Practitioner

MOST_TRAVEL_MIN = 600


class RoundStatus(models.TextChoices):
    BOOKED = "booked", _("Booked")
    CANCELLED = "cancelled", _("Cancelled")


class Round(ClinicOwned):
    """The order of the visits is that of their times. The way there and back is kept busy by the first and the last."""

    Status = RoundStatus

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+", verbose_name=_("site"))
    place = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="rounds", verbose_name=_("place"))
    practitioner = models.ForeignKey(
        Practitioner, on_delete=models.PROTECT, related_name="rounds", verbose_name=_("practitioner")
    )
    on = models.DateField(_("day"))
    travel_before_min = models.PositiveSmallIntegerField(_("minutes on the way there"), default=0)
    travel_after_min = models.PositiveSmallIntegerField(_("minutes on the way back"), default=0)
    note = models.CharField(_("note"), max_length=500, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=RoundStatus, default=RoundStatus.BOOKED)
    status_reason = models.CharField(_("why"), max_length=300, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    booking_token = models.UUIDField(null=True, blank=True, unique=True, editable=False)  # a form sent twice books once

    class Meta:
        ordering = ["on", "id"]
        indexes = [models.Index(fields=["site", "on"], name="round_by_day")]
        constraints = [
            one_of("status", RoundStatus, name="round_status_known"),
            models.CheckConstraint(
                condition=Q(travel_before_min__lte=MOST_TRAVEL_MIN, travel_after_min__lte=MOST_TRAVEL_MIN),
                name="round_travel_sane",
                violation_error_message=_("Travel takes at most 600 minutes."),
            ),
            models.CheckConstraint(
                condition=~Q(status="cancelled") | ~Q(status_reason=""),
                name="round_cancel_says_why",
                violation_error_message=_("Say why the round is cancelled."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.place} {self.on:%Y-%m-%d}"

    @property
    def is_cancelled(self) -> bool:
        return self.status == RoundStatus.CANCELLED
