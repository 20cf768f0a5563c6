"""What a report argues with: the response in a sentence, effects beside the scores, the points drawn small, numbers by language."""

import re
from dataclasses import replace
from decimal import Decimal
from xml.etree import ElementTree

import pytest

from sessions.body_map import views_of
from sessions.printing.body_drawing import body_drawing, body_said
from sessions.printing.charts import ScorePoint, score_chart, score_chart_text
from sessions.printing.document import BodyPart, BodyPoint, EffectPart, ScorePointPart, ScoreSeries
from sessions.printing.layout import course_data
from sessions.printing.numbers import number
from sessions.printing.pdf import course_pdf
from sessions.printing.report_sections import sections
from sessions.printing.response import response_said
from sessions.printing.words import ENGLISH
from tests.sessions.test_pdf import START, a_report, a_session, full_report, text_of

pytestmark = pytest.mark.engine
FRENCH = {**ENGLISH, "decimal": ","}


def said(*scores: tuple, restarted_from: int = 0, **series) -> str:
    points = tuple(
        ScorePointPart(
            number=n,
            on=START,
            before=None if before is None else Decimal(str(before)),
            after=None if after is None else Decimal(str(after)),
        )
        for n, (before, after) in enumerate(scores, 1)
    )
    report = a_report(scores=(ScoreSeries(scale="Pain", points=points, **series),), restarted_from=restarted_from)
    return response_said(report, ENGLISH)


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([(7, 5)], "Pain: 7 before session 1, 5 after it, down by 2 (29 %). This is less than an important change"),
        ([(7, 6), (4, 2)], "Pain: 7 before session 1, 4 before session 2, down by 3 (43 %). This is an important change"),
        ([(2, 1), (1, 0)], "down by 1 (50 %). This is less than an important change"),
        ([(10, 9), (8, 7)], "down by 2 (20 %). This is less than an important change"),
        ([(5, 4), (5, 4)], "5 before session 2, unchanged."),
        ([(5, 4), (6.5, 4)], "up by 1.5 (30 %)."),
        ([(0, 0), (3, 1)], "up by 3."),
        ([(8, 6), (3, 2), (6, 4)], "down by 2 (25 %). This is less than an important change, which is 2 points and 30 %. The best was 3, before session 2; it has come back since."),
    ],
)  # fmt: skip
def test_the_response_is_said_from_the_scores(scores, expected):
    assert expected in said(*scores)


@pytest.mark.parametrize("scores", [[], [(7, None)], [(None, 3), (None, 2)]])
def test_where_no_two_scores_can_be_compared_nothing_is_said_of_a_response(scores):
    points = tuple(ScorePointPart(number=n, on=START, before=one, after=two) for n, (one, two) in enumerate(scores, 1))
    report = a_report(scores=(ScoreSeries(scale="Pain", points=points),), sessions=(a_session(1),))

    titles = [section["title"] for section in sections(report, ENGLISH)]

    assert said(*scores) == ""
    assert ENGLISH["sessions"] in titles
    assert ENGLISH["response"] not in titles


def test_scores_before_a_restart_are_another_start():
    assert "6 before session 3, 3 before session 4, down by 3 (50 %)" in said(
        (9, 8), (2, 1), (6, 5), (3, 2), restarted_from=3
    )


def test_only_of_pain_is_it_known_what_change_matters():
    text = said((4, 3), (1, 1), is_judged=False)

    assert "down by 3 (75 %)" in text
    assert "important" not in text
    assert "important" not in score_chart([ScorePoint("1", Decimal(4), None)], title="Lameness", band=False)


def test_how_long_an_effect_lasted_stands_under_its_session():
    points = [ScorePoint("1", Decimal(8), Decimal(6), Decimal(1), "1 day"), ScorePoint("2", Decimal(5), None)]

    drawn = ElementTree.fromstring(score_chart(points, title="Pain"))

    bars = [one for one in drawn.iter() if one.get("class") == "chart-done"]
    assert len(bars) == 1
    assert "Effect lasted – 1: 1 day" in score_chart_text(points)


def test_an_effect_of_a_session_without_a_score_is_in_the_table_too():
    points = (ScorePointPart(number=1, on=START, before=Decimal(8)),)
    report = a_report(
        sessions=(a_session(1), a_session(2)),
        scores=(ScoreSeries(scale="Pain", points=points),),
        effects=(EffectPart(number=2, days=Decimal("0.5"), said="12 hours"),),
    )

    assert "12 hours" in text_of(course_pdf(report))


def a_body(points: int = 3, view: str = "left") -> BodyPart:
    drawn = tuple(BodyPoint(x=300 + n, y=150, stings=n == 0) for n in range(points))
    return BodyPart(body="horse", view=view, name="Left side", points=drawn)


def test_every_point_is_drawn_into_the_outline_one_taps_into_and_stinging_ones_are_ringed():
    svg, width = body_drawing((a_body(5),), ENGLISH, title="Points", name="x")

    root = ElementTree.fromstring(svg)
    circles = [one for one in root.iter() if one.tag.endswith("circle")]
    legend = 3
    assert len(circles) == 5 + 1 + legend
    assert sum(one.tag.endswith("polygon") for one in root.iter()) == len(views_of("horse")[0].zones)
    assert all(0 <= float(one.get("cx")) <= width for one in circles)
    assert body_said((a_body(5),), ENGLISH) == "Left side: points: 5, stung: 1."


def test_a_view_nobody_has_drawn_is_left_out():
    assert body_drawing((replace(a_body(), view="tail"),), ENGLISH, title="Points", name="x") == ("", 0)


def test_the_points_of_all_sessions_are_drawn_together_once_there_are_two():
    def titles(*sessions) -> list[str]:
        return [one["title"] for one in course_data(a_report(sessions=sessions, body=(a_body(),)))["sections"]]

    drawn = a_session(1, body=(a_body(),))
    assert "All points of the course" not in titles(drawn, a_session(2))
    assert "All points of the course" in titles(drawn, replace(drawn, number=2))


@pytest.mark.parametrize(("value", "expected"), [("2.50", "2,5"), ("-0.5", "−0,5"), ("1000", "1000")])
def test_a_french_number_has_a_comma(value, expected):
    assert number(Decimal(value), FRENCH) == expected


def test_every_number_of_a_french_report_has_a_comma():
    text = text_of(course_pdf(full_report(language="fr"), FRENCH))

    assert "7,5 mL" in text
    assert "2.5" not in text


def aftercare_said(*advised: str, at_the_end: str) -> list[str]:
    parts = tuple(a_session(n, aftercare=text) for n, text in enumerate(advised, 1))
    blocks = str(sections(a_report(sessions=parts, aftercare=at_the_end), ENGLISH))
    return re.findall(r"Rest (?:today|twice)", blocks)


def test_what_every_session_advised_is_said_once_at_the_end():
    assert aftercare_said("Rest today", "Rest today", at_the_end="Rest today") == ["Rest today"]


@pytest.mark.parametrize("first", ["Rest twice", ""])
def test_what_not_every_session_advised_stands_with_each(first):
    said_there = [first] if first else []

    assert aftercare_said(first, "Rest today", at_the_end="Rest today") == [*said_there, "Rest today", "Rest today"]


def test_what_a_withdrawn_session_advised_otherwise_stays_with_it():
    withdrawn = a_session(1, aftercare="Rest twice", withdrawn=True)
    parts = (withdrawn, a_session(2, aftercare="Rest today"))
    blocks = str(sections(a_report(sessions=parts, aftercare="Rest today"), ENGLISH))

    assert re.findall(r"Rest (?:today|twice)", blocks) == ["Rest twice", "Rest today"]
