"""/healthz: the process answers. /readyz: what it needs answers too."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse

from mesoclinic.core.queries import readiness


@login_not_required
def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


@login_not_required
def readyz(request: HttpRequest) -> JsonResponse:
    checks = readiness.checks()
    is_ready = all(check.is_ok for check in checks)
    body = {"status": "ok" if is_ready else "not ready", **{check.name: check.text for check in checks}}
    return JsonResponse(body, status=200 if is_ready else 503)
