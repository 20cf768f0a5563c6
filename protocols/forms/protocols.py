"""The protocol editor: the protocol itself, the rows of its mix, and its series, bound and checked together."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.form_rows import RowFault, row_faults, rows_asked
from mesoclinic.core.forms import Form
from mesoclinic.core.models import Clinic
from mesoclinic.core.refused import Refused
from protocols.forms.cadence import CadenceForm
from protocols.forms.composing import composed
from protocols.forms.rows import OrderedRows
from protocols.forms.strengths import strength_field, strength_unit_field
from protocols.models import ProtocolVersion, Species, Substance
from protocols.models.indications import IndicationField
from protocols.models.protocols import Device, LineRole
from protocols.queries import protocols as queries
from protocols.queries import substances as substance_queries
from protocols.queries.techniques import techniques
from protocols.services.protocols import COLUMNS, MOST_LINES, DraftLine, ProtocolDraft

SYRINGES = [(letter, letter) for letter in "ABCD"]
LINES = "lines"


def _area(label: str, rows: int = 3, **extra: Any) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": rows})
    return forms.CharField(label=label, required=False, max_length=2000, widget=widget, **extra)


def _mm(label: str, **extra: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=label, required=False, **{"min_value": 0, "max_digits": 4, "decimal_places": 1, **extra}
    )


class ProtocolForm(Form):
    """Everything of a protocol but its mix and its series."""

    name = forms.CharField(label=_("Name"), max_length=200)
    field = forms.ChoiceField(label=_("Field"), required=False, choices=[("", "—"), *IndicationField.choices])
    summary = _area(_("In short"), 2)
    species = forms.ModelMultipleChoiceField(
        Species.objects.all(),
        label=_("For"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None ticked means all."),
    )
    indications = forms.ModelMultipleChoiceField(
        None, label=_("Indications"), required=False, widget=forms.CheckboxSelectMultiple
    )
    technique = forms.ModelChoiceField(None, label=_("Technique"), required=False, empty_label="—")
    device = forms.ChoiceField(label=_("Device"), required=False, choices=Device.choices)
    needle = forms.CharField(label=_("Needle"), required=False, max_length=80, help_text=_("Such as 30G × 4 mm."))
    needle_length_mm = _mm(_("Needle length (mm)"))
    depth_min_mm = _mm(_("Shallowest (mm)"), min_value=Decimal("0.1"))
    depth_max_mm = _mm(_("Deepest (mm)"), min_value=Decimal("0.1"))
    shots_min = forms.IntegerField(label=_("Fewest shots"), required=False, min_value=1, max_value=5000)
    shots_max = forms.IntegerField(label=_("Most shots"), required=False, min_value=1, max_value=5000)
    volume_per_point_ml = forms.DecimalField(
        label=_("Volume per point (mL)"), required=False, min_value=0, max_digits=6, decimal_places=3
    )
    minimum_sessions = forms.IntegerField(
        label=_("At least this many sessions"),
        min_value=1,
        max_value=999,
        initial=1,
        help_text=_("Stopping a course earlier asks why."),
    )
    aftercare = _area(_("Aftercare"))
    notes = _area(_("Notes"))
    source = _area(_("Source"), 2, help_text=_("Where this protocol comes from; printed with it."))
    edit_count = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)

    def __init__(self, *args: Any, clinic: Clinic, technique_id: int | None = None, **kwargs: Any) -> None:
        """`technique_id` is the one the draft names already: it stays a choice when it is offered no longer."""
        super().__init__(*args, **kwargs)
        self.fields["technique"].queryset = techniques(clinic, technique_id)
        self.fields["indications"].queryset = queries.indications(clinic)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        for low, high, words in (
            ("depth_min_mm", "depth_max_mm", _("The deepest depth is not above the shallowest.")),
            ("shots_min", "shots_max", _("The most shots are fewer than the fewest.")),
        ):
            if values.get(low) is not None and values.get(high) is not None and values[low] > values[high]:
                self.add_error(high, words)
        return values


class LineForm(Form):
    """One line of the mix; without a strength of its own it takes the substance's."""

    role = forms.ChoiceField(label=_("Role"), choices=LineRole.choices, initial=LineRole.ADD_IN)
    substance = forms.TypedChoiceField(label=_("Substance"), required=False, empty_value=None)
    volume_ml = forms.DecimalField(
        label=_("Volume (mL)"),
        required=False,
        min_value=Decimal("0.001"),
        max_value=1000,
        max_digits=7,
        decimal_places=3,
        error_messages={"min_value": _("A volume is above 0; leave it empty when it is to be decided.")},
    )
    strength = strength_field(_("Other strength"))
    strength_unit = strength_unit_field()
    syringe = forms.ChoiceField(label=_("Syringe"), choices=SYRINGES, initial="A")
    note = forms.CharField(label=_("Note"), required=False, max_length=300)

    def __init__(self, *args: Any, substances: Mapping[int, Substance], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", "—"), *((pk, _option(one)) for pk, one in substances.items())]
        self.fields["substance"].choices = choices
        self.fields["substance"].coerce = lambda key: substances.get(int(key))

    @property
    def is_blank(self) -> bool:
        values = getattr(self, "cleaned_data", {})
        return not any(values.get(name) for name in ("substance", "volume_ml", "strength", "note"))

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if self.is_blank or "substance" in self.errors:
            return values
        if values.get("substance") is None:
            self.add_error("substance", _("Choose the substance, or remove the row."))
        if (values.get("strength") is None) != (not values.get("strength_unit")) or values.get("strength") == 0:
            self.add_error("strength", _("A strength needs a number above zero and a unit."))
        return values

    @property
    def line(self) -> DraftLine | None:
        """The row as far as it can be read; None without a substance."""
        values = getattr(self, "cleaned_data", {})
        if values.get("substance") is None:
            return None
        is_strength_whole = bool(values.get("strength")) and bool(values.get("strength_unit"))
        return DraftLine(
            substance=values["substance"],
            role=values.get("role") or LineRole.ADD_IN,
            volume_ml=values.get("volume_ml") or None,
            strength=values["strength"] if is_strength_whole else None,
            strength_unit=values["strength_unit"] if is_strength_whole else "",
            syringe=values.get("syringe") or "A",
            note=values.get("note") or "",
        )


def _option(substance: Substance) -> str:
    if substance.strength is None:
        return str(substance)
    return f"{substance} ({substance.strength.normalize():f} {substance.strength_unit})"


LineRows = forms.formset_factory(
    LineForm,
    formset=OrderedRows,
    extra=0,
    can_order=True,
    can_delete=True,
    max_num=MOST_LINES,
    absolute_max=MOST_LINES + 5,
    validate_max=True,
)


class ProtocolEditor:
    """The three parts of the editor as one. Five statements to build, whatever the number of rows."""

    def __init__(self, clinic: Clinic, data: QueryDict | None = None, *, version: ProtocolVersion | None = None):
        lines = list(version.lines.all()) if version is not None else []
        self.substances = substance_choices(clinic, {line.substance_id for line in lines})
        kwargs = {"substances": self.substances}
        own = {"clinic": clinic, "technique_id": version.technique_id if version is not None else None}
        if data is not None:
            self.form = ProtocolForm(data, **own)
            self.lines = LineRows(data, prefix=LINES, form_kwargs=kwargs)
            self.cadence_form = CadenceForm(data)
            return
        initial = _initial(version) if version is not None else {}
        rows = [_line_initial(line) for line in lines] or [{"role": LineRole.BASE}, {"role": LineRole.VASODILATOR}, {}]
        self.form = ProtocolForm(initial=initial, **own)
        self.lines = LineRows(initial=rows, prefix=LINES, form_kwargs=kwargs)
        self.cadence_form = CadenceForm(initial=version.cadence if version is not None else "4x1w")

    @classmethod
    def answering_rows(
        cls, clinic: Clinic, data: QueryDict, version: ProtocolVersion | None = None
    ) -> "ProtocolEditor | None":
        """Answer a row button, the composer's, or "Make rows of it", pressed without scripts; None when none was."""
        if "cadence-read" in data:
            editor = cls(clinic, data, version=version)
            if editor.cadence_form.is_valid() and editor.cadence_form.cadence is not None:
                editor.cadence_form = CadenceForm(initial=editor.cadence_form.cadence)
            return editor
        try:
            if (changed := composed(clinic, data, LINES, ("volume_ml",))) is not None:
                return cls(clinic, changed, version=version)
        except Refused as refused:
            editor = cls(clinic, data, version=version)
            editor.refuse(refused)
            return editor
        for prefix in (LINES, "cadence-rows"):
            if f"rows-{prefix}" in data and (changed := rows_asked(data, prefix)) is not None:
                return cls(clinic, changed, version=version)
        return None

    def is_valid(self) -> bool:
        return all([self.form.is_valid(), self.lines.is_valid(), self.cadence_form.is_valid()])

    @property
    def faults(self) -> list[RowFault]:
        """What is wrong in the rows of the mix and of the series, for the summary above the form."""
        return [*row_faults(self.lines, str(_("The mix"))), *self.cadence_form.faults]

    @property
    def draft(self) -> ProtocolDraft:
        """What a valid editor holds."""
        values = self.form.cleaned_data
        columns = {name: values[name] for name in COLUMNS if name != "cadence"}
        return ProtocolDraft(
            **columns,
            cadence=str(self.cadence_form.cadence),
            species=tuple(values["species"]),
            indications=tuple(values["indications"]),
            lines=self.readable_lines(),
        )

    def readable_lines(self) -> tuple[DraftLine, ...]:
        """The lines as far as they can be read, for saving and for the live sums."""
        return tuple(line for _form, line in self.numbered_lines())

    def numbered_lines(self) -> list[tuple[LineForm, DraftLine]]:
        """The readable lines beside their rows."""
        return [(form, line) for form in self.lines.kept if (line := form.line) is not None]

    def refuse(self, refused: Refused) -> None:
        """Put what a service said beside the field it is about."""
        row = refused.details.get("line")
        if refused.field == "cadence":
            self.cadence_form.text.add_error("text", refused.message)
        elif isinstance(row, int) and row < len(self.lines.kept):
            column = refused.details.get("column")
            form = self.lines.kept[row]
            form.add_error(column if column in form.fields else None, refused.message)
        else:
            self.form.add_error(refused.field if refused.field in self.form.fields else None, refused.message)


def substance_choices(clinic: Clinic, also: set[int]) -> dict[int, Substance]:
    """What a line may hold: everything offered, and what a draft already has. One statement."""
    rows = substance_queries.substances(clinic).prefetch_related(None)
    offered = rows.filter(is_archived=False, status=Substance.Status.ACTIVE)
    return {one.pk: one for one in (offered | rows.filter(pk__in=also) if also else offered)}


def _initial(version: ProtocolVersion) -> dict[str, Any]:
    initial = {name: getattr(version, name) for name in COLUMNS if name != "cadence"}
    return {
        **initial,
        "name": version.protocol.name,
        "field": version.protocol.field,
        "species": [one.pk for one in version.species.all()],
        "indications": [one.pk for one in version.indications.all()],
        "edit_count": version.edit_count,
    }


def _line_initial(line: Any) -> dict[str, Any]:
    names = ("role", "volume_ml", "strength", "strength_unit", "syringe", "note")
    return {**{name: getattr(line, name) for name in names}, "substance": line.substance_id}
