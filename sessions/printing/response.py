"""What the scores say of a course, as sentences: computed, never typed. Pure.

Source: DESIGN.md section 4, rule 11; on 0–10 about 2 points and 30 % matter (DOMAIN.md 1.4, S61). No such number was found
for other scales, so of those only the change is said.
"""

from decimal import Decimal

from sessions.printing.document import CourseReport, ScorePointPart, ScoreSeries
from sessions.printing.numbers import number
from sessions.printing.words import Words
from sessions.scheduling.followup import RESPONSE_POINTS, is_response


def response_said(report: CourseReport, words: Words) -> str:
    """Say how each score that falls with the complaint went, since the course began or was begun again.

    Empty where no two can be compared.
    """
    said = [text for series in report.scores if series.less_is_better for text in _of_series(series, report, words)]
    return " ".join(said)


def _of_series(series: ScoreSeries, report: CourseReport, words: Words) -> list[str]:
    asked = [point for point in series.points if point.number >= report.restarted_from and point.before is not None]
    if not asked:
        return []
    first, last = asked[0], asked[-1]
    if len(asked) == 1 and first.after is None:
        return []
    key, now = ("response_between", last.before) if len(asked) > 1 else ("response_within", first.after)
    before = first.before or Decimal(0)
    now = now or Decimal(0)
    head = words[key].format(
        scale=series.scale,
        first=number(before, words),
        start=first.number,
        now=number(now, words),
        end=last.number,
        change=_change(before, now, words),
    )
    return [head, *_judged(series, before, now, words), *_lost(asked, now, words)]


def _change(before: Decimal, now: Decimal, words: Words) -> str:
    if now == before:
        return words["response_same"]
    points = number(abs(now - before), words)
    key = "response_down" if now < before else "response_up"
    if not before:
        return words[f"{key}_plain"].format(points=points)
    share = number((abs(now - before) / before * 100).quantize(Decimal(1)), words)
    return words[key].format(points=points, share=share)


def _judged(series: ScoreSeries, before: Decimal, now: Decimal, words: Words) -> list[str]:
    if not series.is_judged or now >= before:
        return []
    return [words["response_important" if is_response(before, now) else "response_little"]]


def _lost(asked: list[ScorePointPart], now: Decimal, words: Words) -> list[str]:
    """Say when a response was lost again: up by 2 points since the best score."""
    first, best = asked[0], min(asked, key=lambda point: point.before or Decimal(0))
    if first.before is None or best.before is None or not is_response(first.before, best.before):
        return []
    if now - best.before < RESPONSE_POINTS:
        return []
    return [words["response_lost"].format(best=number(best.before, words), number=best.number)]
