"""The waiting list: who waits, which freed times suit whom, and how somebody gets onto it."""

from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from mesoclinic.core.access import requires
from mesoclinic.core.exports import exported
from mesoclinic.core.localtime import local_day
from mesoclinic.core.refused import Refused
from patients.models import Patient
from patients.queries import patients as patient_reads
from sessions import exports
from sessions.forms.waiting import WaitForm
from sessions.models import Appointment
from sessions.queries import appointments as visits
from sessions.queries import availability, booking
from sessions.queries import waiting as reads
from sessions.queries.waiting_page import reached, waiting_page
from sessions.services import waiting

from .desk import back


@require_safe
@requires("sessions.book")
def waiting_list(request: HttpRequest) -> HttpResponse:
    """Show the times freed lately with whom they suit, and everybody who waits with times that would suit."""
    if request.site is None:
        return render(request, "sessions/waiting/waiting.html", {"here": request.path, "page": None})
    now, site = timezone.now(), request.site
    lines = partial(reached, today=local_day(now, site.zone))
    if sent := exported(request, "waiting", reads.open_entries(site, now), exports.WAITING, lines=lines):
        return sent
    context = {"here": request.path, "page": waiting_page(site, now)}
    return render(request, "sessions/waiting/waiting.html", context)


@require_safe
@requires("sessions.book")
def waiting_for_time(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show who waits for a time like the one a visit had; `?starts=` when it has moved since."""
    visit = visits.get_or_404(request.clinic, public_id)
    starts_at, ends_at = _time_of(request, visit)
    fits = reads.waiting_for_time(visit, starts_at, ends_at, timezone.now())
    context = {"visit": visit, "fits": fits, "starts_at": starts_at, "here": request.get_full_path()}
    return render(request, "sessions/waiting/for_time.html", context)


def _time_of(request: HttpRequest, visit: Appointment) -> tuple[datetime, datetime]:
    try:
        starts_at = parse_datetime(request.GET.get("starts", "")[:40])
    except ValueError:
        starts_at = None
    if starts_at is None or starts_at.tzinfo is None or not 2000 <= starts_at.year <= 2100:
        return visit.starts_at, visit.ends_at
    return starts_at, starts_at + (visit.ends_at - visit.starts_at)


@requires("sessions.book")
def wait_with_visit(request: HttpRequest, public_id: UUID) -> HttpResponse:
    visit = visits.get_or_404(request.clinic, public_id)
    return _wait(request, visit.patient, {"appointment": visit}, ("sessions:appointment", visit.public_id))


@requires("sessions.book")
def wait_with_session(request: HttpRequest, public_id: UUID) -> HttpResponse:
    planned = booking.planned_or_404(request.clinic, public_id)
    fallback = ("sessions:course", planned.course.public_id)
    return _wait(request, planned.course.patient, {"planned_session": planned}, fallback)


def _wait(request: HttpRequest, patient: Patient, target: dict[str, Any], fallback: tuple) -> HttpResponse:
    """Ask when an earlier time would suit, and put it on the list."""
    (about,) = target.values()
    people = availability.practitioners(request.clinic, species=patient.species).distinct()
    sent = request.POST if request.method == "POST" else None
    form = WaitForm(sent, people=people, entry=reads.entry_about(about))
    if form.is_bound and form.is_valid():
        try:
            waiting.wait_for_earlier_time(actor=request.user, **target, **form.cleaned_data)
        except Refused as no:
            form.refuse(no)
        else:
            messages.success(request, _("%(name)s is on the waiting list.") % {"name": patient.name})
            return back(request, *fallback)
    banner = patient_reads.banner(patient_reads.kept(patient), local_day(timezone.now(), request.site.zone))
    context = {"form": form, "banner": banner, "back_url": reverse(fallback[0], args=fallback[1:]), **target}
    return render(request, "sessions/waiting/wait.html", context)


@require_POST
@requires("sessions.book")
def withdraw(request: HttpRequest, public_id: UUID) -> HttpResponse:
    entry = reads.entry_or_404(request.clinic, public_id)
    waiting.withdraw_waiting(actor=request.user, entry=entry)
    messages.success(request, _("%(name)s waits no longer.") % {"name": entry.patient.name})
    return back(request, "sessions:waiting")


def say_who_waits(request: HttpRequest, visit: Appointment) -> None:
    """After a visit has left its time: say how many wait for one like it, with the way to the list."""
    words, address = who_waits_in_words(visit)
    if words:
        messages.info(request, format_html('{} <a href="{}">{}</a>', words, address, _("Show who")))


def who_waits_in_words(visit: Appointment) -> tuple[str, str]:
    """Say how many wait for a time like the one the visit had as it was read, and where they are; empty for nobody."""
    count = len(reads.waiting_for_time(visit, visit.starts_at, visit.ends_at, timezone.now()))
    if not count:
        return "", ""
    words = ngettext(
        "%(count)d patient is waiting for a time like this.",
        "%(count)d patients are waiting for a time like this.",
        count,
    )
    query = urlencode({"starts": visit.starts_at.astimezone(UTC).isoformat()})
    address = f"{reverse('sessions:waiting-for-time', args=[visit.public_id])}?{query}"
    return words % {"count": count}, address
