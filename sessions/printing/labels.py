"""Labels for drawn-up syringes: whose, what with which lot, when, by whom. A page of label size each. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sessions.printing.numbers import number
from sessions.printing.pieces import joined, make_printable, shortened
from sessions.printing.words import Words

LONGEST_NAME = 60


@dataclass(frozen=True, kw_only=True)
class LabelLine:
    """One substance in the syringe; `volume_ml` is what was drawn up of it."""

    substance: str
    strength: str = ""
    volume_ml: Decimal
    lot: str = ""


@dataclass(frozen=True, kw_only=True)
class SyringeLabel:
    """One syringe. `identifier` tells the patient from another of the same name."""

    patient: str
    identifier: str
    syringe: str
    lines: tuple[LabelLine, ...]
    at: str
    initials: str

    @property
    def total_ml(self) -> Decimal:
        return sum((line.volume_ml for line in self.lines), Decimal(0))


def labels_data(
    labels: Sequence[SyringeLabel],
    *,
    title: str,
    language: str,
    lot_word: str,
    part_words: str,
    size_mm: tuple[int, int],
    decimal: str = ".",
) -> dict[str, Any]:
    """Give the JSON-ready data of `label.typ`; `lot_word` stands before a lot number, `size_mm` is width and height.

    `part_words` say with `%(n)s` and `%(total)s` which of the labels of one syringe it is, where one does not hold all.
    """
    data = {
        "title": title,
        "language": language,
        "width": size_mm[0],
        "height": size_mm[1],
        "part": part_words,
        "labels": [_label(one, lot_word, {"decimal": decimal}) for one in labels],
    }
    shown: dict[str, Any] = make_printable(data)
    return shown


def _label(one: SyringeLabel, lot_word: str, words: Words) -> dict[str, Any]:
    return {
        "patient": shortened(one.patient, LONGEST_NAME),
        "identifier": one.identifier,
        "syringe": one.syringe,
        "total": f"{number(one.total_ml, words)} mL",
        "lines": [
            {
                "substance": line.substance,
                "strength": line.strength,
                "volume": f"{number(line.volume_ml, words)} mL",
                "lot": _lot(line, lot_word),
            }
            for line in one.lines
        ],
        "foot": joined([one.at, one.initials]),
    }


def _lot(line: LabelLine, lot_word: str) -> str:
    return f"{lot_word} {line.lot}" if line.lot else ""
