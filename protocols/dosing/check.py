"""The check itself: every rule over one mix, loudest findings first."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from protocols.dosing.context import MixContext, MixPatient
from protocols.dosing.findings import LOUDEST_FIRST, Finding, Level
from protocols.dosing.mix import Mix
from protocols.dosing.rules import compatibility, competition, composition, doses, law, patients, stock, technique
from protocols.dosing.substances import MixLine

RULES: Final[tuple[Callable[[Mix], Iterator[Finding]], ...]] = (
    *patients.RULES,
    *doses.RULES,
    *compatibility.RULES,
    *composition.RULES,
    *stock.RULES,
    *technique.RULES,
    *law.RULES,
    *competition.RULES,
)


def check_mix(lines: Sequence[MixLine], patient: MixPatient, context: MixContext) -> list[Finding]:
    """Return everything there is to say about a mix: blocks first, then warnings, then information.

    An empty list means no rule objects, not that the mix is safe. Source: DESIGN.md section 6, DOMAIN.md section 3.
    """
    mix = Mix(lines, patient, context)
    findings = [finding for rule in RULES for finding in rule(mix)]
    return sorted(findings, key=lambda finding: LOUDEST_FIRST[finding.level])


def blocks(findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings that need a practitioner's reason."""
    return [finding for finding in findings if finding.level is Level.BLOCK]
