"""Substances, lots and lines: what is in the syringe."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from protocols.dosing.findings import Level
from protocols.dosing.quantities import EXACT, NumberRange, Strength, checked, checked_count, checked_or_none

ANAESTHETIC = "anaesthetic"
VASODILATOR = "vasodilator"


class Role(StrEnum):
    """What a line is for."""

    BASE_ANAESTHETIC = "base_anaesthetic"
    VASODILATOR = "vasodilator"
    ADD_IN = "add_in"
    VEHICLE = "vehicle"
    SEDATION = "sedation"  # given beside the mix, in no syringe of it


class FoodChainUse(StrEnum):
    """Whether a substance may be given to a horse that may end as food. Source: DOMAIN.md 2.4."""

    ALLOWED = "allowed"
    ESSENTIAL = "essential"  # six months' withdrawal, written in the passport
    NOT_ALLOWED = "not_allowed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Ceiling:
    """Upper limits of one substance in one species, each None when no source gives it."""

    species: str
    source: str
    mg_per_kg: Decimal | None = None
    mg_per_session: Decimal | None = None
    mg_per_24h: Decimal | None = None
    mg_per_course: Decimal | None = None
    days_per_course: int | None = None
    repeat_min: int | None = None

    def __post_init__(self) -> None:
        for name in ("mg_per_kg", "mg_per_session", "mg_per_24h", "mg_per_course"):
            object.__setattr__(self, name, checked_or_none(getattr(self, name), name))
        checked_count(self.days_per_course, "days_per_course")
        checked_count(self.repeat_min, "repeat_min")


@dataclass(frozen=True, slots=True)
class LegalNote:
    """What one country's law or label says about one substance; `message` is a template for `%(substance)s`.

    `code` is the catalogue's name of the note, under which a clinic may say it in its own way.
    """

    country: str
    message: str
    source: str
    level: Level = Level.WARN
    code: str = ""


@dataclass(frozen=True, slots=True)
class MixSubstance:
    """A substance as the check sees it.

    `ingredient` joins products of the same active substance (lidocaine 1 % and 2 %), so that their doses add up.
    Empty `species` means any; an empty `usual_strengths` means the strength cannot be judged.
    """

    code: str
    name: str
    strength: Strength | None = None
    ingredient: str = ""
    categories: frozenset[str] = frozenset()
    allergy_classes: frozenset[str] = frozenset()
    materials: frozenset[str] = frozenset()
    traits: frozenset[str] = frozenset()
    species: frozenset[str] = frozenset()
    kind: str = "pharmaceutical"
    withdrawn: bool = False
    withdrawn_on: date | None = None
    ceilings: tuple[Ceiling, ...] = ()
    usual_strengths: tuple[Strength, ...] = ()
    min_age_years: Decimal | None = None
    short_term_only: bool = False
    preservative_free: bool | None = None
    ph: NumberRange | None = None
    appearance: str = ""
    food_chain: FoodChainUse = FoodChainUse.UNKNOWN
    legal_notes: tuple[LegalNote, ...] = ()
    source: str = ""
    keys: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.code:
            raise ValueError("a substance needs a code")
        object.__setattr__(self, "ingredient", self.ingredient or self.code)
        object.__setattr__(self, "min_age_years", checked_or_none(self.min_age_years, "min_age_years"))
        object.__setattr__(self, "food_chain", FoodChainUse(self.food_chain))
        preserved = () if self.preservative_free else ("maybe_preserved",)
        own = {self.code, self.ingredient, self.kind, *preserved}
        object.__setattr__(self, "keys", self.categories | self.allergy_classes | self.traits | own)

    @property
    def strength_mg_per_ml(self) -> Decimal | None:
        """Milligrams in one millilitre, None where the strength is unknown or not a mass."""
        return None if self.strength is None else self.strength.mg_per_ml

    @property
    def iu_per_ml(self) -> Decimal | None:
        """International units in one millilitre, None where the strength is not in IU."""
        return None if self.strength is None else self.strength.iu_per_ml

    @property
    def is_anaesthetic(self) -> bool:
        """Whether its toxic effect adds to that of other local anaesthetics."""
        return ANAESTHETIC in self.categories


@dataclass(frozen=True, slots=True)
class MixLot:
    """The state of a lot, or of an opened vial of it, on the day of performance."""

    code: str
    number: str = ""
    substance_code: str = ""
    substance_name: str = ""
    expires_on: date | None = None
    beyond_use_on: date | None = None
    recalled: bool = False
    remaining_ml: Decimal | None = None
    suspicions: int = 0  # reactions blamed on it
    strength: Strength | None = None  # as the pack says

    def __post_init__(self) -> None:
        object.__setattr__(self, "remaining_ml", checked_or_none(self.remaining_ml, "remaining_ml"))


@dataclass(frozen=True, slots=True)
class MixLine:
    """One line of the mix. `volume_ml` is what is given and makes the dose; `wasted_ml` is drawn as well.

    `strength` overrides the substance's (another product in the cupboard). `planned_ml` is the volume of the protocol
    or of the last time, against which a slip of the decimal point is seen.
    """

    substance: MixSubstance
    volume_ml: Decimal
    role: Role = Role.ADD_IN
    syringe: str = "A"
    lot: MixLot | None = None
    wasted_ml: Decimal = Decimal(0)
    strength: Strength | None = None
    planned_ml: Decimal | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "volume_ml", checked(self.volume_ml, "volume_ml"))
        object.__setattr__(self, "wasted_ml", checked(self.wasted_ml, "wasted_ml"))
        object.__setattr__(self, "planned_ml", checked_or_none(self.planned_ml, "planned_ml"))
        object.__setattr__(self, "role", Role(self.role))
        object.__setattr__(self, "strength", self.strength or self.substance.strength)

    @property
    def drawn_ml(self) -> Decimal:
        """Millilitres taken from the lot."""
        return EXACT.add(self.volume_ml, self.wasted_ml)
