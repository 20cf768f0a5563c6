"""A series in the words a receptionist uses, and days in those of the reader: for pages, plans and reports."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from django.utils.formats import get_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from mesoclinic.core.wording import date_format
from protocols.allergens import allergy_finding
from protocols.cadence import LONGEST_TEXT, THE_END, Cadence, CadenceError, Gap, Phase, Unit, parse
from protocols.citations import names_words, pairs_words, rule_words, shipped_text
from protocols.dosing.findings import Finding, Value, show_value
from protocols.dosing.quantities import plain
from protocols.services.catalogue import shipped_catalogue

NAMED = ("substance", "substances", "left", "right", "other", "classes")  # names of the catalogue in a finding
STRENGTHS = ("strength", "usual", "pack")
POINT = re.compile(r"(?<=\d)\.(?=\d)")


def show_here(value: Value) -> str:
    """Write a number, day or time of a finding as the reader writes them, a name as it stands."""
    if isinstance(value, Decimal):
        return decimals_here(plain(value))
    if isinstance(value, datetime):
        return date_format(value, "j M Y, H:i")
    return date_format(value, "j M Y") if isinstance(value, date) else show_value(value)


def decimals_here(text: str) -> str:
    """Put the reader's decimal sign into the numbers of a text: 0,5 mg/mL in French."""
    return POINT.sub(get_format("DECIMAL_SEPARATOR"), text)


def unit_words(unit: str) -> str:
    """Write the unit of a strength as the reader does: UI/mL in French."""
    return unit.replace("IU", _("IU"))


def strength_words(strength: object) -> str:
    """Write a strength as the reader does: 0,5 mg/mL, 100 UI/mL in French."""
    return unit_words(decimals_here(str(strength)))


def finding_said(finding: Finding) -> str:
    """Say a finding of the mix check in the reader's language: the substances and the rule it names, what that rule says.

    The words come in here and not where the check is made: a finding keeps its key whoever reads it.
    """
    said = {"rule": rule_words, "text": shipped_text, "pairs": pairs_words, "species": species_words}
    said |= dict.fromkeys(NAMED, names_words) | dict.fromkeys(STRENGTHS, strength_words)
    numbers = {name: said[name](str(value)) if name in said else value for name, value in finding.numbers.items()}
    return allergy_finding(replace(finding, numbers=numbers)).render(_, show_here)


def species_words(code: str) -> str:
    """Name a species inside a sentence."""
    names = {one.code: one.name for one in shipped_catalogue().species}
    return _(names[code]).lower() if code in names else code


def cadence_words(cadence: Cadence | str) -> str:
    """Say a whole series in one sentence; text that is no cadence is given back as it is."""
    if isinstance(cadence, str):
        try:
            cadence = parse(cadence)
        except CadenceError:
            return cadence
    return pgettext("between two phases of a series", "; ").join(_joined(cadence)) + "."


def cadence_fault(error: CadenceError) -> str:
    """Say where a series cannot be read, and how one is written; what the engine expected there is for programs."""
    if error.position > LONGEST_TEXT:
        return _("This series is too long: write it with at most %(most)d characters.") % {"most": LONGEST_TEXT}
    how = _(
        "Write phases parted by commas, such as 4x1w!, 4x2w, *x4w: how many sessions (* for as long as they help), x, how "
        "far apart in d, w or mo; where wanted [5-9d] for the days allowed, @30 for minutes, ! for a review."
    )
    if error.found == THE_END:
        return _("The series is not finished. %(how)s") % {"how": how}
    words = _("The series cannot be read from its character %(position)d on, which is %(found)s. %(how)s")
    return words % {"position": error.position, "found": error.found, "how": how}


def _joined(cadence: Cadence) -> Iterator[str]:
    for number, words in enumerate(phases_in_words(cadence), start=1):
        yield words if number == 1 else _("then %(phase)s") % {"phase": words}


def phases_in_words(cadence: Cadence) -> list[str]:
    """Say each phase: "4 sessions of 15 minutes, 1 week apart, then a review". Minutes only where they change."""
    minutes = [cadence.minutes_in(number) for number in range(len(cadence.phases) + 1)]
    return [
        phase_words(phase, is_first=number == 1, minutes=minutes[number] if _changes(minutes, number) else None)
        for number, phase in enumerate(cadence.phases, start=1)
    ]


def _changes(minutes: list[int | None], number: int) -> bool:
    return minutes[number] != minutes[number - 1]


def phase_words(phase: Phase, *, is_first: bool = False, minutes: int | None = None) -> str:
    """Say one phase; `minutes` are said when given."""
    words = _sessions(phase, minutes)
    if phase.gap is not None and not (is_first and phase.count == 1):
        words = _spaced(words, phase, phase.gap)
    return _("%(phase)s, then a review") % {"phase": words} if phase.gate else words


def _sessions(phase: Phase, minutes: int | None) -> str:
    if phase.count is None:
        if minutes is None:
            return _("sessions")
        return _("sessions of %(minutes)s minutes") % {"minutes": minutes}
    words = {"count": phase.count, "minutes": minutes}
    if minutes is None:
        return ngettext("%(count)s session", "%(count)s sessions", phase.count) % words
    return (
        ngettext("%(count)s session of %(minutes)s minutes", "%(count)s sessions of %(minutes)s minutes", phase.count)
        % words
    )


def _spaced(sessions: str, phase: Phase, gap: Gap) -> str:
    words = {"sessions": sessions, "gap": gap_words(gap)}
    if phase.count is None:
        return _("%(sessions)s, %(gap)s apart, for as long as they help") % words
    if phase.count == 1:
        return _("%(sessions)s, %(gap)s later") % words
    return _("%(sessions)s, %(gap)s apart") % words


def gap_words(gap: Gap) -> str:
    """Say a distance: "1 week", "4 to 6 weeks", "1 week (6 to 10 days)"."""
    if gap.window is None:
        return length_words(gap.length, gap.unit)
    window = range_words(gap.window.least, gap.window.most, gap.window.unit)
    if gap.is_range:
        return window
    return _("%(gap)s (%(window)s)") % {"gap": length_words(gap.length, gap.unit), "window": window}


def length_words(length: int, unit: Unit) -> str:
    words = {"length": length}
    if unit == "d":
        return ngettext("%(length)s day", "%(length)s days", length) % words
    if unit == "w":
        return ngettext("%(length)s week", "%(length)s weeks", length) % words
    return ngettext("%(length)s month", "%(length)s months", length) % words


def range_words(least: int, most: int, unit: Unit) -> str:
    if least == most:
        return length_words(least, unit)
    return _("%(least)s to %(longest)s") % {"least": least, "longest": length_words(most, unit)}
