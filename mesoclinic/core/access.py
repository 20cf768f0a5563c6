"""What every view wears: the right it needs. A view without one fails the build (tests/web/test_rights.py)."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from mesoclinic.core.roles import RIGHTS

View = Callable[..., HttpResponse]


def requires(right: str) -> Callable[[View], View]:
    """Let only users with this right in; others get the 403 page. Signed-out visitors are sent to sign in first."""
    if right not in RIGHTS:
        raise ValueError(f"unknown right {right}")

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.has_perm(right):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        guarded.right = right  # type: ignore[attr-defined]
        return guarded

    return decorate
