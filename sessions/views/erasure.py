"""A request for erasure: what it comes to, the answer as a letter, and the restricted file's lifting and opening."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from mesoclinic.core import languages
from mesoclinic.core.access import requires
from mesoclinic.core.file_answers import file_answer
from mesoclinic.core.identity_forms import PROOFS
from mesoclinic.core.localtime import local_day
from mesoclinic.core.refused import Refused
from patients.models import ErasureRequest, Patient
from patients.models.erasure import AskedAs
from patients.queries import erasure as requests
from patients.queries import patients as patient_reads
from patients.queries.parties import current_contacts
from patients.restricted import give_out
from patients.services.erasing import lift_restriction as lift
from sessions.forms.erasure import ErasureForm, ReasonForm
from sessions.queries import erasure as reads
from sessions.services import erasure as services


@require_http_methods(["GET", "HEAD", "POST"])
@requires("patients.keep_retention")
@sensitive_post_parameters(*PROOFS)
def erase_patient(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show what would be deleted and what is kept, by which rule; then do it. Afterwards show what was answered."""
    patient = give_out(patient_reads.closed_or_404(request.clinic, public_id))
    if patient.is_restricted or patient.is_pseudonymised:
        return _answered(request, patient, sent=request.method == "POST")
    now = timezone.now()
    today = local_day(now, request.site.zone)
    form = ErasureForm(request.POST or None, request=request, patient=patient, initial=_initial(patient, today))
    if request.method == "POST" and form.is_valid() and form.is_same_person():
        try:
            services.record_erasure(actor=request.user, patient=patient, site=request.site, **form.asked)
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("The request is answered. The file is restricted from now on."))
            return redirect("sessions:erase", patient.public_id)
    context = {
        "form": form,
        "patient": patient,
        "preview": reads.preview(patient, request.site, now, today),
        "earlier": requests.requests_of(patient),
    }
    return render(request, "sessions/erasure/erase.html", context)


def _initial(patient: Patient, today) -> dict[str, object]:
    """An owner asks for an animal; a person for themselves."""
    language = languages.spoken(patient.language, patient.clinic.language)
    initial = {"asked_on": today, "language": language}
    owner = next((one for one in current_contacts(patient, today) if one.role == "owner"), None)
    if not patient.species.is_animal:
        return {**initial, "asked_as": AskedAs.PATIENT, "asked_by_name": patient.name, "address": patient.address}
    if owner is None:
        return {**initial, "asked_as": AskedAs.OWNER}
    spoken = languages.spoken(owner.language, language)
    told = {"asked_by_name": owner.name, "address": owner.address, "language": spoken}
    return {**initial, "asked_as": AskedAs.OWNER, **told}


def _answered(request: HttpRequest, patient: Patient, *, sent: bool) -> HttpResponse:
    if sent:  # a second click: the first one has done it
        return redirect("sessions:erase", patient.public_id)
    found = requests.requests_of(patient)
    context = {
        "patient": patient,
        "in_force": next((one for one in found if one.lifted_at is None), None) if patient.is_restricted else None,
        "answers": [_answer(one) for one in found],
    }
    return render(request, "sessions/erasure/answered.html", context)


def _answer(one: ErasureRequest) -> dict[str, object]:
    return {"request": one, "deleted": reads.lines(one.deleted), "kept": reads.lines(one.kept)}


@require_http_methods(["GET", "HEAD", "POST"])
@requires("patients.keep_retention")
def lift_restriction(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Ask why, and let the file be used again."""
    patient = give_out(patient_reads.closed_or_404(request.clinic, public_id))
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            lift(actor=request.user, patient=patient, reason=form.cleaned_data["reason"])
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("The restriction is lifted. The file is still closed."))
            return redirect("sessions:patient", patient.public_id)
    return render(request, "sessions/erasure/lift.html", {"form": form, "patient": patient})


@require_safe
@requires("patients.keep_retention")
def print_erasure(request: HttpRequest, public_id: UUID, erasure_id: UUID) -> HttpResponse:
    """Print the answer as a letter."""
    patient = patient_reads.closed_or_404(request.clinic, public_id)
    found = requests.request_or_404(patient, erasure_id)
    try:
        printed = services.print_answer(actor=request.user, request=found, site=request.site)
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect("sessions:erase", patient.public_id)
    return file_answer(printed.pdf, printed.file_name)
