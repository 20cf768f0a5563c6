"""Pages and one-step actions of rounds: plan one, see it, reorder, move or call it off, print its sheet."""

from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from mesoclinic.core import languages
from mesoclinic.core.access import requires
from mesoclinic.core.exports import exported
from mesoclinic.core.file_answers import file_answer
from mesoclinic.core.refused import Refused
from patients.queries import patients as patient_reads
from patients.queries import search
from sessions import exports
from sessions.forms.appointments import CancelForm
from sessions.forms.rounds import AddToRoundForm, MoveRoundForm
from sessions.models import Appointment, Round
from sessions.queries import appointments as visit_reads
from sessions.queries import availability
from sessions.queries import rounds as reads
from sessions.services import rounds

from .round_desk import RoundDesk

DAYS_LISTED = 60


@require_safe
@requires("sessions.view_schedule")
def list_rounds(request: HttpRequest) -> HttpResponse:
    """List the rounds to come, and the stables and homes with somebody due."""
    today = timezone.localdate()
    until = today + timedelta(days=DAYS_LISTED)
    coming = reads.rounds_between(request.site, today, until)
    if sent := exported(request, "round", coming, exports.ROUNDS):
        return sent
    context = {"rounds": coming, "places": reads.places_with_due(request.site, today), "today": today}
    return render(request, "sessions/rounds/list.html", context)


@requires("sessions.book")
def book_round(request: HttpRequest) -> HttpResponse:
    if known := reads.round_of_form(request.clinic, request.POST.get("booking_token", "")):
        return _back_to(known)
    desk = RoundDesk(request)
    if desk.place is None:
        return render(request, "sessions/rounds/no_place.html")
    if request.method == "POST" and desk.form.is_valid() and (starts_at := desk.form.starts_at()):
        try:
            booked = rounds.book_round(actor=request.user, **desk.asked(starts_at))
        except Refused as no:
            desk.refuse(no)
        else:
            messages.success(request, _("Booked: the round at %(place)s.") % {"place": booked.place.name})
            return redirect("sessions:round", booked.public_id)
    return render(request, "sessions/rounds/book.html", desk.context(), status=409 if desk.refusal else 200)


@require_POST
@requires("sessions.book")
def round_times(request: HttpRequest) -> HttpResponse:
    """Show the times that fit who is ticked now; nothing is booked."""
    desk = RoundDesk(request)
    if desk.place is None:
        return render(request, "sessions/rounds/no_place.html")
    desk.form.is_valid()
    return render(request, "sessions/rounds/book.html", desk.context())


@require_safe
@requires("sessions.view_schedule")
def open_round(request: HttpRequest, public_id: UUID) -> HttpResponse:
    one = reads.round_or_404(request.clinic, public_id)
    now = timezone.now()
    context = {"round": one, "page": reads.round_page(one, now), "here": request.path, "now": now}
    return render(request, "sessions/rounds/round.html", context)


@require_POST
@requires("sessions.book")
def reorder_round(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One step: `visit` changes places with the one before or after it (`step`), or with `other`."""
    one = reads.round_or_404(request.clinic, public_id)
    try:
        visit = visit_reads.get_or_404(request.clinic, UUID(request.POST.get("visit", "")))
        other = request.POST.get("other", "")
        seen = {"seen_moves": int(request.POST["seen_moves"])} if request.POST.get("seen_moves", "").isdecimal() else {}
        if other:
            with_whom = visit_reads.get_or_404(request.clinic, UUID(other))
            rounds.swap_in_round(actor=request.user, visit=visit, other=with_whom, **seen)
        else:
            step = -1 if request.POST.get("step") == "up" else 1
            rounds.reorder_round(actor=request.user, visit=visit, step=step, **seen)
    except ValueError:
        messages.error(request, _("Choose a visit of this round."))
    except Refused as no:
        messages.error(request, no.message)
    return _back_to(one)


@require_POST
@requires("sessions.book")
def close_gaps(request: HttpRequest, public_id: UUID) -> HttpResponse:
    one = reads.round_or_404(request.clinic, public_id)
    try:
        moved = len(rounds.close_gaps(actor=request.user, round=one))
    except Refused as no:
        messages.error(request, no.message)
    else:
        words = ngettext("%(count)s visit begins earlier now.", "%(count)s visits begin earlier now.", moved)
        messages.success(request, words % {"count": moved})
    return _back_to(one)


@requires("sessions.book")
def move_round(request: HttpRequest, public_id: UUID) -> HttpResponse:
    one = reads.round_or_404(request.clinic, public_id)
    page = reads.round_page(one, timezone.now())
    first = page.live[0].visit if page.live else None
    local = first.starts_at.astimezone(one.site.zone) if first else timezone.now()
    initial = {"on": local.date(), "at": local.time(), "practitioner": one.practitioner.public_id}
    people = availability.practitioners(request.clinic, species=first.patient.species if first else None).distinct()
    form = MoveRoundForm(request.POST or None, site=one.site, people=people, initial=initial)
    if request.method == "POST" and form.is_valid():
        asked = {name: form.cleaned_data[name] for name in ("starts_at", "practitioner", "reason")}
        try:
            rounds.move_round(actor=request.user, round=one, **asked)
        except Refused as no:
            form.refuse(no)
        else:
            messages.success(request, _("The whole round has moved."))
            return _back_to(one)
    return render(request, "sessions/rounds/act.html", {"round": one, "page": page, "form": form, "verb": "move"})


@requires("sessions.book")
def cancel_round(request: HttpRequest, public_id: UUID) -> HttpResponse:
    one = reads.round_or_404(request.clinic, public_id)
    form = CancelForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            rounds.cancel_round(actor=request.user, round=one, **form.cleaned_data)
        except Refused as no:
            form.refuse(no)
        else:
            messages.success(request, _("The round is cancelled; the sessions are due again."))
            return _back_to(one)
    context = {"round": one, "page": reads.round_page(one, timezone.now()), "form": form, "verb": "cancel"}
    return render(request, "sessions/rounds/act.html", context)


@requires("sessions.book")
def add_to_round(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One more: shows who stands there or is searched for; with a patient, asks how long and books."""
    one = reads.round_or_404(request.clinic, public_id)
    if not request.GET.get("patient"):
        return _find(request, one)
    patient = patient_reads.get_or_404(request.clinic, request.GET["patient"])
    found = reads.candidates_of(one.site, [patient], one.on, timezone.now())[0]
    form = AddToRoundForm(request.POST or None, initial={"minutes": found.minutes})
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        why = {"outside_window_reason": reason} | ({} if found.planned else {"reason": reason})
        asked = {"patient": patient, "minutes": form.cleaned_data["minutes"], "planned_session": found.planned, **why}
        try:
            rounds.add_to_round(actor=request.user, round=one, **asked)
        except Refused as no:
            form.refuse(no)
        else:
            messages.success(request, _("%(name)s is part of the round now.") % {"name": patient.name})
            return _back_to(one)
    context = {"round": one, "form": form, "found": found, "patient": patient, "verb": "add"}
    return render(request, "sessions/rounds/add.html", context)


def _find(request: HttpRequest, one: Round) -> HttpResponse:
    text = request.GET.get("q", "")[:200]
    on_it = set(Appointment.objects.live().filter(round=one).values_list("patient_id", flat=True))
    here = reads.candidates(one.site, one.place, one.on, timezone.now())
    context = {
        "round": one,
        "words": reads.place_words(one.place),
        "text": text,
        "hits": search.search(request.clinic, text) if text.strip() else [],
        "here": [each for each in here if each.patient.pk not in on_it or each.is_due],
    }
    return render(request, "sessions/rounds/find.html", context)


@require_safe
@requires("sessions.view_schedule")
@languages.in_language_asked
def round_sheet(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Print the sheet to take along as a PDF."""
    one = reads.round_or_404(request.clinic, public_id)
    printed = rounds.print_round_sheet(actor=request.user, round=one, today=timezone.localdate())
    return file_answer(printed.pdf, printed.file_name)


def _back_to(one: Round) -> HttpResponse:
    return redirect("sessions:round", one.public_id)
