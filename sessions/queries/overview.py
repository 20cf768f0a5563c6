"""The manager's overview: its parts by the name in their address, each with a fixed number of SQL statements."""

from collections.abc import Callable

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.models import Clinic, Site
from sessions.queries import overview_courses, overview_outcomes, overview_safety, overview_visits
from sessions.queries.overview_pieces import Part
from sessions.queries.overview_scope import Scope

PARTS: dict[str, tuple[str | Promise, Callable[[Scope], Part]]] = {
    "visits": (_("Visits"), overview_visits.visits),
    "courses": (_("Courses"), overview_courses.courses),
    "outcomes": (_("Outcomes"), overview_outcomes.outcomes),
    "safety": (_("Safety and stock"), overview_safety.safety),
}


def sites(clinic: Clinic) -> tuple[Site, ...]:
    """Give all sites, those no longer in use too: their past counts. One SQL statement."""
    return tuple(Site.objects.filter(clinic=clinic))
