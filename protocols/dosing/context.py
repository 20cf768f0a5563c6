"""Who is treated, how, when, and by which of the clinic's tables."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from enum import StrEnum

from protocols.dosing import shipped
from protocols.dosing.competition import CompetitionRule, MixEvent
from protocols.dosing.quantities import NumberRange, checked, checked_count, checked_or_none
from protocols.dosing.substances import MixSubstance
from protocols.dosing.tables import CountryNote, FlagRule, MixLimits, MixPair


class AllergyState(StrEnum):
    """Not asked is not the same as none."""

    NOT_ASKED = "not_asked"
    NONE_KNOWN = "none_known"
    LISTED = "listed"


class FoodChain(StrEnum):
    """A passport that is not signed out means food chain. Source: DOMAIN.md 2.4."""

    IN = "in"
    SIGNED_OUT = "signed_out"
    PASSPORT_NOT_SEEN = "passport_not_seen"


class Purpose(StrEnum):
    """Planning what will be given, or recording what was given."""

    PLAN = "plan"
    RECORD = "record"


@dataclass(frozen=True, slots=True)
class MixPatient:
    """The patient on the day of performance. `allergies` holds substance codes, classes and materials, `akin` the classes
    of those substances.

    `flags` holds flag kinds (DOMAIN.md 1.4). `competes`: None means nobody asked. `events` are its competitions.
    """

    species: str
    weight_kg: Decimal | None = None
    weight_estimated: bool = False
    age_years: Decimal | None = None
    pregnant: bool = False
    allergy_state: AllergyState = AllergyState.NOT_ASKED
    allergies: frozenset[str] = frozenset()
    akin: frozenset[str] = frozenset()
    flags: frozenset[str] = frozenset()
    food_chain: FoodChain = FoodChain.PASSPORT_NOT_SEEN
    competes: bool | None = None
    events: tuple[MixEvent, ...] = ()
    competition_bodies: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        object.__setattr__(self, "weight_kg", checked_or_none(self.weight_kg, "weight_kg", above_zero=True))
        object.__setattr__(self, "age_years", checked_or_none(self.age_years, "age_years"))
        state = AllergyState.LISTED if self.allergies else AllergyState(self.allergy_state)
        object.__setattr__(self, "allergy_state", state)
        object.__setattr__(self, "food_chain", FoodChain(self.food_chain))

    @property
    def all_flags(self) -> frozenset[str]:
        """The flags, with pregnancy among them."""
        return self.flags | {"pregnancy"} if self.pregnant else self.flags


@dataclass(frozen=True, slots=True)
class EarlierDose:
    """A dose given before this session. Hours run from that dose to this session; 0 when only the day is known."""

    substance: MixSubstance
    dose_mg: Decimal
    given_on: date
    hours_before: Decimal
    same_course: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "dose_mg", checked(self.dose_mg, "dose_mg"))
        object.__setattr__(self, "hours_before", checked(self.hours_before, "hours_before"))

    @property
    def hours_apart(self) -> Decimal:
        return self.hours_before


@dataclass(frozen=True, slots=True)
class LaterDose:
    """A dose given after this session and entered before it, as a late entry finds. Hours run from this session to it."""

    substance: MixSubstance
    dose_mg: Decimal
    given_on: date
    hours_after: Decimal
    same_course: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "dose_mg", checked(self.dose_mg, "dose_mg"))
        object.__setattr__(self, "hours_after", checked(self.hours_after, "hours_after", above_zero=True))

    @property
    def hours_apart(self) -> Decimal:
        return self.hours_after


@dataclass(frozen=True, slots=True)
class MixDevice:
    """What injects; an empty `species` means any."""

    code: str
    name: str
    species: frozenset[str] = frozenset()
    materials: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class MixSite:
    """One injected region: points, volume per point and depth, from one syringe."""

    points: int
    volume_per_point_ml: Decimal | None = None
    syringe: str = "A"
    depth_min_mm: Decimal | None = None
    depth_max_mm: Decimal | None = None
    technique_depth_mm: NumberRange | None = None

    def __post_init__(self) -> None:
        if checked_count(self.points, "points") is None:
            raise ValueError("points must be a whole number of zero or more")
        for name in ("volume_per_point_ml", "depth_min_mm", "depth_max_mm"):
            object.__setattr__(self, name, checked_or_none(getattr(self, name), name))
        ends = (self.depth_min_mm, self.depth_max_mm)
        if ends[0] is not None and ends[1] is not None and ends[0] > ends[1]:
            raise ValueError("depth_min_mm must not be above depth_max_mm")


@dataclass(frozen=True, slots=True)
class MixContext:
    """The session around the mix. `performed_on` is the day it is (or was) given, never the day of typing.

    `technique` "dry" means needles without a mix. `sedation` says what the patient was sedated with, beside the mix: a
    rule about sedatives counts it. `regions` are wider laws that hold too ("EU"). `shots` overrides the sum of the sites' points. The tables and
    limits are the clinic's; left out, the shipped ones apply. `reworded_notes` are codes of the notes on substances
    that the clinic says in its own way, or no longer.
    """

    performed_on: date
    purpose: Purpose = Purpose.PLAN
    performed_at: datetime | None = None
    earlier: tuple[EarlierDose, ...] = ()
    later: tuple[LaterDose, ...] = ()
    technique: str = ""
    sedation: str = ""
    device: MixDevice | None = None
    needle_length_mm: Decimal | None = None
    sites: tuple[MixSite, ...] = ()
    shots: int | None = None
    protocol_depth_mm: NumberRange | None = None
    protocol_shots: NumberRange | None = None
    country: str = ""
    regions: frozenset[str] = frozenset()
    chronic: bool | None = None
    limits: MixLimits = field(default_factory=MixLimits)
    pairs: tuple[MixPair, ...] = shipped.PAIRS
    flag_rules: tuple[FlagRule, ...] = shipped.FLAG_RULES
    country_notes: tuple[CountryNote, ...] = shipped.COUNTRY_NOTES
    reworded_notes: frozenset[str] = frozenset()
    competition_rules: tuple[CompetitionRule, ...] = ()
    zone: tzinfo = UTC

    def __post_init__(self) -> None:
        object.__setattr__(self, "purpose", Purpose(self.purpose))
        needle = checked_or_none(self.needle_length_mm, "needle_length_mm", above_zero=True)
        object.__setattr__(self, "needle_length_mm", needle)
        checked_count(self.shots, "shots")

    @property
    def jurisdictions(self) -> frozenset[str]:
        """The country and the regions whose law holds."""
        return self.regions | {self.country}

    @property
    def shots_total(self) -> int | None:
        """Shots of the session: as given, else the sum over the sites, None when there are none."""
        if self.shots is not None:
            return self.shots
        return sum(site.points for site in self.sites) if self.sites else None
