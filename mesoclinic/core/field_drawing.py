"""Draws a field with its label as a string: a page of dozens of fields spent more on their frames than on themselves.

What comes out is what `components/_field.html` gives, but for the space between tags; a test holds the two together.
"""

from django import forms
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext


def draw_field(field: forms.BoundField) -> SafeString | None:
    """Draw label, help and control; None for what only the template draws: errors, and a group under one legend."""
    if field.is_hidden:
        return mark_safe(str(field))  # noqa: S308
    if field.errors or field.use_fieldset:
        return None
    draw = _tick if field.is_tick else _labelled
    return format_html('<div class="field {}">{}</div>', field.css_classes(), draw(field, _help(field)))


def _labelled(field: forms.BoundField, help_text: str) -> SafeString:
    label = '<label class="field-label" for="{}">{}{}</label>\n{}{}'
    return format_html(label, field.id_for_label, field.label, _optional(field), help_text, field)


def _tick(field: forms.BoundField, help_text: str) -> SafeString:
    tick = '<div class="tick">{}\n<label class="tick-label" for="{}">{}</label></div>\n{}'
    return format_html(tick, field, field.id_for_label, field.label, help_text)


def _optional(field: forms.BoundField) -> str:
    return "" if field.field.required else format_html(' <span class="field-optional">{}</span>', gettext("optional"))


def _help(field: forms.BoundField) -> str:
    if not field.help_text:
        return ""
    help_text = mark_safe(field.help_text)  # noqa: S308
    return format_html('<div class="field-help" id="{}_helptext">{}</div>\n', field.auto_id, help_text)
