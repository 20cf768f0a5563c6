"""The page before a restricted file: why is it opened? What is answered stands in the access log."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods

from mesoclinic.core.access import requires
from patients.forms.patients import OpenRestrictedForm
from patients.queries import patients as queries
from patients.restricted import RIGHT, open_door
from patients.services.erasing import note_opened
from patients.views.pages import page_of


@require_http_methods(["GET", "HEAD", "POST"])
@requires(RIGHT)
def open_restricted(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Ask why, note it, and lead to the page that was asked for."""
    patient = queries.closed_or_404(request.clinic, public_id)
    if not patient.is_restricted:
        raise Http404
    form = OpenRestrictedForm(request.POST or None, initial={"next": request.GET.get("next", "")})
    if request.method == "POST" and form.is_valid():
        note_opened(actor=request.user, patient=patient, reason=form.cleaned_data["reason"])
        open_door(request, patient)
        wanted = form.cleaned_data["next"]
        is_ours = wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
        return HttpResponseRedirect(wanted if is_ours else page_of(patient))
    return render(request, "patients/patients/open_restricted.html", {"form": form, "patient": patient})
