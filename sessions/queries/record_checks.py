"""What the mix check says of a record as it stands, with the live sums: the bridge to `protocols.dosing`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from mesoclinic.core.localtime import local_day
from protocols.dosing import (
    CeilingShare,
    EarlierDose,
    Finding,
    LaterDose,
    Level,
    MixContext,
    MixLine,
    MixLot,
    MixPatient,
    MixSite,
    MixSubstance,
    MixTotals,
    NumberRange,
    Purpose,
    Role,
    check_mix,
    dose_mg,
    share_of_ceiling,
    totals,
)
from protocols.dosing.findings import LOUDEST_FIRST
from protocols.dosing.keeping import sentence_of
from protocols.models import ProtocolVersion, Technique
from protocols.models.recalls import fold_number
from protocols.queries import mixes
from protocols.words import finding_said
from sessions.models import Administration, Practitioner, SessionRecord
from sessions.queries import records as reads
from sessions.queries.consents import consent_findings
from sessions.queries.record_facts import AtHand, LotFacts, RecordFacts, record_facts
from sessions.queries.record_findings import (
    giver_findings,
    lots_findings,
    places_findings,
    shots_findings,
    uncounted_findings,
)
from sessions.recording import LineGiven, OverrideGiven, RecordContent, SiteTreated

LONGEST_KEY = 500
MILLION = 1_000_000


@dataclass(frozen=True)
class RecordCheck:
    """Findings, loudest first, the sums of what was given, and how much of each ceiling it takes."""

    findings: tuple[Finding, ...]
    totals: MixTotals
    weight_kg: Decimal | None
    shares: tuple[CeilingShare, ...] = ()

    @property
    def blocks(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.level is Level.BLOCK)

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The findings as pages show them and records keep them: in the reader's language, and what says it in another."""
        return [shown(one) for one in self.findings]


def shown(finding: Finding) -> dict[str, Any]:
    """A finding as pages show it and records keep it."""
    return {
        "level": finding.level.value,
        "rule": finding.rule,
        "key": key_of(finding),
        "text": words_of(finding),
        "source": finding.source,
        **sentence_of(finding),
    }


def key_of(finding: Finding) -> str:
    """Return the finding's key as an override keeps it."""
    return finding.key[:LONGEST_KEY]


def words_of(finding: Finding) -> str:
    """Return the finding's sentence in the reader's language."""
    return finding_said(finding)


def given_overrides(check: RecordCheck, reasons: Mapping[str, str]) -> tuple[OverrideGiven, ...]:
    """Tie reasons (by key) to the blocks they are for; a reason without its finding falls away."""
    return tuple(
        OverrideGiven(key_of(one), one.rule[:60], words_of(one)[:1000], reason)
        for one in check.blocks
        if (reason := reasons.get(key_of(one), "").strip())
    )


def check_record(
    record: SessionRecord,
    content: RecordContent,
    at: datetime,
    giver: Practitioner | None = None,
    at_hand: AtHand | None = None,
) -> RecordCheck:
    """Check what a record holds as given at an instant; lines without a volume count as 0 mL.

    At most thirty SQL statements, one more for a horse that competes, and one for the species of who gave it where they
    are not read yet; of what is at hand none.
    """
    return check_records({record: content}, at, {record.pk: giver}, at_hand)[record.pk]


def check_records(
    given: Mapping[SessionRecord, RecordContent],
    at: datetime,
    givers: Mapping[int, Practitioner | None],
    at_hand: AtHand | None = None,
) -> dict[int, RecordCheck]:
    """Check the same for each of these records, by key. As many SQL statements, for each site they were given at."""
    found: dict[int, RecordCheck] = {}
    for site in dict.fromkeys(reads.site_of(record) for record in given):
        here = {record: content for record, content in given.items() if reads.site_of(record) == site}
        facts = record_facts(here, site, at, at_hand)
        found |= {
            record.pk: _checked(record, content, facts, at, givers.get(record.pk)) for record, content in here.items()
        }
    return found


def _checked(
    record: SessionRecord, content: RecordContent, facts: RecordFacts, at: datetime, giver: Practitioner | None
) -> RecordCheck:
    patient = facts.patients[record.pk]
    mix_patient = _as_answered(facts.mix_patients[patient.pk], content)
    known = facts.mix_substances[patient.species.code]
    others = [_dose(row, known, record, at, facts.site.zone) for row in facts.others[record.pk]]
    of_rows = zip(facts.others[record.pk], others, strict=True)
    uncounted = [dose for row, dose in of_rows if dose_mg(_other_line(row, known)) is None]
    lines = _lines(record, content.lines, known, facts)
    context = _context(record, content, facts, at, others)
    consents = consent_findings(patient, content, facts.substances, facts.consents[patient.pk], facts.consents_by_law)
    findings = [*giver_findings(patient, giver), *consents, *shots_findings(content), *places_findings(content)]
    findings += lots_findings(content, facts)
    findings += uncounted_findings(lines, uncounted, mix_patient.species)
    findings = sorted([*findings, *check_mix(lines, mix_patient, context)], key=lambda one: LOUDEST_FIRST[one.level])
    shares = share_of_ceiling(lines, mix_patient, context)
    mixed = [line for line in lines if line.role is not Role.SEDATION]
    return RecordCheck(tuple(findings), totals(mixed, mix_patient), mix_patient.weight_kg, shares)


def _as_answered(patient: MixPatient, content: RecordContent) -> MixPatient:
    """Add what the checklist found today, and the weight of today."""
    yes = frozenset(str(code) for code in content.checklist.get("yes", []))
    competes = True if "competition" in yes else patient.competes
    patient = replace(patient, flags=patient.flags | yes, pregnant=patient.pregnant or "pregnancy" in yes)
    patient = replace(patient, competes=competes)
    if content.weight_kg:
        patient = replace(patient, weight_kg=content.weight_kg, weight_estimated=content.weight_is_estimated)
    return patient


def _lines(
    record: SessionRecord, given: Sequence[LineGiven], known: Mapping[int, MixSubstance], facts: RecordFacts
) -> list[MixLine]:
    planned = facts.planned_ml.get(record.pk, {})
    return [
        mixes.mix_line(
            known[line.substance_id],
            role=line.role,
            volume_ml=line.given_ml if line.given_ml is not None else line.prepared_ml,
            syringe=line.syringe,
            strength=line.strength,
            strength_unit=line.strength_unit,
            lot=_lot(line, facts.lots),
            wasted_ml=_left_over(line),
            planned_ml=planned.get(line.substance_id),
        )
        for line in given
        if line.substance_id in known
    ]


def _left_over(line: LineGiven) -> Decimal:
    """What was drawn up and not given: with what was given, all that left the lot."""
    if line.prepared_ml is None or line.given_ml is None:
        return Decimal(0)
    return max(line.prepared_ml - line.given_ml, Decimal(0))


def _lot(line: LineGiven, known: LotFacts) -> MixLot | None:
    key = line.lot_id
    if key in known.stock:
        until, blamed = known.in_use.get(key), known.blamed.get(key, 0)
        return mixes.mix_lot(known.stock[key], beyond_use_on=until, suspicions=blamed)
    if not line.lot_number:
        return None
    number = fold_number(line.lot_number)
    same = known.by_number.get(number, ())
    others = () if any(lot.substance_id == line.substance_id for lot in same) else same
    return MixLot(
        code=f"typed {line.lot_number}",
        number=line.lot_number,
        substance_code=others[0].substance.code if others else "",
        substance_name=", ".join(dict.fromkeys(lot.substance.name for lot in others)),
        expires_on=line.expires_on,
        recalled=number in known.recalled,
    )


def _dose(
    row: Administration, known: Mapping[int, MixSubstance], record: SessionRecord, at: datetime, zone
) -> EarlierDose | LaterDose:
    substance = known[row.substance_id]
    given_mg = dose_mg(_other_line(row, known)) or Decimal(0)  # one that is not known is told beside
    seconds = int((at - row.record.performed_at).total_seconds())
    hours = Decimal(-(-abs(seconds) * MILLION // 3600)) / MILLION  # rounded up so little that a whole minute stays one
    given_on = local_day(row.record.performed_at, zone)
    same_course = record.course_id is not None and row.record.course_id == record.course_id
    if seconds < 0:
        return LaterDose(substance, given_mg, given_on, hours_after=hours, same_course=same_course)
    return EarlierDose(substance, given_mg, given_on, hours_before=hours, same_course=same_course)


def _other_line(row: Administration, known: Mapping[int, MixSubstance]) -> MixLine:
    return mixes.mix_line(
        known[row.substance_id],
        role=row.role,
        volume_ml=row.given_ml,
        strength=row.strength,
        strength_unit=row.strength_unit,
    )


def _context(
    record: SessionRecord,
    content: RecordContent,
    facts: RecordFacts,
    at: datetime,
    others: Sequence[EarlierDose | LaterDose],
) -> MixContext:
    version = record.course.protocol_version if record.course is not None else None
    technique = facts.techniques.get(content.technique_id)
    is_dry = content.is_dry or (technique is not None and not technique.needs_mix)
    return MixContext(
        performed_on=facts.on,
        performed_at=at.astimezone(facts.site.zone),
        purpose=Purpose.RECORD,
        earlier=tuple(one for one in others if isinstance(one, EarlierDose)),
        later=tuple(one for one in others if isinstance(one, LaterDose)),
        technique="dry" if is_dry else "",
        sedation=content.sedation.strip(),
        device=mixes.mix_device(content.device),
        needle_length_mm=content.needle_length_mm or None,
        sites=_sites(content, facts.techniques),
        shots=content.shots,
        chronic=_is_chronic(record),
        protocol_depth_mm=_both(version, "depth_min_mm", "depth_max_mm"),
        protocol_shots=_both(version, "shots_min", "shots_max"),
        competition_rules=facts.rules,
        zone=facts.site.zone,
        **facts.tables.as_context(),
    )


def _sites(content: RecordContent, techniques: Mapping[int | None, Technique]) -> tuple[MixSite, ...]:
    """The sites with their points; without any, all shots as one site, so that its depth is looked at."""
    counted = tuple(_site(one, content, techniques) for one in content.sites if one.points)
    if counted or not content.shots:
        return counted
    return (_site(SiteTreated(region="", points=content.shots), content, techniques),)


def _site(site: SiteTreated, content: RecordContent, techniques: Mapping[int | None, Technique]) -> MixSite:
    technique = techniques.get(site.technique_id or content.technique_id)
    depth = site.depth_mm or content.depth_mm
    return MixSite(
        points=site.points or 0,
        volume_per_point_ml=site.volume_per_point_ml,
        syringe=site.syringe,
        depth_min_mm=depth,
        depth_max_mm=depth,
        technique_depth_mm=_both(technique, "depth_min_mm", "depth_max_mm"),
    )


def _is_chronic(record: SessionRecord) -> bool | None:
    duration = getattr(record.course.indication, "duration", "") if record.course is not None else ""
    return {"chronic": True, "acute": False}.get(duration)


def _both(row: ProtocolVersion | Technique | None, low: str, high: str) -> NumberRange | None:
    ends = (getattr(row, low, None), getattr(row, high, None))
    if ends[0] is None or ends[1] is None or ends[0] > ends[1]:
        return None
    return NumberRange(Decimal(ends[0]), Decimal(ends[1]))
