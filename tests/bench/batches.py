"""Many course reports in one go: how long a hundred take one worker, and whether more of them make it larger."""

import time
from collections.abc import Sequence
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import psutil
from django.test import override_settings
from django.utils import timezone

from mesoclinic.core.models import User
from sessions.models import Course, ReportBatch
from sessions.models.batches import BatchKind, BatchReportStatus, BatchStatus
from sessions.services import batches
from tests.bench.timing import Amount, require
from tests.factories import make_course, make_horse
from tests.sessions.report_world import MONDAY, add_record, at, report_world

TIMED = 100
LIMIT_S = 8
GROWTH_MB = 10  # what an allocator keeps back for itself; a leak of a report's own size would be 60 MB in 400
MEGABYTE = 1024 * 1024


def reports_in_one_go(*, count: int = 300) -> list[Amount]:
    """Print a hundred, timed, and then the others; the process is looked at after each."""
    world = report_world()
    courses = [_course(world, number).pk for number in range(count)]
    with TemporaryDirectory() as folder, override_settings(MEDIA_ROOT=folder):
        begun = time.perf_counter()
        _print(world.user, courses[:TIMED])
        seconds = time.perf_counter() - begun
        first = _held_mb()
        _print(world.user, courses[TIMED:])
        growth = max(_held_mb() - first, 0)
    return [
        Amount(
            f"{TIMED} course reports in a batch, one worker",
            f"{seconds:.1f} s",
            f"{LIMIT_S} s",
            "met" if seconds < LIMIT_S else "MISSED",
        ),
        Amount(
            f"memory of the worker after {count - TIMED} reports more",
            f"+{growth:.0f} MB",
            f"+{GROWTH_MB} MB",
            "met" if growth < GROWTH_MB else "MISSED",
        ),
    ]


def _course(world: SimpleNamespace, number: int) -> Course:
    """A course of a horse of its own with two sessions recorded and two to come."""
    patient = make_horse(world.clinic, name=f"Galant {number:03}", owner="Anne Lefèvre")
    course = make_course(
        world.clinic,
        cadence="2x1w!, 2x2w",
        patient=patient,
        protocol_version=world.course.protocol_version,
        practitioner=world.vet,
        indication=world.course.indication,
        actor=world.user,
        start_on=MONDAY,
        now=at("08:00"),
    )
    own = SimpleNamespace(**{**vars(world), "course": course, "patient": patient})
    for session in (1, 2):
        add_record(own, session)
    return course


def _print(actor: User, courses: Sequence[int]) -> None:
    clinic, today = actor.clinic, timezone.localdate()
    batch = batches.ask_batch(
        actor=actor, clinic=clinic, course_ids=courses, kind=BatchKind.ZIP, language="en", today=today
    )
    while ReportBatch.objects.at_work().filter(pk=batch.pk).exists():
        batches.print_batch(batch.pk)
    batch.refresh_from_db()
    made = batch.reports.filter(status=BatchReportStatus.MADE).count()
    require(batch.status == BatchStatus.DONE and made == len(courses), "not every report of the batch is made")


def _held_mb() -> float:
    return psutil.Process().memory_info().rss / MEGABYTE
