"""Free times that suit somebody: for every line of a list at once, from one reading of the agendas."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.utils import timezone

from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import Site
from patients.models import Patient, Place
from sessions.models import Appointment, BookingPreference, Course, PlannedSession, Practitioner, WaitingEntry
from sessions.models.preferences import Strength
from sessions.queries import availability, room_choice
from sessions.queries.appointments import FreeTime
from sessions.queries.booking import SHOWN_STEP_MIN
from sessions.queries.licences import is_here_on, may_give
from sessions.queries.plans import window
from sessions.scheduling.slots import Slot, Wanted, free_slots
from sessions.scheduling.waiting import EVERY_DAY, Need, Opening, choose_times
from sessions.scheduling.walltime import instant_of, minute_of

TIMES_SHOWN = 3
DAYS_LOOKED_AT = 14  # from the first day that would do


@dataclass(frozen=True)
class Line:
    """Somebody a time is looked for. `visit` is moved there; without one a visit is booked, for `planned` if given.

    `what` and `code` name the line in addresses.
    """

    what: str
    code: str
    site: Site
    patient: Patient
    kind: str
    minutes: int
    need: Need
    planned: PlannedSession | None = None
    visit: Appointment | None = None
    place: Place | None = None
    entry: WaitingEntry | None = None
    missed: Appointment | None = None
    reason: str = ""
    only_in: int | None = None  # the one room that will do

    @property
    def key(self) -> str:
        return f"{self.what}:{self.code}"

    @property
    def is_treatment(self) -> bool:
        return self.planned is not None or self.kind == Appointment.Kind.SESSION

    @property
    def seen_moves(self) -> int | None:
        return self.visit.moved_count if self.visit else None


def line_of_planned(planned: PlannedSession, today: date) -> Line:
    """A session of a plan that has no visit yet."""
    course = planned.course
    return Line(
        what="planned",
        code=str(planned.public_id),
        site=course.site,
        patient=course.patient,
        kind=Appointment.Kind.SESSION,
        minutes=planned.minutes or course.clinic.session_min,
        need=_need(today, planned=planned, rather_with=course.lead_practitioner_id),
        planned=planned,
        place=_own_place(course.patient),
    )


def line_of_visit(visit: Appointment, today: date) -> Line:
    """A visit that must move: its time does not fit its plan any more."""
    return Line(
        what="visit",
        code=str(visit.public_id),
        site=visit.site,
        patient=visit.patient,
        kind=visit.kind,
        minutes=_minutes(visit),
        need=_need(today, planned=visit.planned_session, rather_with=visit.practitioner_id),
        visit=visit,
        place=visit.place,
    )


def line_of_missed(visit: Appointment, today: date) -> Line:
    """A visit nobody came to: another one like it, from now on; for its session when that is open again."""
    planned = visit.planned_session
    if planned is not None and (planned.status != planned.Status.PLANNED or not planned.course.is_open):
        planned = None
    return Line(
        what="missed",
        code=str(visit.public_id),
        site=visit.site,
        patient=visit.patient,
        kind=visit.kind,
        minutes=_minutes(visit),
        need=_need(today, planned=planned, rather_with=visit.practitioner_id),
        planned=planned,
        place=visit.place,
        missed=visit,
        reason=visit.reason,
    )


def line_of_lapsed(course: Course, today: date) -> Line:
    """A course that has lapsed: a talk with its practitioner, who decides how to go on."""
    return Line(
        what="lapsed",
        code=str(course.public_id),
        site=course.site,
        patient=course.patient,
        kind=Appointment.Kind.REVIEW,
        minutes=course.clinic.review_min,
        need=_need(today, rather_with=course.lead_practitioner_id),
        place=_own_place(course.patient),
    )


def line_of_entry(entry: WaitingEntry, today: date) -> Line:
    """Somebody who waits for an earlier time."""
    visit, planned = entry.appointment, entry.planned_session
    told = visit or planned.course
    rather = visit.practitioner_id if visit else planned.course.lead_practitioner_id
    return Line(
        what="waiting",
        code=str(entry.public_id),
        site=entry.site,
        patient=entry.patient,
        kind=visit.kind if visit else Appointment.Kind.SESSION,
        minutes=_minutes(visit) if visit else planned.minutes or told.clinic.session_min,
        need=_need(today, planned=planned or visit.planned_session, rather_with=rather, entry=entry),
        planned=planned,
        visit=visit,
        place=visit.place if visit else _own_place(entry.patient),
        entry=entry,
    )


def _need(
    today: date,
    *,
    planned: PlannedSession | None = None,
    rather_with: int | None = None,
    entry: WaitingEntry | None = None,
) -> Need:
    span = window(planned, today) if planned else None
    first_on = today if span is None or entry else max(today, span[0])
    last_on = first_on + timedelta(days=DAYS_LOOKED_AT - 1)
    if span is not None and entry is None and span[1] >= first_on:
        last_on = min(last_on, span[1])
    if entry is None:
        aim_on = max(planned.due_on, first_on) if planned else None
        return Need(first_on, last_on, rather_with=rather_with, window=span, aim_on=aim_on)
    if entry.until_on is not None:
        last_on = min(last_on, entry.until_on)
    return Need(
        first_on,
        last_on,
        weekdays=entry.days,
        from_time=entry.from_time,
        until_time=entry.until_time,
        practitioner=entry.practitioner_id,
        rather_with=rather_with,
        window=span,
        before=minute_of(entry.appointment.starts_at) if entry.appointment else None,
        since=minute_of(entry.since),
    )


def _own_place(patient: Patient) -> Place | None:
    return patient.place if patient.species.is_animal else None


def _minutes(visit: Appointment) -> int:
    return round((visit.ends_at - visit.starts_at).total_seconds() / 60)


@dataclass(frozen=True)
class Known:
    """The agendas of a site as visits in its rooms see them, and as visits away from it do."""

    site: Site
    people: dict[int, Practitioner]
    rooms: list
    inside: availability.Agendas
    away: availability.Agendas

    def agendas(self, line: Line) -> availability.Agendas:
        return self.away if line.place is not None else self.inside

    def may_treat(self, line: Line) -> list[int]:
        """Who treats the patient, and may inject where that is due, the one known first."""
        own = (line.need.rather_with, line.need.practitioner)
        treats = [
            key
            for key, one in self.people.items()
            if availability.treats(one, line.patient.species_id)
            and may_give(one, is_treatment=line.is_treatment, own=own)
        ]
        only = line.need.practitioner
        return sorted((key for key in treats if only in (None, key)), key=lambda key: key != line.need.rather_with)

    def wanted(self, line: Line, between: tuple[int, int]) -> Wanted:
        agendas = self.agendas(line)
        rooms = None
        if line.place is None:
            will_do = room_choice.fitting(self.rooms, line.patient.species)
            taken = [room for room in will_do if line.only_in in (None, room.pk)]
            rooms = {room.pk: agendas.rooms[room.pk] for room in taken} if will_do else None
        return Wanted(line.minutes, between, patient=agendas.patients[line.patient.pk], rooms=rooms)


def as_wished(lines: Iterable[Line]) -> list[Line]:
    """Give the lines with what their patients wish for *only*, where nothing else was asked for. One SQL statement."""
    lines = list(lines)
    found = BookingPreference.objects.filter(patient__in={line.patient.pk for line in lines}).order_by()
    wishes = {wish.patient_id: wish for wish in found}
    return [_as_wished(line, wishes[line.patient.pk]) if line.patient.pk in wishes else line for line in lines]


def _as_wished(line: Line, wish: BookingPreference) -> Line:
    need, only = line.need, Strength.ONLY
    if wish.weekdays and wish.weekdays_are == only and need.weekdays == EVERY_DAY:
        need = replace(need, weekdays=wish.weekdays)
    if wish.times_are == only and need.from_time is None and need.until_time is None:
        need = replace(need, from_time=wish.from_time, until_time=wish.until_time)
    if wish.practitioner_is == only and need.practitioner is None:
        need = replace(need, practitioner=wish.practitioner_id)
    if wish.room_is == only and line.only_in is None:
        line = replace(line, only_in=wish.room_id)
    return replace(line, need=need)


def read_agendas(site: Site, lines: Iterable[Line], spans: Sequence[tuple[datetime, datetime]], now: datetime) -> Known:
    """Read all that decides about free time for these lines in these spans. Eight SQL statements, whatever they are."""
    people = {one.pk: one for one in availability.practitioners(site.clinic, local_day(now, site.zone))}
    rooms = list(availability.rooms(site))
    known = availability.agendas_at(
        site,
        spans=spans,
        now=now,
        practitioner_ids=list(people),
        room_ids=[room.pk for room in rooms],
        patient_ids={line.patient.pk for line in lines},
    )
    return Known(site, people, rooms, known, known.away())


def with_times(site: Site, lines: Sequence[Line], now: datetime, count: int = TIMES_SHOWN) -> dict[str, list[FreeTime]]:
    """Choose up to `count` free times for every line, by its key. Nine SQL statements, none without lines."""
    today = local_day(now, site.zone)
    wide = [line for line in lines if line.need.first_on <= line.need.last_on and line.need.last_on >= today]
    if not wide:
        return {}
    wide = as_wished(wide)
    spans = [availability.day_span(site, line.need.first_on, line.need.last_on) for line in wide]
    known = read_agendas(site, wide, spans, now)
    return {line.key: _chosen(known, line, span, now, count) for line, span in zip(wide, spans, strict=True)}


def times_for_visit(visit: Appointment, now: datetime) -> list[FreeTime]:
    """Choose times a visit might be moved to, other than its own, in its own room if it has one. Nine SQL statements."""
    line = replace(line_of_visit(visit, local_day(now, visit.site.zone)), only_in=_own_room(visit))
    return with_times(visit.site, [line], now).get(line.key, [])


def _own_room(visit: Appointment) -> int | None:
    """The room a visit stays in unless another is asked for; none when it may not stay there."""
    room = visit.room
    if room is None or not (room.is_active and room_choice.takes(room, visit.patient.species)):
        return None
    return room.pk


def _chosen(known: Known, line: Line, span: tuple[datetime, datetime], now: datetime, count: int) -> list[FreeTime]:
    """The one known first; everybody who may treat when that is not enough."""
    people = known.may_treat(line)
    found: list[Slot] = []
    chosen: list[Opening] = []
    for some in (people[:1], people[1:]):
        found += _slots(known, line, span, now, some)
        chosen = choose_times(line.need, [opening(slot, known.site) for slot in found], count)
        if len(chosen) == count:
            break
    by_start = {(slot.start, slot.practitioner): slot for slot in found}
    return [free_time(by_start[one.start, one.practitioner], known) for one in chosen]


def _slots(known: Known, line: Line, span, now: datetime, people: Sequence[int]) -> list[Slot]:
    agendas = known.agendas(line)
    slots = free_slots(
        {key: agendas.practitioners[key] for key in people},
        known.wanted(line, (minute_of(span[0]), minute_of(span[1]))),
        step_minutes=max(known.site.slot_step_min, SHOWN_STEP_MIN),
        not_before=minute_of(now) + 1,
    )
    return [slot for slot in slots if still_works(known, line, slot)]


def still_works(known: Known, line: Line, slot: Slot) -> bool:
    day = local_day(instant_of(slot.start), known.site.zone)
    return is_here_on(known.people[slot.practitioner], day, is_treatment=line.is_treatment)


def opening(slot: Slot, site: Site) -> Opening:
    """Say a slot in wall time of its site."""
    starts, ends = (timezone.localtime(instant_of(minute), site.zone) for minute in (slot.start, slot.end))
    return Opening(slot.start, starts.date(), starts.time(), ends.time(), slot.practitioner)


def free_time(slot: Slot, known: Known) -> FreeTime:
    by_id = {room.pk: room for room in known.rooms}
    rooms = tuple(by_id[room] for room in slot.rooms)
    return FreeTime(instant_of(slot.start), instant_of(slot.end), known.people[slot.practitioner], rooms)
