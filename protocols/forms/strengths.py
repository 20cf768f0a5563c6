"""The two fields of a strength: a number above zero and its unit, both or neither."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from protocols.models.substances import StrengthUnit


def strength_field(label: Any, **more: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        required=False,
        min_value=Decimal("0.0001"),
        max_digits=12,
        decimal_places=4,
        error_messages={"min_value": _("A strength needs a number above zero and a unit.")},
        **more,
    )


def strength_unit_field() -> forms.ChoiceField:
    return forms.ChoiceField(label=_("Unit"), required=False, choices=[("", "—"), *StrengthUnit.choices[:-1]])


def whole_strength(form: forms.Form, values: Mapping[str, Any]) -> None:
    """Refuse a number without its unit, and a unit without its number."""
    if "strength" not in form.errors and (values.get("strength") is None) == bool(values.get("strength_unit")):
        form.add_error("strength", _("A strength needs a number above zero and a unit."))
