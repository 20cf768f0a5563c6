"""The editor of a series: rows one can edit and the same as text, in step with each other.

Used by the protocol editor and the prescription: give it the posted data, draw `templates/protocols/cadence/_editor.html`.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.form_rows import RowFault, row_faults, rows_asked
from mesoclinic.core.forms import FIRST_DAY, LAST_DAY, Form
from protocols.cadence import LARGEST_NUMBER, LONGEST_TEXT, Cadence, CadenceError, Phase, parse
from protocols.forms.rows import OrderedRows
from protocols.words import cadence_fault

UNITS = [("d", _("days")), ("w", _("weeks")), ("mo", _("months"))]
MOST_PHASES = 40


def _number(label: str, **attrs: Any) -> forms.IntegerField:
    bound = _("From 1 to 999.")
    words = {"min_value": bound, "max_value": bound, "invalid": _("Enter a whole number, like 12.")}
    return forms.IntegerField(label=label, required=False, min_value=1, max_value=LARGEST_NUMBER, error_messages=words)


class PhaseForm(Form):
    """One phase. Without a gap but with "from" and "to" it is a range: its middle is aimed at."""

    count = _number(_("Sessions"))
    goes_on = forms.BooleanField(label=_("Goes on"), required=False)
    gap = _number(_("Every"))
    unit = forms.ChoiceField(label=_("Unit"), choices=UNITS, required=False)
    least = _number(_("From"))
    most = _number(_("To"))
    window_unit = forms.ChoiceField(label=_("Unit of from and to"), choices=UNITS, required=False)
    minutes = _number(_("Minutes"))
    gate = forms.BooleanField(label=_("Review after"), required=False)

    @property
    def is_blank(self) -> bool:
        values = getattr(self, "cleaned_data", {})
        return not any(values.get(name) for name in ("count", "goes_on", "gap", "least", "most", "minutes", "gate"))

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if self.is_blank or self.errors:
            return values
        if values.get("goes_on"):
            if values.get("gate"):
                self.add_error("gate", _("A phase that goes on has no end, so no review after it."))
            if not (values.get("gap") or values.get("least")):
                self.add_error("gap", _("How far apart?"))
        elif values.get("count") is None:
            self.add_error("count", _("How many sessions?"))
        if (values.get("least") is None) != (values.get("most") is None):
            self.add_error("least" if values.get("least") is None else "most", _("Fill in both, or neither."))
        return values

    @property
    def text(self) -> str:
        """The phase in the notation, as typed: `parse` says what is wrong with it."""
        values = self.cleaned_data
        unit, window_unit = values.get("unit") or "w", values.get("window_unit") or values.get("unit") or "w"
        window = f"{values['least']}-{values['most']}{window_unit}" if values.get("least") else ""
        gap = f"{values['gap']}{unit}" if values.get("gap") else ""
        gap = f"{gap}[{window}]" if gap and window else gap or window
        minutes = f"@{values['minutes']}" if values.get("minutes") else ""
        count = "*" if values.get("goes_on") else values["count"]
        return f"{count}x{gap}{minutes}{'!' if values.get('gate') else ''}"


def _row(phase: Phase) -> dict[str, Any]:
    gap = phase.gap
    window = gap.window if gap else None
    return {
        "count": phase.count,
        "goes_on": phase.is_open_ended,
        "gap": gap.length if gap and not gap.is_range else None,
        "unit": gap.unit if gap else "w",
        "least": window.least if window else None,
        "most": window.most if window else None,
        "window_unit": window.unit if window else (gap.unit if gap else "w"),
        "minutes": phase.minutes,
        "gate": phase.gate,
    }


PhaseRows = forms.formset_factory(
    PhaseForm,
    formset=OrderedRows,
    extra=0,
    can_order=True,
    can_delete=True,
    max_num=MOST_PHASES,
    absolute_max=MOST_PHASES + 10,
    validate_max=True,
)


class CadenceText(Form):
    """The series as text, and the text the rows were drawn from: so one can tell which of the two was changed."""

    text = forms.CharField(
        label=_("As text"),
        required=False,
        max_length=LONGEST_TEXT,
        strip=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "off"}),
        help_text=_("For those who know the notation, such as “1x@30, 3x1w@15!, *x4-6w” or “D0 D7 D14”."),
    )
    written = forms.CharField(required=False, max_length=LONGEST_TEXT, strip=False, widget=forms.HiddenInput)


class CadenceForm:
    """Rows and text of one series. Once valid, `cadence` holds it.

    Changed rows win over untouched text and changed text over untouched rows; when both were changed and differ, the
    form says so. `data` is what was posted; names begin with `prefix`.
    """

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, initial: Cadence | str = "1x", prefix: str = "cadence"
    ):
        self.prefix = prefix
        self.is_bound = data is not None
        self.cadence: Cadence | None = None
        self.start_typed = "" if data is None else data.get("start_on", "")  # the day of the preview, kept as typed
        if data is None:
            cadence = parse(initial) if isinstance(initial, str) else initial
            self.rows = PhaseRows(initial=[_row(phase) for phase in cadence.phases], prefix=f"{prefix}-rows")
            text = str(cadence)
            self.text = CadenceText(initial={"text": text, "written": text}, prefix=prefix)
        else:
            self.rows = PhaseRows(data, prefix=f"{prefix}-rows")
            self.text = CadenceText(data, prefix=prefix)

    @classmethod
    def answering_rows(cls, data: QueryDict, *, prefix: str = "cadence") -> "CadenceForm | None":
        """Answer a row button pressed without scripts; None when none was."""
        changed = rows_asked(data, f"{prefix}-rows")
        return None if changed is None else cls(changed, prefix=prefix)

    @property
    def errors(self) -> list[str]:
        """What is wrong with the series as a whole, and with its text."""
        return [*self.rows.non_form_errors(), *self.text.errors.get("text", [])]

    @property
    def faults(self) -> list[RowFault]:
        """What is wrong and where, for the summary above the form; nothing once the series is read."""
        if not self.is_bound or self.cadence is not None:
            return []
        text = self.text["text"]
        faults = row_faults(self.rows, str(_("The series")))
        return [*faults, *(RowFault(str(text.label), text.id_for_label, str(one)) for one in text.errors)]

    @property
    def error(self) -> str:
        """The first thing to say, from whichever place; empty when all is well."""
        own = [str(error) for error in self.errors]
        in_rows = [str(error) for form in self.rows.forms for errors in form.errors.values() for error in errors]
        return next(iter(own + in_rows), "")

    def is_valid(self) -> bool:
        """Read the series into `cadence`, or put an error beside what is wrong."""
        if not self.is_bound:
            return False
        self.text.is_valid()
        if self.text.errors:
            return False
        text, written = self.text.cleaned_data["text"].strip(), self.text.cleaned_data["written"].strip()
        is_text_changed = text != written and bool(text)
        if not is_text_changed:
            self.cadence = self._from_rows()
            return self.cadence is not None
        from_text = self._from_text(text)
        from_rows = self._quietly_from_rows()
        if from_text is not None and from_rows not in (None, from_text, _or_none(written)):
            self.text.add_error(
                "text", _("The rows and the text were both changed and say different things. Keep one.")
            )
            return False
        self.cadence = from_text
        return from_text is not None

    def _from_text(self, text: str) -> Cadence | None:
        try:
            cadence = parse(text)
        except CadenceError as error:
            self.text.add_error("text", cadence_fault(error))
            return None
        if len(cadence.phases) > MOST_PHASES:  # else the rows that are drawn of it could not be sent again
            words = _("A series has at most %(most)s phases here. Write those with the same distance as one: 4x1w.")
            self.text.add_error("text", words % {"most": MOST_PHASES})
            return None
        return cadence

    def _quietly_from_rows(self) -> Cadence | None:
        return _or_none(", ".join(form.text for form in self.rows.kept)) if self.rows.is_valid() else None

    def _from_rows(self) -> Cadence | None:
        if not self.rows.is_valid():
            return None
        kept = self.rows.kept
        if not kept:
            self._refuse_rows(_("A series has at least one session. Add a row."))
            return None
        starts, text = [], ""
        for form in kept:
            text += ", " if text else ""
            starts.append(len(text))
            text += form.text
        try:
            return parse(text)
        except CadenceError as error:
            at = max(index for index, start in enumerate(starts) if start < error.position or index == 0)
            self._explain(kept, at)
            return None

    def _explain(self, kept: list[PhaseForm], at: int) -> None:
        """Say a fault of the notation beside the row it stands in, in words where the row itself tells enough."""
        form = kept[at]
        values = form.cleaned_data
        has_gap = values.get("gap") or values.get("least")
        if values.get("goes_on") and form is not kept[-1]:
            form.add_error("goes_on", _("Only the last phase can go on."))
        elif not has_gap and (at > 0 or values.get("count") != 1):
            form.add_error("gap", _("How far apart?"))
        else:
            words = _("“From” and “to” stand in order and hold the distance between them; months go with months only.")
            form.add_error(None, words)

    def _refuse_rows(self, message: str) -> None:
        self.rows._non_form_errors = self.rows.error_class([message])


class StartForm(Form):
    """The day a previewed series begins on, to say what is wrong with it."""

    start_on = forms.DateField(required=False)


def start_day(data: Mapping[str, str], otherwise: date) -> date:
    """Read the day a previewed series begins on; an impossible one counts as none."""
    try:
        day = date.fromisoformat(data.get("start_on", "").strip())
    except ValueError:
        return otherwise
    return day if FIRST_DAY <= day <= LAST_DAY else otherwise


def _or_none(text: str) -> Cadence | None:
    try:
        return parse(text)
    except CadenceError:
        return None
