"""Import protocols from a table: choose the file, look at what would happen, have it done."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mesoclinic.core.access import requires
from mesoclinic.core.exports import template_file
from mesoclinic.core.refused import Refused
from mesoclinic.core.tables import Numbered
from protocols.forms.imports import RunForm, UploadForm, table_value
from protocols.importing import columns, template
from protocols.importing.tables import read_table
from protocols.queries import imports as queries
from protocols.services import imports as services


@requires("protocols.change_protocol")
@require_http_methods(["GET", "POST"])
def upload_import(request: HttpRequest) -> HttpResponse:
    """Choose a file; sent, the page says protocol by protocol what would happen. Nothing is kept."""
    sent = request.method == "POST"
    form = UploadForm(request.POST if sent else None, request.FILES if sent else None)
    if sent and form.is_valid():
        try:
            return _checked(request, *read_table(form.cleaned_data["file"]))
        except Refused as refused:
            form.refuse(refused)
    return _chosen(request, form, status=422 if sent else 200)


def _chosen(request: HttpRequest, form: UploadForm, *, status: int = 200) -> HttpResponse:
    context = {"form": form, "heads": [columns.label(name) for name in columns.NAMES]}
    return render(request, "protocols/imports/upload.html", context, status=status)


def _again(request: HttpRequest, why: str) -> HttpResponse:
    messages.error(request, why)
    return _chosen(request, UploadForm(), status=422)


def _checked(
    request: HttpRequest, heads: list[str], rows: list[Numbered], refused: Refused | None = None
) -> HttpResponse:
    plan = queries.import_plan(request.clinic, heads, rows)
    context = {
        "plan": plan,
        "form": RunForm(initial={"table": table_value(heads, rows), "seen": plan.digest}),
        "unused": columns.unused(heads),
        "refused": refused,
        "outcomes": [(outcome, plan.count(outcome)) for outcome in queries.Outcome],
    }
    return render(request, "protocols/imports/check.html", context, status=409 if refused else 200)


@requires("protocols.change_protocol")
@require_POST
def run_import(request: HttpRequest) -> HttpResponse:
    """Import what was shown; when it would come to something else by now, show that instead."""
    form = RunForm(request.POST)
    if not form.is_valid():
        return _again(request, _("The table did not arrive whole. Choose the file again."))
    heads, rows = form.cleaned_data["table"]
    try:
        made = services.import_protocols(
            actor=request.user, clinic=request.clinic, heads=heads, rows=rows, seen=form.cleaned_data["seen"]
        )
    except Refused as refused:
        return _again(request, refused.message) if refused.field else _checked(request, heads, rows, refused)
    words = ngettext(
        "%(count)d draft is made. Look at it, and publish it when it is right.",
        "%(count)d drafts are made. Look at each, and publish it when it is right.",
        len(made),
    )
    messages.success(request, words % {"count": len(made)})
    return redirect(reverse("protocols:list", query={"status": "draft"}))


@requires("protocols.change_protocol")
@require_GET
def import_template(request: HttpRequest) -> StreamingHttpResponse:
    return template_file(request, _("protocols-to-import"), template.heads(), template.examples())
