"""A run of days in a few words."""

from datetime import date

from django.utils.translation import gettext as _

from mesoclinic.core.wording import date_format


def short(day: date) -> str:
    """Say a day of this or the next year shortly: "Mon 6 Apr"."""
    return date_format(day, "D j M")


def span(first: date | None, last: date | None) -> str:
    """Say a run of days shortly: "3–7 August", "on 6 April"."""
    if first is None or last is None:
        return ""
    if last.year >= 2200 or last == date.max:
        return _("from %(first)s") % {"first": date_format(first, "j F")}
    if first == last:
        return _("on %(first)s") % {"first": date_format(first, "j F")}
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{date_format(last, 'j F')}"
    return f"{date_format(first, 'j F')} – {date_format(last, 'j F')}"
