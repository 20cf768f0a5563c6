"""Ask in a template whether the user has a right."""

from django import template
from django.template import Context

register = template.Library()


@register.simple_tag(takes_context=True)
def may(context: Context, right: str) -> bool:
    """Say whether the signed-in user has a right; `{% may "sessions.book" as books %}`."""
    return context["request"].user.has_perm(right)
