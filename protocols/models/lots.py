"""Lot, Vial, and StockMovement: the ledger of what came in, was opened, drawn, wasted, counted."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.constraints import one_of
from mesoclinic.core.models import ClinicOwned, Site, User

from .recalls import Recall
from .substances import StrengthUnit, Substance


class LotStatus(models.TextChoices):
    ACTIVE = "active", _("In use")
    RECALLED = "recalled", _("Recalled")
    USED_UP = "used_up", _("Used up")


class Lot(ClinicOwned):
    Status = LotStatus

    substance = models.ForeignKey(Substance, on_delete=models.PROTECT, related_name="lots", verbose_name=_("substance"))
    manufacturer = models.CharField(_("manufacturer"), max_length=120, blank=True)
    number = models.CharField(_("lot number"), max_length=60)
    expires_on = models.DateField(_("expires on"))
    strength = models.DecimalField(_("strength"), max_digits=12, decimal_places=4, null=True, blank=True)
    strength_unit = models.CharField(_("unit"), max_length=10, choices=StrengthUnit, blank=True, default="")
    status = models.CharField(_("status"), max_length=10, choices=LotStatus, default=LotStatus.ACTIVE)
    recall = models.ForeignKey(
        Recall, on_delete=models.PROTECT, null=True, blank=True, related_name="lots", editable=False
    )
    recalled_at = models.DateTimeField(null=True, blank=True)
    recall_reason = models.TextField(_("why recalled"), max_length=1000, blank=True)
    low_stock_ml = models.DecimalField(_("low below (mL)"), max_digits=9, decimal_places=3, null=True, blank=True)
    beyond_use_days = models.PositiveSmallIntegerField(_("days of use once opened"), null=True, blank=True)

    class Meta:
        ordering = ["expires_on", "number"]
        indexes = [models.Index(fields=["clinic", "expires_on"], name="lot_by_expiry")]
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "substance", "manufacturer", "number"],
                name="lot_unique",
                violation_error_message=_("This lot is already known; receive more of it instead."),
            ),
            one_of("status", LotStatus, name="lot_status_known"),
            one_of("strength_unit", StrengthUnit, name="lot_unit_known"),
            models.CheckConstraint(
                condition=~Q(number=""), name="lot_has_number", violation_error_message=_("Type the lot number.")
            ),
            models.CheckConstraint(
                condition=~Q(status="recalled") | Q(recalled_at__isnull=False),
                name="lot_recalled_when",
                violation_error_message=_("A recalled lot says since when."),
            ),
        ]

    @property
    def is_as_usual(self) -> bool:
        """Whether its pack says no other strength than its substance usually has. The substance is loaded."""
        usual = (self.substance.strength, self.substance.strength_unit)
        return self.strength is None or (self.strength, self.strength_unit) == usual

    def __str__(self) -> str:
        return f"{self.substance} {self.number}"


class Vial(ClinicOwned):
    """An opened multi-dose container: usable until its beyond-use day."""

    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="vials")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(_("opened"))
    opened_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    beyond_use_on = models.DateField(_("use until"))
    discarded_at = models.DateTimeField(_("discarded"), null=True, blank=True)

    class Meta:
        ordering = ["beyond_use_on"]

    def __str__(self) -> str:
        return f"{self.lot} {self.opened_at:%Y-%m-%d}"


class NoticeKind(models.TextChoices):
    EXPIRING = "expiring", _("Expires soon")
    EXPIRED = "expired", _("Expired")
    LOW = "low", _("Running low")
    FORCED = "forced", _("Given though it should not have been")


class StockNotice(ClinicOwned):
    """Something to know of a lot, told once: about its expiry day, since the delivery that ran low, or the day it was given
    though expired, recalled or used up."""

    Kind = NoticeKind

    lot = models.ForeignKey(Lot, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(_("kind"), max_length=10, choices=NoticeKind)
    keyed_on = models.DateField(_("about the day"))
    words = models.CharField(_("what there is to know"), max_length=300, blank=True)
    made_at = models.DateTimeField(_("told"), default=timezone.now)

    class Meta:
        ordering = ["-made_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["lot", "kind", "keyed_on"], name="stock_notice_once"),
            one_of("kind", NoticeKind, name="stock_notice_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.lot} {self.kind}"


class MovementKind(models.TextChoices):
    RECEIVED = "received", _("Received")
    DRAWN = "drawn", _("Drawn")
    WASTED = "wasted", _("Wasted")
    COUNTED = "counted", _("Count corrected")
    RETURNED = "returned", _("Returned")
    SURPLUS = "surplus", _("More was there than counted")
    PUT_BACK = "put-back", _("Put back, as its record was withdrawn")


class StockMovement(ClinicOwned):
    """One line of the ledger: signed mL, never changed. The stock of a lot at a site is the sum of its lines."""

    Kind = MovementKind

    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="movements")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    vial = models.ForeignKey(Vial, on_delete=models.PROTECT, null=True, blank=True, related_name="movements")
    kind = models.CharField(_("kind"), max_length=10, choices=MovementKind)
    volume_ml = models.DecimalField(_("volume (mL)"), max_digits=10, decimal_places=3)
    at = models.DateTimeField(_("when"), default=timezone.now)
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    reason = models.CharField(_("reason"), max_length=300, blank=True)

    class Meta:
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["lot", "site"], name="movement_by_lot")]
        constraints = [
            one_of("kind", MovementKind, name="movement_kind_known"),
            models.CheckConstraint(
                condition=Q(kind__in=["received", "surplus", "put-back"], volume_ml__gt=0)
                | Q(kind__in=["drawn", "wasted", "returned"], volume_ml__lt=0)
                | (Q(kind="counted") & ~Q(volume_ml=0)),
                name="movement_sign",
                violation_error_message=_("What comes in is above zero, what goes out below."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.volume_ml} mL"
