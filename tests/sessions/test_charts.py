"""The charts: well-formed, escaped, the same every time, and telling the truth."""

import re
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from sessions.printing.charts import (
    FULL_WIDTH,
    ScorePoint,
    StripDay,
    plan_strip,
    plan_strip_text,
    response_level,
    score_chart,
    score_chart_text,
)
from sessions.printing.numbers import number
from sessions.printing.words import ENGLISH

pytestmark = pytest.mark.engine

SVG = "{http://www.w3.org/2000/svg}"
NASTY = "<script>alert('x')</script> & \"quotes\" \x00\x0b\ud800 日本 😀"
POINTS = [ScorePoint("1", Decimal(8), Decimal(6)), ScorePoint("2", Decimal(5), None), ScorePoint("3", None, Decimal(2))]


def strip_day(number_: int, *, days: int = 0, done: int | None = None, timing: str = "open") -> StripDay:
    due = date(2026, 3, 2) + timedelta(days=days)
    done_on = None if done is None else date(2026, 3, 2) + timedelta(days=done)
    return StripDay(number_, due, due - timedelta(days=1), due + timedelta(days=3), done_on, timing)


def parse(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in parse(svg).iter(f"{SVG}text")]


@pytest.mark.parametrize("svg", [score_chart(POINTS, title=NASTY), plan_strip([strip_day(1)], title=NASTY)])
def test_a_chart_is_well_formed_and_named_whatever_the_title(svg):
    root = parse(svg)

    assert root.attrib["role"] == "img"
    title = root.find(f"{SVG}title")
    assert title is not None
    assert title.text == "<script>alert('x')</script> & \"quotes\"  日本 😀"
    ids = {element.attrib["id"] for element in root.iter() if "id" in element.attrib}
    assert set(root.attrib["aria-labelledby"].split()) == ids
    assert root.findtext(f"{SVG}desc")


@pytest.mark.parametrize("svg", [score_chart(POINTS, title="Pain"), plan_strip([strip_day(1)], title="Plan")])
def test_a_chart_keeps_to_the_strict_csp(svg):
    names = {name for element in parse(svg).iter() for name in element.attrib}

    assert "style" not in names
    assert not [name for name in names if name.startswith("on")]
    assert not {f"{SVG}style", f"{SVG}script"} & {element.tag for element in parse(svg).iter()}


def test_the_same_points_give_the_same_svg():
    assert score_chart(POINTS, title="Pain") == score_chart(list(POINTS), title="Pain")
    assert score_chart(POINTS, title="Pain", name="a") != score_chart(POINTS, title="Pain", name="b")


def test_before_and_after_differ_without_colour():
    root = parse(score_chart(POINTS, title="Pain"))

    before = [e for e in root.iter() if "chart-before" in e.attrib.get("class", "").split()]
    after = [e for e in root.iter() if "chart-after" in e.attrib.get("class", "").split()]
    assert {e.tag for e in before} == {f"{SVG}polyline", f"{SVG}circle"}
    assert {e.tag for e in after} == {f"{SVG}polyline", f"{SVG}rect"}
    assert all("stroke-dasharray" not in e.attrib for e in before)
    assert all("stroke-dasharray" in e.attrib for e in after if e.tag == f"{SVG}polyline")


def test_a_higher_score_is_drawn_higher_and_never_outside():
    points = [ScorePoint(str(n), Decimal(value), None) for n, value in enumerate([99, 10, 7, 0, -5])]

    circles = [e for e in parse(score_chart(points, title="Pain")).iter(f"{SVG}circle") if float(e.attrib["cy"]) > 20]

    heights = [float(circle.attrib["cy"]) for circle in circles]
    assert heights == sorted(heights)
    assert heights[0] == heights[1]
    assert heights[3] == heights[4]


@pytest.mark.parametrize(("first", "level"), [("10", "7"), ("8", "5.6"), ("5", "3"), ("3", "1"), ("1", "-1")])
def test_an_important_change_is_two_points_and_thirty_per_cent(first, level):
    assert response_level(Decimal(first)) == Decimal(level)


def test_the_band_is_drawn_only_when_asked_for_and_possible():
    assert ENGLISH["band"] in texts(score_chart(POINTS, title="Pain"))
    assert ENGLISH["band"] not in texts(score_chart(POINTS, title="Pain", band=False))
    assert ENGLISH["band"] not in texts(score_chart([ScorePoint("1", Decimal(1), None)], title="Pain"))
    assert ENGLISH["band"] not in texts(score_chart([ScorePoint("1", None, Decimal(4))], title="Pain"))


def test_nothing_to_draw_is_an_empty_text():
    assert score_chart([], title="Pain") == ""
    assert score_chart([ScorePoint("1", None, None)], title="Pain") == ""
    assert plan_strip([], title="Plan") == ""


def test_the_words_say_what_the_chart_shows():
    assert score_chart_text(POINTS) == "Before – 1: 8, 2: 5; After – 1: 6, 3: 2."
    assert plan_strip_text([strip_day(1, done=0, timing="on_time"), strip_day(2, days=7)]) == (
        "1: 2 Mar 2026 → 2 Mar 2026 (on time); 2: 9 Mar 2026 (to come)."
    )


def test_three_hundred_sessions_keep_few_labels():
    points = [ScorePoint(str(n), Decimal(n % 11), Decimal(n % 7)) for n in range(300)]
    days = [strip_day(n, days=7 * n) for n in range(300)]

    labels = [text for text in texts(score_chart(points, title="Pain")) if re.fullmatch(r"\d+", text)]
    assert len(labels) <= 15 + 6
    assert len(texts(plan_strip(days, title="Plan"))) <= 2 + 8


FRENCH = {**ENGLISH, "months": "jan. fév. mars avr. mai juin juil. août sept. oct. nov. déc. 1er"}
# "1x@30, 3x1w@15, 1x2w@30, 1x3w@30, 1x4w@30, 8x4-6w@30" in weeks, and weekly for most of a year
LONG = [0, 1, 2, 3, 5, 8, 12, *range(17, 57, 5)]
WEEKLY = range(40)


@pytest.mark.parametrize("words", [ENGLISH, FRENCH], ids=["en", "fr"])
@pytest.mark.parametrize("first_on", [date(2026, 3, 2), date(2026, 8, 30), date(2026, 12, 31)])
@pytest.mark.parametrize("weeks", [LONG, WEEKLY, [0, *range(1, 300, 9)], [0, 0, 0], [0, 5]])
def test_the_labels_of_a_strip_stand_apart_however_long_the_course(weeks, first_on, words):
    days = [first_on + timedelta(weeks=week) for week in weeks]
    strip = [StripDay(n, day, day, day + timedelta(days=3), None, "open") for n, day in enumerate(days, 1)]

    drawn = list(parse(plan_strip(strip, title="Plan", words=words)).iter(f"{SVG}text"))
    for y in ("22", "97"):
        labels = [(float(e.attrib["x"]), e.text) for e in drawn if e.attrib["y"] == y]
        ends = [(x - widest(text) / 2, x + widest(text) / 2) for x, text in labels]
        assert all(two[0] - one[1] >= 3 for one, two in pairwise(ends)), labels
        assert all(left >= 0 and right <= FULL_WIDTH for left, right in ends)
        assert labels or y == "97"


def widest(text: str) -> float:
    """The width of a small label in units: digits, spaces and dots of Noto Sans as they are, letters rather wide."""
    return sum(10.5 * (0.572 if one.isdigit() else 0.26 if one in " ." else 0.65) for one in text)


def test_a_strip_with_room_numbers_every_session():
    numbered = texts(plan_strip([strip_day(n, days=28 * n) for n in range(1, 13)], title="Plan"))

    assert [text for text in numbered if text.isdigit()] == [str(n) for n in range(1, 13)]


def test_early_late_and_missed_have_their_own_shapes():
    days = [
        strip_day(1, done=0, timing="on_time"),
        strip_day(2, days=7, done=12, timing="late"),
        strip_day(3, days=14, done=12, timing="early"),
        strip_day(4, days=21, timing="missed"),
    ]

    root = parse(plan_strip(days, title="Plan"))
    shapes = [e.attrib["d"] for e in root.iter(f"{SVG}path")]
    done = [e for e in root.iter(f"{SVG}circle") if e.attrib.get("class") == "chart-done"]
    assert len(done) == 1
    assert len(shapes) == len(set(shapes)) == 3


def test_a_single_far_away_day_is_drawn():
    day = date(9999, 12, 31)

    assert texts(plan_strip([StripDay(1, day, day, day, day, "on_time")], title="Plan"))


@pytest.mark.parametrize(
    ("value", "text"),
    [("6.50", "6.5"), ("10", "10"), ("1E+2", "100"), ("-2.0", "−2"), ("0.00", "0"), ("-0", "0"), ("0.0001", "0.0001")],
)
def test_numbers_read_as_people_write_them(value, text):
    assert number(Decimal(value)) == text
