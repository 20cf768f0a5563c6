"""New times for broken visits, all in one solve: rows become questions for the engine, its answers become free times."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mesoclinic.core.localtime import day_bounds, local_day
from mesoclinic.core.models import Site
from sessions.models import Appointment, Practitioner, Room
from sessions.models.courses import CourseStatus
from sessions.queries import availability
from sessions.queries.appointments import FreeTime
from sessions.queries.availability import UNTIL_FURTHER_NOTICE, Agendas
from sessions.queries.broken import CALL_DAYS, must_call
from sessions.queries.patients_time import patients_time
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


@dataclass(frozen=True)
class Choice:
    """A time a visit could have, and in words what changes for the patient."""

    free: FreeTime
    words: str
    is_outside: bool

    @property
    def room(self) -> Room | None:
        return self.free.room


@dataclass(frozen=True)
class Choices:
    """The time proposed, None when none was found, and others that are free beside all the proposals."""

    proposed: Choice | None = None
    others: tuple[Choice, ...] = ()


def new_times(
    visits: Sequence[Appointment],
    *,
    now: datetime,
    absent_until: datetime | None = None,
    declined: Mapping[int, Collection[datetime]] | None = None,
) -> dict[int, Choices]:
    """Propose a time for each of these visits (rows as `broken_visits` gives them), none taking another's.

    `declined` are starts a patient has said no to. At most fifteen SQL statements for every site the visits are at.
    """
    movable = [
        one for one in visits if one.planned_session is None or one.planned_session.course.status == CourseStatus.ACTIVE
    ]
    by_site: dict[int, list[Appointment]] = defaultdict(list)
    for visit in movable:
        by_site[visit.site_id].append(visit)
    found: dict[int, Choices] = {visit.pk: Choices() for visit in visits}
    for of_site in by_site.values():
        found |= _Solve(of_site[0].site, of_site, now, absent_until, declined or {}).choices()
    return found


@dataclass
class _Solve:
    """One question to the engine: the visits of a site, and all that is known about everybody's time."""

    site: Site
    visits: Sequence[Appointment]
    now: datetime
    absent_until: datetime | None
    declined: Mapping[int, Collection[datetime]]
    people: dict[int, Practitioner] = field(default_factory=dict)
    rooms: dict[int, Room] = field(default_factory=dict)

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
        self.known = {away: self._agendas(away) for away in {one.place_id is not None for one in self.visits}}
        keys = {one.patient_id for one in self.visits}
        self.patients = patients_time(keys, self.span, self.site.zone, without=[one.pk for one in self.visits])
        self._spans: dict[tuple, dict[int, dict[int, list[Span]]]] = {}

    def choices(self) -> dict[int, Choices]:
        lost = {visit.pk: self._broken(visit) for visit in self.visits}
        asked = [self._candidate(visit, lost[visit.pk]) for visit in self.visits]
        placed = assign(asked)
        beside = others(asked, placed, OTHERS_SHOWN)
        return {
            visit.pk: Choices(
                proposed=self._choice(visit, placed[visit.pk]) if visit.pk in placed else None,
                others=tuple(self._choice(visit, one) for one in beside[visit.pk]),
            )
            for visit in self.visits
        }

    def _agendas(self, away: bool) -> Agendas:
        """Whoever is called keeps the old time until agreed, so that time stays taken; the others' is given up."""
        return availability.agendas(
            self.site,
            from_at=self.span[0],
            until_at=self.span[1],
            now=self.now,
            practitioner_ids=self.people,
            room_ids=[] if away else self.rooms,
            away=away,
            without=[one.pk for one in self.visits if not must_call(one, self.now)],
        )

    def _broken(self, visit: Appointment) -> Broken:
        return Broken(
            key=visit.pk,
            patient=visit.patient_id,
            practitioner=visit.practitioner_id,
            room=visit.room_id,
            start=minute_of(visit.starts_at),
            minutes=minute_after(visit.ends_at) - minute_of(visit.starts_at),
            window=self._window(visit),
            busy=self._busy(visit),
        )

    def _window(self, visit: Appointment) -> Interval | None:
        if visit.planned_session is None:
            return None
        first_on, last_on = window(visit.planned_session, local_day(self.now, self.site.zone))
        end = UNTIL_FURTHER_NOTICE if last_on == date.max else minute_of(day_bounds(last_on, self.site.zone)[1])
        return minute_of(day_bounds(first_on, self.site.zone)[0]), end

    def _busy(self, visit: Appointment) -> tuple[Interval, ...]:
        declined = [minute_of(at) for at in self.declined.get(visit.pk, ())]
        return tuple(merge([*self.patients.taken.get(visit.patient_id, ()), *((at, at + 1) for at in declined)]))

    def _candidate(self, visit: Appointment, lost: Broken) -> Candidate:
        first = max(minute_of(self.span[0]) + 1, lost.start - round(BEFORE.total_seconds() / 60))
        if not must_call(visit, self.now):
            first = max(first, minute_of(self._not_so_soon()))
        return candidate(
            lost,
            self._free(visit, lost.minutes),
            between=(first, minute_of(self.span[1])),
            step_minutes=max(self.site.slot_step_min, STEP_MIN),
            at_most=OPTIONS_EACH,
        )

    def _not_so_soon(self) -> datetime:
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
                key: self._while_here(one, known.practitioners[key], is_session)
                for key, one in self.people.items()
                if only_with in (None, key)
                and availability.treats(one, visit.patient.species_id)
                and (one.may_inject or not is_session or key == visit.practitioner_id)
            }
            rooms = {key: room for key, room in known.rooms.items() if only_in in (None, key)} if in_room else None
            self._spans[asked] = by_day(free_spans(people, Wanted(minutes, known.between, rooms=rooms)))
        return self._spans[asked]

    def _while_here(self, person: Practitioner, agenda: Agenda, is_session: bool) -> Agenda:
        """Shut the time after the last day of a practitioner, and for sessions that without a licence."""
        shut = [person.last_day_on]
        if is_session:
            shut.append(person.licence_until_on)
            if person.licence_from_on is not None:
                opens = minute_of(day_bounds(person.licence_from_on, self.site.zone)[0])
                agenda = replace(agenda, absences=[*agenda.absences, (0, opens)])
        ends = [minute_of(day_bounds(day, self.site.zone)[1]) for day in shut if day is not None]
        return replace(agenda, absences=[*agenda.absences, *((end, UNTIL_FURTHER_NOTICE) for end in ends)])

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
    if days > 0:
        yield ngettext("%(days)d day later", "%(days)d days later", days) % {"days": days}
    elif days < 0:
        yield ngettext("%(days)d day earlier", "%(days)d days earlier", -days) % {"days": -days}
    elif free.starts_at == visit.starts_at:
        yield _("same time")
    else:
        minutes = round((free.starts_at - visit.starts_at).total_seconds() / 60)
        said = _("same day, %(minutes)s minutes later") if minutes > 0 else _("same day, %(minutes)s minutes earlier")
        yield said % {"minutes": abs(minutes)}
    if option.price.other_practitioner:
        yield _("with %(name)s") % {"name": free.practitioner.name}
    if free.room is not None and free.room.pk != visit.room_id and not option.price.other_practitioner and days == 0:
        yield str(free.room)
    if option.price.outside_window and visit.planned_session is not None:
        planned = visit.planned_session
        span = {"first": date_format(planned.earliest_on, "j M"), "last": date_format(planned.latest_on, "j M")}
        yield _("outside its window (%(first)s to %(last)s)") % span
