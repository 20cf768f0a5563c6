"""One tap on a line of a list: take a time, offer one, say what came of a call."""

from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from mesoclinic.core.access import requires
from mesoclinic.core.exports import exported, is_asked
from mesoclinic.core.refused import Refused
from mesoclinic.core.wording import date_format
from patients.queries import patients as patient_reads
from sessions import exports
from sessions.forms.waiting import CallForm, TakeForm
from sessions.models import Appointment
from sessions.queries import availability
from sessions.queries.call_lists import call_lists, whole_call_lists
from sessions.queries.fitting import Line
from sessions.queries.lines import line_or_404
from sessions.queries.ripples import Deed
from sessions.services import calls, lines

from .desk import back, with_other_times
from .ripples import answer, ask, offer_undo
from .waiting import say_who_waits


@require_safe
@requires("sessions.book")
def to_call(request: HttpRequest) -> HttpResponse:
    """Show everybody to call and every visit to rebook, not only the most urgent."""
    now = timezone.now()
    if request.site and is_asked(request):
        whole = whole_call_lists(request.site, now)
        return exported(request, "call", whole.keys, exports.TO_CALL, lines=whole.lines)
    lists = call_lists(request.site, now) if request.site else None
    return render(request, "sessions/today/to_call.html", {"here": request.path, "lists": lists})


@require_POST
@requires("sessions.book")
def take_time(request: HttpRequest, what: str, public_id: UUID) -> HttpResponse:
    line = line_or_404(request.clinic, what, public_id, timezone.now())
    form = _form(request, line)
    if not form.is_valid():
        return _no(request, _("Choose one of the times shown."))
    try:
        given = _take_or_ask(request, line, form)
    except Refused as no:
        return _no(request, _with_others(no, line, form))
    if isinstance(given, HttpResponse):
        return given
    if line.visit is not None:
        say_who_waits(request, line.visit)
    return back(request, "sessions:appointment", given.public_id)


def _take_or_ask(request: HttpRequest, line: Line, form: TakeForm) -> Appointment | HttpResponse:
    """Give the time, and say so; or give the page that asks what becomes of the visits that follow."""
    asked, seen_moves = form.asked(), form.cleaned_data["seen_moves"]
    following, batch = None, uuid4()
    if line.visit is not None:
        planned = line.visit.planned_session
        following = answer(request, planned)
        if following is None:
            first = lines.new_time(line, **asked, seen_moves=seen_moves)
            found = ask(request, planned, Deed.MOVE, first=first)
            if found is not None:
                return found
    given = lines.take_time(
        actor=request.user, line=line, seen_moves=seen_moves, following=following or (), batch=batch, **asked
    )
    words = {"patient": line.patient.name, "when": _when(given), "who": given.practitioner.name}
    said = _("Booked: %(patient)s, %(when)s, %(who)s.") % words
    if line.visit is not None:
        offer_undo(request, batch, said)
    else:
        messages.success(request, said)
    return given


@require_POST
@requires("sessions.book")
def offer_time(request: HttpRequest, what: str, public_id: UUID) -> HttpResponse:
    line = line_or_404(request.clinic, what, public_id, timezone.now())
    form = _form(request, line)
    if not form.is_valid():
        return _no(request, _("Choose one of the times shown."))
    try:
        offer, is_told = lines.offer_time(
            actor=request.user, line=line, seen_moves=form.cleaned_data["seen_moves"], **form.asked()
        )
    except Refused as no:
        return _no(request, _with_others(no, line, form))
    until = date_format(timezone.localtime(offer.offered_until, line.site.zone), "D j M H:i")
    words = {"patient": line.patient.name, "when": _when(offer), "until": until}
    messages.success(request, _("Held for %(patient)s until %(until)s: %(when)s.") % words)
    if not is_told:
        messages.info(request, _("No message goes out: please call."))
    return back(request, "sessions:appointment", (line.visit or offer).public_id)


@require_POST
@requires("sessions.book")
def note_call(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Write down what came of a call, at one tap."""
    patient = patient_reads.get_or_404(request.clinic, public_id)
    form = CallForm(request.POST)
    if not form.is_valid():
        return _no(request, _("Say what came of the call."))
    attempt = calls.record_call_attempt(actor=request.user, patient=patient, **form.cleaned_data)
    words = {"patient": patient.name, "what": str(attempt.get_outcome_display()).lower()}
    messages.success(request, _("%(patient)s: %(what)s. Noted.") % words)
    return back(request, "sessions:to-call")


def _form(request: HttpRequest, line: Line) -> TakeForm:
    people = availability.practitioners(request.clinic, species=line.patient.species).distinct()
    return TakeForm(request.POST, site=line.site, people=people)


def _no(request: HttpRequest, words: str) -> HttpResponseRedirect:
    messages.error(request, words)
    return back(request, "sessions:to-call")


def _with_others(no: Refused, line: Line, form: TakeForm) -> str:
    """Say why not, for whom, and what is free instead."""
    said = _("%(patient)s: %(why)s") % {"patient": line.patient.name, "why": no.message}
    return with_other_times(no, said, line.site, form.asked()["practitioner"])


def _when(visit: Appointment) -> str:
    return date_format(timezone.localtime(visit.starts_at, visit.site.zone), "D j M H:i")
