"""What a horse was given before its competitions to come, counted by the rules of its bodies: for its calendar.

The desk reads it too: it names rules, days and sessions, never what was given. No rule is a permission to compete.
"""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from mesoclinic.core.localtime import local_day
from mesoclinic.core.wording import date_format, with_colon
from patients.models import Patient
from protocols.citations import rule_words, shipped_text, source_words
from protocols.dosing.competition import folded
from sessions.models import CompetitionEvent
from sessions.queries.report_competitions import Competing, Counted, competing_after, too_early


@dataclass(frozen=True)
class GivenRule:
    """A rule counted from the session after which it runs longest."""

    said: str
    gives_time: bool
    given_on: date
    record_id: UUID
    body: str
    is_other_route: bool
    source: str


@dataclass(frozen=True)
class GivenBefore:
    """What was given, by every rule that still counts; each event to come with what to say of its first day."""

    rules: tuple[GivenRule, ...]
    events: tuple[tuple[CompetitionEvent, str], ...]

    def counts_for(self, body: str) -> bool:
        return any(folded(one.body) == folded(body) for one in self.rules)

    def warning(self, event_id: int) -> str:
        return next((words for event, words in self.events if event.pk == event_id), "")


def given_before(patient: Patient, zone: ZoneInfo, today: date) -> GivenBefore:
    """Say it of a horse. The statements of `competing_after`."""
    competing = competing_after(patient, zone, today)
    rules = tuple(_rule(one, zone) for one in competing.counted)
    return GivenBefore(rules, tuple((event, _too_early(competing, event, zone)) for event in competing.events))


def _rule(one: Counted, zone: ZoneInfo) -> GivenRule:
    return GivenRule(
        said=_said(one, zone),
        gives_time=one.earliest is not None,
        given_on=local_day(one.record.performed_at, zone),
        record_id=one.record.public_id,
        body=one.rule.body,
        is_other_route=one.rule.route != "any",
        source=source_words(one.rule.source),
    )


def _said(one: Counted, zone: ZoneInfo) -> str:
    rule = rule_words(one.rule.label)
    if one.earliest is None:
        return with_colon(str(rule), _("no time is given: {text}").format(text=shipped_text(one.rule.text)))
    words = _("Earliest possible by rule %(rule)s is %(earliest)s.")
    return words % {"rule": rule, "earliest": _earliest(one, zone)}


def _earliest(one: Counted, zone: ZoneInfo) -> str:
    if isinstance(one.earliest, datetime):
        return date_format(one.earliest.astimezone(zone), "j M Y, H:i")
    return date_format(one.earliest, "j M Y")


def _too_early(competing: Competing, event: CompetitionEvent, zone: ZoneInfo) -> str:
    """Say the rules by which an event begins too early after what was given; empty when none does."""
    words = _("%(rule)s: %(earliest)s, counted from what was given on %(day)s")
    rules = [
        words
        % {
            "rule": rule_words(one.rule.label),
            "earliest": _earliest(one, zone),
            "day": date_format(local_day(one.record.performed_at, zone), "j M Y"),
        }
        for one in too_early(competing, event, zone)
    ]
    return _("begins before the earliest possible start by %(rules)s") % {"rules": "; ".join(rules)} if rules else ""
