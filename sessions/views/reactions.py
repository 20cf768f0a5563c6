"""Reactions told after signing, how they went on, and whom to ask about late ones."""

import uuid
from functools import partial

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mesoclinic.core.access import requires
from mesoclinic.core.exports import exported
from mesoclinic.core.localtime import local_day
from mesoclinic.core.refused import Refused
from sessions import exports
from sessions.forms.addenda import LateReactionForm, ReactionUpdateForm
from sessions.forms.follow_ups import FollowUpForm
from sessions.models import FollowUp
from sessions.queries import follow_ups as follow_up_reads
from sessions.queries import records as reads
from sessions.services import records
from sessions.services.follow_ups import note_follow_up

from .desk import back

A_PAGE = 40
MOST_LINES = 400  # the most urgent: counting all of a large clinic's would take longer than asking them
VIEWS = [("", gettext_lazy("To ask")), ("asked", gettext_lazy("Asked lately")), ("all", gettext_lazy("All"))]


@requires("sessions.change_record")
@require_http_methods(["GET", "POST"])
def report_reaction(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Enter a reaction that was told after signing, beginning with what was noted when it was asked about."""
    record = reads.get_or_404(request.clinic, public_id)
    note = "" if request.method == "POST" else follow_up_reads.untold_note(record)
    form = LateReactionForm(request.POST or None, record=record, initial={"description": note})
    if request.method == "POST" and form.is_valid():
        try:
            records.report_reaction(actor=request.user, record=record, **form.cleaned_data)
            messages.success(request, _("The reaction is entered."))
            return redirect("sessions:record-view", public_id=record.public_id)
        except Refused as refused:
            form.refuse(refused)
    return render(request, "sessions/records/reaction.html", {"record": record, "form": form})


@requires("sessions.change_record")
@require_http_methods(["GET", "POST"])
def update_reaction(request: HttpRequest, public_id: uuid.UUID, event_id: uuid.UUID) -> HttpResponse:
    """Enter how a reaction went on, the lot it is blamed on, or that it is blamed on it no longer."""
    record = reads.get_or_404(request.clinic, public_id)
    event = get_object_or_404(record.adverse_events, public_id=event_id)
    form = ReactionUpdateForm(request.POST or None, event=event)
    if request.method == "POST" and form.is_valid():
        try:
            records.update_reaction(actor=request.user, event=event, **form.cleaned_data)
            messages.success(request, _("Entered."))
            return redirect("sessions:record-view", public_id=record.public_id)
        except Refused as refused:
            form.refuse(refused)
    return render(request, "sessions/records/reaction.html", {"record": record, "form": form, "event": event})


@requires("sessions.view_record")
@require_safe
def follow_ups(request: HttpRequest) -> HttpResponse:
    """List whom to ask how the injected places look, up to twelve weeks after a session with a lot."""
    now, show = timezone.now(), request.GET.get("show", "")
    due = follow_up_reads.due(request.clinic, now, show=show)
    lines = partial(follow_up_reads.lines, today=local_day(now, request.site.zone))
    if sent := exported(request, "follow-up", due, exports.FOLLOW_UPS, lines=lines):
        return sent
    due = due[:MOST_LINES]
    page = Paginator(due, A_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "lines": lines(page.object_list),
        "views": VIEWS,
        "show": show,
        "answers": FollowUp.Answer.choices,
        "here": request.get_full_path(),
        "weeks": (follow_up_reads.FIRST_WEEK, follow_up_reads.LAST_WEEK),
    }
    return render(request, "sessions/follow_ups/list.html", context)


@requires("sessions.change_record")
@require_POST
def note_answer(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Note what was answered; when something was seen, lead on to the reaction."""
    record = reads.get_or_404(request.clinic, public_id)
    form = FollowUpForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Nothing was noted. Say what was answered, in at most 500 letters of note."))
        return back(request, "sessions:follow-ups")
    try:
        note_follow_up(actor=request.user, record=record, **form.cleaned_data)
    except Refused as refused:
        messages.error(request, refused.message)
        return back(request, "sessions:follow-ups")
    messages.success(request, _("Noted."))
    if form.cleaned_data["answer"] == FollowUp.Answer.REACTION:
        if record.is_signed:
            return redirect("sessions:record-reaction", record.public_id)
        messages.warning(request, _("The record is not signed yet. Sign it, then enter what was seen."))
        return redirect("sessions:record-view", record.public_id)
    return back(request, "sessions:follow-ups")
