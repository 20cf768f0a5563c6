"""Reads of merges."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass

from django.http import Http404

from mesoclinic.core.models import Clinic
from patients.models import Merge, Patient
from patients.queries.patients import files_of
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


@dataclass(frozen=True)
class OtherWay:
    """How a file merged into another says its patient is reached; empty what the kept file says itself."""

    name: str
    phone: str
    email: str


def other_ways(patients: Collection[Patient]) -> dict[int, list[OtherWay]]:
    """Give by key what files merged into these know of reaching them, and they do not say.

    One SQL statement for each level of merges and one more; one where nothing is merged, none without patients.
    """
    if not patients:
        return {}
    files = {key: keys[1:] for key, keys in files_of(patients).items()}
    rows = Patient.objects.in_bulk([key for keys in files.values() for key in keys])
    found: dict[int, list[OtherWay]] = {}
    for kept in patients:
        said = {kept.phone_search, kept.email.casefold(), ""}
        for row in (rows[key] for key in sorted(files[kept.pk])):
            phone = row.phone if row.phone_search not in said else ""
            email = row.email if row.email.casefold() not in said else ""
            said |= {row.phone_search, row.email.casefold()}
            if phone or email:
                found.setdefault(kept.pk, []).append(OtherWay(row.name, phone, email))
    return found


def likely_twins(patient: Patient, told_apart: Collection[int]) -> list[Hit]:
    """Return other files that may be the same patient, but for those of these keys, which were said to be another's."""
    return duplicates(
        patient.clinic,
        name=patient.name,
        birth_on=patient.birth_on,
        phone=patient.phone,
        species=patient.species.code,
        but={patient.pk, *told_apart},
    )
