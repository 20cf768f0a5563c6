"""Contacts of a patient: add, end, change, and the sale of an animal."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from mesoclinic.core.access import requires
from patients.forms.parties import LinkForm, PartyForm, TransferForm
from patients.forms.patients import EndOnForm
from patients.queries import parties as queries
from patients.queries import patients as patient_queries
from patients.queries import search as searching
from patients.services import parties as services
from patients.views.pages import form_page


@requires("patients.view_patient")
@require_GET
def find_parties(request: HttpRequest) -> HttpResponse:
    """Answer while somebody types a contact's name: those the clinic knows already."""
    typed = request.GET.get("contact-name") or request.GET.get("name") or ""
    known = searching.parties_like(request.clinic, typed) if len(typed.strip()) > 1 else []
    field = "contact-party" if "contact-name" in request.GET else "party"
    return render(request, "patients/parties/_known.html", {"known": known, "field": field})


@requires("patients.change_patient")
@require_http_methods(["GET", "POST"])
def add_party(request: HttpRequest, public_id) -> HttpResponse:
    patient = patient_queries.get_or_404(request.clinic, public_id)
    form = LinkForm(request.POST or None, clinic=request.clinic, is_animal=patient.species.is_animal)

    def save():
        given = form.cleaned_data
        named = ("role", "from_on", "gives_consent", "gets_reminders", "gets_reports")
        words = {name: given[name] for name in named}
        services.add_party(actor=request.user, patient=patient, **words, **form.who())

    return form_page(
        request, patient, form, save, template="patients/parties/add.html", done=_("The contact is in the file.")
    )


@requires("patients.change_patient")
@require_http_methods(["GET", "POST"])
def end_party(request: HttpRequest, public_id, link_id: int) -> HttpResponse:
    patient = patient_queries.get_or_404(request.clinic, public_id)
    link = queries.link_or_404(patient, link_id)
    form = EndOnForm(request.POST or None)
    return form_page(
        request,
        patient,
        form,
        lambda: services.end_party(actor=request.user, link=link, **form.cleaned_data),
        template="patients/parties/end.html",
        done=_("The contact has ended."),
        link=link,
    )


@requires("patients.change_patient")
@require_http_methods(["GET", "POST"])
def edit_party(request: HttpRequest, public_id, link_id: int) -> HttpResponse:
    patient = patient_queries.get_or_404(request.clinic, public_id)
    link = queries.link_or_404(patient, link_id)
    form = PartyForm(request.POST or None, instance=queries.link_or_404(patient, link_id).party)
    return form_page(
        request,
        patient,
        form,
        lambda: services.update_party(actor=request.user, party=link.party, **form.cleaned_data),
        template="patients/parties/edit.html",
        done=_("Saved."),
        others=queries.other_patients_of(link.party, patient, timezone.localdate()),
    )


@requires("patients.change_patient")
@require_http_methods(["GET", "POST"])
def transfer_ownership(request: HttpRequest, public_id) -> HttpResponse:
    patient = patient_queries.get_or_404(request.clinic, public_id)
    form = TransferForm(request.POST or None, clinic=request.clinic)

    def save():
        words = {name: form.cleaned_data[name] for name in ("on", "keep_others")}
        services.transfer_ownership(actor=request.user, patient=patient, **words, **form.who())

    return form_page(
        request,
        patient,
        form,
        save,
        template="patients/parties/transfer.html",
        done=_("The new owner is in the file. Former contacts get nothing any more."),
        contacts=queries.contacts_a_sale_ends(
            patient, timezone.localdate(), keep_others=bool(form["keep_others"].value())
        ),
    )
