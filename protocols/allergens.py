"""Classes and materials somebody may be allergic to: one list of their words, and the codes the mix check compares."""

from dataclasses import replace

from django.utils.functional import Promise
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from protocols.dosing import Finding
from protocols.folding import fold

CLASSES: dict[str, str | Promise] = {
    "amide": _("Amide anaesthetics"),
    "aminoglycoside": _("Aminoglycosides"),
    "benzodiazepine": _("Benzodiazepines"),
    "corticosteroid": _("Corticosteroids"),
    "ester": _("Ester anaesthetics"),
    "nsaid": _("NSAIDs"),
    "salicylate": _("Salicylates"),
    "xanthine": _("Xanthines"),
}
MATERIALS: dict[str, str | Promise] = {
    "chlorhexidine": _("Chlorhexidine"),
    "iodine": _("Iodine"),
    "latex": _("Latex"),
    "nickel": _("Nickel"),
}
WORDS = CLASSES | MATERIALS


def allergen_words(code: str) -> str:
    """Name a class or material in the reader's language; what a clinic typed itself is given back as it is."""
    return str(WORDS.get(code, code))


def allergen_code(words: str) -> str:
    """Return the code of a class or material by its code or words, in the reader's language or English; else the words.

    Case, accents and a plural's s do not matter: "NSAIDs" and "nsaid" are one class.
    """
    typed = " ".join(words.split())
    known = {_bare(code): code for code in WORDS} | _by_words()
    with override("en"):
        known |= _by_words()
    return known.get(_bare(typed), typed.lower())


def allergy_finding(finding: Finding) -> Finding:
    """Put words in place of the codes in what the mix check says of an allergy; other findings stay as they are."""
    if classes := str(finding.numbers.get("classes", "")):
        named = [allergen_words(code) for code in classes.split(", ")]
        return replace(finding, numbers={**finding.numbers, "classes": ", ".join(named)})
    codes = str(finding.numbers.get("allergies", ""))
    if not codes:
        return finding
    own_name = str(finding.numbers.get("substance", ""))
    named = (str(WORDS[code]) if code in WORDS else gettext(own_name) or code for code in codes.split(", "))
    return replace(finding, numbers={**finding.numbers, "allergies": ", ".join(dict.fromkeys(named))})


def _by_words() -> dict[str, str]:
    return {_bare(str(words)): code for code, words in WORDS.items()}


def _bare(words: str) -> str:
    return fold(words).strip().removesuffix("s")
