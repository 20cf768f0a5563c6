"""The body map on paper and in the report's page: its views side by side, small, from the very geometry one taps into.

Presentation attributes only, as in `charts.py`. Points differ by form: where it stung is a ring around the dot.
"""

from collections.abc import Sequence

from sessions.body_map import View, views_of
from sessions.printing.charts import ACCENT, FULL_WIDTH, svg_of, svg_text
from sessions.printing.document import BodyPart
from sessions.printing.pieces import colon
from sessions.printing.words import Words

SMALL, LARGE = (160, 120), (260, 180)
GAP, LABEL, LEGEND = 16, 16, 20
LEAST = 76  # a name stands above each view


def body_said(parts: Sequence[BodyPart], words: Words) -> str:
    """Say in words what the drawing shows."""
    said = []
    for part in parts:
        stung = sum(point.stings for point in part.points)
        text = words["body_points"].format(n=len(part.points))
        said.append(colon(part.name, text, words) + (f", {words['body_stung'].format(n=stung)}" if stung else ""))
    return "; ".join(said) + "." if said else ""


def body_drawing(
    parts: Sequence[BodyPart], words: Words, *, title: str, name: str, box: tuple[int, int] = SMALL, faint: bool = False
) -> tuple[str, int]:
    """Draw the views with their points; give the SVG and its width in units of which a page's width has 640.

    `faint` lets points shine through, for many sessions drawn over each other.
    """
    drawn = [(part, view) for part in parts if (view := _view(part)) is not None]
    if not drawn:
        return "", 0
    most = min(box[0], (FULL_WIDTH - GAP * (len(drawn) - 1)) // len(drawn))
    scales = [min(most / view.width, box[1] / view.height) for _part, view in drawn]
    widths = [max(round(view.width * scale), LEAST) for (_part, view), scale in zip(drawn, scales, strict=True)]
    height = LABEL + round(max(view.height * scale for (_part, view), scale in zip(drawn, scales, strict=True)))
    body, left = [], 0
    for (part, view), scale, width in zip(drawn, scales, widths, strict=True):
        inset = left + (width - view.width * scale) / 2
        body.append(svg_text(left + width / 2, 10, part.name, "middle", font_size="10", fill_opacity="0.8"))
        body.append(_zones(view, inset, scale))
        body += _points(part, inset, scale, faint=faint)
        left += width + GAP
    total = max(left - GAP, 190)
    body += _legend(height + LEGEND - 6, words, has_stung=any(p.stings for part, _view in drawn for p in part.points))
    return svg_of(name, height + LEGEND, title, body_said(parts, words), body, width=total), total


def _view(part: BodyPart) -> View | None:
    return next((view for view in views_of(part.body) if view.code == part.view), None)


def _zones(view: View, left: float, scale: float) -> str:
    lines = "".join(f'<polygon points="{zone.outline}"/>' for zone in view.zones)
    return (
        f'<g transform="translate({left:.1f} {LABEL}) scale({scale:.4f})" fill="none" stroke="currentColor" '
        f'stroke-opacity="0.45" stroke-width="{0.7 / scale:.2f}">{lines}</g>'
    )


def _points(part: BodyPart, left: float, scale: float, *, faint: bool) -> list[str]:
    shine = ' fill-opacity="0.4"' if faint else ""
    drawn = []
    for point in part.points:
        x, y = round(left + point.x * scale, 1), round(LABEL + point.y * scale, 1)
        drawn.append(f'<circle class="chart-done" cx="{x:g}" cy="{y:g}" r="1.7" fill="{ACCENT}"{shine}/>')
        if point.stings:
            drawn.append(_ring(x, y))
    return drawn


def _ring(x: float, y: float) -> str:
    return f'<circle cx="{x:g}" cy="{y:g}" r="3.6" fill="none" stroke="currentColor" stroke-width="0.9"/>'


def _legend(y: float, words: Words, *, has_stung: bool) -> list[str]:
    dot = f'<circle class="chart-done" cx="6" cy="{y - 3:g}" r="2.2" fill="{ACCENT}"/>'
    pieces = [dot, svg_text(14, y, words["body_point"], font_size="10", fill_opacity="0.8")]
    if has_stung:
        at = f'<circle class="chart-done" cx="100" cy="{y - 3:g}" r="1.7" fill="{ACCENT}"/>'
        pieces += [at, _ring(100, y - 3), svg_text(110, y, words["reactive"], font_size="10", fill_opacity="0.8")]
    return pieces
