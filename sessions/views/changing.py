"""Move, cancel, or note that nobody came or was treated: first shown what follows, then done, and for a minute taken back."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mesoclinic.core.access import requires
from mesoclinic.core.refused import Refused
from mesoclinic.core.wording import date_format
from sessions.forms.appointments import CancelForm, DragForm, MoveForm, ReasonForm
from sessions.models import Appointment
from sessions.queries import appointments as reads
from sessions.queries import availability, outbox
from sessions.queries.fitting import times_for_visit
from sessions.queries.ripples import Deed
from sessions.services import appointments, undoing
from sessions.services.appointments import NewTime

from .desk import back, with_other_times
from .ripples import answer, ask, offer_undo
from .waiting import say_who_waits, who_waits_in_words


@requires("sessions.book")
def move(request: HttpRequest, public_id: UUID) -> HttpResponse:
    visit = reads.get_or_404(request.clinic, public_id)
    if request.method == "POST" and request.POST.get("starts"):
        return _drag(request, visit)
    people = availability.practitioners(request.clinic, species=visit.patient.species).distinct()
    common = {"site": visit.site, "appointment": visit, "people": people}
    common["may_squeeze"] = request.user.has_perm("sessions.squeeze_in")
    form, refusal = MoveForm(request.POST or None, **common), None
    if request.method == "POST" and form.is_valid():
        try:
            asked = _move_or_ask(request, NewTime(appointment=visit, **form.asked()))
        except Refused as no:
            refusal = no
            form.refuse(no)
        else:
            if asked is None:
                say_who_waits(request, visit)
            return asked or back(request, "sessions:appointment", visit.public_id)
    others = refusal.details.get("alternatives", []) if refusal else times_for_visit(visit, timezone.now())
    context = {"visit": visit, "form": form, "alternatives": others, "next": request.GET.get("next", "")}
    context["is_refused"] = refusal is not None
    template = "sessions/appointments/_move.html" if request.htmx else "sessions/appointments/move.html"
    return render(request, template, context, status=409 if refusal else 200)


def _move_or_ask(request: HttpRequest, asked: NewTime) -> HttpResponse | None:
    """Move, and say so; or give the page that asks what becomes of those that follow."""
    visit = asked.appointment
    following = answer(request, visit.planned_session)
    if following is None:
        found = ask(request, visit.planned_session, Deed.MOVE, first=asked)
        if found is not None:
            return found
    batch = uuid4()
    moved = appointments.move_with_following(actor=request.user, first=asked, following=following or [], batch=batch)
    offer_undo(request, batch, _moved_words(moved, visit, following or []))
    return None


def _moved_words(moved: Appointment, visit: Appointment, following: Sequence[NewTime]) -> str:
    starts_at, ends_at = (timezone.localtime(at, visit.site.zone) for at in (moved.starts_at, moved.ends_at))
    when, until = date_format(starts_at, "D j M, H:i"), date_format(ends_at, "H:i")
    names = {"name": visit.patient.name, "when": when, "until": until, "count": len(following)}
    if following:
        return _("%(name)s moved to %(when)s, and %(count)s more along with it.") % names
    if moved.starts_at == visit.starts_at and moved.practitioner_id == visit.practitioner_id:
        return _("%(name)s: %(when)s to %(until)s.") % names
    return _("%(name)s moved to %(when)s.") % names


def _drag(request: HttpRequest, visit: Appointment) -> HttpResponse:
    """Answer a drag in the calendar: moved, refused in words, or the question, to be shown in a dialog."""
    form = DragForm(request.POST, site=visit.site, clinic=request.clinic)
    if not form.is_valid():
        return JsonResponse({"words": " ".join(errors[0] for errors in form.errors.values())}, status=422)
    try:
        asked = _move_or_ask(request, NewTime(appointment=visit, **form.asked()))
    except Refused as no:
        if "future" in request.POST:
            messages.error(request, no.message)
            return back(request, "sessions:appointment", visit.public_id)
        who = form.cleaned_data["practitioner"] or visit.practitioner
        return JsonResponse({"code": no.code, "words": with_other_times(no, no.message, visit.site, who)}, status=409)
    if "future" in request.POST:
        return back(request, "sessions:appointment", visit.public_id)
    if asked is not None:
        return JsonResponse({"ask": asked.content.decode()})
    visit.refresh_from_db(fields=["moved_count"])
    return JsonResponse({**_undo_words(request, visit), "moves": visit.moved_count})


def _undo_words(request: HttpRequest, visit: Appointment) -> dict[str, Any]:
    offered = request.session["undo"]
    words = " ".join(filter(None, [offered["words"], who_waits_in_words(visit)[0]]))
    return {"words": words, "undo": offered["batch"]}


@requires("sessions.book")
def cancel(request: HttpRequest, public_id: UUID) -> HttpResponse:
    visit = reads.get_or_404(request.clinic, public_id)
    is_told = outbox.is_told_of_its_end(visit, timezone.now())
    words = {"done": _("%(name)s: cancelled.") % {"name": visit.patient.name}, "page": "cancel", "is_told": is_told}
    return _because(request, visit, CancelForm, Deed.CANCEL, appointments.cancel_with_following, **words)


@requires("sessions.book")
def mark_not_treated(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Of a round it is one tap: what follows a visit of a round stays where it is."""
    visit = reads.get_or_404(request.clinic, public_id)
    deed = None if visit.round_id else Deed.NOT_TREAT
    words = {"done": _("%(name)s: not treated.") % {"name": visit.patient.name}, "page": "not_treated"}
    return _because(request, visit, ReasonForm, deed, appointments.mark_not_treated_with_following, **words)


def _because(
    request: HttpRequest,
    visit: Appointment,
    form_class: type[ReasonForm],
    deed: Deed | None,
    service: Callable[..., Appointment],
    *,
    done: str,
    **words: Any,
) -> HttpResponse:
    """Ask why, then what becomes of those that follow, then do it; `done` stands in the bar that takes it back."""
    form, batch = form_class(request.POST or None), uuid4()
    if request.method == "POST" and form.is_valid():
        try:
            following = answer(request, visit.planned_session) if deed else []
            asked = ask(request, visit.planned_session, deed, visit=visit) if deed and following is None else None
            if asked is not None:
                return asked
            asked_for = {**form.cleaned_data, "following": following or [], "batch": batch}
            service(actor=request.user, appointment=visit, **asked_for)
        except Refused as no:
            form.add_error(no.field if no.field in form.fields else None, no.message)
        else:
            offer_undo(request, batch, done)
            say_who_waits(request, visit)
            return back(request, "sessions:appointment", visit.public_id)
    next_url = request.POST.get("next") or request.GET.get("next", "")
    template = "sessions/appointments/_why.html" if request.htmx else "sessions/appointments/why.html"
    return render(request, template, {"visit": visit, "form": form, "next": next_url, **words})


@requires("sessions.book")
@require_POST
def mark_no_show(request: HttpRequest, public_id: UUID) -> HttpResponse:
    visit = reads.get_or_404(request.clinic, public_id)
    batch = uuid4()
    try:
        following = answer(request, visit.planned_session)
        if following is None:
            asked = ask(request, visit.planned_session, Deed.MISS, visit=visit)
            if asked is not None:
                return asked
        appointments.mark_no_show_with_following(
            actor=request.user, appointment=visit, following=following or [], batch=batch
        )
    except Refused as no:
        messages.error(request, no.message)
    else:
        offer_undo(request, batch, _("%(name)s: did not come.") % {"name": visit.patient.name})
        say_who_waits(request, visit)
    return back(request, "sessions:appointment", visit.public_id)


@requires("sessions.book")
@require_POST
def undo(request: HttpRequest, batch: UUID) -> HttpResponse:
    """Take back the last step, within its minute. The calendar asks for the answer in words."""
    if request.session.get("undo", {}).get("batch") == str(batch):  # another tab may have done another step since
        del request.session["undo"]
    try:
        undoing.undo(actor=request.user, clinic=request.clinic, batch=batch)
    except Refused as no:
        is_done, words = False, no.message
    else:
        is_done, words = True, _("Taken back.")
    if request.headers.get("Accept") == "application/json":
        return JsonResponse({"done": is_done, "words": words})
    (messages.success if is_done else messages.error)(request, words)
    return back(request, "sessions:calendar")
