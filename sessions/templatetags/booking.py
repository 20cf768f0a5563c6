"""What the booking pages draw hundreds of, and ask of a visit."""

from collections.abc import Iterable
from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from sessions.models import Appointment
from sessions.queries.appointments import FreeTime

register = template.Library()

TIME = '<label class="time"><input type="radio" name="slot" value="{}"{}{}><span>{}</span></label>'


@register.filter
def is_on_a_later_day(visit: Appointment, now: datetime) -> bool:
    """Say whether the day of a visit is still to come: nobody arrives before it."""
    return visit.is_on_a_later_day(now)


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
