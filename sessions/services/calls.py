"""Write down that a patient was called, and what came of it."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from mesoclinic.core import audit
from mesoclinic.core.models import User
from mesoclinic.core.refused import Refused
from patients.models import Patient
from sessions.models import Appointment, CallAttempt, Round


@transaction.atomic
def record_call_attempt(
    *,
    actor: User | None,
    patient: Patient,
    outcome: str,
    appointment: Appointment | None = None,
    note: str = "",
    now: datetime | None = None,
) -> CallAttempt:
    """Add one attempt to the log of calls; it changes nothing else. Raises Refused("bad-outcome" | "other-patient")."""
    if outcome not in CallAttempt.Outcome.values:
        raise Refused("bad-outcome", _("Say what came of the call."), field="outcome")
    if appointment is not None and appointment.patient_id != patient.pk:
        raise Refused("other-patient", _("This visit belongs to another patient."))
    attempt = CallAttempt.objects.create(
        clinic_id=patient.clinic_id,
        patient=patient,
        appointment=appointment,
        outcome=outcome,
        note=note.strip()[:300],
        by=actor,
        at=now or timezone.now(),
    )
    audit.record(actor=actor, verb="call.recorded", subject=attempt, patient_id=patient.pk)
    return attempt


@transaction.atomic
def record_call_about_round(
    *, actor: User | None, round: Round, outcome: str, note: str = "", now: datetime | None = None
) -> list[CallAttempt]:
    """Add an attempt for every visit of a round: one call, and it stands in the file of each. Raises as for one visit."""
    visits = Appointment.objects.live().filter(round=round).select_related("patient").order_by("starts_at", "pk")
    about = {"actor": actor, "outcome": outcome, "note": note, "now": now}
    return [record_call_attempt(patient=visit.patient, appointment=visit, **about) for visit in visits]
