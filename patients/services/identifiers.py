"""Attach and end the numbers others know a patient by."""

from datetime import date

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from mesoclinic.core import audit
from mesoclinic.core.checking import check
from mesoclinic.core.models import User
from mesoclinic.core.refused import Refused
from patients.models import Identifier, Patient
from patients.models.patients import IdentifierScheme
from patients.services.sealed import refuse_sealed
from patients.services.searching import index_patients

BARE = (IdentifierScheme.MICROCHIP, IdentifierScheme.UELN, IdentifierScheme.NATIONAL)
SEPARATORS = str.maketrans("", "", " \t\u00a0\u202f-–.")


def normalised(scheme: str, value: str) -> str:
    """Write a number one way: chips and UELNs without blanks and dashes, letters upper case. Source: DOMAIN 2.4."""
    value = " ".join(value.split())
    if scheme in BARE:
        value = value.translate(SEPARATORS)
    return value.upper() if scheme == IdentifierScheme.UELN else value


@transaction.atomic
def add_identifier(
    *,
    actor: User | None,
    patient: Patient,
    scheme: str,
    value: str,
    from_on: date | None = None,
    until_on: date | None = None,
    note: str = "",
) -> Identifier:
    """Attach a number. Raises Refused("bad-identifier" | "not-valid" | "identifier-taken").

    Taken means that another living file of the clinic has the same chip or UELN now: then it is likely one animal
    with two files, and `details["other"]` is the other file.
    """
    identifier = attach(patient=patient, scheme=scheme, value=value, from_on=from_on, until_on=until_on, note=note)
    index_patients([patient])
    audit.record(actor=actor, verb="identifier.added", subject=identifier, clinic=patient.clinic, patient_id=patient.pk)
    return identifier


def attach(
    *,
    patient: Patient,
    scheme: str,
    value: str,
    from_on: date | None = None,
    until_on: date | None = None,
    note: str = "",
) -> Identifier:
    """Write the row, inside the caller's transaction; the caller indexes and audits."""
    refuse_sealed(patient)
    identifier = Identifier(
        patient=patient, scheme=scheme, value=normalised(scheme, value), from_on=from_on, until_on=until_on, note=note
    )
    if message := misspelt(scheme, identifier.value):
        raise Refused("bad-identifier", message, field="value")
    check(identifier, but=["patient"])
    _refuse_taken(identifier, patient)
    if Identifier.objects.filter(patient=patient, scheme=scheme, value=identifier.value).exists():
        raise Refused("identifier-taken", _("This number is already in this file."), field="value")
    identifier.save()
    return identifier


@transaction.atomic
def end_identifier(*, actor: User | None, identifier: Identifier, on: date | None = None) -> Identifier:
    """Say from when a number is no longer the patient's (a chip replaced). It still finds the file."""
    identifier.until_on = on or timezone.localdate()
    check(identifier, but=["patient"])
    identifier.save(update_fields=["until_on"])
    patient = identifier.patient
    audit.record(actor=actor, verb="identifier.ended", subject=identifier, clinic=patient.clinic, patient_id=patient.pk)
    return identifier


def misspelt(scheme: str, value: str) -> str:
    """Say in words what is wrong with a normalised number, or nothing. Source: DOMAIN 2.4."""
    plain = value.isascii() and value.isalnum()
    if scheme == IdentifierScheme.MICROCHIP and not (plain and value.isdigit() and len(value) == 15):
        return _("A microchip number has exactly 15 digits; this has %(count)d characters.") % {"count": len(value)}
    if scheme == IdentifierScheme.UELN and not (plain and len(value) == 15):
        return _("A UELN has exactly 15 letters and digits; this has %(count)d characters.") % {"count": len(value)}
    return ""


def _refuse_taken(identifier: Identifier, patient: Patient) -> None:
    if identifier.scheme not in BARE:
        return
    other = (
        Identifier.objects.filter(
            scheme=identifier.scheme,
            value=identifier.value,
            until_on__isnull=True,
            patient__clinic_id=patient.clinic_id,
            patient__merged_into__isnull=True,
        )
        .exclude(patient=patient)
        .select_related("patient")
        .first()
    )
    if other is not None:
        message = _("%(name)s (file %(number)d) already has this number. Open that file, or check the number.")
        words = {"name": other.patient.listed_name, "number": other.patient.number}
        raise Refused("identifier-taken", message % words, field="value", other=other.patient)
