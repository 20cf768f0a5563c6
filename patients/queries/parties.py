"""Who is what for a patient on a day. Former contacts are never among the current ones."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from operator import attrgetter

from django.db.models import IntegerField, Q, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce, ExtractDay, ExtractMonth, ExtractYear, NullIf
from django.http import Http404

from mesoclinic.core import languages
from patients.models import Party, Patient, PatientParty
from patients.models.parties import PartyRole

NEVER = 99_999_999  # a day no child comes of age


@dataclass(frozen=True, slots=True)
class Contact:
    """A party in one role, on the day it was asked for."""

    link_id: int
    public_id: uuid.UUID
    party_id: int
    name: str
    role: str
    role_label: str
    phone: str
    email: str
    address: str
    language: str
    from_on: date
    until_on: date | None
    gives_consent: bool
    gets_reminders: bool
    gets_reports: bool
    may_email: bool
    may_text: bool
    may_call: bool


def current_contacts(patient: Patient, today: date) -> list[Contact]:
    """Return who is a contact on a day, owners first. Guardianship ends at majority. One SQL statement."""
    return contacts_of([patient], today)[patient.pk]


def contacts_of(patients: Collection[Patient], today: date) -> dict[int, list[Contact]]:
    """Return the same for each of these patients, by key. One SQL statement for any number."""
    links = holding(PatientParty.objects.filter(patient__in=patients), today).select_related("party").order_by()
    found: dict[int, list[Contact]] = {patient.pk: [] for patient in patients}
    for link in sorted(links, key=attrgetter("pk")):
        found[link.patient_id].append(_contact(link))
    return {key: sorted(rows, key=lambda one: (ORDER.index(one.role), one.from_on)) for key, rows in found.items()}


def language_of(patient: Patient, today: date, contacts: Collection[Contact] | None = None) -> str:
    """Return the language of whoever reads what is for a patient: the owner's of an animal, the guardian's of a child,
    else the patient's, else the clinic's. At most one SQL statement, none with the contacts at hand.
    """
    comes_of_age = majority_on(patient)
    speaks_for_itself = not patient.species.is_animal and (comes_of_age is None or comes_of_age <= today)
    if speaks_for_itself:
        contacts = []
    elif contacts is None:
        contacts = current_contacts(patient, today)
    return languages.spoken(*(one.language for one in contacts), patient.language, patient.clinic.language)


def earlier_contacts(patient: Patient, today: date) -> list[Contact]:
    """Return who was a contact before a day: for staff, behind a fold, never on a report. One SQL statement."""
    links = over(patient.party_links, today).select_related("party").order_by("-until_on", "-id")
    return [_contact(link) for link in links]


def former_parties(patient_ids: Collection[int], today: date) -> set[int]:
    """Return the keys of whoever was a contact of files and is none any more on a day. One SQL statement."""
    rows = PatientParty.objects.filter(patient__in=patient_ids).values_list("party", "until_on")
    links = [(party, until_on is None or until_on >= today) for party, until_on in rows]
    return {party for party, _ in links} - {party for party, holds in links if holds}


def last_sold_on(patient_ids: Collection[int], today: date) -> date | None:
    """Return the day an animal came to its owner from another; None when it was never sold. One SQL statement."""
    rows = PatientParty.objects.filter(patient__in=patient_ids, role=PartyRole.OWNER, from_on__lte=today)
    owners = list(rows.values_list("from_on", "until_on"))
    since = max((from_on for from_on, until_on in owners if until_on is None), default=None)
    return since if any(until_on is not None and until_on < today for _, until_on in owners) else None


def holding(links: QuerySet[PatientParty], today: date) -> QuerySet[PatientParty]:
    """Keep the roles that hold on a day: begun, and not over. No SQL statement of its own."""
    return not_over(links, today).filter(from_on__lte=today)


def not_over(links: QuerySet[PatientParty], today: date) -> QuerySet[PatientParty]:
    """Keep the roles that hold on a day or will: guardianship ends at majority. No SQL statement of its own."""
    lasting = Q(until_on__isnull=True) | Q(until_on__gte=today)
    return _with_majority(links).filter(lasting, ~Q(role=PartyRole.GUARDIAN) | Q(majority__gt=_number_of(today)))


def over(links: QuerySet[PatientParty], today: date) -> QuerySet[PatientParty]:
    """Keep the roles that are over on a day: the others than `not_over`. No SQL statement of its own."""
    grown_up = Q(role=PartyRole.GUARDIAN, majority__lte=_number_of(today))
    return _with_majority(links).filter(Q(until_on__lt=today) | grown_up)


def _with_majority(links: QuerySet[PatientParty]) -> QuerySet[PatientParty]:
    """Tell `majority_on` in the database, as a number: 20260302, and NEVER for None.

    The 29th of a February that has none lies before 1 March, the day it stands for, and after the 28th.
    """
    years = NullIf(Cast(KeyTextTransform("majority_years", "patient__species__traits"), IntegerField()), 0)
    born = "patient__birth_on"
    number = (ExtractYear(born) + years) * 10_000 + ExtractMonth(born) * 100 + ExtractDay(born)
    return links.alias(majority=Coalesce(number, NEVER, output_field=IntegerField()))


def _number_of(day: date) -> int:
    return day.year * 10_000 + day.month * 100 + day.day


def links_a_sale_ends(patient: Patient, on: date, today: date, *, keep_others: bool) -> QuerySet[PatientParty]:
    """Give the roles that a sale ends: all that hold today or will, but the referrer's, and an owner's of that day.

    What else is over stays as it was.
    """
    staying = [PartyRole.REFERRER, *((PartyRole.TRAINER, PartyRole.RIDER) if keep_others else ())]
    owned = Q(role=PartyRole.OWNER, from_on__lt=on, until_on__gte=on)
    links = patient.party_links.filter(Q(until_on__isnull=True) | Q(until_on__gte=today) | owned)
    return links.exclude(role__in=staying).select_related("party")


def contacts_a_sale_ends(patient: Patient, today: date, *, keep_others: bool) -> list[Contact]:
    """Return who would be a contact no more, owners first. One SQL statement."""
    contacts = [_contact(link) for link in links_a_sale_ends(patient, today, today, keep_others=keep_others)]
    return sorted(contacts, key=lambda one: (ORDER.index(one.role), one.from_on))


def link_or_404(patient: Patient, link_id: int) -> PatientParty:
    """Return one role of a contact of this patient. One SQL statement."""
    try:
        return patient.party_links.select_related("party__clinic").get(pk=link_id)
    except (PatientParty.DoesNotExist, OverflowError) as exc:
        raise Http404 from exc


def party_or_none(patient: Patient, party_id: int | None) -> Party | None:
    """Return a contact of this patient by key. One SQL statement."""
    if party_id is None:
        return None
    return Party.objects.filter(patient_links__patient=patient, pk=party_id).first()


def other_patients_of(party: Party, patient: Patient, today: date) -> list[str]:
    """Return the names of the other patients a change of this contact reaches. One SQL statement."""
    links = party.patient_links.filter(Q(until_on__isnull=True) | Q(until_on__gte=today)).exclude(patient=patient)
    return sorted(set(links.values_list("patient__name", flat=True)))


def majority_on(patient: Patient) -> date | None:
    """Return the day a person comes of age, None for animals and without a birth date."""
    years = patient.species.traits.get("majority_years")
    if not years or patient.birth_on is None:
        return None
    try:
        return patient.birth_on.replace(year=patient.birth_on.year + years)
    except ValueError:  # born on 29 February
        return date(patient.birth_on.year + years, 3, 1)


def is_adult(patient: Patient, today: date) -> bool:
    """Whether the patient has come of age by a day."""
    came_of_age = majority_on(patient)
    return came_of_age is not None and came_of_age <= today


ORDER = [role.value for role in PartyRole]


def _contact(link: PatientParty) -> Contact:
    party = link.party
    return Contact(
        link_id=link.pk,
        public_id=party.public_id,
        party_id=party.pk,
        name=party.name,
        role=link.role,
        role_label=str(link.get_role_display()),
        phone=party.phone,
        email=party.email,
        address=party.address,
        language=party.language,
        from_on=link.from_on,
        until_on=link.until_on,
        gives_consent=link.gives_consent,
        gets_reminders=link.gets_reminders,
        gets_reports=link.gets_reports,
        may_email=party.may_email,
        may_text=party.may_text,
        may_call=party.may_call,
    )
