"""The ways of a race about an import: a worker takes it back while desks book visits for the patients it brought."""

from datetime import datetime

from mesoclinic.core.models import Site
from patients.models import Patient, PatientImport
from patients.services import imports
from sessions.models import Appointment, Practitioner, Room
from sessions.services import appointments


def take_back_or_book(asked) -> PatientImport | Appointment:
    """The desk's page had read the patient before; only what the booking reads is true of the moment."""
    if asked["deed"] == "take-back":
        imports.go_on(asked["import"])
        return PatientImport.objects.get(pk=asked["import"])
    site = Site.objects.select_related("clinic").get(pk=asked["site"])
    return appointments.book_appointment(
        actor=None,
        clinic=site.clinic,
        site=site,
        kind="session",
        patient=Patient(**asked["patient"]),
        practitioner=Practitioner.objects.get(pk=asked["practitioner"]),
        room=Room.objects.get(pk=asked["room"]),
        starts_at=datetime.fromisoformat(asked["starts_at"]),
        minutes=20,
        now=datetime.fromisoformat(asked["now"]),
    )
