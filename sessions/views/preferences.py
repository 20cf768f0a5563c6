"""What a patient wishes for when visits are booked: one small page, and the days the patient cannot come."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mesoclinic.core.access import requires
from mesoclinic.core.refused import Refused
from patients.models import Patient
from patients.queries import patients as patient_reads
from sessions.forms.preferences import BlockedDaysForm, PreferenceForm, as_initial
from sessions.queries import preferences as reads
from sessions.queries.competitions import visits_in_blocked_time
from sessions.services import preferences

from .clashes import say_blocked


@requires("sessions.book")
def set_preference(request: HttpRequest, public_id: UUID) -> HttpResponse:
    patient = patient_reads.get_or_404(request.clinic, public_id)
    known = as_initial(reads.preference_of(patient))
    form = PreferenceForm(request.POST or None, initial=known, site=request.site, patient=patient)
    if request.method == "POST" and form.is_valid():
        try:
            preferences.set_preference(actor=request.user, patient=patient, **form.asked())
        except Refused as no:
            form.refuse(no)
        else:
            messages.success(request, _("The wishes are saved. They are used whenever a series is proposed."))
            return redirect("sessions:set-preference", patient.public_id)
    return _page(request, patient, form, BlockedDaysForm())


@requires("sessions.book")
def block_days(request: HttpRequest, public_id: UUID) -> HttpResponse:
    patient = patient_reads.get_or_404(request.clinic, public_id)
    blocked = BlockedDaysForm(request.POST or None)
    if request.method == "POST" and blocked.is_valid():
        today = timezone.localdate()
        try:
            preferences.block_days(actor=request.user, patient=patient, today=today, **blocked.cleaned_data)
        except Refused as no:
            blocked.refuse(no)
        else:
            say_blocked(request, patient, _("Noted: no session is proposed on these days."))
            return redirect("sessions:set-preference", patient.public_id)
    known = as_initial(reads.preference_of(patient))
    return _page(request, patient, PreferenceForm(initial=known, site=request.site, patient=patient), blocked)


@require_POST
@requires("sessions.book")
def unblock_days(request: HttpRequest, public_id: UUID, blocked_id: UUID) -> HttpResponse:
    patient = patient_reads.get_or_404(request.clinic, public_id)
    preferences.unblock_days(actor=request.user, blocked=reads.blocked_or_404(patient, blocked_id))
    messages.success(request, _("These days can be proposed again."))
    return redirect("sessions:set-preference", patient.public_id)


def _page(request: HttpRequest, patient: Patient, form: PreferenceForm, blocked: BlockedDaysForm) -> HttpResponse:
    today = timezone.localdate()
    context = {
        "patient": patient,
        "banner": patient_reads.banner(patient, today),
        "form": form,
        "blocked_form": blocked,
        "blocked_days": reads.blocked_days(patient, today),
        "clashes": visits_in_blocked_time(patient, timezone.now(), request.site.zone),
    }
    return render(request, "sessions/patients/preferences.html", context)
