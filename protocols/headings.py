"""Which field the heading of a column names, in a table that another program made."""

import re
from collections.abc import Iterable, Mapping
from functools import cached_property

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import override

from protocols.folding import fold

LANGUAGES = ("en", "fr")
SIGNS = re.compile(r"[\W_]+")


def bare(words: str) -> str:
    """A heading, or a word in a cell, without case, accents, blanks and signs."""
    return SIGNS.sub("", fold(words))


def called(names: Mapping[str, str | Promise], more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Codes by their names in every language and by what else they are called; the first of two wins."""
    found: dict[str, str] = {}
    for code, name in names.items():
        words = [code, *(more or {}).get(code, "").split(",")]
        for language in LANGUAGES:
            with override(language):
                words += [str(name), _(str(name))]  # what a program names is lazy, what a row is called is not
        for word in words:
            found.setdefault(bare(word) or word.strip(), code)
    return found


class Headings:
    """`names`: what a field's column is called by us, and by others, parted by commas. No name may mean two fields."""

    def __init__(self, names: Mapping[str, tuple[str | Promise, str]]) -> None:
        self.names = names

    @cached_property
    def _fields(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for field, (_label, words) in self.names.items():
            for name in [field, *words.split(",")]:
                if bare(name) and found.setdefault(bare(name), field) != field:
                    raise ValueError(f"{name.strip()} is a heading of two fields")
        return found

    def label(self, field: str) -> str:
        return str(self.names[field][0])

    def field_of(self, head: str) -> str:
        """The field a heading names, or nothing. What the reader's own language calls it counts too."""
        name = bare(head)
        return self._fields.get(name) or next((field for field in self.names if bare(self.label(field)) == name), "")

    def fields_of(self, heads: Iterable[str]) -> list[str]:
        """The field of each column; the second column of one field fills none."""
        found: list[str] = []
        for head in heads:
            field = self.field_of(head)
            found.append("" if field in found else field)
        return found
