"""Stables, homes and care homes: where visits happen away from the clinic."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from mesoclinic.core import audit
from mesoclinic.core.checking import check
from mesoclinic.core.models import Clinic, User
from mesoclinic.core.refused import Refused
from patients.models import Place
from patients.services.searching import fold_contact

FIELDS = (
    *("kind", "name", "travel_min", "note", "is_archived", "phone", "email", "address", "language"),
    *("may_email", "may_text", "may_call"),
)


@transaction.atomic
def create_place(*, actor: User | None, clinic: Clinic, name: str, **fields: Any) -> Place:
    """Note a place. Raises Refused("name-taken" | "not-valid")."""
    place = Place(clinic=clinic)
    _assign(place, {"name": name, **fields})
    place.save()
    audit.record(actor=actor, verb="place.created", subject=place)
    return place


@transaction.atomic
def update_place(*, actor: User | None, place: Place, **fields: Any) -> Place:
    """Change a place, or archive it: then it is offered no more. Raises Refused("name-taken" | "not-valid")."""
    before = {name: getattr(place, name) for name in fields}
    _assign(place, fields)
    place.save(update_fields=[*fields, "search_text", "phone_search"])
    audit.record(actor=actor, verb="place.updated", subject=place, changes=audit.changed(place, before))
    return place


def _assign(place: Place, fields: dict[str, Any]) -> None:
    unknown = fields.keys() - set(FIELDS)
    if unknown:
        raise TypeError(f"a place has no {', '.join(sorted(unknown))}")
    for name, value in fields.items():
        setattr(place, name, " ".join(value.split()) if name == "name" else value)
    check(place, but=["clinic"])
    if not place.name:
        raise Refused("not-valid", _("Type a name."), field="name")
    if Place.objects.filter(clinic=place.clinic, name=place.name).exclude(pk=place.pk).exists():
        raise Refused("name-taken", _("There is already a place of this name."), field="name")
    fold_contact(place, place.name)
