"""Reads of merges."""

import uuid

from django.http import Http404

from mesoclinic.core.models import Clinic
from patients.models import Merge, Patient
from patients.queries.search import Hit, duplicates


def get_or_404(clinic: Clinic, public_id: uuid.UUID | str) -> Merge:
    """Return a merge of this clinic. One SQL statement."""
    try:
        return Merge.objects.select_related("kept__species", "kept__clinic", "merged").get(
            clinic=clinic, public_id=public_id
        )
    except Merge.DoesNotExist as exc:
        raise Http404 from exc


def merges_of(kept: Patient) -> list[Merge]:
    """Return the merges into this file that can be undone, newest first. One SQL statement."""
    return list(kept.merges_kept.filter(undone_at__isnull=True).select_related("merged", "by"))


def likely_twins(patient: Patient) -> list[Hit]:
    """Return other files that may be the same patient."""
    return duplicates(
        patient.clinic,
        name=patient.name,
        birth_on=patient.birth_on,
        phone=patient.phone,
        species=patient.species.code,
        but=patient.pk,
    )
