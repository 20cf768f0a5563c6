"""Substance, what goes into a mix; Category, the founding text's twelve and two more; Incompatibility of two."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.constraints import in_order, one_of

from .shipped import Shipped, code_unique
from .species import Species


class Category(models.Model):
    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=80)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "name"]
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        return gettext(self.name)


class SubstanceKind(models.TextChoices):
    PHARMACEUTICAL = "pharmaceutical", _("Pharmaceutical")
    HOMEOPATHIC = "homeopathic", _("Homeopathic")
    VITAMIN = "vitamin", _("Vitamin")
    MINERAL = "mineral", _("Mineral")
    PLANT = "plant", _("Plant extract")


class SubstanceStatus(models.TextChoices):
    ACTIVE = "active", _("In use")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class StrengthUnit(models.TextChoices):
    MG_PER_ML = "mg/mL", "mg/mL"
    UG_PER_ML = "µg/mL", "µg/mL"
    IU_PER_ML = "IU/mL", _("IU/mL")
    PERCENT = "%", "%"
    NONE = "", _("not stated")


class Substance(Shipped):
    """Ceilings are for adults of the label they come from, in mg; empty means no sourced ceiling, never none at all."""

    Kind, Status, Unit = SubstanceKind, SubstanceStatus, StrengthUnit

    kind = models.CharField(_("kind"), max_length=20, choices=SubstanceKind, default=SubstanceKind.PHARMACEUTICAL)
    categories = models.ManyToManyField(Category, related_name="substances", verbose_name=_("categories"))
    species = models.ManyToManyField(Species, related_name="+", verbose_name=_("species"), blank=True)
    synonyms = models.JSONField(_("other names and brands"), default=list, blank=True)
    search_text = models.TextField(editable=False, default="")
    appearance = models.CharField(_("appearance"), max_length=200, blank=True)
    strength = models.DecimalField(_("strength"), max_digits=12, decimal_places=4, null=True, blank=True)
    strength_unit = models.CharField(_("unit"), max_length=10, choices=StrengthUnit, blank=True, default="")
    other_strengths = models.JSONField(_("other strengths"), default=list, blank=True)
    allergy_classes = models.JSONField(_("allergy classes"), default=list, blank=True)
    max_mg_per_kg = models.DecimalField(_("most mg per kg"), max_digits=9, decimal_places=4, null=True, blank=True)
    max_mg_per_session = models.DecimalField(
        _("most mg per session"), max_digits=9, decimal_places=3, null=True, blank=True
    )
    max_mg_per_24h = models.DecimalField(
        _("most mg in 24 hours"), max_digits=9, decimal_places=3, null=True, blank=True
    )
    max_mg_per_course = models.DecimalField(
        _("most mg in a course"), max_digits=10, decimal_places=3, null=True, blank=True
    )
    min_age_years = models.PositiveSmallIntegerField(_("youngest age in years"), null=True, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=SubstanceStatus, default=SubstanceStatus.ACTIVE)
    status_reason = models.TextField(_("why withdrawn"), max_length=1000, blank=True)
    legal_notes = models.JSONField(_("notes by country"), default=dict, blank=True)
    competition_note = models.TextField(_("competition note"), max_length=1000, blank=True)
    notes = models.TextField(_("notes"), max_length=2000, blank=True)
    traits = models.JSONField(default=dict, blank=True)  # what the mix check asks: preservative_free, is_vehicle …

    class Meta:
        ordering = ["name"]
        constraints = [
            code_unique("substance_code_unique"),
            one_of("kind", SubstanceKind, name="substance_kind_known"),
            one_of("status", SubstanceStatus, name="substance_status_known"),
            one_of("strength_unit", StrengthUnit, name="substance_unit_known"),
            models.CheckConstraint(
                condition=Q(strength__isnull=True, strength_unit="")
                | Q(strength__gt=0, strength_unit__in=["mg/mL", "µg/mL", "IU/mL", "%"]),
                name="substance_strength_has_unit",
                violation_error_message=_("A strength needs a number above zero and a unit."),
            ),
            models.CheckConstraint(
                condition=~Q(status="withdrawn", status_reason=""),
                name="substance_withdrawn_says_why",
                violation_error_message=_("Say why the substance was withdrawn."),
            ),
        ]


class IncompatibilityLevel(models.TextChoices):
    BLOCK = "block", _("Do not mix")
    WARN = "warn", _("Mix with care")
    ALLOW = "allow", _("May be mixed")


class Incompatibility(Shipped):
    """What is known of two substances, or of a substance and an allergy class, in one syringe.

    An unlisted pair is unknown, never compatible. `only_with` names the vehicle that makes the pair acceptable, where
    asked for only while the second's strength lies between its two ends. `second_class` is a
    category or an allergy class.
    """

    Level = IncompatibilityLevel

    first = models.ForeignKey(Substance, on_delete=models.CASCADE, related_name="+", verbose_name=_("first"))
    second = models.ForeignKey(
        Substance, on_delete=models.CASCADE, related_name="+", null=True, blank=True, verbose_name=_("second")
    )
    second_class = models.CharField(_("or any of the class"), max_length=40, blank=True)
    only_with = models.ForeignKey(
        Substance, on_delete=models.PROTECT, related_name="+", null=True, blank=True, verbose_name=_("only with")
    )
    only_from_mg_per_ml = models.DecimalField(
        _("only from mg/mL of the second"), max_digits=9, decimal_places=3, null=True, blank=True
    )
    only_to_mg_per_ml = models.DecimalField(
        _("only up to mg/mL of the second"), max_digits=9, decimal_places=3, null=True, blank=True
    )
    level = models.CharField(_("level"), max_length=10, choices=IncompatibilityLevel)
    effect = models.CharField(_("what happens"), max_length=300, blank=True)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "incompatibilities"
        constraints = [
            code_unique("incompatibility_code_unique"),
            one_of("level", IncompatibilityLevel, name="incompatibility_level_known"),
            models.CheckConstraint(
                condition=Q(second__isnull=False, second_class="") | (Q(second__isnull=True) & ~Q(second_class="")),
                name="incompatibility_has_second",
                violation_error_message=_("Name the second substance or a class, one of the two."),
            ),
            models.CheckConstraint(
                condition=Q(second__isnull=True) | ~Q(first=F("second")),
                name="incompatibility_of_two",
                violation_error_message=_("A substance is not incompatible with itself."),
            ),
            models.CheckConstraint(
                condition=Q(only_from_mg_per_ml__isnull=True, only_to_mg_per_ml__isnull=True)
                | Q(only_with__isnull=False, only_from_mg_per_ml__isnull=False, only_to_mg_per_ml__isnull=False)
                & Q(only_from_mg_per_ml__gte=0, only_to_mg_per_ml__gte=0),
                name="incompatibility_strength_of_vehicle",
                violation_error_message=_("Strengths are given both, and only with the vehicle they hold for."),
            ),
            in_order(
                "only_from_mg_per_ml",
                "only_to_mg_per_ml",
                name="incompatibility_strengths_in_order",
                message=_("The higher strength is below the lower one."),
            ),
        ]
