"""Which files were said to be two patients'. Said of a file, it holds for the one that file was merged into."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from mesoclinic.core.models import Clinic, User
from patients.models import Patient, ToldApart
from patients.queries.patients import file_ids, with_kept
from patients.queries.search import Hit, hit_of, with_owners

DEEPEST_MERGE = 3  # a file merged into one that was merged itself, and once more


@dataclass(frozen=True, slots=True)
class OtherPatient:
    """A file said not to be the same patient, as a line of a list; by whom, when, and why where that was said."""

    hit: Hit
    by: User | None
    at: datetime
    reason: str


def pairs_of(keys: Collection[int]) -> QuerySet[ToldApart]:
    """List the pairs one of these files is in, the newest first."""
    return ToldApart.objects.filter(Q(first__in=keys) | Q(second__in=keys))


def between(one: Patient, other: Patient) -> QuerySet[ToldApart]:
    """The pairs that keep two files apart, of themselves or of files merged into them. Asking for the keys is a
    statement for each file and one more for each level of merges.
    """
    mine, theirs = file_ids(one), file_ids(other)
    return ToldApart.objects.filter(Q(first__in=mine, second__in=theirs) | Q(first__in=theirs, second__in=mine))


def other_patients(patient: Patient) -> list[OtherPatient]:
    """List the files said not to be this patient, the newest first, each once. Five SQL statements at most, and one for
    each level of merges.
    """
    mine = set(file_ids(patient))
    said: dict[int, ToldApart] = {}
    pairs = list(pairs_of(mine).select_related("by"))
    others = {pair.pk: pair.second_id if pair.first_id in mine else pair.first_id for pair in pairs}
    kept = with_kept(patient.clinic, others.values()) if others else {}
    for pair in pairs:
        said.setdefault(kept[others[pair.pk]][1].pk, pair)
    files = {file.pk: file for file in with_owners(Patient.objects.filter(pk__in=said)).order_by()} if said else {}
    return [OtherPatient(hit_of(files[key]), pair.by, pair.at, pair.reason) for key, pair in said.items()]


def kept_key(way: str) -> Coalesce:
    """The key of the file the one at the end of this way is kept in."""
    return Coalesce(*(way + "__merged_into" * steps for steps in range(DEEPEST_MERGE, -1, -1)))


def are_apart(clinic: Clinic, one: str, other: str) -> Exists:
    """Say in a query whether two columns hold the keys of kept files that were told apart."""
    pairs = ToldApart.objects.filter(clinic=clinic).annotate(one=kept_key("first"), other=kept_key("second"))
    here, there = OuterRef(one), OuterRef(other)
    return Exists(pairs.filter(Q(one=here, other=there) | Q(one=there, other=here)))
