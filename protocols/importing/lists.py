"""What the words in the cells of a table of protocols stand for: the clinic's own lists, read once for a file."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from django.utils.translation import gettext as _

from mesoclinic.core.models import Clinic
from protocols.forms.protocols import substance_choices
from protocols.headings import bare, called
from protocols.models import Species, Substance
from protocols.models.indications import IndicationField
from protocols.models.protocols import Device, LineRole
from protocols.models.substances import StrengthUnit
from protocols.queries import protocols as queries
from protocols.queries.techniques import techniques

LONGEST_SHOWN = 60
ALIKE = 0.75
FEW = 6


@dataclass(frozen=True, slots=True)
class WordList:
    """Rows or codes by all they are called; a word may be the name of several."""

    by_word: Mapping[str, list[Any]]
    names: Mapping[str, str]

    def find(self, text: str) -> list[Any]:
        """All that is called so. Raises ValueError with what to write instead."""
        found = self.by_word.get(_word(text))
        if found:
            return found
        shown = {"text": text[:LONGEST_SHOWN]}
        if near := get_close_matches(_word(text), self.names, n=1, cutoff=ALIKE):
            words = _("“%(text)s” is not in the list here. Did you mean “%(near)s”?")
            raise ValueError(words % {**shown, "near": self.names[near[0]]})
        names = list(dict.fromkeys(self.names.values()))
        if len(names) <= FEW:
            words = _("“%(text)s” is not in the list here. Write one of: %(names)s.")
            raise ValueError(words % {**shown, "names": ", ".join(names)})
        raise ValueError(_("“%(text)s” is not in the list here. Write it as it is called here, or add it.") % shown)

    def one(self, text: str) -> Any:
        return self.find(text)[0]


def _word(text: str) -> str:
    return bare(text) or text.strip()


def _codes(choices: Iterable[tuple[str, Any]]) -> WordList:
    names = {code: label for code, label in choices if code}
    words = called(names)
    return WordList(
        {word: [code] for word, code in words.items()}, {word: str(names[code]) for word, code in words.items()}
    )


def _rows(rows: Iterable[Any]) -> WordList:
    """Rows by code and name in every language, then by their synonyms, where nothing is called so."""
    found: dict[str, list[Any]] = {}
    names: dict[str, str] = {}
    all_rows = list(rows)
    for row in all_rows:
        for word in called({row.code: row.name}):
            found.setdefault(word, []).append(row)
            names.setdefault(word, str(row))
    for row in all_rows:
        for synonym in getattr(row, "synonyms", []):
            found.setdefault(_word(synonym), [row])
    return WordList(found, names)


class Lists:
    """The lists of a clinic. Four statements."""

    def __init__(self, clinic: Clinic) -> None:
        self.clinic = clinic
        self.substance_by_key: dict[int, Substance] = substance_choices(clinic, set())
        self.species = _rows(Species.objects.all())
        self.indications = _rows(queries.indications(clinic).prefetch_related("species"))
        self.technique = _rows(techniques(clinic))
        self.substance = _rows(self.substance_by_key.values())
        self.field = _codes(IndicationField.choices)
        self.device = _codes(Device.choices)
        self.role = _codes(LineRole.choices)
        self.strength_unit = _codes(StrengthUnit.choices)
