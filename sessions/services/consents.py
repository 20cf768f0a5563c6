"""Print the paper of a consent; that it was printed is written down."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone, translation

from mesoclinic.core import audit, languages
from mesoclinic.core.models import User
from patients.models import Consent, ConsentText, Patient
from sessions.printing.consents import ConsentPaper, consent_data, consent_file_name
from sessions.printing.pdf import PrintedPaper, print_data
from sessions.queries.consent_paper import consent_form, consent_paper, paper_words


def print_consent(*, actor: User, consent: Consent, now: datetime | None = None) -> PrintedPaper:
    """Print a consent as PDF: its words, who gave it, and the signature or a line for one."""
    now = now or timezone.now()
    with transaction.atomic():
        paper = consent_paper(consent, printed_by=actor, today=timezone.localdate(now))
        told = {"clinic": consent.patient.clinic, "patient_id": consent.patient_id}
        audit.record(actor=actor, verb="consent.printed", subject=consent, **told)
    return _printed(paper, now)


def print_consent_form(
    *, actor: User, patient: Patient, text: ConsentText, language: str = "", now: datetime | None = None
) -> PrintedPaper:
    """Print the words of a consent with empty lines, to be signed on paper. Without a language, that of the words."""
    now = now or timezone.now()
    with translation.override(language or languages.spoken(text.language)):
        with transaction.atomic():
            paper = consent_form(patient, text, printed_by=actor, today=timezone.localdate(now))
            audit.record(actor=actor, verb="consent-form.printed", subject=text, patient_id=patient.pk)
        return _printed(paper, now)


def _printed(paper: ConsentPaper, now: datetime) -> PrintedPaper:
    return PrintedPaper(
        print_data(consent_data(paper, paper_words()), now, template="consent.typ"), consent_file_name(paper)
    )
