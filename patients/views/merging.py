"""Make two files of one patient one, or say that they are two patients'; and undo either."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from mesoclinic.core.access import requires
from mesoclinic.core.refused import Refused
from patients.forms.merging import TellApartForm
from patients.models import Patient
from patients.models.patients import FoodChain
from patients.queries import merging as queries
from patients.queries import patients as patient_queries
from patients.queries import search as searching
from patients.queries.telling_apart import other_patients
from patients.services import merging as services
from patients.services import telling_apart
from patients.views.pages import page_of


@requires("patients.merge_patient")
@require_http_methods(["GET", "POST"])
def merge_patient(request: HttpRequest, public_id) -> HttpResponse:
    """Choose the other file of this patient; the one this page is about is kept."""
    kept = patient_queries.get_or_404(request.clinic, public_id)
    return _merge(request, kept) if request.method == "POST" else _merge_page(request, kept)


def _merge_page(request: HttpRequest, kept: Patient, refused: TellApartForm | None = None) -> HttpResponse:
    """Show who may be the same patient, each with a form to say that it is not; one may have been refused."""
    text = request.GET.get("q", "").strip()
    others = other_patients(kept)
    told_apart = {one.hit.patient_id for one in others}
    found = searching.search(request.clinic, text) if text else queries.likely_twins(kept, told_apart)
    hits = [hit for hit in found if hit.patient_id != kept.pk and hit.species_code == kept.species.code]

    def form_of(hit: searching.Hit) -> TellApartForm:
        is_refused = refused is not None and refused.other_id == hit.patient_id
        return refused if is_refused else TellApartForm(other_id=hit.patient_id)

    context = {
        "patient": kept,
        "banner": patient_queries.banner(kept, timezone.localdate()),
        "q": text,
        "hits": [(hit, form_of(hit)) for hit in hits],
        "refused": refused,
        "others": others,
        "told_apart": told_apart,
        "merges": queries.merges_of(kept),
        "page_url": page_of(kept),
    }
    return render(request, "patients/patients/merge.html", context)


def _merge(request: HttpRequest, kept) -> HttpResponse:
    other = patient_queries.get_or_404(request.clinic, request.POST.get("other", ""))
    try:
        services.merge_patient(actor=request.user, patient=other, into=kept)
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect("patients:merge", public_id=kept.public_id)
    messages.success(request, _("Both files are one now. You can undo this on the merge page."))
    if {kept.food_chain, other.food_chain} == {FoodChain.FOOD_ANIMAL, FoodChain.SIGNED_OUT}:
        words = _(
            "One file said food animal, the other signed out of the food chain, which is for ever. Look at the passport."
        )
        messages.warning(request, words)
    return redirect(page_of(kept))


@requires("patients.merge_patient")
@require_POST
def tell_files_apart(request: HttpRequest, public_id, other_id) -> HttpResponse:
    """Say that the file this page is about and another one are two patients'."""
    patient, other = (patient_queries.get_or_404(request.clinic, key) for key in (public_id, other_id))
    form = TellApartForm(request.POST, other_id=other.pk)
    if not form.is_valid():
        return _merge_page(request, patient, form)
    words = _("Said to be different patients. You can take this back below.")
    return _told(request, patient, other, telling_apart.tell_files_apart, words, reason=form.cleaned_data["reason"])


@requires("patients.merge_patient")
@require_POST
def undo_tell_files_apart(request: HttpRequest, public_id, other_id) -> HttpResponse:
    patient, other = (patient_queries.get_or_404(request.clinic, key) for key in (public_id, other_id))
    words = _("Taken back: perhaps the same patient.")
    return _told(request, patient, other, telling_apart.undo_tell_files_apart, words)


def _told(
    request: HttpRequest, patient: Patient, other: Patient, deed: Callable[..., object], words: str, **how: str
) -> HttpResponse:
    try:
        deed(actor=request.user, patient=patient, other=other, **how)
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, words)
    searched = {name: value for name, value in request.GET.items() if name == "q"}
    return redirect(reverse("patients:merge", args=[patient.public_id], query=searched))


@requires("patients.merge_patient")
@require_POST
def undo_merge(request: HttpRequest, merge_id) -> HttpResponse:
    merge = queries.get_or_404(request.clinic, merge_id)
    try:
        parted = services.undo_merge(actor=request.user, merge=merge)
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, _("The files are apart again."))
        if parted.edited:
            words = _("Changed in this file since they were merged, and kept here: %(what)s. Look whose it is.")
            messages.warning(request, words % {"what": ", ".join(parted.edited)})
    return redirect(page_of(merge.kept))
