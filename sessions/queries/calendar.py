"""The calendar's feed: a bounded number of days in compact words, by a fixed number of SQL statements."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.utils.translation import gettext as _

from mesoclinic.core.models import Site
from sessions.models import Appointment, PlannedSession, Room
from sessions.models.courses import LEFT_OPEN, OUT_OF_PLAN, CourseStatus, PlannedStatus
from sessions.queries import availability, replies
from sessions.queries.licences import while_here
from sessions.scheduling.intervals import Interval, merge, subtract
from sessions.scheduling.slots import Agenda
from sessions.scheduling.walltime import day_end, day_start, instant_of, minute_after, minute_of

MOST_DAYS = 7
MOST_DUE = 40
REPLY_MARKS = {"": "", "confirmed": "c", "other_time": "o"}
HIDDEN = ("entered_in_error", "moving")
NAMED = ("pk", "public_id", "name")
PRACTITIONER, ROOM = "practitioner", "room"


@dataclass(frozen=True)
class Span:
    """The local days shown, both included."""

    from_on: date
    until_on: date

    @classmethod
    def of(cls, view: str, on: date) -> "Span":
        monday = on - timedelta(days=on.weekday())
        return cls(monday, monday + timedelta(days=6)) if view == "week" else cls(on, on)

    @property
    def days(self) -> list[date]:
        return [self.from_on + timedelta(days=n) for n in range((self.until_on - self.from_on).days + 1)]


def feed(site: Site, span: Span, by: str = PRACTITIONER) -> dict[str, Any]:
    """Give what the calendar draws on at most seven days, in columns of practitioners or rooms. Seven SQL statements.

    `p` practitioners and `r` rooms [id, name]; `v` visits [id, practitioner, from, until, status, patient, where,
    moves, marks, travel, room, kind]; `s` shut times [column, from, until]; `w` ways to rounds and back, likewise; `d`
    closed days {day: why}; `h` [first, last] hour. All in wall time; -1 is no room.
    """
    from_at, until_at = availability.day_span(site, span.from_on, span.until_on)
    visits = _visits(site, from_at, until_at)
    seen = {visit.practitioner_id for visit in visits}
    people = _people(site, span, seen)
    all_rooms = list(Room.objects.filter(site=site).values_list(*NAMED, "is_active"))
    rooms = [room for room in all_rooms if room[-1]]
    known = availability.agendas_at(
        site,
        spans=[(from_at, until_at)],
        now=None,
        practitioner_ids=list(people) if by == PRACTITIONER else (),
        room_ids=[key for key, *_room in rooms] if by == ROOM else (),
        away=by == PRACTITIONER,
    )
    shown = [key for key in people if key in seen or (by == PRACTITIONER and known.practitioners[key].hours)]
    shown = shown or list(people)
    columns = list(known.rooms.values())
    if by == PRACTITIONER:
        columns = [while_here(people[key], known.practitioners[key], site.zone, is_treatment=False) for key in shown]
    places = {key: index for index, key in enumerate(shown)}
    told = _Told(
        places,
        {key: index for index, (key, *_room) in enumerate(rooms)},
        {key: name for key, _public_id, name, _is_active in all_rooms},
        replies.marks(site.clinic, from_at, until_at),
    )
    return {
        "p": [[str(people[key].public_id), people[key].name] for key in shown],
        "r": [[str(public_id), name] for _key, public_id, name, _is_active in rooms],
        "v": [told.visit(visit) for visit in visits],
        "s": [[index, *_walls(site, interval)] for index, interval in _shut(site, span, columns, known.between)],
        "w": [[places[who], *_walls(site, way)] for who, way in _ways(visits) if by == PRACTITIONER],
        "d": {day.isoformat(): why for day in span.days if (why := known.closed.reason(day)) is not None},
        "h": _hours(site, columns, visits),
    }


class _Person(NamedTuple):
    """What the columns need of a practitioner, without an object for each."""

    pk: int
    public_id: UUID
    name: str
    last_day_on: date | None


def _people(site: Site, span: Span, seen: Collection[int]) -> dict[int, _Person]:
    """Give who works in the span, and who has left and still has visits in it: nothing booked is ever out of sight."""
    everybody = availability.practitioners(site.clinic).prefetch_related(None).values_list(*_Person._fields)
    found = (_Person(*row) for row in everybody)
    return {
        one.pk: one for one in found if one.pk in seen or one.last_day_on is None or one.last_day_on >= span.from_on
    }


class _Visit(NamedTuple):
    """A visit as it is read, its times on the site's clock."""

    starts_at: datetime
    pk: int
    ends_at: datetime
    public_id: UUID
    practitioner_id: int
    status: str
    patient__name: str
    patient__restricted_at: datetime | None
    room_id: int | None
    place__name: str | None
    moved_count: int
    is_squeezed_in: bool
    planned_session__is_held: bool | None
    place__travel_min: int | None
    kind: str
    travel_before_min: int
    travel_after_min: int
    round_id: int | None


def _visits(site: Site, from_at: datetime, until_at: datetime) -> list[_Visit]:
    """Read the visits of the span, earliest first."""
    rows = Appointment.objects.filter(site=site, starts_at__gte=from_at, starts_at__lt=until_at)
    found = sorted(rows.order_by().values_list(*_Visit._fields))
    zone = site.zone
    shown = [
        _Visit(starts_at.astimezone(zone), pk, ends_at.astimezone(zone), *more)
        for starts_at, pk, ends_at, *more in found
    ]
    return [visit for visit in shown if visit.status not in HIDDEN]


@dataclass(frozen=True)
class _Told:
    """What a visit is told with: the columns of practitioners, the places and names of rooms, replies by visit."""

    places: dict[int, int]
    stands: dict[int, int]
    rooms: dict[int, str]
    replies: dict[tuple[int, float], str]

    def visit(self, one: _Visit) -> list[Any]:
        marks = ("s" if one.is_squeezed_in else "") + ("r" if one.planned_session__is_held else "")
        marks += "a" if one.place__name else ""
        marks += REPLY_MARKS[self.replies.get((one.pk, one.starts_at.timestamp()), "")]
        marks += "g" if one.round_id else ""
        return [
            str(one.public_id),
            self.places[one.practitioner_id],
            _wall(one.starts_at),
            _wall(one.ends_at),
            one.status,
            _("Restricted file") if one.patient__restricted_at else one.patient__name,
            one.place__name or self.rooms.get(one.room_id, ""),
            one.moved_count,
            marks,
            one.place__travel_min or 0,
            self.stands.get(one.room_id, -1),
            one.kind,
        ]


def _shut(site: Site, span: Span, columns: Iterable[Agenda], between: Interval) -> Iterable[tuple[int, Interval]]:
    """The times nobody is meant to book in a column: outside hours, breaks, absences, closed days."""
    days = [(day_start(day, site.zone), day_end(day, site.zone)) for day in span.days]
    for index, agenda in enumerate(columns):
        for interval in subtract(days, merge(agenda.open_intervals(between))):
            yield index, interval


def _ways(visits: Iterable[_Visit]) -> Iterable[tuple[int, Interval]]:
    """The way to the first visit of a round and back from the last, by practitioner."""
    for one in visits:
        if one.travel_before_min:
            start = minute_of(one.starts_at)
            yield one.practitioner_id, (start - one.travel_before_min, start)
        if one.travel_after_min:
            end = minute_after(one.ends_at)
            yield one.practitioner_id, (end, end + one.travel_after_min)


def _wall(local: datetime) -> str:
    return local.isoformat(timespec="minutes")[:16]


def _walls(site: Site, interval: Interval) -> list[str]:
    zone = site.zone
    return [_wall(instant_of(minute).astimezone(zone)) for minute in interval]


def _hours(site: Site, columns: Iterable[Agenda], visits: list[_Visit]) -> list[int]:
    """The first and last hour worth showing."""
    zone = site.zone
    opened = {span for agenda in columns for span in agenda.hours or ()}
    spans = [tuple(instant_of(minute).astimezone(zone) for minute in span) for span in opened]
    spans += [(visit.starts_at, visit.ends_at) for visit in visits]
    first = min({9, *(start.hour for start, _end in spans)})
    last = max({17, *(24 if end.day != start.day else end.hour + (end.minute > 0) for start, end in spans)})
    return [max(first - 1, 0), min(last + 1, 24)]


@dataclass(frozen=True)
class DueSession:
    """A session that is due and not booked, as the list beside the calendar shows it."""

    planned: PlannedSession
    minutes: int

    @property
    def is_late(self) -> bool:
        return self.planned.is_late


def due_sessions(site: Site, until_on: date) -> tuple[list[DueSession], bool]:
    """List the sessions to book that may be held up to a day, the longest due first; and whether there are more.

    One SQL statement, at most forty sessions.
    """
    rows = PlannedSession.objects.filter(
        course__site=site,
        course__status=CourseStatus.ACTIVE,
        status=PlannedStatus.PLANNED,
        is_held=False,
        earliest_on__lte=until_on,
    ).exclude(why__in=[LEFT_OPEN, OUT_OF_PLAN])
    related = ("course__patient__species", "course__lead_practitioner")
    found = list(rows.select_related(*related).order_by("due_on", "pk")[: MOST_DUE + 1])
    known = [DueSession(one, one.minutes or site.clinic.session_min) for one in found[:MOST_DUE]]
    return known, len(found) > MOST_DUE
