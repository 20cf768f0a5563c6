"""A signature drawn on a screen: strokes of points on a pad of fixed measures. Read with bounds, kept as numbers. Pure.

Only whole numbers inside the pad come in, so nothing that was sent is ever shown as markup.
"""

import json
from collections.abc import Sequence
from itertools import pairwise
from math import hypot

WIDTH, HEIGHT = 600, 200
MOST_STROKES, MOST_POINTS = 200, 6000
LONGEST_TEXT = 100_000
LEAST_INK = 60  # units of the pad: a tap by mistake is no signature

Stroke = tuple[tuple[int, int], ...]


class NotASignature(ValueError):
    """What was sent cannot be read as strokes on the pad."""


def read_strokes(text: str) -> tuple[Stroke, ...]:
    """Read `[[[x, y], …], …]`; nothing for an empty pad. Raises NotASignature."""
    if not text:
        return ()
    if len(text) > LONGEST_TEXT:
        raise NotASignature
    try:
        sent = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise NotASignature from exc
    if not isinstance(sent, list) or len(sent) > MOST_STROKES:
        raise NotASignature
    strokes = tuple(_stroke(one) for one in sent)
    if sum(len(one) for one in strokes) > MOST_POINTS:
        raise NotASignature
    return strokes


def _stroke(sent: object) -> Stroke:
    if not isinstance(sent, list) or not sent or not all(_is_point(one) for one in sent):
        raise NotASignature
    return tuple((x, y) for x, y in sent)


def _is_point(sent: object) -> bool:
    if not isinstance(sent, list) or len(sent) != 2:
        return False
    x, y = sent
    return type(x) is int and type(y) is int and 0 <= x <= WIDTH and 0 <= y <= HEIGHT


def has_ink(strokes: Sequence[Stroke]) -> bool:
    """Say whether enough was drawn to be somebody's hand."""
    return sum(hypot(x - u, y - v) for stroke in strokes for (x, y), (u, v) in pairwise(stroke)) >= LEAST_INK


def path_of(strokes: Sequence[Sequence[Sequence[int]]]) -> str:
    """Write the strokes as the path of an SVG."""
    return " ".join("M" + " L".join(f"{int(x)} {int(y)}" for x, y in stroke) for stroke in strokes)


def svg_of(strokes: Sequence[Sequence[Sequence[int]]]) -> str:
    """Draw the strokes as an SVG of their own, for print."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"><path d="{path_of(strokes)}" fill="none" '
        'stroke="#141414" stroke-width="3" stroke-linecap="round" stroke-linejoin="round"/></svg>'
    )
