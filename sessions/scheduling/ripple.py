"""What follows when one session of a course is moved, cancelled, left out or missed: three futures to choose from.

*Only*: what follows stays where it is. *Shift*: every visit that follows moves by the same days, to the nearest free
time. *Replan*: each goes to the free time nearest to the day the planner now gives it. Pure: frozen values in and out,
days local to the site, minutes as in `slots.py`, and no clock. Source: DESIGN.md section 5, "Moving".
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from sessions.scheduling.planning import PlannedDay, SessionState
from sessions.scheduling.slots import Agenda, Span, Wanted, free_spans
from sessions.scheduling.walltime import day_end, day_start, instant_of, wall_minute_clamped

DAYS_AROUND = 14  # so far from the day aimed at a time is looked for when its window has none

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

    def follow(self, future: Future) -> list[Step]:
        """List what becomes of every open session behind the changed one, ascending by number."""
        if future is Future.ONLY:
            return [
                Step(day, self.visits.get(day.number), self.visits.get(day.number))
                for day in self.plan(self.states)
                if day.number > self.number
            ]
        steps: list[Step] = []
        booked: dict[int, date | None] = dict.fromkeys(self.visits)
        states, after_on = self._measured_from(future)
        for number in sorted(self.visits):
            days = {day.number: day for day in self.plan(booked_instead(states, booked))}
            if number not in days:
                continue
            step = self._step(days[number], self.visits[number], future, after_on)
            steps.append(step)
            booked[number] = after_on = (step.then or self.visits[number]).on(self.zone)
        chosen = {step.number: step for step in steps}
        days_then = self.plan(booked_instead(states, booked))
        return [
            replace(chosen[day.number], day=day) if day.number in chosen else Step(day)
            for day in days_then
            if day.number > self.number
        ]

    def _measured_from(self, future: Future) -> tuple[Sequence[SessionState], date]:
        """Give the states that what follows is measured from, and the day behind which it is looked for."""
        own = next(one for one in self.states if one.number == self.number)
        if own.booked_on is not None:
            return self.states, own.booked_on
        if future is not Future.SHIFT:
            return self.states, self.today
        shifted = replace(own, due_on=self.shifted_on, booked_on=None if own.is_skipped else self.shifted_on)
        return [shifted if one is own else one for one in self.states], self.shifted_on

    def _step(self, day: PlannedDay, visit: Visit, future: Future, after_on: date) -> Step:
        now_on = visit.on(self.zone)
        target_on = now_on + timedelta(days=self.shift_days) if future is Future.SHIFT else day.due_on
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
