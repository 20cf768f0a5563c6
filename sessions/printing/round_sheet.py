"""The sheet of a round to take along: whom to treat in which order, blanks to write into, and the lots to bring. Pure."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sessions.printing.document import ClinicPart
from sessions.printing.file_names import file_part
from sessions.printing.numbers import number
from sessions.printing.pieces import clinic_data, comma, facts_said, heading, joined, make_printable, ml, table
from sessions.printing.words import Words, gettext_noop, print_day

SHEET_WORDS: Words = {
    "months": gettext_noop("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"),
    "sheet": gettext_noop("Round sheet"),
    "page_of": gettext_noop("Page {page} of {pages}"),
    "printed_by": gettext_noop("Printed {day} by {who}"),
    "printed": gettext_noop("Printed {day}"),
    "practitioner": gettext_noop("Practitioner"),
    "times": gettext_noop("Times"),
    "way": gettext_noop("leave {leave}, there {there}, until {until}, back {back}"),
    "address": gettext_noop("Address"),
    "phone": gettext_noop("Phone"),
    "about_place": gettext_noop("About the place"),
    "note": gettext_noop("Note"),
    "visits": gettext_noop("Visits"),
    "where": gettext_noop("Where to find"),
    "mind": gettext_noop("Please note"),
    "what": gettext_noop("What for"),
    "mix": gettext_noop("Mix expected"),
    "minutes": gettext_noop("{n} min"),
    "time_by": gettext_noop("Time, given by"),
    "asked": gettext_noop("Asked before: nothing new, or what"),
    "given_of": gettext_noop("given (mL)"),
    "lot_of": gettext_noop("lot"),
    "given": gettext_noop("Given (mL), lot"),
    "points": gettext_noop("Points, depth"),
    "scores": gettext_noop("Score before, after"),
    "relief": gettext_noop("Seconds to relief, effect of last time"),
    "remarks": gettext_noop("Reactions, remarks"),
    "bring": gettext_noop("To bring"),
    "substance": gettext_noop("Substance"),
    "needed": gettext_noop("Needed"),
    "lots": gettext_noop("Lots, first to expire first"),
    "lot_line": gettext_noop("{lot} (expires {day}): {ml}"),
    "short": gettext_noop("{ml} short"),
    "nothing_in_stock": gettext_noop("no lot in stock"),
    "no_volumes": gettext_noop("The protocols name no volumes: take what the record of last time says."),
}


@dataclass(frozen=True, kw_only=True)
class SheetMix:
    """One line of the mix expected."""

    substance: str
    volume_ml: Decimal | None
    syringe: str = ""


@dataclass(frozen=True, kw_only=True)
class SheetStop:
    """One visit: `identifiers` are the two that tell the patient from another, besides the name."""

    starts: str
    minutes: int
    name: str
    other_name: str = ""
    identifiers: tuple[str, ...] = ()
    stall: str = ""
    mind: tuple[str, ...] = ()
    what: str = ""
    mix: tuple[SheetMix, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SheetLot:
    lot: str
    expires_on: date
    take_ml: Decimal


@dataclass(frozen=True, kw_only=True)
class SheetSupply:
    """One substance for the whole round; `short_ml` is what the stock does not have."""

    substance: str
    needed_ml: Decimal
    lots: tuple[SheetLot, ...] = ()
    short_ml: Decimal = Decimal(0)


@dataclass(frozen=True, kw_only=True)
class RoundSheet:
    """All of the sheet. `supplies` of None: who prints it sees no mixes."""

    clinic: ClinicPart
    place: str
    on: date
    day: str
    practitioner: str
    leave: str
    there: str
    until: str
    back: str
    printed_on: date
    printed_by: str = ""
    address: str = ""
    phone: str = ""
    about_place: str = ""
    note: str = ""
    stops: tuple[SheetStop, ...] = ()
    supplies: tuple[SheetSupply, ...] | None = ()
    language: str = "en"
    paper: str = "a4"


def sheet_file_name(sheet: RoundSheet) -> str:
    """Name the PDF: `2026-03-03_round_Oakfield.pdf`."""
    return f"{sheet.on.isoformat()}_round_{file_part(sheet.place, 'place')}.pdf"


def sheet_data(sheet: RoundSheet, words: Words = SHEET_WORDS) -> dict[str, Any]:
    """Give the JSON-ready data of `round.typ`."""
    clinic = sheet.clinic
    printed = words["printed_by" if sheet.printed_by else "printed"]
    way = {"leave": sheet.leave, "there": sheet.there, "until": sheet.until, "back": sheet.back}
    facts = [
        [words["practitioner"], sheet.practitioner],
        [words["times"], words["way"].format(**way) if sheet.there else ""],
        [words["address"], comma(re.split(r"\s*\n\s*", sheet.address.strip()))],
        [words["phone"], sheet.phone],
        [words["about_place"], sheet.about_place],
        [words["note"], sheet.note],
    ]
    data = {
        "language": sheet.language,
        "paper": sheet.paper,
        "title": f"{words['sheet']} – {sheet.place} – {print_day(sheet.on, words)}",
        "kind": words["sheet"],
        "course": sheet.day,
        "running": sheet.place,
        "clinic": clinic_data(clinic),
        "printed": printed.format(day=print_day(sheet.printed_on, words), who=sheet.printed_by),
        "page_of": words["page_of"],
        "heading": heading(sheet.place),
        "facts": facts_said(facts),
        "visits": words["visits"],
        "stops": [_stop(place, stop, words) for place, stop in enumerate(sheet.stops, 1)],
        "bring": words["bring"],
        "supplies": [] if sheet.supplies is None else table(_columns(words), _supplies(sheet, words)),
        "no_volumes": words["no_volumes"] if sheet.supplies == () and any(stop.mix for stop in sheet.stops) else "",
    }
    shown: dict[str, Any] = make_printable(data)
    return shown


def _stop(place: int, stop: SheetStop, words: Words) -> dict[str, Any]:
    blanks = ("time_by", "asked", *(() if stop.mix else ("given",)), "points", "scores", "relief", "remarks")
    return {
        "place": str(place),
        "clock": stop.starts,
        "minutes": words["minutes"].format(n=stop.minutes),
        "name": heading(stop.name),
        "below": joined([stop.other_name, *stop.identifiers]),
        "facts": facts_said(
            [
                [words["where"], stop.stall],
                [words["what"], stop.what],
                [words["mind"], comma(stop.mind)],
            ]
        ),
        "mix": [[joined_mix(line, words), words["given_of"], words["lot_of"]] for line in stop.mix],
        "mix_words": words["mix"],
        "blanks": [words[key] for key in blanks],
    }


def joined_mix(line: SheetMix, words: Words) -> str:
    syringe = f" ({line.syringe})" if line.syringe else ""
    return f"{line.substance} {ml(line.volume_ml, words) or '…'}{syringe}"


def _columns(words: Words) -> list[tuple[str, str, str]]:
    return [(words["substance"], "left", "1fr"), (words["needed"], "right", "auto"), (words["lots"], "left", "1fr")]


def _supplies(sheet: RoundSheet, words: Words) -> list[list[str]]:
    return [[one.substance, ml(one.needed_ml, words), _lots(one, words)] for one in sheet.supplies or ()]


def _lots(one: SheetSupply, words: Words) -> str:
    said = [
        words["lot_line"].format(lot=lot.lot, day=print_day(lot.expires_on, words), ml=ml(lot.take_ml, words))
        for lot in one.lots
    ]
    if not one.lots:
        return words["nothing_in_stock"]
    short = [words["short"].format(ml=f"{number(one.short_ml, words)} mL")] if one.short_ml else []
    return joined([*said, *short])
