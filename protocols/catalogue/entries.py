"""What one entry of each catalogue file may hold: frozen dataclasses, read by `files.py`.

A field without a default must be written in the file. `Decimal` fields are written as text ("0.5"), never as a bare
number. `sources` name entries of `sources.toml`; every entry but a category, region and source itself carries some.
"""

from dataclasses import dataclass
from decimal import Decimal

Codes = tuple[str, ...]


@dataclass(frozen=True)
class Source:
    """Where a fact comes from; `citation` is the text the screen prints."""

    code: str
    citation: str
    grade: str = ""
    address: str = ""


@dataclass(frozen=True)
class Category:
    """One of the founding text's twelve categories of medicines, or of the two its examples add."""

    code: str
    name: str
    in_founding_list: bool
    note: str = ""


@dataclass(frozen=True)
class Region:
    """A part of the body, for the species that have it."""

    code: str
    name: str
    species: Codes


@dataclass(frozen=True)
class Sex:
    """One sex or neutering state a species is registered with."""

    code: str
    name: str


@dataclass(frozen=True)
class Species:
    """A species with the words the screens use for it, and the weights it can plausibly have."""

    code: str
    name: str
    plural: str
    weight_min_kg: Decimal
    weight_max_kg: Decimal
    sources: Codes
    words: dict[str, str]
    sexes: tuple[Sex, ...]
    is_animal: bool
    has_passport: bool = False
    has_food_chain: bool = False
    majority_years: int | None = None
    note: str = ""


@dataclass(frozen=True)
class Strength:
    """One strength a substance is sold or published in; `amount` in `unit`."""

    amount: Decimal
    unit: str
    label: str
    sources: Codes
    default: bool = False
    species: Codes = ()
    note: str = ""


@dataclass(frozen=True)
class Ceiling:
    """The most of a substance: `kind` says by what, `amount` is in `unit`, for one species."""

    kind: str
    amount: Decimal
    unit: str
    species: str
    sources: Codes
    note: str = ""


@dataclass(frozen=True)
class Substance:
    """A medicine, vitamin, mineral, plant extract or carrier a mix can hold."""

    code: str
    name: str
    categories: Codes
    kind: str
    species: Codes
    sources: Codes
    unit: str = ""
    strengths: tuple[Strength, ...] = ()
    no_strength: str = ""  # why none is offered first
    ceilings: tuple[Ceiling, ...] = ()
    synonyms: Codes = ()
    brands: Codes = ()
    appearance: str = ""
    allergy_classes: Codes = ()
    status: str = "active"
    status_reason: str = ""
    preservative_note: str = ""
    competition_note: str = ""
    traits: Codes = ()
    ph_min: Decimal | None = None
    ph_max: Decimal | None = None
    food_chain: str = "unknown"
    withdrawn_on: str = ""
    minimum_age_years: int | None = None
    stop_flags: Codes = ()
    note: str = ""
    not_verified: str = ""

    @property
    def default_strength(self) -> Strength | None:
        """The strength offered first: the one marked so, else the only one."""
        marked = [strength for strength in self.strengths if strength.default]
        return marked[0] if marked else (self.strengths[0] if len(self.strengths) == 1 else None)


@dataclass(frozen=True)
class Incompatibility:
    """What is known of one substance with another; a pair that no entry names is unknown, never compatible."""

    code: str
    first: str
    second: Codes
    verdict: str
    effect: str
    sources: Codes
    unless_with: Codes = ()
    unless_from_mg_per_ml: Decimal | None = None
    unless_to_mg_per_ml: Decimal | None = None
    exception: str = ""


@dataclass(frozen=True)
class MixRule:
    """A general rule about mixes, with its number where it has one."""

    code: str
    verdict: str
    text: str
    sources: Codes
    amount: Decimal | None = None
    unit: str = ""
    species: Codes = ()


@dataclass(frozen=True)
class Indication:
    """A reason to treat, as a course names it."""

    code: str
    name: str
    field: str
    course: str
    species: Codes
    region: str
    main_score: str
    evidence: str
    sources: Codes
    categories: Codes = ()
    synonyms: Codes = ()
    note: str = ""


@dataclass(frozen=True)
class Technique:
    """A way of injecting; the depth range spans what its sources say, the note says who says what."""

    code: str
    name: str
    depth_min_mm: Decimal | None
    depth_max_mm: Decimal | None
    species: Codes
    sources: Codes
    synonyms: Codes = ()
    is_dry: bool = False
    note: str = ""


@dataclass(frozen=True)
class Device:
    """What holds the needle, and for which species it may be used."""

    code: str
    name: str
    species: Codes
    sources: Codes
    needle: str = ""
    needle_length_min_mm: Decimal | None = None
    needle_length_max_mm: Decimal | None = None
    blocked_species: Codes = ()
    note: str = ""


@dataclass(frozen=True)
class Line:
    """One line of a protocol's mix: a substance, or only a category when the source names no substance.

    `volume_ml` is left out where the source gives none: the practitioner sets it. `dose_mg` is a dose as printed.
    """

    role: str
    substance: str = ""
    category: str = ""
    alternatives: Codes = ()
    strength: Decimal | None = None
    volume_ml: Decimal | None = None
    dose_mg: Decimal | None = None
    syringe: str = "A"
    optional: bool = False
    note: str = ""


@dataclass(frozen=True)
class Protocol:
    """A published way to treat, with its citation; none is endorsed."""

    code: str
    name: str
    species: Codes
    indications: Codes
    cadence: str
    cadence_note: str
    summary: str
    mix_note: str
    sources: Codes
    lines: tuple[Line, ...] = ()
    minimum_sessions: int | None = None
    techniques: Codes = ()
    device: str = ""
    needle: str = ""
    depth_min_mm: Decimal | None = None
    depth_max_mm: Decimal | None = None
    shots_min: int | None = None
    shots_max: int | None = None
    volume_per_point_min_ml: Decimal | None = None
    volume_per_point_max_ml: Decimal | None = None
    aftercare: Codes = ()
    note: str = ""


@dataclass(frozen=True)
class CompetitionRule:
    """A dated rule of a sport's body; it only ever says the earliest possible time, never clear to compete."""

    code: str
    body: str
    title: str
    counting: str
    text: str
    sources: Codes
    amount: Decimal | None = None
    unit: str = ""
    substances: Codes = ()
    categories: Codes = ()
    classes: Codes = ()
    procedure: str = ""
    route: str = "any"
    dose_basis: str = ""
    max_dose_mg: Decimal | None = None
    max_dose_basis: str = ""
    species: Codes = ("horse",)
    valid_from: str = ""
    valid_to: str = ""
    note: str = ""


@dataclass(frozen=True)
class ChecklistItem:
    """One question before a session; `default` is what a yes does until the clinic says otherwise."""

    code: str
    question: str
    default: str
    species: Codes
    sources: Codes
    substances: Codes = ()
    allergy_classes: Codes = ()
    every_session: bool = True
    note: str = ""


@dataclass(frozen=True)
class CountryNote:
    """What a country's law or authority says, and what it is about."""

    code: str
    country: str
    severity: str
    text: str
    sources: Codes
    substances: Codes = ()
    categories: Codes = ()
    indications: Codes = ()
    species: Codes = ()
    about: str = ""
    note: str = ""


@dataclass(frozen=True)
class Choice:
    """One answer of a score that is chosen, not counted."""

    value: int
    label: str
    label_for_people: str = ""

    def said_of(self, is_animal: bool) -> str:
        return self.label if is_animal else self.label_for_people or self.label


@dataclass(frozen=True)
class Score:
    """A scale on which the effect is rated; words of its own for people where those for animals do not fit."""

    code: str
    name: str
    question: str
    minimum: int
    maximum: int
    better: str
    rated_by: Codes
    rated_when: Codes
    species: Codes
    sources: Codes
    choices: tuple[Choice, ...] = ()
    response_points: Decimal | None = None
    response_percent: Decimal | None = None
    name_for_people: str = ""
    question_for_people: str = ""
    note: str = ""

    def named_for(self, is_animal: bool) -> str:
        return self.name if is_animal else self.name_for_people or self.name

    def asked_of(self, is_animal: bool) -> str:
        return self.question if is_animal else self.question_for_people or self.question


@dataclass(frozen=True)
class Aftercare:
    """A sentence handed to the patient or the owner, in English and in French."""

    code: str
    moment: str
    species: Codes
    text: str
    text_fr: str
    sources: Codes
    rest_days_min: int | None = None
    rest_days_max: int | None = None
    note: str = ""

    @property
    def is_rest(self) -> bool:
        """Whether it says what not to do for how many days."""
        return self.rest_days_min is not None


@dataclass(frozen=True)
class ConsentText:
    """A text to agree to, in English and in French; a changed text gets a new version, never the same one."""

    code: str
    version: str
    kind: str
    country: str
    species: Codes
    title: str
    title_fr: str
    text: str
    text_fr: str
    sources: Codes
    note: str = ""

    @property
    def words(self) -> dict[str, tuple[str, str]]:
        """Its title and its text, by language."""
        return {"en": (self.title, self.text), "fr": (self.title_fr, self.text_fr)}


@dataclass(frozen=True)
class Catalogue:
    """All entries, in file order; every reference between them resolves."""

    sources: tuple[Source, ...]
    categories: tuple[Category, ...]
    regions: tuple[Region, ...]
    species: tuple[Species, ...]
    substances: tuple[Substance, ...]
    incompatibilities: tuple[Incompatibility, ...]
    mix_rules: tuple[MixRule, ...]
    indications: tuple[Indication, ...]
    techniques: tuple[Technique, ...]
    devices: tuple[Device, ...]
    protocols: tuple[Protocol, ...]
    competition_rules: tuple[CompetitionRule, ...]
    checklist: tuple[ChecklistItem, ...]
    country_notes: tuple[CountryNote, ...]
    scores: tuple[Score, ...]
    aftercare: tuple[Aftercare, ...]
    consent_texts: tuple[ConsentText, ...]

    def citations(self, codes: Codes) -> tuple[str, ...]:
        """Give the printable text of each source, in the order asked."""
        by_code = {source.code: source.citation for source in self.sources}
        return tuple(by_code[code] for code in codes)
