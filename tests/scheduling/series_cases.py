"""Small random series, and the slow and obvious way to find the best one: try everything."""

from dataclasses import replace
from datetime import date, time, timedelta
from itertools import product
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from protocols.cadence import Gap, parse
from sessions.scheduling.openings import Opening, Openings
from sessions.scheduling.series import Proposal
from sessions.scheduling.walltime import day_start, instant_of, local_day_of, wall_minute
from sessions.scheduling.windows import SHIPPED_TOLERANCE, window_after
from sessions.scheduling.wishes import Need, Slot, Wish, Wishes

PARIS = ZoneInfo("Europe/Paris")
MONDAY = date(2026, 3, 2)
STEP = 60
MINUTES = 60


def gap(text: str) -> Gap:
    found = parse(f"1x{text}").phases[0].gap
    assert found is not None
    return found


def cost_of(needs, slots, openings: Openings, wishes: Wishes) -> tuple[int, int, int, int, int] | None:
    """Count what a series costs, straight from DESIGN section 5; None when it breaks a condition or the order."""
    zone = openings.zone
    unplaced = outside = broken = squares = minutes = 0
    before_on = before = None  # day and (practitioner, room) of the session before
    was_chosen = False
    for need, slot in zip(needs, slots, strict=True):
        stands = need.stands_on is not None
        if stands:
            on, with_whom = need.stands_on, need.stands_with
            if was_chosen and before_on >= on:
                return None
        elif slot is None:
            unplaced += 1
            on, with_whom = max(need.due_on, before_on or need.due_on), None
        else:
            on, with_whom = local_day_of(slot.start, zone), (slot.practitioner, slot.room)
            if before_on is not None and on <= before_on:
                return None
            lacking = lacks(need, slot, on, zone, wishes)
            if lacking & conditions(wishes):
                return None
            broken += len(lacking)
            squares += (on - need.due_on).days ** 2
            minutes += minutes_of(need, slot, on, zone)
        if (slot is not None or (stands and need.held_to_window)) and not in_window(need, before_on, on):
            outside += 1
        if before is not None and with_whom is not None:
            broken += wishes.same_practitioner and before[0] != with_whom[0]
            broken += wishes.same_room and before[1] != with_whom[1]
        before_on, before, was_chosen = on, with_whom, slot is not None and not stands
    return unplaced, outside, broken, squares, minutes


def minutes_of(need: Need, slot: Slot, on: date, zone: ZoneInfo) -> int:
    """How late a session begins, or how far from the hour it has now."""
    if need.has is None:
        return slot.start - day_start(need.due_on, zone)
    hour = instant_of(need.has.start).astimezone(zone).time()
    return abs(slot.start - wall_minute(on, hour, zone))


def conditions(wishes: Wishes) -> set[Wish]:
    """What must be met. To keep whom a session is booked with is no condition."""
    return wishes.only - ({Wish.PRACTITIONER} if wishes.practitioner is None else set())


def lacks(need: Need, slot: Slot, on: date, zone: ZoneInfo, wishes: Wishes) -> set[Wish]:
    found = set()
    if wishes.weekdays and on.isoweekday() not in wishes.weekdays:
        found.add(Wish.WEEKDAY)
    too_early = wishes.from_time is not None and slot.start < wall_minute(on, wishes.from_time, zone)
    ends = slot.start + need.minutes
    if too_early or (wishes.until_time is not None and ends > wall_minute(on, wishes.until_time, zone)):
        found.add(Wish.TIME)
    wished = need.has.practitioner if wishes.practitioner is None and need.has else wishes.practitioner
    if wished not in (None, slot.practitioner):
        found.add(Wish.PRACTITIONER)
    if wishes.room not in (None, slot.room) and slot.room:
        found.add(Wish.ROOM)
    return found


def in_window(need: Need, before_on: date | None, on: date) -> bool:
    if need.gap is None or before_on is None:
        return need.window is None or need.window[0] <= on <= need.window[1]
    window = window_after(before_on, need.gap, SHIPPED_TOLERANCE)
    return window is not None and on in window


def every_slot(need: Need, openings: Openings) -> list[Slot]:
    found = []
    for offset in range((need.last_on - need.first_on).days + 1):
        on = need.first_on + timedelta(days=offset)
        for opening in openings.on(need.minutes, on.toordinal()):
            for start in range(opening.first, opening.last + 1, openings.step_minutes):
                noon = wall_minute(on, time(13), openings.zone)
                if (on, start >= noon) not in need.avoid:
                    found += [Slot(start, opening.practitioner, room) for room in opening.rooms]
    return [*found, need.has] if need.has and need.may_stay and is_looked_at(need, need.has, openings.zone) else found


def is_looked_at(need: Need, slot: Slot, zone: ZoneInfo) -> bool:
    on = local_day_of(slot.start, zone)
    is_late = slot.start >= wall_minute(on, time(13), zone)
    return need.first_on <= on <= need.last_on and (on, is_late) not in need.avoid


def brute_force(needs, openings: Openings, wishes: Wishes) -> tuple[int, int, int, int, int]:
    ways = [
        [None] if need.stands_on else [need.pinned] if need.pinned else [None, *every_slot(need, openings)]
        for need in needs
    ]
    costs = (cost_of(needs, slots, openings, wishes) for slots in product(*ways))
    return min(cost for cost in costs if cost is not None)


def slots_of(needs, proposal: Proposal) -> list[Slot | None]:
    chosen = {choice.number: choice.slot for choice in proposal.choices}
    return [chosen.get(need.number) for need in needs]


def count_of(needs, openings: Openings) -> int:
    total = 1
    for need in needs:
        total *= 1 if need.stands_on or need.pinned else 1 + len(every_slot(need, openings))
    return total


# --- what to draw from

wishes_drawn = st.builds(
    lambda weekdays, times, practitioner, room, only, same, same_room: Wishes(
        frozenset(weekdays), *times, practitioner, room, frozenset(only), same, same_room
    ),
    st.sets(st.integers(1, 6), max_size=3),
    st.sampled_from([(None, None), (time(10), None), (None, time(12)), (time(10), time(15))]),
    st.sampled_from([None, None, 1, 2]),
    st.sampled_from([None, None, 1, 2]),
    st.sets(st.sampled_from([Wish.WEEKDAY, Wish.TIME, Wish.PRACTITIONER, Wish.ROOM]), max_size=2),
    st.booleans(),
    st.booleans(),
)


@st.composite
def cases(draw) -> tuple[list[Need], Openings, Wishes]:
    """One to four sessions, some of them standing, over a fortnight with a few free times."""
    count = draw(st.integers(1, 4))
    gaps = [gap(draw(st.sampled_from(["1d", "2d", "3d", "3d[1-5d]", "4d[3-6d]"]))) for _ in range(count)]
    dues = []
    due = MONDAY + timedelta(days=draw(st.integers(0, 2)))
    for one in gaps:
        dues.append(due)
        due += timedelta(days=one.length + draw(st.sampled_from([0, 0, 0, 1])))
    needs = []
    for number, (one, on) in enumerate(zip(gaps, dues, strict=True), 1):
        first, last = on - timedelta(days=draw(st.integers(0, 2))), on + timedelta(days=draw(st.integers(0, 4)))
        window = (on, on + timedelta(days=draw(st.integers(0, 2)))) if draw(st.booleans()) else None
        need = Need(number, on, MINUTES, first, last, gap=one if number > 1 else None, window=window)
        if draw(st.integers(0, 5)) == 0:
            stands_with = draw(st.sampled_from([None, (1, 1), (2, 2)]))
            need = replace(need, stands_on=on, stands_with=stands_with, held_to_window=draw(st.booleans()))
        elif draw(st.integers(0, 5)) == 0:
            need = replace(need, avoid=frozenset({(on, draw(st.booleans()))}))
        elif draw(st.integers(0, 2)) == 0:
            had_on = on + timedelta(days=draw(st.integers(-1, 2)))
            start = wall_minute(had_on, time(draw(st.integers(8, 16))), PARIS)
            has = Slot(start, draw(st.integers(1, 2)), draw(st.integers(1, 2)))
            need = replace(need, has=has, may_stay=draw(st.booleans()))
        needs.append(need)
    return needs, draw(openings_drawn()), draw(wishes_drawn)


@st.composite
def openings_drawn(draw) -> Openings:
    days = draw(st.lists(st.integers(-2, 14), max_size=7, unique=True))
    by_day = {}
    for offset in days:
        on = MONDAY + timedelta(days=offset)
        found = []
        for practitioner in draw(st.sampled_from([(1,), (2,), (1, 2)])):
            first = wall_minute(on, time(draw(st.integers(8, 15))), PARIS)
            rooms = draw(st.sampled_from([(1,), (2, 1), (1, 2)]))
            found.append(Opening(practitioner, first, first + draw(st.sampled_from([0, 0, 60, 200])), rooms))
        by_day[on.toordinal()] = found
    return Openings(PARIS, STEP, {MINUTES: by_day})
