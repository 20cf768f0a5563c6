"""The shapes of the clinic's tables: limits, incompatible pairs, flags, country notes."""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from protocols.dosing.findings import Level
from protocols.dosing.quantities import NumberRange, checked, checked_count, checked_or_none


@dataclass(frozen=True, slots=True)
class MixLimits:
    """Numbers a clinic may change. None means no source gives one and the rule is silent until the clinic sets it.

    Source: DOMAIN.md 1.1 (depths), 1.2 (volumes, points, 20 %), 1.4 (age), 3.2 (add-ins, pH), 3.3 (children, infants).
    """

    max_add_ins: int = 3
    syringe_capacity_ml: Decimal | None = None
    min_age_years: Decimal | None = Decimal(14)
    child_under_years: Decimal | None = Decimal(18)
    elderly_from_years: Decimal | None = None
    infant_under_years: Decimal = Decimal("0.5")
    infant_amide_factor: Decimal = Decimal("0.7")
    depth_mm: NumberRange = field(default_factory=lambda: NumberRange(Decimal(2), Decimal(6)))
    depth_possible_mm: NumberRange = field(default_factory=lambda: NumberRange(Decimal("0.1"), Decimal(13)))
    shots: NumberRange = field(default_factory=lambda: NumberRange(Decimal(8), Decimal(300)))
    volume_per_point_ml: NumberRange = field(default_factory=lambda: NumberRange(Decimal("0.01"), Decimal("0.3")))
    volume_mismatch_share: Decimal = Decimal("0.2")
    slip_factor: Decimal = Decimal(10)
    ph: NumberRange = field(default_factory=lambda: NumberRange(Decimal(5), Decimal(8)))

    def __post_init__(self) -> None:
        checked_count(self.max_add_ins, "max_add_ins")
        for name in ("min_age_years", "child_under_years", "elderly_from_years"):
            object.__setattr__(self, name, checked_or_none(getattr(self, name), name))
        capacity_ml = checked_or_none(self.syringe_capacity_ml, "syringe_capacity_ml", above_zero=True)
        object.__setattr__(self, "syringe_capacity_ml", capacity_ml)
        for name in ("infant_under_years", "infant_amide_factor", "volume_mismatch_share"):
            object.__setattr__(self, name, checked(getattr(self, name), name))
        object.__setattr__(self, "slip_factor", checked(self.slip_factor, "slip_factor", above_zero=True))


class Verdict(StrEnum):
    """What is known about a pair. A pair without a row is unknown, never compatible."""

    INCOMPATIBLE = "incompatible"
    CAUTION = "caution"
    COMPATIBLE = "compatible"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class MixPair:
    """What happens when two things share a syringe.

    `left` and `right` are keys (a code, ingredient, category, class, trait or kind), several joined by "+" that must
    all hold. The row counts only with all of `needs` in the syringe and none of `bars`; `right_mg_per_ml` narrows it
    to strengths of the right side. A compatible row lifts the rows that are less specific than itself. A row of the
    clinic's `own` takes the place of shipped ones that are no more specific; with the verdict unknown it unsays them.
    """

    left: str
    right: str
    verdict: Verdict
    reason: str
    source: str
    level: Level = Level.BLOCK
    needs: frozenset[str] = frozenset()
    bars: frozenset[str] = frozenset()
    right_mg_per_ml: NumberRange | None = None
    own: bool = False
    left_keys: frozenset[str] = field(init=False, repr=False, compare=False)
    right_keys: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "verdict", Verdict(self.verdict))
        object.__setattr__(self, "level", Level(self.level))
        object.__setattr__(self, "left_keys", frozenset(self.left.split("+")))
        object.__setattr__(self, "right_keys", frozenset(self.right.split("+")))


@dataclass(frozen=True, slots=True)
class FlagRule:
    """What a flag of the patient means for the session, or only for lines with one of `keys`."""

    flag: str
    level: Level
    message: str
    source: str
    keys: frozenset[str] = frozenset()

    @property
    def code(self) -> str:
        """A name no other rule has: of a flag there is one for every mix, and one each for what only it concerns."""
        return "--".join((self.flag, *sorted(self.keys)))


@dataclass(frozen=True, slots=True)
class CountryNote:
    """What a country's law says; raised from `min_lines` products with one of `keys` (any when empty).

    With a `code` it takes the place of the notes of that code on single substances.
    """

    country: str
    level: Level
    message: str
    source: str
    keys: frozenset[str] = frozenset()
    species: frozenset[str] = frozenset()
    min_lines: int = 1
    same_syringe: bool = False
    code: str = ""
