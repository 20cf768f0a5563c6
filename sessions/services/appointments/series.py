"""What booking does to the plan: a planned session becomes booked, and is given back when the visit falls through."""

from collections.abc import Collection
from datetime import date, datetime

from mesoclinic.core.refused import Refused
from sessions.models import Appointment, Course, PlannedSession
from sessions.services import plans


def take_planned_sessions(planned: Collection[PlannedSession], refusal: Refused) -> None:
    """Mark locked sessions as booked. Raises the given refusal when somebody else was quicker."""
    rows = PlannedSession.objects.filter(pk__in=[one.pk for one in planned], status=PlannedSession.Status.PLANNED)
    if rows.update(status=PlannedSession.Status.BOOKED) != len(planned):
        raise refusal


def lock_course_of(appointment: Appointment) -> None:
    """Lock the course a visit belongs to. Always before the visit's own row: bookings hold the course when they come."""
    if appointment.planned_session_id is not None:
        courses = Course.objects.select_for_update(no_key=True).filter(planned_sessions=appointment.planned_session_id)
        list(courses.values_list("pk", flat=True))


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


def want_plan_around(planned: PlannedSession, day: date, now: datetime, was_on: date | None = None) -> None:
    """Ask for a new plan when a session is booked on another day than it is due (or was): what follows is measured
    from the booked day. Inside the caller's transaction, the course locked. Source: docs/adr/0010.
    """
    if day != (was_on or planned.due_on):
        plans.want_plan(planned.course, now)
