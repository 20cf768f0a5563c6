"""The dry run: a worker reads the file into rows, and says of each whether it is new, here already, or faulty."""

import hmac
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone, translation

from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import Site
from mesoclinic.core.refused import Refused
from mesoclinic.core.services.jobs import Turn, forget_files
from mesoclinic.core.tables import LONGEST_CELL, Numbered, open_table
from patients.importing import cells, columns
from patients.importing.rows import Reader, ReadRow, read_row
from patients.models import ImportRow, PatientImport
from patients.models.imports import DateOrder, ImportStatus, RowState
from patients.queries.known import Known, known_files, likely_twin
from protocols.models import Species, Substance

logger = logging.getLogger(__name__)

ROWS_A_STEP = 100
Seen = dict[tuple, int]


@dataclass(frozen=True, slots=True)
class CheckedRow:
    """A row of the file and what it says."""

    position: int
    texts: list[str]
    fingerprint: str
    read: ReadRow


def read_rows(turn: Turn[PatientImport]) -> bool:
    """Read on where the last turn ended. Says whether there is more to do; a file that is no table ends as refused."""
    one = turn.hold(ImportStatus.CHECKING)
    if one is None:
        return False
    with translation.override(one.language):
        try:
            with one.file.open("rb") as file:
                return _read_on(turn, one, open_table(file, columns.fields_of).rows)
        except OSError:
            return _refuse(one, translation.gettext("The uploaded file is missing. Upload it again."))
        except Refused as refused:
            return _refuse(one, refused.message)


def reader_of(one: PatientImport) -> Reader:
    """What reading the rows of an import needs. Five SQL statements."""
    site = Site.objects.filter(clinic=one.clinic).order_by("pk").first()
    substances = Substance.objects.filter(clinic=one.clinic, is_archived=False)
    return Reader(
        clinic=one.clinic,
        heads=one.heads,
        fields=one.fields,
        words=cells.Words(Species.objects.all(), settings.LANGUAGES),
        species=one.species,
        month_first=one.date_order == DateOrder.MONTH_FIRST,
        today=local_day(timezone.now(), site.zone) if site else timezone.localdate(),
        substances={columns.bare(substance.name): substance for substance in substances},
    )


def _read_on(turn: Turn[PatientImport], one: PatientImport, rows: Iterator[Numbered]) -> bool:
    reader, seen = reader_of(one), {}
    done = one.rows.order_by("-position").values_list("position", flat=True).first() or 0
    while step := list(islice(rows, ROWS_A_STEP)):
        checked = [_checked(reader, number, texts) for number, texts in step]
        made = _judged(one, checked, seen, done)  # outside: SQLite lets nobody else write while this looks for twins
        with transaction.atomic():
            if turn.hold(ImportStatus.CHECKING) is None:
                return False
            ImportRow.objects.bulk_create(made)
        if turn.is_over and made:
            return True
    return _finish(turn, one)


def _checked(reader: Reader, number: int, texts: Sequence[str]) -> CheckedRow:
    texts = [text[: LONGEST_CELL + 1].replace("\0", "") for text in texts]
    try:
        read = read_row(reader, texts)
    except (OperationalError, InterfaceError):
        raise  # the database, not the row: another worker tries again
    except Exception:  # a row nobody thought of must not keep the others from being read, again and again
        logger.exception("import: row %s could not be read", number)
        read = ReadRow(reader.species, faults=[("", translation.gettext("This row cannot be read."))])
    return CheckedRow(number, texts, fingerprint_of(reader.fields, texts), read)


def fingerprint_of(fields: Sequence[str], texts: Sequence[str]) -> str:
    """Tells whether two rows say the same, and nothing else: keyed, so that nobody can try names out on it."""
    said = sorted(f"{name}={text.strip()}" for name, text in zip(fields, texts, strict=False) if name and text.strip())
    return hmac.new(settings.SECRET_KEY.encode(), "\n".join(said).encode(), sha256).hexdigest()


def _judged(one: PatientImport, checked: list[CheckedRow], seen: Seen, done: int) -> list[ImportRow]:
    """The rows to write; those read in an earlier turn are only remembered."""
    new = [row for row in checked if row.position > done]
    known = known_files(one.clinic, ((row.read, row.fingerprint) for row in new)) if new else None
    made = []
    for row in checked:
        keys = _keys(row)
        earlier = next((seen[key] for key in keys if key in seen), None)
        for key in keys:
            seen.setdefault(key, row.position)
        if row.position > done and known is not None:
            made.append(_row(one, row, known, earlier))
    return made


def _keys(row: CheckedRow) -> list[tuple]:
    """What two rows of one file share only when they are the same patient. A faulty row is nobody yet."""
    if row.read.faults:
        return []
    keys: list[tuple] = [("row", row.fingerprint), *(("number", *number) for number in row.read.numbers)]
    if row.read.birth_on:
        keys.append(("born", row.read.species.pk, row.read.who, row.read.birth_on))
    return keys


def _row(one: PatientImport, row: CheckedRow, known: Known, earlier: int | None) -> ImportRow:
    made = ImportRow(of=one, position=row.position, cells=row.texts, fingerprint=row.fingerprint, state=RowState.NEW)
    if row.read.faults:
        made.state, made.faults = RowState.FAULTY, [list(fault) for fault in row.read.faults]
    elif earlier is not None:
        made.state, made.twin_row = RowState.HERE, earlier
    else:
        twin_id, is_sure = known.of(row.read, row.fingerprint)
        if not is_sure:
            twin_id = twin_id or (likely_twin(one.clinic, row.read) if known.has_any else None)
        if twin_id:
            made.state, made.twin_id = RowState.HERE if is_sure else RowState.LIKELY, twin_id
    return made


def _finish(turn: Turn[PatientImport], one: PatientImport) -> bool:
    with transaction.atomic():
        if turn.hold(ImportStatus.CHECKING) is not None:
            ready = {"status": ImportStatus.READY, "file": "", "held_by": None}
            PatientImport.objects.filter(pk=one.pk).update(**ready)
            forget_files(one)
    return False


def _refuse(one: PatientImport, words: str) -> bool:
    with transaction.atomic():
        refused = {"status": ImportStatus.REFUSED, "file": "", "held_by": None, "why_refused": words[:300]}
        if PatientImport.objects.filter(pk=one.pk, status=ImportStatus.CHECKING).update(**refused):
            one.rows.all().delete()
            forget_files(one)
    return False
