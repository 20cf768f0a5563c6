"""Find a patient among many: what a receptionist types while the phone rings."""

from datetime import date, timedelta
from types import SimpleNamespace

from patients import words
from patients.models import Patient
from patients.models.search import WordKind
from patients.queries.search import duplicates, search
from protocols.folding import fold
from tests.bench import raw
from tests.bench.timing import Times, repeated
from tests.factories import make_clinic, make_patient

FIRST_NAMES = [
    "Marie",
    "Jean",
    "Pierre",
    "Anna",
    "Josef",
    "Sofia",
    "Manon",
    "Hugo",
    "Lea",
    "Paul",
    "Emma",
    "Louis",
    "Chloe",
    "Jules",
    "Alice",
    "Nina",
    "Oscar",
    "Zoe",
    "Adam",
    "Rosa",
    "Maja",
    "Joel",
    "Joris",
    "Johanna",
    "Joachim",
    "Jolene",
    "Martin",
    "Martha",
    "Marcel",
    "Matteo",
    "Mathilde",
    "Mara",
    "Ivan",
    "Olga",
    "Peter",
    "Greta",
    "Klaus",
    "Eva",
]
SYLLABLES = [
    "mar",
    "jo",
    "ber",
    "du",
    "la",
    "ro",
    "mi",
    "ten",
    "bach",
    "lin",
    "sen",
    "ville",
    "court",
    "mont",
    "ger",
    "hard",
    "son",
    "ke",
    "le",
    "van",
    "der",
    "na",
    "to",
    "ri",
    "sa",
]
TYPED = ("ma jo", "jo ma", "marie", "m", "mart mar", "zoe bach", "0639", "7/5/1980", "emma 12/3", "99999")


def crowd(count: int = 100_000) -> SimpleNamespace:
    """A clinic of `count` people with names that begin alike, phones and birth dates, and their search words."""
    clinic = make_clinic()
    first = make_patient(clinic, name="Marie Joubert", phone="06 39 98 00 00")
    people = [_person(number) for number in range(1, count)]
    keys = raw.clones(first, len(people), lambda number: people[number])
    rows = [
        {"patient_id": key, "word": word.encode(), "kind": kind}
        for key, person in zip(keys, people, strict=True)
        for word, kind in _words(person).items()
    ]
    raw.clones(first.search_words.first(), len(rows), lambda number: rows[number])
    raw.analyze()
    return SimpleNamespace(clinic=clinic, count=count)


def _person(number: int) -> dict:
    first = FIRST_NAMES[number * 7 % len(FIRST_NAMES)]
    last = "".join(SYLLABLES[number // step % len(SYLLABLES)] for step in (1, 23, 577)).capitalize()
    name = f"{first} {last}"
    phone = f"6399{number:05}"
    return {
        "name": name,
        "number": number + 1,
        "birth_on": date(1930, 1, 1) + timedelta(days=number % 30_000),
        "phone": f"+33{phone}",
        "phone_search": phone,
        "search_text": fold(name),
    }


def _words(person: dict) -> dict[str, int]:
    own = {str(person["number"]): WordKind.NUMBER, words.birth_word(person["birth_on"]): WordKind.BIRTH}
    own |= {person["phone_search"]: WordKind.PHONE, f"33{person['phone_search']}": WordKind.PHONE}
    names = words.name_words(person["name"])
    return own | dict.fromkeys(names, WordKind.NAME) | dict.fromkeys(words.sound_words(person["name"]), WordKind.SOUND)


def searches(world: SimpleNamespace, *, count: int = 5) -> list[Times]:
    """One line for each thing typed, and the look for twins while a new file is filled in."""
    lines = [
        repeated(
            f"search {world.count:,} patients: “{text}”",
            lambda _number, text=text: search(world.clinic, text, 10),
            count,
            lambda hits, text=text: _fit(text, hits),
            aim_p50_ms=30,
            aim_p95_ms=60,
        )
        for text in TYPED
    ]
    twin = Patient.objects.filter(clinic=world.clinic).order_by("-pk").first()
    found = repeated(
        f"likely twins among {world.count:,} patients",
        lambda _number: duplicates(world.clinic, twin.name, twin.birth_on, twin.phone),
        count,
        lambda hits: twin.pk in {hit.patient_id for hit in hits},
        aim_p50_ms=30,
        aim_p95_ms=60,
    )
    return [*lines, found]


def _fit(text: str, hits: list) -> bool:
    """Whether every hit has, for each typed word, one of its own that begins so (dates and numbers are not looked at)."""
    typed = [word for word in words.name_words(text) if word.isalpha()]
    return all(any(own.startswith(word) for own in words.name_words(hit.name)) for hit in hits for word in typed)
