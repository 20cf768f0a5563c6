"""What was drawn up and is not in the ledger yet. This app knows nothing of sessions: they announce themselves (`also_draws`)."""

from collections.abc import Callable
from decimal import Decimal

from mesoclinic.core.models import Site
from protocols.models import Lot

Draws = Callable[[Lot, Site | None], Decimal]
_sources: list[Draws] = []


def also_draws(source: Draws) -> None:
    """Add a source: a lot and a site (None: all) in, the mL out that have left the shelf and not the ledger."""
    if source not in _sources:
        _sources.append(source)


def not_entered_ml(lot: Lot, site: Site | None = None) -> Decimal:
    """The millilitres of a lot that have left the shelf of a site, or of all, and not the ledger. One statement a source."""
    return sum((source(lot, site) for source in _sources), Decimal(0))
