"""What the desk needs today: who comes and waits, whom to call, what to book anew, what was left open."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mesoclinic.core.localtime import day_bounds, local_day
from mesoclinic.core.models import Site
from mesoclinic.core.queries.rare import list_rare
from mesoclinic.core.wording import date_format
from patients.models import Patient
from sessions.models import Appointment, CallAttempt, Course, PlannedSession, Round
from sessions.models.appointments import OPEN_STATUSES, AppointmentStatus
from sessions.queries import appointments, courses
from sessions.queries.appointments import FreeTime
from sessions.queries.broken import lost_visits
from sessions.queries.calls import last_outcomes
from sessions.queries.contacts import UNKNOWN, Contact, contacts_of
from sessions.queries.fitting import (
    Line,
    line_of_lapsed,
    line_of_missed,
    line_of_planned,
    line_of_visit,
    with_times,
)

COMING_DAYS = 5  # sessions due in these days are worth a call today
NO_SHOW_DAYS = 30
LOST_DAYS = 14  # visits that lost their time later than that wait on the rebooking page
MOST_LINES = 40
LINES_ON_TODAY = 10  # those with times to choose from; the page of calls shows the others too
WAITING = (AppointmentStatus.OFFERED, AppointmentStatus.BOOKED)
HERE = (AppointmentStatus.ARRIVED, AppointmentStatus.IN_PROGRESS)
NEVER_WAS = (AppointmentStatus.MOVING, AppointmentStatus.ENTERED_IN_ERROR, AppointmentStatus.OFFERED)
Key = tuple[str, int]  # what a line is about ("due", "missed", "lapsed", "rebook"), and the key of that


@dataclass(frozen=True)
class Arrival:
    """One visit of today; `waits_min` since the patient arrived, None when nobody waits; `lost` why its time is gone."""

    visit: Appointment
    waits_min: int | None
    late_min: int | None
    lost: str = ""


@dataclass(frozen=True)
class Call:
    """Somebody to call, why, what happened last, what came of the last call, and times that would suit."""

    patient: Patient
    reason: str
    status: str
    line: Line
    contact: Contact = UNKNOWN
    last: str = ""
    planned: PlannedSession | None = None
    course: Course | None = None
    for_practitioner: bool = False
    outcome: CallAttempt | None = None
    times: tuple[FreeTime, ...] = ()


@dataclass(frozen=True)
class Rebook:
    """A visit that needs another time: it has lost its own (`is_lost`), or the plan has moved away from it."""

    visit: Appointment
    reason: str
    line: Line
    contact: Contact = UNKNOWN
    is_lost: bool = False
    outcome: CallAttempt | None = None
    times: tuple[FreeTime, ...] = ()

    @property
    def patient(self) -> Patient:
        return self.visit.patient

    @property
    def course(self) -> Course | None:
        planned = self.visit.planned_session
        return planned.course if planned else None

    @property
    def visits(self) -> tuple[Appointment, ...]:
        return (self.visit,)


@dataclass(frozen=True)
class RebookRound:
    """A round of which these visits have lost their time: the rebooking page gives it another as one."""

    round: Round
    visits: tuple[Appointment, ...]
    reason: str
    is_lost = True


@dataclass(frozen=True)
class DeskDay:
    """The desk's block of Today. `calls_are_more` says that the list was cut."""

    here: list[Arrival]
    to_come: list[Arrival]
    over: list[Arrival]
    calls: list[Call]
    calls_are_more: bool
    rebook: list[Rebook | RebookRound]
    lost: int
    unclosed: list[Appointment]

    @property
    def visits(self) -> int:
        return len(self.here) + len(self.to_come) + len(self.over)


def desk_day(site: Site, now: datetime) -> DeskDay:
    """Gather what the desk does today. At most twenty-seven SQL statements, whatever there is.

    Where somebody competes under the rules of a body, those of `blocked_times` twice.
    """
    today = local_day(now, site.zone)
    lists = call_lists(site, now, LINES_ON_TODAY)
    why = {visit.pk: one.reason for one in lists.rebook if one.is_lost for visit in one.visits}
    comers = [visit for visit in appointments.day(site, today) if _may_come(visit)]
    arrivals = [_arrival(visit, now, why.get(visit.pk, "")) for visit in comers]
    return DeskDay(
        here=sorted((one for one in arrivals if one.visit.status in HERE), key=_longest_waiting),
        to_come=[one for one in arrivals if one.visit.status in WAITING],
        over=[one for one in arrivals if one.visit.status not in (*HERE, *WAITING)],
        calls=lists.calls,
        calls_are_more=lists.calls_are_more,
        rebook=lists.rebook,
        lost=lists.lost,
        unclosed=list_rare(unclosed(site, now), MOST_LINES),
    )


def _may_come(visit: Appointment) -> bool:
    return visit.status not in NEVER_WAS[:2] and visit.in_place_of_id is None


@dataclass(frozen=True)
class CallLists:
    """Whom to call and what to rebook, of which so many have lost their time; `calls_are_more` than are listed."""

    calls: list[Call]
    calls_are_more: bool
    rebook: list[Rebook | RebookRound]
    lost: int


def call_lists(site: Site, now: datetime, most: int = MOST_LINES) -> CallLists:
    """List whom to call, at most so many, and what to rebook, with the last outcome and three times that suit.

    At most so many lines of each have times. At most twenty-four SQL statements, however long the lists, and what `desk_day`
    says of competitions: all times come from one reading of the agendas.
    """
    today = local_day(now, site.zone)
    calls, are_more = to_call(site, today, now)
    rebook, lost = to_rebook(site, today, now)
    are_more, calls = are_more or len(calls) > most, calls[:most]
    single = [one for one in rebook if isinstance(one, Rebook)]
    times = with_times(site, [one.line for one in (*calls, *single[:most]) if _may_choose(one)], now)
    calls, single = with_news(site, calls, single, now)

    def timed(one: Call | Rebook) -> Any:
        return replace(one, times=tuple(times.get(one.line.key, ())))

    told = iter(single)
    lines = [timed(next(told)) if isinstance(one, Rebook) else one for one in rebook]
    return CallLists([timed(one) for one in calls], are_more, lines, lost)


def with_news(
    site: Site, calls: Iterable[Call], rebook: Iterable[Rebook], now: datetime
) -> tuple[list[Call], list[Rebook]]:
    """Add how patients are reached, what came of the last call and, of those to call, what was last. Three SQL statements."""
    calls, rebook, today = list(calls), list(rebook), local_day(now, site.zone)
    patients = [one.patient for one in (*calls, *rebook)]
    reached, outcomes = contacts_of(patients, today), last_outcomes(patients)
    last = _last_visits([one.patient for one in calls], site, now)

    def told(one: Call | Rebook) -> dict:
        return {"outcome": outcomes.get(one.patient.pk), "contact": reached[one.patient.pk]}

    return (
        [replace(one, last=last.get(one.patient.pk, ""), **told(one)) for one in calls],
        [replace(one, **told(one)) for one in rebook],
    )


def _may_choose(one: Call | Rebook) -> bool:
    """A visit that belongs to no plan any more is cancelled, or moved by hand; it fits nowhere."""
    return isinstance(one, Call) or one.is_lost or one.visit.rebook_why in ("early", "late")


def to_rebook(site: Site, today: date, now: datetime) -> tuple[list[Rebook | RebookRound], int]:
    """List the visits of the coming two weeks that have lost their time, then those the plan has moved away from;
    and how many of the first there are. Those of one round are one line, and never cut. Seven SQL statements, and
    the rules of bodies. Who is to be called about them is not said yet.
    """
    lost_ones = lost_visits(site, now=now, until=now + timedelta(days=LOST_DAYS))
    why, shown = lost_ones.why, lost_ones.first(MOST_LINES)
    visits = courses.to_rebook(site, now, shown, at_most=max(MOST_LINES, len(shown)))
    _at(site, visits)
    of_rounds: dict[int, list[Appointment]] = {}
    for visit in visits:
        if (of_round := lost_ones.rounds.get(visit.pk)) is not None and visit.pk in why:
            of_rounds.setdefault(of_round, []).append(visit)
    lines: list[Rebook | RebookRound] = []
    for visit in visits:
        lost = of_rounds.get(lost_ones.rounds.get(visit.pk) or 0, ()) if visit.pk in why else ()
        if not lost:
            lines.append(rebook_of(visit, why, today))
        elif visit is lost[0]:
            lines.append(RebookRound(visit.round, tuple(lost), why[visit.pk]))
    return lines, len(why)


def rebook_of(visit: Appointment, why: Mapping[int, str], today: date) -> Rebook:
    """Give the line of a visit that has lost its time, as `why` says by its key, or that the plan has moved away from."""
    said = why.get(visit.pk) or _moved_words(visit)
    return Rebook(visit, said, line_of_visit(visit, today), is_lost=visit.pk in why)


def _at(site: Site, rows: Iterable[Appointment | Course]) -> None:
    """Give rows read for a site that very site, which is cheaper than to join it to each."""
    for row in rows:
        row.site, row.clinic = site, site.clinic


def unclosed(site: Site, now: datetime) -> QuerySet[Appointment]:
    """List the visits of earlier days that nobody closed, the oldest first. One SQL statement."""
    starts_at, _ends_at = day_bounds(local_day(now, site.zone), site.zone)
    return appointments.not_final(site, before=starts_at)


def to_call(site: Site, today: date, now: datetime) -> tuple[list[Call], bool]:
    """List who should be called, the most urgent first, and whether there are more. At most five SQL statements.

    How they are reached and what was last is not said yet.
    """
    due = list(_due(site, today)[: MOST_LINES + 1])
    missed = list_rare(_missed(site, now), MOST_LINES + 1)
    lapsed = list_rare(courses.lapsed(site), MOST_LINES + 1)
    keys = _in_order(
        [(one.pk, one.latest_on, one.course.patient_id) for one in due],
        [(one.pk, one.patient_id) for one in missed],
        [(one.pk, one.patient_id) for one in lapsed],
        today,
    )
    rows = {"due": due, "missed": missed, "lapsed": lapsed}
    found = {(what, one.pk): one for what, some in rows.items() for one in some}
    return _calls(site, keys[:MOST_LINES], found, today), len(keys) > MOST_LINES


def keys_to_call(site: Site, today: date, now: datetime) -> list[Key]:
    """Name the lines to call, the most urgent first, none left out, for `calls_of`. Three SQL statements."""
    due = _due(site, today).values_list("pk", "latest_on", "course__patient_id")
    missed, lapsed = (rows.values_list("pk", "patient_id") for rows in (_missed(site, now), courses.lapsed(site)))
    return _in_order(due, missed, lapsed, today)


def calls_of(site: Site, keys: Iterable[Key], today: date, now: datetime) -> list[Call]:
    """Give the lines of these keys, those that are still to be called. One SQL statement for each thing they are about."""
    rows = {"due": _due(site, today), "missed": _missed(site, now), "lapsed": courses.lapsed(site)}
    keys = list(keys)
    wanted = {what: [pk for one, pk in keys if one == what] for what in rows}
    found = {(what, pk): row for what, some in wanted.items() if some for pk, row in rows[what].in_bulk(some).items()}
    return _calls(site, [key for key in keys if key in found], found, today)


def _due(site: Site, today: date) -> QuerySet[PlannedSession]:
    return courses.due_unbooked(site, today + timedelta(days=COMING_DAYS))


def _in_order(
    due: Iterable[tuple[int, date, int]],
    missed: Iterable[tuple[int, int]],
    lapsed: Iterable[tuple[int, int]],
    today: date,
) -> list[Key]:
    """Put what is to be called about in order: late sessions, visits nobody came to, lapsed courses, other sessions.

    Each is a key with its patient, before which a session has its last day. Of a patient the last missed visit counts,
    and none where something is planned.
    """
    due, lapsed = list(due), list(lapsed)
    planned = {patient for _pk, _latest_on, patient in due} | {patient for _pk, patient in lapsed}
    last_missed = {patient: pk for pk, patient in reversed(list(missed)) if patient not in planned}
    return [
        *(("due", pk) for pk, latest_on, _patient in due if latest_on < today),
        *(("missed", pk) for pk in last_missed.values()),
        *(("lapsed", pk) for pk, _patient in lapsed),
        *(("due", pk) for pk, latest_on, _patient in due if latest_on >= today),
    ]


def _calls(site: Site, keys: Iterable[Key], found: Mapping[Key, Any], today: date) -> list[Call]:
    def of_due(one: PlannedSession) -> Call:
        told = (_due_words(one, today), _due_status(one, today), line_of_planned(one, today))
        return Call(one.course.patient, *told, planned=one, course=one.course)

    def of_missed(one: Appointment) -> Call:
        return Call(one.patient, _missed_words(one, site), "no_show", line_of_missed(one, today))

    def of_lapsed(one: Course) -> Call:
        told = (_lapsed_words(one), "paused", line_of_lapsed(one, today))
        return Call(one.patient, *told, course=one, for_practitioner=True)

    _at(site, (one.course if what == "due" else one for (what, _pk), one in found.items()))
    make = {"due": of_due, "missed": of_missed, "lapsed": of_lapsed}
    return [make[what](found[what, pk]) for what, pk in keys]


def _missed(site: Site, now: datetime) -> QuerySet[Appointment]:
    """Visits nobody came to, after which the patient neither came nor has a time: the latest first."""
    later = Appointment.objects.filter(
        patient=OuterRef("patient"), starts_at__gt=OuterRef("starts_at"), status__in=(*OPEN_STATUSES, "fulfilled")
    )
    rows = Appointment.objects.filter(
        ~Exists(later),
        site=site,
        status=AppointmentStatus.NO_SHOW,
        starts_at__gte=now - timedelta(days=NO_SHOW_DAYS),
        patient__ended_on__isnull=True,
        patient__merged_into__isnull=True,
    )
    names = ("patient__species", "place", "planned_session__course")
    return rows.select_related(*names).order_by("-starts_at", "-pk")


def _last_visits(patients: Iterable[Patient], site: Site, now: datetime) -> dict[int, str]:
    """Say what became of each patient's last visit. One SQL statement."""
    visits = Appointment.objects.filter(patient=OuterRef("pk"), starts_at__lt=now).exclude(status__in=NEVER_WAS)
    visits = visits.order_by("-starts_at")
    rows = Patient.objects.filter(pk__in={patient.pk for patient in patients})
    rows = rows.annotate(at=Subquery(visits.values("starts_at")[:1]), status=Subquery(visits.values("status")[:1]))
    labels = dict(AppointmentStatus.choices)
    return {
        pk: _("%(day)s: %(what)s") % {"day": _day(local_day(at, site.zone)), "what": str(labels[status]).lower()}
        for pk, at, status in rows.values_list("pk", "at", "status")
        if at
    }


def _arrival(visit: Appointment, now: datetime, lost: str) -> Arrival:
    waits = visit.arrived_at if visit.status == AppointmentStatus.ARRIVED else None
    is_late = visit.status in WAITING and visit.starts_at < now
    return Arrival(
        visit,
        waits_min=_minutes(now - waits) if waits else None,
        late_min=_minutes(now - visit.starts_at) if is_late else None,
        lost=lost,
    )


def _minutes(span: timedelta) -> int:
    return max(int(span.total_seconds() // 60), 0)


def _longest_waiting(arrival: Arrival) -> tuple:
    visit = arrival.visit
    return visit.status != AppointmentStatus.ARRIVED, visit.arrived_at or visit.starts_at, visit.pk


def _day(day: date) -> str:
    return date_format(day, "D j M")


def _due_status(planned: PlannedSession, today: date) -> str:
    if planned.latest_on < today:
        return "overdue"
    return "due" if planned.due_on <= today else "planned"


def _due_words(planned: PlannedSession, today: date) -> str:
    words = {"number": planned.number, "day": _day(planned.due_on)}
    if planned.latest_on < today:
        days = (today - planned.latest_on).days
        said = ngettext("session %(number)s is %(days)d day late", "session %(number)s is %(days)d days late", days)
        return said % {**words, "days": days}
    if planned.due_on == today:
        return _("session %(number)s is due today") % words
    if planned.due_on < today:
        return _("session %(number)s is due since %(day)s") % words
    return _("session %(number)s is due on %(day)s") % words


def _missed_words(visit: Appointment, site: Site) -> str:
    return _("did not come on %(day)s") % {"day": _day(local_day(visit.starts_at, site.zone))}


def _lapsed_words(course: Course) -> str:
    return _("course lapsed on %(day)s: a practitioner decides how to go on") % {"day": _day(course.lapsed_on)}


def _moved_words(visit: Appointment) -> str:
    planned = visit.planned_session
    words = {"number": planned.number, "first": _day(planned.earliest_on), "last": _day(planned.latest_on)}
    said = {
        "early": _("too early for session %(number)s: %(first)s to %(last)s"),
        "late": _("too late for session %(number)s: %(first)s to %(last)s"),
        "out_of_plan": _("session %(number)s is no longer part of the plan"),
        "course_over": _("the course of this visit is over"),
    }
    return said.get(visit.rebook_why, _("session %(number)s has moved")) % words
