"""Recalls: find a lot by maker and number, lock it everywhere, tell everybody who received it."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from mesoclinic.core.access import requires
from mesoclinic.core.exports import KINDS, exported
from mesoclinic.core.file_answers import PDF, file_answer
from mesoclinic.core.localtime import local_day
from mesoclinic.core.refused import Refused
from protocols.models import Recall
from protocols.queries import recalls as reads
from protocols.services import recalls as stock
from sessions import exports
from sessions.forms.recalls import BeginRecallForm, FindLotForm, NoticeForm, TakeBackForm
from sessions.queries.recalls import find, person_or_none
from sessions.services import recalls as services
from sessions.services.recalls import HandedOut

from .desk import back

PEOPLE_A_PAGE = 50
RECALLS_SHOWN = 50
LOOKED_FOR = timedelta(minutes=10)
XLSX, CSV = KINDS["xlsx"], KINDS["csv"]


@requires("sessions.run_recall")
@require_safe
def recalls(request: HttpRequest) -> HttpResponse:
    """Find what a number means before it is recalled; list the recalls there were."""
    if sent := exported(request, "recall", reads.recalls(request.clinic), exports.RECALLS):
        return sent
    form = FindLotForm(request.GET if request.GET.get("number") else None)
    match = begin = None
    if form.is_valid():
        match = find(request.clinic, form.cleaned_data["number"], form.cleaned_data["manufacturer"])
        begin = BeginRecallForm(initial=form.cleaned_data)
    return _recalls_page(request, form, match=match, begin=begin)


def _recalls_page(request: HttpRequest, form: FindLotForm, *, status: int = 200, **shown) -> HttpResponse:
    context = {"form": form, "recalls": reads.recalls(request.clinic)[:RECALLS_SHOWN], **shown}
    return render(request, "sessions/recalls/list.html", context, status=status)


@requires("sessions.run_recall")
@require_POST
def begin_recall(request: HttpRequest) -> HttpResponse:
    """Lock every lot of the number at once."""
    form = BeginRecallForm(request.POST)
    if form.is_valid():
        asked = {name: form.cleaned_data[name] for name in form.fields}
        try:
            recall = stock.recall_lots(actor=request.user, clinic=request.clinic, **asked)
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("Recalled. None of these lots is offered any more."))
            return redirect("sessions:recall", recall.public_id)
    return _recalls_page(request, FindLotForm(), begin=form, status=422)


@requires("sessions.run_recall")
@require_safe
def recall(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show a recall: what holds the lot, and whom to call first."""
    return _recall_page(request, reads.get_or_404(request.clinic, public_id))


def _recall_page(request: HttpRequest, recall: Recall, *, status: int = 200, **shown) -> HttpResponse:
    now = timezone.now()
    today = local_day(now, request.site.zone)
    sheet = services.open_recall(actor=request.user, recall=recall, today=today, since=now - LOOKED_FOR)
    context = {
        "sheet": sheet,
        "recall": recall,
        "page": Paginator(sheet.people, PEOPLE_A_PAGE).get_page(request.GET.get("page")),
        "today": today,
        "outcomes": NoticeForm.base_fields["outcome"].choices,
        "here": request.get_full_path() if request.method in ("GET", "HEAD") else request.path,
        "take_back": TakeBackForm(),
        "notice": None,
        **shown,
    }
    return render(request, "sessions/recalls/recall.html", context, status=status)


@requires("sessions.run_recall")
@require_POST
def note_notice(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Note what came of a call or a letter."""
    recall = reads.get_or_404(request.clinic, public_id)
    form = NoticeForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Nothing was noted. Say what came of the call, in at most 300 letters of note."))
        return _recall_page(request, recall, status=422)
    asked = form.cleaned_data
    try:
        services.note_recall_notice(
            actor=request.user,
            recall=recall,
            person=person_or_none(recall, asked["person"]),
            outcome=asked["outcome"],
            note=asked["note"],
        )
    except Refused as refused:
        messages.error(request, refused.message)
    return back(request, "sessions:recall", recall.public_id)


@requires("sessions.run_recall")
@require_safe
def letters(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Print one letter to each person, in one PDF."""
    return _hand_out(request, public_id, services.print_letters, PDF)


@requires("sessions.run_recall")
@require_safe
def export_list(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Hand the list out: people and sessions as a workbook, or, when asked, the people as CSV."""
    if request.GET.get("as") == "csv":
        return _hand_out(request, public_id, services.export_people, CSV)
    return _hand_out(request, public_id, services.export_list, XLSX)


def _hand_out(request: HttpRequest, public_id: UUID, make: Callable[..., HandedOut], kind: str) -> HttpResponse:
    recall = reads.get_or_404(request.clinic, public_id)
    try:
        made = make(actor=request.user, recall=recall, today=local_day(timezone.now(), request.site.zone))
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect("sessions:recall", recall.public_id)
    return file_answer(made.content, made.file_name, kind, as_attachment=kind != PDF)


@requires("sessions.run_recall")
@require_POST
def take_back(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Take back a recall that was a mistake."""
    recall = reads.get_or_404(request.clinic, public_id)
    form = TakeBackForm(request.POST)
    if not form.is_valid():
        return _recall_page(request, recall, status=422, take_back=form)
    stock.take_back(actor=request.user, recall=recall, reason=form.cleaned_data["reason"])
    if others := reads.holding_still(recall):
        said = {"recalls": "; ".join(f"{other} ({other.reason})" for other in others)}
        messages.warning(
            request, _("The recall is taken back. Lots another recall means too stay locked: %(recalls)s.") % said
        )
    else:
        messages.success(request, _("The recall is taken back; its lots are in use again."))
    return redirect("sessions:recall", recall.public_id)
