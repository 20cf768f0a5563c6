"""What follows when one session of a course is moved, cancelled, left out or missed: three futures to choose from.

*Only*: what follows stays where it is. *Shift*: every visit that follows moves by the same days, to the nearest free
time. *Replan*: `series.propose` chooses the best times for all of them at once, around the days the planner now gives
them. Pure: frozen values in and out, days local to the site, minutes as in `slots.py`, and no clock. Source: DESIGN.md
section 5, "Moving".
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from protocols.cadence import Gap
from sessions.scheduling.hours import days_between
from sessions.scheduling.openings import NO_ROOM, Openings, Time, find_openings
from sessions.scheduling.planning import PlannedDay, SessionState
from sessions.scheduling.series import propose
from sessions.scheduling.slots import Agenda, Span, Wanted, free_spans
from sessions.scheduling.walltime import day_end, day_start, instant_of, wall_minute_clamped
from sessions.scheduling.windows import Tolerance
from sessions.scheduling.wishes import Need, Slot, Wishes

DAYS_AROUND = 14  # so far from the day aimed at a time is looked for when its window has none
DAYS_AFTER = 42  # so much later the rest may be planned anew

Plan = Callable[[Sequence[SessionState]], Sequence[PlannedDay]]


class Future(StrEnum):
    ONLY = "only"
    SHIFT = "shift"
    REPLAN = "replan"


@dataclass(frozen=True)
class Visit:
    """A booked session. `stays`: it is not moved along (it is part of a round, or has begun)."""

    number: int
    start: int
    minutes: int
    practitioner: int
    away: bool = False
    stays: bool = False
    room: int = NO_ROOM

    def on(self, zone: ZoneInfo) -> date:
        return instant_of(self.start).astimezone(zone).date()


@dataclass(frozen=True)
class Step:
    """An open session behind the changed one: its day and window in this future, its visit now and then."""

    day: PlannedDay
    visit: Visit | None = None
    then: Visit | None = None
    is_stuck: bool = False  # it should have moved, but no time was found

    @property
    def number(self) -> int:
        return self.day.number

    @property
    def is_moved(self) -> bool:
        return self.visit != self.then

    def fits(self, zone: ZoneInfo, today: date) -> bool:
        """Say whether its visit lies in its window; a window that has passed has no end."""
        if self.then is None:
            return True
        last_on = date.max if self.day.latest_on < today else max(self.day.latest_on, self.day.due_on)
        return self.day.earliest_on <= self.then.on(zone) <= last_on


def booked_instead(states: Iterable[SessionState], booked_on: Mapping[int, date | None]) -> list[SessionState]:
    """Give the states as they would be with other bookings; None means not booked. Others stay as they are."""
    return [replace(one, booked_on=booked_on.get(one.number, one.booked_on)) for one in states]


class FreeTimes:
    """When whom the visits need is free: practitioners and rooms of a site, and the patient.

    `rooms` of None means none is needed. Starts count in steps from the opening of the hours; a time that a visit has
    now, on another day, will do as well.
    """

    def __init__(
        self,
        practitioners: Mapping[int, Agenda],
        rooms: Mapping[int, Agenda] | None,
        patient: Agenda,
        *,
        between: tuple[int, int],
        not_before: int,
        step_minutes: int,
        zone: ZoneInfo,
    ) -> None:
        self.practitioners, self.rooms, self.patient = practitioners, rooms, patient
        self.between, self.not_before, self.step, self.zone = between, not_before, step_minutes, zone
        self._spans: dict[int, dict[int, list[Span]]] = {}

    def near(self, visit: Visit, day: date, practitioner: int) -> int | None:
        """Give the start on a day nearest to the visit's time of day, the earlier of two equally near; None without."""
        target = wall_minute_clamped(day, instant_of(visit.start).astimezone(self.zone).time(), self.zone)
        first, last = day_start(day, self.zone), day_end(day, self.zone) - 1
        starts = list(self._starts(visit.minutes, practitioner, max(first, self.not_before), last, target))
        return min(starts, key=lambda start: (abs(start - target), start), default=None)

    def openings(self, lengths: Iterable[int], days: Iterable[date]) -> Openings:
        """Find where sessions of these lengths could begin on these days."""
        time = Time(self.practitioners, self.patient, self.rooms)
        return find_openings(time, lengths, days, self.zone, step_minutes=self.step, not_before=self.not_before)

    def may_stay(self, visit: Visit) -> bool:
        """Say whether nobody is away at the time a visit has now; hours and other visits are not looked at."""
        agendas = [self.practitioners.get(visit.practitioner), (self.rooms or {}).get(visit.room), self.patient]
        against = [span for one in agendas if one for span in (*one.absences, *one.closures)]
        return not any(start < visit.start + visit.minutes and visit.start < end for start, end in against)

    def _starts(self, minutes: int, practitioner: int, first: int, last: int, target: int) -> Iterator[int]:
        if minutes not in self._spans:
            wanted = Wanted(minutes, self.between, patient=self.patient, rooms=self.rooms)
            self._spans[minutes] = free_spans(self.practitioners, wanted)
        spans = self._spans[minutes].get(practitioner, [])
        for span in spans[max(bisect_right(spans, first, key=lambda one: one.first) - 1, 0) :]:
            if span.first > last:
                return
            low, high = max(span.first, first), min(span.last, last)
            if low <= target <= high:
                yield target
            early = low + (span.opens_at - low) % self.step
            late = high - (high - span.opens_at) % self.step
            aimed = target - (target - span.opens_at) % self.step
            for start in (early, late, aimed, aimed + self.step):
                if low <= start <= high:
                    yield start


@dataclass(frozen=True)
class Anew:
    """What the rest is planned anew by: the gaps and their tolerance, the patient's wishes, a session's usual length."""

    gap_of: Callable[[int], Gap | None]
    tolerance: Tolerance
    wishes: Wishes
    session_min: int


@dataclass(frozen=True)
class Ripple:
    """A change of session `number` of a course, and all that decides about what follows.

    `states` are those after the change; `visits` the bookings behind it by number, as they are now. `shift_days` is by
    how much the session moved; where it was called off, missed or left out, the way to the visit that follows, which
    then takes its place: `shifted_on` is the day from which what follows is measured. `plan` is the planner.
    """

    number: int
    states: Sequence[SessionState]
    visits: Mapping[int, Visit]
    shift_days: int
    shifted_on: date
    plan: Plan
    free: Mapping[bool, FreeTimes]  # at the clinic (False) and away from it (True)
    zone: ZoneInfo
    today: date
    anew: Anew

    def follow(self, future: Future) -> list[Step]:
        """List what becomes of every open session behind the changed one, ascending by number."""
        if future is Future.ONLY:
            return [
                Step(day, self.visits.get(day.number), self.visits.get(day.number))
                for day in self.plan(self.states)
                if day.number > self.number
            ]
        if future is Future.REPLAN:
            return self._planned_anew()
        steps: list[Step] = []
        booked: dict[int, date | None] = dict.fromkeys(self.visits)
        states, after_on = self._measured_from()
        for number in sorted(self.visits):
            days = {day.number: day for day in self.plan(booked_instead(states, booked))}
            if number not in days:
                continue
            step = self._step(days[number], self.visits[number], after_on)
            steps.append(step)
            booked[number] = after_on = (step.then or self.visits[number]).on(self.zone)
        return self._steps(steps, booked_instead(states, booked))

    def _steps(self, chosen: Iterable[Step], states: Sequence[SessionState]) -> list[Step]:
        """Give every open session behind the changed one the day and window it has once the rest is as chosen."""
        by_number = {step.number: step for step in chosen}
        days = [day for day in self.plan(states) if day.number > self.number]
        return [replace(by_number[day.number], day=day) if day.number in by_number else Step(day) for day in days]

    @property
    def _own(self) -> SessionState:
        return next(one for one in self.states if one.number == self.number)

    def _measured_from(self) -> tuple[Sequence[SessionState], date]:
        """Give the states that what follows is shifted behind, and the day of the changed session in them."""
        own = self._own
        if own.booked_on is not None:
            return self.states, own.booked_on
        shifted = replace(own, due_on=self.shifted_on, booked_on=None if own.is_skipped else self.shifted_on)
        return [shifted if one is own else one for one in self.states], self.shifted_on

    def _step(self, day: PlannedDay, visit: Visit, after_on: date) -> Step:
        now_on = visit.on(self.zone)
        target_on = now_on + timedelta(days=self.shift_days)
        if visit.stays or target_on == now_on > after_on:
            return Step(day, visit, visit)
        then = self._best(day, visit, target_on, after_on)
        return Step(day, visit, then or visit, is_stuck=then is None)

    def _best(self, day: PlannedDay, visit: Visit, target_on: date, after_on: date) -> Visit | None:
        """Choose the time: inside the window, with the same practitioner, near the day aimed at, at the same hour."""
        free = self.free[visit.away]
        last_on = max(day.latest_on, day.due_on)
        colleagues = [one for one in free.practitioners if one != visit.practitioner]
        first_on = max(after_on + timedelta(days=1), self.today)
        days = [target_on + timedelta(days=n) for n in range(-DAYS_AROUND, DAYS_AROUND + 1)]
        days = sorted(
            (on for on in days if on >= first_on), key=lambda on: (abs((on - target_on).days), on < target_on)
        )
        inside = [on for on in days if day.earliest_on <= on <= last_on]
        outside = [on for on in days if on not in inside]
        for these, people in ((inside, [visit.practitioner]), (inside, colleagues), (outside, [visit.practitioner])):
            for on in these:
                found = [(start, who) for who in people if (start := free.near(visit, on, who)) is not None]
                if found:
                    wall = wall_minute_clamped(on, instant_of(visit.start).astimezone(self.zone).time(), self.zone)
                    start, who = min(found, key=lambda one: (abs(one[0] - wall), one))
                    return replace(visit, start=start, practitioner=who)
        return None

    # --- the rest planned anew

    def _planned_anew(self) -> list[Step]:
        """Solve for all that follows at once. A visit on the same day stays as it is; one without a time, too."""
        days = {day.number: day for day in self.plan(booked_instead(self.states, dict.fromkeys(self._loose)))}
        needs = self._needs(days)
        openings = self._openings(needs)
        stuck: set[int] = set()
        while True:
            solved = propose(needs, openings, self.anew.wishes, tolerance=self.anew.tolerance)
            slots = {choice.number: choice.slot for choice in solved.choices}
            lost = {number for number in self._loose if number in slots and slots[number] is None}
            if not lost:
                break
            stuck |= lost
            needs = [self._standing(need) if need.number in lost else need for need in needs]
        steps = [
            Step(days[number], visit, self._then(visit, slots.get(number)), is_stuck=number in stuck)
            for number, visit in sorted(self.visits.items())
            if number in days
        ]
        booked = {step.number: step.then.on(self.zone) for step in steps if step.then}
        return self._steps(steps, booked_instead(self.states, booked))

    @property
    def _loose(self) -> dict[int, Visit]:
        return {number: visit for number, visit in self.visits.items() if not visit.stays}

    def _then(self, visit: Visit, slot: Slot | None) -> Visit:
        if slot is None:
            return visit
        moved = replace(visit, start=slot.start, practitioner=slot.practitioner, room=slot.room)
        is_as_good = moved.on(self.zone) == visit.on(self.zone) and self.free[visit.away].may_stay(visit)
        return visit if is_as_good else moved

    def _needs(self, days: Mapping[int, PlannedDay]) -> list[Need]:
        """Say what the engine is to place: from the changed session to the last one booked, one not booked as well."""
        own = self._own
        stands_on = own.booked_on or (own.due_on if own.is_skipped else None)
        first = days.get(own.number)
        if stands_on is None and first is not None:
            latest_on = date.max if first.latest_on < self.today else max(first.latest_on, first.due_on)
            needs = [replace(self._need(first, None), gap=None, window=(first.earliest_on, latest_on))]
        else:
            on = stands_on or self.today
            needs = [Need(own.number, on, self.anew.session_min, on, on, stands_on=on)]
        known = {one.number: one for one in self.states}
        for number in range(own.number + 1, max(self.visits) + 1):
            state = known.get(number, SessionState(number))
            if number in days:
                need = self._need(days[number], self.visits.get(number))
                booked_on = state.booked_on if number not in self._loose else None
                needs.append(replace(need, stands_on=booked_on, held_to_window=True) if booked_on else need)
            elif state.is_skipped and state.due_on is not None:
                on = state.due_on
                needs.append(Need(number, on, self.anew.session_min, on, on, stands_on=on))
        return needs

    def _need(self, day: PlannedDay, visit: Visit | None) -> Need:
        first_on, last_on = day.due_on - timedelta(days=DAYS_AROUND), day.due_on + timedelta(days=DAYS_AFTER)
        if visit is not None:
            first_on, last_on = min(first_on, visit.on(self.zone)), max(last_on, visit.on(self.zone))
        return Need(
            number=day.number,
            due_on=day.due_on,
            minutes=visit.minutes if visit else day.minutes or self.anew.session_min,
            first_on=max(self.today, first_on),
            last_on=last_on,
            gap=self.anew.gap_of(day.number),
            has=Slot(visit.start, visit.practitioner, visit.room) if visit else None,
            may_stay=visit is not None and self.free[visit.away].may_stay(visit),
            is_away=visit.away if visit else False not in self.free,
        )

    def _standing(self, need: Need) -> Need:
        on = self.visits[need.number].on(self.zone)
        return replace(need, stands_on=on, held_to_window=True, has=None)

    def _openings(self, needs: Sequence[Need]) -> Openings:
        found = {}
        for away, free in self.free.items():
            asked = [need for need in needs if need.stands_on is None and need.is_away == away]
            days = {day for need in asked for day in days_between(need.first_on, need.last_on)}
            found[away] = free.openings({need.minutes for need in asked}, days)
        here = found.get(False) or Openings(self.zone, 1, {})
        return replace(here, elsewhere=found.get(True))
