"""The clinic's substances: add its own, change what was shipped, take one off the list."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from mesoclinic.core import audit
from mesoclinic.core.checking import check
from mesoclinic.core.models import Clinic, User
from mesoclinic.core.refused import Refused
from protocols.folding import fold
from protocols.models import Category, Species, Substance
from protocols.services.archiving import set_archived
from protocols.services.codes import free_code
from protocols.services.told_names import keeping_told_name

KEPT = ("id", "public_id", "clinic", "code", "shipped_digest", "is_edited", "is_archived", "search_text")


@transaction.atomic
def create_substance(
    *,
    actor: User | None,
    clinic: Clinic,
    name: str,
    categories: Iterable[Category],
    species: Iterable[Species] = (),
    code: str = "",
    **columns: Any,
) -> Substance:
    """Add a substance of the clinic's own. Raises Refused("not-valid" | "name-taken" | "no-category")."""
    name = " ".join(name.split())
    if Substance.objects.filter(clinic=clinic, name__iexact=name).exists():
        raise Refused("name-taken", _("There is already a substance of this name."), field="name")
    substance = Substance(clinic=clinic, code=code or free_code(Substance, clinic, name), is_edited=True)
    _write(substance, {"name": name, **columns}, list(categories), list(species))
    audit.record(actor=actor, verb="substance.created", subject=substance)
    return substance


@transaction.atomic
def update_substance(
    *,
    actor: User | None,
    substance: Substance,
    categories: Iterable[Category],
    species: Iterable[Species],
    **columns: Any,
) -> Substance:
    """Change a substance; from then on the shipped catalogue no longer touches it.

    Raises Refused("not-valid" | "name-taken" | "name-told" | "no-category").
    """
    substance = Substance.objects.select_for_update().get(pk=substance.pk)
    name = " ".join(str(columns.get("name", substance.name)).split())
    others = Substance.objects.filter(clinic_id=substance.clinic_id, name__iexact=name).exclude(pk=substance.pk)
    if others.exists():
        raise Refused("name-taken", _("There is already a substance of this name."), field="name")
    before = {column: getattr(substance, column) for column in columns}
    substance.is_edited = True
    _write(substance, {**columns, "name": name}, list(categories), list(species))
    changes = audit.changed(substance, before)
    audit.record(actor=actor, verb="substance.updated", subject=substance, changes=changes)
    return substance


def _write(substance: Substance, columns: dict[str, Any], categories: list[Category], species: list[Species]) -> None:
    known = {field.name for field in Substance._meta.concrete_fields} - set(KEPT)
    unknown = columns.keys() - known
    if unknown:
        raise TypeError(f"a substance has no {', '.join(sorted(unknown))}")
    if not categories:
        raise Refused("no-category", _("Choose at least one category."), field="categories")
    was = substance.name
    for column, value in columns.items():
        setattr(substance, column, value)
    names = [substance.name, *(substance.synonyms or []), substance.code.replace("-", " ")]
    substance.search_text = fold(" ".join(names))
    check(substance, but=["search_text"])
    with keeping_told_name(substance, was):
        substance.save()
    substance.categories.set(categories)
    substance.species.set(species)


def archive_substance(*, actor: User | None, substance: Substance, is_archived: bool = True) -> Substance:
    """Take a substance off the lists of new mixes, or put it back. Twice does no harm."""
    return set_archived(actor=actor, row=substance, is_archived=is_archived, noun="substance")
