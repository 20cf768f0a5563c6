"""The live preview of a series: its words and days, beside the editor of a protocol or a prescription."""

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone

from mesoclinic.core.access import requires
from mesoclinic.core.localtime import local_day
from mesoclinic.core.refused import Refused
from protocols.cadence import Cadence, CadenceError, parse
from protocols.forms.cadence import CadenceForm, StartForm, start_day
from protocols.words import cadence_fault
from sessions.queries.previews import preview
from sessions.services.courses.checks import check_start


@requires("protocols.view_protocol")
def preview_cadence(request: HttpRequest) -> HttpResponse:
    """Show the days of a series: posted by an editor, or `?cadence=…&start_on=…`. Changes nothing."""
    data = request.POST if request.method == "POST" else request.GET
    cadence, error = _cadence(data)
    today = local_day(timezone.now(), request.site.zone)
    context = {"error": error, "start_on": start_day(data, today), "cadence_text": data.get("cadence", "")}
    if cadence is not None:
        counts_from = _counts_from(data)
        context["preview"] = preview(cadence, start_on=context["start_on"], site=request.site, counts_from=counts_from)
        context["start_fault"] = _start_fault(request, data)
    # A text field somebody is typing in is left alone; changed rows bring it into step.
    context["is_text_stale"] = "cadence-text" in data and data["cadence-text"] == data.get("cadence-written")
    name = "_preview.html" if request.htmx else "preview.html"
    return render(request, f"sessions/cadences/{name}", context)


def _start_fault(request: HttpRequest, data: QueryDict) -> str:
    """Say what is wrong with the day the series begins on: for a course (`?of=course`) what its service would say."""
    form = StartForm(data)
    if not form.is_valid():
        return form.errors["start_on"][0]
    day = form.cleaned_data["start_on"]
    if day is None or request.GET.get("of") != "course":
        return ""
    try:
        check_start(day, request.site, timezone.now())
    except Refused as no:
        return no.message
    return ""


def _counts_from(data: QueryDict) -> int:
    """Say what number the first session has: that of the next one, where a course goes on by another series."""
    text = data.get("counts_from", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else 1


def _cadence(data: QueryDict) -> tuple[Cadence | None, str]:
    if "cadence-text" in data:
        form = CadenceForm(data)
        return (form.cadence, "") if form.is_valid() else (None, form.error)
    try:
        return parse(data.get("cadence", "")), ""
    except CadenceError as error:
        return None, cadence_fault(error)
