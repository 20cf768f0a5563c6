"""A patient is here without a time, or before it: one tap, and a question only where it is not plain what for."""

from collections.abc import Iterable
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from mesoclinic.core.access import requires
from mesoclinic.core.refused import Refused
from patients.models import Patient, Place
from patients.queries import patients as patient_reads
from patients.queries import search
from protocols.models import Species
from sessions.forms.appointments import FOR_SPECIES, KNOWN, NewHereForm, typed_before, where_key
from sessions.models import Appointment, Practitioner
from sessions.queries import availability, booking, walk_ins
from sessions.queries.walk_ins import DueSession
from sessions.services import appointments

from .callers import another_asked, no_species, species_asked, to_species
from .desk import back
from .ripples import offer_undo
from .waiting import say_who_waits

NO_SESSION = "none"
MOST_TAPS = 3  # of more practitioners one is asked for on a page of its own


@requires("sessions.book")
def walk_in(request: HttpRequest) -> HttpResponse:
    """One more, now. Asks only what it does not know: who, with whom, and for which session, where that is not plain."""
    code = request.POST.get("patient") or request.GET.get("patient")
    if not code:
        return _find_walk_in(request)
    patient = patient_reads.get_or_404(request.clinic, code)
    people = availability.practitioners(request.clinic, timezone.localdate(), patient.species).distinct()
    who, place = _who_treats(request, people, patient), _place(request)
    due = walk_ins.due_sessions(request.site, patient, timezone.now())
    banner = patient_reads.banner(patient, timezone.localdate())
    context = {"patient": patient, "banner": banner, "people": people, "place": place, "who": who, "due": due}
    context["reason"] = _reason(request)
    asked = request.POST.get("session", "")
    if request.method != "POST" or who is None:
        return render(request, "sessions/appointments/walk_in.html", context | {"session": asked})
    plain = asked == NO_SESSION or not due or (len(due) == 1 and due[0].visit is None)
    chosen = next((one for one in due if str(one.planned.public_id) == asked), None)
    if chosen is None and asked not in ("", NO_SESSION):
        return _is_here(request, patient) or _ask(request, context, is_stale=True)
    if chosen is None and not plain:
        return _ask(request, context)
    if chosen is None and due and asked != NO_SESSION:
        chosen = due[0]
    return _take(request, patient, who, place, chosen)


def _ask(request: HttpRequest, context: dict, *, is_stale: bool = False) -> HttpResponse:
    context |= {"next": request.POST.get("next", ""), "is_stale": is_stale, "no_session": NO_SESSION}
    return render(request, "sessions/appointments/walk_in_session.html", context, status=409 if is_stale else 200)


def _take(
    request: HttpRequest, patient: Patient, who: Practitioner, place: Place | None, chosen: DueSession | None
) -> HttpResponse:
    batch = uuid4()
    try:
        visit = _begin(request, patient, who, place, chosen, batch)
    except Refused as no:
        if here := _is_here(request, patient):
            return here
        messages.error(request, no.message)
        return back(request, "sessions:day-list")
    names = {"name": patient.name, "who": who.name}
    words = _("%(name)s is here, with %(who)s.") % names
    if chosen:
        names |= {"number": chosen.planned.number, "what": chosen.planned.course.indication}
        words = _("%(name)s is here, with %(who)s, for session %(number)s of %(what)s.") % names
    if chosen and chosen.visit:
        offer_undo(request, batch, words)
        say_who_waits(request, chosen.visit)
    else:
        messages.success(request, words)
    return back(request, "sessions:appointment", visit.public_id)


def _begin(
    request: HttpRequest,
    patient: Patient,
    who: Practitioner,
    place: Place | None,
    chosen: DueSession | None,
    batch: UUID,
) -> Appointment:
    common = {"actor": request.user, "practitioner": who, "place": place}
    if chosen and chosen.visit:
        moves = chosen.visit.moved_count
        return appointments.come_now(appointment=chosen.visit, seen_moves=moves, batch=batch, **common)
    planned = chosen.planned if chosen else None
    return appointments.walk_in(
        clinic=request.clinic,
        site=request.site,
        patient=patient,
        planned_session=planned,
        minutes=(planned.minutes if planned else None) or request.clinic.session_min,
        reason=_reason(request),
        **common,
    )


def _reason(request: HttpRequest) -> str:
    """What was typed as the reason, before it was known that there is a file."""
    return request.POST.get("reason", "").replace("\x00", "").strip()[:300]


@requires("sessions.book")
def walk_in_new_caller(request: HttpRequest) -> HttpResponse:
    """Register somebody who has no file yet and is here now; what was typed into the search is their name."""
    if KNOWN in request.POST:
        return _go_on_with_a_known(request)
    kinds = list(Species.objects.all())
    species = species_asked(request, kinds)
    if species is None:
        return no_species(request)
    if another := another_asked(request, kinds, species):
        return to_species(request, another)
    people = availability.practitioners(request.clinic, timezone.localdate(), species).distinct()
    chosen, place = request.GET.get("practitioner", ""), _place(request)
    found = walk_ins.takers(people, request.user, species_code=species.code, chosen=chosen)
    if request.method == "POST" and FOR_SPECIES not in request.POST:
        form = NewHereForm(request.POST, species=species, people=people)
        if form.is_valid() and (begun := _register_and_begin(request, form, species, place)):
            return begun
    else:
        first = typed_before(request.POST)
        if first.get("with_whom") not in {str(one.public_id) for one in people} and len(found) == 1:
            first["with_whom"] = found[0].public_id
        form = NewHereForm(initial=first, species=species, people=people)
    later = {"species": species.code, "practitioner": chosen if found else "", "where": where_key(None, place)}
    context = {"form": form, "kinds": kinds, "species": species, "place": place, "later_query": urlencode(later)}
    return render(request, "sessions/appointments/walk_in_new_caller.html", context)


def _register_and_begin(
    request: HttpRequest, form: NewHereForm, species: Species, place: Place | None
) -> HttpResponse | None:
    try:
        visit = appointments.walk_in_new_caller(
            actor=request.user, clinic=request.clinic, site=request.site, species=species, place=place, **form.asked()
        )
    except Refused as no:
        field = {"practitioner": "with_whom"}.get(no.field or "", no.field)
        form.add_error(field if field in form.fields else None, no.message)
        return None
    names = {"name": visit.patient.name, "who": visit.practitioner.name}
    messages.success(request, _("%(name)s is here, with %(who)s.") % names)
    return back(request, "sessions:appointment", visit.public_id)


def _go_on_with_a_known(request: HttpRequest) -> HttpResponse:
    """Take who turned out to have a file as any walk-in. A 307 keeps the typed words out of the address."""
    asked = {"patient": request.POST[KNOWN], "practitioner": request.POST.get("with_whom", "")}
    asked["place"] = request.GET.get("place", "")
    return redirect(f"{reverse('sessions:walk-in')}?{urlencode(asked)}", preserve_request=True)


def _is_here(request: HttpRequest, patient: Patient) -> HttpResponse | None:
    """Go to the visit a patient is here for already: a second click, or a second desk, makes no second one."""
    visit = walk_ins.visit_under_way(patient)
    if visit is None:
        return None
    names = {"name": patient.name, "who": visit.practitioner.name}
    messages.info(request, _("%(name)s is here already, with %(who)s.") % names)
    return redirect("sessions:appointment", visit.public_id)


def _who_treats(request: HttpRequest, people: Iterable[Practitioner], patient: Patient) -> Practitioner | None:
    chosen = request.POST.get("practitioner") or request.GET.get("practitioner") or ""
    found = walk_ins.takers(people, request.user, species_code=patient.species.code, chosen=chosen)
    return found[0] if len(found) == 1 else None


def _place(request: HttpRequest):
    code = request.POST.get("place") or request.GET.get("place")
    try:
        return get_object_or_404(booking.places(request.clinic), public_id=UUID(code)) if code else None
    except ValueError:
        return None


def _find_walk_in(request: HttpRequest) -> HttpResponse:
    """Look for who is here; each line has a tap for each who may take them, while these are few."""
    text, chosen = request.GET.get("q", "")[:200], request.GET.get("practitioner", "")
    place = _place(request)
    hits = search.search(request.clinic, text) if text.strip() else []
    here = list(booking.patients_at(place)) if place else []
    people = list(availability.practitioners(request.clinic, timezone.localdate())) if hits or here else []

    def taps(species_code: str) -> list[Practitioner]:
        found = walk_ins.takers(people, request.user, species_code=species_code, chosen=chosen)
        return found if len(found) <= MOST_TAPS else []

    context = {
        "text": text,
        "hits": [(hit, taps(hit.species_code)) for hit in hits],
        "place": place,
        "here": [(one, taps(one.species.code)) for one in here],
        "practitioner": chosen,
        "new_name": "" if any(one.isdigit() for one in text) else text.strip(),
        "new_query": urlencode({"practitioner": chosen} | ({"place": place.public_id} if place else {})),
    }
    return render(request, "sessions/appointments/find_walk_in.html", context)
