"""What a session record holds, as plain values between form, service and query. No Django.

`raw` is the shape a page is filled from and a draft is kept in: only text, as it would be typed.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

SEDATION = "sedation"  # the role of a line given beside the mix


@dataclass(frozen=True)
class LineGiven:
    """One line of the mix, or what sedates beside it. `given_ml` and `wasted_ml` together are at most `prepared_ml`."""

    substance_id: int
    role: str
    prepared_ml: Decimal | None
    given_ml: Decimal | None
    wasted_ml: Decimal = Decimal(0)
    strength: Decimal | None = None
    strength_unit: str = ""
    syringe: str = "A"
    lot_id: int | None = None
    lot_number: str = ""
    expires_on: date | None = None

    @property
    def is_complete(self) -> bool:
        return self.prepared_ml is not None and self.given_ml is not None


@dataclass(frozen=True)
class SiteTreated:
    region: str
    side: str = ""
    row: int | None = None
    technique_id: int | None = None
    depth_mm: Decimal | None = None
    points: int | None = None
    volume_per_point_ml: Decimal | None = None
    syringe: str = "A"
    is_reactive: bool = False
    map_points: tuple[Any, ...] = ()


def shots_in_all(told: int | None, counted: Iterable[int | None]) -> int:
    """Give all shots of a session: the number told for the whole, else those of its places together."""
    return told or sum(points or 0 for points in counted)


@dataclass(frozen=True)
class ScoreGiven:
    scale: str
    moment: str
    value: Decimal
    rated_by: str


@dataclass(frozen=True)
class ReactionSeen:
    kind: str
    severity: str = "mild"
    onset_on: date | None = None
    description: str = ""
    action: str = ""
    outcome: str = ""
    suspected_lot_id: int | None = None


@dataclass(frozen=True)
class OverrideGiven:
    """Why a finding of the mix check was gone past; `key` is the finding's own, `finding` its words in any language."""

    key: str
    rule: str
    finding: str = field(compare=False)
    reason: str


@dataclass(frozen=True)
class RecordContent:
    """Everything of a record a person fills in, but who gave it and when."""

    checklist: dict[str, Any] = field(default_factory=dict)
    weight_kg: Decimal | None = None
    weight_is_estimated: bool = False
    is_dry: bool = False
    technique_id: int | None = None
    device: str = ""
    device_number: str = ""
    needle: str = ""
    needle_length_mm: Decimal | None = None
    depth_mm: Decimal | None = None
    shots: int | None = None
    relief_seconds: int | None = None
    effect_duration: Decimal | None = None
    effect_unit: str = ""
    sedation: str = ""
    aftercare: str = ""
    notes: str = ""
    lines: tuple[LineGiven, ...] = ()
    sites: tuple[SiteTreated, ...] = ()
    scores: tuple[ScoreGiven, ...] = ()
    reactions: tuple[ReactionSeen, ...] = ()
    overrides: tuple[OverrideGiven, ...] = ()

    @property
    def mix(self) -> tuple[LineGiven, ...]:
        """The lines that are mixed and injected in points: all but what sedates."""
        return tuple(line for line in self.lines if line.role != SEDATION)

    @property
    def is_sedated(self) -> bool:
        """Whether the patient was sedated, by a line with its lot or in words alone."""
        return bool(self.sedation.strip()) or len(self.mix) < len(self.lines)

    @property
    def is_complete(self) -> bool:
        """Whether every line can be stored as a row."""
        return all(line.is_complete for line in self.lines)


OWN_FIELDS = (
    *("checklist", "weight_kg", "weight_is_estimated", "is_dry", "technique_id", "device", "device_number", "needle"),
    *("needle_length_mm", "depth_mm", "shots", "relief_seconds", "effect_duration", "effect_unit", "sedation"),
    *("aftercare", "notes"),
)
TYPED_FIELDS = tuple(name for name in OWN_FIELDS if name != "checklist")


def as_last_time(last: RecordContent) -> RecordContent:
    """Return what a new record takes over from the last one: how it was done, not what was felt, found or used up.

    A lot, and the number that names the device with its sterile part, are read off what lies there this time. Where
    the places were counted nobody told their sum, and it is not told this time.
    """
    return RecordContent(
        is_dry=last.is_dry,
        technique_id=last.technique_id,
        device=last.device,
        needle=last.needle,
        needle_length_mm=last.needle_length_mm,
        depth_mm=last.depth_mm,
        shots=None if any(site.points for site in last.sites) else last.shots,
        aftercare=last.aftercare,
        lines=tuple(replace(_all_given(line), lot_id=None, lot_number="", expires_on=None) for line in last.mix),
        sites=tuple(replace(site, is_reactive=False, map_points=()) for site in last.sites),
    )


def _all_given(line: LineGiven) -> LineGiven:
    return replace(line, given_ml=line.prepared_ml, wasted_ml=Decimal(0))


def raw_of(content: RecordContent) -> dict[str, Any]:
    """Write the content as text, as a page shows it and a draft keeps it."""
    fields = {name.removesuffix("_id"): text_of(getattr(content, name)) for name in TYPED_FIELDS}
    checklist = content.checklist
    fields |= {
        "checklist_clear": text_of(bool(checklist.get("clear"))),
        "checklist_yes": [str(code) for code in checklist.get("yes", [])],
        "checklist_note": str(checklist.get("note", "")),
    }
    fields |= {f"{score.scale}_{score.moment}": text_of(score.value) for score in content.scores}
    raters = {score.scale: score.rated_by for score in content.scores}
    fields |= {f"{scale}_rated_by": rater for scale, rater in raters.items()}
    return {
        "fields": fields,
        "lines": [_texts(line, "substance_id", "lot_id") for line in content.lines],
        "sites": [_texts(site, "technique_id") for site in content.sites],
        "reactions": [_texts(reaction, "suspected_lot_id") for reaction in content.reactions],
        "overrides": {override.key: override.reason for override in content.overrides},
    }


def _texts(row: Any, *keys: str) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in row.__dataclass_fields__ if name != "map_points"}
    texts = {name.removesuffix("_id") if name in keys else name: text_of(value) for name, value in values.items()}
    if map_points := getattr(row, "map_points", ()):
        texts["map_points"] = [list(point) for point in map_points]
    return texts


def text_of(value: Any) -> str:
    """Write one value as it would be typed: no idle zeros, days as ISO, a tick as "on"."""
    if value is None or value is False:
        return ""
    if value is True:
        return "on"
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return value.isoformat() if isinstance(value, date) else str(value)
