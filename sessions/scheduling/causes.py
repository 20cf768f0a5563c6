"""Why a session of a proposed series is not on its target day, or has no time at all: the cause, not yet in words."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from zoneinfo import ZoneInfo

from sessions.scheduling.hours import days_between
from sessions.scheduling.intervals import Interval, merge, subtract
from sessions.scheduling.openings import Opening, Openings, Time
from sessions.scheduling.series import Choice
from sessions.scheduling.slots import Agenda
from sessions.scheduling.walltime import day_end, day_start, local_day_of
from sessions.scheduling.wishes import Need, Slot, Wish, Wishes, wished_starts


class Cause(StrEnum):
    """What stood against a day, in the order in which it is asked about."""

    PAST = "past"
    CLOSED = "closed"  # a closure or a public holiday
    BLOCKED = "blocked"  # the patient cannot come
    WEEKDAY = "weekday"  # not a weekday asked for
    NOT_OPEN = "not_open"  # nobody (or not the one wished for) works that weekday
    AWAY = "away"
    FULL = "full"  # every time is taken
    TIME = "time"  # free, but not at the hours asked for
    ROOM = "room"  # free, but not in the room asked for
    ROOM_AT_HOURS = "room-at-hours"  # free in the room asked for and at the hours asked for, but not in both at once
    PATIENT_BUSY = "patient_busy"  # the patient has another visit
    FOLLOWS = "follows"  # free, but outside the window after the session before
    NEXT_BOOKED = "next-booked"  # free, but the booked session behind it would be outside its window
    WISHES = "wishes"  # free, but something wished for is better met on another day
    NO_SUCH_DAY = "no-such-day"  # its window has no weekday asked for
    ASKED_FOR = "asked-for"  # back with the one wished for
    STAYED = "stayed"  # the session before is with the same one
    STAYS = "stays"  # the session after it is with the same one


@dataclass(frozen=True)
class Why:
    """The cause that stood against a day. `from_on`/`until_on` say how long it lasts, where that is known."""

    cause: Cause
    on: date
    practitioner: int | None = None
    from_on: date | None = None
    until_on: date | None = None


@dataclass(frozen=True)
class Facts:
    """What is known of the time looked at. `first_minute` is the earliest a visit may begin."""

    time: Time
    openings: Openings
    wishes: Wishes
    first_minute: int

    @property
    def zone(self) -> ZoneInfo:
        return self.openings.zone


def whys(choice: Choice, need: Need, facts: Facts, after: Need | None = None) -> tuple[Why, ...]:
    """Say what stood against the target day of a session, then against each wish its time does not meet.

    Empty when it is on that day, at wished-for times. `after` is the session behind it.
    """
    if choice.slot is None:
        return (_off_target(choice, need, facts, after),)
    found = [_off_target(choice, need, facts, after)] if choice.on != need.due_on else []
    found += [one for wish in choice.broken if (one := _against(wish, choice, choice.slot, need, facts))]
    return tuple(dict.fromkeys(found))


def _off_target(choice: Choice, need: Need, facts: Facts, after: Need | None) -> Why:
    found = why_not_on(need.due_on, need, facts, choice.window)
    if found.cause is not Cause.WISHES:
        return found
    if after is not None and after.stands_on is not None and after.held_to_window:
        return Why(Cause.NEXT_BOOKED, after.stands_on)
    weekdays = facts.wishes.weekdays
    if weekdays and need.due_on.isoweekday() not in weekdays:
        return Why(Cause.WEEKDAY, need.due_on)
    return _unmet(need.due_on, need, facts, _asked_for(facts)) or found


def _against(wish: Wish, choice: Choice, slot: Slot, need: Need, facts: Facts) -> Why | None:
    """Say what stood against one wish on the day chosen; None when nothing of that day did."""
    if wish is Wish.WEEKDAY:
        return _against_weekdays(choice, need, facts)
    if wish is Wish.PRACTITIONER:
        return _against_person(choice, slot, need, facts, facts.wishes.practitioner)
    if wish is Wish.SAME_PRACTITIONER:
        return _against_staying(choice, slot, need, facts)
    return _unmet(choice.on, need, facts, {slot.practitioner})


def _against_weekdays(choice: Choice, need: Need, facts: Facts) -> Why | None:
    """Look at the weekday wished for that is nearest to the target, inside the window where there is one."""
    first, last = choice.window or (need.first_on, need.last_on)
    first, last = max(first, need.first_on), min(last, need.last_on)
    wished = [day for day in days_between(first, last) if day.isoweekday() in facts.wishes.weekdays]
    if not wished:
        return Why(Cause.NO_SUCH_DAY, choice.on, None, first, last) if first <= last else None
    day = min(wished, key=lambda one: abs(one - need.due_on))
    found = why_not_on(day, need, facts)
    return found if found.cause is not Cause.WISHES else _unmet(day, need, facts, _asked_for(facts))


def _against_person(choice: Choice, slot: Slot, need: Need, facts: Facts, who: int | None) -> Why | None:
    """Say why somebody does not treat on the day chosen: who is free all the same was left for the sake of a neighbour."""
    agenda = facts.time.practitioners.get(who or 0)
    if who is None or agenda is None:
        return None
    span = (day_start(choice.on, facts.zone), day_end(choice.on, facts.zone))
    found = _by_people(choice.on, span, need, facts, {who: agenda}) or _unmet(choice.on, need, facts, {who})
    neighbour = Cause.STAYED if choice.before_with == slot.practitioner else Cause.STAYS
    return found or Why(neighbour, choice.on, slot.practitioner)


def _against_staying(choice: Choice, slot: Slot, need: Need, facts: Facts) -> Why | None:
    """Say why the practitioner of the session before is not kept."""
    if slot.practitioner == facts.wishes.practitioner:
        return Why(Cause.ASKED_FOR, choice.on, slot.practitioner)
    if choice.before_with == facts.wishes.practitioner:
        return None
    return _against_person(choice, slot, need, facts, choice.before_with)


def _unmet(
    day: date, need: Need, facts: Facts, people: Collection[int], asked: Collection[Wish] = (Wish.ROOM, Wish.TIME)
) -> Why | None:
    """Say what stood on a day against the room or the hours asked for, where no time of it would meet them.

    Whose time it is about is named where somebody else's would.
    """

    def in_room(one: Opening) -> bool:
        return Wish.ROOM not in asked or not facts.wishes.room or facts.wishes.room in one.rooms

    def in_hours(one: Opening) -> bool:
        return Wish.TIME not in asked or _in_hours(one.first, one.last, day, need, facts)

    everybody = facts.openings.on(need.minutes, day.toordinal())
    free = [one for one in everybody if one.practitioner in people]
    for cause, will_do in ((Cause.ROOM, in_room), (Cause.TIME, in_hours)):
        if not any(map(will_do, free)):
            return Why(cause, day, _lone(people) if any(map(will_do, everybody)) else None)
    return None if any(in_room(one) and in_hours(one) for one in free) else Why(Cause.ROOM_AT_HOURS, day)


def _lone(people: Collection[int]) -> int | None:
    return next(iter(people)) if len(people) == 1 else None


def why_not_on(day: date, need: Need, facts: Facts, window: tuple[date, date] | None = None) -> Why:
    """Name the cause that stands against a day for a session."""
    span = (day_start(day, facts.zone), day_end(day, facts.zone))
    if span[1] <= facts.first_minute:
        return Why(Cause.PAST, day)
    people = _asked_for(facts)
    for agenda in people.values():
        if found := _covering(agenda.closures, span, facts.zone):
            return Why(Cause.CLOSED, day, None, *found)
    if found := _covering(facts.time.patient.absences, span, facts.zone):
        return Why(Cause.BLOCKED, day, None, *found)
    wishes = facts.wishes
    if Wish.WEEKDAY in wishes.only and wishes.weekdays and day.isoweekday() not in wishes.weekdays:
        return Why(Cause.WEEKDAY, day)
    return _by_people(day, span, need, facts, people) or _free_all_the_same(day, window)


def _asked_for(facts: Facts) -> Mapping[int, Agenda]:
    """The one wished for, else everybody."""
    wished = facts.wishes.practitioner
    everybody = facts.time.practitioners
    return {wished: everybody[wished]} if wished is not None and wished in everybody else everybody


def _by_people(day: date, span: Interval, need: Need, facts: Facts, people: Mapping[int, Agenda]) -> Why | None:
    named = next(iter(people)) if len(people) == 1 else None
    working = {one: agenda for one, agenda in people.items() if _hours(agenda, span)}
    if not working:
        return Why(Cause.NOT_OPEN, day, named)
    there = {one: agenda for one, agenda in working.items() if agenda.open_intervals(span)}
    if not there:
        one, agenda = next(iter(working.items()))
        met = _meeting(agenda.absences, span, facts.zone)
        return Why(Cause.AWAY, day, one if len(working) == 1 else None, *(met or (None, None)))
    free = [opening for opening in facts.openings.on(need.minutes, day.toordinal()) if opening.practitioner in people]
    if not free:
        lone = next(iter(there)) if len(there) == 1 and len(people) == 1 else None
        return Why(_no_opening(there, span, need, facts), day, lone)
    return _unmet(day, need, facts, people, facts.wishes.only)


def _hours(agenda: Agenda, span: Interval) -> bool:
    return agenda.hours is None or any(one[0] < span[1] and span[0] < one[1] for one in agenda.hours)


def _no_opening(there: Mapping[int, Agenda], span: Interval, need: Need, facts: Facts) -> Cause:
    """Tell a full day from one on which only the patient, or no room, is in the way."""
    long_enough = [
        one for agenda in there.values() for one in agenda.free_intervals(span) if one[1] - one[0] >= need.minutes
    ]
    if not long_enough:
        return Cause.FULL
    away = merge(facts.time.patient.absences)
    if not [one for one in subtract(merge(long_enough), away) if one[1] - one[0] >= need.minutes]:
        return Cause.BLOCKED
    mine = merge(facts.time.patient.booked)
    left = [one for one in subtract(merge(long_enough), mine) if one[1] - one[0] >= need.minutes]
    return Cause.FULL if left else Cause.PATIENT_BUSY


def _in_hours(first: int, last: int, day: date, need: Need, facts: Facts) -> bool:
    wished = wished_starts(need.minutes, day, facts.zone, facts.wishes)
    return wished is None or (first <= wished[1] and last >= wished[0])


def _free_all_the_same(day: date, window: tuple[date, date] | None) -> Why:
    if window is not None and not window[0] <= day <= window[1]:
        return Why(Cause.FOLLOWS, day, None, *window)
    return Why(Cause.WISHES, day)


def _covering(spans: Sequence[Interval], day: Interval, zone: ZoneInfo) -> tuple[date, date] | None:
    """Give the first and last day of the span that covers a whole day."""
    for start, end in merge(spans):
        if start <= day[0] and day[1] <= end:
            return local_day_of(start, zone), local_day_of(end - 1, zone)
    return None


def _meeting(spans: Sequence[Interval], day: Interval, zone: ZoneInfo) -> tuple[date, date] | None:
    for start, end in merge(spans):
        if start < day[1] and day[0] < end:
            return local_day_of(start, zone), local_day_of(end - 1, zone)
    return None
