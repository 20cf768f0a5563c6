"""What a record's page offers to choose from: substances, lots first-expired first, techniques, questions, scales."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from django.utils.translation import gettext as _

from mesoclinic.core.models import Site
from protocols.catalogue.entries import ChecklistItem
from protocols.catalogue.entries import Score as Scale
from protocols.models import Lot, Substance, Technique
from protocols.queries import lots
from protocols.services.catalogue import shipped_catalogue
from sessions.models import Practitioner, SessionRecord
from sessions.queries import records as reads


@dataclass(frozen=True)
class RecordOptions:
    """The choices of one record, loaded in at most seven SQL statements whatever their number."""

    species: str
    is_animal: bool
    on: date
    substances: dict[int, Substance]
    lots: dict[int, list[Lot]]  # by substance, first-expired first
    techniques: tuple[Technique, ...]
    practitioners: tuple[Practitioner, ...]
    site: Site

    def lots_of_number(self, substance_id: int, number: str) -> list[Lot]:
        """The lots of a substance with a number: those offered, else any, as what was given may be expired or used up.

        No statement where one is offered, one else.
        """
        same = [lot for lot in self.lots.get(substance_id, []) if lot.number.casefold() == number.casefold()]
        return same or lots.of_number(self.site.clinic_id, self.site, substance_id, number)

    @cached_property
    def lot_by_id(self) -> dict[int, Lot]:
        return {lot.pk: lot for found in self.lots.values() for lot in found}

    @cached_property
    def questions(self) -> tuple[ChecklistItem, ...]:
        """The clinic's questions before a session of this species, those of every session first."""
        items = [item for item in shipped_catalogue().checklist if self.species in item.species]
        return tuple(sorted(items, key=lambda item: not item.every_session))

    @cached_property
    def scales(self) -> tuple[Scale, ...]:
        return tuple(scale for scale in shipped_catalogue().scores if self.species in scale.species)

    @cached_property
    def regions(self) -> tuple[str, ...]:
        """Names of body regions, to choose from while typing."""
        return tuple(_(region.name) for region in shipped_catalogue().regions)


def record_options(record: SessionRecord, on: date, *, lot_ids: Iterable[int] = ()) -> RecordOptions:
    """Load the choices for a local day. `lot_ids` are lots to offer though they can no longer be picked."""
    site = reads.site_of(record)
    substances = {
        row.pk: row for row in Substance.objects.filter(clinic=record.clinic, is_archived=False).order_by("name", "pk")
    }
    pickable = lots.pickable_by_substance(record.clinic, site, substances, on)
    _add_chosen(pickable, record, lot_ids)
    species = record.patient.species
    return RecordOptions(
        species=species.code,
        is_animal=species.is_animal,
        on=on,
        substances=substances,
        lots=pickable,
        techniques=tuple(Technique.objects.filter(clinic=record.clinic, is_archived=False)),
        practitioners=tuple(Practitioner.objects.filter(clinic=record.clinic, may_inject=True)),
        site=site,
    )


def _add_chosen(pickable: dict[int, list[Lot]], record: SessionRecord, lot_ids: Iterable[int]) -> None:
    offered = {lot.pk for found in pickable.values() for lot in found}
    missing = set(lot_ids) - offered
    if not missing:
        return
    rows = Lot.objects.filter(clinic=record.clinic, pk__in=missing).select_related("substance")
    for lot in lots.with_stock(rows, site=reads.site_of(record)):
        pickable.setdefault(lot.substance_id, []).append(lot)
