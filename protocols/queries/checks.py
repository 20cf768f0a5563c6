"""A protocol's mix as numbers: mg a line, mL a syringe, an example patient, and what the mix check says."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from mesoclinic.core.models import Clinic
from protocols.dosing import (
    AllergyState,
    Finding,
    FoodChain,
    MixContext,
    MixLine,
    MixPatient,
    check_mix,
    dose_iu,
    dose_mg,
    share_of_ceiling,
)
from protocols.dosing.amounts import CeilingShare, totals
from protocols.models import ProtocolVersion
from protocols.queries import mixes
from protocols.queries.mix_tables import mix_tables

# The patients an example is reckoned for; the record reckons with the patient's own weight.
EXAMPLE_KG = {"human": Decimal(70), "horse": Decimal(500), "dog": Decimal(20)}
LEFT_OUT = ("patient.", "flag.", "food_chain.", "mix.no_volume", "dose.not_computable")


@dataclass(frozen=True)
class LineSum:
    """One line: the row it came from, and its doses; None where they cannot be known."""

    row: Any
    line: MixLine
    dose_mg: Decimal | None
    dose_iu: Decimal | None
    mg_per_kg: Decimal | None


@dataclass(frozen=True)
class MixSheet:
    """All one wants to see of a mix at a glance; numbers are exact. `weight_kg` is that of the example patient."""

    lines: tuple[LineSum, ...]
    volume_ml: Decimal
    volume_ml_by_syringe: tuple[tuple[str, Decimal], ...]
    shares: tuple[CeilingShare, ...]
    findings: tuple[Finding, ...]
    species: str
    weight_kg: Decimal


def sheet(rows: Sequence[Any], lines: Sequence[MixLine], context: MixContext, *, species: str = "human") -> MixSheet:
    """Reckon a mix for an example patient of a species. Pure.

    What a finding says of the patient is left out: there is none yet; a volume may still be open.
    """
    weight_kg = EXAMPLE_KG.get(species, EXAMPLE_KG["human"])
    patient = MixPatient(
        species,
        weight_kg=weight_kg,
        age_years=Decimal(40) if species == "human" else None,
        allergy_state=AllergyState.NONE_KNOWN,
        food_chain=FoodChain.SIGNED_OUT,
        competes=False,
    )
    sums = totals(lines, patient)
    found = check_mix(lines, patient, context)
    return MixSheet(
        lines=tuple(_line_sum(row, line, weight_kg) for row, line in zip(rows, lines, strict=True)),
        volume_ml=sums.volume_ml,
        volume_ml_by_syringe=tuple(sums.volume_ml_by_syringe.items()),
        shares=share_of_ceiling(lines, patient, context),
        findings=tuple(finding for finding in found if not finding.rule.startswith(LEFT_OUT)),
        species=species,
        weight_kg=weight_kg,
    )


def _line_sum(row: Any, line: MixLine, weight_kg: Decimal) -> LineSum:
    if row.volume_ml is None:
        return LineSum(row, line, None, None, None)
    mg = dose_mg(line)
    per_kg = None if mg is None else (mg / weight_kg).quantize(Decimal("0.001"))
    return LineSum(row, line, mg, dose_iu(line), per_kg)


def sheet_of_rows(
    clinic: Clinic, rows: Iterable[Any], on: date, *, species: str = "", version: ProtocolVersion | None = None
) -> MixSheet:
    """Reckon rows that are saved or still being typed (`substance`, `role`, `volume_ml` …). Six statements."""
    species, rows = species or "human", list(rows)
    lines = mixes.mix_of_lines(clinic, rows, species=species)
    tables = mix_tables(clinic)
    context = (
        mixes.plan_context(version, tables, on)
        if version is not None
        else MixContext(performed_on=on, **tables.as_context())
    )
    return sheet(rows, lines, context, species=species)
