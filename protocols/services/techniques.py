"""The clinic's techniques: add its own, change how deep one goes, take one off the list."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from mesoclinic.core import audit
from mesoclinic.core.checking import check
from mesoclinic.core.models import Clinic, User
from mesoclinic.core.refused import Refused
from protocols.models import Technique
from protocols.services.archiving import set_archived
from protocols.services.codes import free_code
from protocols.services.told_names import keeping_told_name

SAID = ("name", "depth_min_mm", "depth_max_mm", "needs_mix", "notes", "source")


@transaction.atomic
def create_technique(*, actor: User | None, clinic: Clinic, **columns: Any) -> Technique:
    """Add a technique of the clinic's own. Raises Refused("name-taken" | "no-source" | "not-valid")."""
    technique = Technique(clinic=clinic, code=free_code(Technique, clinic, columns["name"]), is_edited=True)
    _write(technique, columns)
    audit.record(actor=actor, verb="technique.created", subject=technique)
    return technique


@transaction.atomic
def update_technique(*, actor: User | None, technique: Technique, **columns: Any) -> Technique:
    """Change a technique; from then on the shipped catalogue no longer touches it.

    Raises Refused("name-taken" | "name-told" | "no-source" | "not-valid").
    """
    technique = Technique.objects.select_for_update().get(pk=technique.pk)
    before = {name: getattr(technique, name) for name in SAID}
    technique.is_edited = True
    _write(technique, columns)
    changes = audit.changed(technique, before)
    audit.record(actor=actor, verb="technique.updated", subject=technique, changes=changes)
    return technique


def archive_technique(*, actor: User | None, technique: Technique, is_archived: bool = True) -> Technique:
    """Offer a technique no longer, or again. Twice does no harm."""
    return set_archived(actor=actor, row=technique, is_archived=is_archived, noun="technique")


def _write(technique: Technique, columns: dict[str, Any]) -> None:
    was = technique.name
    for name in SAID:
        setattr(technique, name, columns[name])
    others = Technique.objects.filter(clinic_id=technique.clinic_id, name__iexact=technique.name)
    if others.exclude(pk=technique.pk).exists():
        raise Refused("name-taken", _("There is already a technique of this name."), field="name")
    if not technique.source.strip():
        raise Refused("no-source", _("Say where this comes from: a text, a decision of the clinic."), field="source")
    check(technique)
    with keeping_told_name(technique, was):
        technique.save()
