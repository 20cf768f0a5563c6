"""Recalls: which there are, and which lots a maker's number means. The only door to recalls."""

from uuid import UUID

from django.db.models import Count, Q, QuerySet, Value
from django.db.models.functions import Upper
from django.shortcuts import get_object_or_404

from mesoclinic.core.models import Clinic
from protocols.models import Lot, Recall
from protocols.models.recalls import fold_number, folded
from protocols.queries import lots


def recalls(clinic: Clinic) -> QuerySet[Recall]:
    """All recalls with `lot_count`, the newest first. One statement."""
    return Recall.objects.filter(clinic=clinic).select_related("by", "ended_by").annotate(lot_count=Count("lots"))


def get_or_404(clinic: Clinic, public_id: UUID) -> Recall:
    """One recall. One statement. Raises Http404 for one of another clinic."""
    return get_object_or_404(recalls(clinic), public_id=public_id)


def same_number(column: str, number: str) -> Q:
    """The condition that a column holds this lot number, however it was spaced and cased. Served by its index."""
    return Q(**{f"{column}": Upper(Value(fold_number(number)))})


def matching(clinic: Clinic, number: str, manufacturer: str = "") -> QuerySet[Lot]:
    """The lots of this number by this maker, or whose maker nobody wrote down; by any maker when none is named."""
    found = Lot.objects.filter(clinic=clinic).alias(folded_number=folded("number"))
    found = found.filter(same_number("folded_number", number))
    manufacturer = " ".join(manufacturer.split())
    return found.filter(Q(manufacturer__iexact=manufacturer) | Q(manufacturer="")) if manufacturer else found


def lots_of(recall: Recall) -> QuerySet[Lot]:
    """The lots a recall holds, with `stock_ml` over all sites; while it stands, those another holds as well. One statement."""
    meant = Q(recall=recall)
    if recall.is_open:
        meant |= Q(pk__in=matching(recall.clinic, recall.number, recall.manufacturer).values("pk"))
    return (
        lots.with_stock(Lot.objects.filter(meant, clinic=recall.clinic_id))
        .select_related("substance")
        .order_by("substance__name", "number", "pk")
    )


def holding_still(recall: Recall) -> list[Recall]:
    """The recalls that stand and hold lots this one means too, the oldest first. One statement."""
    meant = matching(recall.clinic, recall.number, recall.manufacturer).filter(status=Lot.Status.RECALLED)
    others = Recall.objects.filter(pk__in=meant.values("recall"), ended_at=None)
    return list(others.exclude(pk=recall.pk).order_by("pk"))


def open_recall(clinic: Clinic, number: str, manufacturer: str = "") -> Recall | None:
    """The recall that still stands for this number. One statement."""
    found = Recall.objects.filter(clinic=clinic, ended_at=None, number=fold_number(number))
    manufacturer = " ".join(manufacturer.split())
    if manufacturer:
        found = found.filter(Q(manufacturer__iexact=manufacturer) | Q(manufacturer=""))
    return found.order_by("pk").first()


def recalled_numbers(clinic: Clinic | int, numbers: list[str]) -> set[str]:
    """Those of these typed numbers whose recall stands, folded. One statement, none without numbers."""
    asked = {fold_number(number) for number in numbers if number}
    if not asked:
        return set()
    found = Recall.objects.filter(clinic=clinic, ended_at=None, number__in=asked)
    return set(found.values_list("number", flat=True))
