"""Numbers that can be trusted: finite decimals, ranges, and strengths turned into mg and IU per mL."""

from dataclasses import dataclass
from decimal import Context, Decimal
from enum import StrEnum
from typing import Final

ZERO: Final = Decimal(0)
EXACT: Final = Context(prec=60)  # 15-digit inputs multiply and add up without rounding
MAX_DIGITS: Final = 15
MAX_EXPONENT: Final = 9


def gettext_noop(message: str) -> str:
    """Mark an English text for `makemessages`; the page translates it (this package knows no Django)."""
    return message


def checked(value: Decimal | int, name: str, *, above_zero: bool = False) -> Decimal:
    """Return `value` as a Decimal that is finite, of sane size and not negative.

    Raises ValueError naming `name` otherwise; floats are refused because 0.1 is not a tenth.
    """
    if isinstance(value, bool) or not isinstance(value, Decimal | int):
        raise ValueError(f"{name} must be a Decimal, not {type(value).__name__}")
    number = Decimal(value)
    if not number.is_finite():
        raise ValueError(f"{name} must be a number")
    if number < 0 or (above_zero and number == 0):
        raise ValueError(f"{name} must be {'above zero' if above_zero else 'zero or more'}")
    digits, exponent = len(number.as_tuple().digits), number.as_tuple().exponent
    if digits > MAX_DIGITS or not isinstance(exponent, int) or not -MAX_DIGITS <= exponent <= MAX_EXPONENT:
        raise ValueError(f"{name} has too many digits")
    return number


def checked_or_none(value: Decimal | int | None, name: str, *, above_zero: bool = False) -> Decimal | None:
    """Return None, or what `checked` returns."""
    return None if value is None else checked(value, name, above_zero=above_zero)


def checked_count(value: int | None, name: str) -> int | None:
    """Return None or a whole number of zero or more; raises ValueError otherwise."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 10**9:
        raise ValueError(f"{name} must be a whole number of zero or more")
    return value


def plain(value: Decimal) -> str:
    """Write a decimal without exponent and without idle zeros: 3.00 is 3, 1E+2 is 100."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@dataclass(frozen=True, slots=True)
class NumberRange:
    """A range with both ends included."""

    low: Decimal
    high: Decimal

    def __post_init__(self) -> None:
        object.__setattr__(self, "low", checked(self.low, "low end"))
        object.__setattr__(self, "high", checked(self.high, "high end"))
        if self.low > self.high:
            raise ValueError("the low end of a range must not be above its high end")

    def __contains__(self, value: Decimal) -> bool:
        return self.low <= value <= self.high


class StrengthUnit(StrEnum):
    """How a label writes a strength. A potency (D6, 9CH) is no amount and gives no dose."""

    MG_PER_ML = "mg/mL"
    UG_PER_ML = "µg/mL"
    G_PER_ML = "g/mL"
    G_PER_L = "g/L"
    PERCENT = "%"  # weight in volume: 1 % is 1 g in 100 mL
    IU_PER_ML = "IU/mL"
    POTENCY = "potency"

    @classmethod
    def _missing_(cls, value: object) -> "StrengthUnit | None":
        """Read the other ways of writing a microgram: mcg, ug, and the Greek letter instead of the micro sign."""
        return cls.UG_PER_ML if value in ("mcg/mL", "ug/mL", "\u03bcg/mL") else None


_MG_PER_ML: Final[dict[StrengthUnit, Decimal]] = {
    StrengthUnit.MG_PER_ML: Decimal(1),
    StrengthUnit.UG_PER_ML: Decimal("0.001"),
    StrengthUnit.G_PER_ML: Decimal(1000),
    StrengthUnit.G_PER_L: Decimal(1),
    StrengthUnit.PERCENT: Decimal(10),
}


@dataclass(frozen=True, slots=True)
class Strength:
    """A strength as the label writes it; raises ValueError for an unknown unit or a number that is none.

    Source: DOMAIN.md 3.1 (lidocaine 1 % is 10 mg/mL).
    """

    value: Decimal
    unit: StrengthUnit

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", checked(self.value, "strength", above_zero=True))
        object.__setattr__(self, "unit", StrengthUnit(self.unit))

    @property
    def mg_per_ml(self) -> Decimal | None:
        """Milligrams in one millilitre; None for IU and potencies."""
        factor = _MG_PER_ML.get(self.unit)
        return None if factor is None else EXACT.multiply(self.value, factor)

    @property
    def iu_per_ml(self) -> Decimal | None:
        """International units in one millilitre; None for every other unit."""
        return self.value if self.unit is StrengthUnit.IU_PER_ML else None

    def is_as_strong_as(self, other: "Strength") -> bool:
        """Say whether both labels mean the same: 1 % is 10 mg/mL; a potency only what is written alike."""
        if self.mg_per_ml is not None and other.mg_per_ml is not None:
            return self.mg_per_ml == other.mg_per_ml
        return self.unit is other.unit and self.value == other.value

    def __str__(self) -> str:
        return f"{plain(self.value)} {self.unit.value}"
