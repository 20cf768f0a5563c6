"""P8: the nightly extension of open-ended courses, against the same rows by `bulk_create`."""

from datetime import datetime, time
from types import SimpleNamespace

from django.db import transaction

from sessions.models import PlannedSession
from sessions.services.extending import extend_schedules
from tests.bench import raw
from tests.bench.timing import Ratio, Timed, Times, interleaved, repeated
from tests.bench.world import make_world, next_monday
from tests.factories import make_course

OPEN_ENDED = "4x1w@30, *x4-6w@20"
SESSIONS = 8  # of it in 26 weeks


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


def nightly(world: SimpleNamespace, *, rounds: int = 5) -> Ratio:
    """Every course lacks the last two sessions of its 26 weeks, which is more than one night ever finds."""
    extend_schedules(now=world.now)
    plan = _plan(world)

    def ours(_number: int) -> Timed:
        _forget_the_end(world)
        return lambda: extend_schedules(now=world.now)

    def floor(_number: int) -> Timed:
        _forget_the_end(world)
        extend_schedules(now=world.now)
        rows = list(_ends(world))
        _forget_the_end(world)
        for row in rows:
            row.pk = None
        return lambda: _bulk(rows)

    count = len(world.courses)
    return interleaved(
        "P8",
        f"extend_schedules, {count} open courses that lack two sessions each / the same rows by bulk_create",
        ours,
        floor,
        same=lambda *_counts: _plan(world) == plan and len(plan) == SESSIONS * count,  # by whoever came last
        rounds=rounds,
        bound=3,
        aim=1.5,
    )


def planned_anew(world: SimpleNamespace, *, count: int = 2) -> Times:
    """Every course planned from nothing."""

    def run(_number: int) -> int:
        PlannedSession.objects.filter(course__clinic=world.clinic).delete()
        return extend_schedules(now=world.now)

    words = f"extend_schedules, {len(world.courses)} courses without any plan"
    return repeated(words, run, count, lambda _found: len(_plan(world)) == SESSIONS * len(world.courses))


def quiet_night(world: SimpleNamespace, *, count: int = 3) -> Times:
    """A night on which there is nothing to add."""
    words = f"extend_schedules with nothing to add, {len(world.courses)} courses"
    plan = _plan(world)
    return repeated(words, lambda _n: extend_schedules(now=world.now), count, lambda _found: _plan(world) == plan)


def _plan(world: SimpleNamespace) -> list[tuple]:
    rows = PlannedSession.objects.filter(course__clinic=world.clinic).order_by("course_id", "number")
    return list(rows.values_list("course_id", "number", "due_on", "earliest_on", "latest_on", "minutes"))


def _ends(world: SimpleNamespace):
    rows = PlannedSession.objects.filter(course__clinic=world.clinic, number__gt=SESSIONS - 2)
    return rows.order_by("course_id", "number")


def _forget_the_end(world: SimpleNamespace) -> None:
    _ends(world).delete()


def _bulk(rows: list[PlannedSession]) -> int:
    with transaction.atomic():
        PlannedSession.objects.bulk_create(rows, batch_size=500)
    return len(rows)
