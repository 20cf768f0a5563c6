"""Write iCalendar text that Outlook, Apple's and Google's calendars read alike. Frozen entries in, bytes out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Timezone, TimezoneDaylight, TimezoneStandard, vRecur

from sessions.scheduling.observances import Observance, observances

PRODUCT = "-//Mesoclinic//Calendar feed//EN"
READ_AGAIN = timedelta(hours=1)


@dataclass(frozen=True)
class Entry:
    """One visit. `uid` stays when it moves, `sequence` rises with every change; `status` is iCalendar's word."""

    uid: str
    sequence: int
    changed_at: datetime
    starts_at: datetime
    ends_at: datetime
    zone: ZoneInfo
    summary: str
    location: str
    description: str
    status: str


def write(name: str, entries: Sequence[Entry], *, years: tuple[int, int]) -> bytes:
    """Write a calendar; `years` are the first and last one that the rules of its time zones must hold for."""
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", READ_AGAIN, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    for key in sorted({entry.zone.key for entry in entries} - {"UTC"}):
        calendar.add_component(time_zone(ZoneInfo(key), years))
    for entry in entries:
        calendar.add_component(_event(entry))
    return calendar.to_ical()


def time_zone(zone: ZoneInfo, years: tuple[int, int]) -> Timezone:
    """Describe a zone by rules: the library's own description begins an hour late in spring."""
    component = Timezone()
    component.add("tzid", zone.key)
    for one in observances(zone, *years):
        component.add_component(_observance(one))
    return component


def _observance(one: Observance) -> TimezoneDaylight | TimezoneStandard:
    component = TimezoneDaylight() if one.is_summer else TimezoneStandard()
    component.add("dtstart", one.starts)
    component.add("tzoffsetfrom", one.offset_from)
    component.add("tzoffsetto", one.offset_to)
    component.add("tzname", one.name)
    if one.rule:
        component.add("rrule", vRecur(freq="YEARLY", bymonth=one.rule[0], byday=one.rule[1]))
    return component


def _event(entry: Entry) -> Event:
    event = Event()
    event.add("uid", entry.uid)
    event.add("sequence", entry.sequence)
    event.add("dtstamp", entry.changed_at.astimezone(UTC))
    event.add("last-modified", entry.changed_at.astimezone(UTC))
    event.add("dtstart", _wall(entry.starts_at, entry.zone))
    event.add("dtend", _wall(entry.ends_at, entry.zone))
    event.add("summary", entry.summary)
    event.add("status", entry.status)
    event.add("transp", "TRANSPARENT" if entry.status == "CANCELLED" else "OPAQUE")
    event.add("class", "PRIVATE")
    for field, text in (("location", entry.location), ("description", entry.description)):
        if text:
            event.add(field, text)
    return event


def _wall(at: datetime, zone: ZoneInfo) -> datetime:
    """The wall time; an hour that comes twice in autumn, the second time, is only clear in UTC."""
    local = at.astimezone(zone)
    return local.astimezone(UTC) if local.fold else local


def years_of(entries: Iterable[Entry], now: datetime) -> tuple[int, int]:
    """Return the first and last year of the entries and of now."""
    years = [now.year, *(entry.starts_at.year for entry in entries)]
    return min(years), max(years)
