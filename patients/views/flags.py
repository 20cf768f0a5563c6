"""Flags and consents of a patient."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from mesoclinic.core.access import requires
from patients.forms.flags import ConsentForm, FlagForm
from patients.forms.patients import EndOnForm
from patients.queries import flags as queries
from patients.queries import parties as party_queries
from patients.queries import patients as patient_queries
from patients.services import consents as consent_service
from patients.services import flags as services
from patients.views.pages import form_page


@requires("patients.change_flag")
@require_http_methods(["GET", "POST"])
def add_flag(request: HttpRequest, public_id) -> HttpResponse:
    patient = patient_queries.get_or_404(request.clinic, public_id)
    form = FlagForm(request.POST or None, patient=patient)
    return form_page(
        request,
        patient,
        form,
        lambda: services.add_flag(actor=request.user, patient=patient, **form.cleaned_data),
        template="patients/flags/add.html",
        done=_("The flag is shown on every page of this patient."),
        allergens=queries.allergens(request.clinic),
    )


@requires("patients.change_flag")
@require_http_methods(["GET", "POST"])
def end_flag(request: HttpRequest, public_id, flag_id) -> HttpResponse:
    patient = patient_queries.get_or_404(request.clinic, public_id)
    flag = queries.flag_or_404(patient, flag_id)
    form = EndOnForm(request.POST or None)
    return form_page(
        request,
        patient,
        form,
        lambda: services.end_flag(actor=request.user, flag=flag, **form.cleaned_data),
        template="patients/flags/end.html",
        done=_("The flag has ended."),
        flag=flag,
    )


@requires("patients.change_patient")
@require_http_methods(["GET", "POST"])
def give_consent(request: HttpRequest, public_id) -> HttpResponse:
    patient = patient_queries.get_or_404(request.clinic, public_id)
    contacts = party_queries.current_contacts(patient, timezone.localdate())
    form = ConsentForm(request.POST or None, patient=patient, contacts=contacts)

    def save():
        words = {name: form.cleaned_data[name] for name in ("text", "given_as", "given_on", "method")}
        consent_service.give_consent(actor=request.user, patient=patient, **words, **form.giver())

    return form_page(
        request, patient, form, save, template="patients/consents/give.html", done=_("The consent is noted.")
    )


@requires("patients.change_patient")
@require_http_methods(["GET", "POST"])
def withdraw_consent(request: HttpRequest, public_id, consent_id) -> HttpResponse:
    patient = patient_queries.get_or_404(request.clinic, public_id)
    consent = queries.consent_or_404(patient, consent_id)
    form = EndOnForm(request.POST or None)
    form.fields["on"].label = _("Withdrawn on")
    return form_page(
        request,
        patient,
        form,
        lambda: consent_service.withdraw_consent(actor=request.user, consent=consent, **form.cleaned_data),
        template="patients/consents/withdraw.html",
        done=_("The consent is withdrawn."),
        consent=consent,
    )
