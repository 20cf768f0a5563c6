"""Any list as CSV or XLSX, by one line in its view and one in its template: all rows its filters leave, not one page of them.

    if sent := exported(request, "course", found, exports.COURSES):
        return sent

    {% include "components/_export.html" with request=request perms=perms only %}

Rows are read and sent in pieces, so that a list of any length takes the same memory.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from io import StringIO
from itertools import islice
from tempfile import TemporaryFile
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone, translation
from django.utils.formats import get_format
from django.utils.http import content_disposition_header
from openpyxl import Workbook
from openpyxl.utils import get_column_letter

from mesoclinic.core import audit
from mesoclinic.core.workbooks import Value, cell, head

KINDS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
RIGHT = "core.export_lists"
ROWS_A_PIECE = 500
BYTES_A_PIECE = 64 * 1024
WIDTH = 22
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
Shape = Callable[[list[Any]], Iterable[Any]]


@dataclass(frozen=True)
class Column:
    """What stands above a column, and how a row's value is read. The words are the page's own."""

    label: str
    value: Callable[[Any], Value]


def exported(
    request: HttpRequest,
    noun: str,
    rows: QuerySet[Any] | Sequence[Any],
    columns: Sequence[Column],
    *,
    lines: Shape | None = None,
) -> StreamingHttpResponse | None:
    """Answer `?as=csv` and `?as=xlsx` with the whole list; None for the page itself.

    `noun` is the audit's word for the rows; `lines` turns a piece of the rows into what the columns read. Who took
    which list, with which filters and how many rows, is written down before anything leaves. Raises PermissionDenied.
    """
    if not is_asked(request):
        return None
    kind = request.GET["as"]
    if not request.user.has_perm(RIGHT):
        raise PermissionDenied
    count = rows.count() if isinstance(rows, QuerySet) else len(rows)
    filters = "&".join(f"{key}={value}" for key, value in request.GET.items() if key not in ("as", "page") and value)
    told = {"model": noun, "id": None, "old": None}
    changes = [{**told, "field": "rows", "new": count}, {**told, "field": "filters", "new": filters[:500]}]
    audit.record(actor=request.user, verb=f"{noun}.list-exported", subject=request.clinic, changes=changes)
    heads = [str(column.label) for column in columns]
    return sheet(kind, f"{noun}-list", heads, _values(rows, columns, lines))


def is_asked(request: HttpRequest) -> bool:
    """Say whether the list is asked for as a file: for a view that would read more for one than for its page."""
    return request.GET.get("as", "") in KINDS and request.method == "GET"


def sheet(kind: str, name: str, heads: Sequence[str], rows: Iterable[Sequence[Value]]) -> StreamingHttpResponse:
    """Answer with a file of these rows, `csv` or `xlsx`, named after today and sent in pieces.

    Who takes it is for the caller to note.
    """
    write = _csv if kind == "csv" else _xlsx
    pieces = _as_now(write(heads, rows))
    answer = StreamingHttpResponse(pieces, content_type=KINDS[kind], headers={"Cache-Control": "no-store"})
    answer["Content-Disposition"] = content_disposition_header(
        as_attachment=True, filename=f"{timezone.localdate().isoformat()}_{name}.{kind}"
    )
    return answer


def template_file(
    request: HttpRequest, name: str, heads: Sequence[str], rows: Iterable[Sequence[Value]]
) -> StreamingHttpResponse:
    """Answer with a file to fill in and import, as XLSX or, when asked, as CSV."""
    return sheet("csv" if request.GET.get("as") == "csv" else "xlsx", name, heads, rows)


def _as_now(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Make each piece in the language and time zone of the request, which is over when the server asks for it."""
    language, zone = translation.get_language() or "en", timezone.get_current_timezone()
    return _in(pieces, language, zone)


def _in(pieces: Iterator[bytes], language: str, zone: Any) -> Iterator[bytes]:
    while True:
        with translation.override(language), timezone.override(zone):
            piece = next(pieces, None)
        if piece is None:
            return
        yield piece


def _values(
    rows: QuerySet[Any] | Sequence[Any], columns: Sequence[Column], lines: Shape | None
) -> Iterator[list[Value]]:
    found = rows.iterator(chunk_size=ROWS_A_PIECE) if isinstance(rows, QuerySet) else iter(rows)
    while piece := list(islice(found, ROWS_A_PIECE)):
        for row in lines(piece) if lines else piece:
            yield [_plain(column.value(row)) for column in columns]


def _plain(value: Any) -> Value:
    if isinstance(value, datetime):
        local = timezone.localtime(value) if timezone.is_aware(value) else value  # else a clock of its own
        return local.replace(tzinfo=None, microsecond=0)
    if value is None or isinstance(value, bool | int | Decimal | date):
        return value
    return str(value)


def _csv(heads: Sequence[str], values: Iterable[Sequence[Value]]) -> Iterator[bytes]:
    """Write as the reader's own spreadsheet expects: where a comma is in numbers, a semicolon parts the columns."""
    comma = get_format("DECIMAL_SEPARATOR") == ","
    held = StringIO()
    writer = csv.writer(held, delimiter=";" if comma else ",")
    yield "\ufeff".encode()  # else Excel reads accents wrong
    writer.writerow([harmless(text) for text in heads])
    for row in values:
        writer.writerow([_csv_text(value, comma) for value in row])
        if held.tell() > BYTES_A_PIECE:
            yield _taken(held)
    yield _taken(held)


def csv_file(heads: Sequence[str], values: Iterable[Sequence[Value]]) -> bytes:
    """Give a short table whole, as CSV in the language of the moment."""
    return b"".join(_csv(heads, values))


def _taken(held: StringIO) -> bytes:
    text = held.getvalue()
    held.seek(0)
    held.truncate()
    return text.encode()


def _csv_text(value: Value, comma: bool) -> str:
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return text.replace(".", ",") if comma else text
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="minutes")
    if value is None or isinstance(value, str):
        return harmless(value or "")
    return value.isoformat() if isinstance(value, date) else str(value)


def harmless(text: str) -> str:
    """Keep a spreadsheet from running what somebody typed: what it would take for a formula gets an apostrophe."""
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA_STARTS) else text


def _xlsx(heads: Sequence[str], values: Iterable[Sequence[Value]]) -> Iterator[bytes]:
    """Write row by row; openpyxl keeps the rows in a temporary file, not in memory."""
    book = Workbook(write_only=True)
    page = book.create_sheet()
    page.freeze_panes = "A2"
    for number in range(len(heads)):
        page.column_dimensions[get_column_letter(number + 1)].width = WIDTH
    page.append([head(page, text) for text in heads])
    for row in values:
        page.append([cell(page, value) for value in row])
    with TemporaryFile() as made:
        book.save(made)
        made.seek(0)
        while piece := made.read(BYTES_A_PIECE):
            yield piece
