"""The text of a pack's barcode gives lot and expiry, however it was scanned; what is wrong is said in words."""

from datetime import date

import pytest
from biip.checksums import gs1_standard_check_digit
from hypothesis import given
from hypothesis import strategies as st

from protocols.gs1 import BAD_DATE, BAD_GTIN, GARBLED, GS, NO_LOT, TWO_LOTS, Pack, UnreadableError, read_pack

GTIN = "09506000134352"
WHOLE = Pack("AB-123", date(2027, 12, 31), GTIN)

LOTS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-/.", min_size=1, max_size=20)
DAYS = st.dates(date(2000, 1, 1), date(2070, 12, 31))
GTINS = st.text("0123456789", min_size=13, max_size=13).map(lambda body: body + str(gs1_standard_check_digit(body)))


@pytest.mark.parametrize(
    "text",
    [
        f"01{GTIN}1727123110AB-123",
        f"]d201{GTIN}1727123110AB-123",
        f"]C101{GTIN}1727123110AB-123",
        f"{GS}01{GTIN}10AB-123{GS}17271231",
        f"01{GTIN}10AB-123{GS}17271231{GS}21SERIAL",
        f"01{GTIN}10AB-123<GS>17271231",
        f"01{GTIN}10AB-123\u241d17271231",
        f"01{GTIN}10AB-123^]17271231",
        f"(01){GTIN}(17)271231(10)AB-123",
        f" (01) {GTIN} (10) AB-123 (17) 271231 ",
        f"(01){GTIN}(17)271200(10)AB-123(21)99",
    ],
)
def test_a_pack_is_read_however_it_was_scanned(text):
    assert read_pack(text) == WHOLE


@pytest.mark.parametrize("text", ["", "AB123", "10AB123", "17", "L(2)45", "0112", f"01{GTIN[:-1]}9", "2512345"])
def test_a_lot_typed_alone_is_no_barcode(text):
    assert read_pack(text) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"(01){GTIN}(17)271331(10)A", BAD_DATE),
        (f"(01){GTIN}(17)270231(10)A", BAD_DATE),
        (f"(01){GTIN}(17)271231", NO_LOT),
        (f"01{GTIN}17271231", NO_LOT),
        ("(01)09506000134351(10)A", BAD_GTIN),
        ("(10)A(10)B", TWO_LOTS),
        ("(10)", GARBLED),
        ("(10)AB 1", GARBLED),
        ("]d2hello", GARBLED),
        (f"01{GTIN}10{'A' * 21}", GARBLED),
    ],
)
def test_what_cannot_be_read_is_said_in_words(text, words):
    with pytest.raises(UnreadableError) as no:
        read_pack(text)
    assert no.value.message == words


@given(gtin=GTINS, lot=LOTS, day=DAYS)
def test_both_ways_of_writing_a_pack_say_the_same(gtin, lot, day):
    scanned = read_pack(f"01{gtin}10{lot}{GS}17{day:%y%m%d}")
    printed = read_pack(f"(17){day:%y%m%d}(10){lot}(01){gtin}")

    assert scanned == printed == Pack(lot, day, gtin)


@given(st.text(max_size=60) | st.text("()0117\x1d]dC2A", max_size=60))
def test_any_text_gives_a_pack_or_none_or_words(text):
    try:
        pack = read_pack(text)
    except UnreadableError as no:
        pack = no

    assert pack is None or getattr(pack, "lot", "") or pack.message
