"""A mix sorted once for all rules: doses by ingredient, lines by syringe, and the ceilings that apply."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from protocols.dosing.context import MixContext, MixPatient
from protocols.dosing.quantities import EXACT, ZERO
from protocols.dosing.substances import Ceiling, MixLine, MixSubstance, Role

DAY_HOURS = Decimal(24)


def dose_mg(line: MixLine) -> Decimal | None:
    """Return the milligrams given with a line, None where the strength gives none."""
    mg_per_ml = None if line.strength is None else line.strength.mg_per_ml
    return None if mg_per_ml is None else EXACT.multiply(line.volume_ml, mg_per_ml)


def dose_iu(line: MixLine) -> Decimal | None:
    """Return the international units given with a line, None where the strength is not in IU."""
    iu_per_ml = None if line.strength is None else line.strength.iu_per_ml
    return None if iu_per_ml is None else EXACT.multiply(line.volume_ml, iu_per_ml)


def exact_sum(values: Sequence[Decimal]) -> Decimal:
    """Add decimals without rounding, whatever the caller's decimal context."""
    total = ZERO
    for value in values:
        total = EXACT.add(total, value)
    return total


@dataclass(frozen=True, slots=True)
class Limit:
    """The limit that binds for one session, and where it comes from."""

    ceiling_mg: Decimal
    mg_per_kg: Decimal | None  # None: the limit per session binds, not the one by weight
    source: str


@dataclass(frozen=True, slots=True)
class OtherDose:
    """What another session gave, and how many hours from this one: above zero where it was given after it."""

    substance: MixSubstance
    dose_mg: Decimal
    hours: Decimal
    same_course: bool

    @property
    def is_later(self) -> bool:
        return self.hours > 0


@dataclass(frozen=True, slots=True)
class Dose:
    """One ingredient over all lines and syringes. `today_mg` counts the lines whose milligrams are known.

    `around_24h_mg` is the most that other sessions gave of it in any 24 hours with this one in them; `has_later` says
    that one of these came after it.
    """

    ingredient: str
    name: str
    substances: tuple[MixSubstance, ...]
    lines: tuple[int, ...]
    unknown_lines: tuple[int, ...]
    today_mg: Decimal
    around_24h_mg: Decimal
    has_later: bool
    other_course_mg: Decimal
    ceilings: tuple[Ceiling, ...]
    limit: Limit | None

    @property
    def is_anaesthetic(self) -> bool:
        """Whether it adds to the other local anaesthetics."""
        return any(substance.is_anaesthetic for substance in self.substances)

    def fraction(self, dose_mg: Decimal) -> Fraction:
        """Return `dose_mg` as an exact fraction of the session's limit, 0 when there is none."""
        if self.limit is None or dose_mg == 0:
            return Fraction(0)
        if self.limit.ceiling_mg == 0:
            return Fraction(10**9)
        return Fraction(dose_mg) / Fraction(self.limit.ceiling_mg)


class Mix:
    """What every rule reads."""

    def __init__(self, lines: Sequence[MixLine], patient: MixPatient, context: MixContext) -> None:
        self.lines = tuple(lines)
        self.patient = patient
        self.context = context
        self.others = (
            *(
                OtherDose(one.substance, one.dose_mg, one.hours_before.copy_negate(), one.same_course)
                for one in context.earlier
            ),
            *(OtherDose(one.substance, one.dose_mg, one.hours_after, one.same_course) for one in context.later),
        )
        self.syringes: dict[str, list[int]] = {}
        self.sedations = tuple(index for index, line in enumerate(self.lines) if line.role is Role.SEDATION)
        for index, line in enumerate(self.lines):
            self.syringes.setdefault(line.syringe, []).append(index)
        self.doses = self._doses()

    @property
    def is_human(self) -> bool:
        """Whether the patient is a person."""
        return self.patient.species == "human"

    def names(self, indices: Sequence[int]) -> str:
        """Return the names of lines, each once, in order."""
        return ", ".join(dict.fromkeys(self.lines[index].substance.name for index in indices))

    def with_key(self, keys: frozenset[str]) -> tuple[int, ...]:
        """Return the lines that carry one of `keys`."""
        return tuple(index for index, line in enumerate(self.lines) if keys & line.substance.keys)

    def days_around(self, ingredients: Collection[str]) -> list[list[OtherDose]]:
        """Return what other sessions gave of these, for each 24 hours that begin with this session or with one before it."""
        near = [
            one for one in self.others if one.substance.ingredient in ingredients and one.hours.copy_abs() < DAY_HOURS
        ]
        starts = {ZERO, *(one.hours for one in near if not one.is_later)}
        return [[one for one in near if start <= one.hours < EXACT.add(start, DAY_HOURS)] for start in sorted(starts)]

    def _doses(self) -> tuple[Dose, ...]:
        found: dict[str, list[int]] = {}
        for index, line in enumerate(self.lines):
            found.setdefault(line.substance.ingredient, []).append(index)
        for other in self.others:
            found.setdefault(other.substance.ingredient, [])
        return tuple(self._dose(ingredient, indices) for ingredient, indices in found.items())

    def _dose(self, ingredient: str, indices: list[int]) -> Dose:
        others = [other for other in self.others if other.substance.ingredient == ingredient]
        days = [(_sum_mg(day), not any(one.is_later for one in day)) for day in self.days_around({ingredient})]
        around_24h_mg, is_all_before = max(days)
        substances = tuple(
            dict.fromkeys([self.lines[index].substance for index in indices] + [other.substance for other in others])
        )
        amounts = {index: dose_mg(self.lines[index]) for index in indices}
        ceilings = tuple(
            dict.fromkeys(
                ceiling
                for substance in substances
                for ceiling in substance.ceilings
                if ceiling.species == self.patient.species
            )
        )
        return Dose(
            ingredient=ingredient,
            name=substances[0].name,
            substances=substances,
            lines=tuple(indices),
            unknown_lines=tuple(index for index, amount in amounts.items() if amount is None),
            today_mg=exact_sum([amount for amount in amounts.values() if amount is not None]),
            around_24h_mg=around_24h_mg,
            has_later=not is_all_before,
            other_course_mg=_sum_mg([other for other in others if other.same_course]),
            ceilings=ceilings,
            limit=self._limit(substances, ceilings),
        )

    def _limit(self, substances: tuple[MixSubstance, ...], ceilings: tuple[Ceiling, ...]) -> Limit | None:
        factor = self._infant_factor(substances)
        limits = []
        for ceiling in ceilings:
            if ceiling.mg_per_session is not None:
                limits.append(Limit(EXACT.multiply(ceiling.mg_per_session, factor), None, ceiling.source))
            if ceiling.mg_per_kg is not None and self.patient.weight_kg is not None:
                mg_per_kg = EXACT.multiply(ceiling.mg_per_kg, factor)
                by_weight = EXACT.multiply(mg_per_kg, self.patient.weight_kg)
                limits.append(Limit(by_weight, mg_per_kg, ceiling.source))
        return min(limits, key=lambda limit: limit.ceiling_mg, default=None)

    def _infant_factor(self, substances: tuple[MixSubstance, ...]) -> Decimal:
        limits, age_years = self.context.limits, self.patient.age_years
        is_amide = any("amide" in substance.allergy_classes for substance in substances)
        if is_amide and self.is_human and age_years is not None and age_years < limits.infant_under_years:
            return limits.infant_amide_factor
        return Decimal(1)


def _sum_mg(doses: Sequence[OtherDose]) -> Decimal:
    return exact_sum([dose.dose_mg for dose in doses])
