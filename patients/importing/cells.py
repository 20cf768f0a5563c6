"""What stands in one cell, read as a value. A ValueError says in words why it cannot be, and what to do."""

import re
from collections.abc import Iterable
from datetime import date

from django.utils.translation import gettext as _

from protocols.headings import bare, called
from protocols.models import Species

SHORTENED = re.compile(r"\d([.,]\d+)?E\+?\d+", re.IGNORECASE)
EMPTY_TIME = re.compile(r"[T ]00:00(:00(\.0+)?)?Z?$")
DAY = re.compile(r"(\d{1,4})[-/. ](\d{1,2})[-/. ](\d{1,4})\.?")
WHOLE_DAY = re.compile(r"(\d{4})(\d\d)(\d\d)")
YES = frozenset({"yes", "y", "true", "1", "x", "oui", "o", "vrai"})
NO = frozenset({"no", "n", "false", "0", "non", "faux"})
NONE = frozenset(
    {"none", "noneknown", "no", "nil", "nka", "nkda", "noknownallergies", "noallergies", "aucune", "aucuneconnue"}
    | {"neant", "non", "ras", "pasdallergie", "pasdallergieconnue", "aucuneallergie", "aucuneallergieconnue", "0"}
)
SPECIES = {
    "human": "human, person, people, man, woman, humain, personne, patient, homme, femme",
    "horse": "horse, equine, cheval, chevaux, équidé, équin, poney, pony",
    "dog": "dog, canine, chien, chienne",
}
SEXES = {
    "female": "f, w, woman, femme, féminin, femelle",
    "male": "m, h, man, homme, masculin, mâle",
    "mare": "f, female, femelle, jument",
    "stallion": "s, étalon, entier",
    "gelding": "g, h, hongre, castré",
    "filly": "pouliche",
    "colt": "poulain",
    "female-neutered": "fs, spayed, femelle stérilisée, stérilisée",
    "male-neutered": "mn, neutered, castré, mâle castré",
    "other": "autre, x",
    "unknown": "u, ?, unknown, inconnu, nc, non précisé, not stated",
}


def day_of(text: str, *, month_first: bool) -> date:
    """Read a date, year first or in the order said; a year has four digits, else nobody knows the century."""
    text = EMPTY_TIME.sub("", text.strip())
    if found := WHOLE_DAY.fullmatch(text):
        return _day(text, *found.groups())
    found = DAY.fullmatch(text)
    if not found:
        raise ValueError(_("“%(text)s” is not a date. Write it like %(example)s.") % _example(text, month_first))
    first, second, third = found.groups()
    if len(first) == 4:
        return _day(text, first, second, third)
    if len(third) != 4:
        words = _("“%(text)s” does not say which century. Write the year with four digits, like %(example)s.")
        raise ValueError(words % _example(text, month_first))
    return _day(text, third, *((first, second) if month_first else (second, first)), month_first=month_first)


def _day(text: str, year: str, month: str, day: str, *, month_first: bool = False) -> date:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        words = _(
            "There is no day “%(text)s”. Correct it, or upload the file again with the other order of day and month."
        )
        raise ValueError(words % _example(text, month_first)) from None


def _example(text: str, month_first: bool) -> dict[str, str]:
    return {"text": text[:40], "example": "12/31/1980" if month_first else "31/12/1980"}


def yes_or_no(text: str) -> bool:
    word = bare(text)
    if word in YES:
        return True
    if word in NO:
        return False
    raise ValueError(_("“%(text)s” is neither yes nor no. Write yes or no.") % {"text": text[:40]})


def whole_number(text: str) -> str:
    """A number as text. What a spreadsheet has shortened is refused: its last digits are lost."""
    if SHORTENED.fullmatch(text):
        words = _(
            "A spreadsheet has shortened this number to “%(text)s”. Make the column text, and export the list again."
        )
        raise ValueError(words % {"text": text[:40]})
    return text


def is_none(text: str) -> bool:
    """Whether a cell says that there are no allergies."""
    return not text.strip("-–— /.") or bare(text) in NONE


def pieces(text: str, signs: str) -> list[str]:
    """The parts of a list in one cell, each once."""
    parts = (" ".join(part.split()) for part in re.split(f"[{re.escape(signs)}]", text))
    return list(dict.fromkeys(part for part in parts if part))


class Words:
    """Species, sexes and languages by all they are called; made once for a file, not once for a row."""

    def __init__(self, species: Iterable[Species], languages: Iterable[tuple[str, str]]) -> None:
        self.species: dict[str, Species] = {}
        self._sexes: dict[str, dict[str, str]] = {}
        self._languages = called({code: str(name) for code, name in languages}, {"fr": "francais", "en": "anglais"})
        for one in species:
            names = called({one.code: one.name}, SPECIES)
            self.species |= dict.fromkeys(names, one)
            self._sexes[one.code] = called(dict(one.traits.get("sexes", [])), SEXES)

    def species_of(self, text: str) -> Species:
        found = self.species.get(bare(text)) or self.species.get(bare(text).removesuffix("s"))
        if found is None:
            kinds = ", ".join(dict.fromkeys(_(one.name) for one in self.species.values()))
            words = _("“%(text)s” is no kind of patient here. Write one of: %(kinds)s.")
            raise ValueError(words % {"text": text[:40], "kinds": kinds})
        return found

    def sex_of(self, species: Species, text: str) -> str:
        found = self._sexes[species.code].get(bare(text) or text.strip())
        if found is None:
            sexes = ", ".join(_(name) for _code, name in species.traits.get("sexes", []))
            words = _("“%(text)s” is no sex we know for this kind. Write one of: %(sexes)s.")
            raise ValueError(words % {"text": text[:40], "sexes": sexes})
        return found

    def language_of(self, text: str) -> str:
        found = self._languages.get(bare(text)[:2]) or self._languages.get(bare(text))
        if found is None:
            names = ", ".join(sorted(set(self._languages.values())))
            raise ValueError(
                _("“%(text)s” is no language we write in. Write one of: %(names)s.")
                % {"text": text[:40], "names": names}
            )
        return found
