"""The paper of a consent, and the form for one to come, as PDF."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from mesoclinic.core import languages
from mesoclinic.core.access import requires
from mesoclinic.core.file_answers import file_answer
from patients.queries import consents as reads
from patients.queries import patients
from sessions.services import consents


@require_safe
@requires("patients.change_patient")
@languages.in_language_asked
def print_consent(request: HttpRequest, public_id: UUID, consent_id: UUID) -> HttpResponse:
    patient = patients.get_or_404(request.clinic, public_id)
    consent = reads.signed_or_404(patient, consent_id)
    printed = consents.print_consent(actor=request.user, consent=consent)
    return file_answer(printed.pdf, printed.file_name)


@require_safe
@requires("patients.change_patient")
def print_consent_form(request: HttpRequest, public_id: UUID, text_id: UUID) -> HttpResponse:
    """Print the words to be signed on paper, before there is a consent."""
    patient = patients.get_or_404(request.clinic, public_id)
    text = reads.text_or_404(request.clinic, text_id)
    language = languages.asked(request)
    printed = consents.print_consent_form(actor=request.user, patient=patient, text=text, language=language)
    return file_answer(printed.pdf, printed.file_name)
