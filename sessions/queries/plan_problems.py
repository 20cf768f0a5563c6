"""Why a course has no plan: kept as a key and its day, said in the language of who reads it."""

from datetime import date

from django.utils.translation import gettext as _

from mesoclinic.core.wording import date_format
from sessions.models import Course

NO_OPEN_DAY = "no-open-day"  # and the day it was looked from
BROKEN = "broken"


def no_open_day(from_on: date) -> str:
    """What a course keeps when its site looks closed for good."""
    return f"{NO_OPEN_DAY} {from_on.isoformat()}"


def is_closed_for_good(course: Course) -> bool:
    """Say whether the hours or closures of its site keep a course from its plan. No SQL statement."""
    return course.plan_problem.partition(" ")[0] == NO_OPEN_DAY


def problem_words(course: Course) -> str:
    """Say why a course has no plan; empty when nothing is in its way. No SQL statement where its site is at hand.

    What was kept in words, before there were keys, is said as it stands until the course is planned again.
    """
    key, _space, day = course.plan_problem.partition(" ")
    if course.plan_problem == BROKEN:
        return _("Planning stopped at an error. Change the cadence, or tell your administrator.")
    from_on = _day(day) if key == NO_OPEN_DAY else None
    if from_on is None:
        return course.plan_problem
    words = _("%(site)s has no open day within a year from %(day)s. Enter its opening hours or end the closure.")
    return words % {"site": course.site, "day": date_format(from_on, "j M Y")}


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
