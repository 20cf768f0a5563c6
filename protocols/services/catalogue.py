"""Load the shipped catalogue into a clinic's rows, again and again without harm.

A row the clinic changed (`is_edited`), or made itself under the same code, is left as it is. A row still as shipped
follows its file. A changed protocol gets its next version: published ones are frozen.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db import models, transaction
from django.utils import timezone

from mesoclinic.core import audit
from mesoclinic.core.models import Clinic, User
from mesoclinic.core.refused import Refused
from protocols.catalogue import rows
from protocols.catalogue.entries import Catalogue
from protocols.catalogue.files import read_catalogue
from protocols.catalogue.rows import Row
from protocols.models import (
    Category,
    CompetitionRule,
    Incompatibility,
    Indication,
    Protocol,
    ProtocolLine,
    ProtocolVersion,
    Species,
    Substance,
    Technique,
)
from protocols.models.protocols import VersionStatus
from protocols.models.shipped import Shipped
from protocols.services.told_names import keeping_told_name

PROTOCOL_FIELDS = ("name", "source", "field")
EMPTY: Mapping[str, models.Model] = {}


@dataclass(frozen=True)
class Loaded:
    """How many rows were added, brought up to date, and left because the clinic had changed them."""

    added: int = 0
    updated: int = 0
    kept: int = 0

    def __add__(self, other: "Loaded") -> "Loaded":
        return Loaded(self.added + other.added, self.updated + other.updated, self.kept + other.kept)


@cache
def shipped_catalogue() -> Catalogue:
    """Read the files once a process. Raises CatalogueError naming the fault."""
    return read_catalogue()


@transaction.atomic
def load_shared(*, catalogue: Catalogue | None = None) -> None:
    """Write the species and categories, which all clinics share and nobody edits. One SELECT each when unchanged."""
    catalogue = catalogue or shipped_catalogue()
    _load_shared(Species, rows.species_rows(catalogue))
    _load_shared(Category, rows.category_rows(catalogue))


@transaction.atomic
def load_catalogue(*, clinic: Clinic, actor: User | None = None, catalogue: Catalogue | None = None) -> Loaded:
    """Bring the clinic's catalogue up to date with the shipped one. Loading twice changes nothing."""
    catalogue = catalogue or shipped_catalogue()
    Clinic.objects.select_for_update().get(pk=clinic.pk)  # two loads at once would add everything twice
    load_shared(catalogue=catalogue)
    loaded = _load(Substance, clinic, rows.substance_rows(catalogue))
    substances = _by_code(Substance, clinic)
    loaded += _load(Incompatibility, clinic, rows.incompatibility_rows(catalogue), named=substances)
    loaded += _load(Indication, clinic, rows.indication_rows(catalogue))
    loaded += _load(Technique, clinic, rows.technique_rows(catalogue))
    loaded += _load(CompetitionRule, clinic, rows.competition_rule_rows(catalogue))
    loaded += _load_protocols(clinic, rows.protocol_rows(catalogue), substances)
    if loaded.added or loaded.updated:
        audit.record(actor=actor, verb="catalogue.loaded", subject=clinic, clinic=clinic)
    return loaded


def _by_code(model: type[Shipped], clinic: Clinic) -> dict[str, Any]:
    return {row.code: row for row in model.objects.filter(clinic=clinic)}


def _load_shared(model: type[models.Model], wanted: list[Row]) -> None:
    present = {row.code: row for row in model.objects.all()}
    for row in wanted:
        found = present.get(row.code)
        if found is None:
            model.objects.create(code=row.code, **row.values)
        elif any(getattr(found, name) != value for name, value in row.values.items()):
            _write(found, row.values)


def _write(found: models.Model, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(found, name, value)
    found.save(update_fields=list(values))


def _write_named(found: Shipped, values: dict[str, Any]) -> None:
    """Bring a row up to date, but for its name where signed records tell that."""
    was = found.name
    try:
        with keeping_told_name(found, was):
            _write(found, values)
    except Refused:
        _write(found, {**values, "name": was})


def _split(present: dict[str, Any], wanted: Iterable[Row]) -> tuple[list[Row], list[Row], int]:
    """Part what is shipped into new rows, rows to bring up to date, and how many the clinic keeps as its own."""
    new, changed, kept = [], [], 0
    for row in wanted:
        found = present.get(row.code)
        if found is None:
            new.append(row)
        elif found.shipped_digest != row.digest:
            if found.is_edited or not found.shipped_digest:
                kept += 1
            else:
                changed.append(row)
    return new, changed, kept


def _load(model: type[Shipped], clinic: Clinic, wanted: list[Row], named: Mapping[str, models.Model] = EMPTY) -> Loaded:
    """Write the rows of one table; `named` are the rows that foreign keys in `values` name by code."""
    present = _by_code(model, clinic)
    new, changed, kept = _split(present, wanted)
    added = model.objects.bulk_create(
        model(clinic=clinic, code=row.code, shipped_digest=row.digest, **_resolve(model, row, named)) for row in new
    )
    for row in changed:
        _write_named(present[row.code], {**_resolve(model, row, named), "shipped_digest": row.digest})
    _link(model, [*zip(added, new, strict=True), *((present[row.code], row) for row in changed)])
    return Loaded(len(new), len(changed), kept)


def _resolve(model: type[models.Model], row: Row, named: Mapping[str, models.Model]) -> dict[str, Any]:
    keys = {name for name in row.values if model._meta.get_field(name).is_relation}
    return {name: named.get(value) if name in keys else value for name, value in row.values.items()}


def _link(model: type[models.Model], pairs: list[tuple[Any, Row]]) -> None:
    """Write the many-to-many links of these rows anew, in two statements a field."""
    for name in {name for _, row in pairs for name in row.links}:
        target = model._meta.get_field(name)
        known = {one.code: one.pk for one in target.related_model.objects.all()}
        through, own, other = target.remote_field.through, target.m2m_field_name(), target.m2m_reverse_field_name()
        through.objects.filter(**{f"{own}__in": [found.pk for found, _ in pairs]}).delete()
        through.objects.bulk_create(
            through(**{f"{own}_id": found.pk, f"{other}_id": known[code]})
            for found, row in pairs
            for code in row.links[name]
        )


def _load_protocols(clinic: Clinic, wanted: list[Row], substances: dict[str, Substance]) -> Loaded:
    present = _by_code(Protocol, clinic)
    new, changed, kept = _split(present, wanted)
    if not new and not changed:
        return Loaded(kept=kept)
    publish = _publisher(clinic, substances)
    for row in new:
        own = {name: row.values[name] for name in PROTOCOL_FIELDS}
        protocol = Protocol.objects.create(clinic=clinic, code=row.code, shipped_digest=row.digest, **own)
        publish(protocol, row, 1)
    updated = 0
    for row in changed:
        protocol = present[row.code]
        versions = list(protocol.versions.values_list("number", "status"))
        if any(status == VersionStatus.DRAFT for _, status in versions):
            kept += 1  # somebody at the clinic is at work on it
            continue
        own = {name: row.values[name] for name in PROTOCOL_FIELDS}
        _write(protocol, {**own, "shipped_digest": row.digest})
        publish(protocol, row, 1 + max((number for number, _ in versions), default=0))
        updated += 1
    return Loaded(len(new), updated, kept)


def _publisher(clinic: Clinic, substances: dict[str, Substance]) -> Callable[[Protocol, Row, int], None]:
    techniques, indications = _by_code(Technique, clinic), _by_code(Indication, clinic)
    species = {one.code: one for one in Species.objects.all()}

    def publish(protocol: Protocol, row: Row, number: int) -> None:
        values = {name: value for name, value in row.values.items() if name not in ("name", "field")}
        values["technique"] = techniques.get(values["technique"])
        version = ProtocolVersion.objects.create(protocol=protocol, number=number, **values)
        version.species.set(species[code] for code in row.links["species"])
        version.indications.set(indications[code] for code in row.links["indications"])
        for line in row.lines:
            ProtocolLine.objects.create(version=version, **{**line, "substance": substances[line["substance"]]})
        version.status, version.published_at = VersionStatus.PUBLISHED, timezone.now()
        version.save(update_fields=["status", "published_at"])

    return publish
