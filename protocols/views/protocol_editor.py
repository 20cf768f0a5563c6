"""The protocol editor: a new protocol, a draft, and its mix reckoned live."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mesoclinic.core.access import requires
from mesoclinic.core.localtime import local_day
from mesoclinic.core.refused import Refused
from protocols.forms.cadence import start_day
from protocols.forms.protocols import ProtocolEditor
from protocols.models import ProtocolVersion
from protocols.queries import checks
from protocols.queries import protocols as queries
from protocols.services import protocols as services


@requires("protocols.change_protocol")
def create(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return _page(request, ProtocolEditor(request.clinic))
    editor = ProtocolEditor.answering_rows(request.clinic, request.POST)
    if editor is not None:
        return _page(request, editor)
    editor = ProtocolEditor(request.clinic, request.POST)
    if editor.is_valid():
        names = {name: editor.form.cleaned_data[name] for name in ("name", "field")}
        try:
            version = services.create_protocol(actor=request.user, clinic=request.clinic, draft=editor.draft, **names)
        except Refused as refused:
            editor.refuse(refused)
        else:
            messages.success(request, _("The draft is saved. Publish it when it is ready to be prescribed."))
            return redirect(page_of(version))
    return _page(request, editor, status=422)


@requires("protocols.change_protocol")
def edit(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Edit the draft of a protocol; one without a draft shows how to start the next version."""
    protocol = queries.get_or_404(request.clinic, public_id)
    version = queries.with_everything(protocol.versions.all()).order_by("-number").first()
    if version is None or version.is_published:
        messages.info(request, _("The published version cannot be changed. Start the next version to change it."))
        return redirect("protocols:detail", public_id)
    if request.method != "POST":
        return _page(request, ProtocolEditor(request.clinic, version=version), version)
    editor = ProtocolEditor.answering_rows(request.clinic, request.POST, version)
    if editor is not None:
        return _page(request, editor, version)
    editor = ProtocolEditor(request.clinic, request.POST, version=version)
    if not editor.is_valid():
        return _page(request, editor, version, status=422)
    return _save(request, editor, version)


def _save(request: HttpRequest, editor: ProtocolEditor, version: ProtocolVersion) -> HttpResponse:
    values = editor.form.cleaned_data
    try:
        services.save_draft(
            actor=request.user,
            version=version,
            edit_count=values["edit_count"] if values["edit_count"] is not None else -1,
            draft=editor.draft,
            name=values["name"],
            field=values["field"],
        )
    except Refused as refused:
        if refused.code == "edited-meanwhile":
            return _page(request, editor, version, status=409, is_conflict=True)
        if refused.code == "frozen":
            messages.error(request, refused.message)
            return redirect("protocols:detail", version.protocol.public_id)
        editor.refuse(refused)
        return _page(request, editor, version, status=422)
    messages.success(request, _("The draft is saved."))
    return redirect(page_of(version))


def page_of(version: ProtocolVersion) -> str:
    """Give the address of the page of one version; without its number a protocol shows the published one."""
    return reverse("protocols:detail", args=[version.protocol.public_id], query={"version": version.number})


def _page(
    request: HttpRequest,
    editor: ProtocolEditor,
    version: ProtocolVersion | None = None,
    *,
    status: int = 200,
    is_conflict: bool = False,
) -> HttpResponse:
    today = local_day(timezone.now(), request.site.zone)
    context = {
        "editor": editor,
        "version": version,
        "own_page": page_of(version) if version else reverse("protocols:list"),
        "cadence_form": editor.cadence_form,
        "start_on": start_day(request.POST, today),
        "is_conflict": is_conflict,
    }
    return render(request, "protocols/protocols/edit.html", context, status=status)


@requires("protocols.change_protocol")
@require_POST
def preview_mix(request: HttpRequest) -> HttpResponse:
    """Reckon the mix being typed: mg a line, sums, and what the mix check says. Changes nothing."""
    editor = ProtocolEditor(request.clinic, request.POST)
    editor.lines.is_valid()
    editor.form.is_valid()
    rows = editor.numbered_lines()
    species = editor.form.cleaned_data.get("species") or []
    today = local_day(timezone.now(), request.site.zone)
    lines = [line for _form, line in rows]
    sheet = checks.sheet_of_rows(request.clinic, lines, today, species=species[0].code if species else "")
    forms = [form for form, _line in rows]
    context = {"sheet": sheet, "rows": list(zip(forms, sheet.lines, strict=True)), "is_editor": True}
    return render(request, "protocols/protocols/_mix_preview.html", context)
