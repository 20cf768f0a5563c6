"""What a body map draws hundreds of: its zones, and points. As strings: their tiny loops took most of a record's page."""

from collections.abc import Iterable
from functools import lru_cache

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext

from sessions.body_map import LEFT, RIGHT, View, Zone
from sessions.queries.body_maps import Dot

register = template.Library()

TAPPED = (
    '<polygon class="body-zone" points="{}" data-zone="{}" data-side="{}" data-middle="{},{}" tabindex="{}"'
    ' role="button" aria-label="{}"></polygon>'
)
SEEN = '<polygon class="body-zone" points="{}"><title>{}</title></polygon>'


@register.filter
def circles(dots: Iterable[Dot], radius: int) -> SafeString:
    """Draw points as circles of a radius in the units of the view; those that sting are marked."""
    rows = (((' class="is-stung"' if dot.stings else ""), dot) for dot in dots)
    drawn = (f'<circle{marked} cx="{dot.x:.10g}" cy="{dot.y:.10g}" r="{radius:d}"></circle>' for marked, dot in rows)
    return SafeString("".join(drawn))  # numbers only: the format refuses anything else


@register.simple_tag
def zones(view: View, *, taps: bool) -> SafeString:
    """Draw the zones of a view in the reader's language; to be tapped, one of them is where Tab enters."""
    return _zones(view, taps, get_language())


@lru_cache(maxsize=64)
def _zones(view: View, taps: bool, _language: str | None) -> SafeString:
    if not taps:
        return format_html_join("", SEEN, ((zone.outline, gettext(zone.name)) for zone in view.zones))
    return format_html_join("", TAPPED, (_tapped(zone, is_first=n == 0) for n, zone in enumerate(view.zones)))


def _tapped(zone: Zone, *, is_first: bool) -> tuple[object, ...]:
    name = gettext(zone.name)
    return (zone.outline, name, zone.side, *zone.middle, 0 if is_first else -1, _label(name, zone.side))


def _label(name: str, side: str) -> str:
    if side == LEFT:
        return format_html("{}, {}", name, gettext("left"))
    if side == RIGHT:
        return format_html("{}, {}", name, gettext("right"))
    return name
