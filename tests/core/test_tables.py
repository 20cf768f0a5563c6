"""Whatever is uploaded as a table: read as its maker meant it, or refused in words."""

import io
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from mesoclinic.core import tables
from mesoclinic.core.refused import Refused
from mesoclinic.core.tables import open_table
from patients.importing import columns
from tests.patients.import_world import workbook

pytestmark = pytest.mark.once

SHEET = "xl/worksheets/sheet1.xml"
START = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'


def read(content: bytes) -> tuple[list[str], list[tuple[int, list[str]]]]:
    found = open_table(SimpleUploadedFile("x", content), columns.fields_of)
    return found.heads, list(found.rows)


def with_part(name: str, content: bytes | str) -> bytes:
    """A workbook with one part put in place of its own."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook(["Name"], ["Ada"]))) as old, zipfile.ZipFile(made, "w", 8) as new:
        for part in old.namelist():
            if part != name:
                new.writestr(part, old.read(part))
        new.writestr(name, content)
    return made.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("line", ["\n", "\r\n", "\r"])
def test_a_csv_is_read_in_any_usual_dress(encoding, separator, line):
    rows = [["Nom", "Prénom", "Téléphone"], ["Müller, Zoé", "Ñ", "1; 2\t3 | 4"]]
    text = line.join(separator.join(f'"{cell}"' for cell in row) for row in rows)

    assert read(text.encode(encoding)) == (rows[0], [(2, rows[1])])


def test_rows_are_numbered_as_a_spreadsheet_shows_them():
    _heads, rows = read(b'\n\nName,Note\nAda,"one\ntwo"\n\n ,\nBen,x\n')

    assert [number for number, _cells in rows] == [4, 7]


def test_one_column_needs_no_separator_and_a_line_may_name_it():
    assert read(b"Name\nAda, and Ben\n")[0] == ["Name"]
    assert read(b"sep=#\nName#Note\nAda#x\n") == (["Name", "Note"], [(2, ["Ada", "x"])])


def test_what_spreadsheets_write_to_keep_text_is_taken_off_again():
    rows = read(b'Name,Phone,Note\nAda,"=""0612""",\'+33\nBen,\'t Hart,-\n')[1]

    assert rows == [(2, ["Ada", "0612", "+33"]), (3, ["Ben", "'t Hart", "-"])]


def test_a_formulas_value_counts_in_a_workbook_and_none_means_an_empty_cell():
    assert read(workbook(["Name", "Note"], ["Ada", "=1+1"]))[1] == [(2, ["Ada"])]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"\n\n , ,\n", "empty"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "not-a-table"),
        (b"Name\nA\0da\n", "not-a-table"),
        (b"\xd0\xcf\x11\xe0 an old workbook", "not-a-table"),
        (b"PK\x03\x04 but no more", "broken"),
        (b'Name\n"' + b"a" * 200_000, "broken"),
        (b"Name" + b",x" * 1_000_000, "too-wide"),
    ],
)
def test_what_is_no_table_is_refused_in_words(content, code):
    with pytest.raises(Refused) as refused:
        read(content)

    assert refused.value.code == code
    assert refused.value.field == "file"


def test_other_zips_are_no_workbooks():
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as packed:
        packed.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")

    with pytest.raises(Refused, match="neither a CSV nor an XLSX"):
        read(made.getvalue())


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        (SHEET, "not xml", "broken"),
        (SHEET, START, "broken"),
        ("xl/workbook.xml", "<workbook/>", "broken"),
        ("xl/workbook.xml", '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', "broken"),
        ("xl/sharedStrings.xml", b"\0" * (41 * 1024 * 1024), "too-much"),
        (SHEET, b" " * (151 * 1024 * 1024), "too-much"),
        (SHEET, f'{START}<row r="1"><c r="A1" t="s"><v>999</v></c></row></sheetData></worksheet>', "broken"),
        (SHEET, f'{START}<row r="99999999999"><c r="A1"><v>1</v></c></row></sheetData></worksheet>', "too-long"),
        (SHEET, f'{START}<row r="1"><c r="XFD1"><v>1</v></c></row></sheetData></worksheet>', None),
        (SHEET, f'{START}<row r="1"><c r="CW1"><v>1</v></c></row></sheetData></worksheet>', "too-wide"),
        (SHEET, f'{START}<row r="x"><c r="?"><v>1</v></c></row></sheetData></worksheet>', "broken"),
    ],
)
def test_a_hostile_workbook_is_refused_in_words_and_in_bounds(name, content, code):
    with pytest.raises(Refused) as refused:
        read(with_part(name, content))

    assert code is None or refused.value.code == code


def test_laughing_entities_stay_small():
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    laugh = f'<!DOCTYPE a [<!ENTITY l0 "ha">{levels}]><sst><si><t>&l11;</t></si></sst>'

    with pytest.raises(Refused):
        read(with_part("xl/sharedStrings.xml", laugh))


def test_more_rows_or_more_text_than_can_be_read_is_refused(monkeypatch):
    monkeypatch.setattr(tables, "MOST_ROWS", 3)
    assert len(read(b"Name\n" + b"a\n" * 3)[1]) == 3
    with pytest.raises(Refused, match="more than 3 rows"):
        read(b"Name\n" + b"a\n" * 4)
    monkeypatch.setattr(tables, "MOST_LETTERS", 10)

    with pytest.raises(Refused, match="more text"):
        read(b"Name\naaaaaaa\n")


def test_no_heading_means_two_fields():
    fields = {column: columns.field_of(column) for column in ("DOB", "Né(e) le", "N° de dossier", "E-mail", "Robe")}

    assert list(fields.values()) == ["birth_on", "birth_on", "mrn", "email", "colour"]
    assert columns.fields_of(["Nom", "Prénom"]) == ["last_name", "first_name"]
    assert columns.fields_of(["Nom", "Tél"]) == ["name", "phone"]
    assert columns.fields_of(["Phone", "Mobile"]) == ["phone", ""]


def test_every_column_of_the_template_is_known_in_both_languages():
    from django.utils import translation

    from patients.importing import template

    for language in ("en", "fr"):
        with translation.override(language):
            heads = template.heads()
            assert columns.fields_of(heads) == [field for field in columns.NAMES if field not in template.LEFT_OUT]
