"""Today's two lists, whom to call and what to rebook: the most urgent with times that suit, or all for a file."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, Subquery
from django.utils.translation import gettext as _

from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import Site
from patients.models import Patient
from sessions.models import Appointment
from sessions.models.appointments import NEVER_STOOD, AppointmentStatus
from sessions.queries.calls import last_outcomes
from sessions.queries.contacts import contacts_of
from sessions.queries.day_words import short
from sessions.queries.fitting import with_times
from sessions.queries.to_call import Call, Key, calls_of, keys_to_call, to_call
from sessions.queries.to_rebook import Rebook, RebookRound, keys_to_rebook, lost_soon, rebook_of, to_rebook

MOST_LINES = 40
REBOOK = "rebook"  # what a line is about, beside those of `to_call`


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
    calls, are_more = to_call(site, now, MOST_LINES)
    rebook, lost = to_rebook(site, now, MOST_LINES)
    are_more, calls = are_more or len(calls) > most, calls[:most]
    single = [one for one in rebook if isinstance(one, Rebook)]
    times = with_times(site, [one.line for one in (*calls, *single[:most]) if _may_choose(one)], now)
    calls, single = _with_news(site, calls, single, now)

    def timed(one: Call | Rebook) -> Any:
        return replace(one, times=tuple(times.get(one.line.key, ())))

    told = iter(single)
    lines = [timed(next(told)) if isinstance(one, Rebook) else one for one in rebook]
    return CallLists([timed(one) for one in calls], are_more, lines, lost)


@dataclass(frozen=True)
class WholeCallLists:
    """`keys` of all lines as the page has them, `why` visits have lost their time. Visits of a round are a line each."""

    site: Site
    now: datetime
    keys: list[Key]
    why: dict[int, str]

    def lines(self, keys: Sequence[Key]) -> list[Call | Rebook]:
        """Give the lines of these keys that still stand, those to call first. At most seven SQL statements."""
        calls = calls_of(self.site, [key for key in keys if key[0] != REBOOK], self.now)
        rebook = rebook_of(self.site, [pk for what, pk in keys if what == REBOOK], self.why, self.now)
        calls, rebook = _with_news(self.site, calls, rebook, self.now)
        return [*calls, *rebook]


def whole_call_lists(site: Site, now: datetime) -> WholeCallLists:
    """Name everybody to call, then what is to be rebooked. Eight SQL statements, and those of `blocked_times`."""
    why = lost_soon(site, now).why
    keys = [*keys_to_call(site, now), *((REBOOK, pk) for pk in keys_to_rebook(site, now, why))]
    return WholeCallLists(site, now, keys, why)


def _with_news(
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


def _last_visits(patients: Iterable[Patient], site: Site, now: datetime) -> dict[int, str]:
    """Say what became of each patient's last visit. One SQL statement."""
    visits = Appointment.objects.filter(patient=OuterRef("pk"), starts_at__lt=now).exclude(status__in=NEVER_STOOD)
    visits = visits.order_by("-starts_at")
    rows = Patient.objects.filter(pk__in={patient.pk for patient in patients})
    rows = rows.annotate(at=Subquery(visits.values("starts_at")[:1]), status=Subquery(visits.values("status")[:1]))
    labels = dict(AppointmentStatus.choices)
    return {
        pk: _("%(day)s: %(what)s") % {"day": short(local_day(at, site.zone)), "what": str(labels[status]).lower()}
        for pk, at, status in rows.values_list("pk", "at", "status")
        if at
    }
