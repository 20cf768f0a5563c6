"""The numbers of `MixLimits` one by one, as a clinic reads and changes them: words, unit, bounds, source."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from protocols.dosing.quantities import NumberRange, gettext_noop
from protocols.dosing.sources import cite
from protocols.dosing.tables import MixLimits

ENDS: Final = {"low": "high", "high": "low"}
_SHIPPED: Final = MixLimits()


@dataclass(frozen=True, slots=True)
class LimitNumber:
    """One number. `code` is a field of `MixLimits`, or one end of its range ("depth_mm.low").

    `may_be_empty`: without the number its rule is silent. `least` and `most` bound what can be meant, both included.
    """

    code: str
    words: str
    unit: str
    source: str
    least: Decimal = Decimal(0)
    most: Decimal = Decimal(1000)
    is_whole: bool = False
    may_be_empty: bool = False

    @property
    def shipped(self) -> Decimal | None:
        """The number as shipped."""
        return value_of(_SHIPPED, self.code)


def value_of(limits: MixLimits, code: str) -> Decimal | None:
    """Return the number a code stands for."""
    name, _dot, end = code.partition(".")
    value = getattr(limits, name)
    value = getattr(value, end) if end else value
    return None if value is None else Decimal(value)


def with_changes(changes: Mapping[str, Decimal | None], limits: MixLimits = _SHIPPED) -> MixLimits:
    """Return the limits with a clinic's own numbers, by code. Raises ValueError when a range would be upside down."""
    if not changes:
        return limits
    fields: dict[str, object] = {}
    for code, value in changes.items():
        name, _dot, end = code.partition(".")
        if not end:
            fields[name] = int(value) if NUMBERS[code].is_whole and value is not None else value
        elif value is not None:
            other = ENDS[end]
            ends = {end: value, other: changes.get(f"{name}.{other}")}
            fields[name] = NumberRange(**{one: _end(limits, name, one, ends[one]) for one in ENDS})
    return replace(limits, **fields)  # type: ignore[arg-type]


def _end(limits: MixLimits, name: str, end: str, changed: Decimal | None) -> Decimal:
    kept: Decimal = getattr(getattr(limits, name), end)
    return kept if changed is None else changed


_DEPTHS, _POINTS, _PER_POINT = cite("SEED-H"), cite("SEED-H"), cite("S16", "S15")
_YEARS, _MM, _ML = gettext_noop("years"), "mm", "mL"

# Source: DOMAIN.md 1.1, 1.2, 1.4, 3.2, 3.3; the words say what the check does with the number.
LIMITS: Final[tuple[LimitNumber, ...]] = (
    LimitNumber(
        "max_add_ins",
        gettext_noop("Most add-ins in one syringe"),
        gettext_noop("products"),
        cite("S6", "S10"),
        most=Decimal(20),
        is_whole=True,
    ),
    LimitNumber(
        "syringe_capacity_ml",
        gettext_noop("Largest syringe here holds"),
        _ML,
        cite("DESIGN"),
        least=Decimal("0.1"),
        most=Decimal(100),
        may_be_empty=True,
    ),
    LimitNumber(
        "min_age_years",
        gettext_noop("Youngest age the clinic treats"),
        _YEARS,
        cite("S53"),
        most=Decimal(120),
        may_be_empty=True,
    ),
    LimitNumber(
        "child_under_years",
        gettext_noop("A child, for lower doses of anaesthetics, is under"),
        _YEARS,
        cite("S135"),
        most=Decimal(120),
        may_be_empty=True,
    ),
    LimitNumber(
        "elderly_from_years",
        gettext_noop("Elderly, for lower doses of anaesthetics, from"),
        _YEARS,
        cite("S135"),
        most=Decimal(120),
        may_be_empty=True,
    ),
    LimitNumber(
        "infant_under_years",
        gettext_noop("An infant, for amide anaesthetics, is under"),
        _YEARS,
        cite("S135"),
        most=Decimal(18),
    ),
    LimitNumber(
        "infant_amide_factor",
        gettext_noop("Share of an amide's ceiling an infant may have"),
        "",
        cite("S135"),
        most=Decimal(1),
    ),
    LimitNumber("depth_mm.low", gettext_noop("Usual depth, from"), _MM, _DEPTHS, most=Decimal(50)),
    LimitNumber("depth_mm.high", gettext_noop("Usual depth, to"), _MM, _DEPTHS, most=Decimal(50)),
    LimitNumber("depth_possible_mm.low", gettext_noop("Possible depth, from"), _MM, cite("S1"), most=Decimal(50)),
    LimitNumber("depth_possible_mm.high", gettext_noop("Possible depth, to"), _MM, cite("S1"), most=Decimal(50)),
    LimitNumber(
        "shots.low",
        gettext_noop("Usual shots, from"),
        gettext_noop("shots"),
        _POINTS,
        most=Decimal(5000),
        is_whole=True,
    ),
    LimitNumber(
        "shots.high", gettext_noop("Usual shots, to"), gettext_noop("shots"), _POINTS, most=Decimal(5000), is_whole=True
    ),
    LimitNumber(
        "volume_per_point_ml.low", gettext_noop("Usual volume a point, from"), _ML, _PER_POINT, most=Decimal(10)
    ),
    LimitNumber(
        "volume_per_point_ml.high", gettext_noop("Usual volume a point, to"), _ML, _PER_POINT, most=Decimal(10)
    ),
    LimitNumber(
        "volume_mismatch_share",
        gettext_noop("Share by which the points may differ from the syringe's volume"),
        "",
        cite("INFER"),
        most=Decimal(1),
    ),
    LimitNumber(
        "slip_factor",
        gettext_noop("A strength or volume so many times the usual is a slip"),
        "×",
        cite("INFER"),
        least=Decimal(2),
    ),
    LimitNumber(
        "ph.low",
        gettext_noop("pH of a finished mix, from"),
        "",
        cite("S20", "S128"),
        most=Decimal(14),
    ),
    LimitNumber("ph.high", gettext_noop("pH of a finished mix, to"), "", cite("S20", "S128"), most=Decimal(14)),
)
NUMBERS: Final[dict[str, LimitNumber]] = {one.code: one for one in LIMITS}
