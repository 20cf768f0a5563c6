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


def date_format(day: date, how: str) -> str:
    """Write a day or an instant as Django does; the first of a month is “1er” in French."""
    said = formats.date_format(day, how)
    return FIRST.sub("1er ", said, count=1) if (get_language() or "").startswith("fr") and day.day == 1 else said
