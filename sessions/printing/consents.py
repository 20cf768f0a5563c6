"""The paper of a consent: the words, who consented as what and when, and the signature or lines to write on. Pure."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sessions.printing.document import ClinicPart
from sessions.printing.pieces import clinic_data, facts_said, heading, joined, make_printable, paper_file_name
from sessions.printing.words import Words, gettext_noop, print_day

CONSENT_WORDS: Words = {
    "months": gettext_noop("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"),
    "consent": gettext_noop("Consent"),
    "page_of": gettext_noop("Page {page} of {pages}"),
    "printed_by": gettext_noop("Printed {day} by {who}"),
    "version": gettext_noop("Version {n}"),
    "patient": gettext_noop("Patient"),
    "given_by": gettext_noop("Given by"),
    "given_as": gettext_noop("As"),
    "given_on": gettext_noop("On"),
    "how": gettext_noop("How"),
    "taken_by": gettext_noop("Taken by"),
    "withdrawn": gettext_noop("Withdrawn on"),
    "signature": gettext_noop("Signature"),
    "typed": gettext_noop("Typed instead of a signature"),
}


@dataclass(frozen=True, kw_only=True)
class ConsentPaper:
    """One consent. `svg` is the drawn signature, `typed` the name typed in its place; with neither a line is left.

    A form nobody has signed yet says who gives it, as what and when by empty lines: `given_on` is None.
    """

    clinic: ClinicPart
    title: str
    version: int
    paragraphs: tuple[str, ...]
    patient: str
    identifiers: tuple[str, ...]
    printed_on: date
    printed_by: str
    given_by: str = ""
    given_as: str = ""
    given_on: date | None = None
    how: str = ""
    taken_by: str = ""
    withdrawn_on: date | None = None
    signed_at: str = ""
    svg: str = ""
    typed: str = ""
    text_language: str = "en"  # of the words consented to, whatever that of the paper about them
    language: str = "en"
    paper: str = "a4"


def consent_data(one: ConsentPaper, words: Words) -> dict[str, Any]:
    """Give the JSON-ready data of `consent.typ`."""
    facts = [
        [words["patient"], joined([one.patient, *one.identifiers])],
        [words["given_by"], joined([one.given_by, one.given_as])],
        [words["given_on"], one.signed_at or (print_day(one.given_on, words) if one.given_on else "")],
        [words["how"], one.how],
        [words["taken_by"], one.taken_by],
        [words["withdrawn"], print_day(one.withdrawn_on, words) if one.withdrawn_on else ""],
    ]
    data = {
        "language": one.language,
        "paper": one.paper,
        "title": f"{one.title} – {one.patient}",
        "course": words["version"].format(n=one.version),
        "kind": words["consent"],
        "running": one.title,
        "clinic": clinic_data(one.clinic),
        "printed": words["printed_by"].format(day=print_day(one.printed_on, words), who=one.printed_by),
        "page_of": words["page_of"],
        "heading": heading(one.title),
        "text_language": one.text_language,
        "paragraphs": list(one.paragraphs),
        "facts": facts_said(facts),
        "to_fill": [words[key] for key in ("given_by", "given_as", "given_on")] if one.given_on is None else [],
        "signature_words": words["typed"] if one.typed and not one.svg else words["signature"],
        "typed": one.typed,
    }
    shown: dict[str, Any] = make_printable(data)
    return {**shown, "svg": one.svg}


def consent_file_name(one: ConsentPaper) -> str:
    """Name the PDF so that a person finds it again: `2026-03-02_Name_consent.pdf`, by the day it was given or printed."""
    return paper_file_name(one.given_on or one.printed_on, one.patient, "consent")
