"""Pairs in one syringe: the list, one of them, and its form."""

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
from protocols.forms.pairs import NewPairForm, PairForm
from protocols.models import Incompatibility
from protocols.queries import pairs as queries
from protocols.services import pairs as services

A_PAGE = 40


@requires("protocols.view_protocol")
@require_safe
def list_pairs(request: HttpRequest) -> HttpResponse:
    asked = {name: request.GET.get(name, "").replace("\x00", "") for name in ("level", "status")}
    found = queries.search(request.clinic, text=request.GET.get("q", ""), **asked)
    if sent := exported(request, "pair", found, exports.PAIRS):
        return sent
    context = {
        "page": Paginator(found, A_PAGE).get_page(request.GET.get("page")),
        "asked": asked | {"q": request.GET.get("q", "")},
        "levels": Incompatibility.Level.choices,
        "statuses": [("own", _("Changed or added here")), ("archived", _("Not counted any more")), ("all", _("All"))],
        "classes": dict(queries.class_choices()),
    }
    name = "_results.html" if request.htmx else "list.html"
    return render(request, f"protocols/pairs/{name}", context)


@requires("protocols.view_protocol")
@require_safe
def show_pair(request: HttpRequest, public_id: UUID) -> HttpResponse:
    pair = queries.get_or_404(request.clinic, public_id)
    return render(request, "protocols/pairs/detail.html", {"pair": pair, "classes": dict(queries.class_choices())})


@requires("protocols.change_protocol")
def create_pair(request: HttpRequest) -> HttpResponse:
    form = NewPairForm(request.POST or None, clinic=request.clinic)
    return _written(request, form, services.create_pair, clinic=request.clinic)


@requires("protocols.change_protocol")
def edit_pair(request: HttpRequest, public_id: UUID) -> HttpResponse:
    pair = queries.get_or_404(request.clinic, public_id)
    form = PairForm(request.POST or None, clinic=request.clinic, pair=pair)
    return _written(request, form, services.update_pair, pair=pair)


def _written(request: HttpRequest, form: PairForm, service: Any, **of: Any) -> HttpResponse:
    if form.is_valid():
        try:
            saved = service(actor=request.user, **of, **form.columns)
        except Refused as no:
            form.refuse(no)
        else:
            messages.success(request, _("%(name)s is saved.") % {"name": saved})
            return redirect("protocols:pair", saved.public_id)
    status = 422 if form.is_bound else 200
    return render(request, "protocols/pairs/edit.html", {"form": form, "pair": form.pair}, status=status)


@requires("protocols.change_protocol")
@require_POST
def archive_pair(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Count the pair no longer, or with `restore=1` again."""
    pair = queries.get_or_404(request.clinic, public_id)
    services.archive_pair(actor=request.user, pair=pair, is_archived=request.POST.get("restore") != "1")
    return redirect("protocols:pair", public_id)


@requires("protocols.change_protocol")
@require_POST
def reship_pair(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Take back what was shipped of the pair."""
    pair = queries.get_or_404(request.clinic, public_id)
    try:
        services.reship_pair(actor=request.user, pair=pair)
    except Refused as no:
        messages.error(request, no.message)
    else:
        messages.success(request, _("%(name)s is as shipped again.") % {"name": pair})
    return redirect("protocols:pair", public_id)
