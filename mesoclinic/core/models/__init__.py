from .audit import AuditEvent
from .base import ClinicOwned, Identified
from .clinics import Clinic, Site
from .jobs import Heartbeat, Job
from .users import User

__all__ = ["AuditEvent", "Clinic", "ClinicOwned", "Heartbeat", "Identified", "Job", "Site", "User"]
