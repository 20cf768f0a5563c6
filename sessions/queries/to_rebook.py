"""What to book anew: visits that have lost their time, then those the plan has moved away from."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Case, Q, QuerySet, When
from django.utils.translation import gettext as _

from mesoclinic.core.localtime import day_bounds, local_day
from mesoclinic.core.models import Site
from mesoclinic.core.queries.rare import list_rare
from patients.models import Patient
from sessions.models import Appointment, CallAttempt, Course, Round
from sessions.queries.appointments import FreeTime
from sessions.queries.availability import LONGEST_MIN
from sessions.queries.broken import Lost, lost_visits
from sessions.queries.contacts import UNKNOWN, Contact
from sessions.queries.day_words import short
from sessions.queries.fitting import Line, line_of_visit
from sessions.queries.plan_pages import TO_COME
from sessions.queries.plans import has_moved_in_sql, rebook_why

LOST_DAYS = 14  # visits that lost their time later than that wait on the rebooking page


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


def to_rebook(site: Site, now: datetime, at_most: int) -> tuple[list[Rebook | RebookRound], int]:
    """List the visits of the coming two weeks that have lost their time, then those the plan has moved away from;
    and how many of the first there are. Those of one round are one line, and never cut. Seven SQL statements, and
    the rules of bodies. Who is to be called about them is not said yet.
    """
    lost = lost_soon(site, now)
    shown = lost.first(at_most)
    visits = list_rare(visits_to_rebook(site, now, shown), max(at_most, len(shown)))
    of_rounds: dict[int, list[Appointment]] = defaultdict(list)
    for visit in visits:
        if visit.pk in lost.why and (of_round := lost.rounds.get(visit.pk)) is not None:
            of_rounds[of_round].append(visit)
    lines: list[Rebook | RebookRound] = []
    for line in _lines(site, visits, lost.why, now):
        together = of_rounds.get(lost.rounds.get(line.visit.pk) or 0, []) if line.is_lost else []
        if not together:
            lines.append(line)
        elif line.visit is together[0]:
            lines.append(RebookRound(line.visit.round, tuple(together), line.reason))
    return lines, len(lost.why)


def lost_soon(site: Site, now: datetime) -> Lost:
    """Say which visits of the coming two weeks have lost their time, and why. Statements as `broken.lost_visits`."""
    return lost_visits(site, now=now, until=now + timedelta(days=LOST_DAYS))


def keys_to_rebook(site: Site, now: datetime, lost: Iterable[int]) -> list[int]:
    """Name all visits to rebook, those of the keys `lost` before the others, for `rebook_of`. One SQL statement."""
    moved = visits_to_rebook(site, now).values_list("pk", flat=True)
    return list(dict.fromkeys((*lost, *moved)))


def rebook_of(site: Site, keys: Sequence[int], why: Mapping[int, str], now: datetime) -> list[Rebook]:
    """Give the lines of these visits, those that are still to be rebooked; `why` some have lost their time. One SQL statement."""
    lost = [pk for pk in keys if pk in why]
    found = visits_to_rebook(site, now, lost).in_bulk(keys) if keys else {}
    return _lines(site, [found[pk] for pk in keys if pk in found], why, now)


def _lines(site: Site, visits: Iterable[Appointment], why: Mapping[int, str], now: datetime) -> list[Rebook]:
    """Give the line of each visit: it has lost its time, as `why` says by its key, or the plan has moved away from it."""
    today, lines = local_day(now, site.zone), []
    for visit in visits:
        visit.site, visit.clinic = site, site.clinic  # cheaper than to join them to each
        planned = visit.planned_session
        visit.rebook_why = "" if planned is None else rebook_why(visit, planned, site)
        said = why.get(visit.pk) or _moved_words(visit)
        lines.append(Rebook(visit, said, line_of_visit(visit, today), is_lost=visit.pk in why))
    return lines


def visits_to_rebook(site: Site, now: datetime, lost: Collection[int] = ()) -> QuerySet[Appointment]:
    """List the visits to come that the plan has moved away from, by time, those of the keys `lost` before them. One SQL statement."""
    today_starts = day_bounds(local_day(now, site.zone), site.zone)[0]
    is_lost = Q(pk__in=lost)
    has_moved = Q(starts_at__gte=today_starts, planned_session__isnull=False) & has_moved_in_sql(site)
    rows = Appointment.objects.filter(
        site=site, starts_at__gte=today_starts - timedelta(minutes=LONGEST_MIN), status__in=TO_COME
    )
    rows = rows.filter(is_lost | has_moved).order_by(Case(When(is_lost, then=0), default=1), "starts_at", "pk")
    names = ("patient__species", "practitioner", "place", "planned_session__course__indication", "round__place")
    return rows.select_related(*names)


def _moved_words(visit: Appointment) -> str:
    planned = visit.planned_session
    words = {"number": planned.number, "first": short(planned.earliest_on), "last": short(planned.latest_on)}
    said = {
        "early": _("too early for session %(number)s: %(first)s to %(last)s"),
        "late": _("too late for session %(number)s: %(first)s to %(last)s"),
        "out_of_plan": _("session %(number)s is no longer part of the plan"),
        "course_over": _("the course of this visit is over"),
    }
    return said.get(visit.rebook_why, _("session %(number)s has moved")) % words
