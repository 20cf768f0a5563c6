"""The public page behind the link in a message: confirm, or ask for another time. No signing in, nothing medical."""

from allauth.core.internal import ratelimit
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.views.decorators.http import require_http_methods

from mesoclinic.core.refused import Refused
from sessions.forms.replies import OtherTimeForm
from sessions.links import ForgedLinkError, VisitLink, read_token
from sessions.queries import replies as reads
from sessions.services import replies
from sessions.services.reminders.wording import time_words

RATES = {"visit-link": "60/m/ip", "visit-reply": "20/5m/key"}


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def visit_link(request: HttpRequest, token: str) -> HttpResponse:
    """Show the visits of a link and take the reply. A mail program that looks at every link changes nothing."""
    if not _may_go_on(request, token):
        return _answer(request, "busy.html", {}, status=429)
    try:
        link = read_token(token)
    except ForgedLinkError:
        return _answer(request, "unknown.html", {}, status=404)
    linked = reads.linked_day(link, timezone.now())
    if linked is None:
        return _answer(request, "unknown.html", {}, status=404)
    with translation.override(linked.language), timezone.override(linked.site.zone):
        if linked.is_over or not linked.lines:
            return _answer(request, "over.html", {"linked": linked}, status=410)
        return _visits(request, token, link, linked)


def _visits(request: HttpRequest, token: str, link: VisitLink, linked: reads.LinkedDay) -> HttpResponse:
    names = {line.visit.public_id: _name(line, linked, link) for line in linked.lines}
    wants_other = request.POST.get("answer") == "other-time"
    form = OtherTimeForm(request.POST if wants_other else None, linked=linked, names=names)
    refusal = ""
    try:
        if wants_other and form.is_valid():
            replies.ask_for_another_time(link=link, **form.asked())
            return redirect("sessions:visit-link", token)
        if request.POST.get("answer") == "confirm":
            replies.confirm_visits(link=link)
            return redirect("sessions:visit-link", token)
    except Refused as refused:
        refusal = refused.message
    lines = [(line, names[line.visit.public_id]) for line in linked.lines]
    context = {"linked": linked, "lines": lines, "form": form, "refusal": refusal, "asks": wants_other or refusal}
    return _answer(request, "visits.html", context)


def _name(line: reads.LinkedVisit, linked: reads.LinkedDay, link: VisitLink) -> str:
    return time_words(line.visit, line.visit.starts_at, linked.site, is_own=link.who == "patient")


def _may_go_on(request: HttpRequest, token: str) -> bool:
    asked = {"app": "sessions", "config": RATES}
    if not ratelimit.consume(request, action="visit-link", limit_get=True, **asked):
        return False
    return bool(ratelimit.consume(request, action="visit-reply", key=token, **asked))


def _answer(request: HttpRequest, template: str, context: dict, *, status: int = 200) -> HttpResponse:
    response = render(request, f"sessions/visit_link/{template}", context, status=status)
    response["X-Robots-Tag"] = "noindex"
    response["Referrer-Policy"] = "same-origin"
    return response
