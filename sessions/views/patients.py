"""The one page that tells a patient's whole story. It stands here because it shows courses and records."""

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from mesoclinic.core import audit
from mesoclinic.core.access import requires
from mesoclinic.core.models import User
from patients.models import Patient
from patients.queries import patients as patient_queries
from sessions.queries import patients as queries


@requires("patients.view_patient")
@require_GET
def open_patient(request: HttpRequest, public_id) -> HttpResponse:
    """Show the patient's page, and note who opened it. A merged file's address leads to the file that is kept."""
    patient = patient_queries.get_or_404(request.clinic, public_id)
    if patient.public_id != public_id:
        return redirect("sessions:patient", public_id=patient.public_id)
    with transaction.atomic():
        audit.record(actor=request.user, verb="patient.opened", subject=patient, patient_id=patient.pk)
    story = queries.story(
        patient,
        today=timezone.localdate(),
        now=timezone.now(),
        zone=request.site.zone,
        sees_records=request.user.has_perm("sessions.view_record"),
        all_visits=request.GET.get("visits") == "all",
    )
    context = {"story": story, "patient": patient, "banner": story.banner, "words": patient.species.words}
    return render(request, "sessions/patients/patient.html", context | {"may": _may(request.user, patient)})


def _may(user: User, patient: Patient) -> dict[str, bool]:
    """What of the file this user may change; nothing of one that is only kept, whose services refuse it."""
    rights = {"change": "patients.change_patient", "flag": "patients.change_flag", "compete": "sessions.book"}
    return {name: user.has_perm(right) and not patient.is_sealed for name, right in rights.items()}
