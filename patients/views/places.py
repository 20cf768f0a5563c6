"""Stables, homes and care homes: list, note, change."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from mesoclinic.core.access import requires
from mesoclinic.core.exports import exported
from mesoclinic.core.refused import Refused
from patients import exports
from patients.forms.places import PlaceForm
from patients.queries import places as queries
from patients.services.places import create_place as create
from patients.services.places import update_place as update

edits = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
@requires("patients.change_place")
def places(request: HttpRequest) -> HttpResponse:
    found = queries.places_of(request.clinic)
    if sent := exported(request, "place", found, exports.PLACES):
        return sent
    return render(request, "patients/places/list.html", {"places": found})


@edits
@requires("patients.change_place")
def create_place(request: HttpRequest) -> HttpResponse:
    form = PlaceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            place = create(actor=request.user, clinic=request.clinic, **form.cleaned_data)
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("%(place)s is noted.") % {"place": place})
            return redirect("patients:places")
    return render(request, "patients/places/edit.html", {"form": form, "name": ""})


@edits
@requires("patients.change_place")
def edit_place(request: HttpRequest, public_id: UUID) -> HttpResponse:
    place = queries.place_or_404(request.clinic, public_id)
    name = place.name
    form = PlaceForm(request.POST or None, instance=place)
    if request.method == "POST" and form.is_valid():
        place = queries.place_or_404(request.clinic, public_id)  # the form has written into the other
        try:
            update(actor=request.user, place=place, **form.cleaned_data)
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("Saved."))
            return redirect("patients:places")
    return render(request, "patients/places/edit.html", {"form": form, "name": name})
