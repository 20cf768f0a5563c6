"""Read the log of calls: what came of the last one, and all about a visit."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.db.models import OuterRef, Subquery

from patients.models import Patient
from sessions.models import Appointment, CallAttempt


def last_outcomes(patients: Iterable[Patient], *, since: datetime | None = None) -> dict[int, CallAttempt]:
    """Give the latest attempt to call each patient that was ever called, by the patient's key. One SQL statement."""
    of_patient = CallAttempt.objects.filter(patient=OuterRef("pk"))
    if since is not None:
        of_patient = of_patient.filter(at__gte=since)
    keys = {patient.pk for patient in patients}
    latest = Patient.objects.filter(pk__in=keys).annotate(last=Subquery(of_patient.values("pk")[:1]))
    rows = CallAttempt.objects.filter(pk__in=latest.values("last")).select_related("by")
    return {row.patient_id: row for row in rows}


def attempts_about(appointments: Iterable[Appointment]) -> dict[int, list[CallAttempt]]:
    """List the attempts about each of these visits, the latest first, by the visit's key. One SQL statement."""
    found: dict[int, list[CallAttempt]] = defaultdict(list)
    rows = CallAttempt.objects.filter(appointment__in=[one.pk for one in appointments]).select_related("by")
    for row in rows:
        found[row.appointment_id].append(row)
    return found
