"""Flags and consents of a patient."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from mesoclinic.core.access import requires
from mesoclinic.core.file_answers import file_answer
from mesoclinic.core.refused import Refused
from patients.forms.flags import ConsentForm, FlagForm, ScanForm
from patients.forms.patients import EndOnForm
from patients.queries import consents as consent_queries
from patients.queries import flags as queries
from patients.queries import parties as party_queries
from patients.queries import patients as patient_queries
from patients.scans import BY_SUFFIX, MOST_BYTES
from patients.services import consents as consent_service
from patients.services import flags as services
from patients.views.pages import form_page, page_of


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
        request,
        patient,
        form,
        save,
        template="patients/consents/give.html",
        done=_("The consent is noted."),
        texts=form.fields["text"].queryset,
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


@requires("patients.change_patient")
@require_http_methods(["GET", "POST"])
def add_scan(request: HttpRequest, public_id, consent_id) -> HttpResponse:
    patient = patient_queries.get_or_404(request.clinic, public_id)
    consent = queries.consent_or_404(patient, consent_id)
    form = ScanForm(request.POST or None, request.FILES or None)

    def save():
        content = form.cleaned_data["scan"].read(MOST_BYTES + 1)
        consent_service.add_scan(actor=request.user, consent=consent, content=content)

    return form_page(
        request,
        patient,
        form,
        save,
        template="patients/consents/add_scan.html",
        done=_("The scan is kept with the consent."),
        consent=consent,
    )


@requires("patients.change_patient")
@require_GET
def read_scan(request: HttpRequest, public_id, scan_id) -> HttpResponse:
    """Hand out a scan as a download: never shown inside a page, never kept by the browser."""
    patient = patient_queries.get_or_404(request.clinic, public_id)
    scan = consent_queries.scan_or_404(patient, scan_id)
    try:
        content = consent_service.read_scan(actor=request.user, scan=scan)
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect(page_of(patient))
    file_name = f"consent-{scan.consent.given_on}{scan.suffix}"
    return file_answer(content, file_name, BY_SUFFIX[scan.suffix].content_type, as_attachment=True)
