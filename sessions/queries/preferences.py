"""Read a patient's wishes and blocked days."""

from datetime import date
from uuid import UUID

from django.http import Http404

from patients.models import Patient
from sessions.models import BlockedDay, BookingPreference


def preference_of(patient: Patient) -> BookingPreference:
    """Give what a patient wishes for; an empty, unsaved one when nothing is known. One SQL statement."""
    found = list(BookingPreference.objects.select_related("practitioner", "room").filter(patient=patient).order_by())
    return found[0] if found else BookingPreference(patient=patient, clinic_id=patient.clinic_id)


def blocked_days(patient: Patient, since: date) -> list[BlockedDay]:
    """List the days a patient cannot come, from a local day on. One SQL statement."""
    return list(BlockedDay.objects.filter(patient=patient, until_on__gte=since))


def blocked_or_404(patient: Patient, public_id: UUID) -> BlockedDay:
    """Give blocked days of this patient. One SQL statement."""
    found = BlockedDay.objects.filter(patient=patient, public_id=public_id).first()
    if found is None:
        raise Http404
    return found
