"""Courses whose plan is not there: it could not be made, or nobody has made it for longer than it takes."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from mesoclinic.core.models import Clinic, Site
from mesoclinic.core.queries.rare import list_rare
from mesoclinic.core.queries.readiness import LATE
from mesoclinic.core.wording import date_format
from sessions.models import Course, Practitioner
from sessions.models.courses import CourseStatus
from sessions.queries.plan_problems import is_closed_for_good, problem_words

MOST_LINES = 40


@dataclass(frozen=True)
class UnmadePlan:
    """A course without the plan it should have, and why, as a reader is told."""

    course: Course
    why: str
    is_closed: bool  # its site is never open


def unmade_plans(clinic: Clinic, site: Site, now: datetime, *, lead: Practitioner | None = None) -> list[UnmadePlan]:
    """List the active courses without their plan, of one lead practitioner or of all; times are the site's.

    At most two SQL statements.
    """
    waits = Q(plan_made__lt=F("plan_wanted"), plan_wanted_at__lt=now - LATE)
    rows = Course.objects.filter(~Q(plan_problem="") | waits, clinic=clinic, status=CourseStatus.ACTIVE)
    if lead is not None:
        rows = rows.filter(lead_practitioner=lead)
    rows = rows.select_related("patient__species", "patient__clinic", "indication", "site").order_by(
        "patient__name", "pk"
    )
    found = list_rare(rows, MOST_LINES)
    return [
        UnmadePlan(course, problem_words(course) or _waits(course, site), is_closed_for_good(course))
        for course in found
    ]


def _waits(course: Course, site: Site) -> str:
    return _("waits to be made since %(when)s") % {"when": site_time(course.plan_wanted_at, site)}


def site_time(instant: datetime, site: Site) -> str:
    """Write an instant as the site's clock shows it, in the reader's language."""
    return date_format(timezone.localtime(instant, site.zone), "D j M, H:i")
