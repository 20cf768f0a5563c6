"""The charts of the manager's overview: bars, and the hours of the week as a heat map. Each has a table beside it.

Shades say the same in black and white: darker is fuller, and the number stands in the field.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import unescape

from sessions.printing.charts import ACCENT, FULL_WIDTH, svg_of, svg_text

_NAME_WIDTH = 190
_BAR = 22
_LEFT, _RIGHT = 56, 16
_CELL = 24
_FULL = 1.0
NAME = re.compile(r'<text x="(?P<x>[\d.]+)" y="(?P<y>[\d.]+)" text-anchor="end">(?P<text>[^<]*)</text>')
JOINED = re.compile("[\u0600-\u08ff\ufb50-\ufdff\ufe70-\ufefc]")  # Arabic and its kin


@dataclass(frozen=True)
class Bar:
    """One line: its name, its length as a share of the whole width, what stands behind it; an interval if it has one."""

    name: str
    share: float
    said: str
    low: float | None = None
    high: float | None = None


def bar_chart(bars: Sequence[Bar], *, title: str, name: str) -> str:
    """Draw horizontal bars, 100 % being the whole width; longer ones end there. Empty text without bars."""
    if not bars:
        return ""
    left, right = _NAME_WIDTH, FULL_WIDTH - 84
    body = []
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        x = left + share * (right - left)
        body.append(_line(x, 6, x, 10 + _BAR * len(bars), "0.8", "0.18"))
        body.append(
            svg_text(x, 26 + _BAR * len(bars), f"{share:.0%}".replace("%", " %"), "middle", fill_opacity="0.75")
        )
    for number, bar in enumerate(bars):
        top = 10 + _BAR * number
        length = round(min(max(bar.share, 0.0), 1.0) * (right - left), 1)
        body.append(svg_text(left - 8, top + 12, _shortened(bar.name), "end"))
        body.append(
            f'<rect class="chart-bar" x="{left}" y="{top}" width="{length:g}" height="{_BAR - 6}" fill="{ACCENT}" '
            'fill-opacity="0.75"/>'
        )
        if bar.low is not None and bar.high is not None:
            middle = top + (_BAR - 6) / 2
            ends = [round(left + min(max(end, 0.0), 1.0) * (right - left), 1) for end in (bar.low, bar.high)]
            body.append(_line(ends[0], middle, ends[1], middle, "1.4"))
            body += [_line(x, middle - 4, x, middle + 4, "1.4") for x in ends]
        body.append(svg_text(right + 8, top + 12, bar.said))
    described = "; ".join(f"{bar.name}: {bar.said}" for bar in bars)
    return svg_of(name, 34 + _BAR * len(bars), title, described, body)


def heat_map(
    shares: Mapping[tuple[int, int], float | None],
    *,
    weekdays: Sequence[tuple[int, str]],
    hours: Sequence[int],
    title: str,
    name: str,
) -> str:
    """Draw the hours of the week, weekdays across, the fuller the darker. A missing key is shut and stays blank.

    None marks an hour that was taken though nobody worked in it.
    """
    if not hours:
        return ""
    left = _LEFT
    width = (FULL_WIDTH - left - _RIGHT) / max(len(weekdays), 1)
    body = [
        svg_text(left + width * (column + 0.5), 16, said, "middle", fill_opacity="0.75")
        for column, (_weekday, said) in enumerate(weekdays)
    ]
    described = []
    for row, hour in enumerate(hours):
        y = 24 + row * _CELL
        body.append(svg_text(left - 8, y + 16, f"{hour:02}:00", "end", fill_opacity="0.75"))
        for column, (weekday, said) in enumerate(weekdays):
            if (weekday, hour) not in shares:
                continue
            share = shares[weekday, hour]
            told = "+" if share is None else f"{share:.0%}".replace("%", " %")
            described.append(f"{said} {hour:02}:00 {told}")
            body += _field(left + column * width, y, width, share, told)
    return svg_of(name, 32 + _CELL * len(hours), title, "; ".join(described), body)


def _field(x: float, y: float, width: float, share: float | None, told: str) -> list[str]:
    filled = 0.0 if share is None else min(share, _FULL)
    opacity = round(0.04 + 0.62 * filled, 3)
    return [
        f'<rect class="chart-heat" x="{x + 1:g}" y="{y + 1:g}" width="{width - 2:g}" height="{_CELL - 2}" rx="3" '
        f'fill="{ACCENT}" fill-opacity="{opacity:g}" stroke="currentColor" stroke-opacity="0.12"/>',
        svg_text(x + width / 2, y + 16, told, "middle", font_size="10.5"),
    ]


def names_apart(svg: str) -> tuple[str, list[dict[str, Any]]]:
    """Take the names in joined scripts out of a bar chart, for paper: where they end, and the text.

    In a drawing the dots of Arabic letters become glyphs that stand for no letter, which PDF/UA refuses.
    """
    found: list[dict[str, Any]] = []

    def taken(drawn: re.Match[str]) -> str:
        text = unescape(drawn["text"])
        if not JOINED.search(text):
            return drawn[0]
        found.append({"x": float(drawn["x"]), "y": float(drawn["y"]), "text": text})
        return ""

    return NAME.sub(taken, svg), found


def _line(x1: float, y1: float, x2: float, y2: float, width: str, opacity: str = "1") -> str:
    return (
        f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" stroke="currentColor" stroke-width="{width}" '
        f'stroke-opacity="{opacity}"/>'
    )


def _shortened(text: str) -> str:
    return text if len(text) <= 28 else f"{text[:27].rstrip()}…"
