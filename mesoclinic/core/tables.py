"""Read the table in an uploaded file, CSV or XLSX, row by row and within bounds. Raises Refused where it is none.

A cell is text. Row numbers are those a spreadsheet shows.
"""

import csv
import re
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from io import TextIOWrapper
from itertools import chain, islice
from typing import IO, Any
from xml.etree.ElementTree import ParseError

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from mesoclinic.core.refused import Refused

MOST_ROWS = 100_000
MOST_COLUMNS = 100
MOST_LETTERS = 100_000_000  # of all cells: a few bytes of a workbook may stand for any number of letters
LONGEST_CELL = 4000
LONGEST_HEAD = 100
BLANK_ROWS = 1_100_000  # a spreadsheet has no more rows than that
MOST_UNPACKED = 150 * 1024 * 1024
MOST_STRINGS = 40 * 1024 * 1024  # the words of a workbook are held in memory
MOST_PARTS = 1000
START_OF_PART = 4096
SEPARATORS = (";", ",", "\t", "|")
SAMPLE_ROWS = 20
SAMPLE_LETTERS = 64 * 1024
ZIP, OLD_EXCEL = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
SEP_LINE = re.compile(r"sep=(.)")
EXCEL_TEXT = re.compile(r'^="?([^"]*)"?$')
FORMULA_STARTS = ("=", "+", "-", "@")
BROKEN = (zipfile.BadZipFile, InvalidFileException, ParseError, KeyError, ValueError, TypeError, IndexError)
BROKEN += (zlib.error, AttributeError, OSError, EOFError, NotImplementedError, RuntimeError, OverflowError)

Numbered = tuple[int, list[str]]


@dataclass(frozen=True, slots=True)
class Table:
    """Headings, and the rows below them that hold anything, each with its number."""

    heads: list[str]
    rows: Iterator[Numbered]


FieldsOf = Callable[[list[str]], list[str]]  # the field each heading names, empty for none


def named_table(
    file: UploadedFile, fields_of: FieldsOf, names: Collection[str], *, called: str, most_mb: int
) -> tuple[Table, list[str]]:
    """Open an uploaded table one of whose columns is one of `names`; give it with the field of each column.

    Raises Refused("too-large" | "no-name-column" | "no-rows") and those of `open_table`.
    """
    if file.size is None or file.size > most_mb * 1024 * 1024:
        words = _("This file is larger than %(most)d MB. Import it in parts.")
        raise Refused("too-large", words % {"most": most_mb}, field="file")
    table = open_table(file, fields_of)
    fields = fields_of(table.heads)
    if not set(names) & set(fields):
        words = _("No column is called “%(name)s”. Put headings into the first row; the template shows which.")
        raise Refused("no-name-column", words % {"name": called}, field="file")
    first = next(table.rows, None)
    if first is None:
        raise Refused("no-rows", _("There is nothing below the headings of this file."), field="file")
    return Table(table.heads, chain([first], table.rows)), fields


def open_table(file: IO[bytes], fields_of: FieldsOf) -> Table:
    """Read the headings; the rows are read as they are asked for.

    Raises Refused, while rows are read too: "empty" | "not-a-table" | "broken" | "too-wide" | "too-long" | "too-much".
    """
    file.seek(0)
    start = file.read(4)
    file.seek(0)
    if not start:
        raise Refused("empty", _("This file is empty. Choose another one."), field="file")
    if start.startswith(OLD_EXCEL):
        words = _("This is an old Excel file, or a locked one. Open it, save it as XLSX or CSV, and choose that file.")
        raise Refused("not-a-table", words, field="file")
    records = _workbook(file) if start == ZIP else _text(file, fields_of)
    rows = _bounded(records)
    heads = next(rows, None)
    if heads is None:
        raise Refused("empty", _("This file is empty. Choose another one."), field="file")
    return Table([" ".join(head.split())[:LONGEST_HEAD] for head in heads[1]], rows)


def _bounded(records: Iterator[list[str]]) -> Iterator[Numbered]:
    """Number the records and leave out blank ones. The first one is that of the headings."""
    count, letters = 0, 0
    for number, record in enumerate(records, start=1):
        if number > BLANK_ROWS + MOST_ROWS:
            raise _too_long()
        if any(record[MOST_COLUMNS:]):
            words = _("This file has more than %(most)d columns. Keep only those that are to be imported.")
            raise Refused("too-wide", words % {"most": MOST_COLUMNS}, field="file")
        while record and not record[-1]:
            record.pop()
        if not record:
            continue
        count, letters = count + 1, letters + sum(map(len, record))
        if count > MOST_ROWS + 1:
            raise _too_long()
        if letters > MOST_LETTERS:
            words = _("This file holds more text than can be imported at once. Import it in parts.")
            raise Refused("too-much", words, field="file")
        yield number, record


def _too_long() -> Refused:
    words = _("This file has more than %(most)s rows. Import it in parts.")
    return Refused("too-long", words % {"most": f"{MOST_ROWS:,}".replace(",", "\u202f")}, field="file")


# CSV


def _text(file: IO[bytes], fields_of: FieldsOf) -> Iterator[list[str]]:
    encoding = _encoding(file)
    file.seek(0)
    text = TextIOWrapper(file, encoding=encoding, errors="replace", newline="")
    try:
        separator, skipped = _separator(text.read(SAMPLE_LETTERS), fields_of)
        text.seek(0)
        if skipped:
            text.readline()
        yield from _records(csv.reader(text, delimiter=separator))
    finally:
        if not file.closed:
            text.detach()  # else it would close the file, which is not its own


def _records(reader: Iterator[list[str]]) -> Iterator[list[str]]:
    try:
        for record in reader:
            yield [_unescaped(cell) for cell in record]
    except csv.Error as exc:
        words = _(
            "This file cannot be read after row %(row)d: a quotation mark is not closed, or a cell is far too long."
        )
        raise Refused("broken", words % {"row": reader.line_num}, field="file") from exc  # type: ignore[attr-defined]


def _unescaped(cell: str) -> str:
    """Undo what spreadsheets and our own lists write so that a cell stays text: ="0612…" and '+33…"""
    cell = cell.replace("\0", "").strip()
    if cell.startswith('="') and (found := EXCEL_TEXT.match(cell)):
        return found[1]
    return cell[1:] if cell.startswith("'") and cell[1:].lstrip(" ").startswith(FORMULA_STARTS) else cell


def _encoding(file: IO[bytes]) -> str:
    """UTF-8 with or without its mark, UTF-16 with one, else what Western Windows writes."""
    file.seek(0)
    content = file.read()
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if b"\0" in content:
        words = _("This file is neither a CSV nor an XLSX file. Export the list as one of them, and choose that file.")
        raise Refused("not-a-table", words, field="file")
    try:
        content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"


def _separator(sample: str, fields_of: FieldsOf) -> tuple[str, bool]:
    """Choose the separator that makes most known headings, then most columns; and whether a line says so itself."""
    first = sample.partition("\n")[0]
    if said := SEP_LINE.fullmatch(first.strip().strip('"')):
        return said[1], True

    def rank(separator: str) -> tuple[int, int]:
        heads = next((row for row in _sampled(sample, separator) if any(row)), [])
        return sum(map(bool, fields_of(heads[:MOST_COLUMNS]))), len(heads)

    return max(SEPARATORS, key=rank), False


def _sampled(sample: str, separator: str) -> list[list[str]]:
    try:
        return list(islice(csv.reader(sample.splitlines(), delimiter=separator), SAMPLE_ROWS))
    except csv.Error:
        return []


# XLSX


def _workbook(file: IO[bytes]) -> Iterator[list[str]]:
    """The rows of the first sheet, as values: what formulas came to, not the formulas."""
    _check_parts(file)
    try:
        book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        page = book.worksheets[0]
        page.reset_dimensions()  # what a file says of its own size need not be so
        for row in page.iter_rows(values_only=True, max_col=MOST_COLUMNS + 1):
            # A gap of a million rows is a million empty ones.
            yield [] if row.count(None) == len(row) else [_cell(value) for value in row]
    except Refused:
        raise
    except BROKEN as exc:
        words = _("This file is damaged. Open it in a spreadsheet program, save it again, and choose the new file.")
        raise Refused("broken", words, field="file") from exc


def _check_parts(file: IO[bytes]) -> None:
    """Refuse what is no workbook, or would unpack to more than can be read."""
    try:
        with zipfile.ZipFile(file) as packed:
            parts = packed.infolist()
            starts = [
                packed.open(part).read(START_OF_PART) for part in parts[:MOST_PARTS] if part.filename.endswith("xml")
            ]
    except BROKEN as exc:
        raise Refused(
            "broken", _("This file is damaged. Save it again, and choose the new file."), field="file"
        ) from exc
    if any(b"<!DOCTYPE" in start or b"<!ENTITY" in start for start in starts):
        words = _("This file holds instructions that no spreadsheet writes. Save it again, and choose the new file.")
        raise Refused("broken", words, field="file")
    names = {part.filename for part in parts}
    if "xl/workbook.xml" not in names:
        words = _("This file is neither a CSV nor an XLSX file. Export the list as one of them, and choose that file.")
        raise Refused("not-a-table", words, field="file")
    too_large = sum(part.file_size for part in parts) > MOST_UNPACKED or len(parts) > MOST_PARTS
    strings = sum(part.file_size for part in parts if not part.filename.startswith("xl/worksheets/"))
    if too_large or strings > MOST_STRINGS:
        raise Refused("too-much", _("This file unpacks to more than can be read. Import it in parts."), field="file")


def _cell(value: Any) -> str:
    """Write a value as somebody would type it; a day without its empty time."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.date().isoformat() if not (value.hour or value.minute) else value.isoformat(sep=" ")
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 10**18 else f"{Decimal(repr(value)):f}"
    if isinstance(value, date):
        return value.isoformat()
    return str(value).replace("\0", "").strip()
