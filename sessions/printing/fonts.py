"""Which characters the vendored fonts can print.

PDF/UA forbids a character without a glyph, and a report must never fail because of one name: what no font has is
printed as an open box. Reads the `cmap` tables (formats 4 and 12) of TrueType and OpenType files; no font library needed.
"""

import struct
import unicodedata
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "fonts"
BOX = "□"
_LONG_WORD = 24
_PIECE, _LONGEST_JOINED = 12, 36
_BREAK = "\u200b"
_NEVER = ("Cc", "Cf", "Cs", "Co")
_VIRAMA = 9  # the combining class of what drops the vowel of a letter and binds it to the next
_KEPT = "\n\u200c\u200d"  # line ends, and the joiners Arabic and Persian need


@cache
def printable() -> frozenset[int]:
    """Give every code point at least one of the vendored fonts has a glyph for; no controls, no private use.

    What this Python does not know yet ("Cn") may be in a font all the same: an emoji of last year.
    """
    covered: set[int] = set()
    for path in sorted(FOLDER.glob("*.[ot]tf")):
        covered |= _covered(path.read_bytes())
    return frozenset(code for code in covered if unicodedata.category(chr(code)) not in _NEVER)


def printable_text(text: str) -> str:
    """Make any text printable: no control characters, a box for what no font has, long words breakable."""
    shown = text
    if not (text.isascii() and text.isprintable()):
        covered = printable()
        composed = unicodedata.normalize("NFC", text)
        shown = composed if covered.issuperset(map(ord, composed)) else "".join(map(_shown, composed))
    if len(shown) <= _LONG_WORD:
        return shown
    return " ".join(_breakable(word) for word in shown.split(" "))


def _shown(character: str) -> str:
    return character if ord(character) in printable() or character in _KEPT else _instead(character)


def _instead(character: str) -> str:
    if character in "\t\r":
        return " "
    return BOX if unicodedata.category(character)[0] != "C" or unicodedata.category(character) in ("Co", "Cn") else ""


def _breakable(word: str) -> str:
    if len(word) <= _LONG_WORD:
        return word
    pieces, start = [], 0
    for at in range(1, len(word)):
        length = at - start
        if length >= _LONGEST_JOINED or (length >= _PIECE and not _joins(word[at - 1], word[at])):
            pieces.append(word[start:at])
            start = at
    return _BREAK.join([*pieces, word[start:]])


def _joins(one: str, following: str) -> bool:
    """Tell whether two characters are one shape: a mark on a letter, or letters that a joiner or a virama binds."""
    is_mark = unicodedata.category(following)[0] == "M"
    return is_mark or bool({one, following} & set(_KEPT)) or unicodedata.combining(one) == _VIRAMA


def _covered(font: bytes) -> set[int]:
    (tables,) = struct.unpack_from(">H", font, 4)
    for index in range(tables):
        tag, _, start, _ = struct.unpack_from(">4sIII", font, 12 + 16 * index)
        if tag == b"cmap":
            break
    else:
        return set()
    covered: set[int] = set()
    (subtables,) = struct.unpack_from(">H", font, start + 2)
    for index in range(subtables):
        _, _, offset = struct.unpack_from(">HHI", font, start + 4 + 8 * index)
        at = start + offset
        (kind,) = struct.unpack_from(">H", font, at)
        if kind == 4:
            covered |= _segments(font, at)
        elif kind == 12:
            covered |= _groups(font, at)
    return covered


def _segments(font: bytes, at: int) -> set[int]:
    """Read format 4; a segment without a glyph array maps all of its code points (fonts cut by fonttools do)."""
    (double,) = struct.unpack_from(">H", font, at + 6)
    count = double // 2
    ends = struct.unpack_from(f">{count}H", font, at + 14)
    starts = struct.unpack_from(f">{count}H", font, at + 16 + double)
    deltas = struct.unpack_from(f">{count}H", font, at + 16 + 2 * double)
    offsets = struct.unpack_from(f">{count}H", font, at + 16 + 3 * double)
    covered: set[int] = set()
    for index, (first, last, delta, offset) in enumerate(zip(starts, ends, deltas, offsets, strict=True)):
        for code in range(first, min(last, 0xFFFE) + 1):
            glyph = code
            if offset:
                where = at + 16 + 3 * double + 2 * index + offset + 2 * (code - first)
                (glyph,) = struct.unpack_from(">H", font, where)
                if glyph == 0:
                    continue
            if (glyph + delta) & 0xFFFF:
                covered.add(code)
    return covered


def _groups(font: bytes, at: int) -> set[int]:
    (count,) = struct.unpack_from(">I", font, at + 12)
    covered: set[int] = set()
    for index in range(count):
        first, last, _ = struct.unpack_from(">III", font, at + 16 + 12 * index)
        covered.update(range(first, last + 1))
    return covered
