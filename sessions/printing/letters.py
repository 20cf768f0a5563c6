"""Letters, one to a page: the clinic's letterhead, an address, a subject, paragraphs. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sessions.printing.document import ClinicPart
from sessions.printing.pieces import clinic_data, make_printable


@dataclass(frozen=True)
class Part:
    """A short heading and what stands under it, line by line."""

    heading: str
    items: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Letter:
    """One letter, in the language of whoever gets it; `page_of` has the places {page} and {pages}.

    Under the first paragraph `about`, a table of two columns: whom it is about, and when; then `parts`.
    """

    to: tuple[str, ...]
    subject: str
    day: str
    page_of: str
    language: str
    paragraphs: tuple[str, ...]
    about: tuple[tuple[str, str], ...] = ()
    parts: tuple[Part, ...] = ()
    closing: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Letters:
    """Letters in one PDF; its title and language are those of whoever prints it."""

    clinic: ClinicPart
    title: str
    printed_on: date
    letters: tuple[Letter, ...]
    language: str = "en"
    paper: str = "a4"


def letters_data(letters: Letters) -> dict[str, Any]:
    """Give the JSON-ready data of `letters.typ`."""
    data = {
        "language": letters.language,
        "paper": letters.paper,
        "title": letters.title,
        "clinic": clinic_data(letters.clinic),
        "letters": [_letter(one) for one in letters.letters],
    }
    shown: dict[str, Any] = make_printable(data)
    return shown


def _letter(one: Letter) -> dict[str, Any]:
    return {
        "to": _lines(one.to),
        "subject": one.subject,
        "day": one.day,
        "page_of": one.page_of,
        "language": one.language,
        "paragraphs": [text for text in one.paragraphs if text],
        "about": [list(row) for row in one.about],
        "parts": [{"heading": part.heading, "items": list(part.items)} for part in one.parts],
        "closing": _lines(one.closing),
    }


def _lines(texts: Iterable[str]) -> list[str]:
    return [line.strip() for text in texts for line in text.splitlines() if line.strip()]
