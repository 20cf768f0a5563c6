"""How the reader's language sets a text: a head before what it says, the first of a month."""

import re
from datetime import date

from django.utils import formats
from django.utils.translation import get_language
from django.utils.translation import gettext as _

# What stands before a name and is none of it; "M." needs its full stop, as M is the letter of a name too.
TITLE = re.compile(
    r"(?:dre?|drs|doc|doctor|docteure?|pr|prof|professore?|professeure?|mrs?|ms|miss|mx|mme|mlle|me|sra?|herr|frau|med|vet)\.?|m\.",
    re.IGNORECASE,
)
FIRST = re.compile(r"(?<!\d)1 (?=[^\W\d])")


def with_colon(head: str, text: str) -> str:
    """Set a head before a text; one alone stands alone."""
    return _("{head}: {text}").format(head=head, text=text) if head and text else head or text


def initials(name: str) -> str:
    """The first letters of a name, without the titles before it: Dr. Ada Byron → AB. A title alone is kept."""
    words = name.split()
    while len(words) > 1 and TITLE.fullmatch(words[0]):
        words.pop(0)
    return "".join(word[0] for word in words)[:4].upper()


def date_format(day: date, how: str = "DATE_FORMAT") -> str:
    """Write a day or an instant as Django does; the first of a month is “1er” in French."""
    return with_first(formats.date_format(day, how), day)


def with_first(said: str, day: date | None) -> str:
    """Set the first of a month as French writes it, in what was said of a day; anything else stays as it is."""
    is_first = getattr(day, "day", None) == 1 and (get_language() or "").startswith("fr")
    return FIRST.sub("1er ", said, count=1) if is_first else said
