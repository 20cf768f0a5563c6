"""The page a printed report's QR code leads to: whether its signatures hold. For anybody; it says nothing medical."""

from allauth.core.internal import ratelimit
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from sessions.queries.seals import ForgedSealError, check_seal

RATES = {"verify-report": "30/m/ip"}


@login_not_required
@require_safe
def verify_report(request: HttpRequest, token: str) -> HttpResponse:
    """Say whether the signatures of a paper hold; of a code nobody gave out, that."""
    if not ratelimit.consume(request, app="sessions", action="verify-report", config=RATES, limit_get=True):
        return _answer(request, "busy.html", {}, status=429)
    try:
        seal = check_seal(token)
    except ForgedSealError:
        return _answer(request, "unknown.html", {}, status=404)
    return _answer(request, "seal.html", {"seal": seal})


def _answer(request: HttpRequest, template: str, context: dict, *, status: int = 200) -> HttpResponse:
    response = render(request, f"sessions/verify/{template}", context, status=status)
    response["X-Robots-Tag"] = "noindex"
    return response
