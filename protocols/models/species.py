"""Species: data, not a switch. One table for all clinics, loaded from the shipped catalogue."""

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


class Species(models.Model):
    """`words` holds what screens call things ({"patient": "horse", "owner": "owner", …}); `traits` what fields apply.

    Traits: `is_animal`, `has_passport`, `has_food_chain`, `birth_precision`, `sexes` ([[code, label], …]),
    `weight_range_kg` ([low, high]: outside it the form asks again), `majority_years`.
    """

    code = models.CharField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=60)
    position = models.PositiveSmallIntegerField(default=0)
    words = models.JSONField(default=dict)
    traits = models.JSONField(default=dict)

    class Meta:
        ordering = ["position", "name"]
        verbose_name_plural = "species"

    def __str__(self) -> str:
        return gettext(self.name)

    @property
    def usual_weights_kg(self) -> tuple[float, float]:
        low, high = self.traits.get("weight_range_kg") or (0, 2000)
        return float(low), float(high)

    @property
    def is_animal(self) -> bool:
        return bool(self.traits.get("is_animal"))
