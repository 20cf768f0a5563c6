"""The numbers others know a patient by."""

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from mesoclinic.core.access import requires
from patients.forms.patients import EndOnForm, IdentifierForm
from patients.models import Identifier
from patients.queries import patients as patient_queries
from patients.services import identifiers as services
from patients.views.pages import form_page


@requires("patients.change_patient")
@require_http_methods(["GET", "POST"])
def add_identifier(request: HttpRequest, public_id) -> HttpResponse:
    patient = patient_queries.get_or_404(request.clinic, public_id)
    form = IdentifierForm(request.POST or None, species=patient.species)
    return form_page(
        request,
        patient,
        form,
        lambda: services.add_identifier(actor=request.user, patient=patient, **form.cleaned_data),
        template="patients/identifiers/add.html",
        done=_("The number is in the file."),
    )


@requires("patients.change_patient")
@require_http_methods(["GET", "POST"])
def end_identifier(request: HttpRequest, public_id, identifier_id: int) -> HttpResponse:
    patient = patient_queries.get_or_404(request.clinic, public_id)
    try:
        identifier = patient.identifiers.select_related("patient__clinic").get(pk=identifier_id)
    except (Identifier.DoesNotExist, OverflowError) as exc:
        raise Http404 from exc
    form = EndOnForm(request.POST or None)
    return form_page(
        request,
        patient,
        form,
        lambda: services.end_identifier(actor=request.user, identifier=identifier, **form.cleaned_data),
        template="patients/identifiers/end.html",
        done=_("The number has ended. It still finds this file."),
        identifier=identifier,
    )
