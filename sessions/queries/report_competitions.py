"""What a report says of a horse's competitions: the earliest possible start by each rule, counted from what was given.

Never more than that: no rule is a permission to compete. Source: DOMAIN.md 2.3.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Prefetch, Q, QuerySet

from mesoclinic.core.localtime import local_day
from patients.models import Patient
from patients.queries import patients
from protocols.citations import rule_words, shipped_text, source_words
from protocols.dosing import CompetitionRule
from protocols.dosing.competition import SEDATIVE, Earliest, earliest_start, is_too_early, midnight
from protocols.queries.competition import checked_rules, keys_of
from sessions.models import Administration, CompetitionEvent, Course, SessionRecord
from sessions.printing import document
from sessions.printing.words import Words, print_day
from sessions.queries.competitions import STILL_COMPETES, competitions
from sessions.queries.corrections import right_lines, right_values
from sessions.queries.report_course import number_of
from sessions.queries.report_words import moment_words


@dataclass(frozen=True)
class Counted:
    """A rule counted from one record; without an earliest start where the rule gives no time."""

    rule: CompetitionRule
    record: SessionRecord
    because: tuple[str, ...]
    earliest: Earliest | None

    @property
    def on(self) -> date:
        """The day of the earliest start, the very first day where there is none."""
        if self.earliest is None:
            return date.min
        return self.earliest.date() if isinstance(self.earliest, datetime) else self.earliest


@dataclass(frozen=True)
class Competing:
    """A horse's competitions to come, and the rules of its bodies counted from what it was given."""

    events: tuple[CompetitionEvent, ...] = ()
    counted: tuple[Counted, ...] = ()


def competing_of(course: Course, patient: Patient, standing: Sequence[SessionRecord], today: date) -> Competing:
    """Count the rules, from the records of the course and from all others of the horse.

    One SQL statement for a horse, nine where it competes under a body's rules, one more for each level of merges; none
    for other species.
    """
    to_come, rules = _held_to(patient, today)
    if not rules or not standing:
        return Competing(to_come)
    last = standing[-1]
    counted = _counted(rules, [*standing, *_elsewhere(course, patient)], to_come, course.site.zone)
    kept = (one for one in counted if one.on >= today or one.record is last)
    return Competing(to_come, tuple(sorted(kept, key=lambda one: one.on, reverse=True)))


def competing_with(record: SessionRecord, patient: Patient, zone: ZoneInfo, today: date) -> Competing:
    """Count the rules from all a horse was given, for the sheet of one record. The statements of `competing_of`."""
    to_come, rules = _held_to(patient, today)
    if not rules:
        return Competing(to_come)
    counted = _counted(rules, list(_finished(patient)), to_come, zone)
    kept = (one for one in counted if one.on >= today or one.record.pk == record.pk)
    return Competing(to_come, tuple(sorted(kept, key=lambda one: one.on, reverse=True)))


def competing_after(patient: Patient, zone: ZoneInfo, today: date) -> Competing:
    """Count the rules from all a horse was given, in whatever course: those that still run, and those without a time.

    For competitions entered after the injection. One SQL statement for a horse, nine where it competes under a body's
    rules, one more for each level of merges; none for other species.
    """
    to_come, rules = _held_to(patient, today)
    if not rules or not to_come:
        return Competing(to_come)
    longest = max(STILL_COMPETES, timedelta(days=max(rule.amount for rule in rules) + 2))  # hours are days at most
    since = midnight(today - longest, zone)
    records = list(_finished(patient).filter(performed_at__gte=since))
    counted = _counted(rules, records, to_come, zone)
    running = (one for one in counted if one.earliest is None or one.on >= today)
    return Competing(to_come, tuple(sorted(running, key=lambda one: one.on, reverse=True)))


def too_early(competing: Competing, event: CompetitionEvent, zone: ZoneInfo) -> list[Counted]:
    """Give the rules that allow only a start later than the first day of an event. No SQL statement."""
    return [one for one in competing.counted if _forbids(one, event, zone)]


def _held_to(patient: Patient, today: date) -> tuple[tuple[CompetitionEvent, ...], list[CompetitionRule]]:
    """Give a horse's competitions to come, and the rules of the bodies it competes under. Two SQL statements."""
    rows = competitions(patient, today - STILL_COMPETES)
    bodies = {one.body for one in rows if one.body}
    rules = checked_rules(patient.clinic_id) if bodies else ()
    to_come = tuple(one for one in rows if one.until_on >= today)
    return to_come, [one for one in rules if any(one.is_of(body) for body in bodies)]


def _counted(
    rules: Iterable[CompetitionRule],
    records: Sequence[SessionRecord],
    to_come: Sequence[CompetitionEvent],
    zone: ZoneInfo,
) -> Iterable[Counted]:
    """Count each rule from the record after which it runs longest. Three SQL statements."""
    given = {record.pk: _given(record) for record in records}
    keys = keys_of({line.substance_id for lines in given.values() for line in lines})
    for rule in rules:
        found = [one for record in records if (one := _count(rule, record, given[record.pk], keys, to_come, zone))]
        latest = max(found, key=lambda one: (one.on, one.record.performed_at), default=None)
        if latest is not None:
            yield latest


def competition_dates(
    competing: Competing, zone: ZoneInfo, words: Words, *, course: Course | None = None
) -> tuple[document.CompetitionDate, ...]:
    """Say the earliest possible start by each rule, the latest first; sessions of another course name it. No SQL
    statement.
    """
    return tuple(
        document.CompetitionDate(
            rule=rule_words(one.rule.label),
            earliest=_earliest(one, zone, words),
            counted_from=_counted_from(one.record, course, zone, words),
            because=_because(one, words),
            source=source_words(one.rule.source),
        )
        for one in competing.counted
    )


def competition_days(competing: Competing, zone: ZoneInfo) -> tuple[document.CompetitionDay, ...]:
    """Say the competitions to come, each with the rules that allow only a later start. No SQL statement."""
    return tuple(
        document.CompetitionDay(
            name=event.name,
            from_on=event.from_on,
            until_on=event.until_on,
            body=event.body,
            too_early=tuple(rule_words(one.rule.label) for one in too_early(competing, event, zone)),
        )
        for event in competing.events
    )


def _elsewhere(course: Course, patient: Patient) -> list[SessionRecord]:
    """List what the horse was given outside this course. Four SQL statements."""
    return list(_finished(patient).filter(Q(course__isnull=True) | ~Q(course=course)))


def _finished(patient: Patient) -> QuerySet[SessionRecord]:
    """The finished records of a file and of all merged into it, the first one first. Four SQL statements."""
    lines = Administration.objects.select_related("substance").order_by("position")
    rows = SessionRecord.objects.finished().filter(patient__in=patients.file_ids(patient))
    rows = rows.select_related("course", "planned_session").prefetch_related(Prefetch("administrations", lines))
    return rows.prefetch_related("addenda").order_by("performed_at", "pk")


def _counted_from(record: SessionRecord, course: Course | None, zone: ZoneInfo, words: Words) -> str:
    """Say the session and its day; of another course, which one."""
    day, number = print_day(local_day(record.performed_at, zone), words), number_of(record)
    said = words["competition_session"].format(number=number, day=day) if number else day
    if record.course is None or record.course == course:
        return said
    return f"{words['course']} {record.course.number}, {said}"


def _given(record: SessionRecord) -> list[Administration]:
    return [line for line in right_lines(record) if line.given_ml is None or line.given_ml > 0]


def _count(
    rule: CompetitionRule,
    record: SessionRecord,
    lines: Sequence[Administration],
    keys: dict[int, frozenset[str]],
    to_come: Iterable[CompetitionEvent],
    zone: ZoneInfo,
) -> Counted | None:
    """Count a rule from a record, where it is about anything given: in the skin, or to sedate."""
    on = local_day(record.performed_at, zone)
    if not any(rule.in_force(day) for day in (on, *(one.from_on for one in to_come if rule.is_of(one.body)))):
        return None
    about = [
        str(line.substance)
        for line in lines
        if rule.keys & (keys.get(line.substance_id, frozenset()) | (SEDATIVE if line.is_sedation else frozenset()))
    ]
    sedation = right_values(record).sedation
    if sedation and rule.keys & SEDATIVE:
        about.append(sedation)
    injects = bool(lines) or _is_dry(record) or bool(sedation)
    if not (about if rule.keys else injects):
        return None
    return Counted(rule, record, tuple(dict.fromkeys(about)), earliest_start(rule, on, record.performed_at, zone))


def _is_dry(record: SessionRecord) -> bool:
    """Whether only needles were used: ticked, or by a technique without a mix, as of every other record one was asked."""
    return record.is_dry or all(line.is_sedation for line in record.administrations.all())


def _forbids(one: Counted, event: CompetitionEvent, zone: ZoneInfo) -> bool:
    rule = one.rule
    applies = rule.route == "any" and rule.is_of(event.body) and rule.in_force(event.from_on)
    return applies and is_too_early(one.earliest, event.from_on, zone)


def _earliest(one: Counted, zone: ZoneInfo, words: Words) -> str:
    if one.earliest is None:
        return words["competition_no_time"].format(text=shipped_text(one.rule.text))
    if isinstance(one.earliest, datetime):
        return moment_words(one.earliest, zone, words)
    return print_day(one.earliest, words)


def _because(one: Counted, words: Words) -> str:
    about = ", ".join(one.because) or words["competition_any"]
    return about if one.rule.route == "any" else f"{about} ({words['competition_route']})"
