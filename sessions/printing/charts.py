"""One small SVG writer: the same drawing on the page and in the PDF.

Presentation attributes only, so it keeps to a strict CSP and looks right without CSS; ink is `currentColor`, so it
follows dark mode, and the classes let the page's style sheet change the accent. Lines and markers differ by form, not
only by colour. Deterministic; everything from outside is escaped.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from xml.sax.saxutils import escape, quoteattr

from sessions.printing.numbers import number
from sessions.printing.words import ENGLISH, Words, print_day
from sessions.scheduling.followup import RESPONSE_PERCENT, RESPONSE_POINTS

ACCENT = "#0f766e"
FONT = "Noto Sans, system-ui, sans-serif"
IMPORTANT_SHARE = Decimal(RESPONSE_PERCENT) / 100
FULL_WIDTH = 640
EFFECTS = 76  # the height of the lane under the scores
SMALL = 10.5
LABELS_APART = 4  # units between two labels of one line
_WIDEST = 0.65  # of its size a character takes on average, rather more than less
_LEFT, _RIGHT = 44, 16


@dataclass(frozen=True, slots=True)
class ScorePoint:
    """One session's score, None where it was not asked, and how long its effect lasted."""

    label: str
    before: Decimal | None
    after: Decimal | None
    effect_days: Decimal | None = None
    effect: str = ""


@dataclass(frozen=True, slots=True)
class StripDay:
    """One planned session: its due day, its window, the day it was done on, and the timing key of `words.py`."""

    number: int
    due_on: date
    earliest_on: date
    latest_on: date
    done_on: date | None
    timing: str


def response_level(first: Decimal) -> Decimal:
    """Give the score at or below which the change is clinically important: 2 points and 30 % under the first.

    Source: DESIGN.md section 4, rule 11; Farrar 2001 (DOMAIN.md S61).
    """
    return min(first - RESPONSE_POINTS, first * (1 - IMPORTANT_SHARE))


def score_chart_text(points: Sequence[ScorePoint], words: Words = ENGLISH) -> str:
    """Say in words what the score chart shows; also its alternative text in the PDF."""
    parts = []
    for key in ("before", "after"):
        said = [
            f"{point.label}: {number(getattr(point, key), words)}"
            for point in points
            if getattr(point, key) is not None
        ]
        if said:
            parts.append(f"{words[key]} – {', '.join(said)}")
    if lasted := [f"{point.label}: {point.effect}" for point in points if point.effect_days is not None]:
        parts.append(f"{words['effect_lane']} – {', '.join(lasted)}")
    return "; ".join(parts) + "." if parts else ""


def score_chart(
    points: Sequence[ScorePoint],
    *,
    title: str,
    low: Decimal = Decimal(0),
    high: Decimal = Decimal(10),
    band: bool = True,
    words: Words = ENGLISH,
    name: str = "score-chart",
) -> str:
    """Draw scores before and after over the sessions as an SVG element; empty text when there is nothing to draw.

    `name` makes the ids unique on a page. The band is drawn for scales on which less is better, from the first score.
    """
    if not any(point.before is not None or point.after is not None for point in points):
        return ""
    top, bottom = 30, 166
    span = (high - low) or Decimal(1)

    def y(value: Decimal) -> float:
        inside = min(max(value, low), high)
        return round(bottom - float((inside - low) / span) * (bottom - top), 1)

    step = (FULL_WIDTH - _LEFT - _RIGHT - 40) / max(len(points) - 1, 1)
    xs = [round(_LEFT + 20 + index * step, 1) for index in range(len(points))]
    if len(points) == 1:
        xs = [round((_LEFT + FULL_WIDTH - _RIGHT) / 2, 1)]
    body = [*_grid(low, high, y), *_x_labels(points, xs, bottom, words)]
    first = next((point.before for point in points if point.before is not None), None)
    if band and first is not None and response_level(first) > low:
        body += _band(y(response_level(first)), bottom, words)
    body += _series([(x, y(p.before)) for x, p in zip(xs, points, strict=True) if p.before is not None], dashed=False)
    body += _series([(x, y(p.after)) for x, p in zip(xs, points, strict=True) if p.after is not None], dashed=True)
    body += _legend(words)
    height = bottom + 40
    if any(point.effect_days is not None for point in points):
        body += _effects(points, xs, height, words)
        height += EFFECTS
    return svg_of(name, height, title, score_chart_text(points, words), body)


def plan_strip_text(days: Sequence[StripDay], words: Words = ENGLISH) -> str:
    """Say in words what the strip shows."""
    said = []
    for day in days:
        done = f" → {print_day(day.done_on, words)}" if day.done_on else ""
        said.append(f"{day.number}: {print_day(day.due_on, words)}{done} ({words[day.timing]})")
    return "; ".join(said) + "." if said else ""


def plan_strip(days: Sequence[StripDay], *, title: str, words: Words = ENGLISH, name: str = "plan-strip") -> str:
    """Draw planned days above and actual days below on one time line; empty text when there is no day."""
    if not days:
        return ""
    every = [day for one in days for day in (one.due_on, one.earliest_on, one.latest_on, one.done_on) if day]
    start, end = min(every), max(every)
    total = max((end - start).days, 1)
    left = 74

    def x(day: date) -> float:
        return round(left + 8 + (day - start).days / total * (FULL_WIDTH - left - _RIGHT - 16), 1)

    size = 4.5 if len(days) <= 40 else 2.5
    body = [
        *_months(start, end, x, words),
        *_lane(34, words["planned_lane"], left),
        *_lane(66, words["actual_lane"], left),
    ]
    for day in days:
        body += _strip_day(day, x, size)
    if size > 3:
        body += _labels([(x(day.due_on), str(day.number)) for day in sorted(days, key=_due)], 22)
    return svg_of(name, 104, title, plan_strip_text(days, words), body)


def _due(day: StripDay) -> tuple[date, int]:
    return day.due_on, day.number


# --- pieces --------------------------------------------------------------------------------------------------------


def svg_of(name: str, height: int, title: str, desc: str, body: Sequence[str], *, width: int = FULL_WIDTH) -> str:
    """Put pieces into a drawing with its title and what it shows in words."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" font-family="{FONT}" font-size="12" fill="currentColor" '
        f"aria-labelledby={quoteattr(f'{name}-title {name}-desc')}>"
        f"<title id={quoteattr(f'{name}-title')}>{_clean(title)}</title>"
        f"<desc id={quoteattr(f'{name}-desc')}>{_clean(desc)}</desc>" + "".join(body) + "</svg>"
    )


def _clean(text: str) -> str:
    """Escape, and drop what XML forbids."""
    kept = (c for c in text if c in "\t\n" or (c >= " " and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff"))
    return escape("".join(kept))


def svg_text(x: float, y: float, text: str, anchor: str = "start", **more: str) -> str:
    """Write a text; further attributes with underscores for their hyphens."""
    extra = "".join(f" {key.replace('_', '-')}={quoteattr(value)}" for key, value in more.items())
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}"{extra}>{_clean(text)}</text>'


def _line(x1: float, y1: float, x2: float, y2: float, **more: str) -> str:
    extra = "".join(f" {key.replace('_', '-')}={quoteattr(value)}" for key, value in more.items())
    return f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" stroke="currentColor"{extra}/>'


def _grid(low: Decimal, high: Decimal, y: Callable[[Decimal], float]) -> list[str]:
    step = next(
        (s for s in (Decimal(1), Decimal(2), Decimal(5), Decimal(10), Decimal(20)) if (high - low) / s <= 5), high
    )
    marks = [low + step * n for n in range(int((high - low) / step) + 1)]
    return [
        piece
        for mark in marks
        for piece in (
            _line(_LEFT, y(mark), FULL_WIDTH - _RIGHT, y(mark), stroke_opacity="0.18", stroke_width="0.8"),
            svg_text(_LEFT - 8, y(mark) + 4, number(mark), "end", fill_opacity="0.75"),
        )
    ]


def _x_labels(points: Sequence[ScorePoint], xs: Sequence[float], bottom: float, words: Words) -> list[str]:
    every = -(-len(points) // 15)  # at most fifteen labels
    labels = [
        svg_text(x, bottom + 18, point.label, "middle", fill_opacity="0.75")
        for index, (x, point) in enumerate(zip(xs, points, strict=True))
        if index % every == 0
    ]
    return [
        *labels,
        svg_text((_LEFT + FULL_WIDTH - _RIGHT) / 2, bottom + 36, words["chart_axis"], "middle", fill_opacity="0.75"),
    ]


def _band(level: float, bottom: float, words: Words) -> list[str]:
    return [
        f'<rect class="chart-band" x="{_LEFT}" y="{level:g}" width="{FULL_WIDTH - _LEFT - _RIGHT}" '
        f'height="{bottom - level:g}" fill="{ACCENT}" fill-opacity="0.09"/>',
        _line(
            _LEFT, level, FULL_WIDTH - _RIGHT, level, stroke_width="0.8", stroke_dasharray="1 3", stroke_opacity="0.7"
        ),
        # Its name stands beside the legend: scores may run anywhere below.
        f'<rect class="chart-band" x="{_LEFT + 226}" y="7" width="22" height="10" fill="{ACCENT}" fill-opacity="0.18"/>',
        svg_text(_LEFT + 254, 16, words["band"], font_size="10.5", fill_opacity="0.8"),
    ]


def _effects(points: Sequence[ScorePoint], xs: Sequence[float], top: float, words: Words) -> list[str]:
    """Draw a bar for each session whose effect was told: the longest is as high as the lane."""
    foot, room = top + EFFECTS - 10, EFFECTS - 40
    longest = max(point.effect_days for point in points if point.effect_days is not None) or Decimal(1)
    width = 14 if len(points) <= 20 else 4
    pieces = [
        svg_text(_LEFT, top + 8, words["effect_lane"], font_size="10.5", fill_opacity="0.8"),
        _line(_LEFT, foot, FULL_WIDTH - _RIGHT, foot, stroke_opacity="0.5", stroke_width="0.8"),
    ]
    for point, x in zip(points, xs, strict=True):
        if point.effect_days is None:
            continue
        high = max(round(float(point.effect_days / longest) * room, 1), 1)
        pieces.append(
            f'<rect class="chart-done" x="{x - width / 2:g}" y="{foot - high:g}" width="{width}" height="{high:g}" fill="{ACCENT}"/>'
        )
        if len(points) <= 10:
            pieces.append(svg_text(x, foot - high - 4, point.effect, "middle", font_size="10.5"))
    return pieces


def _series(at: Sequence[tuple[float, float]], *, dashed: bool) -> list[str]:
    colour, css = ("currentColor", "chart-before") if not dashed else (ACCENT, "chart-after")
    dash = ' stroke-dasharray="6 4"' if dashed else ""
    path = " ".join(f"{x:g},{y:g}" for x, y in at)
    line = f'<polyline class="{css}" points="{path}" fill="none" stroke="{colour}" stroke-width="1.8"{dash}/>'
    size = 4.2 if len(at) <= 40 else 2
    return [*([line] if len(at) > 1 else []), *(_marker(x, y, size, dashed=dashed) for x, y in at)]


def _marker(x: float, y: float, size: float, *, dashed: bool) -> str:
    if dashed:
        return (
            f'<rect class="chart-after chart-hollow" x="{x - size:g}" y="{y - size:g}" width="{2 * size:g}" height="{2 * size:g}" '
            f'fill="#ffffff" stroke="{ACCENT}" stroke-width="1.8"/>'
        )
    return f'<circle class="chart-before" cx="{x:g}" cy="{y:g}" r="{size:g}" fill="currentColor"/>'


def _legend(words: Words) -> list[str]:
    return [
        *_series([(_LEFT, 12), (_LEFT + 28, 12)], dashed=False),
        svg_text(_LEFT + 40, 16, words["before"]),
        *_series([(_LEFT + 120, 12), (_LEFT + 148, 12)], dashed=True),
        svg_text(_LEFT + 160, 16, words["after"]),
    ]


def _lane(y: float, label: str, left: float) -> list[str]:
    return [
        svg_text(0, y + 4, label),
        _line(left, y, FULL_WIDTH - _RIGHT, y, stroke_opacity="0.25", stroke_width="0.8"),
    ]


def _months(start: date, end: date, x: Callable[[date], float], words: Words) -> list[str]:
    numbered = range(start.year * 12 + start.month - 1, end.year * 12 + end.month)
    months = [date(month // 12, month % 12 + 1, 1) for month in numbered]
    firsts = [first for first in months if first >= start]
    every = -(-len(firsts) // 8) if firsts else 1
    shown = firsts[::every]
    said = [(min(max(x(first), 100), FULL_WIDTH - 34), print_day(first, words).split(" ", 1)[1]) for first in shown]
    lines = [_line(x(first), 22, x(first), 80, stroke_opacity="0.18", stroke_width="0.8") for first in shown]
    return [*lines, *_labels(said, 97)]


def _labels(said: Sequence[tuple[float, str]], y: float) -> list[str]:
    """Write small labels around their places, which ascend, but none that would touch the one before."""
    pieces, free = [], float("-inf")
    for x, text in said:
        half = len(text) * SMALL * _WIDEST / 2
        if x - half >= free:
            pieces.append(svg_text(x, y, text, "middle", font_size=f"{SMALL:g}", fill_opacity="0.75"))
            free = x + half + LABELS_APART
    return pieces


def _strip_day(day: StripDay, x: Callable[[date], float], size: float) -> list[str]:
    due, planned, actual = x(day.due_on), 34, 66
    opens, closes = x(day.earliest_on), x(day.latest_on)
    pieces = [
        f'<line class="chart-window" x1="{opens:g}" y1="{planned}" x2="{closes:g}" y2="{planned}" '
        f'stroke="{ACCENT}" stroke-opacity="0.35" stroke-width="{2 * size:g}"/>',
        f'<circle class="chart-hollow" cx="{due:g}" cy="{planned}" r="{size:g}" fill="#ffffff" stroke="currentColor" stroke-width="1.4"/>',
    ]
    if day.done_on is not None:
        done = x(day.done_on)
        pieces.append(_line(due, planned + size, done, actual - size, stroke_width="0.9", stroke_opacity="0.6"))
        pieces.append(_actual(done, actual, size, day.timing))
    elif day.timing in ("missed", "skipped"):
        pieces.append(
            f'<path d="M{due - size:g} {actual - size:g}l{2 * size:g} {2 * size:g}m0 {-2 * size:g}l{-2 * size:g} '
            f'{2 * size:g}" stroke="currentColor" stroke-width="1.6" fill="none"/>'
        )
    return pieces


def _actual(x: float, y: float, size: float, timing: str) -> str:
    if timing == "late":  # points to the right, towards later
        shape = f"M{x - size:g} {y - size:g}L{x + size:g} {y:g}L{x - size:g} {y + size:g}Z"
    elif timing == "early":
        shape = f"M{x + size:g} {y - size:g}L{x - size:g} {y:g}L{x + size:g} {y + size:g}Z"
    else:
        return f'<circle class="chart-done" cx="{x:g}" cy="{y:g}" r="{size:g}" fill="{ACCENT}"/>'
    return f'<path class="chart-{timing}" d="{shape}" fill="currentColor"/>'
