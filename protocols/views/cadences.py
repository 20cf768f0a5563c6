"""The editor of a series, drawn again: rows made from the text."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST

from mesoclinic.core.access import requires
from mesoclinic.core.localtime import local_day
from protocols.forms.cadence import CadenceForm, start_day


@requires("protocols.view_protocol")
@require_POST
def cadence_rows(request: HttpRequest) -> HttpResponse:
    """Answer the editor of a series with its rows read from the text; faults stand beside the text."""
    form = CadenceForm(request.POST)
    if form.is_valid() and form.cadence is not None:
        form = CadenceForm(initial=form.cadence)
    today = local_day(timezone.now(), request.site.zone)
    context = {"cadence_form": form, "start_on": start_day(request.POST, today)}
    context["start_name"] = "start_on" if request.GET.get("of") == "course" else ""
    context["goes_on"] = "course" in request.POST
    return render(request, "protocols/cadence/_rows.html", context)
