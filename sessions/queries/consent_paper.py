"""What the paper of a consent says, in the reader's language; the words consented to stay as they were."""

import re
from datetime import date

from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from mesoclinic.core.models import User
from mesoclinic.core.wording import date_format
from patients.models import Consent, ConsentText, Patient
from patients.queries import patients
from patients.signatures import svg_of
from sessions.printing.consents import CONSENT_WORDS, ConsentPaper
from sessions.printing.words import Words
from sessions.queries.paper import letterhead, paper_of, paper_size


def paper_words() -> Words:
    return {key: _(text) for key, text in CONSENT_WORDS.items()}


def consent_paper(consent: Consent, *, printed_by: User, today: date) -> ConsentPaper:
    """Give the paper of a consent loaded with its text and signature. At most seven SQL statements."""
    clinic = consent.patient.clinic
    paper = paper_of(clinic)
    banner = patients.banner(consent.patient, today)
    signature = getattr(consent, "signature", None)
    signed_at = date_format(timezone.localtime(signature.signed_at), "j M Y H:i") if signature else ""
    return ConsentPaper(
        clinic=letterhead(clinic, None, paper),
        title=consent.text.title,
        text_language=consent.text.language,
        version=consent.text.version,
        paragraphs=_paragraphs(consent.text),
        patient=banner.name,
        identifiers=tuple(f"{fact.label} {fact.value}" for fact in banner.identifiers[:2]),
        given_by=consent.given_by_name,
        given_as=str(consent.get_given_as_display()),
        given_on=consent.given_on,
        how=str(consent.get_method_display()),
        printed_on=today,
        printed_by=str(printed_by),
        taken_by=str(consent.taken_by or ""),
        withdrawn_on=consent.withdrawn_on,
        signed_at=signed_at,
        svg=svg_of(signature.strokes) if signature and signature.strokes else "",
        typed=signature.typed_name if signature else "",
        language=(get_language() or "en").split("-")[0],
        paper=paper_size(clinic, paper),
    )


def consent_form(patient: Patient, text: ConsentText, *, printed_by: User, today: date) -> ConsentPaper:
    """Give the paper of a consent that nobody has given yet, to be filled in and signed. At most six SQL statements."""
    paper = paper_of(patient.clinic)
    banner = patients.banner(patient, today)
    return ConsentPaper(
        clinic=letterhead(patient.clinic, None, paper),
        title=text.title,
        text_language=text.language,
        version=text.version,
        paragraphs=_paragraphs(text),
        patient=banner.name,
        identifiers=tuple(f"{fact.label} {fact.value}" for fact in banner.identifiers[:2]),
        printed_on=today,
        printed_by=str(printed_by),
        language=(get_language() or "en").split("-")[0],
        paper=paper_size(patient.clinic, paper),
    )


def _paragraphs(text: ConsentText) -> tuple[str, ...]:
    return tuple(part.strip() for part in re.split(r"\n\s*\n", text.body) if part.strip())
