"""Pages and one-tap actions of appointments."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from mesoclinic.core.access import requires
from mesoclinic.core.localtime import local_day
from mesoclinic.core.refused import Refused
from mesoclinic.core.wording import date_format
from patients.queries import patients as patient_reads
from patients.queries import search
from protocols.models import Species
from sessions.forms.appointments import (
    FOR_SPECIES,
    KNOWN,
    BookForm,
    CallerForm,
    ReasonForm,
    typed_before,
    typed_for_a_known,
)
from sessions.models import Appointment
from sessions.queries import appointments as reads
from sessions.queries import booking
from sessions.queries.waiting import entry_about
from sessions.services import appointments

from .callers import another_asked, no_species, species_asked, to_species
from .desk import Desk, back
from .waiting import say_who_waits


@requires("sessions.book")
def book_appointment(request: HttpRequest) -> HttpResponse:
    if not request.GET.get("patient"):
        return find_patient(request)
    patient = patient_reads.get_or_404(request.clinic, request.GET["patient"])
    desk = Desk(request, species=patient.species, patient=patient)
    return _book(request, desk, "sessions/appointments/book.html")


@requires("sessions.book")
def book_planned(request: HttpRequest, public_id: UUID) -> HttpResponse:
    planned = booking.planned_or_404(request.clinic, public_id)
    course = planned.course
    desk = Desk(
        request,
        species=course.patient.species,
        patient=course.patient,
        planned=planned,
        practitioner=course.lead_practitioner,
    )
    return _book(request, desk, "sessions/appointments/book_planned.html")


def _book(request: HttpRequest, desk: Desk, template: str) -> HttpResponse:
    common = {**desk.choices, "in_file": True}
    if KNOWN in request.POST:
        return _offer_to_a_known(request, desk, template, common)
    form = BookForm(request.POST or None, initial=desk.first_choice(), **common)
    if request.method == "POST" and form.is_valid() and desk.filters.is_valid():
        try:
            booked = appointments.book_appointment(
                actor=request.user,
                clinic=request.clinic,
                site=desk.site,
                kind=desk.chosen["kind"],
                patient=desk.patient,
                planned_session=desk.planned,
                minutes=desk.chosen["minutes"],
                **desk.where,
                **form.asked(),
            )
        except Refused as no:
            desk.refusal = no
            form.refuse(no)
        else:
            return _said(request, booked)
    return desk.page(template, form, banner=lambda: patient_reads.banner(desk.patient, desk.today))


def _offer_to_a_known(request: HttpRequest, desk: Desk, template: str, common: dict) -> HttpResponse:
    """Show the page with what was typed about a new caller who turned out to be this patient; books nothing."""
    banner = patient_reads.banner(desk.patient, desk.today)
    phones = [desk.patient.phone, *(one.phone for one in banner.contacts)]
    form = BookForm(initial=typed_for_a_known(request.POST, phones, request.clinic.country), **common)
    return desk.page(template, form, banner=banner)


def _said(request: HttpRequest, booked: Appointment) -> HttpResponse:
    when = timezone.localtime(booked.starts_at, booked.site.zone)
    words = {"patient": booked.patient.name, "when": date_format(when, "D j M, H:i"), "who": booked.practitioner.name}
    messages.success(request, _("Booked: %(patient)s, %(when)s, %(who)s.") % words)
    return back(request, "sessions:appointment", booked.public_id)


def find_patient(request: HttpRequest) -> HttpResponse:
    """Ask for whom the time is, keeping the time somebody clicked in the calendar."""
    kept = request.GET.copy()
    text = kept.pop("q", [""])[0][:200]
    hits = search.search(request.clinic, text) if text.strip() else []
    return render(
        request,
        "sessions/appointments/find_patient.html",
        {"hits": hits, "text": text, "kept": kept.urlencode(), "kept_fields": kept.items()},
    )


@requires("sessions.book")
def book_new_caller(request: HttpRequest) -> HttpResponse:
    if KNOWN in request.POST:
        return _book_for_a_known(request)
    kinds = list(Species.objects.all())
    species = species_asked(request, kinds)
    if species is None:
        return no_species(request)
    if another := another_asked(request, kinds, species):
        return _ask_for_another(request, another)
    desk = Desk(request, species=species, kind=Appointment.Kind.FIRST_VISIT)
    common = {**desk.choices, "in_file": False, "species": species}
    beside = {"kinds": kinds, "species": species}
    if FOR_SPECIES in request.POST:
        form = CallerForm(initial=typed_before(request.POST), **common)
        return desk.page("sessions/appointments/new_caller.html", form, **beside)
    form = CallerForm(request.POST or None, initial=desk.first_choice(), **common)
    if request.method == "POST" and form.is_valid() and desk.filters.is_valid():
        try:
            booked = appointments.book_new_caller(
                actor=request.user,
                clinic=request.clinic,
                site=desk.site,
                species=species,
                kind=desk.chosen["kind"],
                minutes=desk.chosen["minutes"],
                **desk.where,
                **form.asked(),
            )
        except Refused as no:
            desk.refusal = no
            form.refuse(no)
        else:
            return _said(request, booked)
    return desk.page("sessions/appointments/new_caller.html", form, **beside)


def _ask_for_another(request: HttpRequest, species: Species) -> HttpResponse:
    """Send the form on to the page of another species with all that was typed and looked for.

    Who does not treat it, or a room that does not take it, is looked for no more.
    """
    unfit = {"practitioner", "where"} & Desk(request, species=species).filters.errors.keys()
    return to_species(request, species, without=unfit)


def _book_for_a_known(request: HttpRequest) -> HttpResponse:
    """Send the form on to the page of the patient found, with all that was typed and looked for.

    A 307 keeps the typed words in the form: an address is written into logs, and these are about somebody's health.
    """
    kept = request.GET.copy()
    kept.pop("species", None)
    kept["patient"] = request.POST[KNOWN]
    return redirect(f"{reverse('sessions:book')}?{kept.urlencode()}", preserve_request=True)


@requires("sessions.book")
def likely_known(request: HttpRequest) -> HttpResponse:
    """Show who may be the caller already, while name and phone are typed."""
    name, phone = (request.GET.get(field, "")[:200].replace("\x00", "") for field in ("name", "phone"))
    hits = search.duplicates(request.clinic, name, phone=phone, species=request.GET.get("species", "")[:20])
    is_here = bool(request.GET.get("is_here"))
    return render(request, "sessions/appointments/_likely_known.html", {"hits": hits, "is_here": is_here})


@requires("sessions.view_schedule")
def appointment(request: HttpRequest, public_id: UUID) -> HttpResponse:
    visit = reads.get_or_404(request.clinic, public_id)
    context = {"visit": visit, "next": request.GET.get("next", ""), "now": timezone.now()}
    if request.htmx:
        return render(request, "sessions/appointments/_dialog.html", context)
    today = local_day(context["now"], visit.site.zone)
    context |= {"history": reads.history(visit), "banner": patient_reads.banner(visit.patient, today)}
    context["waits"] = entry_about(visit)
    return render(request, "sessions/appointments/appointment.html", context)


@requires("sessions.book")
def mark_entered_in_error(request: HttpRequest, public_id: UUID) -> HttpResponse:
    done = _("Marked as entered in error.")
    return with_form(request, public_id, ReasonForm, appointments.mark_entered_in_error, "entered_in_error", done)


def with_form(request: HttpRequest, public_id: UUID, form_class, service, page: str, done: str) -> HttpResponse:
    visit = reads.get_or_404(request.clinic, public_id)
    form = form_class(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            service(actor=request.user, appointment=visit, **form.cleaned_data)
        except Refused as no:
            form.add_error(no.field if no.field in form.fields else None, no.message)
        else:
            messages.success(request, done)
            say_who_waits(request, visit)
            return back(request, "sessions:appointment", visit.public_id)
    next_url = request.POST.get("next") or request.GET.get("next", "")
    context = {"visit": visit, "form": form, "page": page, "next": next_url}
    return render(request, "sessions/appointments/why.html", context)


@requires("sessions.book")
@require_POST
def change_kind(request: HttpRequest, public_id: UUID) -> HttpResponse:
    visit = reads.get_or_404(request.clinic, public_id)
    try:
        changed = appointments.change_kind(actor=request.user, appointment=visit, kind=request.POST.get("kind", ""))
    except Refused as no:
        messages.error(request, no.message)
    else:
        names = {"name": visit.patient.name, "kind": changed.get_kind_display()}
        messages.success(request, _("%(name)s: the visit counts as “%(kind)s” now.") % names)
    return back(request, "sessions:appointment", visit.public_id)


def _one_tap(service: Callable, words: str) -> Callable[..., HttpResponse]:
    """Make the view of an action without questions: does it, says so, goes back where it came from."""

    @requires("sessions.book")
    @require_POST
    def view(request: HttpRequest, public_id: UUID) -> HttpResponse:
        visit = reads.get_or_404(request.clinic, public_id)
        try:
            service(actor=request.user, appointment=visit)
        except Refused as no:
            messages.error(request, no.message)
        else:
            messages.success(request, f"{visit.patient.name}: {words}")
        return back(request, "sessions:appointment", visit.public_id)

    return view


check_in = _one_tap(appointments.check_in, gettext_lazy("arrived."))
undo_check_in = _one_tap(appointments.undo_check_in, gettext_lazy("not here yet."))
start = _one_tap(appointments.start, gettext_lazy("in treatment."))
undo_start = _one_tap(appointments.undo_start, gettext_lazy("waiting again."))
mark_done = _one_tap(appointments.fulfil_without_record, gettext_lazy("done."))
undo_done = _one_tap(appointments.undo_fulfil, gettext_lazy("here again."))
undo_no_show = _one_tap(appointments.undo_no_show, gettext_lazy("came after all."))
accept_offer = _one_tap(appointments.accept_offer, gettext_lazy("agreed; the time is booked."))
undo_cancel = _one_tap(appointments.undo_cancel, gettext_lazy("booked again."))
undo_not_treated = _one_tap(appointments.undo_not_treated, gettext_lazy("here again."))
