"""The forms for what comes after signing: an addendum, and a reaction told later."""

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.forms import Form, make_careful
from mesoclinic.core.identity_forms import PROOFS, IdentityForm
from mesoclinic.core.localtime import local_day
from patients.forms.weights import check_weight
from protocols.forms.packs import PackField, read_pack
from sessions.forms.record_rows import ReactionForm, count, depth, ml, with_blank
from sessions.models import Administration, AdverseEvent, SessionRecord
from sessions.models.adverse_events import Severity
from sessions.models.follow_ups import EventOutcome
from sessions.models.signatures import OF_A_LINE, AddendumKind, Corrected
from sessions.queries import corrections
from sessions.queries.reactions import lots_ever_suspected, lots_given, lots_suspected
from sessions.queries.records import site_of
from sessions.recording import text_of
from sessions.services.records import Correction


def _value_fields() -> dict[str, forms.Field]:
    """How the right value of each column is read: as on the form of a record, but never empty."""
    fields = {
        Corrected.WEIGHT: forms.DecimalField(min_value=Decimal("0.01"), max_digits=6, decimal_places=2),
        Corrected.DEPTH: depth(),
        Corrected.SHOTS: count("", 5000),
        Corrected.NEEDLE: forms.CharField(max_length=80),
        Corrected.DEVICE: forms.CharField(max_length=120),
        Corrected.SEDATION: forms.CharField(max_length=300),
        Corrected.LOT: PackField(),
        Corrected.GIVEN: ml("", required=True),
    }
    for field in fields.values():
        field.required = True
        make_careful(field)
    return fields


def _given(line: Administration, right: corrections.Corrections) -> str:
    return text_of(corrections.right_line(line, right).given_ml)


class AddendumForm(IdentityForm):
    kind = forms.ChoiceField(
        label=_("What it is"), choices=AddendumKind.choices, initial=AddendumKind.ADDENDUM, widget=forms.RadioSelect
    )
    corrects = forms.ChoiceField(
        label=_("The value that was wrong"),
        required=False,
        help_text=_(
            "For a correction. Reports then show the right value with its mark, and what was signed beside it."
        ),
    )
    value = forms.CharField(label=_("The right value"), required=False, max_length=300)
    field = forms.CharField(label=_("What is corrected"), required=False, max_length=60)
    text = forms.CharField(label=_("Text"), required=False, max_length=5000, widget=forms.Textarea(attrs={"rows": 5}))
    reason = forms.CharField(label=_("Why it is added only now"), max_length=500)

    field_order = ("kind", "corrects", "value", "field", "text", "reason", *PROOFS)

    def __init__(self, *args: Any, record: SessionRecord, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.record = record
        lines = list(record.administrations.select_related("substance", "lot").order_by("position"))
        right = corrections.standing(record.addenda.all())
        of_lines = [
            (f"{what}-{line.pk}", f"{what.label}: {line.substance} {said(line, right)}")
            for what, said in ((Corrected.LOT, corrections.lot), (Corrected.GIVEN, _given))
            for line in lines
        ]
        others = [(one.value, one.label) for one in Corrected if one not in (*OF_A_LINE, Corrected.NONE)]
        self.fields["corrects"].choices = with_blank([*of_lines, *others], gettext("None of these: in words below"))

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("corrects") and data.get("field"):
            self.add_error(
                "field", gettext("The value chosen above says it: leave this empty, and write the rest as text.")
            )
        if data.get("corrects") and "value" not in self.errors:
            self._read_value(Corrected(data["corrects"].partition("-")[0]))
        elif data.get("value") and "corrects" not in self.errors:
            self.add_error("corrects", gettext("Choose which value this is."))
        elif not data.get("text") and "text" not in self.errors:
            self.add_error("text", gettext("Please fill this in."))
        return data

    def _read_value(self, what: Corrected) -> None:
        try:
            value = _value_fields()[what].clean(self.cleaned_data.get("value"))
            if what == Corrected.WEIGHT:
                check_weight(value, self.record.patient.species.usual_weights_kg)
        except ValidationError as no:
            self.add_error("value", no)
            return
        self.cleaned_data["value"] = text_of(value)
        if what == Corrected.LOT:
            read_pack(self, "value")

    def words(self) -> dict[str, Any]:
        """The keywords for `records.add_addendum`."""
        data = self.cleaned_data
        words = {name: data[name] for name in ("kind", "field", "text", "reason")}
        return words | ({"correction": Correction(**asked)} if (asked := self.corrected()) else {})

    def corrected(self) -> dict[str, Any]:
        """Which value is given anew, of which line, and the right one; empty where none is."""
        what, _dash, line = self.cleaned_data["corrects"].partition("-")
        if not what:
            return {}
        return {"what": what, "value": self.cleaned_data["value"], "line_id": int(line) if line else None}


class OutcomeFields(Form):
    """How a reaction went on, and which of the session's lots is blamed for it."""

    outcome = forms.ChoiceField(
        label=_("How it went on"), choices=with_blank(EventOutcome.choices, _("Not known")), required=False
    )
    suspected_lot = forms.ModelChoiceField(
        None, label=_("Suspected lot"), required=False, empty_label=_("None"), help_text=_("Lots given at the session.")
    )

    def __init__(self, *args: Any, record: SessionRecord, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["suspected_lot"].queryset = lots_given(record)


class LateReactionForm(OutcomeFields, ReactionForm):
    kind = forms.CharField(label=_("What happened"), max_length=100)
    severity = forms.ChoiceField(label=_("How bad"), choices=Severity.choices, initial=Severity.MILD)

    field_order = ("kind", "severity", "onset_on", "outcome", "suspected_lot", "description", "action")

    def __init__(self, *args: Any, record: SessionRecord, **kwargs: Any) -> None:
        super().__init__(*args, record=record, **kwargs)
        self.session_on = local_day(record.performed_at, site_of(record).zone)

    def clean(self):
        data = super().clean()
        self.not_before(self.session_on)
        return data


class ReactionUpdateForm(OutcomeFields):
    cleared_lot = forms.ModelChoiceField(
        None, label=_("No longer suspected"), required=False, empty_label=_("None"), help_text=_("Say why in the note.")
    )
    note = forms.CharField(label=_("Note"), required=False, max_length=500)

    def __init__(self, *args: Any, event: AdverseEvent, **kwargs: Any) -> None:
        super().__init__(*args, record=event.record, **kwargs)
        field, offered = self.fields["cleared_lot"], list(lots_suspected(event))
        field.queryset = lots_ever_suspected(event)  # the second click of two comes after the lot was cleared
        field.choices = with_blank([(lot.pk, lot) for lot in offered], field.empty_label)
        if not offered and not self.data.get("cleared_lot"):
            del self.fields["cleared_lot"]
