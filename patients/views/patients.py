"""Find, register, change, close and merge the files of patients."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mesoclinic.core.access import requires
from mesoclinic.core.exports import exported
from mesoclinic.core.form_rows import part_faults
from patients import exports
from patients.forms.parties import ContactPick
from patients.forms.patients import AllergiesForm, EditPatientForm, EndForm, RegisterForm, WeightForm
from patients.queries import lists
from patients.queries import patients as queries
from patients.queries import search as searching
from patients.restricted import RIGHT
from patients.services import patients as services
from patients.views.pages import act, form_page, page_of, saved
from protocols.models import Species

PAGE_SIZE = 50


@requires("patients.view_patient")
@require_GET
def list_patients(request: HttpRequest) -> HttpResponse:
    text = request.GET.get("q", "").strip()
    filters = lists.read_filters(request.GET)
    context = {"q": text, "filters": filters, "species": Species.objects.all()}
    if text:
        context["hits"] = searching.search(request.clinic, text, limit=30, restricted=request.user.has_perm(RIGHT))
        if sent := exported(
            request, "patient", [one for one in context["hits"] if not one.is_restricted], exports.PATIENTS
        ):
            return sent
    else:
        patients = lists.patients(request.clinic, filters, today=timezone.localdate())
        if sent := exported(request, "patient", patients, exports.PATIENTS, lines=lists.rows):
            return sent
        context["page"] = Paginator(patients, PAGE_SIZE).get_page(request.GET.get("page"))
        context["rows"] = lists.rows(context["page"].object_list)
    fragment = request.htmx and not request.htmx.boosted
    return render(request, "patients/patients/_found.html" if fragment else "patients/patients/list.html", context)


@requires("patients.view_patient")
@require_GET
def search_patients(request: HttpRequest) -> HttpResponse:
    """Answer while somebody types: lines for a page, or JSON for who asks for it."""
    asked = request.GET.get("q", "")
    hits = searching.search(request.clinic, asked, limit=10, restricted=request.user.has_perm(RIGHT))
    if request.accepts("text/html"):
        return render(request, "patients/patients/_hits.html", {"hits": hits, "q": asked.strip()})
    return JsonResponse({"patients": [lists.as_json(hit) for hit in hits]})


@requires("patients.change_patient")
@require_http_methods(["GET", "POST"])
def register_patient(request: HttpRequest, species: str = "") -> HttpResponse:
    if not species:
        context = {"species": Species.objects.all(), "name": request.GET.get("name", "")[:200]}
        return render(request, "patients/patients/choose_species.html", context)
    kind = get_object_or_404(Species, code=species)
    data = request.POST or None
    contacts = ContactPick(data, clinic=request.clinic, prefix="contact")
    initial = {"name": request.GET.get("name", "")[:200]}
    form = RegisterForm(data, species=kind, clinic=request.clinic, contacts=contacts, initial=initial)
    if data and contacts.is_valid() & form.is_valid():
        made: list = []
        if saved(form, lambda: made.append(_register(request, kind, form, contacts))):
            return redirect(page_of(made[0]))
    role = _("Owner") if kind.is_animal else _("Guardian, for a child")
    context = {"form": form, "contacts": contacts, "kind": kind, "words": kind.words}
    context |= {"role": role, "contact_faults": part_faults(contacts, role)}
    return render(request, "patients/patients/register.html", context)


def _register(request: HttpRequest, kind: Species, form: RegisterForm, contacts: ContactPick):
    who = contacts.who()
    given = form.cleaned_data
    return services.register_patient(
        actor=request.user,
        clinic=request.clinic,
        species=kind,
        public_id=given["public_id"],
        identifiers=form.identifiers(),
        parties=[{"role": "owner" if kind.is_animal else "guardian", **who}] if who else (),
        weight_kg=given["weight_kg"],
        weight_is_estimated=given["weight_is_estimated"],
        no_allergies=given["no_allergies"],
        **form.fields_of_patient(),
    )


@requires("patients.view_patient")
@require_GET
def list_duplicates(request: HttpRequest) -> HttpResponse:
    """Answer while somebody types a new patient: files that may be the same one."""
    asked = lists.read_twin(request.GET)
    hits = searching.duplicates(request.clinic, **asked)
    return render(request, "patients/patients/_duplicates.html", {"hits": hits})


@requires("patients.change_patient")
@require_http_methods(["GET", "POST"])
def edit_patient(request: HttpRequest, public_id) -> HttpResponse:
    patient = queries.get_or_404(request.clinic, public_id)
    form = EditPatientForm(
        request.POST or None,
        instance=queries.get_or_404(request.clinic, public_id),  # its own copy: a form writes into what it is given
        species=patient.species,
        clinic=request.clinic,
        initial={"edit_count": patient.edit_count},
    )
    return form_page(
        request,
        patient,
        form,
        lambda: services.update_patient(actor=request.user, patient=patient, **form.cleaned_data),
        template="patients/patients/edit.html",
        done=_("Saved."),
    )


@requires("patients.change_patient")
@require_http_methods(["GET", "POST"])
def record_weight(request: HttpRequest, public_id) -> HttpResponse:
    patient = queries.get_or_404(request.clinic, public_id)
    form = WeightForm(request.POST or None, species=patient.species)
    return form_page(
        request,
        patient,
        form,
        lambda: services.record_weight(actor=request.user, patient=patient, **form.cleaned_data),
        template="patients/patients/weight.html",
        done=_("The weight is noted."),
    )


@requires("patients.change_flag")
@require_http_methods(["GET", "POST"])
def set_allergies(request: HttpRequest, public_id) -> HttpResponse:
    patient = queries.get_or_404(request.clinic, public_id)
    form = AllergiesForm(request.POST or None)
    return form_page(
        request,
        patient,
        form,
        lambda: services.set_allergies(actor=request.user, patient=patient, **form.cleaned_data),
        template="patients/patients/allergies.html",
        done=_("The answer is noted."),
    )


@requires("patients.change_patient")
@require_http_methods(["GET", "POST"])
def end_patient(request: HttpRequest, public_id) -> HttpResponse:
    patient = queries.get_or_404(request.clinic, public_id)
    form = EndForm(request.POST or None)
    return form_page(
        request,
        patient,
        form,
        lambda: services.end_patient(actor=request.user, patient=patient, **form.cleaned_data),
        template="patients/patients/end.html",
        done=_("The file is closed. Nobody gets a message about it any more."),
    )


@requires("patients.change_patient")
@require_POST
def reopen_patient(request: HttpRequest, public_id) -> HttpResponse:
    patient = queries.get_or_404(request.clinic, public_id)
    return act(
        request,
        patient,
        lambda: services.reopen_patient(actor=request.user, patient=patient),
        done=_("The file is open again."),
    )
