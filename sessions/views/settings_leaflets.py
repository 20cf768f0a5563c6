"""What a clinic adds to the leaflet *what to expect*, and how that looks on paper."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from mesoclinic.core.access import requires
from mesoclinic.core.file_answers import file_answer
from mesoclinic.core.refused import Refused
from sessions.forms.leaflets import PLACES, LeafletTextsForm
from sessions.queries.leaflets import own_texts
from sessions.services.leaflets import set_leaflet_texts
from sessions.services.take_along import preview_leaflet


@require_http_methods(["GET", "HEAD", "POST"])
@requires("protocols.change_protocol")
def leaflet_texts(request: HttpRequest) -> HttpResponse:
    """Write what is added, for people and for animals, in each language."""
    form = LeafletTextsForm(request.POST or None, texts=own_texts(request.clinic))
    if request.method == "POST" and form.is_valid():
        try:
            set_leaflet_texts(actor=request.user, clinic=request.clinic, texts=form.texts)
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("Saved."))
            return redirect("sessions:leaflet-texts")
    return _page(request, form)


@require_POST
@requires("protocols.change_protocol")
def preview_leaflet_text(request: HttpRequest, reader: str, language: str) -> HttpResponse:
    """Show what was typed on a leaflet of nobody. Changes nothing."""
    if (reader, language) not in PLACES:
        raise Http404
    form = LeafletTextsForm(request.POST, texts={})
    if not form.is_valid():
        return _page(request, form)
    text = form.texts[reader, language]
    printed = preview_leaflet(clinic=request.clinic, reader=reader, language=language, text=text, now=timezone.now())
    return file_answer(printed.pdf, printed.file_name)


def _page(request: HttpRequest, form: LeafletTextsForm) -> HttpResponse:
    status = 422 if form.is_bound else 200
    return render(request, "sessions/settings/leaflets.html", {"form": form}, status=status)
