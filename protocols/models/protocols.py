"""Protocol → ProtocolVersion (frozen once published) → ProtocolLine; Technique, an editable list."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from mesoclinic.core.constraints import in_order, one_of
from mesoclinic.core.models import Identified, User

from .indications import Indication
from .shipped import Shipped, code_unique
from .species import Species
from .substances import StrengthUnit, Substance


class Technique(Shipped):
    """A way of injecting, with the range of depths its source gives (sources disagree: a range, never one number)."""

    depth_min_mm = models.DecimalField(_("shallowest (mm)"), max_digits=4, decimal_places=1, null=True, blank=True)
    depth_max_mm = models.DecimalField(_("deepest (mm)"), max_digits=4, decimal_places=1, null=True, blank=True)
    needs_mix = models.BooleanField(_("injects a mix"), default=True)
    notes = models.TextField(_("notes"), max_length=2000, blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            code_unique("technique_code_unique"),
            in_order(
                "depth_min_mm",
                "depth_max_mm",
                name="technique_depth_in_order",
                message=_("The deepest depth is not above the shallowest."),
            ),
        ]

    def __str__(self) -> str:
        return gettext(self.name)


class Protocol(Shipped):
    field = models.CharField(_("field"), max_length=10, blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [code_unique("protocol_code_unique")]


class VersionStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    PUBLISHED = "published", _("Published")


class Device(models.TextChoices):
    NEEDLE = "needle", _("Syringe and single needle")
    INJECTOR = "injector", _("Electronic injector (gun)")
    MULTI_INJECTOR = "multi_injector", _("Multi-needle plate")
    UNSTATED = "", _("Not stated")


class ProtocolVersion(Identified):
    Status, Device = VersionStatus, Device

    protocol = models.ForeignKey(Protocol, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(_("version"))
    status = models.CharField(_("status"), max_length=10, choices=VersionStatus, default=VersionStatus.DRAFT)
    summary = models.TextField(_("summary"), max_length=2000, blank=True)
    source = models.TextField(_("source"), max_length=2000, blank=True)
    species = models.ManyToManyField(Species, related_name="+", verbose_name=_("species"), blank=True)
    indications = models.ManyToManyField(
        Indication, related_name="protocol_versions", verbose_name=_("indications"), blank=True
    )
    technique = models.ForeignKey(
        Technique, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("technique")
    )
    device = models.CharField(_("device"), max_length=20, choices=Device, blank=True, default="")
    needle = models.CharField(_("needle"), max_length=80, blank=True)
    needle_length_mm = models.DecimalField(
        _("needle length (mm)"), max_digits=4, decimal_places=1, null=True, blank=True
    )
    depth_min_mm = models.DecimalField(_("shallowest (mm)"), max_digits=4, decimal_places=1, null=True, blank=True)
    depth_max_mm = models.DecimalField(_("deepest (mm)"), max_digits=4, decimal_places=1, null=True, blank=True)
    shots_min = models.PositiveIntegerField(_("fewest shots"), null=True, blank=True)
    shots_max = models.PositiveIntegerField(_("most shots"), null=True, blank=True)
    volume_per_point_ml = models.DecimalField(
        _("volume per point (mL)"), max_digits=6, decimal_places=3, null=True, blank=True
    )
    cadence = models.CharField(_("cadence"), max_length=1000)
    minimum_sessions = models.PositiveSmallIntegerField(_("at least this many sessions"), default=1)
    aftercare = models.TextField(_("aftercare"), max_length=2000, blank=True)
    notes = models.TextField(_("notes"), max_length=2000, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    published_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    published_at = models.DateTimeField(null=True, blank=True)
    edit_count = models.PositiveIntegerField(default=0)  # two people editing one draft: the second is told
    history = HistoricalRecords(excluded_fields=["public_id"])

    class Meta:
        ordering = ["protocol", "-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["protocol", "number"],
                name="protocol_version_unique",
                violation_error_message=_("This version already exists."),
            ),
            models.UniqueConstraint(
                fields=["protocol"],
                condition=Q(status="draft"),
                name="protocol_one_draft",
                violation_error_message=_("This protocol already has a draft."),
            ),
            one_of("status", VersionStatus, name="protocol_version_status_known"),
            one_of("device", Device, name="protocol_version_device_known"),
            models.CheckConstraint(
                condition=Q(status="draft") | Q(published_at__isnull=False),
                name="protocol_version_published_when",
                violation_error_message=_("A published version says when."),
            ),
            in_order(
                "depth_min_mm",
                "depth_max_mm",
                name="protocol_version_depth_in_order",
                message=_("The deepest depth is not above the shallowest."),
            ),
            in_order(
                "shots_min",
                "shots_max",
                name="protocol_version_shots_in_order",
                message=_("The most shots are fewer than the fewest."),
            ),
            models.CheckConstraint(
                condition=(Q(depth_min_mm__isnull=True) | Q(depth_min_mm__range=("0.1", "13")))
                & (Q(depth_max_mm__isnull=True) | Q(depth_max_mm__range=("0.1", "13"))),
                name="protocol_version_depth_sane",
                violation_error_message=_("A depth is between 0.1 and 13 mm."),
            ),
            models.CheckConstraint(
                condition=Q(minimum_sessions__range=(1, 999)),
                name="protocol_version_minimum_sane",
                violation_error_message=_("The least number of sessions is between 1 and 999."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.protocol} ({self.number})"

    @property
    def clinic(self):
        return self.protocol.clinic

    @property
    def is_dry(self) -> bool:
        """Its technique injects nothing; without a technique, or with another, the mix may be left to decide."""
        return self.technique is not None and not self.technique.needs_mix

    @property
    def is_published(self) -> bool:
        return self.status == VersionStatus.PUBLISHED


class LineRole(models.TextChoices):
    BASE = "base", _("Base anaesthetic")
    VASODILATOR = "vasodilator", _("Vasodilator")
    ADD_IN = "add_in", _("Add-in")


class ProtocolLine(models.Model):
    Role = LineRole

    version = models.ForeignKey(ProtocolVersion, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveSmallIntegerField()
    role = models.CharField(_("role"), max_length=12, choices=LineRole)
    substance = models.ForeignKey(Substance, on_delete=models.PROTECT, related_name="+", verbose_name=_("substance"))
    strength = models.DecimalField(_("strength"), max_digits=12, decimal_places=4, null=True, blank=True)
    strength_unit = models.CharField(_("unit"), max_length=10, choices=StrengthUnit, blank=True, default="")
    volume_ml = models.DecimalField(_("volume (mL)"), max_digits=7, decimal_places=3, null=True, blank=True)
    syringe = models.CharField(_("syringe"), max_length=1, default="A")
    note = models.CharField(_("note"), max_length=300, blank=True)
    history = HistoricalRecords()

    class Meta:
        ordering = ["version", "position"]
        constraints = [
            models.UniqueConstraint(fields=["version", "position"], name="protocol_line_position_unique"),
            one_of("role", LineRole, name="protocol_line_role_known"),
            one_of("strength_unit", StrengthUnit, name="protocol_line_unit_known"),
            models.CheckConstraint(
                condition=Q(volume_ml__isnull=True) | Q(volume_ml__gt=0, volume_ml__lte=1000),
                name="protocol_line_volume_sane",
                violation_error_message=_("A volume is above 0 and at most 1000 mL."),
            ),
            models.CheckConstraint(
                condition=Q(syringe__in=["A", "B", "C", "D"]),
                name="protocol_line_syringe_known",
                violation_error_message=_("Syringes are called A, B, C and D."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.substance} {self.volume_ml} mL"
