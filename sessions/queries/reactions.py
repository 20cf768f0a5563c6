"""Reactions with what became known of them later, and the lots they are blamed on."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Count, OuterRef, Prefetch, Q, QuerySet, Subquery

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
    """How many reactions each lot is suspected of. A withdrawn record counts for nothing. One statement."""
    rows = _standing().filter(suspected_lot__in=list(lot_ids))
    counted = rows.order_by().values_list("suspected_lot").annotate(count=Count("event", distinct=True))
    return dict(counted)


def suspected_lots(clinic: Clinic, *, since: datetime, at_most: int | None = None) -> list[Lot]:
    """The lots suspected since a moment, each with `suspected_count`, most first. At most two statements."""
    rows = _standing().filter(at__gte=since).order_by().values("suspected_lot")
    recent = Lot.objects.filter(clinic=clinic, pk__in=rows).select_related("substance")
    standing = ~Q(suspicions__event__record__addenda__kind=AddendumKind.WITHDRAWAL)
    counted = recent.annotate(suspected_count=Count("suspicions__event", filter=standing, distinct=True))
    return list_rare(counted.order_by("-suspected_count", "pk"), at_most)


def _standing() -> QuerySet[AdverseEventUpdate]:
    withdrawn = SessionRecord.objects.filter(addenda__kind=AddendumKind.WITHDRAWAL).values("pk")
    return AdverseEventUpdate.objects.filter(suspected_lot__isnull=False).exclude(event__record__in=withdrawn)


def reactions(record: SessionRecord) -> list[AdverseEvent]:
    """What was seen at a session or told later, with its updates, the oldest first. Two statements."""
    updates = AdverseEventUpdate.objects.select_related("suspected_lot__substance", "by")
    return list(record.adverse_events.order_by("pk").prefetch_related(Prefetch("updates", updates)))


def with_outcome(events: QuerySet[AdverseEvent]) -> QuerySet[AdverseEvent]:
    """Add `last_outcome`, the code of the last outcome said. No statement of its own."""
    said = AdverseEventUpdate.objects.filter(event=OuterRef("pk")).exclude(outcome="").order_by("-at", "-pk")
    return events.annotate(last_outcome=Subquery(said.values("outcome")[:1]))


def lots_given(record: SessionRecord) -> QuerySet[Lot]:
    """The lots of a record's mix, those a correction names too: a reaction may be blamed on them. One statement."""
    given = Q(pk__in=record.administrations.values("lot")) | Q(pk__in=record.addenda.values("lot"))
    return Lot.objects.filter(given).select_related("substance").order_by("pk")
