"""Fields for several things in one box: words, allergens, strengths."""

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.forms import as_plain_decimal
from protocols.allergens import allergen_code, allergen_words
from protocols.models.substances import StrengthUnit

MOST_NAMES = 30
STRENGTH = re.compile(r"([\d.,]+)\s*(\S+)")
AMOUNT = re.compile(r"\d{1,8}(\.\d{1,4})?")
UNITS = {unit.value.lower(): unit.value for unit in StrengthUnit if unit.value} | {"μg/ml": "µg/mL", "ug/ml": "µg/mL"}


class ListField(forms.CharField):
    """Words with commas or lines between them, as a list."""

    between = r"[,;\n]"

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        text = super().clean(value)
        words = [" ".join(word.split()) for word in re.split(self.between, text)]
        found = list(dict.fromkeys(word for word in words if word))
        if len(found) > MOST_NAMES:
            raise forms.ValidationError(_("That is too many; keep the most usual ones."))
        return found


class AllergenField(ListField):
    """Classes in words, kept as the codes the mix check compares."""

    def prepare_value(self, value: Any) -> Any:
        return super().prepare_value([allergen_words(one) for one in value] if isinstance(value, list) else value)

    def clean(self, value: Any) -> list[str]:
        return list(dict.fromkeys(allergen_code(one) for one in super().clean(value)))


class StrengthsField(ListField):
    """Strengths such as "10 mg/mL; 2 %", as rows of `Substance.other_strengths`; a comma is a decimal comma."""

    between = r"[;\n]"

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, list):
            return value
        return "; ".join(f"{one['strength']} {one['unit']}" for one in value)

    def clean(self, value: Any) -> list[dict[str, str]]:  # type: ignore[override]
        return [self._strength(words) for words in super().clean(value)]

    def _strength(self, words: str) -> dict[str, str]:
        found = STRENGTH.fullmatch(words)
        amount, unit = (as_plain_decimal(found[1]), UNITS.get(found[2].lower(), "")) if found else ("", "")
        if not AMOUNT.fullmatch(amount) or not Decimal(amount) or not unit:
            refused = _("“%(words)s” is not a strength; write such as 10 mg/mL; 2 %%.")
            raise forms.ValidationError(refused % {"words": words})
        return {"strength": f"{Decimal(amount).normalize():f}", "unit": unit}
