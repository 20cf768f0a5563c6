"""Sources as people read them: the catalogue numbers its sources, and those numbers are for its keepers only."""

import re

from django.utils.translation import gettext as _

TAG = re.compile(r" ?\[(?:S\d+[a-z]?|SEED-[A-Z]|DESIGN|INFER)\]")
BRACKET = re.compile(r" ?\(([^()]*\bS\d+[a-z]?\b[^()]*)\)")
NUMBER = re.compile(r"\bS\d+[a-z]?\b(?:, (?:and )?)?")


def source_words(source: str) -> str:
    """A source as people read it: the citation without its number; nothing for a rule of the product's own.

    A title stays as it was published; what the catalogue says in words of its own is in the reader's language.
    """
    parts = [part for part in str(source or "").split("; ") if not part.endswith(("[DESIGN]", "[INFER]"))]
    return "; ".join(_(said) if (said := TAG.sub("", part)) else "" for part in parts)


def note_words(note: str) -> str:
    """A note without the numbers of its sources, which are listed in words below it."""
    return BRACKET.sub(_without_numbers, str(note or ""))


def _without_numbers(found: re.Match[str]) -> str:
    rest = NUMBER.sub("", found[1]).strip(" ,")
    return f" ({rest})" if rest else ""
