"""Small filters of the record's pages."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from django import template
from django.utils.formats import number_format

from sessions.models.records import Override
from sessions.queries.kept_findings import told, told_override

register = template.Library()
register.filter("told_finding", told)


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


@register.filter
def override_words(override: Override) -> str:
    """Say in the reader's language what was gone past where no finding beside it says it."""
    return told_override(override)


@register.filter
def without_findings(overrides: Iterable[Override], findings: Iterable[Mapping[str, str]]) -> list[Override]:
    """Return the overrides of findings that stand on the page no more."""
    shown = {finding.get("key") for finding in findings}
    return [override for override in overrides if override.key not in shown]
