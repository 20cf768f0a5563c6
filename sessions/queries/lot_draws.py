"""What sessions took off the shelf before the ledger knows of it: the stock is drawn when a record is signed."""

from decimal import Decimal

from django.db.models import Q, Sum

from mesoclinic.core.models import Site
from protocols.models import Lot
from protocols.queries.lot_draws import also_draws
from sessions.models import Administration, SessionRecord


def announce() -> None:
    """Tell the stock, which knows nothing of sessions."""
    also_draws(unsigned_ml)


def unsigned_ml(lot: Lot, site: Site | None = None) -> Decimal:
    """The millilitres of a lot in records that are done and not signed, of a site or of all. One SQL statement."""
    rows = Administration.objects.filter(lot=lot, record__status=SessionRecord.Status.DONE, stock_movement=None)
    if site is not None:
        without_visit = Q(record__appointment=None, record__course__site=site)
        rows = rows.filter(Q(record__appointment__site=site) | without_visit)
    return rows.aggregate(total=Sum("prepared_ml"))["total"] or Decimal(0)
