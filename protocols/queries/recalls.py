"""Recalls: which there are, and which lots a maker's number means. The only door to recalls."""

from uuid import UUID

from django.db.models import Count, DateTimeField, Expression, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Upper
from django.db.models.lookups import Exact, IsNull, LessThanOrEqual
from django.shortcuts import get_object_or_404

from mesoclinic.core.models import Clinic
from protocols.models import Lot, Recall, StockMovement
from protocols.models.recalls import fold_number, folded
from protocols.queries import lots


def recalls(clinic: Clinic) -> QuerySet[Recall]:
    """All recalls with `lot_count`, as many as `lots_of` each, the newest first. One statement."""
    meant = _meant(OuterRef("pk"), OuterRef("number"), OuterRef("manufacturer"), OuterRef("ended_at"))
    lots_of_one = meant.filter(clinic=OuterRef("clinic")).order_by().values("clinic")
    count = Coalesce(Subquery(lots_of_one.annotate(count=Count("pk")).values("count")), 0)
    return Recall.objects.filter(clinic=clinic).select_related("by", "ended_by").annotate(lot_count=count)


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
    return found.filter(_made_by(Value(manufacturer))) if manufacturer else found


def lots_of(recall: Recall) -> QuerySet[Lot]:
    """The lots a recall holds or held, with `stock_ml` over all sites, whether or not another holds them too. One statement."""
    of_this = (Value(one) for one in (recall.pk, recall.number, recall.manufacturer))
    ended_at = Value(recall.ended_at, output_field=DateTimeField())
    found = _meant(*of_this, ended_at).filter(clinic=recall.clinic_id)
    return lots.with_stock(found).select_related("substance").order_by("substance__name", "number", "pk")


def _meant(pk: Expression, number: Expression, manufacturer: Expression, ended_at: Expression) -> QuerySet[Lot]:
    """The lots of a recall: marked with it, or of its number and maker and here before it ended.

    The mark alone does not do: a lot two recalls mean carries that of the last.
    """
    first = StockMovement.objects.filter(lot=OuterRef("pk")).order_by("at", "pk").values("at")[:1]
    found = Lot.objects.alias(folded_number=folded("number"), came_at=Subquery(first))
    was_here = Q(IsNull(ended_at, True)) | Q(LessThanOrEqual(F("came_at"), ended_at))
    of_any_maker = Q(Exact(manufacturer, Value("")))
    is_meant = Q(folded_number=number) & (of_any_maker | _made_by(manufacturer))
    return found.filter(Q(recall=pk) | (is_meant & was_here))


def _made_by(manufacturer: Expression) -> Q:
    """The condition that a maker made a lot, or that nobody wrote down who did."""
    return Q(Exact(Upper(F("manufacturer")), Upper(manufacturer))) | Q(manufacturer="")


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
