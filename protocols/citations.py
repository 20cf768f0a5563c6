"""Sentences and sources of the shipped catalogue as people read them.

In the reader's language, and without the numbers of the sources, which are for the catalogue's keepers only.
"""

import re

from django.utils.translation import gettext as _

from protocols.services.catalogue import shipped_catalogue

TAG = re.compile(r" ?\[(?:S\d+[a-z]?|SEED-[A-Z]|DESIGN|INFER)\]")
BRACKET = re.compile(r" ?\(([^()]*\bS\d+[a-z]?\b[^()]*)\)")
NUMBER = re.compile(r"\bS\d+[a-z]?\b(?:, (?:and )?)?")


def source_words(source: str) -> str:
    """A source as people read it: the citation without its number; nothing for a rule of the product's own.

    A title stays as it was published; what the catalogue says in words of its own is in the reader's language, and
    ends as a sentence does.
    """
    parts = [part for part in str(source or "").split("; ") if not part.endswith(("[DESIGN]", "[INFER]"))]
    said = "; ".join(_(said) if (said := TAG.sub("", part)) else "" for part in parts)
    return f"{said}." if parts and parts[-1] in _told() else said


def printed_source(source: str) -> str:
    """A source as it stands on paper: without what only tells the clinic that there is none."""
    return source_words("; ".join(part for part in str(source or "").split("; ") if part not in _told()))


def _told() -> set[str]:
    """What the catalogue says in place of a source, as rows hold it."""
    return {one.citation for one in shipped_catalogue().sources if not one.grade}


def shipped_text(text: str) -> str:
    """A text of the catalogue in the reader's language, line by line; what the clinic wrote itself stays as typed."""
    return "\n".join(_(line) if line else "" for line in str(text or "").splitlines())


def note_words(note: str) -> str:
    """A note in the reader's language, without the numbers of its sources, which are listed in words below it."""
    return BRACKET.sub(_without_numbers, shipped_text(note))


def names_words(names: str) -> str:
    """Names of substances, joined by commas, in the reader's language; a name may hold a comma of its own."""
    parts, said = str(names or "").split(", "), []
    while parts:
        lengths = range(len(parts), 1, -1)
        length = next((n for n in lengths if shipped_text(one := ", ".join(parts[:n])) != one), 1)
        said.append(shipped_text(", ".join(parts[:length])))
        parts = parts[length:]
    return ", ".join(said)


def pair_words(name: str) -> str:
    """The two names of a pair in the reader's language."""
    return " + ".join(map(shipped_text, str(name or "").split(" + ")))


def pairs_words(names: str) -> str:
    """The same of several pairs, parted by semicolons."""
    return "; ".join(map(pair_words, str(names or "").split("; ")))


def rule_words(label: str) -> str:
    """A rule as `CompetitionRule.label` names it: its body as it calls itself, its title in the reader's language."""
    body, comma, title = label.partition(", ")
    return f"{body}{comma}{shipped_text(title)}"


def _without_numbers(found: re.Match[str]) -> str:
    rest = NUMBER.sub("", found[1]).strip(" ,")
    return f" ({rest})" if rest else ""
