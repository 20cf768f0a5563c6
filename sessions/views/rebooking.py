"""The rebooking page: visits that have lost their time, new times for all of them, and the calls to make."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from mesoclinic.core.access import requires
from mesoclinic.core.exports import exported, is_asked
from mesoclinic.core.localtime import local_day
from mesoclinic.core.refused import Refused
from sessions import exports
from sessions.forms.rebooking import CallForm, new_times_asked
from sessions.models import CallAttempt
from sessions.queries import appointments as reads
from sessions.queries.broken import BrokenList, Cause, broken_visits, cause_or_404, lost_visits
from sessions.queries.rebook_page import rebook_page, rows_of
from sessions.queries.rounds import round_or_404
from sessions.services import appointments
from sessions.services.calls import record_call_about_round, record_call_attempt

from .desk import back


@require_safe
@requires("core.use_clinic")
def rebook(request: HttpRequest, kind: str = "", public_id: UUID | None = None) -> HttpResponse:
    """List what is broken, by one cause or by any. Times are proposed to those who may book."""
    cause = cause_or_404(request.clinic, kind, public_id) if public_id else Cause()
    now = timezone.now()
    if is_asked(request):
        return _whole_list(request, cause, now)
    books = request.user.has_perm("sessions.book")
    page = rebook_page(request.site, cause, now=now, solve=books)
    context = {"page": page, "cause": cause, "books": books, "here": request.path}
    return render(request, "sessions/rebooking/rebook.html", context)


def _whole_list(request: HttpRequest, cause: Cause, now: datetime) -> HttpResponse | None:
    """Every visit of the list as a file; for those who see no names, without them."""
    columns = exports.TO_REBOOK if request.user.has_perm("sessions.view_schedule") else exports.TO_REBOOK_NAMELESS
    why = lost_visits(request.site, cause, now=now).why
    lines = partial(rows_of, why, today=local_day(now, request.site.zone))
    return exported(request, "rebooking", list(why), columns, lines=lines)


@require_POST
@requires("sessions.book")
def accept_new_times(request: HttpRequest) -> HttpResponse:
    """Take the times chosen: all of them or, when one cannot be had, none."""
    try:
        moves = new_times_asked(request.POST, request.clinic)
        done = appointments.rebook_visits(
            actor=request.user, moves=moves, reason=request.POST.get("because", "").strip()[:150]
        )
    except Refused as no:
        messages.error(request, _("Nothing was changed. %(why)s") % {"why": no.message})
    else:
        _say(request, len(done.moved), len(done.held))
    return back(request, "sessions:rebook")


def _say(request: HttpRequest, moved: int, held: int) -> None:
    if moved:
        words = ngettext("%(count)d visit has its new time.", "%(count)d visits have their new times.", moved)
        messages.success(request, words % {"count": moved})
    if held:
        words = ngettext("%(count)d time is held: call now.", "%(count)d times are held: call now.", held)
        messages.success(request, words % {"count": held})
    if not moved and not held:
        messages.info(request, _("No new time was chosen, so nothing changed."))


@require_POST
@requires("sessions.book")
def record_call(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Write down what came of a call about a visit; *agreed* and *declined* answer the time held for it."""
    visit = reads.get_or_404(request.clinic, public_id)
    about = {"actor": request.user, "appointment": visit}
    answers = {
        "agreed": partial(appointments.agree_to_held_time, **about),
        "declined": partial(appointments.decline_held_time, **about),
    }
    return _noted(request, visit.patient.name, answers, partial(record_call_attempt, **about, patient=visit.patient))


@require_POST
@requires("sessions.book")
def record_round_call(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Write down what came of a call about a whole round; *agreed* and *declined* answer the times held for it."""
    about = {"actor": request.user, "round": round_or_404(request.clinic, public_id)}
    answers = {
        "agreed": partial(appointments.agree_to_held_round, **about),
        "declined": partial(appointments.decline_held_round, **about),
    }
    return _noted(request, about["round"].place.name, answers, partial(record_call_about_round, **about))


def _noted(request: HttpRequest, name: str, answers: dict[str, Callable], otherwise: Callable) -> HttpResponse:
    form = CallForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say what came of the call."))
        return back(request, "sessions:rebook")
    outcome, note = form.cleaned_data["outcome"], form.cleaned_data["note"]
    try:
        if outcome in answers:
            answers[outcome](note=note)
        else:
            otherwise(outcome=outcome, note=note)
    except Refused as no:
        messages.error(request, no.message)
    else:
        label = CallAttempt.Outcome(outcome).label
        messages.success(request, _("%(name)s: %(what)s.") % {"name": name, "what": str(label).lower()})
    return back(request, "sessions:rebook")


def is_agreed(request: HttpRequest, breaks: BrokenList) -> bool:
    """Say whether a change may be saved: it breaks nothing, or what it breaks was on the page it was sent from.

    What htmx sends only asks what would break: nothing is ever saved by it.
    """
    return not request.htmx and (not breaks.total or request.POST.get("seen") == breaks.mark)


def saved(request: HttpRequest, cause: Cause, words: str, fallback: str) -> HttpResponse:
    """Say that a setting is saved, and go on to the visits it has broken, if any; else to the fallback."""
    broken = broken_visits(request.site, cause, now=timezone.now(), at_most=1)
    if not broken.total or cause.owner is None:
        messages.success(request, words)
        return redirect(fallback)
    breaks = ngettext("%(count)d visit no longer fits.", "%(count)d visits no longer fit.", broken.total)
    messages.warning(request, f"{words} {breaks % {'count': broken.total}}")
    return redirect("sessions:rebook-because", cause.kind, cause.owner.public_id)
