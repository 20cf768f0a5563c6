"""Read what the prescription page shows: the mix of a protocol for one patient, with its milligrams and its check."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Q
from django.utils import timezone

from mesoclinic.core.models import Clinic
from patients.models import Patient
from protocols.dosing import Finding, Level, MixLine, check_mix, dose_iu, dose_mg
from protocols.dosing.keeping import sentence_of
from protocols.dosing.quantities import plain
from protocols.models import Indication, ProtocolLine, ProtocolVersion
from protocols.queries.mix_tables import mix_tables
from protocols.queries.mixes import mix_of_lines, plan_context
from protocols.words import finding_said, unit_words
from sessions.queries.competitions import checked_patients, rules_for


@dataclass(frozen=True)
class MixRow:
    """One line of a mix as prescribed. `dose_mg` or `dose_iu` is None where the strength gives none."""

    line: ProtocolLine
    dose_mg: Decimal | None
    dose_iu: Decimal | None

    @property
    def strength(self) -> str:
        """The strength of the line, else of its substance, with its unit; empty when none is given."""
        own = self.line if self.line.strength is not None else self.line.substance
        return f"{plain(own.strength)} {unit_words(own.strength_unit)}" if own.strength is not None else ""

    @property
    def volume_ml(self) -> str:
        """The volume; empty where none is set."""
        return plain(self.line.volume_ml) if self.line.volume_ml else ""

    @property
    def dose(self) -> str:
        """The dose with its unit; empty where no volume is set or the strength gives none."""
        if not self.line.volume_ml:
            return ""
        if self.dose_mg is not None:
            return f"{plain(self.dose_mg)} mg"
        return f"{plain(self.dose_iu)} {unit_words('IU')}" if self.dose_iu is not None else ""


@dataclass(frozen=True)
class FindingWords:
    """A finding of the mix check as a page shows it and an override keeps it."""

    level: str
    alert: str
    rule: str
    text: str
    source: str
    sentence: dict[str, Any]


@dataclass(frozen=True)
class PrescribedMix:
    rows: tuple[MixRow, ...]
    findings: tuple[FindingWords, ...]

    @property
    def blocks(self) -> tuple[FindingWords, ...]:
        return tuple(finding for finding in self.findings if finding.level == Level.BLOCK)


ALERTS = {Level.BLOCK: "danger", Level.WARN: "warning", Level.INFO: "info"}


def mix_for(version: ProtocolVersion, patient: Patient, on: date) -> PrescribedMix:
    """Give the mix of a version for a patient, checked for a day. Eight SQL statements once its lines are loaded,
    two more for a horse that competes."""
    clinic = patient.clinic
    lines = list(version.lines.all())
    mix = mix_of_lines(clinic, lines, species=patient.species.code)
    findings = _checked(version, mix, patient, on)
    rows = [MixRow(row, dose_mg(line), dose_iu(line)) for row, line in zip(lines, mix, strict=True)]
    return PrescribedMix(tuple(rows), tuple(_words(finding) for finding in findings))


def _checked(version: ProtocolVersion, mix: list[MixLine], patient: Patient, on: date) -> list[Finding]:
    """Check needles without a mix too: not everybody may have them. A mix may be left for the session to decide."""
    checked = checked_patients([patient], on)[patient.pk]
    context = plan_context(version, mix_tables(patient.clinic), on)
    rules = rules_for([checked], patient.clinic_id)
    context = replace(context, competition_rules=rules, zone=timezone.get_current_timezone())
    return [one for one in check_mix(mix, checked, context) if one.rule != "mix.empty"]


def _words(finding: Finding) -> FindingWords:
    return FindingWords(
        level=finding.level.value,
        alert=ALERTS[finding.level],
        rule=finding.rule,
        text=finding_said(finding),
        source=finding.source,
        sentence=sentence_of(finding),
    )


def indications_for(patient: Patient):
    """List the indications on offer for a patient's species, by field and name. One SQL statement."""
    rows = Indication.objects.filter(clinic=patient.clinic, is_archived=False)
    fitting = Q(species=patient.species) | Q(species__isnull=True)
    return rows.filter(fitting).distinct().order_by("field", "name")


def lines_of(clinic: Clinic, version: ProtocolVersion) -> list[MixRow]:
    """Give the mix of a version with its milligrams, unchecked. Four SQL statements."""
    lines = list(version.lines.select_related("substance").order_by("position"))
    mix = mix_of_lines(clinic, lines) if lines else []
    return [MixRow(row, dose_mg(line), dose_iu(line)) for row, line in zip(lines, mix, strict=True)]
