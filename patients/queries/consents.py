"""Which consents count on a day: given, not withdrawn, and by somebody who may still speak for the patient."""

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from django.db.models import Case, QuerySet, When
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.models import Clinic
from patients.models import Consent, ConsentScan, ConsentText, Patient, PatientParty
from patients.models.consents import ConsentKind, GivenAs
from patients.models.parties import PartyRole
from patients.queries.parties import is_adult


class Lapse(StrEnum):
    """Why a consent does not count."""

    TO_COME = "to-come"
    WITHDRAWN = "withdrawn"
    OF_AGE = "of-age"
    SOLD = "sold"


WORDS = {
    Lapse.TO_COME: _("Not given yet on this day."),
    Lapse.WITHDRAWN: _("Withdrawn."),
    Lapse.OF_AGE: _("Counts no longer: the patient has come of age and has to consent in person."),
    Lapse.SOLD: _("Counts no longer: the animal was sold since. Have the new owner consent."),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """A consent with why it does not count on the day asked for; `lapse` is None while it does."""

    consent: Consent
    lapse: Lapse | None

    @property
    def words(self) -> str:
        return str(WORDS[self.lapse]) if self.lapse else ""


def standings(patient: Patient, on: date) -> list[Standing]:
    """Return all consents of a patient, the newest first, with whether they count on a day, and their scans. Three SQL statements."""
    rows = patient.consents.select_related("text", "taken_by", "signature").prefetch_related("scans")
    owners = _owners([patient])[patient.pk]
    return [Standing(consent, _lapse(patient, consent, owners, on)) for consent in rows]


def _owners(patients: Collection[Patient]) -> dict[int, list[PatientParty]]:
    """Who owns or owned each of these patients, by key. One SQL statement, none for people: nobody sells one."""
    found: dict[int, list[PatientParty]] = {patient.pk: [] for patient in patients}
    animals = [patient.pk for patient in patients if patient.species.is_animal]
    links = PatientParty.objects.filter(patient__in=animals, role=PartyRole.OWNER)
    for link in links.select_related("party"):
        found[link.patient_id].append(link)
    return found


def scan_or_404(patient: Patient, public_id: uuid.UUID) -> ConsentScan:
    """Return a scan of one of this patient's consents. One SQL statement."""
    rows = ConsentScan.objects.select_related("consent__patient__clinic", "consent__text")
    return get_object_or_404(rows, consent__patient=patient, public_id=public_id)


def texts_in_use(clinic: Clinic, language: str = "") -> QuerySet[ConsentText]:
    """Give the texts one may consent to now, those in the language of whoever reads them first. One SQL statement."""
    rows = ConsentText.objects.filter(clinic=clinic, is_current=True)
    return rows.order_by(Case(When(language=language, then=0), default=1), "kind", "language", "title", "pk")


def all_texts(clinic: Clinic) -> list[ConsentText]:
    """List all words the clinic has asked consent to, the newest version of each first. One SQL statement."""
    rows = ConsentText.objects.filter(clinic=clinic).select_related("written_by")
    return list(rows.order_by("kind", "language", "country", "-version"))


def text_or_404(clinic: Clinic, public_id: uuid.UUID) -> ConsentText:
    """Return a text of this clinic. One SQL statement."""
    return get_object_or_404(ConsentText, clinic=clinic, public_id=public_id)


def signed_or_404(patient: Patient, public_id: uuid.UUID) -> Consent:
    """Return one of this patient's consents with its words and signature. One SQL statement."""
    rows = Consent.objects.select_related("text", "patient__clinic", "patient__species", "taken_by", "signature")
    return get_object_or_404(rows, patient=patient, public_id=public_id)


def standing_kinds(patient: Patient, on: date) -> dict[str, list[Consent]]:
    """Return the consents that count on a day by the kind of their text, the newest first. Two SQL statements."""
    return standing_kinds_of([patient], on)[patient.pk]


def standing_kinds_of(patients: Collection[Patient], on: date) -> dict[int, dict[str, list[Consent]]]:
    """Return the same for each of these patients, by key. Two SQL statements for any number."""
    by_key, owners = {patient.pk: patient for patient in patients}, _owners(patients)
    found: dict[int, dict[str, list[Consent]]] = {key: {} for key in by_key}
    for consent in Consent.objects.filter(patient__in=patients).select_related("text"):
        key = consent.patient_id
        if _lapse(by_key[key], consent, owners[key], on) is None:
            found[key].setdefault(consent.text.kind, []).append(consent)
    return found


def has_consent(patient: Patient, on: date) -> bool:
    """Say whether a consent to the treatment counts on a day. Two SQL statements."""
    return ConsentKind.GENERAL in standing_kinds(patient, on)


def kinds_asked_by_law(clinic: Clinic) -> set[str]:
    """Return the kinds for which the clinic has a text of its own country in use. One SQL statement."""
    if not clinic.country:
        return set()
    texts = ConsentText.objects.filter(clinic=clinic, is_current=True, country=clinic.country)
    return set(texts.values_list("kind", flat=True).distinct())


def _lapse(patient: Patient, consent: Consent, owners: list[PatientParty], on: date) -> Lapse | None:
    if consent.given_on > on:
        return Lapse.TO_COME
    if consent.withdrawn_on is not None and consent.withdrawn_on <= on:
        return Lapse.WITHDRAWN
    if consent.given_as == GivenAs.GUARDIAN and is_adult(patient, on):
        return Lapse.OF_AGE
    if patient.species.is_animal and not _is_of_an_owner(consent, owners, on):
        return Lapse.SOLD
    return None


def _is_of_an_owner(consent: Consent, owners: list[PatientParty], on: date) -> bool:
    """Whether it was given by, or for, somebody who owns the animal on the day. Without known owners: yes."""
    now = _owning(owners, on)
    giver = _giver(consent, owners)
    if giver is not None:
        return giver in now or all(one.party_id != giver or one.from_on > on for one in owners)  # noted as owner later
    then = _owning(owners, consent.given_on)
    return not then or bool(then & now)


def _giver(consent: Consent, owners: Iterable[PatientParty]) -> int | None:
    """The owner who gave it, by contact, else by name; None for somebody else, who spoke for the owner."""
    name = consent.given_by_name.casefold()
    by_key = (one.party_id for one in owners if one.party_id == consent.given_by_party_id)
    by_name = (
        one.party_id for one in owners if consent.given_by_party_id is None and one.party.name.casefold() == name
    )
    return next(by_key, next(by_name, None))


def _owning(owners: list[PatientParty], on: date) -> set[int]:
    """Who owns the animal on a day. On the day of a sale it is the new owner, whatever the last day of the former."""
    found = [one for one in owners if one.from_on <= on and (one.until_on is None or one.until_on >= on)]
    staying = [one for one in found if one.until_on is None or one.until_on > on]
    return {one.party_id for one in staying or found}
