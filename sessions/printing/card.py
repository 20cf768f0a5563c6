"""The appointment card: the visits to come in big type, what is still to be booked below, on a quarter of a sheet or a whole one. Nothing medical. Pure."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sessions.printing.document import ClinicPart
from sessions.printing.pieces import clinic_data, heading, joined, make_printable, paper_file_name, shortened
from sessions.printing.words import Words, gettext_noop, print_day

LONGEST_NAME = 80
SHEETS_MM = {"a4": (210, 297), "us-letter": (216, 279)}

CARD_WORDS: Words = {
    "months": gettext_noop("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"),
    "page_of": gettext_noop("Page {page} of {pages}"),
    "printed": gettext_noop("Printed {day}"),
    "card_title": gettext_noop("Your appointments"),
    "card_minutes": gettext_noop("{n} minutes"),
    "card_call": gettext_noop("If you cannot come, please call us: {phone}"),
    "card_tell": gettext_noop("If you cannot come, please tell us."),
    "subject_to_review": gettext_noop("subject to review"),
    "card_offered": gettext_noop("to be confirmed"),
    "to_be_booked": gettext_noop("to be booked"),
    "to_be_booked_about": gettext_noop("to be booked, about {day}"),
}


class CardSize(StrEnum):
    """A quarter of the clinic's sheet, to carry along, or the whole sheet."""

    CARD = "card"
    SHEET = "sheet"


@dataclass(frozen=True, kw_only=True)
class CardVisit:
    """One visit: `day` with its weekday and `clock` are ready to read, `where` has a line each for room and address."""

    day: str
    clock: str
    minutes: int
    who: str
    where: tuple[str, ...] = ()
    is_offered: bool = False
    is_held: bool = False


@dataclass(frozen=True, kw_only=True)
class CardSession:
    """One session of the plan without a time yet; `day` is ready to read, empty where none can be promised."""

    day: str = ""
    is_held: bool = False


@dataclass(frozen=True, kw_only=True)
class AppointmentCard:
    clinic: ClinicPart
    patient: str
    printed_on: date
    visits: tuple[CardVisit, ...]
    to_book: tuple[CardSession, ...] = ()
    size: CardSize = CardSize.CARD
    language: str = "en"
    paper: str = "a4"


def card_data(card: AppointmentCard, words: Words) -> dict[str, Any]:
    """Give the JSON-ready data of `card.typ`."""
    phone = card.clinic.phone
    name = shortened(card.patient, LONGEST_NAME)
    width, height = SHEETS_MM[card.paper]
    parts = 2 if card.size is CardSize.CARD else 1
    data = {
        "language": card.language,
        "width": width // parts,
        "height": height // parts,
        "small": card.size is CardSize.CARD,
        "title": joined([words["card_title"], name]),
        "heading": words["card_title"],
        "patient": heading(name),
        "clinic": clinic_data(card.clinic),
        "visits": [_visit(one, words) for one in card.visits],
        "to_book": [_to_book(one, words) for one in card.to_book],
        "call": words["card_call"].format(phone=phone) if phone else words["card_tell"],
        "printed": words["printed"].format(day=print_day(card.printed_on, words)),
        "page_of": words["page_of"],
    }
    shown: dict[str, Any] = make_printable(data)
    return shown


def _visit(one: CardVisit, words: Words) -> dict[str, Any]:
    notes = [
        words["card_offered"] if one.is_offered else "",
        words["subject_to_review"] if one.is_held else "",
    ]
    return {
        "day": one.day,
        "clock": one.clock,
        "minutes": words["card_minutes"].format(n=one.minutes),
        "who": one.who,
        "where": list(one.where),
        "note": joined(notes),
    }


def _to_book(one: CardSession, words: Words) -> str:
    said = words["to_be_booked_about"].format(day=one.day) if one.day else words["to_be_booked"]
    return joined([said, words["subject_to_review"] if one.is_held else ""])


def card_file_name(card: AppointmentCard) -> str:
    """Name the PDF so that a person finds it again: `2026-03-02_Name_appointments.pdf`, by the day of printing."""
    return paper_file_name(card.printed_on, card.patient, "appointments")
