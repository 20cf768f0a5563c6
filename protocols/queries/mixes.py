"""The bridge from a clinic's rows to the pure mix check: substances, lines and lots; its tables are in `mix_tables`."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from mesoclinic.core.models import Clinic
from protocols.dosing import (
    Ceiling,
    FoodChainUse,
    LegalNote,
    Level,
    MixContext,
    MixDevice,
    MixLine,
    MixLot,
    MixSubstance,
    NumberRange,
    Role,
    Strength,
)
from protocols.dosing.competition import EQUIDS
from protocols.models import Lot, ProtocolVersion, Substance
from protocols.models.protocols import Device, LineRole
from protocols.queries import substances as substance_queries
from protocols.queries.mix_tables import MixTables, escaped

ROLES = {
    LineRole.BASE: Role.BASE_ANAESTHETIC,
    LineRole.VASODILATOR: Role.VASODILATOR,
    LineRole.ADD_IN: Role.ADD_IN,
    "sedation": Role.SEDATION,
}
CEILING_COLUMNS = {
    "per_kg": ("max_mg_per_kg", "mg_per_kg"),
    "per_session": ("max_mg_per_session", "mg_per_session"),
    "per_24h": ("max_mg_per_24h", "mg_per_24h"),
    "per_course": ("max_mg_per_course", "mg_per_course"),
}


def mix_substance(row: Substance, *, species: str = "") -> MixSubstance:
    """Turn a substance (with categories and species loaded) into what the check reads. No statement.

    Legal notes of other species are left out when `species` is given; `row.traits` keeps what has no column.
    """
    traits: Mapping[str, Any] = row.traits or {}
    stated = _strength(row.strength, row.strength_unit)
    others = [_strength(_decimal(one.get("strength")), one.get("unit", "")) for one in row.other_strengths or []]
    withdrawn_on = traits.get("withdrawn_on")
    return MixSubstance(
        code=row.code,
        name=row.name,  # as it is kept: what the check finds has one key, whoever reads it
        strength=stated,
        ingredient=str(traits.get("ingredient") or row.code),
        categories=frozenset(category.code for category in row.categories.all()),
        allergy_classes=frozenset(row.allergy_classes or []),
        materials=frozenset(traits.get("materials") or []),
        traits=frozenset(name for name, value in traits.items() if value is True),
        species=frozenset(one.code for one in row.species.all()),
        kind=row.kind,
        withdrawn=row.status == Substance.Status.WITHDRAWN,
        withdrawn_on=date.fromisoformat(withdrawn_on) if withdrawn_on else None,
        ceilings=_ceilings(row),
        usual_strengths=tuple(one for one in (stated, *others) if one is not None),
        min_age_years=None if row.min_age_years is None else Decimal(row.min_age_years),
        short_term_only=bool(traits.get("short_term_only")),
        preservative_free=traits.get("preservative_free"),
        ph=_range(traits.get("ph")),
        appearance=row.appearance,
        food_chain=FoodChainUse(traits.get("food_chain") or FoodChainUse.UNKNOWN),
        legal_notes=_legal_notes(row, species),
        source=row.source,
    )


def _ceilings(row: Substance) -> tuple[Ceiling, ...]:
    """The columns are people's and win over what was shipped; other species stand in `traits["ceilings"]`."""
    listed: dict[str, dict[str, Any]] = {}
    sources: dict[str, list[str]] = {}
    for one in (row.traits or {}).get("ceilings", []):
        species, amount = one.get("species", "human"), _decimal(one.get("amount"))
        if one.get("source") and one["source"] not in sources.setdefault(species, []):
            sources[species].append(one["source"])
        if one.get("kind") in CEILING_COLUMNS and amount is not None:
            listed.setdefault(species, {})[CEILING_COLUMNS[one["kind"]][1]] = amount
    human = {field: getattr(row, column) for column, field in CEILING_COLUMNS.values()}
    human = {field: amount for field, amount in human.items() if amount is not None}
    days, minutes = (row.traits or {}).get("days_per_course"), (row.traits or {}).get("minutes_between")
    if human or days or minutes:
        listed["human"] = {**human, "days_per_course": days, "repeat_min": minutes}
    else:
        listed.pop("human", None)
    return tuple(
        Ceiling(species, "; ".join(sources.get(species, [])) or row.source, **amounts)
        for species, amounts in sorted(listed.items())
    )


def _legal_notes(row: Substance, species: str) -> tuple[LegalNote, ...]:
    return tuple(
        LegalNote(
            country,
            escaped(note.get("text", "")),
            note.get("source", ""),
            _level(note.get("severity")),
            code=note.get("code", ""),
        )
        for country, notes in (row.legal_notes or {}).items()
        for note in notes
        if not (species and note.get("species")) or species in note["species"]
    )


def _level(severity: object) -> Level:
    return Level(severity) if severity in Level._value2member_map_ else Level.WARN


def _decimal(value: object) -> Decimal | None:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() and number >= 0 else None


def _strength(value: Decimal | None, unit: str) -> Strength | None:
    if value is None or not unit or value <= 0:
        return None
    try:
        return Strength(value.normalize() + 0, unit)  # type: ignore[arg-type]
    except ValueError:
        return None


def _range(ends: object) -> NumberRange | None:
    low, high = ends if isinstance(ends, list) and len(ends) == 2 else (None, None)
    low, high = _decimal(low), _decimal(high)
    return None if low is None or high is None or low > high else NumberRange(low, high)


def mix_line(
    substance: MixSubstance,
    *,
    role: str,
    volume_ml: Decimal | None,
    syringe: str = "A",
    strength: Decimal | None = None,
    strength_unit: str = "",
    lot: MixLot | None = None,
    wasted_ml: Decimal = Decimal(0),
    planned_ml: Decimal | None = None,
) -> MixLine:
    """Make a line of the check from a row's columns; a line without a volume counts as 0 mL. No statement.

    A vehicle (saline, water, bicarbonate) is one whatever role the row gives it.
    """
    return MixLine(
        substance=substance,
        volume_ml=volume_ml if volume_ml is not None else Decimal(0),
        role=Role.VEHICLE if "vehicle" in substance.traits else ROLES[role],
        syringe=syringe,
        lot=lot,
        wasted_ml=wasted_ml,
        strength=_strength(strength, strength_unit),
        planned_ml=planned_ml,
    )


def mix_lot(
    lot: Lot, *, remaining_ml: Decimal | None = None, beyond_use_on: date | None = None, suspicions: int = 0
) -> MixLot:
    """Turn a lot (with its substance loaded, and `stock_ml` unless said) into what the check reads. No statement."""
    left_ml = remaining_ml if remaining_ml is not None else getattr(lot, "stock_ml", None)
    return MixLot(
        code=str(lot.pk),
        number=lot.number,
        substance_code=lot.substance.code,
        substance_name=lot.substance.name,
        expires_on=lot.expires_on,
        beyond_use_on=beyond_use_on,
        recalled=lot.status == Lot.Status.RECALLED,
        remaining_ml=None if left_ml is None else max(left_ml, Decimal(0)),
        suspicions=suspicions,
        strength=_strength(lot.strength, lot.strength_unit),
    )


def mix_of_lines(clinic: Clinic, lines: Iterable[Any], *, species: str = "") -> list[MixLine]:
    """A whole mix of rows that have `substance_id`, `role`, `volume_ml`, `syringe`, `strength`. Three statements.

    The rows may be saved lines of a protocol, or `DraftLine`s still being typed.
    """
    rows = list(lines)
    known = substance_queries.by_id(clinic, {row.substance_id for row in rows})
    return [
        mix_line(
            mix_substance(known[row.substance_id], species=species),
            role=row.role,
            volume_ml=row.volume_ml,
            syringe=row.syringe,
            strength=row.strength,
            strength_unit=row.strength_unit,
        )
        for row in rows
        if row.substance_id in known
    ]


def mix_device(code: str) -> MixDevice | None:
    """What a device's code means to the check; None where none is stated. No statement.

    Multi-needle plates are for horses only. Source: DOMAIN.md 1.2 (S1), 2.1.
    """
    if not code:
        return None
    species = EQUIDS if code == Device.MULTI_INJECTOR else frozenset()
    return MixDevice(code, str(Device(code).label), species)


def plan_context(version: ProtocolVersion, tables: MixTables, on: date) -> MixContext:
    """The session a protocol describes, for planning: technique, device, its own ranges of depth and shots.

    No statement when technique is loaded.
    """
    context = MixContext(
        performed_on=on,
        technique="dry" if version.is_dry else "",
        device=mix_device(version.device),
        needle_length_mm=version.needle_length_mm or None,
        **tables.as_context(),
    )
    return replace(
        context,
        protocol_depth_mm=_both(version.depth_min_mm, version.depth_max_mm),
        protocol_shots=_both(version.shots_min, version.shots_max),
    )


def _both(low: Decimal | int | None, high: Decimal | int | None) -> NumberRange | None:
    if low is None or high is None or low > high:
        return None
    return NumberRange(Decimal(low), Decimal(high))
