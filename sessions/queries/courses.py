"""Read courses: one, lists, and what Today asks for. Functions say how many SQL statements they need."""

from uuid import UUID

from django.db.models import Count, Exists, F, OuterRef, QuerySet, Subquery
from django.http import Http404

from mesoclinic.core.models import Clinic
from patients.restricted import knock
from sessions.models import Course, PlannedSession, Practitioner
from sessions.models.courses import LEFT_OPEN, OPEN_COURSES, OUT_OF_PLAN, CourseStatus
from sessions.queries.plan_pages import plan, stopping_in_words, visits_to_come
from sessions.queries.plans import CoursePlan, plans_of

__all__ = [
    "get_or_404",
    "listed",
    "open_reviews",
    "plan",
    "stopping_in_words",
    "visits_to_come",
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
