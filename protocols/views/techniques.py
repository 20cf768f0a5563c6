"""A technique's form; the list of them stands with the other rules of the mix check."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mesoclinic.core.access import requires
from mesoclinic.core.refused import Refused
from protocols.forms.techniques import TechniqueForm
from protocols.queries import techniques as queries
from protocols.services import techniques as services


@requires("protocols.change_protocol")
def create_technique(request: HttpRequest) -> HttpResponse:
    form = TechniqueForm(request.POST or None)
    return _written(request, form, services.create_technique, clinic=request.clinic)


@requires("protocols.change_protocol")
def edit_technique(request: HttpRequest, public_id: UUID) -> HttpResponse:
    technique = queries.get_or_404(request.clinic, public_id)
    form = TechniqueForm(request.POST or None, technique=technique)
    return _written(request, form, services.update_technique, technique=technique)


@requires("protocols.change_protocol")
@require_POST
def archive_technique(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Offer the technique no longer, or with `restore=1` again."""
    technique = queries.get_or_404(request.clinic, public_id)
    is_archived = request.POST.get("restore") != "1"
    services.archive_technique(actor=request.user, technique=technique, is_archived=is_archived)
    return redirect("protocols:rules")


def _written(request: HttpRequest, form: TechniqueForm, service: Any, **of: Any) -> HttpResponse:
    if form.is_valid():
        try:
            service(actor=request.user, **of, **form.cleaned_data)
        except Refused as no:
            form.refuse(no)
        else:
            messages.success(request, _("Saved. Every mix is checked by it from now on."))
            return redirect("protocols:rules")
    status = 422 if form.is_bound else 200
    return render(
        request, "protocols/rules/edit_technique.html", {"form": form, "technique": form.technique}, status=status
    )
