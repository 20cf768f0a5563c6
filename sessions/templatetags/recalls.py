"""Small filters of the pages of a recall."""

from django import template

from sessions.queries.recall_papers import lots_corrected_said, role_said

register = template.Library()
register.filter("role_said", role_said)
register.filter("lots_corrected_said", lots_corrected_said)
