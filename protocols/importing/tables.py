"""The table in an uploaded file of protocols, small enough to be held in one page."""

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from mesoclinic.core.refused import Refused
from mesoclinic.core.tables import Numbered, named_table
from protocols.importing.columns import HEADINGS, label

MOST_MB = 1
MOST_ROWS = 1000
MOST_LETTERS = 1_000_000  # of all cells: a small workbook may unpack to many


def read_table(file: UploadedFile) -> tuple[list[str], list[Numbered]]:
    """Return headings and rows. Raises Refused("too-long") and what `named_table` raises."""
    table, _fields = named_table(file, HEADINGS.fields_of, ["name"], called=label("name"), most_mb=MOST_MB)
    rows: list[Numbered] = []
    letters = 0
    for row in table.rows:
        rows.append(row)
        letters += sum(map(len, row[1]))
        if len(rows) > MOST_ROWS or letters > MOST_LETTERS:
            words = _("This file has more than %(most)s rows, or too much text. Import it in parts.")
            raise Refused("too-long", words % {"most": MOST_ROWS}, field="file")
    return table.heads, rows
