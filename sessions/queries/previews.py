"""What a series would look like from a day on, at a site: words and days, before anything is prescribed."""

from dataclasses import dataclass
from datetime import date
from itertools import groupby

from mesoclinic.core.models import Clinic, Site
from protocols.cadence import Cadence
from protocols.words import cadence_words, phases_in_words
from sessions.models import Course
from sessions.queries.availability import is_open_on
from sessions.queries.plans import days_of, plan_of, supposed
from sessions.scheduling.planning import NoOpenDayError, PlannedDay, horizon_from, plan_course
from sessions.scheduling.windows import Tolerance, ToleranceRow

MOST_SHOWN = 12


@dataclass(frozen=True)
class PreviewPhase:
    """One phase: `days` are the first dozen, `more` how many follow until `last_on`."""

    number: int
    words: str
    minutes: int
    days: tuple[PlannedDay, ...]
    more: int
    last_on: date
    gate: bool
    goes_on: bool


@dataclass(frozen=True)
class CadencePreview:
    words: str
    text: str
    start_on: date
    phases: tuple[PreviewPhase, ...]
    session_count: int | None
    last_on: date | None
    is_always_closed: bool = False


def preview(cadence: Cadence, *, start_on: date, site: Site) -> CadencePreview:
    """Plan a series that begins on a day, around closed days. Two SQL statements."""
    clinic = site.clinic
    tolerance = Tolerance(tuple(ToleranceRow(up_to or None, early, late) for up_to, early, late in clinic.tolerances))
    try:
        days = plan_course(cadence, start_on, is_open_on(site), horizon_on=horizon_from(start_on), tolerance=tolerance)
    except NoOpenDayError:
        days = []
    return _preview(cadence, days, start_on, clinic)


def preview_of_change(course: Course, cadence: Cadence, today: date) -> CadencePreview:
    """Plan what is left of a course as if it followed another series from its next session on. Eight SQL statements."""
    plan = supposed(plan_of(course), cadence)
    try:
        days = days_of(plan, today, is_open_on(course.site))
    except NoOpenDayError:
        days = []
    return _preview(cadence, days, days[0].due_on if days else today, course.clinic)


def _preview(cadence: Cadence, days: list[PlannedDay], start_on: date, clinic: Clinic) -> CadencePreview:
    words = phases_in_words(cadence)
    phases = tuple(
        _phase(cadence, number, words[number - 1], tuple(own), clinic.session_min)
        for number, own in groupby(days, key=lambda day: day.phase)
    )
    return CadencePreview(
        words=cadence_words(cadence),
        text=str(cadence),
        start_on=start_on,
        phases=phases,
        session_count=cadence.session_count,
        last_on=days[-1].due_on if days else None,
        is_always_closed=not days,
    )


def _phase(cadence: Cadence, number: int, words: str, days: tuple[PlannedDay, ...], default_min: int) -> PreviewPhase:
    phase = cadence.phases[number - 1]
    return PreviewPhase(
        number=number,
        words=words,
        minutes=cadence.minutes_in(number) or default_min,
        days=days[:MOST_SHOWN],
        more=max(0, len(days) - MOST_SHOWN),
        last_on=days[-1].due_on,
        gate=phase.gate,
        goes_on=phase.is_open_ended,
    )
