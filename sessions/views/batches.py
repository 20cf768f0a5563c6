"""Batches of reports: ask for one, see how far it is, take the file."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from mesoclinic.core.access import requires
from mesoclinic.core.exports import exported
from mesoclinic.core.localtime import local_day
from mesoclinic.core.refused import Refused
from sessions import exports
from sessions.forms.batches import AskBatchForm
from sessions.forms.reports import CourseFilter
from sessions.models import ReportBatch
from sessions.queries import batches as reads
from sessions.queries.course_lists import courses_to_print
from sessions.services import batches as services

BATCHES_A_PAGE = 50


@require_safe
@requires("sessions.view_report")
def batches(request: HttpRequest) -> HttpResponse:
    """List what was printed together."""
    found = reads.batches(request.clinic)
    if sent := exported(request, "batch", found, exports.BATCHES):
        return sent
    page = Paginator(found, BATCHES_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "sessions/batches/list.html", {"page": page})


@requires("sessions.view_report")
def ask_batch(request: HttpRequest) -> HttpResponse:
    """Ask for the reports of all courses that the filters of the list of reports let through."""
    chosen = CourseFilter(request.GET or None, clinic=request.clinic)
    chosen.is_valid()
    asked = getattr(chosen, "cleaned_data", {})
    courses = courses_to_print(request.clinic, **asked, sort=request.GET.get("sort", "")) if not chosen.errors else None
    form = AskBatchForm(request.POST or None)
    if request.method == "POST" and courses is not None and form.is_valid():
        try:
            batch = services.ask_batch(
                actor=request.user,
                clinic=request.clinic,
                course_ids=list(courses.values_list("pk", flat=True)[: services.MOST_REPORTS + 1]),
                today=local_day(timezone.now(), request.site.zone),
                asked_for=chosen.in_words(),
                **form.cleaned_data,
            )
        except Refused as refused:
            form.refuse(refused)
        else:
            return redirect("sessions:batch", batch.public_id)
    context: dict[str, Any] = {"chosen": chosen, "form": form, "count": courses.count() if courses is not None else 0}
    return render(request, "sessions/batches/ask.html", context, status=422 if request.method == "POST" else 200)


@require_safe
@requires("sessions.view_report")
def batch(request: HttpRequest, public_id: UUID) -> HttpResponse:
    return _page(request, "sessions/batches/batch.html", public_id)


@require_safe
@requires("sessions.view_report")
def batch_state(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """How far it is: the piece of the page that asks for itself until the batch is over."""
    return _page(request, "sessions/batches/_state.html", public_id)


def _page(request: HttpRequest, template: str, public_id: UUID) -> HttpResponse:
    shown = reads.get_or_404(request.clinic, public_id)
    return render(request, template, {"batch": shown, "failed": reads.failed_reports(shown)})


@require_POST
@requires("sessions.view_report")
def cancel_batch(request: HttpRequest, public_id: UUID) -> HttpResponse:
    return _done(request, public_id, services.cancel_batch, _("Cancelled; what was printed so far is deleted."))


@require_POST
@requires("sessions.view_report")
def retry_batch(request: HttpRequest, public_id: UUID) -> HttpResponse:
    return _done(request, public_id, services.retry_failed, _("What failed is printed again."))


def _done(request: HttpRequest, public_id: UUID, deed, words: str) -> HttpResponse:
    shown = reads.get_or_404(request.clinic, public_id)
    try:
        deed(actor=request.user, batch=shown)
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, words)
    return redirect("sessions:batch", shown.public_id)


@require_safe
@requires("sessions.view_report")
def batch_file(request: HttpRequest, public_id: UUID) -> HttpResponse | FileResponse:
    """Hand the file out; who took it is written down."""
    shown = reads.get_or_404(request.clinic, public_id)
    try:
        file = services.hand_out(actor=request.user, batch=shown)
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect("sessions:batch", shown.public_id)
    return FileResponse(file, as_attachment=True, filename=_file_name(shown))


def _file_name(batch: ReportBatch) -> str:
    return _("%(day)s_course-reports_%(count)d") % {"day": batch.printed_on, "count": batch.made} + f".{batch.kind}"
