"""The people to tell of a recall: the patient, or who answered for it on the day, and who does today."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from uuid import UUID

from patients.models import Party, Patient, PatientParty
from patients.models.parties import PartyRole
from patients.queries.merging import OtherWay, other_ways
from patients.queries.parties import is_adult
from sessions.models import RecallNotice, SessionRecord
from sessions.models.recalls import NoticeOutcome

ANSWERING = (PartyRole.OWNER, PartyRole.GUARDIAN)
TOLD = (NoticeOutcome.REACHED, NoticeOutcome.LETTER_SENT)
# Whom nobody tried comes first, then who could not be reached; whoever knows comes last.
ORDER = ["", *(outcome.value for outcome in NoticeOutcome)]


@dataclass
class Session:
    """One record that holds the lot. `on` is the day it was given, or a draft was begun, where it happened.

    `lots_corrected` has the lot signed and the lot a correction names, of each line that was corrected.
    """

    record_id: int
    public_id: UUID
    status: str
    on: date
    site: str
    performed_by: str
    patient_id: int
    patient: Patient | None = None
    is_withdrawn: bool = False
    lines: list[str] = field(default_factory=list)
    given_ml: Decimal = Decimal(0)
    lots_corrected: list[tuple[str, str]] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        return self.status != SessionRecord.Status.SIGNED

    @property
    def is_given(self) -> bool:
        return self.status != SessionRecord.Status.DRAFT

    @property
    def status_label(self) -> str:
        return str(SessionRecord.Status(self.status).label)


@dataclass
class About:
    """What a person is told about: a patient, and the days of the sessions."""

    patient: Patient
    days: list[date] = field(default_factory=list)
    substances: list[str] = field(default_factory=list)
    was: bool = False  # answered for the patient on a day of a session
    is_now: bool = False
    role: str = ""


@dataclass
class Person:
    """Somebody to call or write to once, whatever the number of patients it is about."""

    key: str
    who: Patient | Party
    about: list[About] = field(default_factory=list)
    notices: list[RecallNotice] = field(default_factory=list)
    other_ways: list[OtherWay] = field(default_factory=list)  # of files merged into the patient's

    @property
    def last(self) -> RecallNotice | None:
        return self.notices[0] if self.notices else None

    @property
    def outcome(self) -> str:
        return self.last.outcome if self.last else ""

    @property
    def is_told(self) -> bool:
        return self.outcome in TOLD


def people_of(sessions: Iterable[Session], notices: Mapping[str, list[RecallNotice]], today: date) -> list[Person]:
    """List whom to tell, sorted as a phone list. Drafts and withdrawn records tell nobody.

    One statement, one more for the files merged into patients on the list and one more a level of these.
    """
    treated: dict[int, list[Session]] = defaultdict(list)
    for one in sessions:
        if one.patient is not None and one.is_given and not one.is_withdrawn:
            treated[one.patient.pk].append(one)
    people: dict[str, Person] = {}
    links = _links(treated)
    for pk, held in treated.items():
        patient = held[0].patient
        assert patient is not None
        for who, about in _answering(patient, held, links.get(pk, []), today):
            key = f"{'patient' if isinstance(who, Patient) else 'party'}-{who.pk}"
            person = people.setdefault(key, Person(key, who, notices=notices.get(key, [])))
            person.about.append(about)
    ways = other_ways([one.who for one in people.values() if isinstance(one.who, Patient)])
    for person in people.values():
        person.other_ways = ways.get(person.who.pk, []) if isinstance(person.who, Patient) else []
    return sorted(people.values(), key=lambda one: (ORDER.index(one.outcome), one.who.name.casefold(), one.key))


def _links(treated: Mapping[int, list[Session]]) -> dict[int, list[PatientParty]]:
    """The owners and guardians of all of them, former ones too; merged files moved theirs to the file kept."""
    rows = PatientParty.objects.filter(patient__in=list(treated), role__in=ANSWERING).select_related("party")
    found: dict[int, list[PatientParty]] = defaultdict(list)
    for row in rows.order_by("from_on", "pk"):
        found[row.patient_id].append(row)
    return found


def _answering(
    patient: Patient, held: list[Session], links: Iterable[PatientParty], today: date
) -> Iterable[tuple[Patient | Party, About]]:
    """Who answers for a patient: owners, guardians of a minor; the file's own contact where nobody does today."""
    days = sorted({one.on for one in held})
    substances = sorted({name for one in held for name in one.lines})
    found: dict[int, tuple[Party, About]] = {}
    grown_up = not patient.species.is_animal and is_adult(patient, today)
    for link in () if grown_up else links:
        held_on, is_now = [day for day in days if _holds(link, day)], _holds(link, today)
        if not (held_on or is_now):
            continue
        _party, about = found.setdefault(link.party_id, (link.party, About(patient, [], substances)))
        # Who sold a horse learns of the days before, not of what its new owner had done.
        about.days = days if is_now else sorted({*about.days, *held_on})
        about.was, about.is_now = about.was or bool(held_on), about.is_now or is_now
        about.role = str(link.get_role_display())
    yield from found.values()
    if not any(about.is_now for _party, about in found.values()):
        yield patient, About(patient, days, substances, was=True, is_now=True)


def _holds(link: PatientParty, day: date) -> bool:
    return link.from_on <= day and (link.until_on is None or link.until_on >= day)
