"""Propose times for the sessions of a course: read what decides, ask the engine, and say what came of it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import zip_longest

from mesoclinic.core.localtime import day_bounds, local_day
from patients.models import Place
from sessions.models import Appointment, BookingPreference, Course, PlannedSession, Practitioner, Room
from sessions.models.appointments import IS_LIVE
from sessions.models.courses import LEFT_OPEN, OUT_OF_PLAN, PlannedStatus
from sessions.models.preferences import Strength
from sessions.queries import availability, room_choice
from sessions.queries.blocked import BlockedTime
from sessions.queries.licences import may_give, while_here
from sessions.queries.plans import CoursePlan, course_plan, window
from sessions.scheduling.causes import Facts, Why, whys
from sessions.scheduling.hours import days_between
from sessions.scheduling.openings import Time, find_openings
from sessions.scheduling.series import Choice, Proposal, propose
from sessions.scheduling.walltime import instant_of, minute_of
from sessions.scheduling.wishes import NOON, Need, Slot, Wish, Wishes

# Days before and after the targets looked at, one after the other until nothing further away could be better.
ON_TARGET, NEAR, FAR = (0, 0), (3, 7), (14, 42)
FURTHEST = timedelta(days=3 * 366)
ALTERNATIVES = 3


@dataclass(frozen=True)
class Pin:
    """A time somebody chose for a session: the others are solved around it."""

    number: int
    starts_at: datetime
    practitioner_id: int
    room_id: int


@dataclass(frozen=True)
class Line:
    """One session of a proposal with whom and where; `starts_at` is None when no time was found.

    `whys` begin with what stood against its target day, when it is not on it.
    """

    planned: PlannedSession
    choice: Choice
    whys: tuple[Why, ...]
    practitioner: Practitioner | None = None
    room: Room | None = None
    starts_at: datetime | None = None
    is_pinned: bool = False
    wished_with: int | None = None

    @property
    def number(self) -> int:
        return self.choice.number

    @property
    def why(self) -> Why | None:
        return next(iter(self.whys), None)


@dataclass(frozen=True)
class Relaxed:
    """What would come of a condition being dropped. `days` are the weekdays that would have to be allowed too."""

    wish: Wish
    inside: int
    unplaced: int
    days: tuple[int, ...] = ()
    practitioners: tuple[Practitioner, ...] = ()


@dataclass(frozen=True)
class Found:
    """A proposal with everything needed to ask the engine again."""

    plan: CoursePlan
    needs: tuple[Need, ...]
    facts: Facts
    proposal: Proposal
    people: Mapping[int, Practitioner]
    rooms: Mapping[int, Room]
    place: Place | None
    blocked: tuple[BlockedTime, ...] = ()

    @property
    def course(self) -> Course:
        return self.plan.course

    def again(self, needs: Sequence[Need] | None = None, wishes: Wishes | None = None) -> Proposal:
        """Solve again with other needs or wishes. No SQL statement."""
        return propose(
            needs or self.needs, self.facts.openings, wishes or self.facts.wishes, tolerance=self.plan.tolerance
        )

    def lines(self, proposal: Proposal | None = None) -> tuple[Line, ...]:
        """Give the lines of the page, one a session."""
        rows = {row.number: row for row in self.plan.sessions}
        needs = {need.number: (need, after) for need, after in zip_longest(self.needs, self.needs[1:])}
        chosen = (proposal or self.proposal).choices
        return tuple(self._line(choice, rows[choice.number], *needs[choice.number]) for choice in chosen)

    def _line(self, choice: Choice, planned: PlannedSession, need: Need, after: Need | None) -> Line:
        causes = whys(choice, need, self.facts, after)
        if choice.slot is None:
            return Line(planned, choice, causes)
        return Line(
            planned,
            choice,
            causes,
            self.people[choice.slot.practitioner],
            self.rooms.get(choice.slot.room),
            instant_of(choice.slot.start),
            need.pinned is not None,
            self.facts.wishes.practitioner,
        )


def find_series(
    course: Course,
    preference: BookingPreference,
    *,
    now: datetime,
    place: Place | None = None,
    pins: Collection[Pin] = (),
    count: int | None = None,
    look_far: bool = False,
) -> Found | None:
    """Propose the best series for the sessions of a course still to book; None when there are none.

    All sessions of its fixed phases, else the next one, or `count` of them. Fifteen SQL statements, or twenty, or
    twenty-five, and five more each time for a horse that competes: the time on the targets is read first, and further away only where that could be better.
    """
    plan = course_plan(course)
    today = local_day(now, course.site.zone)
    chain = _chain(plan, count)
    if not chain:
        return None
    people = _people(course, today, [preference.practitioner_id])
    will_do = [] if place else room_choice.fitting(availability.rooms(course.site), course.patient.species)
    rooms = {room.pk: room for room in will_do}
    visits = _visits(course)
    chain = _with_next(plan, chain, visits, today)
    wishes = engine_wishes(preference, course)
    found = None
    for before, after in (FAR,) if look_far else (ON_TARGET, NEAR, FAR):
        needs = _needs(plan, chain, visits, pins, today, before, after)
        time, blocked = _time(course, needs, people, rooms, place, now)
        time = less_absent(time, people, course)
        facts = _facts(course, needs, time, wishes, now)
        proposal = propose(needs, facts.openings, wishes, tolerance=plan.tolerance)
        found = Found(plan, tuple(needs), facts, proposal, people, rooms, place, blocked)
        if proposal.is_certain(before):
            break
    return found


def engine_wishes(preference: BookingPreference, course: Course) -> Wishes:
    """Give the wishes as the engine takes them; whoever leads the course is wished for when nobody else is."""
    conditions = {
        Wish.WEEKDAY: (preference.weekday_bits, preference.weekdays_are),
        Wish.TIME: (preference.from_time or preference.until_time, preference.times_are),
        Wish.PRACTITIONER: (preference.practitioner_id, preference.practitioner_is),
        Wish.ROOM: (preference.room_id, preference.room_is),
    }
    return Wishes(
        weekdays=preference.weekdays,
        from_time=preference.from_time,
        until_time=preference.until_time,
        practitioner=preference.practitioner_id or course.lead_practitioner_id,
        room=preference.room_id,
        only=frozenset(wish for wish, (given, how) in conditions.items() if given and how == Strength.ONLY),
    )


def alternatives(found: Found, number: int, count: int = ALTERNATIVES) -> list[tuple[Line, Proposal]]:
    """Give other times for one session, the best first, each with the whole series solved around it. No SQL.

    They differ by day, or by the half of the day.
    """
    zone = found.facts.zone
    current = next((choice for choice in found.proposal.choices if choice.number == number), None)
    if current is None:
        return []
    avoid: set[tuple[date, bool]] = set()
    others: list[tuple[Line, Proposal]] = []
    chosen: Choice | None = current
    while chosen is not None and len(others) < count:
        if chosen.slot is not None:
            starts = instant_of(chosen.slot.start).astimezone(zone)
            avoid.add((chosen.on, starts.time() >= NOON))
        needs = [
            replace(need, pinned=None, avoid=frozenset(avoid)) if need.number == number else need
            for need in found.needs
        ]
        solved = found.again(needs)
        chosen = next(choice for choice in solved.choices if choice.number == number)
        if chosen.slot is None:
            break
        line = next(line for line in found.lines(solved) if line.number == number)
        others.append((line, solved))
    return others


def relaxations(found: Found) -> list[Relaxed]:
    """Say what dropping each condition would bring, where it brings something. No SQL."""
    return [better for wish in Wish if wish in found.facts.wishes.only and (better := _relaxed(found, wish))]


def _relaxed(found: Found, wish: Wish) -> Relaxed | None:
    wishes, now = found.facts.wishes, found.proposal
    if wish is Wish.WEEKDAY:
        tries = [replace(wishes, weekdays=wishes.weekdays | {day}) for day in range(1, 8) if day not in wishes.weekdays]
        tries.append(wishes.without(wish))
    else:
        tries = [wishes.without(wish)]
    solved = [found.again(wishes=one) for one in tries]
    best = min(solved, key=lambda one: (one.unplaced, one.outside))  # the first: one weekday rather than any
    if (best.unplaced, best.outside) >= (now.unplaced, now.outside):
        return None
    placed = [choice for choice in best.choices if choice.slot is not None]
    days = sorted({choice.on.isoweekday() for choice in placed} - wishes.weekdays) if wish is Wish.WEEKDAY else []
    who = {choice.slot.practitioner for choice in placed if choice.slot} - {wishes.practitioner}
    others = tuple(found.people[one] for one in sorted(who)) if wish is Wish.PRACTITIONER else ()
    return Relaxed(wish, best.inside, best.unplaced, tuple(days), others)


# --- reading


def _chain(plan: CoursePlan, count: int | None) -> list[PlannedSession]:
    """The sessions from the last one done to the last one to place, ascending; none when nothing is to book."""
    rows = _rows(plan)
    to_book = [row for row in rows if row.status == PlannedStatus.PLANNED]
    fixed = [row for row in to_book if not _is_open_ended(plan, row)]
    chosen = to_book[:count] if count else fixed or to_book[:1]
    return [row for row in rows if chosen and row.number <= chosen[-1].number]


def _rows(plan: CoursePlan) -> list[PlannedSession]:
    return [row for row in plan.sessions if row.number >= plan.last_done and row.why not in (LEFT_OPEN, OUT_OF_PLAN)]


def _with_next(
    plan: CoursePlan, chain: list[PlannedSession], visits: Mapping[int, tuple[date, int, int]], today: date
) -> list[PlannedSession]:
    """Add the session behind the last one to place when it is booked to come: it is to stay inside its window."""
    after = next((row for row in _rows(plan) if row.number > chain[-1].number), None)
    is_to_come = after is not None and after.pk in visits and visits[after.pk][0] > today
    return [*chain, after] if is_to_come else chain


def _is_open_ended(plan: CoursePlan, row: PlannedSession) -> bool:
    phases = plan.cadence.phases
    return row.revision == plan.revision_row.number and row.phase <= len(phases) and phases[row.phase - 1].is_open_ended


def _people(course: Course, today: date, wished: Collection[int | None]) -> dict[int, Practitioner]:
    """Who may treat the patient and inject, in the clinic's order, and whoever leads. Two SQL statements."""
    rows = availability.practitioners(course.clinic, today, course.patient.species)
    own = [course.lead_practitioner_id, *wished]
    return {row.pk: row for row in rows.distinct() if may_give(row, is_treatment=True, own=own)}


def _visits(course: Course) -> dict[int, tuple[date, int, int]]:
    """Day, practitioner and room of the live visit of each planned session. One SQL statement."""
    rows = Appointment.objects.filter(IS_LIVE, planned_session__course=course)
    return {
        planned: (local_day(starts_at, course.site.zone), practitioner, room or 0)
        for planned, starts_at, practitioner, room in rows.values_list(
            "planned_session_id", "starts_at", "practitioner_id", "room_id"
        )
    }


def _needs(
    plan: CoursePlan,
    chain: Sequence[PlannedSession],
    visits: Mapping[int, tuple[date, int, int]],
    pins: Collection[Pin],
    today: date,
    before: int,
    after: int,
) -> list[Need]:
    pinned = {pin.number: Slot(minute_of(pin.starts_at), pin.practitioner_id, pin.room_id) for pin in pins}
    needs = []
    is_first = True
    for row in chain:
        visit = visits.get(row.pk)
        stands_on = row.performed_on or (visit[0] if visit else None) or (row.due_on if row.is_skipped else None)
        need = Need(
            number=row.number,
            due_on=row.due_on,
            minutes=row.minutes or plan.course.clinic.session_min,
            first_on=max(today, row.due_on - timedelta(days=before)),
            last_on=min(max(today, row.due_on) + timedelta(days=after), today + FURTHEST),
            stands_on=stands_on,
            stands_with=visit[1:] if visit else None,
            held_to_window=visit is not None and visit[0] >= today,
            pinned=pinned.get(row.number),
        )
        if stands_on is None and is_first:  # its window is the plan's: a late one is not late again
            need, is_first = replace(need, window=window(row, today), late_after=row.latest_on), False
        elif row.number >= plan.revision.first_number:
            need = replace(need, gap=plan.revision.gap_of(row.number))
        needs.append(need)
    return needs


def _time(
    course: Course,
    needs: Sequence[Need],
    people: Mapping[int, Practitioner],
    rooms: Mapping[int, Room],
    place: Place | None,
    now: datetime,
) -> tuple[Time, tuple[BlockedTime, ...]]:
    """Read the time around the targets, and why the patient is blocked in it. Five SQL statements."""
    zone = course.site.zone
    spans = [
        (day_bounds(need.first_on, zone)[0], day_bounds(need.last_on, zone)[1])
        for need in needs
        if need.stands_on is None
    ]
    known = availability.agendas_at(
        course.site,
        spans=spans,
        now=now,
        practitioner_ids=list(people),
        room_ids=list(rooms),
        patient_ids=[course.patient_id],
        away=place is not None,
    )
    time = Time(known.practitioners, known.patients[course.patient_id], known.rooms if rooms else None)
    return time, known.blocked_of(course.patient_id)


def less_absent(time: Time, people: Mapping[int, Practitioner], course: Course) -> Time:
    """Take out what lies behind somebody's last day, and outside the licence to inject."""
    zone, agendas = course.site.zone, time.practitioners
    here = {key: while_here(one, agendas[key], zone, is_treatment=True) for key, one in people.items()}
    return Time({**agendas, **here}, time.patient, time.rooms)


def _facts(course: Course, needs: Sequence[Need], time: Time, wishes: Wishes, now: datetime) -> Facts:
    open_needs = [need for need in needs if need.stands_on is None]
    days = {day for need in open_needs for day in days_between(need.first_on, need.last_on)}
    first_minute = minute_of(now) + 1
    openings = find_openings(
        time,
        {need.minutes for need in open_needs},
        days,
        course.site.zone,
        step_minutes=course.site.slot_step_min,
        not_before=first_minute,
    )
    return Facts(time, openings, wishes, first_minute)


def lost_pins(found: Found) -> list[int]:
    """List the sessions whose chosen time is no longer free. No SQL."""
    lost = []
    for need in found.needs:
        if need.pinned is None:
            continue
        on = instant_of(need.pinned.start).astimezone(found.facts.zone).date()
        if not any(
            opening.practitioner == need.pinned.practitioner
            and opening.first <= need.pinned.start <= opening.last
            and need.pinned.room in opening.rooms
            for opening in found.facts.openings.on(need.minutes, on.toordinal())
        ):
            lost.append(need.number)
    return lost
