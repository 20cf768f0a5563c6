"""Small filters of the record's pages."""

from collections.abc import Mapping
from decimal import Decimal

from django import template
from django.utils.formats import number_format

register = template.Library()


@register.filter
def ml(value: object) -> str:
    """Write a decimal without idle zeros, in the reader's way; nothing stays nothing."""
    if not isinstance(value, Decimal | int):
        return ""
    text = f"{value:f}"
    return number_format(Decimal(text.rstrip("0").rstrip(".") if "." in text else text), use_l10n=True)


@register.filter
def reason_for(reasons: Mapping[str, str], key: str) -> str:
    """Return the reason already given for a finding."""
    return reasons.get(key, "")
