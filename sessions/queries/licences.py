"""Who may be given a session in a search: licensed to inject, and while the licence and the work here last."""

from collections.abc import Collection
from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

from mesoclinic.core.localtime import day_bounds
from sessions.models import Practitioner
from sessions.queries.availability import UNTIL_FURTHER_NOTICE
from sessions.scheduling.slots import Agenda
from sessions.scheduling.walltime import minute_of


def may_give(person: Practitioner, *, is_treatment: bool, own: Collection[int | None] = ()) -> bool:
    """Say whether somebody may be proposed: for a treatment who may inject, or whom it is with already (`own`)."""
    return not is_treatment or person.may_inject or person.pk in own


def is_here_on(person: Practitioner, day: date, *, is_treatment: bool) -> bool:
    """Say whether a day is not behind the last one of somebody, nor for a treatment outside the licence."""
    begins = person.licence_from_on if is_treatment else None
    return (begins is None or begins <= day) and all(day <= last_on for last_on in _ends(person, is_treatment))


def while_here(person: Practitioner, agenda: Agenda, zone: ZoneInfo, *, is_treatment: bool) -> Agenda:
    """Shut the time after the last day of a practitioner, and for treatments that without a licence.

    Where it is for no treatment, anything that has a `last_day_on` will do for a practitioner.
    """
    shut = [(minute_of(day_bounds(day, zone)[1]), UNTIL_FURTHER_NOTICE) for day in _ends(person, is_treatment)]
    if is_treatment and person.licence_from_on is not None:
        shut.append((0, minute_of(day_bounds(person.licence_from_on, zone)[0])))
    return replace(agenda, absences=[*agenda.absences, *shut]) if shut else agenda


def _ends(person: Practitioner, is_treatment: bool) -> list[date]:
    ends = (person.last_day_on, person.licence_until_on if is_treatment else None)
    return [day for day in ends if day is not None]
