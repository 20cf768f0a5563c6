"""The live preview of a series: its words and days, beside the editor of a protocol or a prescription."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone

from mesoclinic.core.access import requires
from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import Site
from mesoclinic.core.refused import Refused
from protocols.cadence import Cadence, CadenceError, parse
from protocols.forms.cadence import CadenceForm, StartForm, start_day
from protocols.words import cadence_fault
from sessions.models import Course
from sessions.queries import courses
from sessions.queries.previews import preview, preview_of_change
from sessions.services.courses.checks import check_start


@requires("protocols.view_protocol")
def preview_cadence(request: HttpRequest) -> HttpResponse:
    """Show the days of a series: posted by an editor, or `?cadence=…&start_on=…`. Changes nothing."""
    data = request.POST if request.method == "POST" else request.GET
    cadence, error = _cadence(data)
    site = _site(request, data)
    today = local_day(timezone.now(), site.zone)
    context = {"error": error, "start_on": start_day(data, today), "cadence_text": data.get("cadence", "")}
    if cadence is not None:
        if (course := _course(request, data)) is not None:
            context["preview"] = preview_of_change(course, cadence, local_day(timezone.now(), course.site.zone))
        else:
            context["preview"] = preview(cadence, start_on=context["start_on"], site=site)
            context["start_fault"] = _start_fault(request, data, site)
    # A text field somebody is typing in is left alone; changed rows bring it into step.
    context["is_text_stale"] = "cadence-text" in data and data["cadence-text"] == data.get("cadence-written")
    name = "_preview.html" if request.htmx else "preview.html"
    return render(request, f"sessions/cadences/{name}", context)


def _start_fault(request: HttpRequest, data: QueryDict, site: Site) -> str:
    """Say what is wrong with the day the series begins on: for a course (`?of=course`) what its service would say."""
    form = StartForm(data)
    if not form.is_valid():
        return form.errors["start_on"][0]
    day = form.cleaned_data["start_on"]
    if day is None or request.GET.get("of") != "course":
        return ""
    try:
        check_start(day, site, timezone.now())
    except Refused as no:
        return no.message
    return ""


def _course(request: HttpRequest, data: QueryDict) -> Course | None:
    """The course that is to go on by this series, where there is one: its plan says when it goes on."""
    key = data.get("course", "")
    return courses.get_or_404(request.clinic, _uuid_or_404(key)) if key else None


def _site(request: HttpRequest, data: QueryDict) -> Site:
    """The site chosen in the same form, else the one at hand."""
    key = data.get("site", "")
    chosen = Site.objects.filter(clinic=request.clinic, public_id=_uuid_or_404(key)).first() if key else None
    return request.site if chosen is None else chosen


def _uuid_or_404(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as no:
        raise Http404 from no


def _cadence(data: QueryDict) -> tuple[Cadence | None, str]:
    if "cadence-text" in data:
        form = CadenceForm(data)
        return (form.cadence, "") if form.is_valid() else (None, form.error)
    try:
        return parse(data.get("cadence", "")), ""
    except CadenceError as error:
        return None, cadence_fault(error)
