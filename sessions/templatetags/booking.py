"""What the booking pages draw hundreds of, and ask of a visit."""

from collections.abc import Iterable
from datetime import datetime

from django import template
from django.forms import BoundField
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from mesoclinic.core.templatetags.ui import wrong_marks
from sessions.models import Appointment
from sessions.queries.appointments import FreeTime
from sessions.queries.own_reasons import reason_words

register = template.Library()
register.filter("reason_words", reason_words)


@register.filter
def is_on_a_later_day(visit: Appointment, now: datetime) -> bool:
    """Say whether the day of a visit is still to come: nobody arrives before it."""
    return visit.is_on_a_later_day(now)


@register.simple_tag
def time_choices(times: Iterable[FreeTime], field: BoundField, *, autofocus: bool = False) -> SafeString:
    """Draw free times as the radio buttons of a field, in the clock of the page, the one chosen before ticked.

    `autofocus` leads the keyboard to the first: all times of a page are one group, which Tab enters once. A browser that
    comes back to the page ticks buttons by their place, where another time may stand now: it is told not to.
    """
    zone = timezone.get_current_timezone()
    chosen, wrong, rows = field.value(), wrong_marks(field), []
    for free in times:
        at = free.starts_at.astimezone(zone)
        value = f"{at.isoformat()}~{free.practitioner.public_id}"
        marks = (" checked" if value == chosen else "") + (" autofocus" if autofocus and not rows else "")
        button = f'<input type="radio" name="slot" value="{value}"{marks}{wrong} autocomplete="off">'
        rows.append(f'<label class="time">{button}<span>{at:%H:%M}</span></label>')
    return mark_safe("".join(rows))  # noqa: S308 -- instants and keys of ours
