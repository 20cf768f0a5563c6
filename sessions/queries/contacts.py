"""How somebody is reached about a patient: the list of calls, the rebooking page and the waiting list ask here."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from patients.models import Patient, PatientParty
from patients.queries.parties import ORDER, holding


@dataclass(frozen=True)
class Contact:
    """Who to call for a patient; `who` is empty when it is the patient."""

    who: str = ""
    phone: str = ""
    email: str = ""
    may_call: bool = True


UNKNOWN = Contact()


def contacts_of(patients: Iterable[Patient], today: date) -> dict[int, Contact]:
    """Say how each patient is reached: the owner or guardian with a phone first, else the own phone. One statement."""
    patients = {patient.pk: patient for patient in patients}
    links = holding(PatientParty.objects.filter(patient__in=patients), today).select_related("party")
    found: dict[int, list[PatientParty]] = {}
    for link in links.exclude(role__in=["payer", "referrer"]):
        found.setdefault(link.patient_id, []).append(link)
    return {pk: _contact(patient, found.get(pk, [])) for pk, patient in patients.items()}


def _contact(patient: Patient, links: list[PatientParty]) -> Contact:
    own = Contact(phone=patient.phone, email=patient.email, may_call=patient.may_call)
    if own.phone and not patient.species.is_animal:
        return own
    reachable = [link for link in links if link.party.phone] or [link for link in links if link.party.email]
    if not reachable:
        return own
    best = min(reachable, key=lambda link: (not link.party.may_call, ORDER.index(link.role), link.pk))
    party = best.party
    who = f"{party.name} ({str(best.get_role_display()).lower()})"
    return Contact(who=who, phone=party.phone, email=party.email, may_call=party.may_call)
