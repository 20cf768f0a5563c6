"""What of this app moves when two files of one patient are merged: all that is not signed."""

from patients.models import Patient
from patients.services.merging import also_moves
from sessions.models import (
    AdverseEvent,
    Appointment,
    BlockedDay,
    CallAttempt,
    CompetitionEvent,
    Course,
    RecallNotice,
    SessionRecord,
    WaitingEntry,
)
from sessions.models.records import RecordStatus


def announce() -> None:
    """Tell the patients app, which knows nothing of this one."""
    also_moves("treatment_sessions.Course", lambda patient: Course.objects.filter(patient=patient))
    also_moves("treatment_sessions.Appointment", lambda patient: Appointment.objects.filter(patient=patient))
    also_moves("treatment_sessions.CallAttempt", lambda patient: CallAttempt.objects.filter(patient=patient))
    also_moves("treatment_sessions.BlockedDay", lambda patient: BlockedDay.objects.filter(patient=patient))
    also_moves("treatment_sessions.CompetitionEvent", lambda patient: CompetitionEvent.objects.filter(patient=patient))
    also_moves("treatment_sessions.WaitingEntry", lambda patient: WaitingEntry.objects.filter(patient=patient))
    also_moves("treatment_sessions.RecallNotice", lambda patient: RecallNotice.objects.filter(patient=patient))
    also_moves("treatment_sessions.SessionRecord", _unsigned_records)
    also_moves("treatment_sessions.AdverseEvent", _loose_events)


def _unsigned_records(patient: Patient):
    return SessionRecord.objects.filter(patient=patient).exclude(status=RecordStatus.SIGNED)


def _loose_events(patient: Patient):
    """Reactions told later; those of a signed record are as frozen as it is."""
    return AdverseEvent.objects.filter(patient=patient).exclude(record__status=RecordStatus.SIGNED)
