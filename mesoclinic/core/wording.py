"""How the reader's language sets a text: a head before what it says, the first of a month."""

import re
from datetime import date

from django.utils import formats
from django.utils.translation import get_language
from django.utils.translation import gettext as _

FIRST = re.compile(r"(?<!\d)1 (?=[^\W\d])")


def with_colon(head: str, text: str) -> str:
    """Set a head before a text; one alone stands alone."""
    return _("{head}: {text}").format(head=head, text=text) if head and text else head or text


def date_format(day: date, how: str = "DATE_FORMAT") -> str:
    """Write a day or an instant as Django does; the first of a month is “1er” in French."""
    return with_first(formats.date_format(day, how), day)


def with_first(said: str, day: date | None) -> str:
    """Set the first of a month as French writes it, in what was said of a day; anything else stays as it is."""
    is_first = getattr(day, "day", None) == 1 and (get_language() or "").startswith("fr")
    return FIRST.sub("1er ", said, count=1) if is_first else said
