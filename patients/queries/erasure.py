"""What of a file's own app no law keeps, requests for erasure, and who is restricted."""

import uuid

from django.db.models import Q, QuerySet
from django.http import Http404

from mesoclinic.core.models import Clinic
from patients.models import Consent, ErasureRequest, ImportRow, Party, Patient, PatientParty
from patients.models.consents import ConsentKind
from patients.models.imports import RowState
from patients.models.parties import PartyRole
from patients.queries.patients import file_ids

# Who owns or speaks for the patient, or treats it too, belongs to the treatment; so does whoever gave a consent.
OF_THE_TREATMENT = (PartyRole.OWNER, PartyRole.GUARDIAN, PartyRole.REFERRER)
PERMISSIONS = (ConsentKind.PHOTO, ConsentKind.INSURER)  # they prove no treatment, and permit what is still to come
REACHED = ~Q(phone="") | ~Q(email="")


def reached_files(keys: list[int]) -> QuerySet[Patient]:
    """Files with a telephone number or an e-mail address."""
    return Patient.objects.filter(REACHED, pk__in=keys)


def own_parties(keys: list[int]) -> QuerySet[Party]:
    """Contacts of these files who are no other patient's."""
    mine = Party.objects.filter(patient_links__patient__in=keys)
    return mine.exclude(patient_links__in=PatientParty.objects.exclude(patient__in=keys)).distinct()


def reached_parties(keys: list[int]) -> QuerySet[Party]:
    return own_parties(keys).filter(REACHED)


def idle_links(keys: list[int]) -> QuerySet[PatientParty]:
    """Contacts who only came along: family, payer, rider, trainer, others, unless they gave or may give consent."""
    gave = Consent.objects.filter(patient__in=keys, given_by_party__isnull=False).values("given_by_party")
    links = PatientParty.objects.filter(patient__in=keys, gives_consent=False)
    return links.exclude(role__in=OF_THE_TREATMENT).exclude(party__in=gave)


def permissions(keys: list[int]) -> QuerySet[Consent]:
    """Consents that hold to photographs, and to reports for an insurer."""
    return Consent.objects.filter(patient__in=keys, text__kind__in=PERMISSIONS, withdrawn_on__isnull=True)


def import_rows(keys: list[int]) -> QuerySet[ImportRow]:
    """Lines of another program's list that became these files, or were told to be the same and became none."""
    return ImportRow.objects.filter(Q(patient__in=keys) | Q(twin__in=keys) & ~Q(state=RowState.IMPORTED))


def requests_of(patient: Patient) -> list[ErasureRequest]:
    """List the requests about a file and those merged into it, the newest first. Two SQL statements."""
    rows = ErasureRequest.objects.filter(patient__in=file_ids(patient))
    return list(rows.select_related("by", "lifted_by"))


def in_force(patient: Patient) -> ErasureRequest | None:
    """Return the request a file is restricted by. One SQL statement."""
    return patient.erasure_requests.filter(lifted_at__isnull=True).select_related("by").first()


def request_or_404(patient: Patient, public_id: uuid.UUID) -> ErasureRequest:
    """Return a request about this file. Two SQL statements."""
    rows = ErasureRequest.objects.select_related("by", "patient__clinic", "patient__species")
    found = rows.filter(public_id=public_id, patient__in=file_ids(patient)).first()
    if found is None:
        raise Http404
    return found


def restricted(clinic: Clinic) -> QuerySet[ErasureRequest]:
    """List the requests in force about files that still name somebody, the first to be over on top. One SQL statement."""
    rows = ErasureRequest.objects.filter(clinic=clinic, lifted_at__isnull=True, patient__restricted_at__isnull=False)
    return rows.select_related("patient__species").order_by("kept_until_on", "pk")
