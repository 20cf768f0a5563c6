"""Who is told about a patient's visits, by which channel, in which language."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from mesoclinic.core import languages, texting
from mesoclinic.core.models import Clinic
from patients.models import Party, Patient, PatientParty
from patients.models.parties import Contactable
from patients.queries.parties import holding, majority_on
from sessions.models import ReminderSettings
from sessions.models.reminders import Channel
from sessions.scheduling.reminding import Night


@dataclass(frozen=True)
class Recipient:
    """A contact, or the patient when `party` is empty, with the one channel a message goes by."""

    patient: Patient
    party: Party | None
    channel: str
    address: str
    language: str

    @property
    def name(self) -> str:
        return (self.party or self.patient).name

    @property
    def key(self) -> tuple[str, int]:
        """The same for all patients of one contact: they get one message a day."""
        return ("party", self.party.pk) if self.party else ("patient", self.patient.pk)


def settings_of(clinic: Clinic) -> ReminderSettings:
    """Give when and how a clinic reminds; the shipped settings (off) while it has none. One SQL statement."""
    return ReminderSettings.objects.filter(clinic=clinic).first() or ReminderSettings(clinic=clinic)


def night_of(rules: ReminderSettings) -> Night:
    return Night(rules.night_from_time, rules.night_until_time)


def recipients(
    clinic: Clinic, rules: ReminderSettings, patients: Iterable[Patient], today: date
) -> dict[int, list[Recipient]]:
    """List who is told about each patient, by the patient's key. One SQL statement; `species` must be at hand.

    Contacts who get reminders on that day, and a person of age; one who is not, and an animal, only when no contact
    can be told. Nobody twice by the same address. Nobody at all for an ended file.
    """
    living = {one.pk: one for one in patients if not one.is_ended and one.merged_into_id is None}
    links = PatientParty.objects.filter(patient__in=list(living), gets_reminders=True)
    contacts: dict[int, list[Party]] = defaultdict(list)
    for link in holding(links, today).select_related("party"):
        if link.party not in contacts[link.patient_id]:
            contacts[link.patient_id].append(link.party)
    return {pk: _of_one(clinic, rules, one, contacts[pk], today) for pk, one in living.items()}


def _of_one(
    clinic: Clinic, rules: ReminderSettings, patient: Patient, parties: list[Party], today: date
) -> list[Recipient]:
    found: dict[str, Recipient] = {}
    for party in parties:
        if reached := _reached(clinic, rules, patient, party):
            found.setdefault(reached.address, reached)
    comes_of_age = majority_on(patient)
    speaks_for_itself = not patient.species.is_animal and (comes_of_age is None or comes_of_age <= today)
    if (speaks_for_itself or not found) and (reached := _reached(clinic, rules, patient, None)):
        found.setdefault(reached.address, reached)
    return list(found.values())


def _reached(clinic: Clinic, rules: ReminderSettings, patient: Patient, party: Party | None) -> Recipient | None:
    who = party or patient
    ways = _ways(who)
    channel = next((one for one in (rules.first_channel, *Channel.values) if one in ways), None)
    if channel is None:
        return None
    language = languages.spoken(who.language, patient.language, clinic.language)
    return Recipient(patient, party, channel, ways[channel], language)


def _ways(who: Contactable) -> dict[str, str]:
    ways = {}
    if who.may_email and who.email.strip():
        ways[Channel.EMAIL.value] = who.email.strip().lower()
    if who.may_text and who.phone.strip() and texting.backend() is not None:
        ways[Channel.TEXT.value] = who.phone.strip()
    return ways
