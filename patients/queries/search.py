"""Find a patient by whatever is typed, and the likely twins of one about to be registered."""

import uuid
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher
from functools import reduce
from operator import or_

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils import timezone
from django.utils.dates import MONTHS, MONTHS_3
from django.utils.translation import gettext as _

from mesoclinic.core.models import Clinic
from mesoclinic.core.wording import date_format
from patients import words
from patients.models import Patient, PatientParty, SearchWord
from patients.models.search import WordKind
from patients.queries.patients import Fact, page_of
from protocols.folding import fold

MOST_CANDIDATES = 100
COMMON = 1000  # so many words begin alike that counting on tells nothing more
MOST_HEARD = 6000  # of so many files with a word that sounds like one typed …
MOST_PERHAPS = 100  # … so many are looked at …
MOST_MEASURED = 20  # … and so many, twice, measured well
FEW = 100  # words that begin as one typed
LIKE = 0.82  # two folded names this alike are worth a look
NEARLY = 0.6  # … or this alike, when a birth date or phone is the same too


@dataclass(frozen=True, slots=True)
class Hit:
    """One line of a result: the name and two facts that tell this patient from its namesakes.

    `why` says what makes it a likely twin; empty in a search.
    """

    public_id: uuid.UUID
    patient_id: int
    name: str
    registered_name: str
    species_code: str
    species_label: str
    number: int
    facts: tuple[Fact, ...]
    phone: str
    is_ended: bool
    url: str
    is_restricted: bool = False
    why: tuple[str, ...] = ()


def search(clinic: Clinic, text: str, limit: int = 20, *, restricted: bool = False) -> list[Hit]:
    """Return patients all of whose typed words begin one of theirs, best first.

    Names, owners' names, file numbers, identifiers, phones and birth dates count; accents and case do not. Open files
    come before closed ones, exact words before beginnings, the patient's own name before an owner's. Restricted files
    are found only where they are asked for. Three SQL statements, and one for each way the rarest typed word can be read; with several words, one for each to find it.
    """
    months = [str(name) for name in [*MONTHS.values(), *MONTHS_3.values()]]
    groups = words.typed_groups(text[:200], months)
    if not groups:
        return []
    typed = {word for group in groups for word in group}
    found: dict[int, tuple[bool, int, str]] = {}
    for patient_id, word, kind in _candidates(clinic, groups):
        plain = bytes(word).decode()
        rank = (plain not in typed, kind, plain)
        found[patient_id] = min(rank, found.get(patient_id, rank))
    return _hydrated(clinic, _best(clinic, found, typed, restricted)[:limit])


def _best(clinic: Clinic, found: dict[int, tuple], typed: set[str], restricted: bool) -> list[int]:
    """Keys of the found patients, best first."""
    rows = Patient.objects.filter(clinic=clinic, pk__in=found, merged_into__isnull=True)
    if not restricted:
        rows = rows.filter(restricted_at__isnull=True)

    def rank(row: tuple) -> tuple:
        key, name, registered_name, ended_on = row
        own = set(words.name_words(f"{name} {registered_name}"))
        return ended_on is not None, -len(own & typed), found[key], fold(name), key

    names = rows.values_list("pk", "name", "registered_name", "ended_on").order_by()
    return [row[0] for row in sorted(names, key=rank)]


def _hydrated(clinic: Clinic, keys: list[int]) -> list[Hit]:
    # Unordered: else SQLite walks the whole index of names to find ten keys.
    found = with_owners(Patient.objects.filter(clinic=clinic, pk__in=keys)).order_by()
    patients = {one.pk: one for one in found}
    return [hit_of(patients[key]) for key in keys]


def _candidates(clinic: Clinic, groups: list[list[str]]) -> Iterator[tuple[int, bytes, int]]:
    """The rarest typed word leads, walking the index of words in order; each other is looked up by patient.

    Each reading of the leading word is asked by itself: SQLite cannot walk an index in order for one OR another.
    """
    leader, *others = _rarest_first(clinic, groups)
    for reading in leader:
        rows = SearchWord.objects.filter(_begins([reading]), clinic=clinic)
        for group in others:
            # The clinic again, else PostgreSQL reads the whole table for a word it takes to be rare.
            known = SearchWord.objects.filter(_begins(group), clinic=clinic, patient=OuterRef("patient"))
            rows = rows.filter(Exists(known))
        yield from rows.order_by("word", "patient_id").values_list("patient_id", "word", "kind")[:MOST_CANDIDATES]


def _rarest_first(clinic: Clinic, groups: list[list[str]]) -> list[list[str]]:
    """Typed words by how many words begin so, the longer of two common ones first. One SQL statement a word."""
    if len(groups) == 1:
        return groups

    def rank(group: list[str]) -> tuple[int, int]:
        begun = [SearchWord.objects.filter(_begins([word]), clinic=clinic).order_by() for word in group]
        return sum(rows.values("pk")[:COMMON].count() for rows in begun), -len(group[0])

    return sorted(groups, key=rank)


def _begins(group: Iterable[str]) -> Q:
    """Words are UTF-8, so all that begin alike lie between the beginning and the beginning followed by 0xFF."""
    spans = [Q(word__gte=word.encode(), word__lt=word.encode() + b"\xff") for word in group]
    return reduce(or_, spans)


def duplicates(
    clinic: Clinic,
    name: str,
    birth_on: date | None = None,
    phone: str = "",
    identifier: str = "",
    species: str = "",
    but: Collection[int] = (),
) -> list[Hit]:
    """Return files that may be the same patient, likeliest first, at most five.

    The same number alone is enough; a like name needs nothing that contradicts it; a name that is only nearly alike
    needs the same birth date or phone (an owner's phone counts: horses have none). Five SQL statements, and two for
    each word of the name.
    """
    told = _told(clinic, birth_on, phone, identifier)
    names = words.name_words(name)[: words.MOST_TYPED_WORDS]
    if not names and not told:
        return []
    patients = Patient.objects.filter(clinic=clinic, restricted_at__isnull=True, merged_into__isnull=True)
    patients = patients.exclude(pk__in=but).order_by()
    if species:
        patients = patients.filter(species__code=species)
    nearest = _nearest(patients, name, _near_by_name(clinic, name), _known_by(clinic, told))
    marked = with_owners(patients.filter(pk__in=nearest)).prefetch_related(
        Prefetch("search_words", SearchWord.objects.filter(word__in=[w.encode() for w in told]), to_attr="told_words")
    )
    scored = [(score, hit_of(one, why)) for one in marked for score, why in [_likeness(one, name, birth_on)] if score]
    return [hit for _score, hit in sorted(scored, key=lambda pair: (-pair[0], pair[1].patient_id))[:5]]


def _known_by(clinic: Clinic, told: dict[str, WordKind]) -> set[int]:
    """Files that share more than the name. One SQL statement, none when nothing more was typed."""
    rows = SearchWord.objects.filter(clinic=clinic, word__in=[word.encode() for word in told], kind__in=told.values())
    return set(rows.order_by().values_list("patient_id", flat=True)[:COMMON])


def _near_by_name(clinic: Clinic, name: str) -> set[int]:
    """Files with a word of the name that sounds like one typed, those of the nearest names; and those with a word that
    begins like one, where few do. Two SQL statements for each word.
    """
    pairs = Pairs(name)
    heard: list[tuple[tuple[int, int], int]] = []
    found: set[int] = set()
    for word in words.name_words(name)[: words.MOST_TYPED_WORDS]:
        rows = SearchWord.objects.filter(clinic=clinic).order_by().values_list("patient_id", "word")
        for spoken in words.spoken_words([word]):
            alike = rows.filter(_begins([spoken]))[:MOST_HEARD]
            heard += [(pairs.apart(bytes(text).decode().partition(" ")[2]), key) for key, text in alike]
        if len(word) >= 3:
            begun = rows.filter(_begins([word[: max(3, len(word) - 2)]]), kind=WordKind.NAME)[: FEW + 1]
            found |= {key for key, _word in begun} if len(begun) <= FEW else set()
    return found.union(key for _apart, key in sorted(heard)[:MOST_PERHAPS])


class Pairs:
    """How far names are from one by their pairs of letters: a rough measure, for more names than can be measured well."""

    def __init__(self, name: str) -> None:
        self.whole = f" {words.whole_name(name)[: words.LONGEST_NAME]} "
        self.pairs = {self.whole[start : start + 2] for start in range(len(self.whole) - 1)}

    def apart(self, folded: str) -> tuple[int, int]:
        text = f" {folded} "
        return -sum([pair in text for pair in self.pairs]), abs(len(text) - len(self.whole))


def _nearest(patients: QuerySet[Patient], name: str, by_name: set[int], known: set[int]) -> list[int]:
    """The files to measure well; those that share more than the name have places of their own. One SQL statement."""
    pairs = Pairs(name)
    rows = patients.filter(pk__in=by_name | known).values_list("pk", "search_text")
    nearest = [key for _apart, key in sorted((pairs.apart(text), key) for key, text in rows)]
    parted = [[key for key in nearest if (key in known) is told] for told in (True, False)]
    return [key for keys in parted for key in keys[:MOST_MEASURED]]


def _told(clinic: Clinic, birth_on: date | None, phone: str, identifier: str) -> dict[str, WordKind]:
    """What was typed besides the name, as words of their kinds."""
    told = dict.fromkeys(words.phone_words(phone, clinic.country), WordKind.PHONE)
    if birth_on:
        told[words.birth_word(birth_on)] = WordKind.BIRTH
    if len(code := words.code_word(identifier)) >= 4:
        told[code] = WordKind.IDENTIFIER
    return told


def _likeness(patient: Patient, name: str, birth_on: date | None) -> tuple[float, tuple[str, ...]]:
    kinds = {word.kind for word in patient.told_words}
    alike = max(_ratio(name, own) for own in (patient.name, patient.registered_name))
    why = []
    if WordKind.IDENTIFIER in kinds:
        why.append(_("same number"))
    if same_birth := bool(birth_on and patient.birth_on == birth_on):
        why.append(_("same birth date"))
    if WordKind.PHONE in kinds:
        why.append(_("same phone"))
    contradicted = bool(birth_on and patient.birth_on and not same_birth)
    if alike >= 1:
        why.append(_("same name"))
    elif alike >= NEARLY:
        why.append(_("similar name"))
    likely = (
        WordKind.IDENTIFIER in kinds
        or (alike >= LIKE and not contradicted)
        or (alike >= NEARLY and (same_birth or WordKind.PHONE in kinds))
    )
    score = alike + 3 * (WordKind.IDENTIFIER in kinds) + same_birth + (WordKind.PHONE in kinds)
    return (score if likely else 0), tuple(why)


def _ratio(one: str, other: str) -> float:
    """How alike two names are, whatever the order of their words: as typed, sorted, or run together."""
    first, second = words.whole_name(one), words.whole_name(other)
    if not (first and second):
        return 0.0
    forms = (str, lambda name: " ".join(sorted(name.split())), lambda name: name.replace(" ", ""))
    return max(SequenceMatcher(None, form(first), form(second), autojunk=False).ratio() for form in forms)


def with_owners(patients: QuerySet[Patient], today: date | None = None) -> QuerySet[Patient]:
    """Read what `hit_of` needs. Two SQL statements when the patients are read."""
    today = today or timezone.localdate()
    current = PatientParty.objects.filter(Q(until_on__isnull=True) | Q(until_on__gte=today), role="owner")
    current = current.filter(from_on__lte=today).select_related("party")
    return (
        patients.filter(merged_into__isnull=True)
        .select_related("species")
        .prefetch_related(Prefetch("party_links", queryset=current, to_attr="owners"))
    )


def hit_of(patient: Patient, why: tuple[str, ...] = ()) -> Hit:
    """Make the line of a patient read by `with_owners`."""
    owner = patient.owners[0].party if patient.owners else None
    facts = []
    if owner:
        facts.append(Fact(_("Owner"), owner.name))
    elif patient.birth_on:
        facts.append(Fact(_("Born"), date_format(patient.birth_on, "j M Y")))
    facts.append(Fact(_("File"), str(patient.number)))
    return Hit(
        public_id=patient.public_id,
        patient_id=patient.pk,
        name=patient.name,
        registered_name=patient.registered_name,
        species_code=patient.species.code,
        species_label=str(patient.species),
        number=patient.number,
        facts=tuple(facts),
        phone=patient.phone or (owner.phone if owner else ""),
        is_ended=patient.is_ended,
        url=page_of(patient),
        is_restricted=patient.is_restricted,
        why=why,
    )


def parties_like(clinic: Clinic, text: str, limit: int = 8) -> list[dict]:
    """Return current contacts of any patient whose names begin with the typed words. Two SQL statements."""
    groups = words.typed_groups(text[:200])
    if not groups:
        return []
    leader, *others = sorted(groups, key=lambda group: -len(group[0]))
    rows = SearchWord.objects.filter(_begins(leader), clinic=clinic, kind__in=[WordKind.PARTY, WordKind.PHONE])
    for group in others:
        rows = rows.filter(Exists(SearchWord.objects.filter(_begins(group), patient=OuterRef("patient"))))
    keys = list(rows.order_by("word").values_list("patient_id", flat=True)[:60])
    links = PatientParty.objects.filter(patient_id__in=keys, until_on__isnull=True, patient__restricted_at__isnull=True)
    links = links.select_related("party", "patient")
    found: dict[int, dict] = {}
    for link in links:
        party = link.party
        known = [*words.name_words(party.name), *words.phone_words(party.phone, clinic.country)]
        if all(any(own.startswith(tuple(group)) for own in known) for group in groups):
            entry = found.setdefault(party.pk, {"party": party, "patients": []})
            entry["patients"].append(link.patient.name)
    return sorted(found.values(), key=lambda entry: fold(entry["party"].name))[:limit]
