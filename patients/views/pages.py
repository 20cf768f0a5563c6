"""What the views of a patient's small forms share: one form on one page, or in the page's dialog."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from mesoclinic.core.refused import Refused
from patients.models import Patient
from patients.queries import patients as patient_queries

Save = Callable[[], Any]


def page_of(patient: Patient) -> str:
    return reverse("sessions:patient", args=[patient.public_id])


def saved(form: forms.Form, save: Save) -> bool:
    """Save what a valid form says. What a service refuses becomes an error at its field."""
    if not form.is_valid():
        return False
    try:
        save()
    except Refused as refused:
        form.refuse(refused)
        return False
    return True


def form_page(
    request: HttpRequest,
    patient: Patient,
    form: forms.Form,
    save: Save,
    *,
    template: str,
    done: str,
    **context: Any,
) -> HttpResponse:
    """Show a form about a patient; when it was sent and saved, go back to the patient's page and say `done`."""
    if request.method == "POST" and saved(form, save):
        messages.success(request, done)
        return redirect(page_of(patient))
    return render(
        request,
        template,
        {
            "patient": patient,
            "banner": patient_queries.banner(patient, timezone.localdate()),
            "form": form,
            "words": patient.species.words,
            "page_url": page_of(patient),
            **context,
        },
    )


def act(request: HttpRequest, patient: Patient, save: Save, *, done: str) -> HttpResponse:
    """Do something at the press of a button, say so on the patient's page, or say why not."""
    try:
        save()
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, done)
    return redirect(page_of(patient))
