"""The catalogue as values for database rows: plain dictionaries by field, species and categories named by code.

Pure: `protocols/services/catalogue.py` writes them. A digest of a row's values says whether the shipped row changed.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from protocols import cadence
from protocols.catalogue import entries
from protocols.folding import fold

INJECTIONS = ("", "any injection", "joint injection")  # what a mix is held against
PER_1000_LB = "in 24 hours per 1000 lb of horse"
LEVELS = {"block": "block", "warn": "warn", "compatible": "allow"}
ROLES = {"base anaesthetic": "base", "vasodilator": "vasodilator", "add-in": "add_in"}
CEILING_FIELDS = {
    "per_kg": "max_mg_per_kg",
    "per_session": "max_mg_per_session",
    "per_24h": "max_mg_per_24h",
    "per_course": "max_mg_per_course",
}


@dataclass(frozen=True)
class Row:
    """One row: `values` by field, `links` by many-to-many field (codes), `lines` of a protocol's mix."""

    code: str
    values: dict[str, Any]
    links: dict[str, tuple[str, ...]] = field(default_factory=dict)
    lines: tuple[dict[str, Any], ...] = ()

    @property
    def digest(self) -> str:
        """Change with any shipped value, and with nothing else."""
        content = [self.code, self.values, self.links, self.lines]
        return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


def species_rows(catalogue: entries.Catalogue) -> list[Row]:
    return [
        Row(
            one.code,
            {
                "name": one.name,
                "position": position,
                "words": {**one.words, "plural": one.plural},
                "traits": {
                    "is_animal": one.is_animal,
                    "has_passport": one.has_passport,
                    "has_food_chain": one.has_food_chain,
                    "sexes": [[sex.code, sex.name] for sex in one.sexes],
                    "weight_range_kg": [float(one.weight_min_kg), float(one.weight_max_kg)],
                    "majority_years": one.majority_years,
                },
            },
        )
        for position, one in enumerate(catalogue.species)
    ]


def category_rows(catalogue: entries.Catalogue) -> list[Row]:
    return [
        Row(one.code, {"name": one.name, "position": position}) for position, one in enumerate(catalogue.categories)
    ]


def substance_rows(catalogue: entries.Catalogue) -> list[Row]:
    return [_substance(one, catalogue) for one in catalogue.substances]


def _substance(one: entries.Substance, catalogue: entries.Catalogue) -> Row:
    default = one.default_strength
    names = [*one.synonyms, *one.brands]
    human = {ceiling.kind: ceiling.amount for ceiling in one.ceilings if ceiling.species == "human"}
    values = {
        "name": one.name,
        "source": cite(catalogue, one.sources),
        "kind": one.kind,
        "synonyms": names,
        "search_text": fold(" ".join([one.name, *names, one.code.replace("-", " ")])),
        "appearance": one.appearance,
        "strength": default.amount if default else None,
        "strength_unit": default.unit if default else "",
        "other_strengths": [_strength(strength, catalogue) for strength in one.strengths if strength is not default],
        "allergy_classes": list(one.allergy_classes),
        **{column: human.get(kind) for kind, column in CEILING_FIELDS.items()},
        "min_age_years": one.minimum_age_years,
        "status": one.status,
        "status_reason": one.status_reason,
        "legal_notes": _legal_notes(one, catalogue),
        "competition_note": one.competition_note,
        "notes": _paragraphs(one.note, one.preservative_note, one.not_verified and f"Not verified: {one.not_verified}"),
        "traits": _traits(one, catalogue),
    }
    return Row(one.code, values, {"categories": one.categories, "species": one.species})


def _strength(strength: entries.Strength, catalogue: entries.Catalogue) -> dict[str, str]:
    return {
        "strength": str(strength.amount),
        "unit": strength.unit,
        "label": strength.label,
        "source": cite(catalogue, strength.sources),
    }


def _traits(one: entries.Substance, catalogue: entries.Catalogue) -> dict[str, Any]:
    """What the mix check asks beside the columns; `ceilings` and `shipped_strength` keep the source of their numbers."""
    traits: dict[str, Any] = dict.fromkeys(one.traits, True)
    for ceiling in one.ceilings:
        if ceiling.kind in ("days_per_course", "minutes_between"):
            traits[ceiling.kind] = int(ceiling.amount)
    if one.ceilings:
        traits["ceilings"] = [
            {
                "kind": ceiling.kind,
                "amount": str(ceiling.amount),
                "unit": ceiling.unit,
                "species": ceiling.species,
                "source": cite(catalogue, ceiling.sources),
                "note": ceiling.note,
            }
            for ceiling in one.ceilings
        ]
    if one.ph_min is not None and one.ph_max is not None:
        traits["ph"] = [str(one.ph_min), str(one.ph_max)]
    for name in ("food_chain", "withdrawn_on"):
        if getattr(one, name) not in ("", "unknown"):
            traits[name] = getattr(one, name)
    if one.stop_flags:
        traits["stop_flags"] = list(one.stop_flags)
    if one.default_strength is not None:
        traits["shipped_strength"] = _strength(one.default_strength, catalogue)
    else:
        traits["no_strength"] = one.no_strength
    return traits


def _legal_notes(one: entries.Substance, catalogue: entries.Catalogue) -> dict[str, list[dict[str, Any]]]:
    """Country → the notes that name the substance or one of its categories."""
    notes: dict[str, list[dict[str, Any]]] = {}
    for note in catalogue.country_notes:
        if one.code in note.substances or set(one.categories) & set(note.categories):
            notes.setdefault(note.country, []).append(
                {
                    "code": note.code,
                    "severity": note.severity,
                    "text": note.text,
                    "species": list(note.species),
                    "source": cite(catalogue, note.sources),
                }
            )
    return notes


def incompatibility_rows(catalogue: entries.Catalogue) -> list[Row]:
    """One row a pair; `first`, `second` and `only_with` are codes of substances."""
    names = {one.code: one.name for one in catalogue.substances}
    return [
        Row(
            f"{one.code}--{other}" if len(one.second) > 1 else one.code,
            {
                "name": f"{names[one.first]} + {names[other]}",
                "source": cite(catalogue, one.sources),
                "first": one.first,
                "second": other,
                "only_with": one.unless_with[0] if one.unless_with else None,
                "only_from_mg_per_ml": one.unless_from_mg_per_ml,
                "only_to_mg_per_ml": one.unless_to_mg_per_ml,
                "level": LEVELS[one.verdict],
                "effect": " ".join(filter(None, [one.effect, one.exception])),
            },
        )
        for one in catalogue.incompatibilities
        for other in one.second
    ]


def competition_rule_rows(catalogue: entries.Catalogue) -> list[Row]:
    """One row a rule; a rule without substances is about any injection, unless its procedure is another one."""
    return [
        Row(
            one.code,
            {
                "name": one.title,
                "source": cite(catalogue, one.sources),
                "body": one.body,
                "counting": one.counting,
                "amount": None if one.amount is None else int(one.amount),
                "applies_to": _applies_to(one),
                "keys": _keys(one),
                "route": "" if one.route == "any" else one.route,
                "max_mg_per_1000_lb": one.max_dose_mg if one.max_dose_basis == PER_1000_LB else None,
                "text": one.text,
                "note": one.note,
                "valid_from": _day(one.valid_from),
                "valid_until": _day(one.valid_to),
            },
        )
        for one in catalogue.competition_rules
    ]


def _keys(one: entries.CompetitionRule) -> list[str]:
    return [*one.substances, *one.categories, *one.classes]


def _applies_to(one: entries.CompetitionRule) -> str:
    if _keys(one):
        return "substances"
    return "injection" if one.procedure in INJECTIONS else "other"


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def indication_rows(catalogue: entries.Catalogue) -> list[Row]:
    regions = {region.code: region.name for region in catalogue.regions}
    return [
        Row(
            one.code,
            {
                "name": one.name,
                "source": cite(catalogue, one.sources),
                "field": one.field,
                "duration": one.course,
                "region": regions[one.region],
                "evidence": _paragraphs(one.evidence, one.note),
                "main_score": one.main_score,
            },
            {"species": one.species, "suggested_categories": one.categories},
        )
        for one in catalogue.indications
    ]


def technique_rows(catalogue: entries.Catalogue) -> list[Row]:
    return [
        Row(
            one.code,
            {
                "name": one.name,
                "source": cite(catalogue, one.sources),
                "depth_min_mm": one.depth_min_mm,
                "depth_max_mm": one.depth_max_mm,
                "needs_mix": not one.is_dry,
                "notes": _paragraphs(one.synonyms and f"Also called {', '.join(one.synonyms)}.", one.note),
            },
        )
        for one in catalogue.techniques
    ]


def protocol_rows(catalogue: entries.Catalogue) -> list[Row]:
    """`values` has the protocol's own `name`, `source` and `field`; the rest is its version's."""
    return [_protocol(one, catalogue) for one in catalogue.protocols]


def _protocol(one: entries.Protocol, catalogue: entries.Catalogue) -> Row:
    fields = {indication.code: indication.field for indication in catalogue.indications}
    aftercare = {sentence.code: sentence.text for sentence in catalogue.aftercare}
    per_point = one.volume_per_point_min_ml
    values = {
        "name": one.name,
        "source": cite(catalogue, one.sources),
        "field": fields[one.indications[0]],
        "summary": one.summary,
        "technique": one.techniques[0] if one.techniques else None,
        "device": one.device,
        "needle": one.needle,
        "depth_min_mm": one.depth_min_mm,
        "depth_max_mm": one.depth_max_mm,
        "shots_min": one.shots_min,
        "shots_max": one.shots_max,
        "volume_per_point_ml": per_point if per_point == one.volume_per_point_max_ml else None,
        "cadence": str(cadence.parse(one.cadence)),
        "minimum_sessions": one.minimum_sessions or 1,
        "aftercare": "\n".join(aftercare[code] for code in one.aftercare),
        "notes": _protocol_notes(one, catalogue),
    }
    links = {"species": one.species, "indications": one.indications}
    return Row(one.code, values, links, tuple(_lines(one, catalogue)))


def _protocol_notes(one: entries.Protocol, catalogue: entries.Catalogue) -> str:
    """Everything a row has no column for: how the cadence was read, groups without a substance, other techniques."""
    categories = {category.code: category.name for category in catalogue.categories}
    techniques = {technique.code: technique.name for technique in catalogue.techniques}
    groups = [
        f"{categories[line.category]}{' if wanted' if line.optional else ''}: to be chosen. {line.note}".strip()
        for line in one.lines
        if line.category
    ]
    low, high = one.volume_per_point_min_ml, one.volume_per_point_max_ml
    others = [techniques[code] for code in one.techniques[1:]]
    return _paragraphs(
        one.mix_note,
        *groups,
        one.cadence_note,
        f"{low} to {high} mL a point." if low is not None and low != high else "",
        f"Also by: {', '.join(others)}." if others else "",
        one.note,
    )


def _lines(one: entries.Protocol, catalogue: entries.Catalogue) -> Iterable[dict[str, Any]]:
    substances = {substance.code: substance for substance in catalogue.substances}
    named = [line for line in one.lines if line.substance]
    for position, line in enumerate(named, start=1):
        others = [substances[code].name for code in line.alternatives]
        yield {
            "position": position,
            "role": ROLES[line.role],
            "substance": line.substance,
            "strength": line.strength,
            "strength_unit": substances[line.substance].unit if line.strength is not None else "",
            "volume_ml": line.volume_ml,
            "syringe": line.syringe,
            "note": " ".join(filter(None, [line.note, f"Or: {', '.join(others)}." if others else ""])),
        }


def cite(catalogue: entries.Catalogue, codes: tuple[str, ...]) -> str:
    """The printable citations, each with its code where that is a number of the domain notes."""
    texts = zip(codes, catalogue.citations(codes), strict=True)
    return "; ".join(f"{text} [{code}]" if code[0] == "S" else text for code, text in texts)


def _paragraphs(*texts: str | tuple[str, ...]) -> str:
    return "\n".join(str(text) for text in texts if text)
