"""Print the paper of a consent; that it was printed is written down."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from mesoclinic.core import audit
from mesoclinic.core.models import User
from patients.models import Consent
from sessions.printing.consents import consent_data
from sessions.printing.pdf import print_data
from sessions.queries.consent_paper import consent_paper, paper_words


def print_consent(*, actor: User, consent: Consent, now: datetime | None = None) -> bytes:
    """Print a consent as PDF: its words, who gave it, and the signature or a line for one."""
    now = now or timezone.now()
    with transaction.atomic():
        paper = consent_paper(consent, printed_by=actor, today=timezone.localdate(now))
        told = {"clinic": consent.patient.clinic, "patient_id": consent.patient_id}
        audit.record(actor=actor, verb="consent.printed", subject=consent, **told)
    return print_data(consent_data(paper, paper_words()), now, template="consent.typ")
