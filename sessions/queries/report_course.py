"""What the records of a course say together: points on the body map, how long effects lasted, competition rules, aftercare."""

import itertools
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from mesoclinic.core.localtime import local_day
from protocols.models import Species
from sessions.body_map import views_of, with_stings
from sessions.models import InjectionSite, SessionRecord
from sessions.models.records import EffectUnit
from sessions.printing import document
from sessions.printing.numbers import number
from sessions.printing.words import Words
from sessions.queries.kept_findings import told

HOURS_A_DAY = 24
COMPETITION = "competition."  # how the rules of a mix check that speak of competing begin


def body_parts(sites: Iterable[InjectionSite], species: Species) -> tuple[document.BodyPart, ...]:
    """Give the views of a body into which something was tapped. No SQL statement."""
    points: dict[str, list[document.BodyPoint]] = defaultdict(list)
    for site in sites:
        for view, x, y, stings in with_stings(site.map_points, is_reactive=site.is_reactive):
            points[view].append(document.BodyPoint(x=x, y=y, stings=stings))
    return tuple(
        document.BodyPart(body=species.code, view=view.code, name=_(view.name), points=tuple(points[view.code]))
        for view in views_of(species.code)
        if points[view.code]
    )


def all_points(standing: list[SessionRecord], species: Species) -> tuple[document.BodyPart, ...]:
    """Give the points of all sessions that count. No SQL statement."""
    return body_parts((site for record in standing for site in record.injection_sites.all()), species)


def effects(standing: list[SessionRecord], words: Words) -> tuple[document.EffectPart, ...]:
    """Give how long each effect lasted: told at a session, of the one before it. No SQL statement."""
    return tuple(
        document.EffectPart(number=number_of(before), days=_days(told), said=effect_said(told, words))
        for before, told in itertools.pairwise(standing)
        if told.effect_duration is not None and number_of(before)
    )


def effect_said(record: SessionRecord, words: Words) -> str:
    if record.effect_duration is None:
        return ""
    return f"{number(record.effect_duration, words)} {record.get_effect_unit_display()}"


def _days(record: SessionRecord) -> Decimal:
    lasted = record.effect_duration or Decimal(0)
    return lasted / HOURS_A_DAY if record.effect_unit == EffectUnit.HOURS else lasted


def competition_notes(standing: list[SessionRecord], zone: ZoneInfo) -> tuple[document.CompetitionNote, ...]:
    """Give what the rules said of the last session: the earliest day one of them allows, never more. No SQL statement."""
    return tuple(
        document.CompetitionNote(session=number_of(record), on=local_day(record.performed_at, zone), said=told(finding))
        for record in standing[-1:]
        for finding in record.findings
        if str(finding.get("rule", "")).startswith(COMPETITION)
    )


def number_of(record: SessionRecord) -> int:
    """Return the number of the record's session; 0 outside the plan."""
    return record.planned_session.number if record.planned_session else 0
