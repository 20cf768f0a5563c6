"""Batches of reports: the list, and one with how far it is."""

from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.http import Http404

from mesoclinic.core.models import Clinic
from sessions.models import BatchReport, ReportBatch
from sessions.models.batches import BatchReportStatus, BatchStatus


def batches(clinic: Clinic) -> QuerySet[ReportBatch]:
    """List the batches of a clinic, the newest first, with `total`, `made` and `failed`. One SQL statement."""
    return (
        ReportBatch.objects.filter(clinic=clinic)
        .select_related("asked_by")
        .annotate(
            total=Count("reports"),
            made=Count("reports", filter=Q(reports__status=BatchReportStatus.MADE)),
            failed=Count("reports", filter=Q(reports__status=BatchReportStatus.FAILED)),
        )
        .order_by("-asked_at", "-pk")
    )


def with_failures(clinic: Clinic) -> QuerySet[ReportBatch]:
    """List the batches whose file waits without some of its reports, as `batches` does. One SQL statement."""
    return batches(clinic).filter(status=BatchStatus.DONE, failed__gt=0)


def get_or_404(clinic: Clinic, public_id: UUID) -> ReportBatch:
    """Return one batch as `batches` lists it. One SQL statement."""
    try:
        return batches(clinic).get(public_id=public_id)
    except ReportBatch.DoesNotExist as exc:
        raise Http404 from exc


def failed_reports(batch: ReportBatch) -> QuerySet[BatchReport]:
    """List the reports of a batch that could not be made. One SQL statement."""
    return batch.reports.filter(status=BatchReportStatus.FAILED).select_related("course__patient")
