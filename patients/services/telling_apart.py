"""Say of two files that they are two patients', and take it back."""

from django.db import transaction

from mesoclinic.core import audit
from mesoclinic.core.checking import check
from mesoclinic.core.models import User
from patients.models import Patient, ToldApart
from patients.queries.telling_apart import between
from patients.services.merging import locked, refuse_no_pair


@transaction.atomic
def tell_files_apart(*, actor: User | None, patient: Patient, other: Patient, reason: str = "") -> ToldApart:
    """Say that two files are not the same patient: they are not offered for merging any more, and not merged.

    Said twice, it is written down once.
    Raises Refused("same-file" | "already-merged" | "pseudonymised" | "restricted" | "not-valid").
    """
    files = locked(patient, other)
    refuse_no_pair(files[patient.pk], files[other.pk])
    if known := between(patient, other).first():
        return known
    first, second = (files[key] for key in sorted(files))
    pair = ToldApart(clinic=first.clinic, first=first, second=second, reason=reason, by=actor)
    check(pair, but=["clinic", "first", "second", "by"])
    pair.save(force_insert=True)
    _note(actor, "patient.told-apart", pair, files)
    return pair


@transaction.atomic
def undo_tell_files_apart(*, actor: User | None, patient: Patient, other: Patient) -> None:
    """Take that back, whichever of the files merged into these two it was said of. Taken back already, nothing happens.

    Raises Refused("same-file" | "already-merged" | "pseudonymised" | "restricted").
    """
    files = locked(patient, other)
    refuse_no_pair(files[patient.pk], files[other.pk])
    pairs = list(between(patient, other).select_related("first", "second"))
    if not pairs:
        return
    _note(actor, "patient.told-apart-undone", pairs[0], files)
    ToldApart.objects.filter(pk__in=[pair.pk for pair in pairs]).delete()


def _note(actor: User | None, verb: str, pair: ToldApart, files: dict[int, Patient]) -> None:
    for key in sorted(files):
        audit.record(actor=actor, verb=verb, subject=pair, patient_id=key)
