"""Live sums for the composer, the label and the report: mL per syringe, mg, mg/kg, share of the ceiling."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from protocols.dosing.context import MixContext, MixPatient
from protocols.dosing.mix import Dose, Mix, dose_iu, dose_mg, exact_sum
from protocols.dosing.quantities import EXACT
from protocols.dosing.rules.doses import percent
from protocols.dosing.substances import MixLine


@dataclass(frozen=True, slots=True)
class SubstanceTotal:
    """One ingredient over all syringes; mg, IU and mg/kg are None where they cannot be known."""

    ingredient: str
    name: str
    lines: tuple[int, ...]
    volume_ml: Decimal
    dose_mg: Decimal | None
    dose_iu: Decimal | None
    dose_mg_per_kg: Decimal | None


@dataclass(frozen=True, slots=True)
class MixTotals:
    """All sums of a mix; `weight_estimated` says how sure its mg/kg are."""

    volume_ml: Decimal
    volume_ml_by_syringe: dict[str, Decimal]
    substances: tuple[SubstanceTotal, ...]
    weight_estimated: bool = False


@dataclass(frozen=True, slots=True)
class CeilingShare:
    """How much of a session's ceiling a dose takes; `share_percent` is rounded up, 100 is exactly full.

    `mg_per_kg` and `weight_estimated` say which limit binds and how sure it is. The row with ingredient "" is the sum
    over the local anaesthetics (no mg of its own), present when the mix has more than one.
    """

    ingredient: str
    name: str
    lines: tuple[int, ...]
    dose_mg: Decimal | None
    ceiling_mg: Decimal | None
    mg_per_kg: Decimal | None
    share_percent: Decimal
    weight_estimated: bool
    source: str


def totals(lines: Sequence[MixLine], patient: MixPatient | None = None) -> MixTotals:
    """Return the sums of a mix; mg/kg (three decimals) needs a patient with a weight."""
    syringes: dict[str, list[Decimal]] = {}
    ingredients: dict[str, list[int]] = {}
    for index, line in enumerate(lines):
        syringes.setdefault(line.syringe, []).append(line.volume_ml)
        ingredients.setdefault(line.substance.ingredient, []).append(index)
    weight_kg = patient.weight_kg if patient is not None else None
    return MixTotals(
        volume_ml=exact_sum([line.volume_ml for line in lines]),
        volume_ml_by_syringe={syringe: exact_sum(volumes) for syringe, volumes in sorted(syringes.items())},
        substances=tuple(_substance_total(lines, indices, weight_kg) for indices in ingredients.values()),
        weight_estimated=patient is not None and patient.weight_estimated,
    )


def _substance_total(lines: Sequence[MixLine], indices: list[int], weight_kg: Decimal | None) -> SubstanceTotal:
    mg = _sum_or_none([dose_mg(lines[index]) for index in indices])
    return SubstanceTotal(
        ingredient=lines[indices[0]].substance.ingredient,
        name=lines[indices[0]].substance.name,
        lines=tuple(indices),
        volume_ml=exact_sum([lines[index].volume_ml for index in indices]),
        dose_mg=mg,
        dose_iu=_sum_or_none([dose_iu(lines[index]) for index in indices]),
        dose_mg_per_kg=None
        if mg is None or weight_kg is None
        else EXACT.divide(mg, weight_kg).quantize(Decimal("0.001"), context=EXACT),
    )


def _sum_or_none(amounts: list[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return exact_sum(known) if len(known) == len(amounts) else None


def share_of_ceiling(lines: Sequence[MixLine], patient: MixPatient, context: MixContext) -> tuple[CeilingShare, ...]:
    """Return the share of the session's ceiling of every ingredient that has one, for bars in the composer."""
    doses = [dose for dose in Mix(lines, patient, context).doses if dose.lines]
    shares = [_share(dose, patient.weight_estimated) for dose in doses if dose.limit is not None]
    anaesthetics = [dose for dose in doses if dose.is_anaesthetic]
    if len(anaesthetics) > 1:
        together = sum((dose.fraction(dose.today_mg) for dose in anaesthetics), Fraction(0))
        all_lines = tuple(sorted(index for dose in anaesthetics for index in dose.lines))
        names = " + ".join(dose.name for dose in anaesthetics)
        guessed = any(share.weight_estimated for share in shares if set(share.lines) & set(all_lines))
        shares.append(CeilingShare("", names, all_lines, None, None, None, percent(together), guessed, ""))
    return tuple(shares)


def _share(dose: Dose, weight_estimated: bool) -> CeilingShare:
    limit = dose.limit
    assert limit is not None  # the caller filters
    return CeilingShare(
        ingredient=dose.ingredient,
        name=dose.name,
        lines=dose.lines,
        dose_mg=None if dose.unknown_lines else dose.today_mg,
        ceiling_mg=limit.ceiling_mg,
        mg_per_kg=limit.mg_per_kg,
        share_percent=percent(dose.fraction(dose.today_mg)),
        weight_estimated=weight_estimated and limit.mg_per_kg is not None,
        source=limit.source,
    )
