"""How long a text message is: what a telephone's network makes of its signs. Pure.

Source: 3GPP TS 23.038 (the default alphabet and its extension) and TS 23.040 (pieces of a long message).
"""

from dataclasses import dataclass

ONE, TWO = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà",
    "\f^{}\\[~]|€",  # each takes two places
)
SHORT_ALPHABET = frozenset(ONE + TWO)
SINGLE, PIECE = 160, 153
SINGLE_WIDE, PIECE_WIDE = 70, 67
# What word processors put in, and what it is on a telephone: one such sign would halve the room of the whole message.
PLAIN = str.maketrans(
    {"’": "'", "‘": "'", "“": '"', "”": '"', "«": '"', "»": '"', "–": "-", "—": "-", "…": "...", "\u00a0": " ", "\u202f": " "}
)  # fmt: skip


@dataclass(frozen=True)
class Length:
    """Places a text takes, of how many in the pieces it is sent in; `wide` are the signs that make it need more."""

    places: int
    room: int
    pieces: int
    wide: str


def plain(text: str) -> str:
    """Write typographic signs as the short alphabet has them; letters stay as they are."""
    return text.translate(PLAIN)


def measure(text: str) -> Length:
    """Count the pieces a text is sent in: each is a message of its own, and paid for."""
    wide = "".join(dict.fromkeys(sign for sign in text if sign not in SHORT_ALPHABET))
    widths = [_width(sign, is_wide=bool(wide)) for sign in text]
    single, piece = (SINGLE_WIDE, PIECE_WIDE) if wide else (SINGLE, PIECE)
    places = sum(widths)
    if places <= single:
        return Length(places, single, 1, wide)
    pieces = _pieces(widths, piece)
    return Length(places, pieces * piece, pieces, wide)


def _width(sign: str, *, is_wide: bool) -> int:
    if is_wide:
        return len(sign.encode("utf-16-be")) // 2
    return 2 if sign in TWO else 1


def _pieces(widths: list[int], piece: int) -> int:
    """A sign of two places is never parted by the end of a piece."""
    pieces, used = 1, 0
    for width in widths:
        if used + width > piece:
            pieces, used = pieces + 1, 0
        used += width
    return pieces
