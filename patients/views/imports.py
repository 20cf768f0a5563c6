"""Import patients from a file: upload it, look at what would happen, have it done; and what to fill in."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mesoclinic.core.access import requires
from mesoclinic.core.exports import exported, sheet, template_file
from mesoclinic.core.refused import Refused
from patients import exports
from patients.forms.imports import RunForm, UploadForm
from patients.importing import template
from patients.models import PatientImport
from patients.models.imports import OVER, ImportStatus, RowState
from patients.queries import imports as reads
from patients.queries.import_ends import EVERY, RowEnd, ends_page, has_ends
from patients.queries.taking_back import fate_of
from patients.services import imports as services

IMPORTS_A_PAGE = 50


@requires("patients.import_patients")
@require_GET
def imports(request: HttpRequest) -> HttpResponse:
    """List what was uploaded."""
    found = reads.imports(request.clinic)
    if sent := exported(request, "import", found, exports.IMPORTS):
        return sent
    page = Paginator(found, IMPORTS_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "patients/imports/list.html", {"page": page})


@requires("patients.import_patients")
@require_http_methods(["GET", "POST"])
def upload_import(request: HttpRequest) -> HttpResponse:
    sent = request.method == "POST"
    form = UploadForm(request.POST if sent else None, request.FILES if sent else None, clinic=request.clinic)
    if sent and form.is_valid():
        try:
            made = services.upload_import(actor=request.user, clinic=request.clinic, **form.cleaned_data)
        except Refused as refused:
            form.refuse(refused)
        else:
            return redirect("patients:import", made.public_id)
    return render(request, "patients/imports/upload.html", {"form": form}, status=422 if sent else 200)


@requires("patients.import_patients")
@require_GET
def import_template(request: HttpRequest) -> StreamingHttpResponse:
    """The file to fill in, as XLSX or, when asked, as CSV."""
    return template_file(request, _("patients-to-import"), template.heads(), template.examples())


@requires("patients.import_patients")
@require_GET
def show_import(request: HttpRequest, public_id: UUID) -> HttpResponse:
    return _page(request, "patients/imports/import.html", public_id)


@requires("patients.import_patients")
@require_GET
def import_state(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """How far it is: the piece of the page that asks for itself until a worker is through."""
    return _page(request, "patients/imports/_state.html", public_id)


def _page(request: HttpRequest, name: str, public_id: UUID) -> HttpResponse:
    one = reads.get_or_404(request.clinic, public_id)
    found, unused = reads.columns_of(one)
    context: dict[str, Any] = {"one": one, "columns": found, "unused": unused}
    if not one.is_at_work:
        tabs = _tabs(one, request.GET.get("show", ""))
        shown = next((tab["state"] for tab in tabs if tab["active"]), "")
        is_ready = one.status == ImportStatus.READY
        context |= {
            "tabs": tabs,
            "shown": shown,
            "may_tell": is_ready or (one.status in OVER and shown != RowState.LIKELY),
        }
        context["page"] = _rows(one, shown, request.GET.get("page"))
    return render(request, name, context)


def _rows(one: PatientImport, shown: str, number: str | None) -> Page | None:
    if not shown:
        return None
    return ends_page(one, number) if shown == EVERY else reads.rows_page(one, shown, number)


def _tabs(one: PatientImport, asked: str) -> list[dict[str, Any]]:
    """Every row of an import that is done, then the states there are rows of, the faulty ones first.

    The one asked for, else the first, is open.
    """
    is_done = has_ends(one)
    order = (RowState.FAULTY, RowState.LIKELY, RowState.HERE, RowState.NEW, RowState.IMPORTED)
    labels = {state: str(state.label) for state in order} | (
        {RowState.LIKELY: str(RowEnd.CHOSEN.label)} if is_done else {}
    )
    every = _("Every row") if one.expires_at else _("Rows still kept")
    there = [(EVERY, every, one.total)] if is_done and one.total else []
    there += [(state.value, labels[state], count) for state in order if (count := getattr(one, f"{state.value}_count"))]
    if twice := reads.doubles(one).count():
        there.append((reads.DOUBLES, _("Perhaps twice now"), twice))
    if apart := reads.told_apart(one).count():
        there.append((reads.APART, _("Said to be another patient"), apart))
    names = [state for state, _label, _count in there]
    chosen = asked if asked in names else (names[0] if names else "")
    return [
        {"state": state, "label": f"{label} ({count})", "url": f"?show={state}", "active": state == chosen}
        for state, label, count in there
    ]


@requires("patients.import_patients")
@require_POST
def run_import(request: HttpRequest, public_id: UUID) -> HttpResponse:
    form = RunForm(request.POST)
    form.is_valid()
    return _done(request, public_id, services.run_import, "", with_likely=form.cleaned_data["with_likely"])


@requires("patients.import_patients")
@require_POST
def cancel_import(request: HttpRequest, public_id: UUID) -> HttpResponse:
    words = _("Cancelled; what the file said is deleted.")
    return _done(request, public_id, services.cancel_import, words)


@requires("patients.import_patients")
@require_http_methods(["GET", "POST"])
def take_back_import(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Say who would go and who stays, and why; then have it done."""
    if request.method == "POST":
        return _done(request, public_id, services.take_back_import, "")
    one = reads.get_or_404(request.clinic, public_id)
    return render(request, "patients/imports/take_back.html", {"one": one, "fate": fate_of(one)})


@requires("patients.import_patients")
@require_POST
def tell_row_apart(request: HttpRequest, public_id: UUID, position: int) -> HttpResponse:
    """Say that a row is not the patient it looks like."""
    words = _("Row %(number)d is another patient.") % {"number": position}
    return _done(request, public_id, services.tell_row_apart, words, position=position)


@requires("patients.import_patients")
@require_POST
def undo_tell_row_apart(request: HttpRequest, public_id: UUID, position: int) -> HttpResponse:
    words = _("Row %(number)d is perhaps here already, as before.") % {"number": position}
    return _done(request, public_id, services.undo_tell_row_apart, words, position=position)


def _done(request: HttpRequest, public_id: UUID, deed: Callable[..., None], words: str, **how: Any) -> HttpResponse:
    one = reads.get_or_404(request.clinic, public_id)
    try:
        deed(actor=request.user, one=one, **how)
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        if words:
            messages.success(request, words)
    shown = {name: value for name, value in request.GET.items() if name in ("show", "page")}
    return redirect(reverse("patients:import", args=[one.public_id], query=shown))


@requires("patients.import_patients")
@require_GET
def import_ends(request: HttpRequest, public_id: UUID) -> HttpResponse | StreamingHttpResponse:
    """Every row with what became of it; who took the list is written down."""
    return _file(request, public_id, services.take_ends, _("imported-rows"))


@requires("patients.import_patients")
@require_GET
def import_faults(request: HttpRequest, public_id: UUID) -> HttpResponse | StreamingHttpResponse:
    """The faulty rows, to be corrected and uploaded again; who took them is written down."""
    return _file(request, public_id, services.take_faults, _("faulty-rows"))


def _file(request: HttpRequest, public_id: UUID, take: Callable, name: str) -> HttpResponse | StreamingHttpResponse:
    one = reads.get_or_404(request.clinic, public_id)
    try:
        heads, rows = take(actor=request.user, one=one)
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect("patients:import", one.public_id)
    return sheet("csv", name, heads, rows)
