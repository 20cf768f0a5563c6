"""A second, strict reading of an iCalendar feed that shares nothing with the library that wrote it.

Three programs read it three ways: Outlook believes the rules in the feed and wants one for winter and one for summer;
Apple's and Google's calendars believe the name of the zone. All must come to the same instants. Source: RFC 5545.
"""

import re
from calendar import monthrange
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

LINE = re.compile(r"^(?P<name>[A-Z0-9-]+)(?P<params>(;[A-Z-]+=(\"[^\"]*\"|[^;:,\"]+))*):(?P<value>.*)$", re.S)
LOCAL, IN_UTC = re.compile(r"^\d{8}T\d{6}$"), re.compile(r"^\d{8}T\d{6}Z$")
OFFSET = re.compile(r"^[+-]\d{4}(\d{2})?$")
RULE = re.compile(
    r"^FREQ=YEARLY;(BYDAY=(?P<day>-?\d[A-Z]{2});BYMONTH=(?P<month>\d+)|BYMONTH=(?P<m2>\d+);BYDAY=(?P<d2>-?\d[A-Z]{2}))$"
)
WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
ONCE = {
    "VCALENDAR": {"PRODID", "VERSION"},
    "VTIMEZONE": {"TZID"},
    "STANDARD": {"DTSTART", "TZOFFSETFROM", "TZOFFSETTO"},
    "DAYLIGHT": {"DTSTART", "TZOFFSETFROM", "TZOFFSETTO"},
    "VEVENT": {
        "UID",
        "DTSTAMP",
        "LAST-MODIFIED",
        "SEQUENCE",
        "DTSTART",
        "DTEND",
        "SUMMARY",
        "STATUS",
        "CLASS",
        "TRANSP",
    },
}
INSIDE = {None: {"VCALENDAR"}, "VCALENDAR": {"VTIMEZONE", "VEVENT"}, "VTIMEZONE": {"STANDARD", "DAYLIGHT"}}
STATUSES = {"CONFIRMED", "TENTATIVE", "CANCELLED"}


@dataclass
class Part:
    kind: str
    values: dict[str, list[tuple[str, dict[str, str]]]] = field(default_factory=dict)
    parts: list["Part"] = field(default_factory=list)

    def one(self, name: str) -> str:
        ((value, _params),) = self.values[name]
        return value

    def params(self, name: str) -> dict[str, str]:
        ((_value, params),) = self.values[name]
        return params

    def of(self, kind: str) -> list["Part"]:
        return [part for part in self.parts if part.kind == kind]


@dataclass(frozen=True)
class Visit:
    uid: str
    sequence: int
    status: str
    summary: str
    starts_at: datetime
    ends_at: datetime


def read(body: bytes) -> list[Visit]:
    """Read a feed as strictly as the standard is written. Fails with words on anything doubtful."""
    calendar = parse(body)
    assert calendar.one("VERSION") == "2.0"
    zones = {zone.one("TZID"): zone for zone in calendar.of("VTIMEZONE")}
    assert len(zones) == len(calendar.of("VTIMEZONE")), "a zone is described twice"
    for zone in zones.values():
        _check_zone(zone)
    visits = [_visit(event, zones) for event in calendar.of("VEVENT")]
    assert len({one.uid for one in visits}) == len(visits), "a UID comes twice"
    return visits


def parse(body: bytes) -> Part:
    """Unfold and nest. Lines end in CRLF, hold 75 octets at most and are never cut inside a sign."""
    assert body.endswith(b"\r\n")
    assert b"\n" not in body.replace(b"\r\n", b"")
    assert b"\r" not in body.replace(b"\r\n", b"")
    physical = body[:-2].split(b"\r\n")
    for line in physical:
        assert 0 < len(line) <= 75, line
        line.decode()  # each on its own: some programs read before they unfold
    text = body[:-2].decode().replace("\r\n ", "").replace("\r\n\t", "")
    stack = [Part("")]
    for line in text.split("\r\n"):
        found = LINE.match(line)
        assert found, f"no property: {line!r}"
        name, value = found["name"], found["value"]
        if name == "BEGIN":
            outer = stack[-1].kind or None
            assert value in INSIDE.get(outer, set()), f"{value} inside {outer}"
            stack[-1].parts.append(Part(value))
            stack.append(stack[-1].parts[-1])
        elif name == "END":
            _check_part(stack[-1])
            assert stack.pop().kind == value
        else:
            assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", value)
            params = dict(one.split("=", 1) for one in found["params"].split(";") if one)
            stack[-1].values.setdefault(name, []).append((value, params))
    assert len(stack) == 1
    (calendar,) = stack[0].parts
    return calendar


def _check_part(part: Part) -> None:
    for name in ONCE[part.kind]:
        assert len(part.values.get(name, [])) == 1, f"{part.kind} needs {name} once"


def _check_zone(zone: Part) -> None:
    """What Outlook reads: either one offset for ever, or one yearly rule for winter and one for summer."""
    kinds = sorted(one.kind for one in zone.parts)
    assert kinds in (["STANDARD"], ["DAYLIGHT", "STANDARD"]), kinds
    for one in zone.parts:
        assert LOCAL.match(one.one("DTSTART"))
        assert OFFSET.match(one.one("TZOFFSETFROM"))
        assert OFFSET.match(one.one("TZOFFSETTO"))
        if len(kinds) == 2:
            start = datetime.fromisoformat(one.one("DTSTART"))
            assert _day_of_rule(start.year, one) == start.date(), "a rule begins on a day it does not name"


def _visit(event: Part, zones: dict[str, Part]) -> Visit:
    assert IN_UTC.match(event.one("DTSTAMP"))
    assert IN_UTC.match(event.one("LAST-MODIFIED"))
    assert event.one("STATUS") in STATUSES
    assert int(event.one("SEQUENCE")) >= 0
    starts_at, ends_at = (_instant(event, name, zones) for name in ("DTSTART", "DTEND"))
    assert starts_at < ends_at
    summary = event.one("SUMMARY")
    assert not re.search(r"(?<!\\)(\\\\)*[;,]", summary), "a comma or semicolon that is not escaped"
    text = re.sub(r"\\(.)", lambda found: "\n" if found[1] in "nN" else found[1], summary)
    return Visit(event.one("UID"), int(event.one("SEQUENCE")), event.one("STATUS"), text, starts_at, ends_at)


def _instant(event: Part, name: str, zones: dict[str, Part]) -> datetime:
    """Read a time as all three do, and fail unless they agree."""
    value, params = event.one(name), event.params(name)
    if IN_UTC.match(value):
        assert "TZID" not in params
        return datetime.fromisoformat(value)
    assert LOCAL.match(value), value
    wall = datetime.fromisoformat(value)
    by_rules = wall.replace(tzinfo=_offset_by_rules(zones[params["TZID"]], wall)).astimezone(UTC)
    by_name = wall.replace(tzinfo=ZoneInfo(params["TZID"])).astimezone(UTC)
    assert by_rules == by_name, (wall, by_rules, by_name)
    return by_rules


def _offset_by_rules(zone: Part, wall: datetime) -> timezone:
    """The offset of the change that came last before this wall time, over this year and the one before."""
    begun = []
    for one in zone.parts:
        start = datetime.fromisoformat(one.one("DTSTART"))
        if "RRULE" not in one.values:
            begun.append((start, one))
            continue
        for year in (wall.year - 1, wall.year):
            at = datetime.combine(_day_of_rule(year, one), start.time())
            if at >= start:
                begun.append((at, one))
    assert any(at <= wall for at, _one in begun), f"nothing says what holds on {wall}"
    last = max((pair for pair in begun if pair[0] <= wall), key=lambda pair: pair[0])
    return timezone(_offset(last[1].one("TZOFFSETTO")))


def _day_of_rule(year: int, one: Part) -> date:
    found = RULE.match(one.one("RRULE"))
    assert found, f"a rule Outlook does not read: {one.one('RRULE')}"
    month, name = int(found["month"] or found["m2"]), found["day"] or found["d2"]
    week, weekday = int(name[:-2]), WEEKDAYS.index(name[-2:])
    days = [day for day in range(1, monthrange(year, month)[1] + 1) if date(year, month, day).weekday() == weekday]
    return date(year, month, days[week if week < 0 else week - 1])


def _offset(text: str) -> timedelta:
    sign = -1 if text[0] == "-" else 1
    return sign * timedelta(hours=int(text[1:3]), minutes=int(text[3:5]), seconds=int(text[5:7] or 0))
