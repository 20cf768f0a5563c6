"""Keep the words patients are found by in step with their rows."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from django.db import transaction
from django.db.models import Prefetch
from django.utils import timezone

from patients import words
from patients.models import Identifier, Patient, PatientParty, SearchWord
from patients.models.search import WordKind
from patients.queries.parties import not_over, over
from patients.queries.patients import files_of
from protocols.folding import fold

LOOKED_BACK = timedelta(days=31)
BATCH = 100


@transaction.atomic
def index_patients(patients: Iterable[Patient]) -> None:
    """Write the search words of these patients anew. Seven SQL statements, however many patients; where files were
    merged into them one more, and one for each level of merges.

    Former owners are left out: their names and phones find nobody. A file that was merged into one of these is found
    as that one, by the names, the number and the phone it had.
    """
    keys = [patient.pk for patient in patients]
    today = timezone.localdate()
    current = not_over(PatientParty.objects.all(), today).select_related("party")
    rows = (
        Patient.objects.filter(pk__in=keys, merged_into__isnull=True)
        .select_related("clinic")
        .prefetch_related(
            Prefetch("party_links", queryset=current, to_attr="current_links"),
            Prefetch("identifiers", queryset=Identifier.objects.all(), to_attr="all_identifiers"),
        )
    )
    found = list(rows)
    merged = _merged_into(found)
    SearchWord.objects.filter(patient_id__in=keys).delete()
    written = [word for patient in found for word in _words_of(patient, merged.get(patient.pk, ()))]
    SearchWord.objects.bulk_create(written, batch_size=5000)


def index_ended_contacts() -> int:
    """Let contacts find no file any more once their last day, or the childhood of their ward, is over.

    Looks a month back, so that a night that was missed is made up for; safe twice. Returns how many files it wrote, in
    batches of their own.
    """
    today = timezone.localdate()
    ended = not_over(over(PatientParty.objects.all(), today), today - LOOKED_BACK)
    keys = sorted(set(ended.order_by().values_list("patient_id", flat=True)))
    for start in range(0, len(keys), BATCH):
        with transaction.atomic():
            rows = Patient.objects.select_for_update().filter(pk__in=keys[start : start + BATCH])
            index_patients(list(rows.order_by("pk")))
    return len(keys)


def _merged_into(patients: list[Patient]) -> dict[int, list[Patient]]:
    """The files merged into each of these, by its key."""
    files = files_of(patients)
    rows = Patient.objects.in_bulk({key for keys in files.values() for key in keys} - files.keys())
    return {kept: [rows[key] for key in keys if key != kept] for kept, keys in files.items()}


def _words_of(patient: Patient, merged: Iterable[Patient]) -> list[SearchWord]:
    best: dict[str, WordKind] = {}
    for word, kind in (*_found_by(patient), *_known_by(merged, patient.clinic.country)):
        if word:
            best[word] = min(kind, best.get(word, kind))
    kept = list(best.items())[: words.MOST_WORDS]
    names = [text for file in (patient, *merged) for text in (file.name, file.registered_name)]
    sounds = dict.fromkeys((word for text in names for word in words.sound_words(text)), WordKind.SOUND)
    return [
        SearchWord(patient=patient, clinic_id=patient.clinic_id, word=word.encode(), kind=kind)
        for word, kind in [*kept, *sounds.items()]
    ]


def _found_by(patient: Patient) -> Iterator[tuple[str, WordKind]]:
    country = patient.clinic.country
    yield str(patient.number), WordKind.NUMBER
    for text in (patient.name, patient.registered_name):
        yield from ((word, WordKind.NAME) for word in words.name_words(text)[: words.MOST_NAME_WORDS])
    if patient.birth_on:
        yield words.birth_word(patient.birth_on), WordKind.BIRTH
    yield from ((words.code_word(one.value), WordKind.IDENTIFIER) for one in patient.all_identifiers)
    yield from ((word, WordKind.PHONE) for word in words.phone_words(patient.phone, country))
    for link in patient.current_links:
        yield from ((word, WordKind.PARTY) for word in words.name_words(link.party.name)[:8])
        yield from ((word, WordKind.PHONE) for word in words.phone_words(link.party.phone, country))


def _known_by(merged: Iterable[Patient], country: str) -> Iterator[tuple[str, WordKind]]:
    """What files merged into one were found by; their contacts and identifiers have moved."""
    for file in merged:
        yield str(file.number), WordKind.NUMBER
        for text in (file.name, file.registered_name):
            yield from ((word, WordKind.NAME) for word in words.name_words(text)[: words.MOST_NAME_WORDS])
        yield from ((word, WordKind.PHONE) for word in words.phone_words(file.phone, country))


def fold_contact(row, *names: str) -> list[str]:
    """Set `search_text` and `phone_search` of a patient, party or place from its own words; return their names."""
    row.search_text = fold(" ".join(name for name in names if name))
    row.phone_search = words.phone_key(row.phone, row.clinic.country)
    return ["search_text", "phone_search"]
