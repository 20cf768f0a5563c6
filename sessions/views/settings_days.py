"""Settings: absences of people and rooms, closed days and public holidays."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from mesoclinic.core.access import requires
from mesoclinic.core.exports import exported
from mesoclinic.core.refused import Refused
from mesoclinic.core.views.settings import edits
from sessions import exports
from sessions.forms.settings_days import AbsenceForm, ClosureForm, HolidayForm
from sessions.models import Absence, Closure
from sessions.queries import availability as people
from sessions.queries import breaking
from sessions.queries import settings as queries
from sessions.queries.broken import Cause, broken_visits
from sessions.queries.leaving import last_days
from sessions.services import availability

from .rebooking import is_agreed, saved


@require_safe
@requires("sessions.change_availability")
def absences(request: HttpRequest) -> HttpResponse:
    rows = queries.absences(request.clinic, since=timezone.now())
    if sent := exported(request, "absence", rows, exports.ABSENCES):
        return sent
    return render(request, "sessions/settings/absences.html", {"rows": rows, "leaving": last_days(request.clinic)})


@edits
@requires("sessions.change_availability")
def add_absence(request: HttpRequest) -> HttpResponse:
    practitioners = list(people.practitioners(request.clinic, timezone.localdate()))
    rooms = list(people.rooms(request.site))
    form = AbsenceForm(request.POST or None, site=request.site, practitioners=practitioners, rooms=rooms)
    breaks = None
    if request.method == "POST" and form.is_valid():
        asked = Absence(**form.asked())
        try:
            availability.check_absence(asked)
            breaks = breaking.of_absence(request.site, asked, timezone.now())
            if is_agreed(request, breaks):
                absence = availability.add_absence(actor=request.user, **form.asked())
                page = reverse("sessions:absence", args=[absence.public_id])
                return saved(request, Cause("absence", absence), _("Saved."), page)
        except Refused as refused:
            form.refuse(refused)
    return render(request, "sessions/settings/add_absence.html", {"form": form, "breaks": breaks})


@require_safe
@requires("sessions.change_availability")
def absence(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show an absence with the visits it breaks."""
    one = queries.absence_or_404(request.clinic, public_id)
    cause = Cause("absence", one)
    broken = broken_visits(request.site, cause, now=timezone.now())
    return render(request, "sessions/settings/absence.html", {"absence": one, "broken": broken, "cause": cause})


@require_POST
@requires("sessions.change_availability")
def remove_absence(request: HttpRequest, public_id: UUID) -> HttpResponse:
    one = queries.absence_or_404(request.clinic, public_id)
    availability.remove_absence(actor=request.user, absence=one)
    messages.success(request, _("The absence is taken away; the time can be booked again."))
    return redirect("sessions:absences")


@require_safe
@requires("sessions.change_availability")
def closures(request: HttpRequest) -> HttpResponse:
    today = timezone.localdate()
    if sent := exported(request, "closure", queries.closed_days(request.site, from_on=today), exports.CLOSED_DAYS):
        return sent
    context = {
        "closures": queries.closures(request.site, from_on=today),
        "holidays": queries.holidays_ahead(request.site, from_on=today),
    }
    return render(request, "sessions/settings/closures.html", context)


@edits
@requires("sessions.change_availability")
def add_closure(request: HttpRequest) -> HttpResponse:
    form = ClosureForm(request.POST or None)
    breaks = None
    if request.method == "POST" and form.is_valid():
        asked = Closure(site=request.site, **form.cleaned_data)
        breaks = breaking.of_closure(request.site, asked, timezone.now())
        if is_agreed(request, breaks):
            try:
                one = availability.add_closure(actor=request.user, site=request.site, **form.cleaned_data)
            except Refused as refused:
                form.refuse(refused)
            else:
                page = reverse("sessions:closure", args=[one.public_id])
                return saved(request, Cause("closure", one), _("Saved."), page)
    return render(request, "sessions/settings/add_closure.html", {"form": form, "breaks": breaks})


@require_safe
@requires("sessions.change_availability")
def closure(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show a closure with the visits it breaks."""
    one = queries.closure_or_404(request.clinic, public_id)
    cause = Cause("closure", one)
    broken = broken_visits(request.site, cause, now=timezone.now())
    return render(request, "sessions/settings/closure.html", {"closure": one, "broken": broken, "cause": cause})


@require_POST
@requires("sessions.change_availability")
def remove_closure(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Take closed days away; or a day worked all the same, once what is booked on it was shown."""
    one = queries.closure_or_404(request.clinic, public_id)
    breaks = breaking.of_removed_closure(request.site, one, timezone.now())
    if not is_agreed(request, breaks):
        return render(request, "sessions/settings/remove_closure.html", {"closure": one, "breaks": breaks})
    availability.remove_closure(actor=request.user, closure=one)
    if breaks.total:
        return saved(request, Cause("site", one.site), _("Saved."), reverse("sessions:closures"))
    messages.success(request, _("Saved."))
    return redirect("sessions:closures")


@require_POST
@requires("sessions.change_availability")
def open_holiday(request: HttpRequest) -> HttpResponse:
    """Work on a public holiday all the same; sending it twice changes nothing."""
    form = HolidayForm(request.POST)
    today = timezone.localdate()
    holidays = {holiday.day: holiday for holiday in queries.holidays_ahead(request.site, from_on=today)}
    holiday = holidays.get(form.cleaned_data["day"]) if form.is_valid() else None
    if holiday is None:
        messages.error(request, _("That day is no public holiday here. Load the page again."))
    elif holiday.opened is None:
        day = {"from_on": holiday.day, "until_on": holiday.day, "reason": holiday.name}
        availability.add_closure(actor=request.user, site=request.site, is_open=True, **day)
        messages.success(request, _("You work on %(name)s.") % {"name": holiday.name})
    return redirect("sessions:closures")
