"""Owners, trainers, guardians, payers: who they are, and what they are for a patient from when to when."""

from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from mesoclinic.core import audit
from mesoclinic.core.checking import check
from mesoclinic.core.models import Clinic, User
from mesoclinic.core.refused import Refused
from patients.models import Party, Patient, PatientParty
from patients.models.parties import PartyRole
from patients.queries.parties import links_a_sale_ends
from patients.services.sealed import refuse_sealed
from patients.services.searching import fold_contact, index_patients

PARTY_FIELDS = (
    *("name", "is_organisation", "note", "phone", "email", "address", "language"),
    *("may_email", "may_text", "may_call"),
)
CONSENTING = (PartyRole.OWNER, PartyRole.GUARDIAN)


@transaction.atomic
def create_party(*, actor: User | None, clinic: Clinic, name: str, **fields: Any) -> Party:
    """Note a person or an organisation; what they are for whom is said by `add_party`."""
    party = Party(clinic=clinic)
    _assign(party, {"name": name, **fields})
    party.save()
    audit.record(actor=actor, verb="party.created", subject=party)
    return party


@transaction.atomic
def update_party(*, actor: User | None, party: Party, **fields: Any) -> Party:
    """Change how somebody is called or reached, for every patient at once."""
    before = {name: getattr(party, name) for name in fields}
    _assign(party, fields)
    party.save(update_fields=[*fields, "search_text", "phone_search"])
    index_patients([link.patient for link in party.patient_links.select_related("patient")])
    audit.record(actor=actor, verb="party.updated", subject=party, changes=audit.changed(party, before))
    return party


@transaction.atomic
def add_party(
    *,
    actor: User | None,
    patient: Patient,
    role: str,
    name: str = "",
    party: Party | None = None,
    from_on: date | None = None,
    gives_consent: bool | None = None,
    gets_reminders: bool | None = None,
    gets_reports: bool = False,
    **contact: Any,
) -> PatientParty:
    """Give a party a role for the patient from a day on: a known `party`, or a new one by name and contact.

    Unless said, owners and guardians consent and get reminders. Raises Refused("not-valid" | "already-linked").
    """
    linked = link(
        actor=actor,
        patient=patient,
        role=role,
        name=name,
        party=party,
        from_on=from_on or timezone.localdate(),
        gives_consent=gives_consent,
        gets_reminders=gets_reminders,
        gets_reports=gets_reports,
        **contact,
    )
    index_patients([patient])
    audit.record(actor=actor, verb="party.linked", subject=linked, clinic=patient.clinic, patient_id=patient.pk)
    return linked


def link(
    *,
    actor: User | None,
    patient: Patient,
    role: str,
    from_on: date,
    name: str = "",
    party: Party | None = None,
    gives_consent: bool | None = None,
    gets_reminders: bool | None = None,
    gets_reports: bool = False,
    **contact: Any,
) -> PatientParty:
    """Write the link, inside the caller's transaction; the caller indexes and audits."""
    refuse_sealed(patient)
    if party is None:
        party = create_party(actor=actor, clinic=patient.clinic, name=name, **contact)
    if party.clinic_id != patient.clinic_id:
        raise Refused("not-valid", _("Choose a contact of this clinic."), field="party")
    row = PatientParty(
        patient=patient,
        party=party,
        role=role,
        from_on=from_on,
        gives_consent=role in CONSENTING if gives_consent is None else gives_consent,
        gets_reminders=role in CONSENTING if gets_reminders is None else gets_reminders,
        gets_reports=gets_reports,
    )
    if PatientParty.objects.filter(patient=patient, party=party, role=role, until_on__isnull=True).exists():
        raise Refused("already-linked", _("This person already has this role."), field="role")
    check(row, but=["patient", "party"])
    row.save()
    return row


@transaction.atomic
def end_party(*, actor: User | None, link: PatientParty, on: date | None = None) -> PatientParty:
    """End a role; `on` is its last day. Raises Refused("already-ended" | "not-valid")."""
    link = (
        PatientParty.objects.select_for_update(of=("self",)).select_related("patient__clinic", "party").get(pk=link.pk)
    )
    if link.until_on is not None:
        raise Refused("already-ended", _("This role has already ended."))
    _end(link, on or timezone.localdate())
    index_patients([link.patient])
    patient = link.patient
    audit.record(actor=actor, verb="party.ended", subject=link, clinic=patient.clinic, patient_id=patient.pk)
    return link


@transaction.atomic
def transfer_ownership(
    *,
    actor: User | None,
    patient: Patient,
    on: date,
    name: str = "",
    party: Party | None = None,
    keep_others: bool = False,
    today: date | None = None,
    **contact: Any,
) -> PatientParty:
    """Hand an animal to its new owner on a day: every former owner's, payer's and family link ends the day before.

    One that had a last day of its own, today or later, too. Trainer and rider end as well unless `keep_others`; referrers
    stay, and what is over. Courses and records stay with the animal.
    Raises Refused("in-future" | "already-linked" | "not-valid").
    """
    today = today or timezone.localdate()
    if on > today:
        message = _("This day is still to come. Note the sale on the day it happens.")
        raise Refused("in-future", message, field="on")
    Patient.objects.select_for_update().get(pk=patient.pk)
    ending = list(links_a_sale_ends(patient, on, today, keep_others=keep_others))
    owners = [row for row in ending if row.role == PartyRole.OWNER and row.until_on is None]
    if party is not None and any(row.party_id == party.pk for row in owners):
        raise Refused("already-linked", _("This is the owner already."), field="party")
    day_before = on - timedelta(days=1)
    for row in ending:
        row.from_on = min(row.from_on, day_before)  # who came on that very day would stay a contact until it is over
        _end(row, day_before)
    new = link(actor=actor, patient=patient, role=PartyRole.OWNER, from_on=on, name=name, party=party, **contact)
    index_patients([patient])
    audit.record(actor=actor, verb="patient.sold", subject=patient, patient_id=patient.pk)
    return new


def _end(row: PatientParty, last_on: date) -> None:
    row.until_on = last_on
    check(row, but=["patient", "party"])
    row.save(update_fields=["from_on", "until_on"])


def _assign(party: Party, fields: dict[str, Any]) -> None:
    unknown = fields.keys() - set(PARTY_FIELDS)
    if unknown:
        raise TypeError(f"a party has no {', '.join(sorted(unknown))}")
    for name, value in fields.items():
        setattr(party, name, " ".join(value.split()) if name == "name" else value)
    check(party, but=["clinic"])
    fold_contact(party, party.name)
