"""Settings: practitioners and rooms."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from mesoclinic.core.access import requires
from mesoclinic.core.exports import exported
from mesoclinic.core.queries.users import site_or_404
from mesoclinic.core.refused import Refused
from mesoclinic.core.views.settings import edits
from sessions import exports
from sessions.forms.settings_practitioners import EditRoomForm, PractitionerForm, RoomForm
from sessions.queries import availability as people
from sessions.queries import breaking
from sessions.queries import settings as queries
from sessions.queries.broken import Cause
from sessions.services import availability

from .rebooking import is_agreed, saved

FIELDS = (
    *("name", "profession", "user", "may_inject", "licence_number", "licence_from_on", "licence_until_on"),
    *("colour", "position", "last_day_on"),
)


@require_safe
@requires("core.change_settings")
def practitioners(request: HttpRequest) -> HttpResponse:
    rows = people.practitioners(request.clinic).select_related("user")
    if sent := exported(request, "practitioner", rows.prefetch_related("species"), exports.PRACTITIONERS):
        return sent
    today = timezone.localdate()
    listed = [(row, row.is_licensed_on(today), row.last_day_on is not None and row.last_day_on < today) for row in rows]
    return render(request, "sessions/settings/practitioners.html", {"rows": listed})


@edits
@requires("core.change_settings")
def create_practitioner(request: HttpRequest) -> HttpResponse:
    count = people.practitioners(request.clinic).count()
    form = PractitionerForm(
        request.POST or None, clinic=request.clinic, initial={"colour": count % 8 + 1, "position": count + 1}
    )
    if request.method == "POST" and form.is_valid():
        try:
            one = availability.create_practitioner(actor=request.user, clinic=request.clinic, **form.cleaned_data)
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("%(name)s is there. Now say when %(name)s works.") % {"name": one})
            return redirect("sessions:edit-hours", "practitioner", one.public_id)
    return render(request, "sessions/settings/practitioner.html", {"form": form, "practitioner": None})


@edits
@requires("core.change_settings")
def edit_practitioner(request: HttpRequest, public_id: UUID) -> HttpResponse:
    one = queries.practitioner_or_404(request.clinic, public_id)
    kept = {name: getattr(one, name) for name in FIELDS} | {"user": one.user_id, "species": one.species.all()}
    form = PractitionerForm(request.POST or None, clinic=request.clinic, practitioner=one, initial=kept)
    breaks = None
    if request.method == "POST" and form.is_valid():
        breaks = breaking.of_last_day(request.site, one, form.cleaned_data["last_day_on"], timezone.now())
        if is_agreed(request, breaks):
            try:
                fresh = availability.update_practitioner(actor=request.user, practitioner=one, **form.cleaned_data)
            except Refused as refused:
                form.refuse(refused)
            else:
                if fresh.last_day_on is not None and fresh.last_day_on != kept["last_day_on"]:
                    messages.success(request, _("Saved."))
                    return redirect("sessions:leaving", one.public_id)
                return saved(request, Cause("practitioner", fresh), _("Saved."), "sessions:practitioners")
    context = {"form": form, "practitioner": one, "breaks": breaks}
    return render(request, "sessions/settings/practitioner.html", context)


@require_safe
@requires("core.change_settings")
def rooms(request: HttpRequest) -> HttpResponse:
    sites = queries.sites_with_rooms(request.clinic)
    lines = [(site, room, takes) for site, found in sites for room, takes in found]
    if sent := exported(request, "room", lines, exports.ROOMS):
        return sent
    return render(request, "sessions/settings/rooms.html", {"sites": sites})


@edits
@requires("core.change_settings")
def create_room(request: HttpRequest, public_id: UUID) -> HttpResponse:
    site = site_or_404(request.clinic, public_id)
    form = RoomForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            availability.create_room(actor=request.user, site=site, **form.cleaned_data)
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("Saved. The room is open whenever its site is, unless you give it hours."))
            return redirect("sessions:rooms")
    return render(request, "sessions/settings/room.html", {"form": form, "site": site, "room": None})


@edits
@requires("core.change_settings")
def edit_room(request: HttpRequest, public_id: UUID) -> HttpResponse:
    room = queries.room_or_404(request.clinic, public_id)
    kept = {name: getattr(room, name) for name in ("name", "species", "position", "is_active")}
    form = EditRoomForm(request.POST or None, initial=kept)
    breaks = None
    if request.method == "POST" and form.is_valid():
        breaks = breaking.of_room(room, form.cleaned_data["is_active"], timezone.now())
        if is_agreed(request, breaks):
            try:
                fresh = availability.update_room(actor=request.user, room=room, **form.cleaned_data)
            except Refused as refused:
                form.refuse(refused)
            else:
                return saved(request, Cause("room", fresh), _("Saved."), "sessions:rooms")
    context = {"form": form, "site": room.site, "room": room, "breaks": breaks}
    return render(request, "sessions/settings/room.html", context)
