"""Indication: what a course is for."""

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.constraints import one_of

from .shipped import Shipped, code_unique
from .species import Species
from .substances import Category


class IndicationField(models.TextChoices):
    PAIN = "pain", _("Pain")
    SPORTS = "sports", _("Sports injury")
    COSMETIC = "cosmetic", _("Cosmetic")
    GENERAL = "general", _("General medicine")


class IndicationDuration(models.TextChoices):
    ACUTE = "acute", _("Acute")
    CHRONIC = "chronic", _("Chronic")
    EITHER = "either", _("Acute or chronic")


class Indication(Shipped):
    Field, Duration = IndicationField, IndicationDuration

    field = models.CharField(_("field"), max_length=10, choices=IndicationField)
    duration = models.CharField(_("duration"), max_length=10, choices=IndicationDuration)
    species = models.ManyToManyField(Species, related_name="+", verbose_name=_("species"), blank=True)
    region = models.CharField(_("region"), max_length=80, blank=True)
    suggested_categories = models.ManyToManyField(Category, related_name="+", blank=True)
    evidence = models.TextField(_("evidence"), max_length=2000, blank=True)
    main_score = models.CharField(_("main score"), max_length=40, blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            code_unique("indication_code_unique"),
            one_of("field", IndicationField, name="indication_field_known"),
            one_of("duration", IndicationDuration, name="indication_duration_known"),
        ]

    def __str__(self) -> str:
        return gettext(self.name)
