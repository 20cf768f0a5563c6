"""What the rows of a mix come to by themselves once a substance, a lot or a pack is chosen: its lot, and its strength."""

from datetime import date

from django.http import QueryDict

from protocols import gs1
from protocols.forms.composing import rows_of
from protocols.forms.packs import number_in
from protocols.models import Lot, Substance
from protocols.queries import lots
from sessions.queries.record_options import LONGEST_KEY, RecordOptions
from sessions.recording import text_of

PREFIX = "lines"


def settled(data: QueryDict, options: RecordOptions) -> QueryDict:
    """Return what was posted with each row that has just got its substance or lot filled in as far as these say.

    A pack scanned names substance and lot; a substance without any lot yet gets the one that expires first; a lot
    brings the strength on its pack.
    """
    changed = data.copy()
    for row in rows_of(changed, PREFIX):
        _settle(changed, row, options)
    return changed


def _settle(data: QueryDict, row: str, options: RecordOptions) -> None:
    typed = data.get(f"{row}-lot_number", "")
    substance = _substance(data.get(f"{row}-substance", ""), typed, options)
    if substance is None:
        return
    data[f"{row}-substance"] = str(substance.pk)
    lot = _lot(data.get(f"{row}-lot", ""), typed, substance, options)
    is_new = not data.get(f"{row}-strength", "").strip()
    if lot is None and is_new and not typed:
        lot = lots.first_to_expire(options.lots.get(substance.pk, []), None)
    if lot is not None:
        data[f"{row}-lot"] = str(lot.pk)
        data[f"{row}-lot_number"] = data[f"{row}-expires_on"] = ""
    stated = lot if lot is not None and lot.strength is not None else substance if is_new else None
    if stated is not None and stated.strength is not None:
        data[f"{row}-strength"], data[f"{row}-strength_unit"] = text_of(stated.strength), stated.strength_unit


def _substance(key: str, typed: str, options: RecordOptions) -> Substance | None:
    if key.isdecimal() and len(key) <= LONGEST_KEY:
        return options.substances.get(int(key))
    found = options.substance_of_number(number_in(typed)) if typed and not key else None
    return options.substances.get(found) if found is not None else None


def _lot(key: str, typed: str, substance: Substance, options: RecordOptions) -> Lot | None:
    """The lot that is chosen, else the one of those offered whose pack was scanned or whose number was typed."""
    if key.isdecimal() and len(key) <= LONGEST_KEY:
        lot = options.lot_by_id.get(int(key))
        return lot if lot is not None and lot.substance_id == substance.pk else None
    same = options.lots_of_number(substance.pk, number_in(typed)) if typed else []
    offered = [lot for lot in same if lot in options.lots.get(substance.pk, ())]
    return offered[0] if len(offered) == 1 and _day_in(typed) in (None, offered[0].expires_on) else None


def _day_in(text: str) -> date | None:
    """The day of expiry in the text of a barcode; a lot number alone has none."""
    try:
        pack = gs1.read_pack(text)
    except gs1.UnreadableError:
        return None
    return pack.expires_on if pack is not None else None
