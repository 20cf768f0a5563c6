"""Lots and their stock: the sum of the ledger, what may be picked, what runs out. The only door to lots."""

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db.models import DecimalField, F, Max, OuterRef, Prefetch, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from django.shortcuts import get_object_or_404

from mesoclinic.core.models import Clinic, Site
from protocols.folding import fold
from protocols.models import Lot, StockMovement, StockNotice, Substance, Vial
from protocols.models.recalls import fold_number, folded
from protocols.queries.shipped import called

EXPIRING_DAYS = 60
ML = DecimalField(max_digits=12, decimal_places=3)
NOTHING = Value(Decimal(0), output_field=ML)


def with_stock(lots: QuerySet[Lot], *, site: Site | None = None) -> QuerySet[Lot]:
    """Add `stock_ml`, the sum of the ledger at a site, or at all of them. No statement of its own."""
    lines = StockMovement.objects.filter(lot=OuterRef("pk"))
    if site is not None:
        lines = lines.filter(site=site)
    total = lines.order_by().values("lot").annotate(total=Sum("volume_ml")).values("total")
    return lots.annotate(stock_ml=Coalesce(Subquery(total, output_field=ML), NOTHING, output_field=ML))


def lots(clinic: Clinic, *, site: Site | None = None) -> QuerySet[Lot]:
    """All lots of the clinic with `stock_ml`, soonest expiry first. One statement, with their substances."""
    return with_stock(Lot.objects.filter(clinic=clinic), site=site).select_related("substance")


def get_or_404(clinic: Clinic, public_id: UUID, *, site: Site | None = None) -> Lot:
    """One lot with `stock_ml`. One statement. Raises Http404 for a lot of another clinic."""
    return get_object_or_404(lots(clinic, site=site).select_related("recall"), public_id=public_id)


def pickable(clinic: Clinic, site: Site, substance: Substance, on: date) -> list[Lot]:
    """The lots of a substance one may draw from on a day. Two statements; else as `pickable_by_substance`."""
    return pickable_by_substance(clinic, site, [substance.pk], on).get(substance.pk, [])


def pickable_by_substance(clinic: Clinic, site: Site, substance_ids: Iterable[int], on: date) -> dict[int, list[Lot]]:
    """The lots one may draw from on a day, by substance: first-expired first, in use, with stock at the site.

    Each has `stock_ml` (at the site) and `open_vials` (usable on the day, soonest first). Two statements for a whole
    mix.
    """
    found: dict[int, list[Lot]] = {}
    usable = Vial.objects.filter(site=site, discarded_at=None, beyond_use_on__gte=on).order_by("beyond_use_on", "pk")
    rows = (
        lots(clinic, site=site)
        .filter(substance__in=list(substance_ids), status=Lot.Status.ACTIVE, expires_on__gte=on, stock_ml__gt=0)
        .prefetch_related(Prefetch("vials", usable, to_attr="open_vials"))
        .order_by("expires_on", "number", "pk")
    )
    for lot in rows:
        found.setdefault(lot.substance_id, []).append(lot)
    return found


def of_numbers(clinic: Clinic, site: Site, numbers: Iterable[str]) -> dict[str, list[Lot]]:
    """The lots with these numbers, by the number folded, whatever they are of and their state; with `stock_ml` at a site.

    One statement, none without numbers.
    """
    asked = {fold_number(number) for number in numbers} - {""}
    if not asked:
        return {}
    found: dict[str, list[Lot]] = {}
    same = lots(clinic, site=site).alias(folded_number=folded("number")).filter(folded_number__in=asked)
    for lot in same.order_by("substance__name", "expires_on", "pk"):
        found.setdefault(fold_number(lot.number), []).append(lot)
    return found


def received_substances(clinic: Clinic, substance_ids: Collection[int]) -> set[int]:
    """Those of these substances of which a lot was ever received here. One statement, none without substances."""
    if not substance_ids:
        return set()
    found = Lot.objects.filter(clinic=clinic, substance__in=substance_ids).order_by()
    return set(found.values_list("substance_id", flat=True).distinct())


def first_to_expire(found: list[Lot], volume_ml: Decimal | None) -> Lot | None:
    """Of pickable lots, soonest expiry first, the first that holds the volume, else the first. No SQL statement."""
    enough = (lot for lot in found if volume_ml is None or lot.stock_ml >= volume_ml)
    return next(enough, found[0] if found else None)


def expiring_until(on: date) -> date:
    """The last expiry day that counts as soon."""
    return on + timedelta(days=EXPIRING_DAYS)


def expiring_lots(clinic: Clinic, on: date, *, within_days: int = EXPIRING_DAYS) -> QuerySet[Lot]:
    """Lots with stock left that have expired or will within so many days, soonest first. One statement."""
    until = on + timedelta(days=within_days)
    return lots(clinic).filter(status=Lot.Status.ACTIVE, expires_on__lte=until, stock_ml__gt=0)


def low_stock(clinic: Clinic) -> QuerySet[Lot]:
    """Lots in use whose stock is at or below the clinic's mark. One statement."""
    return lots(clinic).filter(status=Lot.Status.ACTIVE, low_stock_ml__isnull=False, stock_ml__lte=F("low_stock_ml"))


def notices(clinic: Clinic, *, since: datetime | None = None, kind: str = "") -> QuerySet[StockNotice]:
    """What was told of lots, newest first, since a moment when one is given. One statement, with lot and substance."""
    found = StockNotice.objects.filter(clinic=clinic).select_related("lot__substance")
    found = found.filter(kind=kind) if kind else found
    return found.filter(made_at__gte=since) if since is not None else found


def stock_of(lot: Lot, site: Site) -> Decimal:
    """The millilitres of a lot at a site. One statement."""
    return lot.movements.filter(site=site).aggregate(total=Sum("volume_ml"))["total"] or Decimal(0)


def search(clinic: Clinic, *, text: str = "", show: str = "", site: Site | None = None, on: date) -> QuerySet[Lot]:
    """Lots by number, maker or substance. `show`: "" in use, "expiring", "low", "expired", "recalled", "all"."""
    found = lots(clinic, site=site)
    if show == "expiring":
        found = found.filter(status=Lot.Status.ACTIVE, expires_on__lte=expiring_until(on))
    elif show == "low":
        found = found.filter(status=Lot.Status.ACTIVE, low_stock_ml__isnull=False, stock_ml__lte=F("low_stock_ml"))
    elif show == "expired":
        found = found.filter(expires_on__lt=on)
    elif show == "recalled":
        found = found.filter(status=Lot.Status.RECALLED)
    elif show != "all":
        found = found.filter(status=Lot.Status.ACTIVE)
    text = text.replace("\x00", "").strip()[:100]
    if text:
        found = found.filter(
            Q(number__icontains=text)
            | Q(manufacturer__icontains=text)
            | Q(substance__name__icontains=text)
            | Q(substance__in=called(Substance, clinic, text))
            | Q(substance__search_text__contains=fold(text))
        )
    return found


def ledger(lot: Lot, *, site: Site | None = None) -> list[StockMovement]:
    """The lines of a lot, oldest first, each with `balance_ml` after it at its own site. One statement."""
    lines = lot.movements.select_related("by", "site", "vial").order_by("at", "pk")
    if site is not None:
        lines = lines.filter(site=site)
    balances: dict[int, Decimal] = {}
    rows = list(lines)
    for row in rows:
        row.balance_ml = balances[row.site_id] = balances.get(row.site_id, Decimal(0)) + row.volume_ml
    return rows


def use_until(site: Site, lot_ids: Iterable[int]) -> dict[int, date]:
    """The last day of use of the vials opened at a site, by lot: the latest of those not thrown away.

    One statement, none without lots.
    """
    keys = list(lot_ids)
    if not keys:
        return {}
    held = Vial.objects.filter(site=site, lot__in=keys, discarded_at=None).order_by()
    return dict(held.values_list("lot").annotate(until=Max("beyond_use_on")))


def vial_to_draw_from(lot: Lot, site: Site, on: date) -> Vial | None:
    """The opened vial that is drawn from on a day: of those still usable, the one to be used up first. One statement."""
    usable = lot.vials.filter(site=site, discarded_at=None, beyond_use_on__gte=on)
    return usable.order_by("beyond_use_on", "pk").first()


def open_vials(lot: Lot) -> QuerySet[Vial]:
    """The vials opened and not thrown away, soonest beyond-use day first. One statement."""
    return lot.vials.filter(discarded_at=None).select_related("site", "opened_by")
