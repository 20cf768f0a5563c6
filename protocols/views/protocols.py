"""Protocols: the list, one with its versions, and what may be done with it."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from mesoclinic.core.access import requires
from mesoclinic.core.exports import exported
from mesoclinic.core.localtime import local_day
from mesoclinic.core.refused import Refused
from protocols import exports
from protocols.models import ProtocolVersion, Species
from protocols.models.indications import IndicationField
from protocols.queries import checks
from protocols.queries import protocols as queries
from protocols.services import protocols as services
from protocols.words import cadence_words

A_PAGE = 25


@requires("protocols.view_protocol")
@require_safe
def list_protocols(request: HttpRequest) -> HttpResponse:
    asked = {name: request.GET.get(name, "").replace("\x00", "") for name in ("field", "species", "status", "sort")}
    found = queries.search(request.clinic, text=request.GET.get("q", ""), **asked)
    whole = found.prefetch_related("shown__indications")
    if sent := exported(request, "protocol", whole, exports.PROTOCOLS, lines=exports.protocol_rows):
        return sent
    context = {
        "page": Paginator(found, A_PAGE).get_page(request.GET.get("page")),
        "asked": asked | {"q": request.GET.get("q", "")},
        "fields": IndicationField.choices,
        "species": Species.objects.all(),
        "actions": _actions(request),
        "statuses": [("draft", _("With a draft")), ("published", _("Published")), ("archived", _("Off the list"))],
    }
    name = "_results.html" if request.htmx else "list.html"
    return render(request, f"protocols/protocols/{name}", context)


def _actions(request: HttpRequest) -> list[dict[str, str]]:
    """What stands beside the title, for those who may."""
    if not request.user.has_perm("protocols.change_protocol"):
        return []
    return [{"label": _("Import protocols"), "url": reverse("protocols:upload-import"), "icon": "upload"}]


@requires("protocols.view_protocol")
@require_safe
def show_protocol(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One protocol: the version asked for by `?version=`, else the published one, else the draft."""
    protocol = queries.get_or_404(request.clinic, public_id)
    versions = queries.versions_of(protocol)
    version = _shown(versions, request.GET.get("version", ""))
    today = local_day(timezone.now(), request.site.zone)
    species = version.species.all()
    sheet = checks.sheet_of_rows(
        request.clinic, version.lines.all(), today, species=species[0].code if species else "", version=version
    )
    context = {
        "protocol": protocol,
        "version": version,
        "versions": versions,
        "draft": next((one for one in versions if not one.is_published), None),
        "newest": versions[0],
        "current": next((one for one in versions if one.is_published), None),
        "sheet": sheet,
        "words": cadence_words(version.cadence),
        "today": today,
        "leaflets": queries.leaflet_species(version),
        "field_words": dict(IndicationField.choices).get(protocol.field, ""),
    }
    return render(request, "protocols/protocols/detail.html", context)


def _shown(versions: list[ProtocolVersion], number: str) -> ProtocolVersion:
    if number:
        found = [one for one in versions if str(one.number) == number]
    else:
        found = [one for one in versions if one.is_published] or versions
    if not found:
        raise Http404
    return found[0]


@requires("protocols.change_protocol")
@require_POST
def publish(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Publish the draft as it was when the page was opened."""
    protocol = queries.get_or_404(request.clinic, public_id)
    version = protocol.versions.order_by("-number").first()
    seen = request.POST.get("edit_count", "")
    try:
        if version is None:
            raise Http404
        seen_count = int(seen) if seen.isdecimal() and len(seen) < 10 else None
        services.publish_version(actor=request.user, version=version, edit_count=seen_count)
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect("protocols:edit", public_id)
    messages.success(request, _("Version %(number)s is published.") % {"number": version.number})
    return redirect("protocols:detail", public_id)


@requires("protocols.change_protocol")
@require_POST
def next_version(request: HttpRequest, public_id: UUID) -> HttpResponse:
    protocol = queries.get_or_404(request.clinic, public_id)
    services.start_next_version(actor=request.user, protocol=protocol)
    return redirect("protocols:edit", public_id)


@requires("protocols.change_protocol")
@require_POST
def discard_draft(request: HttpRequest, public_id: UUID) -> HttpResponse:
    protocol = queries.get_or_404(request.clinic, public_id)
    version = protocol.versions.filter(status=ProtocolVersion.Status.DRAFT).first()
    if version is not None:
        try:
            services.discard_draft(actor=request.user, version=version)
            messages.success(request, _("The draft is gone; what is published stays."))
        except Refused as refused:
            messages.error(request, refused.message)
    return redirect("protocols:detail", public_id)


@requires("protocols.change_protocol")
@require_POST
def archive(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Take the protocol off the list, or with `restore=1` put it back."""
    protocol = queries.get_or_404(request.clinic, public_id)
    is_archived = request.POST.get("restore") != "1"
    services.archive(actor=request.user, protocol=protocol, is_archived=is_archived)
    words = _("“%(name)s” is off the list.") if is_archived else _("“%(name)s” is on the list again.")
    messages.success(request, words % {"name": protocol})
    return redirect("protocols:detail", public_id)
