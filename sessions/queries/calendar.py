"""The calendar's feed: a bounded number of days in compact words, by a fixed number of SQL statements."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone

from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import Site
from sessions.models import Appointment, Practitioner
from sessions.queries import availability, replies
from sessions.scheduling.intervals import Interval, merge, subtract
from sessions.scheduling.walltime import day_end, day_start, instant_of

MOST_DAYS = 7
REPLY_MARKS = {"": "", "confirmed": "c", "other_time": "o"}
HIDDEN = ("entered_in_error", "moving")
WALL = "%Y-%m-%dT%H:%M"


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


def feed(site: Site, span: Span, now: datetime | None = None) -> dict[str, Any]:
    """Give what the calendar draws on at most seven days. Seven SQL statements.

    `p` practitioners [id, name]; `v` visits [id, practitioner, from, until, status, patient, where, moves, marks];
    `s` shut times [practitioner, from, until]; `d` closed days {day: why}; `h` [first, last] hour. All in wall time.
    """
    now = now or timezone.now()
    people = list(availability.practitioners(site.clinic, span.from_on))
    from_at, until_at = availability.day_span(site, span.from_on, span.until_on)
    known = availability.agendas(
        site, from_at=from_at, until_at=until_at, now=now, practitioner_ids=[one.pk for one in people], away=True
    )
    visits = _visits(site, from_at, until_at)
    here = {one.pk for one in people if known.practitioners[one.pk].hours} | {row[1] for row in visits}
    shown = [one for one in people if one.pk in here] or people
    places = {one.pk: index for index, one in enumerate(shown)}
    shut = list(_shut(site, span, shown, known))
    return {
        "p": [[str(one.public_id), one.name] for one in shown],
        "v": [_visit(site, row, places) for row in visits if row[1] in places],
        "s": [[places[who], *_walls(site, interval)] for who, interval in shut],
        "d": {day.isoformat(): why for day in span.days if (why := known.closed.reason(day)) is not None},
        "h": _hours(site, shown, known, visits),
    }


def _visits(site: Site, from_at: datetime, until_at: datetime) -> list[tuple]:
    rows = Appointment.objects.filter(site=site, starts_at__gte=from_at, starts_at__lt=until_at)
    return list(
        rows.exclude(status__in=HIDDEN)
        .order_by("starts_at", "pk")
        .values_list(
            "public_id",
            "practitioner_id",
            "starts_at",
            "ends_at",
            "status",
            "patient__name",
            "room__name",
            "place__name",
            "moved_count",
            "is_squeezed_in",
            "planned_session__is_held",
            "place__travel_min",
            replies.mark(),
        )
    )


def _visit(site: Site, row: tuple, places: dict[int, int]) -> list[Any]:
    public_id, who, starts_at, ends_at, status, patient, room, place, moves, squeezed, held, travel, reply = row
    where = place or room or ""
    marks = ("s" if squeezed else "") + ("r" if held else "") + ("a" if place else "") + REPLY_MARKS[reply]
    walls = [at.astimezone(site.zone).strftime(WALL) for at in (starts_at, ends_at)]
    return [str(public_id), places[who], *walls, status, patient, where, moves, marks, travel or 0]


def _shut(site: Site, span: Span, people: Iterable[Practitioner], known) -> Iterable[tuple[int, Interval]]:
    """The times nobody is meant to book: outside hours, breaks, absences, closed days."""
    days = [(day_start(day, site.zone), day_end(day, site.zone)) for day in span.days]
    for one in people:
        opened = known.practitioners[one.pk].open_intervals(known.between)
        for interval in subtract(days, merge(opened)):
            yield one.pk, interval


def _walls(site: Site, interval: Interval) -> list[str]:
    return [instant_of(minute).astimezone(site.zone).strftime(WALL) for minute in interval]


def _hours(site: Site, people: Iterable[Practitioner], known, visits: list[tuple]) -> list[int]:
    """The first and last hour worth showing."""
    first, last = 9, 17
    for one in people:
        for start, end in known.practitioners[one.pk].hours or ():
            first = min(first, instant_of(start).astimezone(site.zone).hour)
            last = max(last, _hour_after(instant_of(end).astimezone(site.zone)))
    for row in visits:
        first = min(first, row[2].astimezone(site.zone).hour)
        same_day = local_day(row[3], site.zone) == local_day(row[2], site.zone)
        last = max(last, _hour_after(row[3].astimezone(site.zone)) if same_day else 24)
    return [max(first - 1, 0), min(last + 1, 24)]


def _hour_after(local: datetime) -> int:
    return local.hour + (1 if local.minute else 0)
