"""Who opened, printed, exported or changed what: of the whole clinic, or of one patient's file.

The log of the clinic tells of a restricted file by its number that something was done and by whom; what it was about
stands in the file's own log, behind the door that asks why.
"""

from datetime import date, datetime, timedelta
from functools import partial
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from mesoclinic.core import languages
from mesoclinic.core.access import requires
from mesoclinic.core.clinic_forms import AccessLogForm
from mesoclinic.core.exports import exported
from mesoclinic.core.file_answers import file_answer
from mesoclinic.core.localtime import day_bounds
from mesoclinic.core.models import Site
from mesoclinic.core.queries import access_log as log
from mesoclinic.core.queries.users import users_of
from patients.queries import patients
from patients.queries.search import search
from sessions import exports
from sessions.queries.access_log_lines import worded
from sessions.services.list_papers import print_access_log

PAGE_ROWS = 50
MOST_PATIENTS = 50


@require_safe
@requires("core.view_access_log")
def access_log(request: HttpRequest) -> HttpResponse:
    """Show the log with its filters. The number of SQL statements does not depend on the number of events."""
    form = AccessLogForm(request.GET, people=users_of(request.clinic), kinds=log.KINDS)
    asked = form.cleaned_data if form.is_valid() else {}
    typed = asked.get("patient", "")
    hits = search(request.clinic, typed, MOST_PATIENTS, restricted=True) if typed else None
    from_at, until_at = _span(request.site, asked.get("from_on"), asked.get("until_on"))
    events = log.events(
        request.clinic,
        patient_ids=None if hits is None else [hit.patient_id for hit in hits],
        actor_id=int(asked.get("person") or 0) or None,
        kind=asked.get("kind", ""),
        from_at=from_at,
        until_at=until_at,
    )
    if sent := exported(request, "access-log", events, exports.ACCESS_LOG, lines=partial(worded, request.clinic)):
        return sent
    context = {"form": form, "page": _page(request, events), "patient": None}
    return render(request, "sessions/settings/access_log.html", context)


@require_safe
@requires("core.view_access_log")
def patient_access_log(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show who opened one patient's file, and those merged into it."""
    patient = patients.get_or_404(request.clinic, public_id)
    events = log.events(request.clinic, patient_ids=patients.file_ids(patient))
    in_words = partial(worded, request.clinic, is_open=True)
    if sent := exported(request, "access-log", events, exports.ACCESS_LOG, lines=in_words):
        return sent
    context = {"form": None, "page": _page(request, events, is_open=True), "patient": patient}
    return render(request, "sessions/settings/access_log.html", context)


@require_safe
@requires("core.view_access_log")
@languages.in_language_asked
def print_patient_access_log(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Print who opened one patient's file: what a patient is given who asks."""
    patient = patients.get_or_404(request.clinic, public_id)
    printed = print_access_log(actor=request.user, patient=patient, site=request.site)
    return file_answer(printed.pdf, printed.file_name)


def _page(request: HttpRequest, events, *, is_open: bool = False) -> Page:
    page = Paginator(events, PAGE_ROWS).get_page(request.GET.get("page"))
    page.object_list = worded(request.clinic, list(page.object_list), is_open=is_open)
    return page


def _span(site: Site, from_on: date | None, until_on: date | None) -> tuple[datetime | None, datetime | None]:
    first = day_bounds(from_on, site.zone)[0] if from_on else None
    return first, day_bounds(until_on + timedelta(days=1), site.zone)[0] if until_on else None
