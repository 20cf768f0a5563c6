"""A clinic's logo: what may be one, and the drawing it becomes on page and paper. Pure.

A vector drawing may hold scripts and point at other files, so a logo is a picture of dots.
"""

import base64
import struct
from xml.sax.saxutils import quoteattr

MOST_BYTES = 1024 * 1024
MOST_SIDE = 4000  # dots
HIGH, WIDE = 60, 240  # the room it has, in units of which a page's width has 640
JPEG_FRAMES = {0xC0, 0xC1, 0xC2}


def logo_size(content: bytes) -> tuple[int, int] | None:
    """Return how many dots a whole PNG or JPEG has across and down; None for what says nothing of it."""
    if content.startswith(b"\x89PNG"):
        width, height = struct.unpack_from(">II", content, 16)
        return width, height
    at = 2
    while at + 9 < len(content) and content[at] == 0xFF:
        if content[at + 1] in JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", content, at + 5)
            return width, height
        at += 1 if content[at + 1] == 0xFF else 2 + struct.unpack_from(">H", content, at + 2)[0]
    return None


def logo_svg(content: bytes, title: str) -> str:
    """Draw the logo into the room a letterhead has, its proportions kept."""
    size = logo_size(content)
    if size is None:
        return ""
    scale = min(WIDE / size[0], HIGH / size[1])
    width, height = round(size[0] * scale), round(size[1] * scale)
    kind = "png" if content.startswith(b"\x89PNG") else "jpeg"
    data = base64.b64encode(content).decode()
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label={quoteattr(title)} viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}"><image width="{width}" height="{height}" href="data:image/{kind};base64,{data}"/></svg>'
    )
