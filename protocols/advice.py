"""What a protocol says to do afterwards, in the reader's language."""

from functools import cache

from django.utils.translation import get_language

from protocols.catalogue.entries import Aftercare
from protocols.catalogue.files import read_catalogue


@cache
def shipped_advice() -> tuple[Aftercare, ...]:
    """The shipped sentences."""
    return read_catalogue().aftercare


def advice_in_words(own: str) -> str:
    """Put the shipped sentences of an advice into the language of the moment; what the clinic wrote stays as it is."""
    language = (get_language() or "en").split("-")[0]
    by_text = {text: one for one in shipped_advice() for text in (one.text, one.text_fr)}
    lines = [line.strip() for line in str(own or "").splitlines()]
    return "\n".join(sentence(by_text[line], language) if line in by_text else line for line in lines)


def sentence(one: Aftercare, language: str) -> str:
    """One shipped sentence."""
    return one.text_fr if language == "fr" else one.text
