"""The manager's overview: its parts, and the list behind each number."""

from datetime import date
from functools import partial

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from mesoclinic.core import languages
from mesoclinic.core.access import requires
from mesoclinic.core.exports import Column, exported
from mesoclinic.core.file_answers import file_answer
from mesoclinic.core.localtime import local_day
from sessions.forms.overview import OverviewForm, OverviewListForm
from sessions.queries.overview import PARTS, sites
from sessions.queries.overview_lists import listing
from sessions.services.overview import note_files_opened
from sessions.services.overview_paper import print_overview

LINES_A_PAGE = 50


@require_safe
@requires("sessions.view_overview")
def overview(request: HttpRequest, part: str = "visits") -> HttpResponse:
    """Show one part of the overview for a period and filters; a period that cannot be is told beside its field."""
    if part not in PARTS:
        raise Http404
    form = _bound(OverviewForm, request)
    shown = None
    if form.is_valid():
        _title, make = PARTS[part]
        shown = make(form.scope(sites(request.clinic)))
    context = {"form": form, "part": shown, "tabs": _tabs(request, part), "scope": form.cleaned_data}
    return render(request, "sessions/overview/overview.html", context)


@require_safe
@requires("sessions.view_overview")
def overview_list(request: HttpRequest) -> HttpResponse:
    """Show the list behind a number: the same filters, so the same count."""
    form = _bound(OverviewListForm, request)
    if not form.is_valid():
        return render(request, "sessions/overview/list.html", {"form": form, "listing": None})
    found = listing(form.scope(sites(request.clinic)), request.GET.get("what", ""), request.site)
    if found is None:
        raise Http404
    columns = [Column(head, lambda line, place=place: line.cells[place]) for place, head in enumerate(found.heads)]
    if sent := exported(request, "overview", found.rows, columns, lines=partial(map, found.line)):
        if found.is_medical:
            note_files_opened(actor=request.user, lines=map(found.line, found.rows))
        return sent
    page = Paginator(found.rows, LINES_A_PAGE).get_page(request.GET.get("page"))
    page.object_list = [found.line(row) for row in page.object_list]
    if found.is_medical:
        note_files_opened(actor=request.user, lines=page.object_list)
    context = {"form": form, "listing": found, "page": page, "asked": form.cleaned_data}
    return render(request, "sessions/overview/list.html", context)


@require_safe
@requires("sessions.view_overview")
@languages.in_language_asked
def overview_pdf(request: HttpRequest) -> HttpResponse:
    """Print all parts as one PDF; a period that cannot be leads back to the page that says so."""
    form = _bound(OverviewForm, request)
    if not form.is_valid():
        return redirect(f"{reverse('sessions:overview')}?{request.GET.urlencode()}")
    scope = form.scope(sites(request.clinic))
    printed = print_overview(actor=request.user, scope=scope, filters=form.chosen, today=_today(request))
    return file_answer(printed.pdf, printed.file_name)


def _bound(kind: type[OverviewForm], request: HttpRequest) -> OverviewForm:
    asked = request.GET.copy()
    asked.setdefault("period", "month")
    return kind(asked, clinic=request.clinic, today=_today(request))


def _today(request: HttpRequest) -> date:
    return local_day(timezone.now(), request.site.zone)


def _tabs(request: HttpRequest, part: str) -> list[dict]:
    query = f"?{asked}" if (asked := request.GET.urlencode()) else ""
    return [
        {"label": title, "url": reverse("sessions:overview-part", args=[key]) + query, "active": key == part}
        for key, (title, _make) in PARTS.items()
    ]
