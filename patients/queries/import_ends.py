"""What became of every row of an import that is over: who was taken as new, merged since, left out by choice or for a fault."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet, TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.models import ImportRow, Patient, PatientImport
from patients.models.imports import ImportStatus, RowState
from patients.queries.imports import ROWS_A_PAGE, said_of, with_kept
from patients.queries.patients import page_of
from patients.queries.telling_apart import are_apart

Files = Mapping[int, Patient]
EVERY = "every"  # beside the states of rows: all of them, in the order of the file


class RowEnd(TextChoices):
    TAKEN = "taken", gettext_lazy("Taken as new")
    MERGED = "merged", gettext_lazy("Taken as new, merged since")
    CHOSEN = "chosen", gettext_lazy("Left out by choice")
    HERE = "here", gettext_lazy("Left out, here already")
    GONE = "gone", gettext_lazy("Left out, was here then")
    FAULTY = "faulty", gettext_lazy("Left out, wrong")


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file as a line names it; of a restricted one only its number is told."""

    number: int
    name: str
    url: str


@dataclass(frozen=True, slots=True)
class EndedRow:
    """One row of the list: what became of it, and the file that was made of it, or what it said where none was.

    `others` are the files it was merged with, is or may be, as `beside` says; `twin_row` the row that says the same.
    """

    position: int
    end: RowEnd
    words: str
    made: NamedFile | None
    beside: str
    others: tuple[NamedFile, ...]
    twin_row: int | None
    faults: Sequence[Sequence[str]]


def has_ends(one: PatientImport) -> bool:
    """Whether what became of its rows is known. After `expires_at` only those imported are still kept."""
    return one.status == ImportStatus.DONE


def every_row(one: PatientImport) -> QuerySet[ImportRow]:
    """List all rows of an import, as `ended` reads them. One SQL statement."""
    is_apart = are_apart(one.clinic, "kept_made", "kept_twin")
    return with_kept(one.rows.all()).annotate(is_apart=is_apart).order_by("position").defer("fingerprint")


def ends_page(one: PatientImport, number: str | None) -> Page:
    """One page of all the rows, as `EndedRow`. Three SQL statements."""
    page = Paginator(every_row(one), ROWS_A_PAGE).get_page(number)
    page.object_list = ended(one, page.object_list)
    return page


def ended(one: PatientImport, rows: Iterable[ImportRow]) -> list[EndedRow]:
    """Say what became of rows read by `every_row`. One SQL statement."""
    rows = list(rows)
    made = {row.kept_made for row in rows} - {None}
    keys = made | {key for row in rows for key in (row.kept_twin, row.patient_id)} - {None}
    found = Patient.objects.filter(Q(pk__in=keys) | Q(merged_into__in=made)).order_by("number")
    files = {file.pk: file for file in found}
    merged_in: dict[int, list[Patient]] = defaultdict(list)
    for file in files.values():
        if file.merged_into_id:
            merged_in[file.merged_into_id].append(file)
    return [_ended(one, row, files, merged_in) for row in rows]


def _named(file: Patient, kept: Patient) -> NamedFile:
    """Name a file as it was, unless the one it is kept in is restricted by now."""
    return NamedFile(file.number, (kept if kept.is_restricted else file).listed_name, page_of(kept))


def _ended(one: PatientImport, row: ImportRow, files: Files, merged_in: Mapping[int, list[Patient]]) -> EndedRow:
    end, beside, others = _end(row, files, merged_in)
    return EndedRow(
        position=row.position,
        end=end,
        words=said_of(one, row),
        made=_named(files[row.patient_id], files[row.kept_made]) if row.patient_id else None,
        beside=beside,
        others=others,
        twin_row=row.twin_row if end in (RowEnd.CHOSEN, RowEnd.HERE) and not others else None,
        faults=row.faults,
    )


def _end(
    row: ImportRow, files: Files, merged_in: Mapping[int, list[Patient]]
) -> tuple[RowEnd, str, tuple[NamedFile, ...]]:
    """What became of a row, and in what way other files have to do with it."""
    twin = (_named(files[row.kept_twin], files[row.kept_twin]),) if row.kept_twin else ()
    if row.state == RowState.FAULTY:
        return RowEnd.FAULTY, "", ()
    if row.state == RowState.HERE:
        return RowEnd.HERE, _("Is this patient"), twin
    if row.state == RowState.LIKELY:
        return RowEnd.CHOSEN, _("Perhaps this patient"), twin
    if row.state == RowState.NEW:
        return RowEnd.GONE, "", ()
    kept = files[row.kept_made]
    if kept.pk != row.patient_id:
        return RowEnd.MERGED, _("Merged with"), (_named(kept, kept),)
    if merged := merged_in[kept.pk]:
        return RowEnd.MERGED, _("Merged with"), tuple(_named(file, kept) for file in merged)
    if not twin:
        return RowEnd.TAKEN, "", ()
    return RowEnd.TAKEN, _("Not this patient") if row.is_apart else _("Perhaps this patient"), twin
