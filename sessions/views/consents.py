"""The paper of a consent, as PDF."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from mesoclinic.core.access import requires
from patients.queries import consents as reads
from patients.queries import patients
from sessions.services import consents


@require_safe
@requires("patients.change_patient")
def print_consent(request: HttpRequest, public_id: UUID, consent_id: UUID) -> HttpResponse:
    patient = patients.get_or_404(request.clinic, public_id)
    consent = reads.signed_or_404(patient, consent_id)
    pdf = consents.print_consent(actor=request.user, consent=consent)
    named = content_disposition_header(as_attachment=False, filename=f"consent-{consent.given_on}.pdf")
    headers = {"Content-Disposition": named, "Cache-Control": "no-store"}
    return HttpResponse(pdf, content_type="application/pdf", headers=headers)
