"""Delete what no law keeps of a file's own app, and set the file restricted, or lift that again.

`sessions.services.erasure` decides, does its own, and writes down who asked and what it was answered.
"""

from datetime import date, datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from mesoclinic.core import audit
from mesoclinic.core.checking import check
from mesoclinic.core.models import User
from mesoclinic.core.refused import Refused
from patients.models import ErasureRequest, Merge, Party, Patient, PatientParty
from patients.models.patients import EndReason
from patients.queries import erasure as reads
from patients.services.consents import withdraw_consent
from patients.services.pseudonymising import clear_audit_of_nobody, clear_parties
from patients.services.searching import fold_contact

WAYS = ("phone", "email")
CLOSED = (*WAYS, "may_email", "may_text", "may_call", "phone_search", "search_text")


def drop_contacts(keys: list[int], now: datetime) -> None:
    """Part the file from people who only came along; those who are nobody's contact any more lose their names."""
    clear_parties(reads.idle_links(keys), now)
    clear_audit_of_nobody(now)


def drop_ways(keys: list[int]) -> None:
    """Delete telephone numbers and e-mail addresses, earlier ones too, of the files and of contacts of nobody else."""
    for party in reads.own_parties(keys).select_related("clinic"):
        _unreach(party, party.name)
    for patient in Patient.objects.filter(pk__in=keys).select_related("clinic"):
        _unreach(patient, patient.name, patient.registered_name)
    Patient.history.filter(id__in=keys).update(**dict.fromkeys(WAYS, ""))
    PatientParty.objects.filter(patient__in=keys).update(gets_reminders=False, gets_reports=False)
    for merge in Merge.objects.filter(kept__in=keys):
        for held in (merge.before, merge.after):
            held |= {name: "" for name in WAYS if held.get(name)}
        merge.save(update_fields=["before", "after"])


def _unreach(who: Patient | Party, *names: str) -> None:
    who.phone = who.email = ""
    who.may_email = who.may_text = who.may_call = False
    fold_contact(who, *names)
    who.save(update_fields=CLOSED)


def end_permissions(actor: User | None, keys: list[int], today: date) -> None:
    for consent in reads.permissions(keys):
        withdraw_consent(actor=actor, consent=consent, on=max(today, consent.given_on))


def restrict(patient: Patient, now: datetime, today: date) -> None:
    """Set a locked file restricted; an open one is closed by that."""
    if patient.ended_on is None:
        patient.ended_on, patient.end_reason = today, EndReason.OTHER
    patient.restricted_at = now
    patient.save(update_fields=["ended_on", "end_reason", "restricted_at"])


@transaction.atomic
def lift_restriction(*, actor: User | None, patient: Patient, reason: str, now: datetime | None = None) -> Patient:
    """Let a file be used again; it stays closed until somebody opens it, and what was deleted stays deleted.

    Raises Refused("not-restricted" | "not-valid").
    """
    now = now or timezone.now()
    patient = Patient.objects.select_for_update(of=("self",)).select_related("clinic").get(pk=patient.pk)
    request = ErasureRequest.objects.select_for_update().filter(patient=patient, lifted_at__isnull=True).first()
    if patient.restricted_at is None or request is None:
        raise Refused("not-restricted", _("This file is not restricted any more."))
    request.lifted_at, request.lifted_by, request.lift_reason = now, actor, reason
    check(request, but=["patient", "by", "lifted_by"])
    request.save(update_fields=["lifted_at", "lifted_by", "lift_reason"])
    patient.restricted_at = None
    patient.save(update_fields=["restricted_at"])
    audit.record(actor=actor, verb="erasure.lifted", subject=request, patient_id=patient.pk, reason=reason)
    return patient


def note_opened(*, actor: User, patient: Patient, reason: str) -> None:
    """Write down why somebody opens a restricted file."""
    audit.record(actor=actor, verb="restricted-file.opened", subject=patient, patient_id=patient.pk, reason=reason)
