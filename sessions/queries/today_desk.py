"""What the desk needs today: who comes and waits, whom to call, what to book anew, what was left open."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from mesoclinic.core.localtime import day_bounds, local_day
from mesoclinic.core.models import Site
from mesoclinic.core.queries.rare import list_rare
from sessions.models import Appointment
from sessions.models.appointments import AppointmentStatus
from sessions.queries import appointments
from sessions.queries.call_lists import MOST_LINES, call_lists
from sessions.queries.to_call import Call
from sessions.queries.to_rebook import Rebook, RebookRound

LINES_ON_TODAY = 10  # those with times to choose from; the page of calls shows the others too
WAITING = (AppointmentStatus.OFFERED, AppointmentStatus.BOOKED)
GONE = (AppointmentStatus.MOVING, AppointmentStatus.ENTERED_IN_ERROR)
HERE = (AppointmentStatus.ARRIVED, AppointmentStatus.IN_PROGRESS)


@dataclass(frozen=True)
class Arrival:
    """One visit of today; `waits_min` since the patient arrived, None when nobody waits; `lost` why its time is gone."""

    visit: Appointment
    waits_min: int | None
    late_min: int | None
    lost: str = ""


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


def unclosed(site: Site, now: datetime) -> QuerySet[Appointment]:
    """List the visits of earlier days that nobody closed, the oldest first. One SQL statement."""
    starts_at, _ends_at = day_bounds(local_day(now, site.zone), site.zone)
    return appointments.not_final(site, before=starts_at)


def _may_come(visit: Appointment) -> bool:
    return visit.status not in GONE and visit.in_place_of_id is None


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
