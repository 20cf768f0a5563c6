"""What people do with an import: upload the file, have it imported, cancel it, take the faulty rows home."""

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from itertools import chain, islice

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from mesoclinic.core import audit, doorbell
from mesoclinic.core.models import Clinic, User
from mesoclinic.core.refused import Refused
from mesoclinic.core.services.jobs import KEPT, forget_files
from mesoclinic.core.tables import named_table
from mesoclinic.core.wording import with_colon
from mesoclinic.core.workbooks import Value
from patients.importing import columns
from patients.models import ImportRow, PatientImport
from patients.models.imports import ImportStatus, RowState
from patients.queries.import_ends import EndedRow, ended, every_row, has_ends
from protocols.models import Species

GO_ON = "patients.go_on_with_import"
NAMES = ("name", "last_name", "first_name")
MOST_MB = 20
ROWS_A_PIECE = 500


def upload_import(
    *, actor: User, clinic: Clinic, file: UploadedFile, species: Species, date_order: str
) -> PatientImport:
    """Keep a file to be read by a worker; nothing is imported yet. The same file sent twice is one import.

    Raises what `named_table` raises.
    """
    table, fields = named_table(file, columns.fields_of, NAMES, called=columns.label("name"), most_mb=MOST_MB)
    digest = _digest(file)
    with transaction.atomic():
        Clinic.objects.select_for_update().get(pk=clinic.pk)  # a double click waits here, and finds the first one's
        same = {"clinic": clinic, "asked_by": actor, "sha256": digest, "species": species, "date_order": date_order}
        open_ = PatientImport.objects.filter(**same, status__in=[ImportStatus.CHECKING, ImportStatus.READY]).first()
        return open_ or _keep(same, file, table.heads, fields)


def _digest(file: UploadedFile) -> str:
    file.seek(0)
    found = sha256()
    for piece in file.chunks():
        found.update(piece)
    return found.hexdigest()


def _keep(same: dict, file: UploadedFile, heads: list[str], fields: list[str]) -> PatientImport:
    made = PatientImport(
        **same,
        file_name=_printable(file.name or "")[:200],
        language=(get_language() or "en")[:5],
        heads=heads,
        fields=fields,
        expires_at=timezone.now() + KEPT,
    )
    file.seek(0)
    made.file.save("table", file, save=False)
    try:
        made.save(force_insert=True)
    except BaseException:
        made.file.delete(save=False)
        raise
    audit.record(actor=made.asked_by, verb="import.uploaded", subject=made)
    doorbell.ring(GO_ON, made.pk)
    return made


def _printable(name: str) -> str:
    return "".join(sign for sign in name if sign.isprintable())


@transaction.atomic
def run_import(*, actor: User, one: PatientImport, with_likely: bool = False) -> None:
    """Have the new patients imported by a worker; pressed twice, it is done once. Raises Refused("not-ready" | "none")."""
    ready = PatientImport.objects.filter(pk=one.pk, status=ImportStatus.READY)
    states = [RowState.NEW, RowState.LIKELY] if with_likely else [RowState.NEW]
    now = timezone.now()
    going = {"status": ImportStatus.IMPORTING, "with_likely": with_likely, "free_from": now, "held_by": None}
    if not ready.update(**going, expires_at=None):
        if PatientImport.objects.filter(pk=one.pk, status__in=[ImportStatus.IMPORTING, ImportStatus.DONE]).exists():
            return
        raise Refused("not-ready", _("This file is not ready to be imported."))
    if not one.rows.filter(state__in=states).exists():
        raise Refused("none", _("There is nobody in this file to import."))
    audit.record(actor=actor, verb="import.started", subject=one)
    doorbell.ring(GO_ON, one.pk)


@transaction.atomic
def cancel_import(*, actor: User, one: PatientImport) -> None:
    """Stop, and forget what the file said. Whoever is imported already stays. Raises Refused("over")."""
    open_ = [ImportStatus.CHECKING, ImportStatus.READY, ImportStatus.REFUSED, ImportStatus.IMPORTING]
    mine = PatientImport.objects.filter(pk=one.pk, status__in=open_)
    if not mine.update(status=ImportStatus.CANCELLED, file="", done_at=timezone.now(), held_by=None):
        raise Refused("over", _("This import is over already."))
    forget_rows(one)
    audit.record(actor=actor, verb="import.cancelled", subject=one)


def forget_rows(one: PatientImport) -> None:
    """Delete what the file said of people: its rows but for those imported, which are empty; its name and headings."""
    one.rows.exclude(state=RowState.IMPORTED).delete()
    forgotten = {"file_name": "", "heads": [], "fields": [], "expires_at": None, "why_refused": ""}
    PatientImport.objects.filter(pk=one.pk).update(**forgotten)
    forget_files(one)


def take_faults(*, actor: User, one: PatientImport) -> tuple[list[str], Iterator[list[str]]]:
    """The faulty rows as they were in the file, with a column that says why; that they were taken is noted.

    Raises Refused("none").
    """
    faulty = one.rows.filter(state=RowState.FAULTY)
    if not faulty.exists():
        raise Refused("none", _("This file has no faulty rows, or they are deleted already."))
    audit.record(actor=actor, verb="import.faults-exported", subject=one)
    lines = (_line(row, len(one.heads)) for row in faulty.iterator(chunk_size=500))
    return [*one.heads, _("Reason")], lines


def take_ends(*, actor: User, one: PatientImport) -> tuple[list[str], Iterator[list[Value]]]:
    """Every row with what became of it, in the order of the file; that the list was taken is noted.

    Raises Refused("not-over").
    """
    if not has_ends(one):
        raise Refused("not-over", _("What became of each row is known once the import is over."))
    audit.record(actor=actor, verb="import.rows-exported", subject=one)
    heads = [_("Row"), _("What became of it"), _("File"), _("Patient"), _("Why"), _("What it says")]
    return heads, _end_lines(one)


def _end_lines(one: PatientImport) -> Iterator[list[Value]]:
    found = every_row(one).iterator(chunk_size=ROWS_A_PIECE)
    while piece := list(islice(found, ROWS_A_PIECE)):
        yield from map(_end_line, ended(one, piece))


def _end_line(row: EndedRow) -> list[Value]:
    others = ", ".join(f"{other.name} ({_('File')} {other.number})" for other in row.others)
    same = _("the same as row %(number)s") % {"number": row.twin_row} if row.twin_row else ""
    why = " · ".join(filter(None, [with_colon(row.beside, others) if others else "", same, _faults_said(row.faults)]))
    made = [row.made.number, row.made.name] if row.made else [None, ""]
    return [row.position, str(row.end.label), *made, why, row.words]


def _faults_said(faults: Iterable[Sequence[str]]) -> str:
    return " · ".join(f"{head}: {words}" if head else words for head, words in faults)


def _line(row: ImportRow, width: int) -> list[str]:
    cells = [*row.cells, *[""] * width][:width]
    return list(chain(cells, [_faults_said(row.faults)]))
