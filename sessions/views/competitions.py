"""A horse's competition calendar: the page that lists and enters, the form of one, and taking one out."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mesoclinic.core.access import requires
from mesoclinic.core.refused import Refused
from patients.models import Patient
from patients.queries import patients as patient_reads
from sessions.forms.competitions import CompetitionForm
from sessions.queries import competitions as reads
from sessions.queries.given_before import given_before
from sessions.services import competitions as services

from .clashes import say_blocked, say_given


@requires("sessions.book")
def enter_competition(request: HttpRequest, public_id: UUID) -> HttpResponse:
    patient = _horse_or_404(request, public_id)
    today = timezone.localdate()
    form = CompetitionForm(request.POST or None, clinic=request.clinic)
    if form.is_valid():
        try:
            event = services.enter_competition(actor=request.user, patient=patient, today=today, **form.cleaned_data)
        except Refused as no:
            form.refuse(no)
        else:
            words = _("%(name)s is in the calendar: its days are kept free.") % {"name": event.name}
            say_blocked(request, patient, words)
            say_given(request, event)
            return redirect("sessions:enter-competition", patient.public_id)
    context = {
        "patient": patient,
        "banner": patient_reads.banner(patient, today),
        "form": form,
        "given": given_before(patient, request.site.zone, today),
        "clashes": reads.visits_in_blocked_time(patient, timezone.now(), request.site.zone),
    }
    return render(request, "sessions/competitions/list.html", context, status=422 if form.is_bound else 200)


@requires("sessions.book")
def change_competition(request: HttpRequest, public_id: UUID, event_id: UUID) -> HttpResponse:
    patient = _horse_or_404(request, public_id)
    event = reads.get_or_404(patient, event_id)
    today = timezone.localdate()
    form = CompetitionForm(request.POST or None, clinic=request.clinic, event=event)
    if form.is_valid():
        try:
            saved = services.change_competition(actor=request.user, event=event, today=today, **form.cleaned_data)
        except Refused as no:
            form.refuse(no)
        else:
            say_blocked(request, patient, _("%(name)s is saved.") % {"name": saved.name})
            say_given(request, saved)
            return redirect("sessions:enter-competition", patient.public_id)
    context = {"patient": patient, "banner": patient_reads.banner(patient, today), "form": form, "event": event}
    return render(request, "sessions/competitions/edit.html", context, status=422 if form.is_bound else 200)


@requires("sessions.book")
@require_POST
def remove_competition(request: HttpRequest, public_id: UUID, event_id: UUID) -> HttpResponse:
    patient = _horse_or_404(request, public_id)
    event = reads.get_or_404(patient, event_id)
    services.remove_competition(actor=request.user, event=event)
    messages.success(request, _("%(name)s is out of the calendar.") % {"name": event.name})
    return redirect("sessions:enter-competition", patient.public_id)


def _horse_or_404(request: HttpRequest, public_id: UUID) -> Patient:
    patient = patient_reads.get_or_404(request.clinic, public_id)
    if not reads.may_compete(patient):
        raise Http404
    return patient
