"""Courses as the list of reports shows them: found by patient or number, with how far they are."""

from datetime import date

from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from mesoclinic.core.models import Clinic
from patients.queries import search
from protocols.models import Protocol
from sessions.models import Course, PlannedSession, Practitioner, SessionRecord
from sessions.models.courses import CourseStatus, PlannedStatus

SORTS = {
    "number": ("number",),
    "patient": ("patient__name", "number"),
    "lead": ("lead_practitioner__name", "number"),
    "start": ("start_on", "number"),
    "done": ("done_count", "number"),
}
MOST_PATIENTS = 100


def courses_to_print(
    clinic: Clinic,
    *,
    q: str = "",
    status: str = "",
    practitioner: Practitioner | None = None,
    protocol: Protocol | None = None,
    from_on: date | None = None,
    until_on: date | None = None,
    sort: str = "",
) -> QuerySet[Course]:
    """List the prescribed courses of a clinic, the newest first unless `sort` (a key of SORTS, "-" turns it) says else.

    Those of restricted files are left out. Each has `done_count` and `is_unsigned`. One SQL statement, three more when a text is looked for.
    """
    rows = Course.objects.filter(clinic=clinic, patient__restricted_at__isnull=True).select_related(
        "patient__species", "indication", "protocol_version__protocol", "lead_practitioner"
    )
    rows = rows.filter(status=status) if status else rows.exclude(status=CourseStatus.DRAFT)
    if practitioner is not None:
        rows = rows.filter(lead_practitioner=practitioner)
    if protocol is not None:
        rows = rows.filter(protocol_version__protocol=protocol)
    if from_on is not None:
        rows = rows.filter(start_on__gte=from_on)
    if until_on is not None:
        rows = rows.filter(start_on__lte=until_on)
    if q.strip():
        rows = rows.filter(_named(clinic, q))
    return _with_progress(rows).order_by(*_order(sort))


def _named(clinic: Clinic, text: str) -> Q:
    """Find by anything a patient is found by, or by course number; #12 is the number alone."""
    number = text.strip().removeprefix("#")
    is_number = number.isascii() and number.isdigit() and len(number) <= 9
    if is_number and text.strip() != number:
        return Q(number=int(number))
    found = Q(patient__in=[hit.patient_id for hit in search.search(clinic, text, MOST_PATIENTS)])
    return found | Q(number=int(number)) if is_number else found


def _with_progress(rows: QuerySet[Course]) -> QuerySet[Course]:
    done = PlannedSession.objects.filter(course=OuterRef("pk"), status=PlannedStatus.DONE).order_by()
    count = done.values("course").annotate(count=Count("pk")).values("count")
    unsigned = SessionRecord.objects.filter(course=OuterRef("pk"), status=SessionRecord.Status.DONE)
    return rows.annotate(
        done_count=Coalesce(Subquery(count, output_field=IntegerField()), 0), is_unsigned=Exists(unsigned)
    )


def _order(sort: str) -> tuple[str, ...]:
    keys = SORTS.get(sort.removeprefix("-"), ())
    if not keys:
        return ("-start_on", "-number")
    return tuple(f"-{key}" for key in keys) if sort.startswith("-") else keys
