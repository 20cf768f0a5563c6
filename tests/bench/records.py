"""P6 and P7: print a course, save a record."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.db import connection, transaction
from django.utils import timezone

from mesoclinic.core.models import AuditEvent
from sessions.models import Course, InjectionSite, SessionRecord
from sessions.printing.layout import course_data
from sessions.printing.pdf import print_data
from sessions.queries import records as reads
from sessions.queries.report_words import report_words
from sessions.queries.reports import course_report, get_or_404
from sessions.recording import RecordContent, SiteTreated
from sessions.services import records
from sessions.services.records import Typed
from sessions.services.reports import print_course_report
from tests.bench import raw
from tests.bench.timing import Ratio, Timed, interleaved
from tests.sessions.record_world import filled, record_world, start
from tests.sessions.report_world import full_world

REGIONS = ("Neck", "Back", "Shoulder", "Hip", "Knee", "Foot")


def report_pdf(*, rounds: int = 7) -> Ratio:
    """P6: the whole service, queries, words and audit, against typst on data that lies ready.

    Typst remembers what it has set before, so every round prints words of its own, as long on both sides.
    """
    world = full_world()
    today = timezone.localdate()
    printed_at = datetime(today.year, today.month, today.day, tzinfo=UTC)

    def saying(words: str):
        Course.objects.filter(pk=world.course.pk).update(complaint=words)
        return get_or_404(world.clinic, world.course.public_id)

    def ours(number: int) -> Timed:
        saying(f"Short in the left rein, {number:03}")
        return lambda: (
            print_course_report(
                actor=world.user, course=get_or_404(world.clinic, world.course.public_id), today=today
            ).pdf
        )

    def floor(number: int) -> Timed:
        course = saying(f"Stiff in the left rein, {number:02}")
        data = course_data(course_report(course, today, printed_by=world.user), report_words(course.patient.species))
        return lambda: print_data(data, printed_at)

    return interleaved(
        "P6",
        "course report as PDF with its queries / typst on data that lies ready",
        ours,
        floor,
        same=lambda mine, theirs: mine[:4] == theirs[:4] == b"%PDF" and abs(len(mine) - len(theirs)) < len(mine) / 20,
        rounds=rounds,
        bound=2,
        aim=1.3,
    )


def save_record(*, rounds: int = 15) -> Ratio:
    """P7: save a draft of six sites and thirty tapped points, all of them changed, against the same rows by raw SQL."""
    world = record_world()
    record = start(world)
    content = replace(filled(record), sites=_sites(0))
    shadow = SessionRecord.objects.get(pk=_shadow(record))
    edits = {"count": record.edit_count, "saved": 0}

    def ours(number: int) -> Timed:
        changed = replace(content, sites=_sites(number + 1), depth_mm=Decimal(1) + Decimal(number) / 10)
        typed = Typed(raw={}, content=changed, edit_count=edits["count"])
        edits["count"] += 1
        edits["now"] = timezone.now() + timedelta(minutes=11 * (number + 1))  # each is told to the audit
        return lambda: records.save_draft(actor=world.doctor_user, record=record, typed=typed, now=edits["now"])

    def floor(number: int) -> Timed:
        changed = replace(content, sites=_sites(number + 1), depth_mm=Decimal(1) + Decimal(number) / 10)
        return _Plain(world, shadow, changed).write

    return interleaved(
        "P7",
        "save a record of 30 points in 6 sites with its audit / the same rows by raw SQL",
        ours,
        floor,
        same=lambda mine, theirs: _stands(mine.pk) == _stands(theirs.pk) and len(_stands(mine.pk)) == len(REGIONS),
        rounds=rounds,
        bound=4,
        aim=3,
        note="the service locks, reads what stands, compares, and writes only kinds of rows that changed",
    )


def _sites(number: int) -> tuple[SiteTreated, ...]:
    points = tuple(("body", 10 * place, number) for place in range(5))
    volume = Decimal("0.1") + Decimal(number) / 100
    return tuple(
        SiteTreated(region, "left", points=5, volume_per_point_ml=volume, map_points=points) for region in REGIONS
    )


def _shadow(record: SessionRecord) -> int:
    own = {"appointment_id": None, "planned_session_id": None}
    return raw.Insert(SessionRecord, [raw.values(record, **own)]).run()[0]


class _Plain:
    """The rows of one save, ready to be sent."""

    def __init__(self, world, record: SessionRecord, content: RecordContent) -> None:
        self.record, self.content = record, content
        self.sites = raw.Insert(
            InjectionSite,
            (
                {
                    **vars(one),
                    "map_points": [list(point) for point in one.map_points],
                    "record_id": record.pk,
                    "position": n,
                }
                for n, one in enumerate(content.sites, start=1)
            ),
        )
        event = AuditEvent.objects.filter(verb="record.edited").last() or AuditEvent.objects.last()
        self.event = raw.Insert(AuditEvent, [raw.values(event, subject_id=record.pk)])

    def write(self) -> SessionRecord:
        table = connection.ops.quote_name
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {table(SessionRecord._meta.db_table)} SET depth_mm = %s, edit_count = edit_count + 1,"
                " updated_at = %s WHERE id = %s",
                [str(self.content.depth_mm), timezone.now(), self.record.pk],
            )
            cursor.execute(f"DELETE FROM {table(InjectionSite._meta.db_table)} WHERE record_id = %s", [self.record.pk])
            self.sites.run()
            self.event.run()
        return self.record


def _stands(key: int) -> list[SiteTreated]:
    return [reads.site_treated(row) for row in InjectionSite.objects.filter(record=key).order_by("position")]
