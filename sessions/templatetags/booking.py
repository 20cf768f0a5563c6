"""Draws what the booking pages have hundreds of."""

from collections.abc import Iterable

from django import template
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from sessions.queries.appointments import FreeTime

register = template.Library()

TIME = '<label class="time"><input type="radio" name="slot" value="{}"{}{}><span>{}</span></label>'


@register.simple_tag
def time_choices(times: Iterable[FreeTime], chosen: str | None = None, *, autofocus: bool = False) -> SafeString:
    """Draw free times as radio buttons, in the clock of the page, the one chosen before ticked.

    `autofocus` leads the keyboard to the first: all times of a page are one group, which Tab enters once.
    """
    rows = []
    for free in times:
        at = timezone.localtime(free.starts_at)
        value = f"{at.isoformat()}~{free.practitioner.public_id}"
        first = " autofocus" if autofocus and not rows else ""
        rows.append((value, " checked" if value == chosen else "", first, f"{at:%H:%M}"))
    return format_html_join("", TIME, rows)
