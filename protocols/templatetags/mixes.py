"""Amounts and findings as a nurse reads them."""

import re
from decimal import Decimal

from django import template
from django.utils.formats import localize
from django.utils.translation import gettext

from protocols.advice import advice_in_words
from protocols.allergens import allergen_words
from protocols.citations import note_words, pair_words, shipped_text, source_words
from protocols.dosing import Finding
from protocols.words import cadence_words, finding_said, strength_words, unit_words

NO_BREAK = "\N{NO-BREAK SPACE}"
BEFORE_UNIT = re.compile(r"(?<=\d) (?=(?:mm|mL|mg|kg|IU|UI|%)(?!\w))")

register = template.Library()
register.filter(source_words)
register.filter(strength_words)
register.filter(unit_words)
register.filter(note_words)
register.filter(pair_words)
register.filter(shipped_text)
register.filter(advice_in_words)
register.filter(allergen_words)


@register.filter
def amount(value: object) -> str:
    """Write a number exactly, without idle zeros, in the reader's notation; nothing for None."""
    if value is None or value == "":
        return ""
    plain = Decimal(str(value))
    plain = plain.quantize(Decimal(1)) if plain == plain.to_integral() else plain.normalize()
    return str(localize(plain))


@register.simple_tag
def between(low: object, high: object) -> str:
    """Write a range of two numbers, either of which may be open: "2 – 6", "up to 4", "from 8"; no line breaks in it."""
    if low is not None and high is not None and low != high:
        return f"{amount(low)}{NO_BREAK}–{NO_BREAK}{amount(high)}"
    if low is None:
        words = gettext("up to %(number)s") % {"number": amount(high)}
    else:
        words = gettext("from %(number)s") % {"number": amount(low)} if high is None else amount(low)
    return words.replace(" ", NO_BREAK)


@register.filter
def unbroken(words: str) -> str:
    """Keep every number of a sentence on one line with its unit."""
    return BEFORE_UNIT.sub(NO_BREAK, words)


@register.filter
def spoken(words: str) -> str:
    """Translate words that a pure table holds in English; nothing stays nothing."""
    return gettext(words) if words else ""


@register.filter
def of(words: dict[str, str], code: str) -> str:
    """The words of a code, or the code where it has none."""
    return words.get(code, code)


@register.filter
def finding_words(finding: Finding) -> str:
    """Say a finding of the mix check in the reader's language."""
    return finding_said(finding)


@register.filter
def finding_tone(finding: Finding) -> str:
    """The notice's level for a finding's."""
    return {"block": "danger", "warn": "warning", "info": "info"}[finding.level.value]


@register.filter
def finding_source(finding: Finding) -> str:
    """The published source of a finding; nothing for a rule of the product's own."""
    return source_words(finding.source)


@register.filter
def in_words(cadence: str) -> str:
    """Say a series in words."""
    return cadence_words(cadence)
