from .appointments import Appointment
from .availability import Absence, Closure, Practitioner, Room, WorkingHours
from .calls import CallAttempt
from .courses import Course, CourseRevision, PlannedSession, Review
from .records import Administration, AdverseEvent, InjectionSite, Override, Score, SessionRecord
from .reminders import Reminder
from .rounds import Round
from .signatures import Addendum, Signature, SignatureHead

__all__ = [
    "Absence",
    "Addendum",
    "Administration",
    "AdverseEvent",
    "Appointment",
    "CallAttempt",
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
    "Round",
    "Score",
    "SessionRecord",
    "Signature",
    "SignatureHead",
    "WorkingHours",
]
