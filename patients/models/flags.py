"""Flag: what everybody must see before touching the patient."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from mesoclinic.core.constraints import in_order, one_of
from mesoclinic.core.models import Identified, User
from protocols.allergens import allergen_words
from protocols.models import Substance

from .patients import Patient


class FlagKind(models.TextChoices):
    """Source of the medical kinds: DOMAIN section 1.4."""

    ALLERGY_SUBSTANCE = "allergy_substance", _("Allergy to a substance")
    ALLERGY_CLASS = "allergy_class", _("Allergy to a class")
    ALLERGY_MATERIAL = "allergy_material", _("Allergy to a material")
    PREGNANCY = "pregnancy", _("Pregnancy")
    BREASTFEEDING = "breastfeeding", _("Breastfeeding")
    ANTICOAGULANT = "anticoagulant", _("Anticoagulant or antiplatelet")
    CLOTTING = "clotting", _("Clotting disorder")
    INFECTION = "infection", _("Infection, fever or skin disease")
    MALIGNANCY = "malignancy", _("Malignancy")
    AUTOIMMUNE = "autoimmune", _("Autoimmune disease")
    HEART = "heart", _("Heart disease")
    DIABETES = "diabetes", _("Diabetes")
    ULCER = "ulcer", _("Gastric ulcer")
    IMMUNODEFICIENCY = "immunodeficiency", _("Immunodeficiency")
    BEHAVIOUR = "behaviour", _("Behaviour")
    COMPETITION = "competition", _("Competes")
    OTHER = "other", _("Other")


ALLERGIES = (FlagKind.ALLERGY_SUBSTANCE, FlagKind.ALLERGY_CLASS, FlagKind.ALLERGY_MATERIAL)
PLANNED = (FlagKind.ANTICOAGULANT, FlagKind.COMPETITION, FlagKind.OTHER)  # may begin on a day to come


class Flag(Identified):
    Kind = FlagKind

    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="flags")
    kind = models.CharField(_("kind"), max_length=20, choices=FlagKind)
    substance = models.ForeignKey(
        Substance, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("substance")
    )
    value = models.CharField(_("class or material"), max_length=60, blank=True)
    text = models.CharField(_("what to know"), max_length=300, blank=True)
    since_on = models.DateField(_("since"))
    until_on = models.DateField(_("until"), null=True, blank=True)
    source = models.CharField(_("who said so"), max_length=200, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    history = HistoricalRecords(excluded_fields=["public_id"])

    class Meta:
        ordering = ["kind", "since_on", "id"]
        constraints = [
            one_of("kind", FlagKind, name="flag_kind_known"),
            in_order("since_on", "until_on", name="flag_in_order", message=_("The last day is before the first.")),
            models.CheckConstraint(
                condition=(Q(kind="allergy_substance", substance__isnull=False))
                | (Q(kind__in=["allergy_class", "allergy_material"]) & ~Q(value=""))
                | ~Q(kind__in=["allergy_substance", "allergy_class", "allergy_material"]),
                name="flag_allergy_says_to_what",
                violation_error_message=_("Say what the allergy is to."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.what}" if self.what else self.get_kind_display()

    @property
    def what(self) -> str:
        """What it is about, in words: a substance, a class, a material, or what somebody wrote."""
        return self.substance.name if self.substance_id else allergen_words(self.value) or self.text

    @property
    def clinic(self):
        return self.patient.clinic
