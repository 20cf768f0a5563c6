"""Times at which several visits fit together: one after another or side by side, once or as a series on common days."""

from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import chain, islice

from django.utils.translation import gettext as _

from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import Site
from mesoclinic.core.wording import date_format
from patients.models import Patient, PatientParty
from patients.queries.parties import holding
from sessions.models import PlannedSession, Practitioner, Room
from sessions.models.courses import LEFT_OPEN, OUT_OF_PLAN, PlannedStatus
from sessions.queries import availability, booking, room_choice
from sessions.queries.licences import is_here_on, may_give
from sessions.queries.patients_time import patients_time
from sessions.queries.plans import CoursePlan, course_plans
from sessions.scheduling import rounds as engine
from sessions.scheduling.intervals import Interval, contains, intersect, merge, subtract
from sessions.scheduling.slots import Agenda, starts_of
from sessions.scheduling.together import Part, Price, best_days, last_reachable
from sessions.scheduling.walltime import instant_of, minute_of
from sessions.scheduling.windows import SHIPPED_TOLERANCE, Tolerance
from sessions.services.rounds import Stop

DAYS_TRIED = 14
MOST_SITTINGS = 40
FURTHEST = timedelta(days=3 * 366)  # nothing is booked later
MOST_SHOWN = 24


class Way(StrEnum):
    ONE_AFTER_ANOTHER = "one_after_another"
    AT_ONCE = "at_once"


@dataclass(frozen=True)
class Seat:
    """One visit of a sitting, with everything it is booked with."""

    stop: Stop
    practitioner: Practitioner
    room: Room | None
    starts_at: datetime

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(minutes=self.stop.minutes)


@dataclass(frozen=True)
class Sitting:
    """Visits that belong together: everybody once."""

    seats: tuple[Seat, ...]

    @property
    def starts_at(self) -> datetime:
        return min(seat.starts_at for seat in self.seats)

    @property
    def ends_at(self) -> datetime:
        return max(seat.ends_at for seat in self.seats)


@dataclass(frozen=True)
class Wanted:
    """Who, how, with whom and where. `rooms` of None: at a stable or home, where no room is needed."""

    site: Site
    stops: tuple[Stop, ...]
    way: Way
    people: tuple[Practitioner, ...]
    rooms: tuple[Room, ...] | None
    on: date
    now: datetime
    sittings: int = 1


@dataclass(frozen=True)
class Series:
    """The sittings found, the first included; `problem` says in words why there are no more."""

    sittings: tuple[Sitting, ...]
    problem: str = ""


def relatives(patients: Sequence[Patient], today: date) -> list[Patient]:
    """List the open files that share an owner, guardian, payer or other contact with one of these. Two SQL statements."""
    links = holding(PatientParty.objects.exclude(role="referrer"), today)
    parties = links.filter(patient__in=[one.pk for one in patients]).values("party")
    keys = links.filter(party__in=parties).values_list("patient_id", flat=True)
    rows = Patient.objects.filter(pk__in=keys, ended_on__isnull=True, merged_into__isnull=True)
    known = {one.pk for one in patients}
    return [one for one in rows.select_related("species").order_by("name", "pk")[:30] if one.pk not in known]


class Table:
    """Everybody's time from a day on, read once. Seven SQL statements; a series needs seven more.

    Days away of the patients, and what they wish for *only*, count like time taken.
    """

    def __init__(self, wanted: Wanted) -> None:
        self.wanted, site = wanted, wanted.site
        self.following, self.steps, self.tolerance = [], [], SHIPPED_TOLERANCE
        if wanted.sittings > 1:
            self.following, self.steps, self.tolerance = _following(wanted)
        first_on = wanted.on + timedelta(days=DAYS_TRIED)
        last_on = min(last_reachable(first_on, self.steps, self.tolerance), first_on + FURTHEST)
        from_at, until_at = availability.day_span(site, wanted.on, last_on)
        self.people = {one.pk: one for one in wanted.people}
        self.rooms = {one.pk: one for one in wanted.rooms or ()}
        self.rooms_for = {key: tuple(one.pk for one in found) for key, found in _rooms_by_species(wanted).items()}
        common = [set(found) for found in self.rooms_for.values() if found]
        self.take_all = [key for key in chain(*self.rooms_for.values()) if all(key in found for found in common)]
        known = availability.agendas(
            site,
            from_at=from_at,
            until_at=until_at,
            now=wanted.now,
            practitioner_ids=list(self.people),
            room_ids=list(self.rooms),
            away=wanted.rooms is None,
        )
        patients = {stop.patient.pk for stop in wanted.stops}
        theirs = patients_time(patients, (from_at, until_at), site, without=())
        self.only_with = theirs.practitioner
        self.free = {
            kind: {key: agenda.free_intervals(known.between) for key, agenda in agendas.items()}
            for kind, agendas in (("who", known.practitioners), ("where", known.rooms))
        }
        self.free["patient"] = {key: subtract([known.between], theirs.taken.get(key, ())) for key in patients}
        self.not_before = minute_of(wanted.now) + 1
        self.step = max(site.slot_step_min, booking.SHOWN_STEP_MIN)

    def choices(self) -> list[Sitting]:
        """List the sittings possible on the day asked for, some of them when there are many."""
        found = self.on_day(self.wanted.stops, self.wanted.on)
        every = max(len(found) // MOST_SHOWN + 1, 1) if len(found) > MOST_SHOWN else 1
        return found[::every]

    def next_day(self) -> Sitting | None:
        """Give the first sitting of the days after the one asked for."""
        for n in range(1, DAYS_TRIED):
            if found := self.on_day(self.wanted.stops, self.wanted.on + timedelta(days=n)):
                return found[0]
        return None

    def at(self, starts_at: datetime) -> Sitting | None:
        """Give the sitting that begins at this very minute, None when not everybody is free."""
        minute = minute_of(starts_at)
        total = sum(stop.minutes for stop in self.wanted.stops)
        found = self._between(
            self.wanted.stops, (minute, minute + total), local_day(starts_at, self.wanted.site.zone), 1
        )
        return next((one for one in found if one.starts_at == starts_at), None)

    def on_day(self, stops: Sequence[Stop], day: date, preferred: Collection[int] = ()) -> list[Sitting]:
        span = tuple(minute_of(at) for at in availability.day_span(self.wanted.site, day, day))
        return self._between(stops, span, day, self.step, preferred)

    def series(self, first: Sitting) -> Series:
        """Place the times that follow on the best days of all: inside every window, measured from the days chosen.

        Exact (`scheduling/together.py`); on a day, those who saw them the first time come before the same hour.
        """
        zone, asked = self.wanted.site.zone, self.wanted.sittings - 1
        known: dict[tuple, tuple[Price, Sitting] | None] = {}

        def best_on(number: int, day: date) -> tuple[Price, Sitting] | None:
            stops = self.following[number]
            key = (day, *(stop.minutes for stop in stops))  # what a day has does not depend on which time it is
            if key not in known:
                known[key] = self._best(stops, day, first)
            return known[key]

        def price_on(number: int, day: date) -> Price | None:
            best = best_on(number, day)
            return best[0] if best else None

        found = best_days(local_day(first.starts_at, zone), self.steps[:asked], price_on, self.tolerance)
        after = [replace_stops(best_on(n, day)[1], self.following[n]) for n, day in enumerate(found.days)]
        sittings = (first, *after)
        if found.between is not None:
            return Series(sittings, _no_common_time(len(sittings) + 1, *found.between))
        words = _("The plans have only %(count)s sessions for everybody to book.") % {"count": len(sittings)}
        return Series(sittings, words if len(sittings) < self.wanted.sittings else "")

    def _best(self, stops: Sequence[Stop], day: date, first: Sitting) -> tuple[Price, Sitting] | None:
        """Give the best time of a day: whoever saw them first, then the hour of the first time, then earlier."""
        zone, people = self.wanted.site.zone, {seat.practitioner.pk for seat in first.seats}
        clock = first.starts_at.astimezone(zone)

        def price(one: Sitting) -> Price:
            local = one.starts_at.astimezone(zone)
            apart = abs((local.hour - clock.hour) * 60 + local.minute - clock.minute)
            return sum(seat.practitioner.pk not in people for seat in one.seats), apart

        priced = [(price(one), one.starts_at, one) for one in self.on_day(stops, day, people)]
        if not priced:
            return None
        cheapest = min(priced, key=lambda one: one[:2])
        return cheapest[0], cheapest[2]

    def _between(
        self, stops: Sequence[Stop], span: tuple[int, int], day: date, step: int, preferred: Collection[int] = ()
    ) -> list[Sitting]:
        free = {
            key: _within(self.free["who"][key], span)
            for key in sorted(self.people, key=lambda one: one not in preferred)
        }
        patients = {key: Agenda(hours=_within(spans, span)) for key, spans in self.free["patient"].items()}
        rooms = {key: _within(self.free["where"][key], span) for key in self.rooms}
        if self.wanted.way is Way.AT_ONCE:
            people = {key: Agenda(hours=spans) for key, spans in free.items()}
            return self._side_by_side(stops, day, people, patients, rooms, span, step, preferred)
        visits = [engine.Stop(stop.minutes, patients[stop.patient.pk]) for stop in stops]
        total = sum(stop.minutes for stop in stops)
        common = engine.round_starts(Agenda(hours=[span]), visits, between=span)
        if self.wanted.rooms is not None:
            in_rooms = merge(one for key in self.take_all for one in starts_of(rooms[key], total))
            common = intersect(common, in_rooms)
        found: dict[int, Sitting] = {}
        for key in (key for key in free if all(self._sees(key, stop, day) for stop in stops)):
            for minute in self._minutes(intersect(common, starts_of(free[key], total)), step):
                if minute not in found:
                    found[minute] = self._one_after_another(stops, self.people[key], minute, rooms)
        return [found[minute] for minute in sorted(found)]

    def _sees(self, practitioner: int, stop: Stop, day: date) -> bool:
        """Say whether somebody is here, treats the species, is licensed, and the patient wishes for nobody else only.

        Whoever leads the course, or is the only one asked about, need not inject here: the desk says so. Nor does who
        is the only one asked about need a licence that lasts.
        """
        person, planned = self.people[practitioner], stop.planned_session
        only = self.only_with.get(stop.patient.pk)
        if only not in (None, practitioner) or not availability.treats(person, stop.patient.species_id):
            return False
        is_alone = len(self.people) == 1
        if not is_here_on(person, day, is_treatment=planned is not None and not is_alone):
            return False
        own = {planned.course.lead_practitioner_id} if planned else set()
        return is_alone or may_give(person, is_treatment=planned is not None, own=own)

    def _minutes(self, starts, step: int) -> Iterator[int]:
        for first, end in starts:
            yield from range(-(-max(first, self.not_before) // step) * step, end, step)

    def _one_after_another(self, stops, person: Practitioner, start: int, rooms) -> Sitting:
        """Seat them from a minute on that suits everybody, in the first room that is free."""
        times = engine.back_to_back(start, [stop.minutes for stop in stops])
        fitting = (key for key in self.take_all if contains(rooms[key], start, times[-1][1]))
        room = self.rooms.get(next(fitting, 0))
        seats = [
            Seat(stop, person, room if self.rooms_for[stop.patient.species_id] else None, instant_of(a))
            for stop, (a, _b) in zip(stops, times, strict=True)
        ]
        return Sitting(tuple(seats))

    def _side_by_side(
        self, stops, day: date, people: dict[int, Agenda], patients, rooms, span, step, preferred
    ) -> list[Sitting]:
        if len({stop.patient.pk for stop in stops}) < len(stops):
            return []
        guests = [
            engine.Guest(
                stop.minutes,
                tuple(key for key in people if self._sees(key, stop, day)),
                patients[stop.patient.pk],
                self.rooms_for[stop.patient.species_id],
            )
            for stop in stops
        ]
        where = None if self.wanted.rooms is None else {key: Agenda(hours=spans) for key, spans in rooms.items()}
        times = engine.side_by_side(
            guests,
            people,
            where,
            between=span,
            step_minutes=step,
            not_before=self.not_before,
            preferred=preferred,
        )
        return [
            Sitting(
                tuple(
                    Seat(stop, self.people[who], self.rooms.get(where or 0), instant_of(time.start))
                    for stop, who, where in zip(stops, time.practitioners, time.rooms, strict=True)
                )
            )
            for time in times
        ]


def _rooms_by_species(wanted: Wanted) -> dict[int, list[Room]]:
    """Give the rooms for each species that comes, the best first; none for one that needs no room. No SQL."""
    species = {stop.patient.species for stop in wanted.stops}
    return {one.pk: room_choice.fitting(wanted.rooms or (), one) for one in species}


def replace_stops(sitting: Sitting, stops: Sequence[Stop]) -> Sitting:
    """Give a sitting of the same lengths and patients to these sessions."""
    return Sitting(tuple(replace(seat, stop=stop) for seat, stop in zip(sitting.seats, stops, strict=True)))


def _within(spans: Sequence[Interval], between: Interval) -> list[Interval]:
    """Cut merged intervals to a range. They are many and a day is short: only those that meet it are looked at."""
    first = max(bisect_left(spans, (between[0],)) - 1, 0)
    found = []
    for start, end in islice(spans, first, None):
        if start >= between[1]:
            break
        if end > between[0]:
            found.append((max(start, between[0]), min(end, between[1])))
    return found


def why_none(wanted: Wanted) -> str:
    """Say what keeps these visits from being together on the day, and what would help. No SQL statement."""
    twice = len({stop.patient.pk for stop in wanted.stops}) < len(wanted.stops)
    if len(wanted.stops) < 2:
        return _("Tick at least two visits to book them together.")
    if wanted.on < local_day(wanted.now, wanted.site.zone):
        return _("This day has passed. Choose a later one.")
    if wanted.way is Way.AT_ONCE and twice:
        return _("Nobody can be seen twice at the same time. Choose one after the other.")
    if wanted.way is Way.AT_ONCE and len(wanted.people) < len(wanted.stops):
        return _("Side by side needs as many practitioners as visits. Choose one after the other.")
    if wanted.way is Way.AT_ONCE and wanted.rooms is not None and len(wanted.rooms) < len(wanted.stops):
        return _("Side by side needs a room for each. Choose one after the other.")
    return _(
        "On this day no time is free for all of them together; days away and wishes that must be kept count too. Choose "
        "another day, or another way."
    )


def _no_common_time(number: int, opens: date, closes: date) -> str:
    names = {"number": number, "first": date_format(opens, "D j M"), "last": date_format(closes, "D j M")}
    if opens > closes:
        words = _(
            "The %(number)s. time together has no day inside the windows of all. Book fewer together, and the rest apart."
        )
    else:
        words = _(
            "The %(number)s. time together fits nowhere between %(first)s and %(last)s, where all windows meet. Book fewer "
            "together, and the rest apart."
        )
    return words % names


def _following(wanted: Wanted) -> tuple[list[tuple[Stop, ...]], list[tuple[Part, ...]], Tolerance]:
    """Give, time after time, everybody's sessions after those of the first sitting, and what the windows ask of them.

    Up to the first of a course that is booked already. Seven SQL statements.
    """
    if not all(stop.planned_session for stop in wanted.stops):
        return [], [], SHIPPED_TOLERANCE
    plans = {plan.course.pk: plan for plan in course_plans([stop.planned_session.course for stop in wanted.stops])}
    queues = [
        list(_to_book(plans[stop.planned_session.course_id], stop.planned_session.number)) for stop in wanted.stops
    ]
    following, steps = [], []
    for group in list(zip(*queues, strict=False))[:MOST_SITTINGS]:
        stops = [
            replace(stop, planned_session=row, minutes=row.minutes or stop.minutes, outside_window_reason="")
            for stop, (_before, row) in zip(wanted.stops, group, strict=True)
        ]
        following.append(tuple(stops))
        steps.append(tuple(_part(plans[row.course_id], before, row) for before, row in group))
    return following, steps, next(iter(plans.values())).tolerance


def _to_book(plan: CoursePlan, after: int) -> Iterator[tuple[PlannedSession, PlannedSession]]:
    """Give the sessions to book that follow a session without a break, each with the one before it."""
    rows = {row.number: row for row in plan.sessions}
    while (
        (row := rows.get(after + 1)) and row.status == PlannedStatus.PLANNED and row.why not in (LEFT_OPEN, OUT_OF_PLAN)
    ):
        row.course = plan.course
        yield rows[after], row
        after += 1


def _part(plan: CoursePlan, before: PlannedSession, row: PlannedSession) -> Part:
    gap = plan.revision.gap_of(row.number) if row.number >= plan.revision.first_number else None
    days_after = ((row.earliest_on - before.due_on).days, (row.latest_on - before.due_on).days)
    return Part(row.due_on, gap, days_after)
