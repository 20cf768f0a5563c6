"""Reactions with what became known of them later, and the lots they are blamed on."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet, Subquery

from mesoclinic.core.models import Clinic
from mesoclinic.core.queries.rare import list_rare
from protocols.models import Lot
from protocols.queries.lot_warnings import also_warns
from sessions.models import AdverseEvent, AdverseEventUpdate, SessionRecord
from sessions.models.signatures import AddendumKind


def announce() -> None:
    """Tell the stock, which knows nothing of sessions."""
    also_warns(suspected_counts)


def suspected_counts(lot_ids: Iterable[int]) -> dict[int, int]:
    """How many reactions each lot is suspected of. What was cleared and a withdrawn record count for nothing. One statement."""
    rows = _standing().filter(suspected_lot__in=list(lot_ids))
    counted = rows.order_by().values_list("suspected_lot").annotate(count=Count("event", distinct=True))
    return dict(counted)


def suspected_lots(clinic: Clinic, *, since: datetime, at_most: int | None = None) -> list[Lot]:
    """The lots suspected since a moment, each with `suspected_count`, most first. At most two statements."""
    standing = _standing().order_by()
    rows = standing.filter(at__gte=since).values("suspected_lot")
    recent = Lot.objects.filter(clinic=clinic, pk__in=rows).select_related("substance")
    of_standing = Q(suspicions__in=standing.values("pk"))
    counted = recent.annotate(suspected_count=Count("suspicions__event", filter=of_standing, distinct=True))
    return list_rare(counted.order_by("-suspected_count", "pk"), at_most)


def lots_suspected(event: AdverseEvent) -> QuerySet[Lot]:
    """The lots a reaction is blamed on by the last word. One statement."""
    rows = _not_cleared().filter(event=event)
    return Lot.objects.filter(pk__in=rows.values("suspected_lot")).select_related("substance").order_by("pk")


def lots_ever_suspected(event: AdverseEvent) -> QuerySet[Lot]:
    """The lots a reaction is or was blamed on. One statement."""
    rows = event.updates.filter(suspected_lot__isnull=False)
    return Lot.objects.filter(pk__in=rows.values("suspected_lot")).select_related("substance").order_by("pk")


def _standing() -> QuerySet[AdverseEventUpdate]:
    withdrawn = SessionRecord.objects.filter(addenda__kind=AddendumKind.WITHDRAWAL).values("pk")
    return _not_cleared().exclude(event__record__in=withdrawn)


def _not_cleared() -> QuerySet[AdverseEventUpdate]:
    """The updates that blame a lot which no later update of the same reaction clears."""
    later = Q(at__gt=OuterRef("at")) | Q(at=OuterRef("at"), pk__gt=OuterRef("pk"))
    cleared = AdverseEventUpdate.objects.filter(later, event=OuterRef("event"), cleared_lot=OuterRef("suspected_lot"))
    return AdverseEventUpdate.objects.filter(~Exists(cleared), suspected_lot__isnull=False)


def reactions(record: SessionRecord) -> list[AdverseEvent]:
    """What was seen at a session or told later, with its updates, the oldest first. Two statements."""
    updates = AdverseEventUpdate.objects.select_related("suspected_lot__substance", "cleared_lot__substance", "by")
    return list(record.adverse_events.order_by("pk").prefetch_related(Prefetch("updates", updates)))


def with_outcome(events: QuerySet[AdverseEvent]) -> QuerySet[AdverseEvent]:
    """Add `last_outcome`, the code of the last outcome said. No statement of its own."""
    said = AdverseEventUpdate.objects.filter(event=OuterRef("pk")).exclude(outcome="").order_by("-at", "-pk")
    return events.annotate(last_outcome=Subquery(said.values("outcome")[:1]))


def lots_given(record: SessionRecord) -> QuerySet[Lot]:
    """The lots of a record's mix, those a correction names too: a reaction may be blamed on them. One statement."""
    given = Q(pk__in=record.administrations.values("lot")) | Q(pk__in=record.addenda.values("lot"))
    return Lot.objects.filter(given).select_related("substance").order_by("pk")
