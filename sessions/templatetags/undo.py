"""The bar that takes the last step back, on every page for a minute."""

from typing import Any

from django import template
from django.template.context import Context
from django.utils import timezone

register = template.Library()


@register.inclusion_tag("components/_undo.html", takes_context=True)
def undo_bar(context: Context) -> dict[str, Any]:
    """Give the bar what it needs; nothing is shown once the minute is over."""
    request = context.get("request")
    offered = request.session.get("undo") if request is not None and hasattr(request, "session") else None
    seconds = int(offered["until"] - timezone.now().timestamp()) if offered else 0
    if not offered or seconds <= 0:
        return {"offered": None}
    return {
        "offered": offered,
        "seconds": seconds,
        "here": request.get_full_path() if request.method == "GET" else "",
        "csrf_token": context.get("csrf_token"),
    }
