"""Keep open-ended phases planned far enough, in bulk: most courses only need the next session at the end of their plan."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef

from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import Site
from sessions.models import Course, CourseRevision, PlannedSession
from sessions.models.courses import CourseStatus, PlannedStatus
from sessions.queries.availability import is_open_on
from sessions.queries.plans import parsed, reaching_too_short, tolerance_of
from sessions.scheduling.planning import (
    NoOpenDayError,
    PlannedDay,
    Reason,
    Revision,
    SessionState,
    horizon_from,
    replan,
)
from sessions.scheduling.windows import Tolerance
from sessions.services.plans import plan_in_batches

BATCH = 100


def extend_schedules(*, now: datetime) -> int:
    """Keep the open-ended phases of every active course planned 26 weeks ahead. Returns how many it looked at.

    Courses whose plan reaches far enough are not even loaded. One whose last session stands on the day aimed at gets
    what is missing behind it; every other one, and those whose last plan failed, is planned anew.
    """
    found = reaching_too_short(horizon_from((now + timedelta(hours=14)).date()))
    doors: dict[int, _Door] = {}
    others: list[int] = []
    for start in range(0, len(found), BATCH):
        others += _append(found[start : start + BATCH], now, doors)
    plan_in_batches(others, now)
    return len(found)


@dataclass(frozen=True)
class _Door:
    """What planning needs of a site: asked once a night."""

    is_open: Callable[[date], bool]
    today: date
    tolerance: Tolerance


@transaction.atomic
def _append(ids: Sequence[int], now: datetime, doors: dict[int, _Door]) -> list[int]:
    """Give the plans of these courses what is missing at their end; return those that must be planned anew.

    Four SQL statements, and two for a site not seen before.
    """
    rows = Course.objects.select_for_update().filter(pk__in=ids, status=CourseStatus.ACTIVE, plan_problem="")
    sites = dict(rows.order_by("pk").values_list("pk", "site_id"))
    revisions = {row.course_id: row for row in CourseRevision.objects.filter(course__in=sites).order_by("number")}
    later = PlannedSession.objects.filter(course=OuterRef("course"), number__gt=OuterRef("number"))
    ends = {row.course_id: row for row in PlannedSession.objects.filter(~Exists(later), course__in=sites)}
    new: list[PlannedSession] = []
    others = [pk for pk in ids if pk not in sites]
    for course_id, site_id in sites.items():
        door = doors.get(site_id) or doors.setdefault(site_id, _door(site_id, now))
        missing = _missing(ends.get(course_id), revisions[course_id], door)
        if missing is None:
            others.append(course_id)
        else:
            new += missing
    PlannedSession.objects.bulk_create(new, batch_size=500)
    return others


def _door(site_id: int, now: datetime) -> _Door:
    site = Site.objects.select_related("clinic").get(pk=site_id)
    return _Door(is_open_on(site), local_day(now, site.zone), tolerance_of(site.clinic))


def _missing(end: PlannedSession | None, row: CourseRevision, door: _Door) -> list[PlannedSession] | None:
    """Give the sessions behind the last one planned; None when only a whole plan can tell.

    A session on its ideal day is, to those after it, the same as one done on that day.
    """
    cadence = parsed(row.cadence)
    is_plain = (
        end is not None
        and end.status == PlannedStatus.PLANNED
        and end.why == Reason.IDEAL.value
        and end.revision == row.number
        and end.phase == len(cadence.phases)
        and end.due_on >= door.today
    )
    if not is_plain:
        return None
    horizon_on = horizon_from(door.today)
    try:
        days = replan(
            Revision(cadence, row.start_on, row.from_number, row.from_phase),
            [SessionState(end.number, performed_on=end.due_on)],
            door.is_open,
            today=door.today,
            horizon_on=horizon_on,
            tolerance=door.tolerance,
            reviewed_phases=cadence.gated_phases,
        )
    except NoOpenDayError:
        return None
    return [_row(end, replace(day, held=end.is_held)) for day in days if day.due_on <= horizon_on]


def _row(end: PlannedSession, day: PlannedDay) -> PlannedSession:
    return PlannedSession(
        course_id=end.course_id,
        number=day.number,
        revision=end.revision,
        phase=day.phase,
        due_on=day.due_on,
        earliest_on=day.earliest_on,
        latest_on=day.latest_on,
        minutes=day.minutes,
        is_held=day.held,
        is_late=day.late,
        why=day.reason.value,
    )
