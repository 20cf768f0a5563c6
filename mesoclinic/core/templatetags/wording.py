"""The `date` filter of every template: Django's, with the first of a month as the reader's language writes it."""

from django import template
from django.template import defaultfilters

from mesoclinic.core.wording import with_first

register = template.Library()


@register.filter(expects_localtime=True, is_safe=False)
def date(value, how: str | None = None) -> str:
    """Write a day or an instant as Django does, empty for none; the first of a month is “1er” in French."""
    return with_first(defaultfilters.date(value, how), value)
