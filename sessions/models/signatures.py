"""What follows a signed record: its addenda, and the chain of signatures of a clinic. Both only ever grow."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.constraints import one_of
from mesoclinic.core.models import ClinicOwned, Identified
from protocols.models import Lot
from protocols.models.recalls import folded

from .availability import Practitioner
from .records import Administration, SessionRecord


class AddendumKind(models.TextChoices):
    """Source: DOMAIN section 6.3 (CMS principles)."""

    ADDENDUM = "addendum", _("Addendum")
    CORRECTION = "correction", _("Correction")
    LATE_ENTRY = "late_entry", _("Late entry")
    WITHDRAWAL = "withdrawal", _("Withdrawn: wrong patient")


class Corrected(models.TextChoices):
    """What a correction can give another value, by the name of its column: `OF_A_LINE` of the mix, the rest of the record."""

    LOT = "lot_number", _("Lot")
    GIVEN = "given_ml", _("Given (mL)")
    WEIGHT = "weight_kg", _("Weight (kg)")
    DEPTH = "depth_mm", _("Depth (mm)")
    SHOTS = "shots", _("Shots in all")
    NEEDLE = "needle", _("Needle")
    DEVICE = "device_number", _("Device and sterile part (number, lot)")
    SEDATION = "sedation", _("Sedation (medicine, dose, by whom)")
    NONE = "", ""


OF_A_LINE = (Corrected.LOT, Corrected.GIVEN)


class Addendum(Identified):
    """A dated, authored, reasoned addition to a signed record. Append-only, by trigger.

    A correction may give one value anew (`corrects`, for the lot or the volume of a line with `line`): `value` is the right one as it
    would be typed, `lot` the lot of that number where the stock knows exactly one. The last correction of a value holds.
    """

    Kind = AddendumKind

    record = models.ForeignKey(SessionRecord, on_delete=models.PROTECT, related_name="addenda")
    kind = models.CharField(_("kind"), max_length=10, choices=AddendumKind)
    text = models.TextField(_("text"), max_length=5000)
    reason = models.CharField(_("reason"), max_length=500)
    field = models.CharField(_("what is corrected"), max_length=60, blank=True)
    corrects = models.CharField(max_length=15, choices=Corrected, blank=True, default="")
    line = models.ForeignKey(
        Administration, on_delete=models.PROTECT, null=True, blank=True, related_name="corrections"
    )
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, null=True, blank=True, related_name="corrections")
    value = models.CharField(_("the right value"), max_length=300, blank=True, default="")
    # What the mix check found with the right value and not before, as records keep theirs. It follows from what is signed.
    findings = models.JSONField(null=True, blank=True, editable=False)
    by = models.ForeignKey(Practitioner, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["record", "at", "id"]
        verbose_name_plural = "addenda"
        indexes = [
            models.Index(folded("value"), name="correction_by_lot_number", condition=Q(corrects="lot_number")),
        ]
        constraints = [
            one_of("corrects", Corrected, name="addendum_corrects_known"),
            models.CheckConstraint(
                condition=Q(corrects="", value="", line__isnull=True, lot__isnull=True)
                | (Q(kind="correction", corrects="lot_number", line__isnull=False) & ~Q(value=""))
                | (Q(kind="correction", corrects="given_ml", line__isnull=False, lot__isnull=True) & ~Q(value=""))
                | (
                    Q(kind="correction", line__isnull=True, lot__isnull=True)
                    & ~Q(corrects__in=["", "given_ml", "lot_number"])
                    & ~Q(value="")
                ),
                name="addendum_corrects_one_value",
                violation_error_message=_("A correction gives one value anew."),
            ),
            one_of("kind", AddendumKind, name="addendum_kind_known"),
            models.CheckConstraint(
                condition=~Q(text="") & ~Q(reason=""),
                name="addendum_says_what_and_why",
                violation_error_message=_("Say what is added, and why."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.at:%Y-%m-%d}"


class SignatureHead(models.Model):
    """The end of a clinic's chain of signatures; locked while signing, so two tablets cannot fork it."""

    clinic = models.OneToOneField("core.Clinic", on_delete=models.PROTECT, related_name="+")
    sequence = models.PositiveBigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"{self.clinic_id} {self.sequence}"


class Signature(ClinicOwned):
    """One link of the chain: the exact canonical text signed, its format, and the hash over it and the link before."""

    sequence = models.PositiveBigIntegerField()
    record = models.ForeignKey(SessionRecord, on_delete=models.PROTECT, related_name="signatures")
    addendum = models.OneToOneField(Addendum, on_delete=models.PROTECT, null=True, blank=True, related_name="signature")
    format = models.PositiveSmallIntegerField()
    canonical_text = models.TextField()
    previous_sha256 = models.CharField(max_length=64, blank=True)
    sha256 = models.CharField(max_length=64)
    signed_by = models.ForeignKey(Practitioner, on_delete=models.PROTECT, related_name="+")
    signed_at = models.DateTimeField()

    class Meta:
        ordering = ["clinic", "sequence"]
        constraints = [
            models.UniqueConstraint(fields=["clinic", "sequence"], name="signature_sequence_unique"),
            models.UniqueConstraint(
                fields=["record"], condition=Q(addendum__isnull=True), name="signature_once_a_record"
            ),
        ]

    def __str__(self) -> str:
        return self.sha256[:12]
