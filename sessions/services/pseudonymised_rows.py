"""What people typed about a patient in visits, courses, calls and messages, and goes when the file is pseudonymised.

What is signed or append-only stays as it is: triggers hold it, and it names the patient by key only. A test walks every
text column of the database and asks for each that can belong to a patient whether it is cleared here or kept, and why.
"""

from collections.abc import Callable
from typing import Any

from django.db.models import Q, QuerySet

from patients.services.pseudonymising import BLANK
from sessions.models import (
    AdverseEvent,
    AdverseEventUpdate,
    Appointment,
    BlockedDay,
    CalendarFeed,
    CallAttempt,
    CompetitionEvent,
    Course,
    FollowUp,
    Override,
    PlannedSession,
    RecallNotice,
    Reminder,
    Reply,
    ReportHandout,
    SessionRecord,
    WaitingEntry,
)
from sessions.models.records import RecordStatus
from sessions.services import batches

RowsOf = Callable[[list[int]], QuerySet[Any]]

NOBODYS = Q(party__pseudonymised_at__isnull=False)  # contacts who lost their names with the file
COURSE_TEXTS = ("complaint", "tried_before", "combined_with", "status_reason", "plan_problem", "billing_note")
# A word stands where one was typed, so that "say why" still holds.
TYPED: tuple[tuple[RowsOf, tuple[str, ...]], ...] = (
    (lambda keys: PlannedSession.objects.filter(course__patient__in=keys), ("skip_reason",)),
    (
        lambda keys: Appointment.objects.filter(patient__in=keys),
        ("reason", "note", "exception_reason", "status_reason"),
    ),
    (lambda keys: CallAttempt.objects.filter(patient__in=keys), ("note",)),
    (lambda keys: BlockedDay.objects.filter(patient__in=keys), ("reason",)),
    (lambda keys: CompetitionEvent.objects.filter(patient__in=keys), ("name", "note")),
    (lambda keys: WaitingEntry.objects.filter(patient__in=keys), ("note",)),
    (lambda keys: RecallNotice.objects.filter(Q(patient__in=keys) | NOBODYS), ("note",)),
    (lambda keys: Reply.objects.filter(appointment__patient__in=keys), ("words",)),
    (lambda keys: FollowUp.objects.filter(record__patient__in=keys), ("note",)),
    (lambda keys: AdverseEventUpdate.objects.filter(event__patient__in=keys), ("note",)),
    (lambda keys: _unsigned_events(keys), ("kind", "description", "action")),
    (lambda keys: _handouts(keys), ("recipient", "purpose", "file_name")),
    (lambda keys: Override.objects.filter(course__patient__in=keys), ("reason",)),
    (lambda keys: Override.objects.filter(record__in=_unsigned(keys)), ("reason",)),
    (lambda keys: _unsigned(keys), ("sedation", "aftercare", "notes", "signed_for_reason")),
)


def clear_sessions(keys: list[int]) -> None:
    """Clear the rows of these files inside the caller's transaction; messages and calendar addresses go altogether."""
    for rows_of, columns in TYPED:
        for column in columns:
            rows_of(keys).exclude(**{column: ""}).update(**{column: BLANK})
    _unsigned(keys).update(draft={}, checklist={})
    _handouts(keys).update(content=b"")
    batches.let_go(keys)
    Reminder.objects.filter(appointment__patient__in=keys).delete()
    CalendarFeed.objects.filter(Q(patient__in=keys) | NOBODYS).delete()
    Reply.objects.filter(appointment__patient__in=keys).update(party=None)
    _clear_courses(keys)


def _clear_courses(keys: list[int]) -> None:
    for course in Course.objects.filter(patient__in=keys):
        for name in COURSE_TEXTS:
            setattr(course, name, BLANK if getattr(course, name) else "")
        course.save(update_fields=COURSE_TEXTS)
    Course.history.filter(patient__in=keys).delete()


def _handouts(keys: list[int]) -> QuerySet[ReportHandout]:
    return ReportHandout.objects.of_files(keys)


def _unsigned(keys: list[int]) -> QuerySet[SessionRecord]:
    return SessionRecord.objects.filter(patient__in=keys).exclude(status=RecordStatus.SIGNED)


def _unsigned_events(keys: list[int]) -> QuerySet[AdverseEvent]:
    """Reactions told later, and those of records nobody signed."""
    mine = AdverseEvent.objects.filter(patient__in=keys)
    return mine.filter(Q(is_late=True) | Q(record__isnull=True) | ~Q(record__status=RecordStatus.SIGNED))
