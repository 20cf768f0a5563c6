"""Settings: the weekly hours of the site, of practitioners and of rooms."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from mesoclinic.core.access import requires
from mesoclinic.core.exports import exported
from mesoclinic.core.form_rows import rows_asked
from mesoclinic.core.refused import Refused
from mesoclinic.core.views.settings import edits
from sessions import exports
from sessions.forms.settings_hours import BlockFormSet, rows_of
from sessions.models.availability import Weekday
from sessions.queries import breaking
from sessions.queries import settings as queries
from sessions.queries.broken import Cause
from sessions.services import availability

from .rebooking import is_agreed, saved


@require_safe
@requires("core.change_settings")
def hours(request: HttpRequest) -> HttpResponse:
    weeks = queries.weeks(request.site, timezone.localdate())
    blocks = [(week.owner, block) for week in weeks for day in week.days for block in day]
    if sent := exported(request, "working_hours", blocks, exports.HOURS):
        return sent
    return render(request, "sessions/settings/hours.html", {"weeks": weeks, "weekdays": Weekday.labels})


@edits
@requires("core.change_settings")
def edit_hours(request: HttpRequest, kind: str, public_id: UUID) -> HttpResponse:
    """Edit the weekly hours of one at the site worked at; a site or a room has its own."""
    owner = queries.hours_owner_or_404(request.clinic, kind, public_id)
    site = {"site": owner, "room": getattr(owner, "site", None)}.get(kind, request.site)
    if site is None:
        raise Http404
    of = {} if kind == "site" else {kind: owner}
    kept = queries.hours_of(site, of.get("practitioner"), of.get("room"))
    asked = rows_asked(request.POST, "form") if request.method == "POST" else None
    formset = BlockFormSet(asked or request.POST or None, initial=rows_of(list(kept)))
    refusal = breaks = None
    if request.method == "POST" and asked is None and formset.is_valid():
        cause = Cause(kind, owner)
        breaks = breaking.of_hours(site, cause, formset.blocks(), timezone.now(), **of)
        if is_agreed(request, breaks):
            try:
                availability.set_working_hours(actor=request.user, site=site, blocks=formset.blocks(), **of)
            except Refused as refused:
                refusal = refused.message
            else:
                words = _("The hours of %(name)s are saved.") % {"name": owner}
                return saved(request, cause, words, "sessions:hours")
    context = {"formset": formset, "owner": owner, "kind": kind, "refusal": refusal, "site": site, "breaks": breaks}
    return render(request, "sessions/settings/edit_hours.html", context)
