"""A QR code as SVG: modules as one path, black on white whatever the page's colours, for a camera reads no dark mode. Pure."""

from functools import lru_cache
from xml.sax.saxutils import escape, quoteattr

import qrcode

QUIET = 4  # modules of white around it, which readers need
ANY_MASK = 4  # every mask is valid; to weigh all eight takes ten times as long


@lru_cache(maxsize=64)
def qr_svg(text: str, title: str) -> str:
    """Draw a text as a QR code that survives 15 % of damage."""
    code = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_M, border=QUIET, mask_pattern=ANY_MASK)
    code.add_data(text)
    rows = code.get_matrix()
    path = "".join(_row(y, row) for y, row in enumerate(rows))
    side = len(rows)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img" viewBox="0 0 {side} {side}" width="{side * 4}" '
        f'height="{side * 4}" aria-label={quoteattr(title)}><title>{escape(title)}</title>'
        f'<rect width="{side}" height="{side}" fill="#ffffff"/><path d="{path}" fill="#000000"/></svg>'
    )


def _row(y: int, row: list[bool]) -> str:
    """Draw the dark runs of a row."""
    runs, start = [], None
    for x, dark in enumerate([*row, False]):
        if dark and start is None:
            start = x
        elif not dark and start is not None:
            runs.append(f"M{start} {y}h{x - start}v1h-{x - start}z")
            start = None
    return "".join(runs)
