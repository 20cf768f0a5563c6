"""Imports of patients: the list, and one with its counts and its rows by what is said of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.http import Http404

from mesoclinic.core.models import Clinic
from patients.importing import columns
from patients.models import ImportRow, Patient, PatientImport
from patients.models.imports import OVER, ImportStatus, RowState
from patients.queries.search import Hit, hit_of, with_owners
from patients.queries.telling_apart import are_apart, kept_key

ROWS_A_PAGE = 50
CELLS_SHOWN = 4
LONGEST_SHOWN = 60


def imports(clinic: Clinic) -> QuerySet[PatientImport]:
    """List the imports of a clinic, the newest first, each with the count of its rows by state. One SQL statement."""
    counts = {f"{state.value}_count": Count("rows", filter=Q(rows__state=state)) for state in RowState}
    rows = PatientImport.objects.filter(clinic=clinic).select_related("asked_by", "species")
    return rows.annotate(total=Count("rows"), **counts).order_by("-asked_at", "-pk")


def refused(clinic: Clinic) -> QuerySet[PatientImport]:
    """List the files that could not be read and nobody cancelled yet, the newest first. One SQL statement."""
    return PatientImport.objects.filter(clinic=clinic, status=ImportStatus.REFUSED)


def get_or_404(clinic: Clinic, public_id: UUID) -> PatientImport:
    """Return one import as `imports` lists it, `wanted_count`, how many are to be imported, and `can_be_taken_back`. One SQL statement."""
    try:
        one = imports(clinic).get(public_id=public_id)
    except PatientImport.DoesNotExist as exc:
        raise Http404 from exc
    one.wanted_count = one.imported_count + one.new_count + (one.likely_count if one.with_likely else 0)
    one.can_be_taken_back = bool(one.imported_count) and one.status in OVER
    return one


@dataclass(frozen=True, slots=True)
class MatchedColumn:
    """A column of the file and the field it fills; `field` is empty where it fills none."""

    head: str
    field: str


def columns_of(one: PatientImport) -> tuple[list[MatchedColumn], list[str]]:
    """The columns that are imported, and the headings of those that are not. No SQL statement."""
    pairs = list(zip(one.heads, one.fields, strict=False))
    found = [MatchedColumn(head, columns.label(field)) for head, field in pairs if field]
    return found, [head for head, field in pairs if not field and head and not columns.is_ignored(head)]


@dataclass(frozen=True, slots=True)
class ShownRow:
    """One row of the list: its number there, its state, what it says of who it is, what is wrong with it.

    `twin` is the file it is or may be in already, or was told apart from; `twin_row` the row of the list that says the
    same, `made` the file it became; of a restricted file only its number is told.
    """

    position: int
    state: str
    words: str
    faults: Sequence[Sequence[str]]
    twin: Hit | None
    twin_row: int | None
    made: Hit | None = None


DOUBLES = "doubles"  # beside the states of rows: what was imported though it is perhaps in another file


def doubles(one: PatientImport) -> QuerySet[ImportRow]:
    """List the rows imported though they looked like a file that was here, as long as the two are neither one nor told apart.

    Who was merged since is looked for in the file that is kept.
    """
    rows = with_kept(one.rows.filter(state=RowState.IMPORTED, twin__isnull=False))
    return rows.exclude(kept_made=F("kept_twin")).exclude(are_apart(one.clinic, "kept_made", "kept_twin"))


APART = "apart"  # beside the states of rows: what somebody said to be another patient than the file it looked like


def told_apart(one: PatientImport) -> QuerySet[ImportRow]:
    """List the rows said to be somebody else: not imported yet, or imported and told apart as files are."""
    files = Q(are_apart(one.clinic, "kept_made", "kept_twin"), state=RowState.IMPORTED, twin__isnull=False)
    return with_kept(one.rows.all()).filter(Q(state=RowState.NEW, not_twin__isnull=False) | files)


def with_kept(rows: QuerySet[ImportRow]) -> QuerySet[ImportRow]:
    """Add the keys of the files the twin, or who is not the twin, and the patient of a row are kept in."""
    return rows.annotate(kept_twin=Coalesce(kept_key("twin"), kept_key("not_twin")), kept_made=kept_key("patient"))


def rows_page(one: PatientImport, state: str, number: str | None) -> Page:
    """One page of the rows in a state, as `ShownRow`. Four SQL statements."""
    listed = {DOUBLES: doubles, APART: told_apart}.get(state)
    rows_shown = listed(one) if listed else with_kept(one.rows.filter(state=state))
    found = rows_shown.order_by("position").defer("fingerprint")
    page = Paginator(found, ROWS_A_PAGE).get_page(number)
    rows = list(page.object_list)
    keys = {key for row in rows for key in (row.kept_twin, row.kept_made)} - {None}
    files = {file.pk: file for file in with_owners(Patient.objects.filter(pk__in=keys)).order_by()} if keys else {}
    page.object_list = [_shown(one, row, files) for row in rows]
    return page


def _shown(one: PatientImport, row: ImportRow, files: dict[int, Patient]) -> ShownRow:
    twin, made = files.get(row.kept_twin or 0), files.get(row.kept_made or 0)
    return ShownRow(
        position=row.position,
        state=row.state,
        words=said_of(one, row),
        faults=row.faults,
        twin=_hit(twin) if twin else None,
        twin_row=row.twin_row,
        made=_hit(made) if made else None,
    )


def said_of(one: PatientImport, row: ImportRow) -> str:
    """The first things a row says of who it is. No SQL statement."""
    cells = [cell for cell, field in zip(row.cells, one.fields, strict=False) if field and cell]
    return ", ".join(cell[:LONGEST_SHOWN] for cell in cells[:CELLS_SHOWN])


def _hit(file: Patient) -> Hit:
    hit = hit_of(file)
    return replace(hit, name=file.listed_name, registered_name="", facts=(), phone="") if file.is_restricted else hit
