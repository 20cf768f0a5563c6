"""What to expect: a leaflet for the patient or the owner, before, at and after a session. Pure."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from sessions.printing.document import ClinicPart
from sessions.printing.pieces import clinic_data, heading, joined, make_printable, paper_file_name, shortened
from sessions.printing.words import Words, gettext_noop, print_day

LONGEST_NAME = 80  # at the head of a second page

LEAFLET_WORDS: Words = {
    "months": gettext_noop("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"),
    "page_of": gettext_noop("Page {page} of {pages}"),
    "printed": gettext_noop("Printed {day}"),
    "leaflet_title": gettext_noop("What to expect of mesotherapy"),
    "leaflet_plan": gettext_noop("What is planned"),
    "leaflet_before": gettext_noop("Before the session"),
    "leaflet_session": gettext_noop("The session"),
    "leaflet_after": gettext_noop("Afterwards"),
    "leaflet_watch": gettext_noop("What to watch for"),
    "leaflet_own": gettext_noop("From your clinic"),
    "leaflet_call": gettext_noop("Any question? Call us: {phone}"),
    "leaflet_not_advice": gettext_noop("What your practitioner tells you comes before this leaflet."),
}


@dataclass(frozen=True, kw_only=True)
class Leaflet:
    """`name` is that of the patient or, of a leaflet for anybody, of the protocol. `sections` are keys of the words with
    their sentences, in the order they are read; `own` is what the clinic adds.
    """

    clinic: ClinicPart
    name: str
    species: str
    printed_on: date
    sections: tuple[tuple[str, tuple[str, ...]], ...]
    own: str = ""
    language: str = "en"
    paper: str = "a4"


def leaflet_data(one: Leaflet, words: Words) -> dict[str, Any]:
    """Give the JSON-ready data of `leaflet.typ`."""
    phone = one.clinic.phone
    data = {
        "language": one.language,
        "paper": one.paper,
        "title": f"{words['leaflet_title']} – {one.name}",
        "heading": heading(words["leaflet_title"]),
        "below": joined([one.name, one.species]),
        "running": words["leaflet_title"],
        "course": shortened(one.name, LONGEST_NAME),
        "clinic": clinic_data(one.clinic),
        "sections": [{"title": words[key], "items": list(said)} for key, said in one.sections if said],
        "own_title": words["leaflet_own"],
        "own": [part.strip() for part in re.split(r"\n\s*\n", one.own) if part.strip()],
        "call": words["leaflet_call"].format(phone=phone) if phone else "",
        "not_advice": words["leaflet_not_advice"],
        "printed": words["printed"].format(day=print_day(one.printed_on, words)),
        "page_of": words["page_of"],
    }
    shown: dict[str, Any] = make_printable(data)
    return shown


def leaflet_file_name(one: Leaflet) -> str:
    """Name the PDF so that a person finds it again: `2026-03-02_Name_what-to-expect.pdf`, by the day of printing."""
    return paper_file_name(one.printed_on, one.name, "what-to-expect")
