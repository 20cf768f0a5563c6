"""The calendar by day and week, its feed, and the plain day list for the printer and for everybody without scripts."""

from datetime import date, timedelta

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from mesoclinic.core.access import requires
from mesoclinic.core.localtime import local_day
from sessions.queries import appointments as reads
from sessions.queries import availability
from sessions.queries import calendar as feeds

VIEWS = ("day", "week")


@requires("sessions.view_schedule")
def calendar(request: HttpRequest) -> HttpResponse:
    on = _asked_day(request)
    view = request.GET.get("view") if request.GET.get("view") in VIEWS else "day"
    context = _frame(request, on, view)
    context |= {"span": feeds.Span.of(view, on), "step": request.site.slot_step_min}
    return render(request, "sessions/calendar/calendar.html", context)


@requires("sessions.view_schedule")
def feed(request: HttpRequest) -> JsonResponse:
    view = request.GET.get("view") if request.GET.get("view") in VIEWS else "day"
    return JsonResponse(feeds.feed(request.site, feeds.Span.of(view, _asked_day(request))))


@requires("sessions.view_schedule")
def day_list(request: HttpRequest) -> HttpResponse:
    on = _asked_day(request)
    people = list(availability.practitioners(request.clinic, on))
    only = next((one for one in people if str(one.public_id) == request.GET.get("practitioner")), None)
    context = _frame(request, on, "list")
    context |= {
        "visits": list(reads.day(request.site, on, only).exclude(status__in=feeds.HIDDEN)),
        "people": people,
        "now": timezone.now(),
        "only": only,
        "closed_for": availability.closed_days(request.site, on, on).reason(on),
    }
    return render(request, "sessions/calendar/day_list.html", context)


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
    tabs = [
        {"label": _("Day"), "url": _url("calendar", on, "day"), "active": view == "day", "icon": "calendar-event"},
        {"label": _("Week"), "url": _url("calendar", on, "week"), "active": view == "week", "icon": "calendar-week"},
        {"label": _("Day list"), "url": _url("day-list", on), "active": view == "list", "icon": "list"},
    ]
    page = "day-list" if view == "list" else "calendar"
    kept = "" if view == "list" else view
    span = feeds.Span.of(view, on)
    words = date_format(on, "l j F Y")
    if view == "week":
        words = f"{date_format(span.from_on, 'j F')} – {date_format(span.until_on, 'j F Y')}"
    today = local_day(timezone.now(), request.site.zone)
    return {
        "on": on,
        "view": view,
        "heading": words,
        "is_today": span.from_on <= today <= span.until_on,
        "tabs": tabs,
        "before_url": _url(page, on - step, kept),
        "after_url": _url(page, on + step, kept),
        "today_url": _url(page, today, kept),
        "here": request.get_full_path(),
        "may_book": request.user.has_perm("sessions.book"),
    }


def _url(name: str, on: date, view: str = "") -> str:
    query = {"on": on.isoformat()} | ({"view": view} if view else {})
    return reverse(f"sessions:{name}", query=query)
