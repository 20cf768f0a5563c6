"""The bar that takes the last step back, for a minute on every page but those of the next step."""

from typing import Any

from django import template
from django.http import HttpRequest
from django.template.context import Context
from django.utils import timezone

register = template.Library()

# Where a step is being made, often for somebody else: another patient's name above it would be read as theirs.
STEPS = {
    *("sessions:book", "sessions:book-planned", "sessions:book-series", "sessions:new-caller", "sessions:walk-in"),
    "sessions:walk-in-new-caller",
    *("sessions:move", "sessions:not-treated", "sessions:cancel", "sessions:no-show", "sessions:prescribe"),
    *("sessions:record", "sessions:record-edit", "sessions:record-save", "sessions:record-done", "patients:register"),
}


@register.inclusion_tag("components/_undo.html", takes_context=True)
def undo_bar(context: Context) -> dict[str, Any]:
    """Give the bar what it needs; nothing is shown once the minute is over, or while the next step is being made."""
    request = context.get("request")
    offered = request.session.get("undo") if request is not None and hasattr(request, "session") else None
    seconds = int(offered["until"] - timezone.now().timestamp()) if offered else 0
    if not offered or seconds <= 0 or _is_step(request):
        return {"offered": None}
    return {
        "offered": offered,
        "seconds": seconds,
        "here": request.get_full_path() if request.method == "GET" else "",
        "csrf_token": context.get("csrf_token"),
    }


def _is_step(request: HttpRequest) -> bool:
    return request.resolver_match is not None and request.resolver_match.view_name in STEPS
