from .appointments import Appointment
from .availability import Absence, Closure, Practitioner, Room, WorkingHours
from .courses import Course, CourseRevision, PlannedSession, Review
from .records import (
    Addendum,
    Administration,
    AdverseEvent,
    InjectionSite,
    Override,
    Score,
    SessionRecord,
    Signature,
    SignatureHead,
)
from .reminders import Reminder

__all__ = [
    "Absence",
    "Addendum",
    "Administration",
    "AdverseEvent",
    "Appointment",
    "Closure",
    "Course",
    "CourseRevision",
    "InjectionSite",
    "Override",
    "PlannedSession",
    "Practitioner",
    "Reminder",
    "Review",
    "Room",
    "Score",
    "SessionRecord",
    "Signature",
    "SignatureHead",
    "WorkingHours",
]
