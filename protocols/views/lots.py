"""Stock: the lots and what is left of them, one with its ledger, and what is done with it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from mesoclinic.core.access import requires
from mesoclinic.core.exports import exported
from mesoclinic.core.forms import Form
from mesoclinic.core.localtime import local_day
from mesoclinic.core.refused import Refused
from protocols import exports
from protocols.forms import lots as forms
from protocols.models import Lot
from protocols.queries import lots as queries
from protocols.queries import substances as substance_queries
from protocols.queries.lot_draws import not_entered_ml
from protocols.queries.lot_warnings import suspicions
from protocols.services import lots as services
from protocols.services import recalls

A_PAGE = 40
VIEWS = [
    ("", gettext_lazy("In use")),
    ("expiring", gettext_lazy("Expiring soon")),
    ("low", gettext_lazy("Running low")),
    ("expired", gettext_lazy("Expired")),
    ("recalled", gettext_lazy("Recalled")),
    ("all", gettext_lazy("All")),
]
# What is done with a lot: its form, its service, the words when it is done, whether it happens at a site.
DEEDS: dict[str, tuple[type[Form], Callable[..., Any], Any, bool]] = {
    "open": (forms.OpenVialForm, services.open_vial, gettext_lazy("The vial is open."), True),
    "waste": (forms.WasteForm, services.waste, gettext_lazy("The waste is entered."), True),
    "count": (forms.CountForm, services.count, gettext_lazy("The count is entered."), True),
    "recall": (
        forms.RecallForm,
        recalls.recall_lot,
        gettext_lazy("The lot is recalled; it is no longer offered."),
        False,
    ),
    "undo-recall": (forms.UndoRecallForm, recalls.undo_recall, gettext_lazy("The lot is in use again."), False),
    "correct": (forms.LotForm, services.update_lot, gettext_lazy("The lot is corrected."), False),
}


@requires("protocols.view_stock")
@require_safe
def list_stock(request: HttpRequest) -> HttpResponse:
    today = local_day(timezone.now(), request.site.zone)
    show, text = request.GET.get("show", ""), request.GET.get("q", "")
    found = queries.search(request.clinic, text=text, show=show, on=today)
    if sent := exported(request, "lot", found, exports.LOTS, lines=_with_blame):
        return sent
    page = Paginator(found, A_PAGE).get_page(request.GET.get("page"))
    page.object_list = _with_blame(list(page))
    context = {
        "page": page,
        "asked": {"q": text, "show": show},
        "views": VIEWS,
        "today": today,
        "soon": queries.expiring_until(today),
    }
    name = "_results.html" if request.htmx else "list.html"
    return render(request, f"protocols/lots/{name}", context)


def _with_blame(lots: list[Lot]) -> list[Lot]:
    """Say on each how many reactions are blamed on it. As many SQL statements as `suspicions`, however many lots."""
    blamed = suspicions([lot.pk for lot in lots])
    for lot in lots:
        lot.blamed = blamed.get(lot.pk, 0)
    return lots


@requires("protocols.view_stock")
@require_safe
def show_lot(request: HttpRequest, public_id: UUID) -> HttpResponse:
    return _lot_page(request, queries.get_or_404(request.clinic, public_id))


def _lot_page(request: HttpRequest, lot: Lot, bound: dict[str, Form] | None = None) -> HttpResponse:
    today = local_day(timezone.now(), request.site.zone)
    described = {name: getattr(lot, name) for name in forms.LotForm.base_fields}
    deeds = {name.replace("-", "_"): _form(name, lot) for name in DEEDS}
    deeds["correct"] = forms.LotForm(initial=described, prefix="correct")
    deeds |= {name.replace("-", "_"): form for name, form in (bound or {}).items()}
    context = {
        "lot": lot,
        "ledger": queries.ledger(lot),
        "not_entered_ml": not_entered_ml(lot),
        "vials": queries.open_vials(lot),
        "suspicions": suspicions([lot.pk]).get(lot.pk, 0),
        "today": today,
        "soon": queries.expiring_until(today),
        "deeds": deeds,
    }
    return render(request, "protocols/lots/detail.html", context, status=422 if bound else 200)


def _form(deed: str, lot: Lot, data: QueryDict | None = None) -> Form:
    form = DEEDS[deed][0](data, prefix=deed)
    if isinstance(form, forms.OpenVialForm):
        form.about(lot)
    return form


@requires("protocols.change_stock")
def receive_lot(request: HttpRequest) -> HttpResponse:
    initial = {"substance": _named_substance(request)}
    form = forms.ReceiveForm(request.POST or None, clinic=request.clinic, initial=initial)
    if form.is_valid():
        try:
            lot = services.receive(actor=request.user, clinic=request.clinic, site=request.site, **form.cleaned_data)
        except Refused as refused:
            form.add_error(refused.field if refused.field in form.fields else None, refused.message)
        else:
            messages.success(request, _("Received: %(lot)s.") % {"lot": lot})
            return redirect("protocols:lot", lot.public_id)
    status = 422 if form.is_bound else 200
    return render(request, "protocols/lots/receive.html", {"form": form}, status=status)


def _named_substance(request: HttpRequest) -> int | None:
    named = request.GET.get("substance", "")
    try:
        return substance_queries.get_or_404(request.clinic, UUID(named)).pk if named else None
    except ValueError:
        return None


@requires("protocols.change_stock")
@require_POST
def change_lot(request: HttpRequest, public_id: UUID, deed: str) -> HttpResponse:
    """Do one of `DEEDS` with a lot; what is wrong is said on the lot's own page."""
    lot = queries.get_or_404(request.clinic, public_id)
    if deed not in DEEDS:
        raise Http404
    _form_class, service, _words, is_at_site = DEEDS[deed]
    form = _form(deed, lot, request.POST)
    if form.is_valid():
        where = {"site": request.site} if is_at_site else {}
        try:
            service(actor=request.user, lot=lot, **where, **form.cleaned_data)
        except Refused as refused:
            form.add_error(refused.field if refused.field in form.fields else None, refused.message)
    if form.errors:
        return _lot_page(request, lot, {deed: form})
    _say_done(request, deed, lot)
    return redirect("protocols:lot", public_id)


def _say_done(request: HttpRequest, deed: str, lot: Lot) -> None:
    """Say what was done; of a recall undone, when another still holds the lot, which."""
    if deed == "undo-recall" and lot.status == Lot.Status.RECALLED and lot.recall is not None:
        said = {"recall": lot.recall, "reason": lot.recall.reason}
        messages.warning(request, _("The lot stays locked: another recall holds it, %(recall)s (%(reason)s).") % said)
    else:
        messages.success(request, DEEDS[deed][2])


@requires("protocols.change_stock")
@require_POST
def discard_vial(request: HttpRequest, public_id: UUID, vial_id: UUID) -> HttpResponse:
    lot = queries.get_or_404(request.clinic, public_id)
    services.discard_vial(actor=request.user, vial=get_object_or_404(lot.vials, public_id=vial_id))
    messages.success(request, _("The opened vial is thrown away. Enter what was left in it as waste."))
    return redirect("protocols:lot", public_id)
