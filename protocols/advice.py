"""What a protocol says to do afterwards, in the reader's language."""

from functools import cache

from django.utils.translation import get_language

from protocols.catalogue.entries import Aftercare
from protocols.catalogue.files import read_catalogue


@cache
def shipped_advice() -> tuple[Aftercare, ...]:
    """The shipped sentences."""
    return read_catalogue().aftercare


def advice_for(own: str, species: str) -> str:
    """Give what a protocol says to do afterwards, as it counts for a species: shipped sentences about another go."""
    shipped = _by_text()
    kept = [line for line in _lines(own) if line not in shipped or species in shipped[line].species]
    return with_rest("\n".join(kept), species)


def with_rest(told: str, species: str) -> str:
    """Add the shipped sentences about the rest, riding and washing of a species to what is told.

    Not where it has one of them, or a line that the clinic wrote: only a person can tell whether that is about rest.
    """
    known, unknown = parted(told)
    if unknown or any(one.is_rest for one in known):
        return told
    return "\n".join([*_lines(told), *(one.text for one in rest_of(species))])


def rest_of(species: str) -> list[Aftercare]:
    """The shipped sentences about the rest of a species."""
    return [one for one in shipped_advice() if one.is_rest and species in one.species]


def parted(own: str) -> tuple[list[Aftercare], list[str]]:
    """Part an advice into shipped sentences, which have their own translation, and what the clinic wrote."""
    shipped, lines = _by_text(), _lines(own)
    return [shipped[line] for line in lines if line in shipped], [line for line in lines if line not in shipped]


def advice_in_words(own: str) -> str:
    """Put the shipped sentences of an advice into the language of the moment; what the clinic wrote stays as it is."""
    language = (get_language() or "en").split("-")[0]
    by_text = _by_text()
    lines = [line.strip() for line in str(own or "").splitlines()]
    return "\n".join(sentence(by_text[line], language) if line in by_text else line for line in lines)


def sentence(one: Aftercare, language: str) -> str:
    """One shipped sentence."""
    return one.text_fr if language == "fr" else one.text


def _by_text() -> dict[str, Aftercare]:
    return {text: one for one in shipped_advice() for text in (one.text, one.text_fr)}


def _lines(own: str) -> list[str]:
    return [line.strip() for line in own.splitlines() if line.strip()]
