"""The clinic's pairs in one syringe: add its own, change what was shipped, take one off, take the shipped one back."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from mesoclinic.core import audit
from mesoclinic.core.checking import check
from mesoclinic.core.models import Clinic, User
from mesoclinic.core.refused import Refused
from protocols.catalogue import rows
from protocols.models import Incompatibility, Substance
from protocols.queries import pairs as queries
from protocols.services.archiving import set_archived
from protocols.services.catalogue import shipped_catalogue
from protocols.services.codes import free_code

COLUMNS = ("level", "effect", "only_with", "only_from_mg_per_ml", "only_to_mg_per_ml", "source")


@transaction.atomic
def create_pair(
    *,
    actor: User | None,
    clinic: Clinic,
    first: Substance,
    second: Substance | None = None,
    second_class: str = "",
    **columns: Any,
) -> Incompatibility:
    """Say what is known of two. Raises Refused("pair-known" | "no-source" | "not-valid")."""
    Clinic.objects.select_for_update().get(pk=clinic.pk)  # so that nobody writes the same pair the other way round
    if known := queries.between(clinic, first, second, second_class):
        words = _("%(pair)s is on the list already: change that one.") % {"pair": known.name}
        raise Refused("pair-known", words, field="second", pair=known)
    other = second.name if second is not None else dict(queries.class_choices()).get(second_class, second_class)
    row = Incompatibility(clinic=clinic, first=first, second=second, second_class=second_class, is_edited=True)
    row.name = f"{first.name} + {other}"[:200]
    row.code = free_code(Incompatibility, clinic, f"{first.code} {second.code if second is not None else second_class}")
    _write(row, columns)
    audit.record(actor=actor, verb="pair.created", subject=row)
    return row


@transaction.atomic
def update_pair(*, actor: User | None, pair: Incompatibility, **columns: Any) -> Incompatibility:
    """Change what is said of a pair; from then on the shipped catalogue no longer touches it.

    Raises Refused("no-source" | "not-valid").
    """
    pair = _locked(pair)
    before = _said(pair)
    pair.is_edited = True
    _write(pair, columns)
    audit.record(actor=actor, verb="pair.updated", subject=pair, changes=_changes(pair, before))
    return pair


def archive_pair(*, actor: User | None, pair: Incompatibility, is_archived: bool = True) -> Incompatibility:
    """Count a pair no longer: it is unknown then, never compatible. Or again. Twice does no harm."""
    return set_archived(actor=actor, row=pair, is_archived=is_archived, noun="pair")


@transaction.atomic
def reship_pair(*, actor: User | None, pair: Incompatibility) -> Incompatibility:
    """Take back what was shipped of a pair. Twice does no harm. Raises Refused("not-shipped")."""
    pair = _locked(pair)
    shipped = {row.code: row for row in rows.incompatibility_rows(shipped_catalogue())}.get(pair.code)
    if shipped is None or not pair.shipped_digest:
        raise Refused("not-shipped", _("This pair is the clinic's own: nothing was shipped of it."))
    if not pair.is_edited and not pair.is_archived:
        return pair
    before = _said(pair)
    values = dict(shipped.values)
    vehicle = values["only_with"]
    values["only_with"] = Substance.objects.filter(clinic=pair.clinic_id, code=vehicle).first() if vehicle else None
    for name in COLUMNS:
        setattr(pair, name, values[name])
    pair.shipped_digest, pair.is_edited, pair.is_archived = shipped.digest, False, False
    check(pair)
    pair.save()
    audit.record(actor=actor, verb="pair.as-shipped", subject=pair, changes=_changes(pair, before))
    return pair


def _locked(pair: Incompatibility) -> Incompatibility:
    return Incompatibility.objects.select_for_update(of=("self",)).get(pk=pair.pk)


def _said(pair: Incompatibility) -> dict[str, Any]:
    return {name: getattr(pair, name) for name in COLUMNS}


def _changes(pair: Incompatibility, before: dict[str, Any]) -> list[audit.Change]:
    return audit.changed(pair, before)


def _write(pair: Incompatibility, columns: dict[str, Any]) -> None:
    unknown = columns.keys() - set(COLUMNS)
    if unknown:
        raise TypeError(f"a pair has no {', '.join(sorted(unknown))}")
    for name, value in columns.items():
        setattr(pair, name, value)
    if not pair.source.strip():
        words = _("Say where this comes from: a study, a label, what was seen here and when.")
        raise Refused("no-source", words, field="source")
    if pair.only_with_id is not None and pair.only_with_id in (pair.first_id, pair.second_id):
        raise Refused("not-valid", _("The vehicle is a third product, none of the two."), field="only_with")
    check(pair)
    pair.save()
