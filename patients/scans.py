"""What a scan of a signed form may be: PDF, JPEG or PNG, told by its content and never by its name. Pure."""

import struct
import zlib
from dataclasses import dataclass

MOST_BYTES = 10 * 1024 * 1024
PNG_START = b"\x89PNG\r\n\x1a\n"
PDF_TAIL = 2048  # how far from the end readers look for the mark of a whole PDF
SCAN_FOLLOWS, FRAMES = 0xDA, {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}


@dataclass(frozen=True, slots=True)
class Kind:
    """How a file is named and sent."""

    suffix: str
    content_type: str


PDF = Kind(".pdf", "application/pdf")
JPEG = Kind(".jpg", "image/jpeg")
PNG = Kind(".png", "image/png")
BY_SUFFIX = {kind.suffix: kind for kind in (PDF, JPEG, PNG)}


def kind_of(content: bytes) -> Kind | None:
    """Tell what a file is by its whole structure; None for anything else, and for one that is cut off."""
    if content.startswith(PNG_START):
        return PNG if _is_whole_png(content) else None
    if content.startswith(b"\xff\xd8\xff"):
        return JPEG if _is_whole_jpeg(content) else None
    is_pdf = content.startswith(b"%PDF-") and b"%%EOF" in content[-PDF_TAIL:]
    return PDF if is_pdf else None


def _is_whole_png(content: bytes) -> bool:
    """Walk the chunks, first to last, with their sums."""
    at, names = len(PNG_START), []
    while at + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, at)
        name, end = content[at + 4 : at + 8], at + 12 + length
        if end > len(content) or zlib.crc32(content[at + 4 : end - 4]) != struct.unpack_from(">I", content, end - 4)[0]:
            return False
        names.append(name)
        at = end
        if name == b"IEND":
            return names[0] == b"IHDR" and b"IDAT" in names
    return False


def _is_whole_jpeg(content: bytes) -> bool:
    """Walk the segments up to the picture, which has a frame before it and an end after it."""
    at, has_frame = 2, False
    while at + 4 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker == SCAN_FOLLOWS:
            return has_frame and b"\xff\xd9" in content[at:]
        has_frame |= marker in FRAMES
        at += 2 + struct.unpack_from(">H", content, at + 2)[0]
    return False
