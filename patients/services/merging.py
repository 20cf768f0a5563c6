"""Make two files of one patient one, and undo it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from mesoclinic.core import audit
from mesoclinic.core.models import User
from mesoclinic.core.refused import Refused
from patients.models import Consent, Flag, Identifier, Merge, Patient, PatientParty, Weight
from patients.models.patients import AllergyStatus, FoodChain
from patients.queries.flags import lasting_allergies
from patients.queries.telling_apart import between
from patients.services.sealed import refuse_sealed
from patients.services.searching import fold_contact, index_patients

RowsOf = Callable[[Patient], Iterable[models.Model]]
FILLED = (
    *("registered_name", "sex", "birth_on", "birth_is_estimated", "breed", "colour", "place", "stall_note"),
    *("phone", "email", "address", "language"),
)
WEIGHED_UP = ("allergy_status", "allergy_asked_on", "food_chain", "food_chain_seen_on")
# What says one thing in two columns goes back, or stays, as one.
TOGETHER = (("birth_on", "birth_is_estimated"), WEIGHED_UP[:2], WEIGHED_UP[2:])
# What moves with a file, by model label: other apps add theirs (`also_moves`), since this one knows nothing of them.
_movers: dict[str, RowsOf] = {
    model._meta.label: (lambda patient, model=model: model.objects.filter(patient=patient))
    for model in (Flag, PatientParty, Identifier, Weight, Consent)
}


@dataclass(frozen=True)
class Parted:
    """A merge undone; `edited` names what was changed in the kept file since, and stays as it is."""

    merge: Merge
    edited: tuple[str, ...]


def also_moves(label: str, rows_of: RowsOf) -> None:
    """Say which rows of a model with a `patient` move when files are merged: those that are not signed."""
    _movers[label] = rows_of


@transaction.atomic
def merge_patient(*, actor: User | None, patient: Patient, into: Patient) -> Merge:
    """Merge a file into another, which is kept: unsigned rows move, flags unite, empty fields are filled.

    Signed records stay under the key they were signed with and are read through the kept file.
    Raises Refused("same-file" | "already-merged" | "other-species" | "told-apart" | "rows-clash").
    """
    rows = locked(patient, into)
    merged, kept = rows[patient.pk], rows[into.pk]
    _refuse(merged, kept)
    before = _held(kept)
    moved = {label: _move(rows_of(merged), kept) for label, rows_of in _movers.items()}
    _fill(kept, merged)
    merged.merged_into = kept
    merged.save(update_fields=["merged_into"])
    states = {"before": before, "after": _held(kept)}
    merge = Merge.objects.create(clinic=kept.clinic, kept=kept, merged=merged, moved=moved, by=actor, **states)
    index_patients([kept, merged])
    for row in (kept, merged):
        audit.record(actor=actor, verb="patient.merged", subject=merge, patient_id=row.pk)
    return merge


@transaction.atomic
def undo_merge(*, actor: User | None, merge: Merge) -> Parted:
    """Part two merged files again: what moved goes back, but records signed meanwhile stay where they were signed.

    What somebody changed in the kept file since stays too. Raises Refused("already-undone" | "merged-further").
    """
    merge = Merge.objects.select_for_update(of=("self",)).select_related("kept", "merged", "clinic").get(pk=merge.pk)
    if merge.undone_at is not None:
        raise Refused("already-undone", _("This merge has already been undone."))
    kept, merged = merge.kept, merge.merged
    refuse_sealed(kept)
    if kept.merged_into_id is not None:
        message = _("The kept file was merged into another one since. Undo that merge first.")
        raise Refused("merged-further", message)
    for label, keys in merge.moved.items():
        movable = {row.pk: row for row in _movers[label](kept)}
        _put([movable[key] for key in keys if key in movable], merged)
    edited = _edited(kept, merge)
    _restore(kept, {name: value for name, value in merge.before.items() if name not in edited})
    merged.merged_into = None
    merged.save(update_fields=["merged_into"])
    merge.undone_at, merge.undone_by = timezone.now(), actor
    merge.save(update_fields=["undone_at", "undone_by"])
    index_patients([kept, merged])
    for row in (kept, merged):
        audit.record(actor=actor, verb="patient.merge-undone", subject=merge, patient_id=row.pk)
    return Parted(merge, tuple(str(Patient._meta.get_field(name).verbose_name) for name in edited))


def locked(*patients: Patient) -> dict[int, Patient]:
    """Both files by key, locked in one order, so that two merges cannot wait for each other."""
    keys = [patient.pk for patient in patients]
    rows = Patient.objects.select_for_update(of=("self",)).select_related("clinic", "species").order_by("pk")
    return {row.pk: row for row in rows.filter(pk__in=keys)}


def refuse_no_pair(one: Patient, other: Patient) -> None:
    """Raises Refused("same-file" | "already-merged" | "pseudonymised" | "restricted") unless both are files in use."""
    if one.pk == other.pk or one.clinic_id != other.clinic_id:
        raise Refused("same-file", _("Choose another file: these two are one already."))
    if one.merged_into_id is not None or other.merged_into_id is not None:
        raise Refused("already-merged", _("One of these files has already been merged. Load the page again."))
    for file in (one, other):
        refuse_sealed(file)


def _refuse(merged: Patient, kept: Patient) -> None:
    refuse_no_pair(merged, kept)
    if merged.species_id != kept.species_id:
        raise Refused("other-species", _("A person and an animal, or two kinds of animal, cannot be one patient."))
    if between(merged, kept).exists():
        message = _("These two files were said to be two patients. Take that back first, if they are one after all.")
        raise Refused("told-apart", message)


def _move(rows: Iterable[models.Model], kept: Patient) -> list[int]:
    """Move what the kept file does not hold already; return the keys of what moved."""
    known = {_sameness(row) for row in _rows_like(rows, kept)}
    going = [row for row in rows if _sameness(row) not in known]
    _put(going, kept)
    return [row.pk for row in going]


def _rows_like(rows: Iterable[models.Model], kept: Patient) -> Iterable[models.Model]:
    model = getattr(rows, "model", None)
    return model.objects.filter(patient=kept) if model in SAME_WHEN else ()


SAME_WHEN: dict[type[models.Model], tuple[str, ...]] = {
    Flag: ("kind", "substance_id", "value", "text", "until_on"),
    PatientParty: ("party_id", "role", "until_on"),
    Identifier: ("scheme", "value"),
    Weight: ("weight_kg", "weighed_on", "is_estimated"),
}


def _sameness(row: models.Model) -> tuple:
    names = SAME_WHEN.get(type(row), ("pk",))
    return tuple(getattr(row, name) for name in names)


def _put(rows: Iterable[models.Model], patient: Patient) -> None:
    try:
        with transaction.atomic():
            for row in rows:
                row.patient = patient
                row.save(update_fields=["patient"])  # not update(): flags and courses keep their history
    except IntegrityError as exc:
        message = _("Both files have something at the same time, such as two appointments. Move or cancel one first.")
        raise Refused("rows-clash", message) from exc


def _fill(kept: Patient, merged: Patient) -> None:
    for name in FILLED:
        column = _column(name)
        if getattr(kept, column) in (None, "") and getattr(merged, column) not in (None, ""):
            setattr(kept, column, getattr(merged, column))
            if name == "birth_on":
                kept.birth_is_estimated = merged.birth_is_estimated
    asked = (AllergyStatus.NOT_ASKED, AllergyStatus.NONE_KNOWN, AllergyStatus.LISTED)
    if asked.index(merged.allergy_status) > asked.index(kept.allergy_status):
        kept.allergy_status, kept.allergy_asked_on = merged.allergy_status, merged.allergy_asked_on
    if _knows_passport_better(merged, kept):
        kept.food_chain, kept.food_chain_seen_on = merged.food_chain, merged.food_chain_seen_on
    _save(kept)


def _knows_passport_better(one: Patient, other: Patient) -> bool:
    """A horse once signed out is never a food animal again, whenever a passport was seen; of two alike the later counts.

    Source: DOMAIN section 2.4: signing out is permanent.
    """
    rank = {FoodChain.FOOD_ANIMAL: 1, FoodChain.SIGNED_OUT: 2}
    known = [(rank.get(row.food_chain, 0), row.food_chain_seen_on or date.min) for row in (one, other)]
    return known[0][0] > 0 and known[0] > known[1]


def _edited(kept: Patient, merge: Merge) -> list[str]:
    """Name what is no longer as the merge made it. A list of allergies somebody added to since is one they made."""
    now = _held(kept)
    edited = {name for name, value in merge.after.items() if now[name] != value}
    added = lasting_allergies(kept, timezone.localdate())
    if merge.after and merge.before.get("allergy_status") != AllergyStatus.LISTED and added.exists():
        edited.add("allergy_status")
    for names in TOGETHER:
        edited |= set(names) if edited & set(names) else set()
    return [name for name in now if name in edited and name in merge.before]


def _held(kept: Patient) -> dict[str, object]:
    return {name: _plain(getattr(kept, _column(name))) for name in (*FILLED, *WEIGHED_UP)}


def _restore(kept: Patient, before: dict) -> None:
    for name, value in before.items():
        column = _column(name)
        setattr(kept, column, Patient._meta.get_field(name).to_python(value) if value is not None else None)
    _save(kept)


def _save(kept: Patient) -> None:
    fold_contact(kept, kept.name, kept.registered_name)
    names = [*FILLED, *WEIGHED_UP, "search_text", "phone_search"]
    kept.save(update_fields=names)


def _column(name: str) -> str:
    return Patient._meta.get_field(name).attname


def _plain(value: object) -> object:
    return value.isoformat() if hasattr(value, "isoformat") else value
