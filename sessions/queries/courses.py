"""Read courses: one, lists, and what Today asks for. Functions say how many SQL statements they need."""

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, When
from django.http import Http404

from mesoclinic.core.localtime import day_bounds, local_day
from mesoclinic.core.models import Clinic, Site
from mesoclinic.core.queries.rare import list_rare
from patients.restricted import knock
from sessions.models import Appointment, Course, PlannedSession, Practitioner
from sessions.models.courses import LEFT_OPEN, OPEN_COURSES, OUT_OF_PLAN, CourseStatus, PlannedStatus
from sessions.queries.availability import LONGEST_MIN
from sessions.queries.plan_pages import TO_COME, plan, stopping_in_words, visits_to_come
from sessions.queries.plans import CoursePlan, has_moved_in_sql, plans_of, rebook_why

__all__ = [
    "due_unbooked",
    "get_or_404",
    "lapsed",
    "listed",
    "open_reviews",
    "plan",
    "say_why",
    "stopping_in_words",
    "to_rebook",
    "visits_to_come",
    "visits_to_rebook",
]

MOST_REVIEWS = 100
WITH_NAMES = (
    "patient__species",
    "patient__clinic",
    "patient__place",
    "protocol_version__protocol",
    "protocol_version__technique",
    "indication",
    "lead_practitioner",
    "site",
    "clinic",
    "created_by",
)
SORTS = {
    "patient": ("patient__name",),
    "start": ("start_on",),
    "next": ("next_due_on",),
    "number": ("number",),
    "practitioner": ("lead_practitioner__name",),
}


def get_or_404(clinic: Clinic, public_id: UUID) -> Course:
    """Give a course of this clinic with the names it is shown with, and the clinic at hand. One SQL statement."""
    names = [name for name in WITH_NAMES if name not in ("clinic", "patient__clinic")]
    try:
        course = Course.objects.select_related(*names).get(clinic=clinic, public_id=public_id)
    except Course.DoesNotExist as exc:
        raise Http404 from exc
    course.clinic = course.patient.clinic = course.site.clinic = clinic
    knock(course.patient)
    return course


def listed(
    clinic: Clinic, *, status: str = "open", practitioner: Practitioner | None = None, sort: str = "next"
) -> QuerySet[Course]:
    """List courses with `next_number`, `next_due_on`, `done_count`, `planned_count`. One SQL statement a page.

    Those of restricted files are left out. `status`: a status of a course, "open" (active or paused), "" (all).
    """
    to_do = PlannedSession.objects.filter(course=OuterRef("pk"), status__in=["planned", "booked"])
    to_do = to_do.exclude(why__in=[LEFT_OPEN, OUT_OF_PLAN]).order_by("number")
    done = PlannedSession.objects.filter(course=OuterRef("pk"), status="done").order_by()
    rows = Course.objects.filter(clinic=clinic, patient__restricted_at__isnull=True).select_related(*WITH_NAMES)
    rows = rows.annotate(
        next_number=Subquery(to_do.values("number")[:1]),
        next_due_on=Subquery(to_do.values("due_on")[:1]),
        done_count=Subquery(done.values("course").annotate(n=Count("pk")).values("n")),
    )
    if status == "open":
        rows = rows.filter(status__in=OPEN_COURSES)
    elif status in CourseStatus.values:
        rows = rows.filter(status=status)
    if practitioner is not None:
        rows = rows.filter(lead_practitioner=practitioner)
    backwards, key = sort.startswith("-"), sort.removeprefix("-")
    order = [F(name) for name in SORTS.get(key, SORTS["next"])]
    return rows.order_by(*[o.desc(nulls_last=True) if backwards else o.asc(nulls_last=True) for o in order], "-pk")


# What Today asks for


def due_unbooked(site: Site, today: date) -> QuerySet[PlannedSession]:
    """List the next sessions to book of active courses: due, or their window is open. One SQL statement.

    One a course: the first that is neither done nor booked, when nothing before it is still to come.
    """
    earlier = PlannedSession.objects.filter(
        course=OuterRef("course"), number__lt=OuterRef("number"), status__in=["planned", "booked"]
    ).exclude(why__in=[LEFT_OPEN, OUT_OF_PLAN])
    rows = PlannedSession.objects.filter(
        ~Exists(earlier),
        Q(due_on__lte=today) | Q(earliest_on__lte=today),
        course__site=site,
        course__status=CourseStatus.ACTIVE,
        status=PlannedStatus.PLANNED,
        is_held=False,
    )
    names = ("course__patient__species", "course__patient__place", "course__indication")
    return rows.exclude(why__in=[LEFT_OPEN, OUT_OF_PLAN]).select_related(*names).order_by("due_on", "pk")


def lapsed(site: Site) -> QuerySet[Course]:
    """List the courses that lapsed and wait for a practitioner. One SQL statement."""
    rows = Course.objects.filter(site=site, status=CourseStatus.PAUSED, lapsed_on__isnull=False)
    return rows.select_related("patient__species", "patient__place", "indication").order_by("lapsed_on", "pk")


def to_rebook(
    site: Site, now: datetime, lost: Collection[int] = (), *, at_most: int | None = None
) -> list[Appointment]:
    """List the visits to come that the plan has moved away from, by time, those of the keys `lost` before them.

    `appointment.rebook_why`: "early" or "late" for its window, "out_of_plan", or "course_over"; empty for one that is
    lost though it fits. At most two SQL statements.
    """
    visits = list_rare(visits_to_rebook(site, now, lost), at_most)
    say_why(visits, site)
    return visits


def visits_to_rebook(site: Site, now: datetime, lost: Collection[int] = ()) -> QuerySet[Appointment]:
    """The visits of `to_rebook`, which `say_why` says why of. One SQL statement."""
    today_starts = day_bounds(local_day(now, site.zone), site.zone)[0]
    is_lost = Q(pk__in=lost)
    has_moved = Q(starts_at__gte=today_starts, planned_session__isnull=False) & has_moved_in_sql(site)
    rows = Appointment.objects.filter(
        site=site, starts_at__gte=today_starts - timedelta(minutes=LONGEST_MIN), status__in=TO_COME
    )
    rows = rows.filter(is_lost | has_moved).order_by(Case(When(is_lost, then=0), default=1), "starts_at", "pk")
    names = ("patient__species", "practitioner", "place", "planned_session__course__indication", "round__place")
    return rows.select_related(*names)


def say_why(visits: Iterable[Appointment], site: Site) -> None:
    """Set `rebook_why` of visits read by `visits_to_rebook`. No SQL statement."""
    for visit in visits:
        planned = visit.planned_session
        visit.rebook_why = "" if planned is None else rebook_why(visit, planned, site)


def open_reviews(
    clinic: Clinic, practitioner: Practitioner | None = None, at_most: int = MOST_REVIEWS
) -> list[CoursePlan]:
    """List the courses at a gate whose review is due now, led by a practitioner or by anybody; who waits longest first.

    `plan.due_gate` is the phase that is over, `plan.gate_number(gate)` its last session. Only courses of which nothing
    but held sessions is left to do are loaded, `at_most` of them. Six SQL statements.
    """
    rows = PlannedSession.objects.filter(course=OuterRef("pk"))
    to_do = rows.filter(status__in=["planned", "booked"], is_held=False).exclude(why__in=[LEFT_OPEN, OUT_OF_PLAN])
    begun = rows.filter(status__in=["done", "skipped"])
    gated = Course.objects.filter(Exists(begun), ~Exists(to_do), clinic=clinic, status__in=OPEN_COURSES)
    gated = gated.filter(cadence__contains="!")
    if practitioner is not None:
        gated = gated.filter(lead_practitioner=practitioner)
    last_on = Subquery(rows.filter(performed_on__isnull=False).order_by("-performed_on").values("performed_on")[:1])
    names = ("clinic", "site", "patient__species", "indication")
    waiting = gated.annotate(last_on=last_on).select_related(*names).order_by("last_on", "pk")[:at_most]
    return [plan for plan in plans_of(waiting) if plan.due_gate is not None]
