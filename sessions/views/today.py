"""The front page, by role, and what is left to close at the end of the day."""

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from mesoclinic.core import audit
from mesoclinic.core.access import requires
from mesoclinic.core.localtime import day_bounds, local_day
from mesoclinic.core.models import User
from mesoclinic.core.roles import Role
from sessions.queries import outbox, replies
from sessions.queries import rounds as round_reads
from sessions.queries import today_clinic as clinic_reads
from sessions.queries import today_desk as desk_reads
from sessions.queries.today_clinic import NextPatient


@require_safe
@requires("core.use_clinic")
def today(request: HttpRequest) -> HttpResponse:
    """Show each of the user's roles its block; asked again by the page itself, only the blocks."""
    template = "sessions/today/_blocks.html" if request.htmx else "sessions/today/today.html"
    return render(request, template, _blocks(request))


def _blocks(request: HttpRequest) -> dict:
    user, site, now = request.user, request.site, timezone.now()
    context = {"roles": [role.value for role in user.roles], "site": site, "now": now, "here": request.path}
    if site is None:
        return context
    if Role.RECEPTION in user.roles:
        context["desk"] = desk_reads.desk_day(site, now)
        context["asked"] = replies.asked_for_another_time(request.clinic, site, now)
    if Role.PRACTITIONER in user.roles:
        practitioner = clinic_reads.practitioner_of(user)
        context["is_unlinked"] = practitioner is None
        if practitioner is not None:
            context["mine"] = clinic_reads.practitioner_day(practitioner, user, site, now)
            _note_last_time(user, context["mine"].next_patient, day_bounds(local_day(now, site.zone), site.zone)[0])
    if Role.RECEPTION in user.roles or Role.PRACTITIONER in user.roles:
        today = local_day(now, site.zone)
        context["rounds"] = round_reads.rounds_between(site, today, today)
    if Role.MANAGER in user.roles:
        context["failed_messages"] = outbox.failed_messages(request.clinic, now)
        context["overview"] = clinic_reads.manager_day(request.clinic, site, now)
    return context


def _note_last_time(user: User, coming: NextPatient | None, since: datetime) -> None:
    """Note, once a day, that this page showed somebody a record: three lines of it are an opening too."""
    if coming is not None and coming.last is not None:
        shown = {"subject": coming.last, "patient_id": coming.last.patient_id}
        audit.record_once(actor=user, verb="record.opened", since=since, **shown)


@require_safe
@requires("sessions.view_schedule")
def close_day(request: HttpRequest) -> HttpResponse:
    """List all of the day that is not final, one tap each."""
    now = timezone.now()
    sees_records = request.user.has_perm("sessions.view_record")
    ends = None
    if request.site is not None:
        ends = clinic_reads.open_ends(request.site, now, sees_records=sees_records)
    return render(request, "sessions/today/close_day.html", {"ends": ends, "now": now, "here": request.path})
