from .adverse_events import AdverseEvent
from .appointments import Appointment
from .availability import Absence, Closure, Practitioner, Room, WorkingHours
from .batches import BatchReport, ReportBatch
from .calls import CallAttempt
from .competitions import CompetitionEvent
from .courses import Course, CourseRevision, PlannedSession, Review
from .feeds import CalendarFeed, FeedLine
from .figures import CourseFigures
from .follow_ups import AdverseEventUpdate, FollowUp
from .handouts import ReportHandout
from .leaflets import LeafletText
from .paper import PaperSettings
from .preferences import BlockedDay, BookingPreference
from .recalls import RecallNotice
from .records import Administration, InjectionSite, Override, Score, SessionRecord
from .reminders import MessageText, Reminder, ReminderSettings
from .replies import Reply
from .rounds import Round
from .signatures import Addendum, Signature, SignatureHead
from .waiting import WaitingEntry

__all__ = [
    "Absence",
    "Addendum",
    "Administration",
    "AdverseEvent",
    "AdverseEventUpdate",
    "Appointment",
    "BatchReport",
    "BlockedDay",
    "BookingPreference",
    "CalendarFeed",
    "CallAttempt",
    "Closure",
    "CompetitionEvent",
    "Course",
    "CourseFigures",
    "CourseRevision",
    "FeedLine",
    "FollowUp",
    "InjectionSite",
    "LeafletText",
    "MessageText",
    "Override",
    "PaperSettings",
    "PlannedSession",
    "Practitioner",
    "RecallNotice",
    "Reminder",
    "ReminderSettings",
    "Reply",
    "ReportBatch",
    "ReportHandout",
    "Review",
    "Room",
    "Round",
    "Score",
    "SessionRecord",
    "Signature",
    "SignatureHead",
    "WaitingEntry",
    "WorkingHours",
]
