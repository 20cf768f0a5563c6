"""Forms about importing protocols: the file, and the table that was read from it, to be imported."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.forms import Form, TableField
from mesoclinic.core.tables import Numbered
from protocols.forms.protocols import ProtocolForm
from protocols.importing.tables import MOST_ROWS


class UploadForm(Form):
    file = TableField(
        help_text=_("CSV or XLSX with one line of a mix a row and headings on top; 1 MB and 1,000 rows at most.")
    )


class ImportedProtocolForm(ProtocolForm):
    """The editor's form over the cells of a file; what is chosen from a list is found by its name before."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("species", "indications", "technique", "edit_count"):
            del self.fields[name]


def table_value(heads: list[str], rows: list[Numbered]) -> dict[str, Any]:
    """What the hidden field of the checked table holds."""
    return {"heads": heads, "rows": rows}


class RunForm(Form):
    """The table as it was read, and the digest of what the page said would happen."""

    table = forms.JSONField(widget=forms.HiddenInput)
    seen = forms.CharField(widget=forms.HiddenInput, max_length=64)

    def clean_table(self) -> tuple[list[str], list[Numbered]]:
        table = self.cleaned_data["table"]
        if not _is_table(table):
            raise forms.ValidationError(_("The table did not arrive whole. Choose the file again."))
        return table["heads"], [(number, cells) for number, cells in table["rows"]]


def _is_table(table: Any) -> bool:
    if not isinstance(table, dict) or not _are_texts(table.get("heads")) or not isinstance(table.get("rows"), list):
        return False
    rows = table["rows"]
    return len(rows) <= MOST_ROWS and all(
        isinstance(row, list) and len(row) == 2 and type(row[0]) is int and _are_texts(row[1]) for row in rows
    )


def _are_texts(found: Any) -> bool:
    return isinstance(found, list) and all(isinstance(one, str) for one in found)
