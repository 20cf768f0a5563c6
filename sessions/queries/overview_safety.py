"""Adverse events in the overview, per 1,000 sessions and per lot, and how the stock stands today."""

from functools import reduce
from operator import or_

from django.db.models import Count, F, Q, QuerySet
from django.utils.translation import gettext as _

from protocols.models import Lot
from protocols.queries import lots as stock
from sessions.models import Administration, AdverseEvent, SessionRecord
from sessions.models.adverse_events import Severity
from sessions.models.records import RecordStatus
from sessions.models.signatures import AddendumKind
from sessions.outcomes import Share, per_thousand, wilson
from sessions.queries.corrections import lines_of_lots, with_right_lot
from sessions.queries.overview_pieces import Block, Cell, Figure, Part, behind, decimal, linked
from sessions.queries.overview_scope import Scope

MOST_LOTS = 50
STOCK = ("in-use", "expiring", "expired", "low", "recalled")


def sessions_given(scope: Scope) -> QuerySet[SessionRecord]:
    """Give the records done or signed of the days that were not withdrawn; the practitioner is who gave the session."""
    return SessionRecord.objects.filter(_given(scope)).exclude(addenda__kind=AddendumKind.WITHDRAWAL).order_by()


def events(scope: Scope) -> QuerySet[AdverseEvent]:
    """Give the adverse events of these sessions, those told weeks later among them."""
    rows = AdverseEvent.objects.filter(_given(scope, "record__"), record__isnull=False)
    return rows.exclude(record__addenda__kind=AddendumKind.WITHDRAWAL).order_by()


def _given(scope: Scope, to: str = "") -> Q:
    """Say which records count; `to` leads to the record (`record__`). A record is found once, however many of its lines name the lot."""
    asked = Q(**{f"{to}clinic": scope.clinic}) & ~Q(**{f"{to}status": RecordStatus.DRAFT}) & _days(scope, to)
    filters = {
        "performed_by": scope.practitioner,
        "patient__species": scope.species,
        "course__protocol_version__protocol": scope.protocol,
        "course__indication": scope.indication,
    }
    for name, value in filters.items():
        if value is not None:
            asked &= Q(**{f"{to}{name}": value})
    if scope.lot is not None:
        asked &= Q(**{f"{to}pk__in": lines_of_lots([scope.lot.pk]).values("record")})
    return asked


def _days(scope: Scope, to: str) -> Q:
    """Say that a session was given on the days, by the clock of its site: that of its visit, else of its course."""
    zones = scope.zones()
    parts = []
    for zone, keys in zones.items():
        from_at, until_at = scope.span(zone)
        part = Q(**{f"{to}performed_at__gte": from_at, f"{to}performed_at__lt": until_at})
        if scope.site is not None or len(zones) > 1:
            part &= Q(**{f"{to}appointment__site__in": keys}) | Q(
                **{f"{to}appointment": None, f"{to}course__site__in": keys}
            )
        parts.append(part)
    return reduce(or_, parts, Q(pk__in=[]))


def safety(scope: Scope) -> Part:
    """Say what went wrong, and how the stock stands. Eleven SQL statements."""
    title = _("Safety and stock")
    given = sessions_given(scope).count()
    counts = events(scope).aggregate(
        all=Count("pk", distinct=True),
        sessions=Count("record", distinct=True),
        **{one.value: Count("pk", distinct=True, filter=Q(severity=one)) for one in Severity},
    )
    blocks = (
        _event_blocks(given, counts, scope)
        if given
        else [Block("empty", text=_("No session was given on these days."))]
    )
    return Part("safety", title, [*blocks, *_stock(scope)])


def _event_blocks(given: int, counts: dict[str, int], scope: Scope) -> list[Block]:
    share = wilson(counts["sessions"], given)
    sessions, hit = linked(given, scope, "given"), linked(counts["sessions"], scope, "with-event")
    figures = [
        Figure(_("sessions given"), sessions),
        Figure(_("sessions with an adverse event"), hit),
        Figure(_("per 1,000 sessions"), behind(_rate(share), hit, sessions), _rate_ends(share)),
        *(Figure(str(one.label), linked(counts[one.value], scope, f"event-{one.value}")) for one in Severity),
    ]
    note = _(
        "Events seen at a session or told later, of sessions on these days. The interval holds the true rate 19 times of 20, if every event was told."
    )
    return [Block("figures", figures=figures), Block("text", text=note), *_by_lot(scope)]


def _rate(share: Share | None) -> str:
    return decimal(per_thousand(share)[0]) if share else "–"


def _rate_ends(share: Share | None) -> str:
    if share is None:
        return ""
    _value, low, high = per_thousand(share)
    return _("%(low)s to %(high)s") % {"low": decimal(low), "high": decimal(high)}


def _by_lot(scope: Scope) -> list[Block]:
    """Say of each lot that was in a session with an event in how many sessions it was. Three SQL statements.

    A lot that a correction named counts in place of the one signed.
    """
    hit = with_right_lot(Administration.objects.filter(record__in=events(scope).values("record")))
    sessions_hit = dict(_sessions(hit.filter(right_lot__isnull=False)).order_by("-n", "right_lot"))
    keys = list(sessions_hit)[:MOST_LOTS]
    if not keys:
        return []
    sessions = dict(_sessions(lines_of_lots(keys).filter(record__in=sessions_given(scope))))
    known = Lot.objects.select_related("substance").in_bulk(keys)
    rows = []
    for key in keys:
        lot, share = known[key], wilson(sessions_hit[key], sessions[key])
        given = linked(sessions[key], scope, "given", lot=lot.public_id)
        seen = linked(sessions_hit[key], scope, "with-event", lot=lot.public_id)
        rate, ends = behind(_rate(share), seen), behind(_rate_ends(share), seen)
        rows.append([Cell(f"{lot.substance} · {lot.number}"), given, seen, rate, ends])
    heads = [
        *((_("Lot"), "left"), (_("Sessions with it"), "right"), (_("of these with an event"), "right")),
        *((_("per 1,000"), "right"), (_("its interval"), "right")),
    ]
    note = _(
        "The lots that were in a session with an event, most events first. To be in the mix is not to be the cause: a lot used in every session is in every session with an event."
    )
    title = _("Adverse events by lot")
    return [Block("table", title=title, heads=heads, rows=rows), Block("text", text=note)]


def _sessions(lines: QuerySet[Administration]) -> QuerySet[Administration]:
    """Give (lot, sessions it was in) of these lines."""
    return lines.order_by().values_list("right_lot").annotate(n=Count("record", distinct=True))


def lots_of(scope: Scope, what: str) -> QuerySet[Lot]:
    """Give the lots of one figure of the stock, as they stand today, at the site or everywhere."""
    rows = stock.lots(scope.clinic, site=scope.site)
    in_use = rows.filter(status=Lot.Status.ACTIVE)
    if what == "expiring":
        return in_use.filter(expires_on__range=(scope.today, stock.expiring_until(scope.today)), stock_ml__gt=0)
    if what == "expired":
        return in_use.filter(expires_on__lt=scope.today, stock_ml__gt=0)
    if what == "low":
        return in_use.filter(low_stock_ml__isnull=False, stock_ml__lte=F("low_stock_ml"))
    return rows.filter(status=Lot.Status.RECALLED) if what == "recalled" else in_use


def _stock(scope: Scope) -> list[Block]:
    said = {
        "in-use": (_("lots in use"), ""),
        "expiring": (_("expire soon"), _("with stock, within %(days)s days") % {"days": stock.EXPIRING_DAYS}),
        "expired": (_("expired"), _("and still in stock")),
        "low": (_("running low"), _("at or below the clinic's mark")),
        "recalled": (_("recalled"), ""),
    }
    figures = [
        Figure(label, linked(lots_of(scope, what).count(), scope, what), below) for what, (label, below) in said.items()
    ]
    return [
        Block("heading", title=_("Stock today")),
        Block("figures", figures=figures),
        Block("text", text=_("The stock is that of today, whatever the days; only the site counts of the filters.")),
    ]
