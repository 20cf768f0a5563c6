"""Keep open-ended phases planned far enough, in bulk: most courses only need the next session at the end of their plan."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F

from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import Site
from sessions.models import Course, PlannedSession
from sessions.models.courses import LEFT_OPEN, OUT_OF_PLAN, CourseStatus, PlannedStatus
from sessions.queries.availability import is_open_on
from sessions.queries.plans import PlanEnd, ends_of_plans, parsed, reaching_too_short, tolerance_of, visits_of
from sessions.scheduling.planning import NoOpenDayError, PlannedDay, horizon_from, plan_on
from sessions.scheduling.windows import Tolerance
from sessions.services.plans import plan_in_batches, values_of

BATCH = 100


def extend_schedules(*, now: datetime) -> int:
    """Keep the open-ended phases of every active course planned 26 weeks ahead. Returns how many it looked at.

    Courses whose plan reaches far enough are not even loaded. One whose plan stands gets what is missing behind its
    last session; every other one, and those whose last plan failed, is planned anew.
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
    """What planning needs of a site, asked once a night, and the days found for plans that end alike."""

    is_open: Callable[[date], bool]
    today: date
    zone: ZoneInfo
    tolerance: Tolerance
    known: dict[tuple[str, date, date], list[PlannedDay]] = field(default_factory=dict)

    def days_behind(self, cadence: str, base_on: date, ideal_on: date) -> list[PlannedDay]:
        key = (cadence, base_on, ideal_on)
        if key not in self.known:
            horizon_on = horizon_from(self.today)
            self.known[key] = plan_on(
                parsed(cadence),
                base_on,
                ideal_on,
                self.is_open,
                today=self.today,
                horizon_on=horizon_on,
                tolerance=self.tolerance,
            )
        return self.known[key]


@transaction.atomic
def _append(ids: Sequence[int], now: datetime, doors: dict[int, _Door]) -> list[int]:
    """Give the plans of these courses what is missing at their end; return those that must be planned anew.

    Three SQL statements, one more when some ends are booked, and three for a site not seen before.
    """
    rows = Course.objects.select_for_update().filter(pk__in=ids, status=CourseStatus.ACTIVE, plan_problem="")
    standing = list(rows.filter(plan_made=F("plan_wanted")).order_by("pk").values_list("pk", flat=True))
    ends = ends_of_plans(standing)
    visits = visits_of([end.pk for end in ends if end.status == PlannedStatus.BOOKED])
    others = set(ids)
    new: list[PlannedSession] = []
    for end in ends:
        door = doors.get(end.site_id) or doors.setdefault(end.site_id, _door(end.site_id, now))
        days = _missing(end, visits.get(end.pk), door)
        if days is not None:
            others.discard(end.course_id)
            new += [_row(end, day) for day in days]
    PlannedSession.objects.bulk_create(new, batch_size=500)
    return sorted(others)


def _door(site_id: int, now: datetime) -> _Door:
    site = Site.objects.select_related("clinic").get(pk=site_id)
    return _Door(is_open_on(site), local_day(now, site.zone), site.zone, tolerance_of(site.clinic))


def _missing(end: PlanEnd, visit_at: datetime | None, door: _Door) -> list[PlannedDay] | None:
    """Give the days behind the last session planned, numbered from 1; None when only a whole plan can tell."""
    stands = (
        end.status in (PlannedStatus.PLANNED, PlannedStatus.BOOKED)
        and end.why not in (OUT_OF_PLAN, LEFT_OPEN)
        and end.phase == len(parsed(end.cadence).phases)
        and end.due_on >= door.today
    )
    if not stands or end.ideal_on is None:
        return None
    booked_on = visit_at and local_day(visit_at, door.zone)
    base_on = booked_on if booked_on is not None and booked_on >= door.today else end.due_on
    try:
        return door.days_behind(end.cadence, base_on, end.ideal_on)
    except NoOpenDayError:
        return None


def _row(end: PlanEnd, day: PlannedDay) -> PlannedSession:
    values = values_of(replace(day, held=end.is_held), end.revision)
    return PlannedSession(course_id=end.course_id, number=end.number + day.number, **values)
