"""The calendar by day and week, its feed, and the plain day list for the printer and for everybody without scripts."""

from datetime import date, timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from mesoclinic.core import languages
from mesoclinic.core.access import requires
from mesoclinic.core.exports import exported
from mesoclinic.core.file_answers import file_answer
from mesoclinic.core.localtime import local_day
from mesoclinic.core.wording import date_format
from sessions import exports
from sessions.forms.calendar import CalendarFilters
from sessions.models import Appointment
from sessions.models.appointments import AppointmentStatus
from sessions.queries import appointments as reads
from sessions.queries import availability
from sessions.queries import calendar as feeds
from sessions.queries.contacts import contacts_of
from sessions.services import list_papers as services

VIEWS = ("day", "week")
KEPT = ("by", "practitioner", "room", "status", "kind")  # of the address, from day to day
COLUMNS = (feeds.PRACTITIONER, feeds.ROOM)
STATUS_ICONS = {  # colour says it, and the picture says it without colour
    "offered": "hourglass-split",
    "booked": "calendar-check",
    "arrived": "door-open",
    "in_progress": "play-circle-fill",
    "fulfilled": "check-circle-fill",
    "not_treated": "slash-circle",
    "cancelled": "x-circle-fill",
    "no_show": "person-x",
}


@requires("sessions.view_schedule")
def calendar(request: HttpRequest) -> HttpResponse:
    on = _asked_day(request)
    view = _one_of(request, "view", VIEWS)
    span = feeds.Span.of(view, on)
    context = _frame(request, on, view)
    context |= {"span": span, "step": request.site.slot_step_min, "by": _one_of(request, "by", COLUMNS)}
    context["utc_offset"] = timezone.now().astimezone(request.site.zone).isoformat()[-6:]
    context["filters"] = CalendarFilters(request.GET, site=request.site)
    context["pictures"] = [(code, AppointmentStatus(code).label, icon) for code, icon in STATUS_ICONS.items()]
    if context["may_book"]:
        context["due"], context["more_due"] = feeds.due_sessions(request.site, span.until_on)
    return render(request, "sessions/calendar/calendar.html", context)


@requires("sessions.view_schedule")
def feed(request: HttpRequest) -> JsonResponse:
    span = feeds.Span.of(_one_of(request, "view", VIEWS), _asked_day(request))
    return JsonResponse(feeds.feed(request.site, span, _one_of(request, "by", COLUMNS)))


@requires("sessions.view_schedule")
def day_list(request: HttpRequest) -> HttpResponse:
    on = _asked_day(request)
    filters, visits = _visits(request, on)
    if sent := exported(request, "appointment", visits, exports.VISITS):
        return sent
    context = _frame(request, on, "list")
    shown = list(visits)
    reached = contacts_of({visit.patient for visit in shown if not visit.patient.is_restricted}, on)
    for visit in shown:
        visit.contact = reached.get(visit.patient_id)
    context |= {
        "visits": shown,
        "filters": filters,
        "only": filters.cleaned_data.get("practitioner"),
        "now": timezone.now(),
        "closed_for": availability.closed_days(request.site, on, on).reason(on),
    }
    return render(request, "sessions/calendar/day_list.html", context)


@require_safe
@requires("sessions.view_schedule")
@languages.in_language_asked
def print_day_list(request: HttpRequest) -> HttpResponse:
    """Print the visits of the list as a PDF, with the clinic's letterhead; what is done to them stays on the page."""
    on = _asked_day(request)
    filters, visits = _visits(request, on)
    printed = services.print_day_list(
        actor=request.user,
        site=request.site,
        on=on,
        visits=list(visits),
        filters=filters.in_words(),
        closed_for=availability.closed_days(request.site, on, on).reason(on),
    )
    return file_answer(printed.pdf, printed.file_name)


def _visits(request: HttpRequest, on: date) -> tuple[CalendarFilters, QuerySet[Appointment]]:
    filters = CalendarFilters(request.GET, site=request.site)
    filters.is_valid()
    return filters, reads.day(request.site, on).filter(**filters.conditions()).exclude(status__in=feeds.HIDDEN)


def _one_of(request: HttpRequest, name: str, known: tuple[str, ...]) -> str:
    """What the address says, else the first of those known."""
    asked = request.GET.get(name, "")
    return asked if asked in known else known[0]


def _asked_day(request: HttpRequest) -> date:
    """The day in the address, or today; nonsense and other centuries are today too."""
    try:
        asked = parse_date(request.GET.get("on", ""))
    except ValueError:
        asked = None
    if asked is None or not 2000 <= asked.year <= 2100:
        return local_day(timezone.now(), request.site.zone)
    return asked


def _frame(request: HttpRequest, on: date, view: str) -> dict:
    """What day, week and list have around them: tabs, the way back and forth, the day in words."""
    step = timedelta(days=7 if view == "week" else 1)
    filtered = {name: request.GET[name] for name in KEPT if request.GET.get(name)}
    page = "day-list" if view == "list" else "calendar"
    kept = filtered | ({} if view == "list" else {"view": view})
    span = feeds.Span.of(view, on)
    words = date_format(on, "l j F Y")
    if view == "week":
        words = f"{date_format(span.from_on, 'j F')} – {date_format(span.until_on, 'j F Y')}"
    today = local_day(timezone.now(), request.site.zone)
    return {
        "on": on,
        "view": view,
        "kept": kept.items(),
        "heading": words,
        "is_today": span.from_on <= today <= span.until_on,
        "tabs": _tabs(on, view, filtered),
        "before_url": _url(page, on - step, kept),
        "after_url": _url(page, on + step, kept),
        "today_url": _url(page, today, kept),
        "here": request.get_full_path(),
        "may_book": request.user.has_perm("sessions.book"),
    }


def _tabs(on: date, view: str, filtered: dict[str, str]) -> list[dict[str, Any]]:
    views = (("day", _("Day"), "calendar-event"), ("week", _("Week"), "calendar-week"), ("list", _("Day list"), "list"))
    return [
        {
            "label": label,
            "url": _url("day-list", on, filtered)
            if name == "list"
            else _url("calendar", on, {**filtered, "view": name}),
            "active": view == name,
            "icon": icon,
        }
        for name, label, icon in views
    ]


def _url(name: str, on: date, kept: dict[str, str]) -> str:
    return reverse(f"sessions:{name}", query={"on": on.isoformat(), **kept})
