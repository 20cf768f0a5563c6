"""P8: the nightly extension of open-ended courses, against the same rows by `bulk_create`."""

from datetime import datetime, time
from types import SimpleNamespace

from django.db import transaction

from sessions.models import Course, PlannedSession
from sessions.services import plans
from tests.bench import raw
from tests.bench.timing import Ratio, Timed, Times, interleaved, repeated
from tests.bench.world import make_world, next_monday
from tests.factories import make_course

OPEN_ENDED = "4x1w@30, *x4-6w@20"


def open_courses(count: int) -> SimpleNamespace:
    """An open clinic with `count` prescribed courses that nobody has planned yet."""
    world = make_world(practitioners=1, patients=max(count, 1))
    world.now = datetime.combine(next_monday(), time(3), tzinfo=world.site.zone)
    first = make_course(
        world.clinic,
        cadence=OPEN_ENDED,
        patient=world.patient,
        protocol_version=world.version,
        practitioner=world.people[0],
        indication=world.indication,
        now=world.now,
        plan=False,
    )
    more = [
        {"number": first.number + n, "patient_id": patient} for n, patient in enumerate(world.patients[1:], start=1)
    ]
    keys = raw.clones(first, len(more), lambda number: more[number])
    revision = first.revisions.get()
    raw.clones(revision, len(keys), lambda number: {"course_id": keys[number]})
    world.courses = [first.pk, *keys]
    raw.analyze()
    return world


def nightly(world: SimpleNamespace, *, rounds: int = 3) -> Ratio:
    """Plan 26 weeks of every course from nothing, which is the most a night can have to do."""

    def ours(_number: int) -> Timed:
        _forget(world)
        return lambda: plans.extend_schedules(now=world.now) and world

    def floor(_number: int) -> Timed:
        _forget(world)
        plans.extend_schedules(now=world.now)
        rows = list(_rows(world))
        _forget(world)
        for row in rows:
            row.pk = None
        return lambda: _bulk(world, rows)

    before: dict[str, list] = {}

    def same(_mine: object, _floor: object) -> bool:
        """Both leave the same plan; what stands now was written by whoever came last."""
        now = list(_rows(world).values_list("course_id", "number", "due_on", "earliest_on", "latest_on", "minutes"))
        return now == before.setdefault("plan", now) and len(now) >= 8 * len(world.courses)

    count = len(world.courses)
    return interleaved(
        "P8",
        f"extend_schedules, {count} open courses planned anew / the same rows by bulk_create",
        ours,
        floor,
        same=same,
        rounds=rounds,
        bound=3,
        aim=1.5,
        note="every session of 26 weeks is new: the most a night can have to do",
    )


def quiet_night(world: SimpleNamespace, *, count: int = 3) -> Times:
    """A night on which there is nothing to add."""
    plans.extend_schedules(now=world.now)
    words = f"extend_schedules with nothing to add, {len(world.courses)} courses"
    known = _rows(world).count()

    def unchanged(_result: object) -> bool:
        return _rows(world).count() == known

    return repeated(words, lambda _number: plans.extend_schedules(now=world.now), count, unchanged)


def _rows(world: SimpleNamespace):
    return PlannedSession.objects.filter(course_id__in=_keys(world)).order_by("course_id", "number")


def _keys(world: SimpleNamespace):
    return Course.objects.filter(clinic=world.clinic).values("pk")


def _forget(world: SimpleNamespace) -> None:
    PlannedSession.objects.filter(course_id__in=_keys(world)).delete()


def _bulk(world: SimpleNamespace, rows: list[PlannedSession]) -> SimpleNamespace:
    with transaction.atomic():
        PlannedSession.objects.bulk_create(rows, batch_size=500)
    return world
