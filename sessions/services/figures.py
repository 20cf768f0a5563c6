"""Count every night what each course came to: sessions done, pain or lameness at first and at last."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Count

from mesoclinic.core.localtime import local_day
from sessions.models import Course, CourseFigures, PlannedSession, Score
from sessions.models.courses import CourseStatus, PlannedStatus
from sessions.models.records import Moment, RatedBy, RecordStatus, Scale
from sessions.models.signatures import AddendumKind

BATCH = 500
RATERS = (RatedBy.PATIENT, RatedBy.OWNER, RatedBy.CLINICIAN)  # whose first score counts when several gave one
WRITTEN = ("clinic", "sessions_done", "scale", "first_score", "last_score", "last_score_on", "counted_at")
SCALES = (Scale.PAIN, Scale.LAMENESS)  # scored before a session; the first that has two scores counts
Given = tuple[datetime, str, Decimal]  # when, by whom, how much
Ends = tuple[Decimal | None, Decimal | None, datetime | None]


def count_courses(*, now: datetime) -> int:
    """Write the figures of every prescribed course anew, in batches of their own. Returns how many there are.

    Killed half-way it leaves older figures behind, and the next night counts them.
    """
    rows = Course.objects.exclude(status=CourseStatus.DRAFT).order_by("pk")
    courses = list(rows.values_list("pk", "clinic_id", "site__time_zone", "indication__main_score"))
    for start in range(0, len(courses), BATCH):
        _count(courses[start : start + BATCH], now)
    return len(courses)


@transaction.atomic
def _count(courses: Sequence[tuple[int, int, str, str]], now: datetime) -> None:
    """Write the figures of some courses. Three SQL statements."""
    keys = [key for key, *_rest in courses]
    done = PlannedSession.objects.filter(course__in=keys, status=PlannedStatus.DONE).order_by()
    sessions = dict(done.values_list("course").annotate(n=Count("pk")))
    scores = _scores(keys)
    rows = []
    for key, clinic_id, zone, main in courses:
        row = CourseFigures(course_id=key, clinic_id=clinic_id, counted_at=now, sessions_done=sessions.get(key, 0))
        row.scale, (row.first_score, row.last_score, last_at) = on_one_scale(scores.get(key, {}), main)
        row.last_score_on = local_day(last_at, ZoneInfo(zone)) if last_at else None
        rows.append(row)
    CourseFigures.objects.bulk_create(rows, update_conflicts=True, unique_fields=["course"], update_fields=WRITTEN)


def _scores(keys: Sequence[int]) -> dict[int, dict[str, list[Given]]]:
    """Give the scores before the finished, standing sessions of these courses, by course and scale, the oldest first."""
    rows = Score.objects.filter(scale__in=SCALES, moment=Moment.BEFORE, record__course__in=keys)
    rows = rows.exclude(record__status=RecordStatus.DRAFT).exclude(record__addenda__kind=AddendumKind.WITHDRAWAL)
    rows = rows.order_by("record__performed_at", "record")
    found: dict[int, dict[str, list[Given]]] = {}
    for key, scale, *given in rows.values_list("record__course", "scale", "record__performed_at", "rated_by", "value"):
        found.setdefault(key, {}).setdefault(scale, []).append(tuple(given))
    return found


def on_one_scale(given: Mapping[str, Iterable[Given]], main: str) -> tuple[str, Ends]:
    """Give the scale that counts, with its ends: the main one of the indication, else pain, else lameness, with two scores.

    Where none has two it is the first of them that has one.
    """
    ends = {scale: first_and_last(given.get(scale, ())) for scale in sorted(SCALES, key=lambda one: one != main)}
    for number in (1, 0):
        for scale, found in ends.items():
            if found[number] is not None:
                return scale, found
    return Scale.PAIN, (None, None, None)


def first_and_last(given: Iterable[Given]) -> Ends:
    """Give the first score, the last of a later session by the same rater, and when that was; None for what there is not."""
    ordered = list(given)
    if not ordered:
        return None, None, None
    first_at = ordered[0][0]
    at_first = {by: value for at, by, value in ordered if at == first_at}
    rater = next(by for by in RATERS if by in at_first)
    later = [(at, value) for at, by, value in ordered if by == rater and at > first_at]
    if not later:
        return at_first[rater], None, None
    last_at, last = later[-1]
    return at_first[rater], last, last_at
