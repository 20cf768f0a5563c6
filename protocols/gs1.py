"""Read the GS1 text of a pack's barcode: product, lot and expiry. Pure; the table of identifiers is biip's.

A scanner sends the text bare, with FNC1 as a group separator; people type what is printed below, with parentheses.
"""

import re
from dataclasses import dataclass
from datetime import date

from biip import ParseError
from biip.checksums import gs1_standard_check_digit
from biip.gs1_messages import GS1Message

GS = "\x1d"
SHOWN_GS = "\u241d"
SEPARATORS = re.compile("\u241d|\\^\\]|<GS>|\\{GS\\}|\\\\x1d|\\\\F", re.IGNORECASE)
SYMBOLOGY = re.compile(r"\](?:C1|d2|Q3|e0|J1)")
PRINTED = re.compile(r"\s*\((\d{2,4})\)")
BARE = re.compile(r"01(\d{14})(?=\d|$)")
LONGEST = 200


@dataclass(frozen=True)
class Pack:
    """What a pack says of itself."""

    lot: str
    expires_on: date | None = None
    gtin: str = ""


class UnreadableError(Exception):
    """A GS1 text that cannot be used; `message` says what to do, still to be translated."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def gettext_noop(message: str) -> str:
    return message


GARBLED = gettext_noop("This looks like a barcode, but cannot be read. Scan it again, or type the lot number alone.")
NO_LOT = gettext_noop("This barcode names no lot. Scan the other code on the pack, or type the lot number.")
BAD_DATE = gettext_noop("The expiry day in this barcode is no day. Scan it again, or type what is printed.")
BAD_GTIN = gettext_noop("The product number in this barcode does not add up. Scan it again.")
TWO_LOTS = gettext_noop("Two different lots are in this text. Scan one pack at a time.")


def read_pack(text: str) -> Pack | None:
    """Read the text of one pack; None for what is no GS1 text, such as a lot number typed alone.

    Bare text without a scanner's mark counts as GS1 only when it begins with a product number whose check digit is
    right: a lot may well be called 10AB123. Raises UnreadableError. Source: GS1 General Specifications, section 3.
    """
    text = SEPARATORS.sub(GS, text.strip(" \t\r\n")[:LONGEST])
    marked = SYMBOLOGY.match(text)
    text = text[marked.end() :] if marked else text
    if PRINTED.match(text):
        return _pack(_as_sent(text))
    if marked or GS in text or _begins_with_product(text):
        return _pack(text.strip(GS))
    return None


def _begins_with_product(text: str) -> bool:
    found = BARE.match(text)
    return found is not None and _adds_up(found[1])


def _adds_up(gtin: str) -> bool:
    return gs1_standard_check_digit(gtin[:-1]) == int(gtin[-1])


def _as_sent(text: str) -> str:
    """Write printed text as a scanner sends it, a separator after each value."""
    parts = PRINTED.split(text)
    if parts[0].strip():
        raise UnreadableError(GARBLED)
    pairs = zip(parts[1::2], parts[2::2], strict=True)
    return GS.join(identifier + value.strip(f" {GS}") for identifier, value in pairs)


def _pack(sent: str) -> Pack:
    try:
        strings = GS1Message.parse(sent).element_strings
    except (ParseError, ValueError) as exc:
        raise UnreadableError(BAD_DATE if "date" in str(exc) or "AI (17)" in str(exc) else GARBLED) from exc
    lots = {one.value for one in strings.filter(ai="10")}
    if len(lots) > 1:
        raise UnreadableError(TWO_LOTS)
    if not lots:
        raise UnreadableError(NO_LOT)
    expiry, product = strings.get(ai="17"), strings.get(ai="01")
    gtin = product.value if product is not None else ""
    if gtin and not _adds_up(gtin):
        raise UnreadableError(BAD_GTIN)
    return Pack(lots.pop(), expiry.date if expiry is not None else None, gtin)
