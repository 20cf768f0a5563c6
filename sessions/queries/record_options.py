"""What a record's page offers to choose from: substances, lots first-expired first, techniques, questions, scales."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from django.db.models import Q
from django.utils.translation import gettext as _

from mesoclinic.core.models import Clinic, Site
from protocols.catalogue.entries import ChecklistItem
from protocols.catalogue.entries import Score as Scale
from protocols.models import Lot, Substance, Technique
from protocols.models.recalls import fold_number
from protocols.queries import lots
from protocols.services.catalogue import shipped_catalogue
from sessions.body_map import views_of
from sessions.models import Practitioner, SessionRecord
from sessions.queries import records as reads
from sessions.queries.availability import treats

LONGEST_KEY = 18  # digits: longer ones are no key of a row


@dataclass(frozen=True)
class RecordOptions:
    """The choices of one record, loaded in at most nine SQL statements whatever their number."""

    species: str
    is_animal: bool
    species_id: int
    on: date
    substances: dict[int, Substance]
    lots: dict[int, list[Lot]]  # by substance, first-expired first
    techniques: tuple[Technique, ...]
    practitioners: tuple[Practitioner, ...]
    site: Site
    by_number: Mapping[str, list[Lot]] = field(
        default_factory=dict
    )  # of every state and substance, by the number folded
    usual_weights_kg: tuple[float, float] = (0, 2000)

    @cached_property
    def treating(self) -> tuple[Practitioner, ...]:
        """Who treats the species."""
        return tuple(one for one in self.practitioners if treats(one, self.species_id))

    @cached_property
    def not_treating(self) -> tuple[Practitioner, ...]:
        """Who treats others: what they gave can be recorded, with a reason."""
        return tuple(one for one in self.practitioners if one not in self.treating)

    def practitioner(self, key: object) -> Practitioner | None:
        """Find one of those to choose from by the key, as it was kept or typed."""
        return next((one for one in self.practitioners if str(one.pk) == str(key)), None)

    def lots_of_number(self, substance_id: int, number: str) -> list[Lot]:
        """The lots of a substance with a number: those offered, else any, as what was given may be expired or used up."""
        folded = fold_number(number)
        same = [lot for lot in self.lots.get(substance_id, []) if fold_number(lot.number) == folded]
        return same or [lot for lot in self.by_number.get(folded, []) if lot.substance_id == substance_id]

    def substance_of_number(self, number: str) -> int | None:
        """The one substance that has a lot of this number, of any state; None where none or more than one has."""
        found = {lot.substance_id for lot in self.by_number.get(fold_number(number), [])} & self.substances.keys()
        return next(iter(found)) if number and len(found) == 1 else None

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
        """Names of body regions, to choose from while typing: those of the species, and all that can be tapped on its map."""
        named = [region.name for region in shipped_catalogue().regions if self.species in region.species]
        drawn = [zone.name for view in views_of(self.species) for zone in view.zones]
        return tuple(_(name) for name in dict.fromkeys([*named, *drawn]))


@dataclass(frozen=True)
class Wanted:
    """What a record asks its choices for: a local day, and what it names already, which is offered whatever it is.

    That is lots that can no longer be picked, numbers typed, and techniques of other species or no longer offered.
    """

    on: date
    lot_ids: Collection[int] = ()
    numbers: Collection[str] = ()
    technique_ids: Collection[int] = ()


def record_options(record: SessionRecord, wanted: Wanted) -> RecordOptions:
    """Load the choices of one record. At most nine SQL statements."""
    return options_of({record: wanted})[record.pk]


def options_of(wanted: Mapping[SessionRecord, Wanted]) -> dict[int, RecordOptions]:
    """Load the choices of records of one clinic, by key: seven SQL statements for any number given on one day at one site.

    Two more for every other day or site, one more where lots are to be offered that can no longer be picked, and one
    where numbers are typed.
    """
    if not wanted:
        return {}
    clinic = next(iter(wanted)).clinic
    substances = {
        row.pk: row for row in Substance.objects.filter(clinic=clinic, is_archived=False).order_by("name", "pk")
    }
    kept = {key for asked in wanted.values() for key in asked.technique_ids}
    techniques = tuple(Technique.objects.filter(Q(is_archived=False) | Q(pk__in=kept), clinic=clinic))
    practitioners = tuple(Practitioner.objects.filter(clinic=clinic, may_inject=True).prefetch_related("species"))
    offered, named = _lots_offered(clinic, wanted, substances), _lots_typed(clinic, wanted)
    return {
        record.pk: RecordOptions(
            species=record.patient.species.code,
            is_animal=record.patient.species.is_animal,
            species_id=record.patient.species_id,
            on=asked.on,
            substances=substances,
            lots=offered[record.pk],
            techniques=tuple(
                one for one in techniques if one.pk in asked.technique_ids or _offers(one, record.patient.species.code)
            ),
            practitioners=practitioners,
            site=reads.site_of(record),
            by_number=named[reads.site_of(record)],
            usual_weights_kg=record.patient.species.usual_weights_kg,
        )
        for record, asked in wanted.items()
    }


def _offers(technique: Technique, species: str) -> bool:
    """Say whether a technique is offered to a species; one of the clinic's own is for every one."""
    if technique.is_archived:
        return False
    shipped = next((one for one in shipped_catalogue().techniques if one.code == technique.code), None)
    return shipped is None or species in shipped.species


def _lots_offered(
    clinic: Clinic, wanted: Mapping[SessionRecord, Wanted], substances: Iterable[int]
) -> dict[int, dict[int, list[Lot]]]:
    """The lots each record may draw from and those it names already, by record and substance."""
    offered: dict[int, dict[int, list[Lot]]] = {}
    for site, on in dict.fromkeys((reads.site_of(record), asked.on) for record, asked in wanted.items()):
        here = [record for record, asked in wanted.items() if (reads.site_of(record), asked.on) == (site, on)]
        pickable = lots.pickable_by_substance(clinic, site, substances, on)
        ids = {lot.pk for found in pickable.values() for lot in found}
        missing = {key for record in here for key in wanted[record].lot_ids} - ids
        named = list(lots.lots(clinic, site=site).filter(pk__in=missing).order_by()) if missing else []
        for record in here:
            offered[record.pk] = _with_named(pickable, [lot for lot in named if lot.pk in wanted[record].lot_ids])
    return offered


def _lots_typed(clinic: Clinic, wanted: Mapping[SessionRecord, Wanted]) -> dict[Site, dict[str, list[Lot]]]:
    numbers: dict[Site, set[str]] = {}
    for record, asked in wanted.items():
        numbers.setdefault(reads.site_of(record), set()).update(asked.numbers)
    return {site: lots.of_numbers(clinic, site, typed) for site, typed in numbers.items()}


def _with_named(pickable: Mapping[int, list[Lot]], named: Iterable[Lot]) -> dict[int, list[Lot]]:
    found = {key: list(rows) for key, rows in pickable.items()}
    for lot in named:
        found.setdefault(lot.substance_id, []).append(lot)
    return found
