"""Reads of flags and consents."""

import uuid
from datetime import date

from django.db.models import Q, QuerySet
from django.http import Http404

from mesoclinic.core.models import Clinic
from patients.models import Consent, Flag, Patient
from patients.models.flags import ALLERGIES
from protocols.allergens import MATERIALS, allergen_words
from protocols.models import Substance


def flag_or_404(patient: Patient, public_id: uuid.UUID) -> Flag:
    """Return a flag of this patient. One SQL statement."""
    try:
        return patient.flags.select_related("substance").get(public_id=public_id)
    except Flag.DoesNotExist as exc:
        raise Http404 from exc


def lasting_allergies(patient: Patient, today: date) -> QuerySet[Flag]:
    """Give the allergies that hold after a day: with no last day, or a later one."""
    lasting = Q(until_on__isnull=True) | Q(until_on__gt=today)
    return patient.flags.filter(lasting, kind__in=ALLERGIES)


def consent_or_404(patient: Patient, public_id: uuid.UUID) -> Consent:
    """Return a consent of this patient. One SQL statement."""
    try:
        return patient.consents.select_related("text").get(public_id=public_id)
    except Consent.DoesNotExist as exc:
        raise Http404 from exc


def allergens(clinic: Clinic) -> list[str]:
    """Return the classes of the clinic's substances and usual materials, to choose from. One SQL statement."""
    lists = Substance.objects.filter(clinic=clinic).values_list("allergy_classes", flat=True)
    return sorted({allergen_words(code) for code in (*MATERIALS, *(name for names in lists for name in names))})
