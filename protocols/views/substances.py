"""Substances: the list, one with all that is known of it, and its form."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from mesoclinic.core.access import requires
from mesoclinic.core.exports import exported
from mesoclinic.core.refused import Refused
from protocols import exports
from protocols.forms.substance_traits import trait_words
from protocols.forms.substances import SubstanceForm
from protocols.models import Category, Species, Substance
from protocols.queries import lots as lot_queries
from protocols.queries import substances as queries
from protocols.services import substances as services

A_PAGE = 40


@requires("protocols.view_protocol")
@require_safe
def list_substances(request: HttpRequest) -> HttpResponse:
    asked = {name: request.GET.get(name, "").replace("\x00", "") for name in ("category", "status", "species")}
    found = queries.search(request.clinic, text=request.GET.get("q", ""), **asked)
    if sent := exported(request, "substance", found, exports.SUBSTANCES):
        return sent
    context = {
        "page": Paginator(found, A_PAGE).get_page(request.GET.get("page")),
        "asked": asked | {"q": request.GET.get("q", "")},
        "categories": Category.objects.all(),
        "species": Species.objects.all(),
        "statuses": [("withdrawn", _("Withdrawn")), ("archived", _("Off the list")), ("all", _("All"))],
    }
    name = "_results.html" if request.htmx else "list.html"
    return render(request, f"protocols/substances/{name}", context)


@requires("protocols.view_protocol")
@require_safe
def show_substance(request: HttpRequest, public_id: UUID) -> HttpResponse:
    substance = queries.get_or_404(request.clinic, public_id)
    context = {
        "substance": substance,
        "pairs": queries.pairs_of(substance),
        "lots": lot_queries.lots(request.clinic).filter(substance=substance)[:10],
        "in_a_mix": trait_words(substance, request.clinic),
        "shipped_strength": queries.shipped_strength(substance),
        "ceilings": (substance.traits or {}).get("ceilings", []),
    }
    return render(request, "protocols/substances/detail.html", context)


@requires("protocols.change_protocol")
def create_substance(request: HttpRequest) -> HttpResponse:
    form = SubstanceForm(request.POST or None, clinic=request.clinic)
    if form.is_valid():
        substance = _try(form, services.create_substance, actor=request.user, clinic=request.clinic)
        if substance is not None:
            messages.success(request, _("%(name)s is added.") % {"name": substance})
            return redirect("protocols:substance", substance.public_id)
    return _page(request, form)


@requires("protocols.change_protocol")
def edit_substance(request: HttpRequest, public_id: UUID) -> HttpResponse:
    substance = queries.get_or_404(request.clinic, public_id)
    form = SubstanceForm(request.POST or None, clinic=request.clinic, substance=substance)
    if form.is_valid():
        saved = _try(form, services.update_substance, actor=request.user, substance=substance)
        if saved is not None:
            messages.success(request, _("%(name)s is saved.") % {"name": saved.name})
            return redirect("protocols:substance", public_id)
    return _page(request, form)


def _try(form: SubstanceForm, service: Any, **who: Any) -> Substance | None:
    try:
        return service(**who, **form.columns)
    except Refused as refused:
        form.add_error(refused.field if refused.field in form.fields else None, refused.message)
        return None


def _page(request: HttpRequest, form: SubstanceForm) -> HttpResponse:
    status = 422 if form.is_bound else 200
    return render(request, "protocols/substances/edit.html", {"form": form, "substance": form.substance}, status=status)


@requires("protocols.change_protocol")
@require_POST
def archive_substance(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Take the substance off the lists of new mixes, or with `restore=1` put it back."""
    substance = queries.get_or_404(request.clinic, public_id)
    is_archived = request.POST.get("restore") != "1"
    services.archive_substance(actor=request.user, substance=substance, is_archived=is_archived)
    return redirect("protocols:substance", public_id)
