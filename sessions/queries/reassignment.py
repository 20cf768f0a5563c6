"""New times for broken visits, all in one solve: rows become questions for the engine, its answers become free times."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from django.utils.translation import gettext as _

from mesoclinic.core.localtime import day_bounds, local_day
from mesoclinic.core.models import Site
from mesoclinic.core.wording import date_format
from sessions.models import Appointment
from sessions.queries import availability, room_choice
from sessions.queries.appointments import FreeTime
from sessions.queries.availability import UNTIL_FURTHER_NOTICE, Agendas
from sessions.queries.broken import CALL_DAYS, must_call
from sessions.queries.licences import may_give, while_here
from sessions.queries.lost_rounds import LostRound, RoundQuestion, may_move
from sessions.queries.patients_time import patients_time
from sessions.queries.rebook_choices import Choice, Choices, when_words
from sessions.scheduling.intervals import Interval, merge
from sessions.scheduling.reassign import Broken, Candidate, Option, Placement, assign, by_day, candidate, others
from sessions.scheduling.slots import Agenda, Span, Wanted, free_spans
from sessions.scheduling.walltime import instant_of, minute_after, minute_of
from sessions.services.appointments.checks import window

BEFORE = timedelta(days=14)  # how much earlier than it was a visit may be put
AFTER = timedelta(days=28)
AFTER_ABSENCE = timedelta(days=14)
LONGEST_WAIT = timedelta(days=120)
OPTIONS_EACH = 60
OTHERS_SHOWN = 3
STEP_MIN = 15  # proposals on the quarter of an hour; the exact minute of before counts too


def new_times(
    visits: Sequence[Appointment],
    *,
    now: datetime,
    absent_until: datetime | None = None,
    declined: Mapping[int, Collection[datetime]] | None = None,
    rounds: Sequence[LostRound] = (),
) -> dict[int, Choices]:
    """Propose a time for each of these visits (rows as `broken_visits` gives them), none taking another's.

    `rounds` are those some of the visits belong to: each is proposed as a whole, under its key (`LostRound.key`), or
    said why not, and then its visits one by one. `declined` are starts a patient has said no to. At most fifteen SQL
    statements for every site the visits are at, whatever rounds must be torn.
    """
    movable = [one for one in visits if may_move(one)]
    by_site: dict[int, list[Appointment]] = defaultdict(list)
    for visit in movable:
        by_site[visit.site_id].append(visit)
    found: dict[int, Choices] = {visit.pk: Choices() for visit in visits}
    found |= {one.key: Choices(why_torn=one.why_torn) for one in rounds}
    for site_id, of_site in by_site.items():
        whole = [one for one in rounds if one.round.site_id == site_id and not one.why_torn]
        read = _Read(of_site[0].site, of_site, now, absent_until, declined or {}, whole)
        while True:  # a round without a time is torn, and all is solved anew: mostly once
            solved, missing = _Solve(read, whole).choices()
            found |= solved | {one.key: Choices(why_torn=one.why_torn()) for one in missing}
            if not missing:
                break
            torn = {one.key for one in missing}
            whole = [one for one in whole if one.key not in torn]
    return found


@dataclass
class _Read:
    """All that is known about everybody's time, as if none of the visits asked about had one. Read once for a site."""

    site: Site
    visits: Sequence[Appointment]
    now: datetime
    absent_until: datetime | None
    declined: Mapping[int, Collection[datetime]]
    rounds: Sequence[LostRound]

    def __post_init__(self) -> None:
        self.people = {
            one.pk: one for one in availability.practitioners(self.site.clinic, local_day(self.now, self.site.zone))
        }
        self.rooms = {one.pk: one for one in availability.rooms(self.site)}
        first, last = min(one.starts_at for one in self.visits), max(one.starts_at for one in self.visits)
        until = last + AFTER
        if self.absent_until is not None:
            until = max(until, min(self.absent_until + AFTER_ABSENCE, last + LONGEST_WAIT))
        self.span = max(self.now, first - BEFORE), max(until, self.now + AFTER)
        self.asked = {visit.pk: visit for visit in [*_stops(self.rounds), *self.visits]}
        self.agendas = {away: self._agendas(away) for away in {one.place_id is not None for one in self.asked.values()}}
        keys = {one.patient_id for one in self.asked.values()}
        self.patients = patients_time(keys, self.span, self.site, without=self.asked)

    def _agendas(self, away: bool) -> Agendas:
        return availability.agendas(
            self.site,
            from_at=self.span[0],
            until_at=self.span[1],
            now=self.now,
            practitioner_ids=self.people,
            room_ids=[] if away else self.rooms,
            away=away,
            without=self.asked,
        )


def _stops(rounds: Iterable[LostRound]) -> list[Appointment]:
    return [visit for one in rounds for visit in one.visits]


class _Solve:
    """One question to the engine: what was read, and which of the rounds are to stay whole."""

    def __init__(self, read: _Read, rounds: Sequence[LostRound]) -> None:
        self.read, self.rounds = read, rounds
        self.site, self.now, self.span, self.declined = read.site, read.now, read.span, read.declined
        self.people, self.rooms = read.people, read.rooms
        asked = {visit.pk for visit in [*_stops(rounds), *read.visits]}
        called_for = {visit.pk for visit in _stops(one for one in rounds if one.must_call(self.now))}
        # The stops of a torn round that still stand are not asked about, and keep their time.
        stand = [visit for key, visit in read.asked.items() if key not in asked]
        # Whoever is called keeps the old time until agreed, so that time stays taken; the others' is given up.
        keep = [visit for key, visit in read.asked.items() if key in called_for or must_call(visit, self.now)]
        taken = {visit.pk: visit for visit in [*stand, *keep] if not visit.has_run_out(self.now)}
        self.known = {away: known.also_booked(taken.values()) for away, known in read.agendas.items()}
        self.patients = read.patients.also_taken(visit for visit in stand if visit.in_place_of_id is None)
        self._spans: dict[tuple, dict[int, dict[int, list[Span]]]] = {}

    def choices(self) -> tuple[dict[int, Choices], list[RoundQuestion]]:
        """Give everybody's choices, and the rounds that found no time."""
        rounds = [RoundQuestion(one, self) for one in self.rounds]
        of_rounds = {visit.pk for visit in _stops(self.rounds)}
        single = [visit for visit in self.read.visits if visit.pk not in of_rounds]
        asked = [one.candidate for one in rounds]
        asked += [self._candidate(visit, self._broken(visit)) for visit in single]
        placed = assign(asked)
        beside = others(asked, placed, OTHERS_SHOWN)
        words: dict[int, Callable[[Placement], Choice]] = {one.key: one.choice for one in rounds}
        words |= {visit.pk: partial(self._choice, visit) for visit in single}
        found = {
            key: Choices(
                proposed=say(placed[key]) if key in placed else None, others=tuple(say(one) for one in beside[key])
            )
            for key, say in words.items()
        }
        return found, [one for one in rounds if one.key not in placed]

    def _broken(self, visit: Appointment) -> Broken:
        return Broken(
            key=visit.pk,
            patient=visit.patient_id,
            practitioner=visit.practitioner_id,
            room=visit.room_id,
            start=minute_of(visit.starts_at),
            minutes=minute_after(visit.ends_at) - minute_of(visit.starts_at),
            window=self.window_of(visit),
            busy=self.busy_of(visit),
        )

    def window_of(self, visit: Appointment) -> Interval | None:
        if visit.planned_session is None:
            return None
        first_on, last_on = window(visit.planned_session, local_day(self.now, self.site.zone))
        end = UNTIL_FURTHER_NOTICE if last_on == date.max else minute_of(day_bounds(last_on, self.site.zone)[1])
        return minute_of(day_bounds(first_on, self.site.zone)[0]), end

    def busy_of(self, visit: Appointment) -> tuple[Interval, ...]:
        declined = [minute_of(at) for at in self.declined.get(visit.pk, ())]
        return tuple(merge([*self.patients.taken.get(visit.patient_id, ()), *((at, at + 1) for at in declined)]))

    def _candidate(self, visit: Appointment, lost: Broken) -> Candidate:
        return candidate(
            lost,
            self._free(visit, lost.minutes),
            between=self.between(lost.start, must_call(visit, self.now)),
            step_minutes=self.step_min,
            at_most=OPTIONS_EACH,
        )

    @property
    def step_min(self) -> int:
        return max(self.site.slot_step_min, STEP_MIN)

    def between(self, start: int, must_call: bool) -> Interval:
        """Give the starts looked at for what began at a minute."""
        first = max(minute_of(self.span[0]) + 1, start - round(BEFORE.total_seconds() / 60))
        if not must_call:
            first = max(first, minute_of(self.not_so_soon()))
        return first, minute_of(self.span[1])

    def not_so_soon(self) -> datetime:
        """Give the first time one may still write about, for visits nobody has to be called for."""
        soon = local_day(self.now, self.site.zone) + timedelta(days=CALL_DAYS)
        return day_bounds(soon, self.site.zone)[1]

    def _free(self, visit: Appointment, minutes: int) -> dict[int, dict[int, list[Span]]]:
        """Give the possible starts by practitioner and day, worked out once for all visits that ask for the same."""
        away, in_room = visit.place_id is not None, visit.room_id is not None
        is_session = not visit.can_do_without_record
        only_with = self.patients.practitioner.get(visit.patient_id)
        only_in = self.patients.room.get(visit.patient_id) if in_room else None
        asked = (minutes, visit.patient.species_id, is_session, away, in_room, only_with, only_in)
        if asked not in self._spans:
            known = self.known[away]
            people = {
                key: while_here(one, known.practitioners[key], self.site.zone, is_treatment=is_session)
                for key, one in self.people.items()
                if self.may_treat(visit, key)
            }
            rooms = self._rooms_for(visit, known, only_in) if in_room else None
            self._spans[asked] = by_day(free_spans(people, Wanted(minutes, known.between, rooms=rooms)))
        return self._spans[asked]

    def _rooms_for(self, visit: Appointment, known: Agendas, only_in: int | None) -> dict[int, Agenda] | None:
        """Give the rooms that take the patient, of them the one the patient insists on; None when no room does."""
        will_do = room_choice.fitting(self.rooms.values(), visit.patient.species)
        if not will_do:
            return None
        return {room.pk: known.rooms[room.pk] for room in will_do if only_in in (None, room.pk)}

    def may_treat(self, visit: Appointment, practitioner: int) -> bool:
        """Say whether somebody treats the species, may inject where that is due, and is not refused by the patient."""
        one = self.people[practitioner]
        return (
            self.patients.practitioner.get(visit.patient_id) in (None, practitioner)
            and availability.treats(one, visit.patient.species_id)
            and may_give(one, is_treatment=not visit.can_do_without_record, own=[visit.practitioner_id])
        )

    def _choice(self, visit: Appointment, placement: Placement) -> Choice:
        option = placement.option
        rooms = (self.rooms[placement.room],) if placement.room is not None else ()
        free = FreeTime(instant_of(option.start), instant_of(option.end), self.people[option.practitioner], rooms)
        return Choice(free, self._words(visit, option, free), bool(option.price.outside_window))

    def _words(self, visit: Appointment, option: Option, free: FreeTime) -> str:
        return "; ".join(filter(None, _changes(visit, option, free, self.site)))


def _changes(visit: Appointment, option: Option, free: FreeTime, site: Site) -> Iterable[str]:
    """Say in words what the new time changes for the patient, and what it costs."""
    days = (local_day(free.starts_at, site.zone) - local_day(visit.starts_at, site.zone)).days
    yield when_words(visit.starts_at, free.starts_at, site)
    if option.price.other_practitioner:
        yield _("with %(name)s") % {"name": free.practitioner.name}
    if free.room is not None and free.room.pk != visit.room_id and not option.price.other_practitioner and days == 0:
        yield str(free.room)
    if option.price.outside_window and visit.planned_session is not None:
        planned = visit.planned_session
        span = {"first": date_format(planned.earliest_on, "j M"), "last": date_format(planned.latest_on, "j M")}
        yield _("outside its window (%(first)s to %(last)s)") % span
