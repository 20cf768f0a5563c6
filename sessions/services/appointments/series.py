"""What booking does to the plan: a planned session becomes booked, and is given back when the visit falls through."""

from datetime import datetime

from mesoclinic.core.refused import Refused
from sessions.models import Course, PlannedSession
from sessions.services import plans


def take_planned_session(planned: PlannedSession, refusal: Refused) -> None:
    """Mark a locked session as booked. Raises the given refusal when somebody else was quicker."""
    rows = PlannedSession.objects.filter(pk=planned.pk, status=PlannedSession.Status.PLANNED)
    if not rows.update(status=PlannedSession.Status.BOOKED):
        raise refusal


def free_planned_session(planned_session: PlannedSession | None, *, now: datetime) -> None:
    """Give a session back to the plan: the same number is open again and what follows is planned anew.

    Inside the caller's transaction. Nothing happens to a session that is done or skipped. Source: DESIGN 4, rule 5.
    """
    if planned_session is None:
        return
    course = Course.objects.select_for_update(no_key=True).get(pk=planned_session.course_id)
    booked = PlannedSession.objects.filter(pk=planned_session.pk, status=PlannedSession.Status.BOOKED)
    if booked.update(status=PlannedSession.Status.PLANNED):
        plans.replan_course(course=course, now=now)
