"""Print many course reports: asked for once, made one by one by a worker, put together, deleted after a week.

Every step is a row: when a worker is killed, another takes the batch up at the report it was at, and none is printed
twice into the result.
"""

import logging
from collections.abc import Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from datetime import date, datetime
from functools import partial
from io import BytesIO
from tempfile import NamedTemporaryFile
from typing import IO, NamedTuple

from django.core.files import File
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from mesoclinic.core import audit, doorbell
from mesoclinic.core.models import Clinic, User
from mesoclinic.core.refused import Refused
from mesoclinic.core.services import jobs
from mesoclinic.core.services.jobs import Turn
from sessions.models import BatchReport, ReportBatch
from sessions.models.batches import BatchKind, BatchReportStatus, BatchStatus
from sessions.printing import bundles
from sessions.printing.pdf import PrintedPaper
from sessions.queries import reports as reads
from sessions.recall_workbook import Sheet, recall_workbook
from sessions.services import reports

logger = logging.getLogger(__name__)

PRINT = "sessions.print_batch"
MOST_REPORTS = 1000
MOST_IN_ONE_PDF = 500  # some 2,500 pages; what tells where each object is grows with them


class OnPress(NamedTuple):
    """A report that is being set, and its pages to come."""

    report: BatchReport
    paper: Future[PrintedPaper]


@transaction.atomic
def ask_batch(
    *,
    actor: User,
    clinic: Clinic,
    course_ids: Sequence[int],
    kind: str,
    language: str,
    today: date,
    asked_for: str = "",
) -> ReportBatch:
    """Ask for the reports of courses, in this order. Raises Refused("none" | "too-many")."""
    if not course_ids:
        raise Refused("none", _("No course fits, so there is nothing to print. Take a filter away."))
    most = MOST_IN_ONE_PDF if kind == BatchKind.PDF else MOST_REPORTS
    if len(course_ids) > most:
        words = _("These are %(count)d reports; %(most)d go into one file at most. Choose a shorter period.")
        if kind == BatchKind.PDF:
            words = _("These are %(count)d reports; one PDF holds %(most)d at most. Choose a zip, or a shorter period.")
        raise Refused("too-many", words % {"count": len(course_ids), "most": most}, field="kind")
    batch = ReportBatch.objects.create(
        clinic=clinic,
        asked_by=actor,
        asked_for=asked_for[:500],
        kind=kind,
        language=language,
        printed_on=today,
    )
    BatchReport.objects.bulk_create(
        BatchReport(batch=batch, course_id=course_id, position=position)
        for position, course_id in enumerate(course_ids, start=1)
    )
    audit.record(actor=actor, verb="batch.asked", subject=batch)
    doorbell.ring(PRINT, batch.pk)
    return batch


def print_batch(batch_id: int) -> None:
    """Take a turn at a batch."""
    jobs.take_turn(Turn(ReportBatch, batch_id), _print_on, PRINT)


def _print_on(turn: Turn[ReportBatch]) -> bool:
    """Go on until it is ready, cancelled or in other hands. Says whether there is more to do.

    While one report is set, the next is read.
    """
    with ThreadPoolExecutor(max_workers=1) as press:
        on_press: OnPress | None = None
        while (report := _next_report(turn, on_press)) is not None:
            before, on_press = on_press, _read(report, press)
            _keep(before)
            if turn.is_over:
                _keep(on_press)
                return True
        _keep(on_press)
    _put_together(turn)
    return False


@transaction.atomic
def _next_report(turn: Turn[ReportBatch], on_press: OnPress | None) -> BatchReport | None:
    batch = _hold(turn)
    if batch is None:
        return None
    waiting = batch.reports.select_related("batch__asked_by", "batch__clinic", "course")
    waiting = waiting.filter(status=BatchReportStatus.WAITING)
    return waiting.first() if on_press is None else waiting.exclude(pk=on_press.report.pk).first()


def _hold(turn: Turn[ReportBatch]) -> ReportBatch | None:
    return turn.hold(*ReportBatch.AT_WORK, status=BatchStatus.RUNNING)


def _read(report: BatchReport, press: Executor) -> OnPress | None:
    batch = report.batch
    try:
        opened = reports.read_to_print(
            actor=batch.asked_by,
            course=reads.get_or_404(batch.clinic, report.course.public_id),
            today=batch.printed_on,
            language=batch.language,
        )
    except Exception:
        _note_failed(report)
        return None
    return OnPress(report, press.submit(reports.typeset, opened))


def _keep(on_press: OnPress | None) -> None:
    """Wait for a report, and keep it."""
    if on_press is None:
        return
    report = on_press.report
    try:
        printed = on_press.paper.result()
    except Exception:
        _note_failed(report)
        return
    report.file.save("pages", ContentFile(printed.pdf), save=False)
    waiting = BatchReport.objects.filter(
        pk=report.pk, status=BatchReportStatus.WAITING, batch__status=BatchStatus.RUNNING
    )
    made = {"status": BatchReportStatus.MADE, "file": report.file.name, "file_name": printed.file_name}
    if not waiting.update(**made):
        report.file.delete(save=False)  # cancelled meanwhile, or a slower worker's copy


def _note_failed(report: BatchReport) -> None:
    """Mark a report as failed: it keeps no other from being printed."""
    logger.exception("batch %s: report %s failed", report.batch_id, report.position)
    waiting = BatchReport.objects.filter(pk=report.pk, status=BatchReportStatus.WAITING)
    waiting.update(status=BatchReportStatus.FAILED)


def _put_together(turn: Turn[ReportBatch]) -> None:
    with transaction.atomic():
        batch = _hold(turn)
    if batch is None:
        return
    with NamedTemporaryFile() as whole:
        while (broken := _written(batch, whole)) is not None:
            failed = {"status": BatchReportStatus.FAILED, "file": "", "file_name": ""}
            batch.reports.filter(file_name=broken).update(**failed)
            whole.seek(0)
            whole.truncate()
        whole.seek(0)
        batch.file.save("batch", File(whole), save=False)
    _finish(turn, batch)


def _written(batch: ReportBatch, whole: IO[bytes]) -> str | None:
    """Write what is made; None, or the name of the one that cannot be put in: it failed, and keeps no other from it."""
    rows = list(batch.reports.select_related("course__patient"))
    parts = ((row.file_name, partial(row.file.open, "rb")) for row in rows if row.status == BatchReportStatus.MADE)
    try:
        with translation.override(batch.language):
            if batch.kind == BatchKind.ZIP:
                index = recall_workbook([_index(rows)])
                bundles.zip_with_index(whole, parts, ("index.xlsx", lambda: BytesIO(index)))
            else:
                bundles.one_pdf(whole, parts, f"{_('Reports')} – {batch.clinic.name}")
    except bundles.UnreadablePartError as broken:
        logger.exception("batch %s: report %s cannot be put together with the others", batch.pk, broken.name)
        return broken.name
    return None


def _index(rows: Sequence[BatchReport]) -> Sheet:
    heads = (_("Course"), _("Patient"), _("State"), _("File"))
    lines = [(row.course.number, row.course.patient.name, row.get_status_display(), row.file_name) for row in rows]
    return Sheet(_("Reports"), heads, lines)


def _finish(turn: Turn[ReportBatch], batch: ReportBatch) -> None:
    now = timezone.now()
    mine = ReportBatch.objects.filter(pk=batch.pk, held_by=turn.worker, status=BatchStatus.RUNNING)
    done = {"status": BatchStatus.DONE, "done_at": now, "expires_at": now + jobs.KEPT, "file": batch.file.name}
    if mine.update(held_by=None, **done):
        return
    batch.file.delete(save=False)


@transaction.atomic
def cancel_batch(*, actor: User, batch: ReportBatch) -> None:
    """Stop a batch that is not ready. Raises Refused("over") when it is."""
    mine = ReportBatch.objects.at_work().filter(pk=batch.pk)
    if not mine.update(status=BatchStatus.CANCELLED, held_by=None, done_at=timezone.now()):
        raise Refused("over", _("This batch is no longer being printed."))
    audit.record(actor=actor, verb="batch.cancelled", subject=batch)
    _forget_all(batch)


@transaction.atomic
def retry_failed(*, actor: User, batch: ReportBatch) -> None:
    """Print again what failed, and nothing else. Raises Refused("nothing-failed")."""
    batch = ReportBatch.objects.select_for_update().get(pk=batch.pk)
    failed = batch.reports.filter(status=BatchReportStatus.FAILED)
    if batch.status != BatchStatus.DONE or not failed.update(status=BatchReportStatus.WAITING):
        raise Refused("nothing-failed", _("There is nothing to print again."))
    transaction.on_commit(partial(batch.file.storage.delete, batch.file.name))
    batch.status, batch.file, batch.expires_at, batch.free_from = BatchStatus.QUEUED, "", None, timezone.now()
    batch.save(update_fields=["status", "file", "expires_at", "free_from"])
    audit.record(actor=actor, verb="batch.retried", subject=batch)
    doorbell.ring(PRINT, batch.pk)


def hand_out(*, actor: User, batch: ReportBatch) -> File:
    """Open the file, and note who took it. Raises Refused("not-ready")."""
    if not batch.has_file:
        words = _("There is no file to take: the batch is not ready, its time was over, or the file is missing.")
        raise Refused("not-ready", words)
    file = batch.file.open("rb")
    audit.record(actor=actor, verb="batch.exported", subject=batch)
    return file


def sweep(*, now: datetime | None = None) -> None:
    """Go on with what no worker holds."""
    for batch_id in jobs.left(ReportBatch, now or timezone.now()):
        print_batch(batch_id)


def expire(*, now: datetime | None = None) -> int:
    """Delete the files whose time is over. Returns how many batches that were."""
    over = ReportBatch.objects.filter(status=BatchStatus.DONE, expires_at__lte=now or timezone.now())
    for batch in over:
        with transaction.atomic():
            if over.filter(pk=batch.pk).update(status=BatchStatus.EXPIRED, file=""):
                _forget_all(batch)
    return len(over)


@transaction.atomic
def let_go(patient_ids: Sequence[int]) -> None:
    """Delete the batches that hold a report of these patients, whatever their state, and what was looked for."""
    for batch in ReportBatch.objects.filter(reports__course__patient__in=patient_ids).distinct():
        gone = {"status": BatchStatus.EXPIRED, "file": "", "asked_for": "", "held_by": None}
        ReportBatch.objects.filter(pk=batch.pk).update(**gone)
        _forget_all(batch)


def _forget_all(batch: ReportBatch) -> None:
    batch.reports.update(file="", file_name="")
    jobs.forget_files(batch)
