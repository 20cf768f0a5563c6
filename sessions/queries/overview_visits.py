"""The first part of the overview in words: visits, and how full the hours are."""

from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from sessions.printing.overview_charts import Bar, bar_chart, heat_map
from sessions.queries.overview_hours import Taken, Visits, Week, visit_part
from sessions.queries.overview_pieces import Block, Cell, Figure, Part, behind, hours, linked, of, percent
from sessions.queries.overview_scope import Scope

MOST_BARS = 40


def visits(scope: Scope) -> Part:
    """Count visits and utilisation. Seven SQL statements."""
    found = visit_part(scope)
    if not found.counts["booked"] and not any(one.open_min for one in found.practitioners):
        nothing = _("No visit was booked on these days, and nobody works then.")
        return Part("visits", _("Visits"), [Block("empty", text=nothing)])
    return Part(
        "visits",
        _("Visits"),
        [_figures(found, scope), *_people(found, scope), *_rooms(found, scope), *_week(found.week, scope)],
    )


def _figures(found: Visits, scope: Scope) -> Block:
    n, booked = found.counts, found.counts["booked"]
    late = ngettext(
        "told less than %(hours)s hour before, by the patient or owner",
        "told less than %(hours)s hours before, by the patient or owner",
        scope.clinic.late_cancellation_hours,
    ) % {"hours": scope.clinic.late_cancellation_hours}
    named = [
        ("booked", pgettext("visits", "booked"), ""),
        ("done", pgettext("visits", "done"), of(n["done"], booked)),
        ("open", _("to come or not closed"), of(n["open"], booked)),
        ("no-show", _("did not come"), of(n["no-show"], booked)),
        ("cancelled", pgettext("visits", "cancelled"), of(n["cancelled"], booked)),
        ("late", _("cancelled late"), " · ".join(part for part in (of(n["late"], booked), late) if part)),
        ("not-treated", _("came, not treated"), of(n["not-treated"], booked)),
    ]
    return Block("figures", figures=[Figure(label, linked(n[key], scope, key), below) for key, label, below in named])


HEADS = ("booked", "done", "no-show", "cancelled", "late")


def _heads(first: str) -> list[tuple[str, str]]:
    return [
        (first, "left"),
        *((said, "right") for said in (_("Booked"), _("Done"), _("Did not come"), _("Cancelled"), _("of these late"))),
        (_("Hours open"), "right"),
        (_("Hours taken"), "right"),
        (_("Taken"), "right"),
    ]


def _row(name: str, taken: Taken, scope: Scope, **narrowed: object) -> list[Cell]:
    busy = linked(taken.counts["taking-time"], scope, "taking-time", **narrowed)
    opened = linked(taken.open_min, scope, "open-days", **narrowed)
    return [
        Cell(name),
        *(linked(taken.counts[key], scope, key, **narrowed) for key in HEADS),
        behind(hours(taken.open_min), opened) if taken.open_min else Cell("–"),
        behind(hours(taken.busy_min), busy),
        behind(percent(taken.share), busy, opened),
    ]


def _people(found: Visits, scope: Scope) -> list[Block]:
    rows = [_row(one.row.name, one, scope, practitioner=one.row.public_id) for one in found.practitioners]
    note = _(
        "Taken is the time of visits booked or done, the way to a round among it, of the hours somebody works: less breaks, absences and days the site is shut. Visits outside these hours can take it above 100 %."
    )
    return [
        *_with_chart(_("Practitioners"), found.practitioners, _heads(_("Practitioner")), rows),
        Block("text", text=note),
    ]


def _rooms(found: Visits, scope: Scope) -> list[Block]:
    rows = [_row(one.row.name, one, scope, room=one.row.public_id) for one in found.rooms]
    if found.without_room.counts["booked"]:
        rows.append(_row(_("No room: at a place, or none said"), found.without_room, scope, in_no_room="on"))
    if not rows:
        return []
    note = _("A room without hours of its own is open with its site, or whenever somebody works there.")
    return [*_with_chart(_("Rooms"), found.rooms, _heads(_("Room")), rows), Block("text", text=note)]


def _with_chart(title: str, found: list[Taken], heads: list[tuple[str, str]], rows: list[list[Cell]]) -> list[Block]:
    if not rows:
        return []
    bars = [Bar(one.row.name, one.share, percent(one.share)) for one in found if one.share is not None][:MOST_BARS]
    said = _("%(what)s: share of the open hours that is taken") % {"what": title}
    svg = bar_chart(bars, title=said, name="chart-" + ("rooms" if title == _("Rooms") else "practitioners"))
    chart = [Block("chart", title=title, svg=svg, alt=said)] if svg else []
    return [*chart, Block("table", title="" if chart else title, heads=heads, rows=rows)]


def _week(week: Week, scope: Scope) -> list[Block]:
    keys = {key for key, minutes in (week.open + week.busy).items() if minutes}
    if not keys:
        return []
    hours = list(range(min(hour for _weekday, hour in keys), max(hour for _weekday, hour in keys) + 1))
    weekdays = [(day, str(WEEKDAYS_ABBR[day - 1])) for day in sorted({weekday for weekday, _hour in keys})]
    shares = {key: week.busy[key] / week.open[key] if week.open[key] else None for key in keys}
    title = _("The hours of the week: how full they are")
    svg = heat_map(shares, weekdays=weekdays, hours=hours, title=title, name="chart-week")
    rows = [
        [Cell(f"{hour:02}:00"), *(_hour_cell(week, shares, (day, hour), scope) for day, _said in weekdays)]
        for hour in hours
    ]
    heads = [(_("Hour"), "left"), *((said, "right") for _day, said in weekdays)]
    note = _(
        "In the table: the share of everybody's open hours that is taken, and the number of visits that touch the hour. + is a visit outside all hours."
    )
    return [
        Block("chart", title=title, svg=svg, alt=title),
        Block("table", heads=heads, rows=rows),
        Block("text", text=note),
    ]


def _hour_cell(week: Week, shares: dict, key: tuple[int, int], scope: Scope) -> Cell:
    if key not in shares:
        return Cell("")
    number = linked(week.visits[key], scope, "taking-time", weekday=key[0], hour=key[1])
    share = "+" if shares[key] is None else percent(shares[key])
    return Cell(f"{share} · {number.text}", number.query)
