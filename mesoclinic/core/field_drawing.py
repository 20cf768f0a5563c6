"""Draws a field with its label as a string: a page of dozens of fields spent more on their frames than on themselves.

What comes out is what `components/_field.html` gives, but for the space between tags; a test holds the two together.
"""

from django import forms
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from mesoclinic.core.drawing import escaped


def draw_field(field: forms.BoundField) -> SafeString | None:
    """Draw label, help and control; None for what only the template draws: errors, and a group under one legend."""
    if field.is_hidden:
        return mark_safe(str(field))  # noqa: S308
    if field.errors or field.use_fieldset:
        return None
    drawn = _tick(field) if field.is_tick else _labelled(field)
    return mark_safe(f'<div class="field {escaped(field.css_classes())}">{drawn}</div>')  # noqa: S308


def _labelled(field: forms.BoundField) -> str:
    words = escaped(field.label)
    if field.is_optional:
        words += f' <span class="field-optional">{escaped(gettext("optional"))}</span>'
    label = f'<label class="field-label" for="{escaped(field.id_for_label)}">{words}</label>'
    return f"{label}\n{_help(field)}{field}"


def _tick(field: forms.BoundField) -> str:
    label = f'<label class="tick-label" for="{escaped(field.id_for_label)}">{escaped(field.label)}</label>'
    return f'<div class="tick">{field}\n{label}</div>\n{_help(field)}'


def _help(field: forms.BoundField) -> str:
    """Help may hold tags, as in the template: it is written here, never by a user."""
    if not field.help_text:
        return ""
    return f'<div class="field-help" id="{escaped(field.auto_id)}_helptext">{field.help_text}</div>\n'
