"""Times at which several visits fit together: one after another or side by side, once or as a series on common days."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from django.db.models import Q
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import Site
from patients.models import Patient, PatientParty
from sessions.models import PlannedSession, Practitioner, Room
from sessions.models.courses import LEFT_OPEN, OUT_OF_PLAN, PlannedStatus
from sessions.queries import availability, booking
from sessions.scheduling import rounds as engine
from sessions.scheduling.intervals import contains, intersect, merge
from sessions.scheduling.slots import Agenda, starts_of
from sessions.scheduling.walltime import instant_of, minute_of
from sessions.services.rounds import Stop

DAYS_TRIED = 14
MOST_SITTINGS = 40
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
    current = Q(from_on__lte=today) & (Q(until_on__isnull=True) | Q(until_on__gte=today))
    links = PatientParty.objects.filter(current).exclude(role="referrer")
    parties = links.filter(patient__in=[one.pk for one in patients]).values("party")
    keys = links.filter(party__in=parties).values_list("patient_id", flat=True)
    rows = Patient.objects.filter(pk__in=keys, ended_on__isnull=True, merged_into__isnull=True)
    known = {one.pk for one in patients}
    return [one for one in rows.select_related("species").order_by("name", "pk")[:30] if one.pk not in known]


class Table:
    """Everybody's time from a day on, read once. Four SQL statements; a series needs one more."""

    def __init__(self, wanted: Wanted) -> None:
        self.wanted, site = wanted, wanted.site
        self.following = _following(wanted) if wanted.sittings > 1 else []
        last_on = max([wanted.on + timedelta(days=DAYS_TRIED), *(_last_day(group) for group in self.following)])
        from_at, until_at = availability.day_span(
            site, wanted.on, last_on + timedelta(days=28 if self.following else 0)
        )
        self.people = {one.pk: one for one in wanted.people}
        self.rooms = {one.pk: one for one in wanted.rooms or ()}
        self.known = availability.agendas(
            site,
            from_at=from_at,
            until_at=until_at,
            now=wanted.now,
            practitioner_ids=list(self.people),
            room_ids=list(self.rooms),
            patient_ids={stop.patient.pk for stop in wanted.stops},
            away=wanted.rooms is None,
        )
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

    def on_day(self, stops: Sequence[Stop], day: date) -> list[Sitting]:
        span = tuple(minute_of(at) for at in availability.day_span(self.wanted.site, day, day))
        return self._between(stops, span, day, self.step)

    def series(self, first: Sitting) -> Series:
        """Place the sittings that follow, each on the day common to all windows nearest to the plan of the first patient.

        One after the other, each as near as it can be: not the best of all series, but every day is inside the window
        of every session, measured from the days chosen before.
        """
        zone = self.wanted.site.zone
        sittings, days = [first], [local_day(first.starts_at, zone)]
        sessions = [stop.planned_session for stop in self.wanted.stops]
        for stops in self.following[: self.wanted.sittings - 1]:
            planned = [stop.planned_session for stop in stops]
            shifts = [days[-1] - before.due_on for before in sessions]
            opens = max(one.earliest_on + shift for one, shift in zip(planned, shifts, strict=True))
            closes = min(one.latest_on + shift for one, shift in zip(planned, shifts, strict=True))
            chosen = self._nearest(stops, opens, closes, planned[0].due_on, first)
            if chosen is None:
                return Series(tuple(sittings), _no_common_time(len(sittings) + 1, opens, closes))
            sittings.append(chosen)
            days.append(local_day(chosen.starts_at, zone))
            sessions = planned
        missing = self.wanted.sittings - len(sittings)
        words = _("The plans have only %(count)s sessions for everybody to book.") % {"count": len(sittings)}
        return Series(tuple(sittings), words if missing > 0 else "")

    def _nearest(self, stops, opens: date, closes: date, target: date, first: Sitting) -> Sitting | None:
        target = min(max(target, opens), closes)
        days = [opens + timedelta(days=n) for n in range((closes - opens).days + 1)]
        zone, people = self.wanted.site.zone, [seat.practitioner for seat in first.seats]
        clock = first.starts_at.astimezone(zone)

        def cost(one: Sitting) -> tuple[int, int]:
            local = one.starts_at.astimezone(zone)
            apart = abs((local.hour - clock.hour) * 60 + local.minute - clock.minute)
            return sum(seat.practitioner not in people for seat in one.seats), apart

        for day in sorted(days, key=lambda day: (abs(day - target), day)):
            if found := self.on_day(stops, day):
                return min(found, key=cost)
        return None

    def _between(self, stops: Sequence[Stop], span: tuple[int, int], day: date, step: int) -> list[Sitting]:
        people = {
            key: self.known.practitioners[key]
            for key, one in self.people.items()
            if one.last_day_on is None or one.last_day_on >= day
        }
        if self.wanted.way is Way.AT_ONCE:
            return self._side_by_side(stops, people, span, step)
        found: dict[int, Sitting] = {}
        for key, agenda in people.items():
            if all(availability.treats(self.people[key], stop.patient.species_id) for stop in stops):
                for sitting in self._one_after_another(stops, self.people[key], agenda, span, step):
                    found.setdefault(minute_of(sitting.starts_at), sitting)
        return [found[minute] for minute in sorted(found)]

    def _one_after_another(self, stops, person: Practitioner, agenda: Agenda, span, step: int) -> Iterable[Sitting]:
        visits = [engine.Stop(stop.minutes, self.known.patients[stop.patient.pk]) for stop in stops]
        total = sum(stop.minutes for stop in stops)
        starts = engine.round_starts(agenda, visits, between=span)
        free_rooms = {key: room.free_intervals(span) for key, room in self.known.rooms.items()}
        if self.wanted.rooms is not None:
            anywhere = merge(one for free in free_rooms.values() for one in starts_of(free, total))
            starts = intersect(starts, anywhere)
        for first, end in starts:
            for start in range(-(-max(first, self.not_before) // step) * step, end, step):
                rooms = (key for key in self.rooms if contains(free_rooms[key], start, start + total))
                room = self.rooms.get(next(rooms, 0))
                times = engine.back_to_back(start, [stop.minutes for stop in stops])
                seats = [Seat(stop, person, room, instant_of(a)) for stop, (a, _b) in zip(stops, times, strict=True)]
                yield Sitting(tuple(seats))

    def _side_by_side(self, stops, people: dict[int, Agenda], span, step: int) -> list[Sitting]:
        if len({stop.patient.pk for stop in stops}) < len(stops):
            return []
        guests = [
            engine.Guest(
                stop.minutes,
                tuple(key for key in people if availability.treats(self.people[key], stop.patient.species_id)),
                self.known.patients[stop.patient.pk],
            )
            for stop in stops
        ]
        rooms = None if self.wanted.rooms is None else self.known.rooms
        times = engine.side_by_side(guests, people, rooms, between=span, step_minutes=step, not_before=self.not_before)
        return [
            Sitting(
                tuple(
                    Seat(stop, self.people[who], self.rooms.get(where or 0), instant_of(time.start))
                    for stop, who, where in zip(stops, time.practitioners, time.rooms, strict=True)
                )
            )
            for time in times
        ]


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
    return _("On this day no time is free for all of them together. Choose another day, or another way.")


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


def _following(wanted: Wanted) -> list[tuple[Stop, ...]]:
    """Give, time after time, the sessions of everybody that follow those of the first sitting. One SQL statement."""
    if not all(stop.planned_session for stop in wanted.stops):
        return []
    keys = [stop.planned_session.course_id for stop in wanted.stops]
    rows = PlannedSession.objects.filter(course__in=keys, status=PlannedStatus.PLANNED)
    by_course: dict[int, list[PlannedSession]] = defaultdict(list)
    for row in rows.exclude(why__in=[LEFT_OPEN, OUT_OF_PLAN]).select_related("course").order_by("number"):
        by_course[row.course_id].append(row)
    queues = [
        [row for row in by_course[stop.planned_session.course_id] if row.number > stop.planned_session.number]
        for stop in wanted.stops
    ]
    together = list(zip(*queues, strict=False))[:MOST_SITTINGS]
    return [
        tuple(
            replace(stop, planned_session=row, minutes=row.minutes or stop.minutes, outside_window_reason="")
            for stop, row in zip(wanted.stops, group, strict=True)
        )
        for group in together
    ]


def _last_day(stops: Iterable[Stop]) -> date:
    return max(stop.planned_session.latest_on for stop in stops)
