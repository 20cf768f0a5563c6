"""When patients are not to be booked, and why: days they cannot come, competitions, and what rules count before these.

The one place that knows: proposals, free times, moves and the booking services all read it here.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import CharField, Value
from django.utils import timezone
from django.utils.translation import gettext as _

from mesoclinic.core.wording import date_format
from protocols import citations
from protocols.dosing import CompetitionRule, blocked_from
from protocols.queries.competition import checked_rules, keys_of
from sessions.models import BlockedDay, CompetitionEvent, Course
from sessions.models.courses import OPEN_COURSES
from sessions.queries.day_words import span
from sessions.scheduling.intervals import Interval
from sessions.scheduling.walltime import day_end, day_start, instant_of, minute_of

NO_BODY = Value(None, output_field=CharField())  # of a day that is noted; an event has one, perhaps ""


@dataclass(frozen=True)
class BlockedTime:
    """Minutes in which a patient is not to be booked. The days are those that were noted, or those of the event."""

    minutes: Interval
    from_on: date
    until_on: date
    reason: str = ""
    event: str = ""
    rule: str = ""

    def meets(self, start: int, end: int) -> bool:
        return self.minutes[0] < end and start < self.minutes[1]

    def words(self, zone: ZoneInfo) -> str:
        """Say why: "competes 12–14 June (Spring show); rule USEF, GR414 counts from 11 Jun, 12:00"."""
        return "; ".join(filter(None, [self.day_words(), self.rule_words(zone)]))

    def day_words(self) -> str:
        words = {"span": span(self.from_on, self.until_on), "event": self.event}
        if self.event:
            return _("competes %(span)s (%(event)s)") % words
        said = _("the patient cannot come %(span)s") % words
        return f"{said} ({self.reason})" if self.reason else said

    def rule_words(self, zone: ZoneInfo) -> str:
        if not self.rule:
            return ""
        since = date_format(timezone.localtime(instant_of(self.minutes[0]), zone), "j M, H:i")
        return _("rule %(rule)s counts from %(since)s") % {"rule": citations.rule_words(self.rule), "since": since}


def blocked_times(
    clinic_id: int, patient_ids: Collection[int], from_on: date, until_on: date, zone: ZoneInfo
) -> dict[int, list[BlockedTime]]:
    """Read it for local days from/until, both included; who has none is left out.

    One SQL statement; where somebody competes under the rules of a body, one for the rules and four for what the open
    courses of those patients give: a rule about some substances counts where one of them is prescribed.
    """
    if not patient_ids:
        return {}
    noted = BlockedDay.objects.filter(patient__in=patient_ids, until_on__gte=from_on, from_on__lte=until_on)
    events = CompetitionEvent.objects.filter(patient__in=patient_ids, until_on__gte=from_on)
    days = ("patient_id", "from_on", "until_on")
    rows = noted.order_by().values_list(*days, "reason", NO_BODY)
    rows = rows.union(events.order_by().values_list(*days, "name", "body"), all=True)
    found: dict[int, list[BlockedTime]] = defaultdict(list)
    competing: dict[int, list[tuple[date, date, str, str]]] = defaultdict(list)
    for patient_id, first, last, words, body in rows:
        of = {"reason": words} if body is None else {"event": words}
        found[patient_id].append(BlockedTime((day_start(first, zone), day_end(last, zone)), first, last, **of))
        if body:
            competing[patient_id].append((first, last, words, body))
    for patient_id, rule, (first, last, words) in _by_rules(clinic_id, competing):
        since = blocked_from(rule, first, zone)
        if since is not None and since.date() <= until_on:
            minutes = (minute_of(since), day_start(first, zone))
            found[patient_id].append(BlockedTime(minutes, first, last, event=words, rule=rule.label))
    return {key: sorted(times, key=lambda one: one.minutes) for key, times in found.items()}


def _by_rules(clinic_id: int, competing: Mapping[int, list[tuple[date, date, str, str]]]):
    """Give every rule that counts time before an event of a patient, with the event's days and name."""
    rules = [one for one in checked_rules(clinic_id) if one.route == "any"] if competing else []
    keys = _given_keys(competing) if any(rule.keys for rule in rules) else {}
    for patient_id, events in competing.items():
        for first, last, words, body in events:
            for rule in rules:
                if rule.is_of(body) and rule.in_force(first) and _counts(rule, keys.get(patient_id, frozenset())):
                    yield patient_id, rule, (first, last, words)


def _counts(rule: CompetitionRule, given: frozenset[str]) -> bool:
    return not rule.keys or bool(rule.keys & given)


def _given_keys(patient_ids: Iterable[int]) -> dict[int, frozenset[str]]:
    """Give what the open courses of patients prescribe, by the keys rules name. Four SQL statements."""
    courses = Course.objects.filter(patient__in=list(patient_ids), status__in=OPEN_COURSES).order_by()
    pairs = list(courses.values_list("patient_id", "protocol_version__lines__substance_id"))
    of_substance = keys_of({substance for _patient, substance in pairs if substance})
    found: dict[int, frozenset[str]] = defaultdict(frozenset)
    for patient_id, substance_id in pairs:
        found[patient_id] |= of_substance.get(substance_id, frozenset())
    return found


def reasons(blocked: Iterable[BlockedTime], start: int, end: int, zone: ZoneInfo) -> str:
    """Say what stands against minutes; empty when nothing does. An event is said once, then every rule before it."""
    said: dict[str, list[str]] = defaultdict(list)
    for one in blocked:
        if one.meets(start, end):
            said[one.day_words()].append(one.rule_words(zone))
    return "; ".join(words for days, rules in said.items() for words in dict.fromkeys([days, *filter(None, rules)]))


def reasons_on(blocked: Iterable[BlockedTime], day: date, zone: ZoneInfo) -> str:
    """Say what stands against a local day, or a part of it."""
    return reasons(blocked, day_start(day, zone), day_end(day, zone), zone)


def intervals(blocked: Iterable[BlockedTime]) -> list[Interval]:
    return [one.minutes for one in blocked]


def days_of(spans: Iterable[tuple[datetime, datetime]], zone: ZoneInfo) -> tuple[date, date]:
    """Give the first and the last local day that spans of time touch."""
    ends = list(spans)
    first, last = min(start for start, _end in ends), max(end for _start, end in ends)
    return first.astimezone(zone).date(), last.astimezone(zone).date()
