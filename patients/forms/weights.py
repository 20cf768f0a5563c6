"""What every form that asks for a weight holds it against."""

from decimal import Decimal

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _


def check_weight(weight_kg: Decimal | None, usual_kg: tuple[float, float]) -> None:
    """Ask again about a slip: every ceiling by weight goes by it. Raises ValidationError; no weight is no slip."""
    if weight_kg is not None and weight_kg <= 0:
        raise ValidationError(_("A weight is above 0 and at most 2000 kg."))
    low, high = usual_kg
    if weight_kg is not None and not low <= weight_kg <= high:
        words = _("This weight does not fit: between %(low)s and %(high)s kg is usual.")
        raise ValidationError(words % {"low": f"{low:g}", "high": f"{high:g}"})
