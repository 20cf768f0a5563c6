"""The check itself: every rule over one mix, loudest findings first.

What a patient is sedated with is given beside the mix: rules on who, how much, which lot, and competitions hear of it,
those on what is mixed and injected in points do not.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from protocols.dosing.context import MixContext, MixPatient
from protocols.dosing.findings import LOUDEST_FIRST, Finding, Level
from protocols.dosing.mix import Mix
from protocols.dosing.rules import compatibility, competition, composition, doses, law, patients, stock, technique
from protocols.dosing.substances import MixLine, Role

Rules = tuple[Callable[[Mix], Iterator[Finding]], ...]
OF_THE_MIX: Final[Rules] = (*compatibility.RULES, *composition.RULES, *technique.RULES)
OF_ALL_GIVEN: Final[Rules] = (
    *patients.RULES,
    *doses.RULES,
    *composition.OF_ANY_LINE,
    *stock.RULES,
    *law.RULES,
    *competition.RULES,
)

RULES: Final[Rules] = (*OF_ALL_GIVEN, *OF_THE_MIX)


def check_mix(lines: Sequence[MixLine], patient: MixPatient, context: MixContext) -> list[Finding]:
    """Return everything there is to say about a mix: blocks first, then warnings, then information.

    An empty list means no rule objects, not that the mix is safe. Source: DESIGN.md section 6, DOMAIN.md section 3.
    """
    given = Mix(lines, patient, context)
    findings = [finding for rule in OF_ALL_GIVEN for finding in rule(given)]
    kept = [index for index, line in enumerate(lines) if line.role is not Role.SEDATION]
    mix = Mix([lines[index] for index in kept], patient, context) if given.sedations else given
    for rule in OF_THE_MIX:
        findings += [replace(one, lines=tuple(kept[index] for index in one.lines)) for one in rule(mix)]
    return sorted(findings, key=lambda finding: LOUDEST_FIRST[finding.level])


def blocks(findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings that need a practitioner's reason."""
    return [finding for finding in findings if finding.level is Level.BLOCK]
